"""Shapley values against their definition by orders, and their axioms."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.analysis.shapley import shapley_values

WORTH = st.lists(st.floats(-1e6, 1e6), min_size=64, max_size=64).map(np.array)


def by_orders(worth: np.ndarray, players: int) -> np.ndarray:
    """Mean over all orders of what each player adds to those before."""
    parts = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        coalition = 0
        for player in order:
            parts[player] += worth[coalition | 1 << player] - worth[coalition]
            coalition |= 1 << player
    return parts / len(orders)


@pytest.mark.parametrize("players", [1, 2, 4, 6])
def test_agrees_with_the_mean_over_all_orders(players: int) -> None:
    worth = np.random.default_rng(players).normal(size=1 << players)
    np.testing.assert_allclose(shapley_values(worth), by_orders(worth, players), atol=1e-12)


@given(WORTH)
def test_parts_add_up_to_the_whole(worth: np.ndarray) -> None:
    whole = worth[-1] - worth[0]
    assert shapley_values(worth).sum() == pytest.approx(whole, abs=1e-9 * max(1.0, np.abs(worth).max()))


@given(WORTH)
def test_a_player_that_changes_nothing_gets_nothing(worth: np.ndarray) -> None:
    coalitions = np.arange(64)
    same = worth[coalitions & ~0b100]
    assert shapley_values(same)[2] == pytest.approx(0.0, abs=1e-9 * max(1.0, np.abs(worth).max()))


def test_players_who_add_alike_get_alike() -> None:
    worth = np.array([coalition.bit_count() ** 2 for coalition in range(64)], dtype=float)
    np.testing.assert_allclose(shapley_values(worth), 6.0)


def test_leading_axes_are_kept_and_holes_stay_holes() -> None:
    worth = np.random.default_rng(3).normal(size=(5, 2, 16))
    worth[1, 0, 7] = np.nan
    found = shapley_values(worth)
    assert found.shape == (5, 2, 4)
    assert np.isnan(found[1, 0]).all()
    np.testing.assert_allclose(found[4, 1], shapley_values(worth[4, 1]))


def test_nobody_gets_nothing() -> None:
    assert shapley_values(np.array([3.0])).shape == (0,)


@pytest.mark.parametrize("worth", [np.zeros(3), np.zeros(0), np.array(1.0)])
def test_a_coalition_without_worth_is_refused(worth: np.ndarray) -> None:
    with pytest.raises(ValueError, match="allowed: a power of two, one for each"):
        shapley_values(worth)
