"""From months to values."""

from __future__ import annotations

import numpy as np
import pytest

from sim.facts.observations import last_month, observations, statistic, valued
from sim.scenario.month import Month
from tests.facts.conftest import SHARE

RUNS = np.array([[1.0, 2.0, 4.0, 8.0], [5.0, 5.0, 5.0, 5.0]])


@pytest.mark.parametrize(
    ("kind", "first", "last", "expected"),
    [
        ("last", 0, 2, [4.0, 5.0]),
        ("mean", 0, 3, [3.75, 5.0]),
        ("sum", 1, 3, [14.0, 15.0]),
        ("change", 0, 3, [7.0, 0.0]),
        ("growth", 0, 3, [8.0**4, 1.0]),  # eightfold in a quarter is 8^4 a year
    ],
)
def test_statistics(kind, first, last, expected):
    assert statistic(kind, RUNS, first, last) == pytest.approx(expected)


@pytest.mark.parametrize(("first", "last"), [(-1, 2), (1, 4)])
def test_months_that_are_not_simulated_give_nothing(first, last):
    assert np.isnan(statistic("last", RUNS, first, last)).all()


def test_growth_from_nothing_is_not_defined():
    assert np.isnan(statistic("growth", np.array([[0.0, 1.0]]), 0, 1)).all()


def test_a_window_ends_with_the_month_of_its_value(facts):
    text = SHARE.replace("{2023-06: 0.5}", "{2023-08: 0.6, 2023-06: 0.5}") + "window: 3\nstatistic: mean\n"
    read = facts(share=text)
    first, second = observations(read)
    assert (first.since, first.until, first.value) == (Month(2023, 4), Month(2023, 6), 0.5)
    assert (second.since, second.until) == (Month(2023, 6), Month(2023, 8))
    assert last_month(read) == Month(2023, 8)
    months = np.arange(8.0)[None, :]  # January to August
    assert valued([first, second], read, {"share": months}, Month(2023, 1)) == pytest.approx(np.array([[4.0, 6.0]]))
