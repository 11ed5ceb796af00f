"""Runs of claims: what is run, once each, and that an effect is what two runs by hand give."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sim.claims.effects import effects
from sim.claims.findings import Findings, find
from sim.claims.loading import load_claims
from sim.claims.page import page
from sim.claims.running import OWN, Size, errands, run
from sim.claims.worlds import Worlds
from sim.randomness import uniform
from sim.run.errors import RunError
from sim.run.simulate import Task, run_market
from sim.study.driver import Watch
from tests.claims.conftest import SMALL, Make, Write

SIZE = Size(draws=8, replicates=2)


class Heard(Watch):
    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def progressed(self, done: int, total: int) -> None:
        self.told.append((done, total))


def test_an_effect_is_what_two_runs_by_hand_give(claim: Make, desk: Path) -> None:
    one = claim()
    (_, test), *_ = one.tests()
    table = effects([one], run(errands([one], SIZE), desk / "runs"))
    for rule, draw in ((OWN, 3), ("myopic", 2)):
        differences = []
        for seed in range(1, (2 if rule == OWN else 1) + 1):  # others have half of the seeds
            values = []
            for world in (test.pair.treatment, test.pair.control):
                drawn = world.draw(partial(uniform, draw, "parameters"))
                ruled = drawn if rule == OWN else drawn.with_values({"choice.rule": rule})
                values.append(test.measures["open"].of(run_market(Task(ruled.scenario, 0, seed))))
            differences.append(values[0] - values[1])
        rows = table[(table["rule"] == rule) & (table["draw"] == draw)]
        assert rows["effect"].tolist() == [pytest.approx(np.mean(differences), rel=1e-12)]
        assert rows["replicates"].tolist() == [len(differences)]


def test_a_shared_control_is_run_once(write: Write) -> None:
    worlds = Worlds()
    claims = load_claims([write(), write(("complement: 0}", "complement: 0.1}"), name="other.yaml")], worlds)
    todo = errands(claims, SIZE)
    assert len({errand.world.hash for errand in todo}) == 3
    assert sum(errand.runs for errand in todo) == 3 * (8 * 2 + 8 * 1)  # own rule, and another with one seed


def test_what_is_there_is_not_run_again(write: Write, desk: Path) -> None:
    claims = load_claims([write()])
    run(errands(claims, SIZE), desk / "runs", mixed=True)
    before = {path: path.stat().st_mtime_ns for path in (desk / "runs").rglob("*.parquet")}
    changed = load_claims([write(("complement: 0}", "complement: 0.1}"))])  # one line: the treatment is as it was
    heard = Heard()
    run(errands(changed, SIZE), desk / "runs", mixed=True, watch=heard)
    after = {path: path.stat().st_mtime_ns for path in (desk / "runs").rglob("*.parquet")}
    assert before.items() <= after.items()
    assert len(list((desk / "runs").iterdir())) == 6  # three worlds, each under its own rule and another
    assert heard.told[-1] == (48, 48)
    assert [done for done, _ in heard.told] == sorted(done for done, _ in heard.told)


def test_other_claims_measures_are_kept_along(write: Write) -> None:
    worlds = Worlds()
    asked = load_claims([write()], worlds)
    other = load_claims([write(("open_token_share", "adoption"), name="other.yaml")], worlds)
    alone, together = errands(asked, SIZE), errands(asked, SIZE, other)
    assert [len(errand.kept) for errand in alone] == [1] * 4
    assert [len(errand.kept) for errand in together] == [2] * 4
    assert [errand.study().hash for errand in errands(other, SIZE, asked)] == [e.study().hash for e in together]


def test_nothing_to_draw_is_refused(write: Write, desk: Path) -> None:
    text = (desk / "tiny.yaml").read_text().partition("\nspillovers:")[0]
    (desk / "tiny.yaml").write_text(text)
    with pytest.raises(RunError, match="scenario 'tiny': no parameter is a distribution"):
        run(errands(load_claims([write()]), SIZE), desk / "runs")


@pytest.mark.parametrize(("draws", "replicates", "said"), [(0, 2, "draws: 0"), (2, 0, "replicates: 0")])
def test_sizes(draws: int, replicates: int, said: str) -> None:
    with pytest.raises(RunError, match=said):
        Size(draws, replicates)


def test_quarter_and_half() -> None:
    assert (Size(64, 16).others, Size(32, 16).others) == (Size(16, 8), Size(8, 8))
    assert (Size(10, 3).others, Size(2, 1).others) == (Size(8, 1), Size(2, 1))


# --- the page ------------------------------------------------------------------------------------------------

MORE = """\
  missing:
    sentence: A thing that nobody can test.
    untestable: The model has no such thing.
  level:
    sentence: The open share is below two | always.
    treatment: {extends: tiny.yaml}
    level: 2
    measures:
      open: {column: open_token_share}
    unit: share, less two
    direction: down
    smallest: 0
"""


@pytest.fixture
def found(write: Write, desk: Path) -> Findings:
    claims = load_claims([write(text=SMALL + MORE)])
    return find(claims, run(errands(claims, SIZE), desk / "runs"), SIZE)


def test_the_page_has_every_part_with_its_verdict(found: Findings) -> None:
    text = page(found, "claims.svg")
    assert "8 draws of what is uncertain x 2 seeds" in text
    assert "not the usual 32 x 16" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + 3
    assert len({row.replace("\\|", "").count("|") for row in rows}) == 1  # each row has all columns
    assert "| A thing that nobody can test. | | | | | | untestable |" in rows
    level = next(row for row in rows if "below two" in row)
    assert level.endswith("| 100 % | 100 % | holds: all |  | holds |")
    assert "`tiny.yaml` against `tiny.yaml` with `labs.follower.complement: 0`." in text
    assert "The model has no such thing." in text


def test_the_table_has_what_the_verdict_rests_on(found: Findings) -> None:
    table = found.answers.set_index(["part", "rule"])
    assert list(table.index) == [
        ("use", "lookahead"), ("use", "myopic"), ("missing", ""), ("level", "lookahead"), ("level", "myopic"),
    ]  # fmt: skip
    own = found.draws[(found.draws["part"] == "use") & (found.draws["rule"] == OWN)]["effect"]
    assert table.loc[("use", "lookahead"), "median"] == pytest.approx(own.median())
    assert table.loc[("use", "lookahead"), "counts"] == pytest.approx((own >= 0.01).mean())
    assert table.loc[("missing", ""), "answer"] == "untestable"
