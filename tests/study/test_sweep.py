"""Real sweeps of the tiny market: the same dataset whoever runs it, in whatever order, however often it stops."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import sim
from sim.run.errors import RunError
from sim.study import driver
from sim.study.driver import Watch
from sim.study.results import StudyResults, load_results
from sim.study.store import MANIFEST
from sim.study.sweep import Summary, sweep

RULES = """\
import os, signal

def stumble(view):
    raise ValueError("no mode will do")

def crash(view):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def same(one: StudyResults, other: StudyResults) -> None:
    assert_frame_equal(one.design, other.design, check_exact=True)
    assert_frame_equal(one.runs, other.runs, check_exact=True)
    assert_frame_equal(one.series, other.series, check_exact=True)


@pytest.fixture
def whole(study, desk) -> StudyResults:
    """A small study, run here in one go."""
    sweep(study(), "whole")
    return load_results("whole")


@pytest.fixture
def rules(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decision rules that fail, importable here and in worker processes."""
    (desk / "rules_that_fail.py").write_text(RULES)
    monkeypatch.syspath_prepend(str(desk))
    path = os.pathsep.join([str(desk), str(Path(sim.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)


def test_a_run_is_what_simulate_gives_at_its_values_and_seed(whole):
    row = whole.runs[(whole.runs["point"] == 2) & (whole.runs["replicate"] == 1)].iloc[0]
    values = {"labs.leader.capex": row["labs.leader.capex"], "choice.rule": row["choice.rule"]}
    result = sim.simulate(sim.load(Path("tiny.yaml"), values), seed=int(row["seed"]))
    world = result.market[result.market["region"] == "world"]
    south = result.market[result.market["region"] == "south"]
    leader = result.labs[result.labs["lab"] == "leader"]
    series = whole.series[(whole.series["point"] == 2) & (whole.series["replicate"] == 1)]
    assert row["seed"] == 2
    assert row["open_share"] == world["open_token_share"].iloc[-1]
    assert row["south_open"] == pytest.approx(south["open_propensity"].mean(), nan_ok=True)
    assert series["value"].tolist() == pytest.approx(leader["capability"].tolist(), nan_ok=True)
    assert series["month"].tolist() == leader["month"].tolist()


@pytest.mark.slow
def test_two_processes_give_the_same_bits(study, whole):
    summary = sweep(study(), "two", workers=2)
    assert summary == Summary(Path("two"), 8, 8, 8, 0, "")
    same(load_results("two"), whole)


def test_a_sweep_in_pieces_gives_the_same_bits_and_repeats_nothing(study, whole):
    done = [sweep(study(), "pieces", limit=limit).done for limit in (1, 3, 2, 100, 100)]
    assert done == [1, 3, 2, 2, 0]
    found = load_results("pieces")
    assert found.complete
    same(found, whole)


def test_a_sweep_stopped_early_has_every_point_before_a_second_replicate(study):
    sweep(study(), "part", limit=5)
    runs = load_results("part").runs
    assert not load_results("part").complete
    assert runs["point"][runs["replicate"] == 0].tolist() == [0, 1, 2, 3]


def test_names_of_runs_are_their_own(whole):
    assert whole.runs["run"].is_unique
    assert whole.runs["run"].str.fullmatch("[0-9a-f]{64}").all()


@pytest.mark.usefixtures("rules")
def test_a_failing_run_is_a_row_with_stage_and_error_and_the_others_are_done(study):
    class Ears(Watch):
        def __init__(self) -> None:
            self.heard = []

        def failed(self, failure) -> None:
            self.heard.append(failure)

    ears = Ears()
    made = study("""\
vary: {choice.rule: [lookahead, "rules_that_fail:stumble", myopic]}
design: grid
indicators: {open_share: {column: open_token_share}}
""")
    summary = sweep(made, "out", watch=ears)
    assert (summary.done, summary.failed, summary.stopped) == (3, 1, "")
    runs = load_results("out").runs
    assert runs["status"].tolist() == ["done", "failed", "done"]
    assert runs["open_share"].isna().tolist() == [False, True, False]
    failed = runs.iloc[1]
    assert failed["stage"].startswith("2023-")
    assert failed["error"] == "ValueError: no mode will do"
    assert failed["choice.rule"] == "rules_that_fail:stumble"
    assert [(f.unit.point, f.stage, f.error) for f in ears.heard] == [(1, failed["stage"], failed["error"])]


@pytest.mark.slow
@pytest.mark.usefixtures("rules")
def test_a_run_that_takes_its_process_along_is_a_row_too(study, monkeypatch):
    monkeypatch.setattr(driver, "DEATHS_TOGETHER", 1)  # each death costs the start of new processes
    monkeypatch.setattr(driver, "DEATHS_ALONE", 1)
    made = study("""\
vary: {choice.rule: [lookahead, "rules_that_fail:crash", myopic]}
design: grid
indicators: {open_share: {column: open_token_share}}
""")
    assert sweep(made, "out", workers=2).failed == 1
    runs = load_results("out").runs
    assert runs["status"].tolist() == ["done", "failed", "done"]
    assert runs.iloc[1][["stage", "error"]].tolist() == ["process", "its worker process died 2 times"]


PAIRED = """\
vary: {spillovers.theft: [0.0, 0.02]}
design: grid
replicates: 12
indicators: {best: {column: capability, region: south}}
"""


def test_common_random_numbers_tighten_differences(study):
    """The variance of a paired difference is a small part of that of independent runs."""
    spread = {}
    for common in ("true", "false"):
        sweep(study(f"{PAIRED}common_seeds: {common}\n"), common)
        runs = load_results(common).runs.pivot(index="replicate", columns="point", values="best")
        spread[common] = float(np.var(runs[1] - runs[0], ddof=1))
    assert spread["true"] < 0.2 * spread["false"]


def test_without_common_seeds_no_two_runs_share_one(study):
    sweep(study(f"{PAIRED}common_seeds: false\n"), "out", limit=24)
    assert load_results("out").runs["seed"].is_unique


def test_what_the_scenario_leaves_uncertain_is_drawn_as_in_a_simulation(study, desk):
    text = (desk / "tiny.yaml").read_text()
    (desk / "tiny.yaml").write_text(text + "technology: {utilisation: {dist: uniform, low: 0.1, high: 0.5}}\n")
    made = study("""\
vary: {spillovers.theft: [0.1]}
design: grid
replicates: 2
uncertainty: true
indicators: {best: {column: capability}}
""")
    sweep(made, "out")
    varied = sim.load(Path("tiny.yaml"), {"spillovers.theft": 0.1})
    market = sim.simulate(varied, seed=1, replicates=2, uncertainty=True).market
    world = market[(market["region"] == "world") & (market["month"] == market["month"].max())]
    assert load_results("out").runs["best"].tolist() == world["capability"].tolist()


def test_another_study_in_the_folder_is_refused(study, whole):
    with pytest.raises(RunError, match=r"whole holds another study, or this one before it was changed \(small, "):
        sweep(study(PAIRED), "whole")


def test_other_code_is_refused_unless_asked_for(study, desk):
    sweep(study(), "out", limit=1)
    manifest = desk / "out" / MANIFEST
    manifest.write_text(manifest.read_text().replace('"aimarkets": "', '"aimarkets": "0.0.0+'))
    with pytest.raises(RunError, match=r"out was begun by other code \(aimarkets 0.0.0\+.* then, .* now\); --mixed"):
        sweep(study(), "out")
    assert sweep(study(), "out", mixed=True, limit=1).present == 2


def test_a_folder_that_holds_something_else_is_kept(study, desk):
    (desk / "mine").mkdir()
    (desk / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(RunError, match="mine holds something that is not a sweep and is kept"):
        sweep(study(), "mine")
    assert [path.name for path in (desk / "mine").iterdir()] == ["notes.txt"]


def test_a_changed_study_file_in_the_folder_is_noticed(whole, desk):
    path = desk / "whole" / "study.yaml"
    path.write_text(path.read_text().replace("replicates: 2", "replicates: 3"))
    with pytest.raises(RunError, match="not the study that was run"):
        load_results("whole")


def test_pandas_reads_the_dataset_by_itself(whole):
    runs = pd.read_parquet("whole/runs").sort_values(["point", "replicate"], ignore_index=True)
    assert_frame_equal(runs, whole.runs)


@pytest.mark.parametrize(("settings", "message"), [
    ({"workers": 0}, "workers: 0; allowed: 1 or more"),
    ({"limit": 0}, "limit: 0; allowed: 1 or more"),
])
def test_numbers_out_of_range(study, settings, message):
    with pytest.raises(RunError, match=message):
        sweep(study(), "out", **settings)
