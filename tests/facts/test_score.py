"""Hits, widths and errors against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from sim.facts.ensemble import Ensemble
from sim.facts.observations import observations
from sim.facts.rivals import error, persistence, trend
from sim.facts.score import NORMAL_90, beaten, by_family, compare, interval
from sim.scenario import load
from sim.scenario.month import Month
from tests.facts.conftest import SHARE, TINY

NORMAL = ndtri((np.arange(4000) + 0.5) / 4000)
"""As good as a normal sample."""


def test_the_interval_adds_the_error_of_measurement_in_quadrature(facts):
    fact = facts(share=SHARE).facts["share"]
    sd = 0.05
    bare = interval(fact, 0.4 + sd * NORMAL)
    assert (bare.median, bare.high) == pytest.approx((0.4, 0.4 + NORMAL_90 * sd), abs=1e-3)
    measured = interval(fact, 0.4 + sd * NORMAL, measured=True)
    wide = math.hypot(NORMAL_90 * sd, fact.tolerance)
    assert measured.high - measured.low == pytest.approx(2 * wide, rel=0.02)


def test_on_a_log_scale_tolerances_are_factors(facts):
    fact = facts(share=SHARE.replace("tolerance: 0.1", "tolerance: 2\nscale: log")).facts["share"]
    exact = interval(fact, np.full(50, 0.25), measured=True)
    assert math.exp(exact.median) == pytest.approx(0.25)
    assert math.exp(exact.high) == pytest.approx(0.5, rel=0.05)
    assert error(fact, 0.125, 0.5) == pytest.approx(2.0)  # two halvings, in tolerances of one


@pytest.fixture
def three(facts):
    """A series that runs hit twice and miss once, and one that is not defined."""
    series = SHARE.replace("{2023-06: 0.5}", "{2023-02: 0.1, 2023-04: 0.5, 2023-06: 0.9}")
    return facts(share=series, other=SHARE.replace("family: use", "family: more"))


def compared(read, months: np.ndarray, other: np.ndarray, *changes: str, without=None) -> pd.DataFrame:
    indicators = {"share": months, "other": other}
    runs = Ensemble(Month(2023, 1), indicators, {}, ())
    scenario = load(TINY, changes).scenario
    less = None if without is None else Ensemble(Month(2023, 1), {"share": without, "other": other}, {}, ())
    return compare(read, ["share", "other"], scenario, runs, less)


FLAT = np.full((20, 8), 0.1)


def test_values_hit_or_miss_one_by_one_and_facts_count_alike(three):
    months = np.repeat(np.array([[0.1, 0.1, 0.2, 0.45, 0.5, 0.5, 0.5, 0.5]]), 20, axis=0)
    table = compared(three, months, np.full((20, 8), 0.5))
    assert table["hit"].tolist() == [True, True, False, True]
    assert table["strict"].tolist() == [True, False, False, True]
    assert table["error"].tolist() == pytest.approx([0.0, 0.5, 4.0, 0.0])
    scores = by_family(table).set_index(["family", "use"])["hit"]
    assert scores["use", "calibration"] == pytest.approx(2 / 3)
    assert scores["all", "all"] == pytest.approx(5 / 6)  # not three of four


def test_what_the_scenario_was_given_is_no_test(three):
    table = compared(three, FLAT, FLAT, "history_until=2023-04")
    assert table["status"].tolist() == ["given", "given", "scored", "scored"]


def test_what_few_runs_define_is_not_scored(three):
    gone = FLAT.copy()
    gone[:11] = np.nan
    assert compared(three, FLAT, gone)["status"].tolist() == ["scored"] * 3 + ["undefined"]


def test_widths_are_told_in_the_facts_own_units(three):
    spread = 0.5 + 0.2 * np.linspace(-1, 1, 21)[:, None] * np.ones(8)
    row = compared(three, spread, np.full((21, 8), 0.5)).iloc[0]
    assert row["width"] == pytest.approx(0.36 / 0.2)  # 90 % of an even spread of 0.4, over twice the tolerance
    assert row["relative_width"] == pytest.approx(0.36 / 0.8)


def test_errors_are_cut_off(three):
    assert compared(three, FLAT + 50.0, FLAT)["error"].max() == 10.0


class TestRivals:
    def test_know_the_beginning_only(self, three):
        series = observations(three)[:3]
        fact = three.facts["share"]
        assert np.isnan(persistence(series)[0])
        assert persistence(series)[1:] == [0.1, 0.1]
        assert np.isnan(trend(series, fact)[:2]).all()

    def test_a_line_goes_through_a_line(self, three):
        series = observations(three)[:3]  # 0.1, 0.5, 0.9: straight
        assert trend(series, three.facts["share"])[2] == pytest.approx(0.9)

    def test_on_a_log_scale_the_line_is_a_growth_rate(self, facts):
        text = SHARE.replace("{2023-06: 0.5}", "{2023-02: 1, 2023-04: 3, 2023-08: 27}")
        read = facts(share=text.replace("tolerance: 0.1", "tolerance: 2\nscale: log"))
        assert trend(observations(read), read.facts["share"])[2] == pytest.approx(27.0)

    def test_are_compared_on_the_values_that_they_forecast(self, three):
        months = np.repeat(np.array([[0.1, 0.1, 0.2, 0.45, 0.5, 0.5, 0.5, 0.5]]), 20, axis=0)
        table = beaten(compared(three, months, FLAT, without=months + 0.1)).set_index(["family", "rival"])
        use = table.loc["use"]
        assert use.loc["persistence", ["model", "theirs"]].tolist() == pytest.approx([2.25, 6.0])
        assert use.loc["trend", ["model", "theirs"]].tolist() == pytest.approx([4.0, 0.0])
        assert use.loc["without_rules", ["model", "theirs"]].tolist() == pytest.approx([1.5, (1 + 0.5 + 3) / 3])
        assert use["wins"].tolist() == [1, 0, 0]
