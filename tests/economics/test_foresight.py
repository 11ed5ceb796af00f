"""Sellers that look ahead: what they count of a dollar of sales makes their price the best one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from sim.economics.checks import InputError
from sim.economics.foresight import counted, retention

elasticities = st.floats(1.1, 6.0)
futures = st.floats(0.0, 60.0)


@given(futures, elasticities)
def test_inertia_alone_leaves_prices_where_they_are(months, elasticity):
    assert counted(1.0 / (1.0 + months), months, elasticity) == pytest.approx(1.0)


@given(st.floats(0.0, 0.5), st.floats(0.01, 1.0), futures, elasticities)
def test_no_nearby_price_is_better(staying, choosing, months, elasticity):
    """A seller of unit cost 1: some stay and some choose, all of a fixed budget; who is won earns 1/e a month later."""
    choice, best = elasticity - 1.0, elasticity / (elasticity - 1.0)

    def part(price: float) -> float:
        won = choosing * price**-choice
        return won / (staying + won)

    def worth(price: float) -> float:
        won = choosing * price**-choice
        return (staying + won) * (1.0 - 1.0 / price) + won * months / elasticity

    def above(price: float) -> float:
        return price - best / float(counted(part(price), months, elasticity))

    grid = np.geomspace(1e-2, 1e3, 400)
    signs = np.sign([above(price) for price in grid])
    rises = np.flatnonzero((signs[:-1] < 0) & (signs[1:] > 0))
    assume(len(rises))  # with nearly everybody bound there is no end to harvesting
    price = brentq(above, grid[rises[0]], grid[rises[0] + 1])
    near = price * np.array([0.999, 1.001])
    assert worth(price) >= max(worth(near[0]), worth(near[1])) - 1e-12


@given(st.floats(0.01, 0.98), futures, elasticities)
def test_the_more_are_to_be_won_the_lower_the_price(part, months, elasticity):
    assert counted(part + 0.02, months, elasticity) > counted(part, months, elasticity)


@given(st.floats(0.01, 0.9), st.floats(0.0, 1.0))
def test_months_ahead_are_the_sum_of_their_odds_and_discounts(leaving, discount):
    month = np.arange(1, 5000)
    odds = ((1.0 - leaving) * np.exp(-discount / 12.0)) ** month
    assert retention(leaving, discount) == pytest.approx(odds.sum(), abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((1.5, 1.0, 2.0), "choosing"), ((0.5, -1.0, 2.0), "months"), ((0.5, 1.0, 1.0), "elasticity")],
)
def test_numbers_out_of_bounds_are_named(arguments, name):
    with pytest.raises(InputError, match=name):
        counted(*arguments)


def test_customers_who_stay_for_ever_are_worth_no_number():
    with pytest.raises(InputError, match="discount"):
        retention([0.1, 0.0], 0.0)
