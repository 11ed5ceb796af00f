"""How many of a calibration's runs are its set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.facts.selection import FEWEST, by_likelihood, interval_score, left_out, nearest, size
from sim.facts.surfaces import Aim, Surfaces
from sim.facts.waves import Said
from sim.scenario import load
from tests.facts.conftest import SHARE, TINY

RUNS = 1000
OTHER = SHARE.replace("family: use", "family: prices")


def said(of_the_other: float) -> Said:
    """Two values a run around 0.5: the first is its point, the second follows it as far as told, the rest is luck."""
    draw = np.random.default_rng(3)
    points = draw.random((RUNS, 1))
    first = 0.5 + 4.0 * (points[:, 0] - 0.5)
    second = of_the_other * first + (1 - of_the_other) * (0.5 + 4.0 * (draw.random(RUNS) - 0.5))
    return Said(points, np.column_stack([first, second]), np.empty((RUNS, 0)))


def sizes(facts, runs: Said):
    aim = Aim(facts(one=SHARE, two=OTHER), load(TINY).scenario)
    return left_out(runs, Surfaces.fit(runs, aim))


def test_facts_that_tell_of_each_other_make_a_small_set(facts):
    found = sizes(facts, said(1.0))
    assert size(found) == found["runs"].iloc[int(np.argmin(found["score"]))] == FEWEST
    assert found["runs"].iloc[-1] == RUNS
    assert found["score"].is_monotonic_increasing


def test_facts_that_tell_nothing_of_each_other_do_not(facts):
    """What is kept by one fact foretells the other no better than all runs do."""
    found = sizes(facts, said(0.0))
    assert found["score"].min() > 0.9 * found["score"].iloc[-1]


@pytest.mark.parametrize(("error", "runs"), [(0.0, 400), (0.1, 400), (0.3, 100), (0.9, 20)])
def test_the_smallest_set_within_a_standard_error_of_the_least_score_is_taken(error, runs):
    scores = pd.DataFrame({"runs": [20, 100, 400, 1000], "score": [8.5, 8.2, 8.0, 8.4]})
    assert size(scores.assign(error=np.where(scores["runs"] == 400, 0.0, error))) == runs


def test_a_set_is_not_smaller_than_one_that_is_worse():
    """The smallest is within its own, larger standard error again; the one next to the least is not."""
    scores = {"runs": [60, 120, 240, 480, 960], "score": [9.0, 8.4, 8.6, 8.1, 8.0], "error": [0.9, 0.5, 0.2, 0.2, 0.0]}
    assert size(pd.DataFrame(scores)) == 480


def test_the_standard_error_is_that_of_families(facts):
    """None of the least itself; of other sizes some, as two families do not move alike."""
    found = sizes(facts, said(0.5))
    least = found["score"].idxmin()
    assert found["error"][least] == 0.0
    assert (found["error"].drop(least) > 0.0).all()


def test_runs_that_failed_are_in_no_set(facts):
    runs = said(1.0)
    runs.values[: RUNS // 2] = np.nan
    assert sizes(facts, runs)["runs"].iloc[-1] == RUNS - RUNS // 2


def test_one_family_cannot_be_left_out(facts):
    runs = said(1.0)
    aim = Aim(facts(one=SHARE, two=SHARE), load(TINY).scenario)
    assert left_out(runs, Surfaces.fit(runs, aim)).empty


def test_the_interval_score_is_width_and_twenty_times_the_miss(facts):
    """A sharp run 5 tolerances off: the interval is the measurement's own, two tolerances wide."""
    fact = facts(one=SHARE).facts["one"]
    score, hit, width = interval_score(fact, 0.5, np.full(50, 0.5 + 5 * fact.tolerance))
    assert (hit, width) == (False, pytest.approx(2.0, rel=0.03))
    assert score == pytest.approx(2.0 + 20 * 4.0, rel=0.02)
    assert interval_score(fact, 0.5, np.full(50, 0.5))[:2] == (pytest.approx(2.0, rel=0.03), True)


def test_the_nearest_are_those_of_least_deviance():
    assert nearest(np.array([3.0, np.inf, 1.0, 2.0]), 2).tolist() == [2, 3]


def test_runs_are_drawn_in_proportion_to_their_likelihood():
    """Points spread evenly give the mean and spread of their normal likelihood; a failed run is not drawn."""
    points = (np.arange(4000) + 0.5) / 4000
    depths = ((points - 0.4) / 0.05) ** 2
    depths[1600] = np.inf
    drawn = by_likelihood(depths, 2000)
    assert points[drawn].mean() == pytest.approx(0.4, abs=1e-3)
    assert points[drawn].std() == pytest.approx(0.05, rel=0.01)
    assert (np.diff(depths[drawn]) >= 0.0).all()
    assert 1600 not in drawn
