"""Shapley values: what each player adds to the whole, on average over the orders in which they join.

A coalition is a number whose bit i says whether player i is in it. The part of player i is

    phi_i = sum over coalitions S without i of |S|! (n - |S| - 1)! / n! * [v(S + i) - v(S)]

and the parts add up to v(all) - v(none), whatever the interactions (Shapley 1953, "A value for n-person games").
"""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def shapley_values(worth: Array) -> Array:
    """Part of each player, from the worth of every coalition.

    Parameters
    ----------
    worth
        Of the coalitions in the order of their numbers, (..., 2 ** players).

    Returns
    -------
    Array of shape (..., players). NaN where the worth of any coalition is.

    Raises
    ------
    ValueError
        If the last axis is not a power of two.
    """
    worth = np.asarray(worth, dtype=float)
    coalitions = worth.shape[-1] if worth.ndim else 0
    players = coalitions.bit_length() - 1
    if coalitions != 1 << max(players, 0):
        raise ValueError(f"worth: {coalitions} coalitions; allowed: a power of two, one for each")
    return np.asarray((worth - worth[..., :1]) @ _weights(players).T)  # exactly zero where nothing matters


@cache
def _weights(players: int) -> Array:
    """What the worth of each coalition counts for in the part of each player, (players, coalitions)."""
    weights = np.zeros((players, 1 << players))
    for coalition in range(1 << players):
        size = coalition.bit_count()
        for player in range(players):
            inside = coalition >> player & 1
            others = size - inside
            weight = factorial(others) * factorial(players - others - 1) / factorial(players)
            weights[player, coalition] = weight if inside else -weight
    weights.setflags(write=False)
    return weights
