"""What claims ask of studies: draws apart from seeds, and parts of use."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sim.randomness import uniform
from sim.run.frames import frames
from sim.run.simulate import Task, run_market
from sim.scenario import ScenarioError, load
from sim.study.design import sample
from sim.study.indicators import read
from sim.study.loading import load_study
from sim.study.schema import IndicatorEntry
from sim.study.writing import write_study

STUDY = """\
scenarios: {tiny: tiny.yaml}
base: tiny
vary:
  choice.intensity: [10, 50]
  draw: [1, 7]
design: grid
replicates: 2
indicators:
  use: {column: tokens, region: south, segments: [makers, offices], origin: north, weights: open}
"""


def test_a_draw_is_the_same_at_all_points_and_seeds(desk: Path) -> None:
    Path("study.yaml").write_text(STUDY, encoding="utf-8")
    study, base = load_study("study.yaml"), load(Path("tiny.yaml"))
    points = sample(study)
    for point in range(points.points):
        entries = points.entries(point)
        drawn = base.draw(partial(uniform, entries["draw"], "parameters")).scenario
        for seed in (None, 1, 2):
            made = study.scenario(entries, seed)
            assert made.spillovers == drawn.spillovers
            assert made.choice.intensity == entries["choice.intensity"]


def test_a_study_with_draws_and_parts_of_use_is_written_whole(desk: Path) -> None:
    Path("study.yaml").write_text(STUDY, encoding="utf-8")
    study = load_study("study.yaml")
    Path("copy").mkdir()
    write_study(study, Path("copy"))
    assert load_study(Path("copy/study.yaml")).hash == study.hash


CASES = {
    "range": (("[1, 7]", "{low: 1, high: 7}"), "no list of whole numbers"),
    "fraction": (("[1, 7]", "[1, 1.5]"), "no list of whole numbers"),
    "twice": (("[1, 7]", "[1, 1]"), "a value twice"),
    "by seed too": (("replicates: 2", "replicates: 2\nuncertainty: true"), "given beside vary.draw"),
    "segment": (("[makers, offices]", "[maker]"), "did you mean 'makers'?"),
    "origin": (("origin: north", "origin: nort"), "did you mean 'north'?"),
    "column of another table": (("column: tokens", "column: lag"), "column: found 'lag'; allowed: customers, tokens"),
    "of a lab": (("region: south", "lab: leader"), "more than one of region, lab and cloud"),
}


@pytest.mark.parametrize(("change", "said"), CASES.values(), ids=CASES)
def test_what_is_wrong_is_told(desk: Path, change: tuple[str, str], said: str) -> None:
    assert change[0] in STUDY
    Path("study.yaml").write_text(STUDY.replace(*change), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_study("study.yaml")
    assert said in str(error.value)


def test_nothing_to_draw_from(desk: Path) -> None:
    text = Path("tiny.yaml").read_text().partition("\nspillovers:")[0]
    Path("tiny.yaml").write_text(text)
    Path("study.yaml").write_text(STUDY, encoding="utf-8")
    with pytest.raises(ScenarioError, match="no distribution in the scenario to draw from"):
        load_study("study.yaml")


@pytest.mark.parametrize(
    "part",
    [
        {"segments": ["makers"]},
        {"origin": "south"},
        {"weights": "closed"},
        {"segments": ["offices"], "origin": "north", "weights": "open", "region": "south"},
    ],
)
def test_parts_of_use_are_those_of_the_table(desk: Path, part: dict[str, object]) -> None:
    """The indicator against sums over the tidy frame."""
    market = run_market(Task(load(Path("tiny.yaml")).scenario, 0, 1))
    usage = frames(market.record, market.setting, replicate=0, seed=1)["usage"]
    keys = {"region": "region", "origin": "origin", "weights": "openness"}
    rows = usage[usage["segment"].isin(part.get("segments", usage["segment"].unique()))]
    for key, column in keys.items():
        if key in part:
            rows = rows[rows[column] == part[key]]
    wanted = rows.groupby("month")["spending"].sum()
    days, found = read("x", IndicatorEntry(column="spending", **part)).series(market)
    assert found.max() > 0
    np.testing.assert_allclose(found, wanted.reindex(days, fill_value=0.0), rtol=1e-12)


def test_all_parts_make_the_whole(desk: Path) -> None:
    market = run_market(Task(load(Path("tiny.yaml")).scenario, 0, 1))
    parts = [
        read("x", IndicatorEntry(column="tokens", origin=origin, weights=weights)).series(market)[1]
        for origin in ("north", "south")
        for weights in ("open", "closed")
    ]
    whole = read("x", IndicatorEntry(column="tokens")).series(market)[1]
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-12)
