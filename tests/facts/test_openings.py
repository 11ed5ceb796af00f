"""The timing of openings, scored."""

from __future__ import annotations

import numpy as np
import pytest

from sim.facts.ensemble import NEVER, Ensemble
from sim.facts.openings import timing
from sim.scenario import load
from sim.scenario.month import Month
from tests.facts.conftest import SHARE, TINY

OPENINGS = """
openings_end: 2023-07
openings:
  leader: {month: 2023-04, source: s}
  southern: {month: null, source: s}
"""


def scored(facts, *, changes: tuple[str, ...] = (), **opened: list[float]):
    read = facts(OPENINGS, share=SHARE)
    runs = Ensemble(Month(2023, 1), {}, {lab: np.array(months) for lab, months in opened.items()}, ())
    return timing(runs, read, load(TINY, changes).scenario)


def test_certain_and_right_is_perfect(facts):
    assert scored(facts, leader=[3.0, 3.0], southern=[NEVER, NEVER]).model == 0.0


def test_certain_and_wrong_is_one(facts):
    """At both quarters, both firms: the one that opened has not, the other has."""
    assert scored(facts, leader=[NEVER], southern=[0.0]).model == 1.0


def test_a_coin_is_a_quarter(facts):
    assert scored(facts, leader=[0.0, NEVER], southern=[0.0, NEVER]).model == 0.25


def test_the_constant_rate_is_openings_over_time_at_risk(facts):
    found = scored(facts, leader=[3.0], southern=[NEVER])
    assert found.rate == pytest.approx(12 / (3 + 6))  # one in the leader's 3 months and the other's 6
    odds = 1 - np.exp(-np.array([3, 6]) / 9)
    assert found.constant == pytest.approx(np.mean([*(1 - odds) ** 2, *odds**2]))
    assert found.better


def test_firms_that_opened_in_the_given_history_are_not_at_risk(facts):
    found = scored(facts, changes=("history_until=2023-04",), leader=[3.0], southern=[NEVER])
    assert found.firms["lab"].tolist() == ["southern"]


def test_nobody_at_risk_is_no_timing(facts):
    runs = Ensemble(Month(2023, 1), {}, {}, ())
    assert timing(runs, facts(share=SHARE), load(TINY).scenario) is None
