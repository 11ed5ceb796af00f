"""Dates of first openings, half-year by half-year."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.facts.ensemble import NEVER
from sim.facts.hazards import (
    LEAST_ODDS,
    Occasion,
    chosen,
    constant_odds,
    half_years,
    happened,
    odds,
    releases,
    surprises,
)  # fmt: skip
from sim.facts.reading import load_facts
from sim.scenario import load
from sim.scenario.month import Month
from tests.facts.conftest import SHARE, TINY

OPENINGS = """
openings_end: 2023-08
openings:
  leader: {month: 2023-04, source: s}
  southern: {month: null, source: s}
"""
COUNT = """\
family: modes
quantity: Firms that opened
unit: count
value: 1
since: 2023-02
until: 2023-06
statistic: change
tolerance: 0.5
source: invented
certainty: derived
indicator: modes.opened
where: {lab: [southern]}
use: held-out
"""
START = Month(2023, 1)
SPRING, SUMMER = (Month(2023, 2), Month(2023, 6)), (Month(2023, 7), Month(2023, 8))


def at_risk(facts, *changes: str, **entries: str) -> list[Occasion]:
    return half_years(facts(OPENINGS, share=SHARE, **entries), load(TINY, changes).scenario)


class TestOccasions:
    def test_end_with_june_december_the_opening_or_the_last_month(self, facts):
        assert at_risk(facts) == [
            Occasion("leader", *SPRING, True, "calibration"),
            Occasion("southern", *SPRING, False, "calibration"),
            Occasion("southern", *SUMMER, False, "calibration"),
        ]
        assert [one.months for one in at_risk(facts)] == [5, 5, 2]

    def test_what_a_held_out_fact_counts_is_held_out(self, facts):
        uses = [one.use for one in at_risk(facts, count=COUNT)]
        assert uses == ["calibration", "held-out", "calibration"]
        uses = [one.use for one in at_risk(facts, count=COUNT.replace("held-out", "calibration"))]
        assert uses == ["calibration"] * 3

    def test_of_a_given_history_are_no_test(self, facts):
        found = at_risk(facts, "history_until=2023-04")
        assert [(one.lab, one.since) for one in found] == [
            ("southern", Month(2023, 5)),
            ("southern", Month(2023, 7)),
        ]


def test_the_shipped_facts_hold_out_chinese_firms_until_2024_and_nothing_else():
    found = half_years(load_facts().scenario, load("baseline").scenario)
    held_out = {one for one in found if one.use == "held-out"}
    firms = {"alibaba", "tencent", "baidu", "bytedance", "sensetime", "zhipu", "moonshot", "minimax"}
    assert held_out == {one for one in found if one.lab in firms and one.until <= Month(2024, 12)}
    openings = [one for one in found if one.opened]
    assert sum(one.use == "held-out" for one in openings) == 2
    assert len(openings) == 10


def test_the_baselines_replay_has_real_choices_after_first_releases():
    found = releases(load_facts().scenario, load("baseline", ["history_until=2025-12"]).scenario)
    assert all(one.replayed and one.since == one.until for one in found)
    assert Occasion("meta", Month(2023, 7), Month(2023, 7), True, "calibration", True) in found  # Llama 2, after LLaMA
    assert Occasion("alibaba", Month(2025, 1), Month(2025, 1), False, "calibration", True) in found  # Qwen2.5-Max
    assert Occasion("tencent", Month(2024, 11), Month(2024, 11), True, "held-out", True) in found
    assert not any(one.lab == "moonshot" and one.since < Month(2025, 1) for one in found)  # Kimi was its first
    assert {one.since.year for one in found} == {2023, 2024, 2025}


def test_a_run_tells_the_odds_of_real_releases():
    """What its rule says stands in its decisions; who had no such release has none."""
    scenario = load("baseline", ["history_until=2023-07", "end=2023-07"])
    real = releases(load_facts().scenario, scenario.scenario)
    decisions = sim.simulate(scenario, seed=1).decisions
    told = dict(zip([one.lab for one in real], chosen(real, decisions), strict=True))
    assert set(told) == {"openai", "anthropic", "meta"}
    row = decisions[(decisions["lab"] == "meta") & (decisions["month"] == "2023-07-01")].iloc[0]
    assert row["forced"]
    assert told["meta"] == pytest.approx(row["open_probability"] + row["open_restricted_probability"])
    assert told["openai"] < 0.1 < told["meta"]
    nobody = Occasion("xai", Month(2023, 7), Month(2023, 7), False, "calibration", True)
    assert np.isnan(chosen([nobody], decisions)).all()


def test_a_run_opens_in_one_half_year_and_is_at_risk_in_none_after(facts):
    """Of three runs one opens in June, one in July, one never."""
    months = np.array([5.0, 6.0, NEVER])
    did = happened(at_risk(facts), {"leader": np.full(3, 0.0), "southern": months}, START)
    assert np.isnan(did[:, 0]).all()
    assert did[:, 1].tolist() == [1.0, 0.0, 0.0]
    assert did[1:, 2].tolist() == [1.0, 0.0]
    assert np.isnan(did[0, 2])


def test_odds_are_of_runs_at_risk_half_a_run_added():
    did = np.array([[1.0, np.nan], [0.0, 0.0], [0.0, 1.0]])
    assert odds(did) == pytest.approx([1.5 / 4, 1.5 / 3])
    assert odds(np.full((3, 1), np.nan)) == pytest.approx([0.5])


def test_the_likelihood_of_half_years_is_that_of_the_date(facts):
    """The product over half-years is the part of the runs that do what the firm did."""
    firm = [Occasion("southern", *SPRING, False, "calibration"), Occasion("southern", *SUMMER, True, "calibration")]
    months = np.repeat([2.0, 6.0, NEVER], (300, 200, 500))
    did = happened(firm, {"southern": months}, START)
    likelihood = np.exp(-surprises(np.nanmean(did, axis=0), firm).sum())
    assert likelihood == pytest.approx(0.2)


def test_what_no_run_shows_is_not_impossible(facts):
    found = at_risk(facts)
    assert surprises(np.array([0.0, 0.0, 1.0]), found) == pytest.approx(
        -np.log([LEAST_ODDS, 1 - LEAST_ODDS, LEAST_ODDS])
    )


def test_a_constant_rate_is_openings_over_time_at_risk(facts):
    rate = 1 / (2.5 + 5 + 2)
    assert constant_odds(at_risk(facts)) == pytest.approx(1 - np.exp(-rate * np.array([5, 5, 2])))
