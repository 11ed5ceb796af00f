"""Dates of openings in the distance that a calibration minimises."""

from __future__ import annotations

import numpy as np
import pytest

from sim.facts.surfaces import Aim, Surfaces
from sim.facts.waves import Said
from sim.scenario import load
from tests.facts.conftest import SHARE, TINY

DRAW = np.random.default_rng(7)
RUNS = 4000
OPENINGS = """
openings_end: 2023-06
openings:
  leader: {month: 2023-04, source: s}
  southern: {month: null, source: s}
"""


def surfaces(facts, tail: str = OPENINGS) -> Surfaces:
    """The only parameter is the odds that a firm opens; each run meets the only value."""
    scenario = load(TINY).scenario
    aim = Aim(facts(tail, share=SHARE), scenario)
    points = DRAW.random((RUNS, 1))
    openings = (DRAW.random((RUNS, len(aim.at_risk))) < points).astype(float)
    return Surfaces.fit(Said(points, np.full((RUNS, 1), 0.5), openings), aim)


GRID = np.linspace(0.05, 0.95, 91)[:, None]


def dated(found: Surfaces) -> np.ndarray:
    """What the openings add to the deviance along the grid."""
    unknown = np.full((len(GRID), len(found.aim.at_risk)), np.nan)
    return found.of_openings(Said(GRID, np.full((len(GRID), 1), 0.5), unknown))


def best(found: Surfaces) -> float:
    return float(GRID[np.argmin(found.heights(GRID)), 0])


def test_one_firm_of_two_that_opened_is_likeliest_at_even_odds(facts):
    found = surfaces(facts)
    assert best(found) == pytest.approx(0.5, abs=0.05)
    odds = GRID[:, 0]
    assert dated(found) == pytest.approx(-2 * np.log(odds * (1 - odds)), abs=0.5)


def test_firms_that_all_opened_ask_for_high_odds(facts):
    assert best(surfaces(facts, OPENINGS.replace("null", "2023-05"))) > 0.9


def test_held_out_dates_have_no_part(facts):
    """With the firm that did not open held out, only the other one counts."""
    count = SHARE.replace("use.tokens", "modes.opened").replace("unit: ratio", "unit: count").replace(
        "where: {openness: [open]}\nover: {}\nuse: calibration", "where: {lab: [southern]}\nuse: held-out"
    )
    aim = Aim(facts(OPENINGS, share=SHARE, count=count), load(TINY).scenario)
    assert [one.lab for one in aim.dates] == ["leader"]
    points = DRAW.random((RUNS, 1))
    openings = (DRAW.random((RUNS, 2)) < points).astype(float)
    said = Said(points, np.full((RUNS, 2), 0.5), openings)
    assert best(Surfaces.fit(said, aim)) > 0.9


def test_releases_of_history_are_judged_by_the_odds_that_the_run_tells(facts):
    """The leader closed its second model and opened its third; the first, no choice, is none."""
    releases = [(3, "closed"), (4, "closed"), (5, "open")]
    history = [
        {"name": f"m{at}", "kind": "forced_release", "date": f"2023-0{at}", "lab": "leader", "model": "M",
         "mode": mode, "source": "s"}
        for at, mode in releases
    ]  # fmt: skip
    scenario = load(TINY).with_values({"history": history, "history_until": "2023-12"}).scenario
    aim = Aim(facts(OPENINGS, share=SHARE), scenario)
    assert [(str(one.since), one.opened) for one in aim.at_risk] == [("2023-04", False), ("2023-05", True)]
    told = DRAW.random((RUNS, 2))
    said = Said(DRAW.random((RUNS, 1)), np.full((RUNS, 1), 0.5), told)
    kept = np.clip(told, 0.02, 0.98)
    expected = -2.0 * (np.log(1.0 - kept[:, 0]) + np.log(kept[:, 1]))
    assert Surfaces.fit(said, aim).of_openings(said) == pytest.approx(expected)


def test_odds_that_runs_tell_are_met_by_their_logits(facts):
    """A firm's odds are logistic in the parameter: a surface of the odds themselves would be bent."""
    release = {"kind": "forced_release", "lab": "leader", "model": "M", "source": "s"}
    history = [
        release | {"name": "first", "date": "2023-03", "mode": "closed"},
        release | {"name": "second", "date": "2023-04", "mode": "open"},
    ]
    scenario = load(TINY).with_values({"history": history, "history_until": "2023-12"}).scenario
    aim = Aim(facts(OPENINGS.replace("  southern: {month: null, source: s}\n", ""), share=SHARE), scenario)
    assert aim.told
    points = DRAW.random((RUNS, 1))
    told = 1.0 / (1.0 + np.exp(-12.0 * (points - 0.5)))
    found = Surfaces.fit(Said(points, np.full((RUNS, 1), 0.5), told), aim)
    exact = -2.0 * np.log(np.clip(1.0 / (1.0 + np.exp(-12.0 * (GRID[:, 0] - 0.5))), 0.02, 0.98))
    assert dated(found) == pytest.approx(exact, abs=0.05)


def test_facts_without_dates_are_facts_alone(facts):
    found = surfaces(facts, "")
    assert dated(found).tolist() == [0.0] * len(GRID)


def test_half_years_in_which_hardly_a_run_is_at_risk_say_nothing(facts):
    found = surfaces(facts)
    said = Said(DRAW.random((50, 1)), np.full((50, 1), 0.5), np.full((50, 2), np.nan))
    assert dated(Surfaces.fit(said, found.aim)).tolist() == [0.0] * len(GRID)


def test_single_runs_are_judged_by_their_facts_and_the_odds_of_their_dates(facts):
    """Luck of opening does not tell runs apart; a missed value does, and a failed run is no run."""
    found = surfaces(facts)
    points = np.array([[0.5], [0.5], [0.5], [0.9]])
    values = np.array([[0.5], [0.9], [np.nan], [0.5]])
    openings = np.array([[1.0, 0.0], [1.0, 0.0], [np.nan, np.nan], [1.0, 0.0]])
    met, missed, failed, unlikely = found.of_runs(Said(points, values, openings))
    assert met < unlikely < missed < failed == np.inf
    other = found.of_runs(Said(points[:1], values[:1], np.array([[0.0, 1.0]])))
    assert other[0] == met
