"""A scenario held against facts, from the file to the score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.facts.ensemble import cut, ensemble
from sim.facts.reading import load_facts
from sim.facts.report import markdown, verdicts
from sim.facts.traces import traces
from sim.facts.validate import validate
from sim.figures.facts import against_facts
from sim.run.errors import RunError, SimulationError
from tests.facts.conftest import SHARE, TINY, written

OPENINGS = "\nopenings_end: 2023-06\nopenings:\n  leader: {month: null, source: s}\n"


@pytest.fixture(scope="module")
def tiny() -> sim.Resolved:
    return sim.load(TINY)


@pytest.fixture(scope="module")
def truth(tiny) -> float:
    """What one run says of June."""
    market = sim.simulate(tiny, seed=3).market
    june = market[(market["month"] == "2023-06-01") & (market["region"] == "world")]
    return float(june["open_token_share"].iloc[0])


@pytest.fixture
def file(tmp_path: Path, truth: float) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(
        written(
            right=SHARE.replace("0.5", f"{truth:.9f}"),
            wrong=SHARE.replace("0.5", f"{(truth + 0.5) % 1:.9f}").replace("use: cal", "use: held-out #"),
            elsewhere=SHARE.replace("over: {}", "over: {region: [nort]}"),
            later=SHARE.replace("2023-06", "2023-12"),
        )
        + OPENINGS
    )
    return path


def test_a_fact_out_of_the_model_itself_hits(tiny, file, truth):
    found = validate(tiny, file, seed=3, replicates=1, rivals=False)
    table = found.table.set_index("fact")
    assert table.loc["right", "median"] == pytest.approx(truth, rel=1e-9)
    assert table.loc["right", "hit"]
    assert not table.loc["wrong", "hit"]
    assert table.loc["later", "status"] == "not simulated"
    assert found.absent == {"elsewhere": "no region 'nort' (did you mean 'north'?)"}
    assert (found.score("calibration"), found.score("held-out"), found.score()) == (1.0, 0.0, 0.5)


def test_workers_change_nothing(tiny, file):
    here = validate(tiny, file, replicates=2, workers=1, rivals=False)
    there = validate(tiny, file, replicates=2, workers=2, rivals=False)
    assert here.table.equals(there.table)
    assert repr(here) == repr(there)


def test_progress_counts_the_runs_of_both_ensembles(tiny, file):
    heard = []
    validate(tiny, file, replicates=2, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_later_months_change_none_before(tiny, file):
    """So runs end with the last fact."""
    facts = load_facts(file).scenario
    facts = facts.model_copy(update={"facts": {"right": facts.facts["right"]}})
    short = cut(tiny, facts)
    assert str(short.scenario.end) == "2023-06"
    whole = ensemble(tiny, facts, seed=1, replicates=1, workers=1).indicators["right"]
    part = ensemble(short, facts, seed=1, replicates=1, workers=1).indicators["right"]
    assert np.isfinite(part[0, -1])
    assert np.array_equal(whole[:, :6], part, equal_nan=True)


def test_runs_that_fail_are_counted(tiny, file, monkeypatch):
    from sim.facts import ensemble as module

    run = module.run_task

    def sometimes(task):
        if task.replicate == 0:
            raise SimulationError("replicate 0 (seed 1), 2023-03: no prices")
        return run(task)

    monkeypatch.setattr(module, "run_task", sometimes)
    found = validate(tiny, file, replicates=2, rivals=False)
    assert found.runs.failures == ("replicate 0 (seed 1), 2023-03: no prices",)
    assert found.runs.runs == 1
    assert ", 1 failed" in repr(found)
    with pytest.raises(SimulationError, match="every run failed; the first: replicate 0"):
        validate(tiny, file, replicates=1, rivals=False)


def test_facts_about_somebody_else_are_refused(tiny, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(written(share=SHARE.replace("over: {}", "over: {region: [mars]}")))
    with pytest.raises(RunError, match="no fact of own is about anybody in 'tiny'"):
        validate(tiny, path, replicates=1)


def test_facts_that_a_replayed_history_gives_are_refused(tiny, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(written(share=SHARE))
    replayed = tiny.with_values({"history_until": "2030-12"})
    with pytest.raises(RunError, match="replays history until 2030-12; no fact of own tells of later months"):
        validate(replayed, path, replicates=1)


def test_the_figure_shows_every_series(tiny, file):
    found = validate(tiny, file, replicates=2, rivals=False)
    ((family, (runs, facts)),) = traces(found).items()
    figure = against_facts(runs, facts, family=family)
    headings = [text.get_text() for text in figure.texts]
    assert sum("Open share" in heading for heading in headings) == len(set(facts["fact"])) == 2
    title = next(text.get_text() for text in figure.texts if text.get_gid() == "title")
    assert title.replace("\n", " ").startswith("Use: 1 of 2 dated values lie in")


def test_families_that_the_model_claims_are_told_with_each_rival(tiny, tmp_path, truth):
    path = tmp_path / "own.yaml"
    series = f"{{2023-04: {(truth + 0.4) % 1:.6f}, 2023-06: {truth:.6f}}}"
    declared = "\nfamilies:\n  use: {claimed: true, why: P3}\n  other: {claimed: false, why: An input}\n"
    text = written(share=SHARE.replace("{2023-06: 0.5}", series), more=SHARE.replace("family: use", "family: other"))
    path.write_text(text + declared)
    found = validate(tiny, path, seed=3, replicates=1, rivals=False)
    report = markdown(found)
    assert "| use | yes | P3 | better | - | - |" in report
    assert "| other | no | An input | - | - | - |" in report
    said = "claims to explain, better than each rival: first value stays: 1 of 1 (error 0.00 against "
    assert said in report
    assert said in repr(found)


def test_where_rules_are_not_claimed_the_model_without_them_is_no_rival(tiny, tmp_path, truth):
    path = tmp_path / "own.yaml"
    declared = "\nfamilies:\n  use: {claimed: true, why: P3}\n  other: {claimed: true, rules: false, why: P4}\n"
    facts = SHARE.replace("2023-06: 0.5", f"2023-06: {truth:.6f}")
    path.write_text(written(share=facts, more=facts.replace("family: use", "family: other")) + declared)
    found = validate(tiny, path, seed=3, replicates=1)
    rows = [line.strip("| ").split(" | ") for line in markdown(found).splitlines() if " | yes | P" in line]
    marks = {row[0]: row[-1] for row in rows}
    assert marks["use"] in ("better", "not better")
    assert marks["other"] in ("(better)", "(not better)")
    assert "model without export rules: " in next(line for line in verdicts(found) if "than each rival" in line)
    assert " of 1 (" in next(line for line in verdicts(found) if "than each rival" in line)


def test_dates_of_openings_are_scored_by_use(tiny, file):
    found = validate(tiny, file, replicates=2, rivals=False)
    row = found.timing.half_years.set_index("use").loc["calibration"]
    assert (row["half_years"], row["openings"]) == (1, 0)
    opened = np.isfinite(found.runs.opened["leader"]) & (found.runs.opened["leader"] <= 5)
    assert row["model"] == pytest.approx(-np.log(1 - (opened.sum() + 0.5) / 3))
    assert "| calibration | 1 | 0 | " in markdown(found)
