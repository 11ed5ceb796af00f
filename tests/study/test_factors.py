"""What a factor gives at a quantile."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sim.scenario.uncertainty import Normal, Triangular
from sim.study.factors import Factor


def test_a_range_is_exact_at_its_ends_and_even_between():
    factor = Factor("x", "range", ("x",), low=0.1, high=0.7)
    assert (factor.entry(0.0), factor.entry(1.0)) == (0.1, 0.7)
    assert factor.entry(0.5) == pytest.approx(0.4)


def test_a_log_range_gives_every_order_of_magnitude_alike():
    factor = Factor("x", "range", ("x",), low=1.0, high=1e6, scale="log")
    assert [factor.entry(u) for u in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 1e3, 1e6])


def test_whole_numbers_are_alike_both_ends_included():
    factor = Factor("x", "range", ("x",), low=2, high=4, whole=True)
    counted = Counter(factor.column(np.linspace(0.0, 1.0, 3001)))
    assert sorted(counted) == [2, 3, 4]
    assert max(counted.values()) - min(counted.values()) <= 1


def test_levels_share_the_interval_alike():
    factor = Factor("x", "values", ("x",), values=("a", "b", "c"))
    assert [factor.entry(u) for u in (0.0, 0.33, 0.34, 0.66, 0.67, 1.0)] == ["a", "a", "b", "b", "c", "c"]


def test_a_distribution_is_drawn_by_its_quantiles_and_bounded_ones_reach_their_ends():
    triangle = Triangular(dist="triangular", low=0.0, mode=1.0, high=2.0)
    factor = Factor("x", "distribution", ("x",), distribution=triangle)
    assert [factor.entry(u) for u in (0.0, 0.5, 1.0)] == [0.0, 1.0, 2.0]
    endless = Factor("x", "distribution", ("x",), distribution=Normal(dist="normal", mean=0.0, sd=1.0))
    assert np.isfinite(endless.column(np.array([0.0, 1.0]))).all()


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ((1, 2.5), (1, 2.5)),
        ((True, False), (True, False)),
        (("a", 1), ("a", "1")),
        ((None, {"b": 1, "a": 2}), ("null", '{"a": 2, "b": 1}')),
    ],
)
def test_a_level_stands_in_the_table_as_one_scalar_and_leads_back_to_its_value(values, levels):
    factor = Factor("x", "values", ("x",), values=values)
    assert factor.levels == levels
    assert [factor.value(level) for level in levels] == list(values)


def test_the_grid_of_a_range_has_its_ends_and_even_steps():
    factor = Factor("x", "range", ("x",), low=0.0, high=1.0, steps=5)
    assert factor.grid() == (0.0, 0.25, 0.5, 0.75, 1.0)


def test_the_grid_of_whole_numbers_has_each_once():
    assert Factor("x", "range", ("x",), low=1, high=3, steps=10, whole=True).grid() == (1, 2, 3)
