"""The parameter on which an effect turns: the one whose draws go along with it, if that is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from sim.claims.claim import Test
from sim.randomness import uniform

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CHANCE = 0.1
"""Most probability that chance gives so strong a correlation to the best of all parameters."""
PERMUTATIONS = 2000
LEAST_DRAWS = 8


class Turn(NamedTuple):
    """A parameter on which an effect turns.

    Attributes
    ----------
    parameter
        Key path.
    correlation
        Rank correlation of its draws with the effect.
    chance
        Part of permutations of the effect in which the best of all parameters does as well.
    at
        Value at which the answer turns; NaN if the effect counts in all draws, or in none.
    above
        Whether the effect counts above that value rather than below it.
    """

    parameter: str
    correlation: float
    chance: float
    at: float
    above: bool


def parameters(test: Test, draws: Sequence[int]) -> tuple[list[str], Array]:
    """What is drawn in the worlds of a test, and its values, (draws, parameters).

    Where worlds give a parameter other distributions the values are those of the first that has one; its rank is
    the same in all.
    """
    drawn = {path: found for world in reversed(test.worlds) for path, found in world.distributions.items()}
    names = sorted(drawn)
    keys = [drawn[name].keyed(name) for name in names]
    values = [
        [drawn[name].quantile(uniform(draw, "parameters", key)) for name, key in zip(names, keys, strict=True)]
        for draw in draws
    ]
    return names, np.array(values, dtype=float).reshape(len(draws), len(names))


def turn(names: Sequence[str], values: Array, effect: Array, counted: Mask, seed: int = 1) -> Turn | None:
    """The parameter on which an effect turns; none if no correlation stands out.

    Parameters
    ----------
    names
        Parameters.
    values
        Their draws, (draws, parameters).
    effect
        Effect in each draw, (draws,).
    counted
        In which draws it counts, (draws,).
    seed
        Of the permutations.
    """
    known = np.isfinite(effect)
    x, y, counted = values[known], effect[known], counted[known]
    varied = np.flatnonzero(np.ptp(x, axis=0) > 0) if len(x) else np.array([], dtype=int)
    if len(y) < LEAST_DRAWS or not len(varied) or np.ptp(y) == 0:
        return None
    ranks, target = _standard(rankdata(x[:, varied], axis=0)), _standard(rankdata(y))
    found = ranks.T @ target
    best = int(np.argmax(np.abs(found)))
    shuffled = np.random.default_rng(seed).permuted(np.tile(target, (PERMUTATIONS, 1)), axis=1)
    as_good = np.abs(shuffled @ ranks).max(axis=1) >= abs(found[best]) - 1e-12
    chance = (float(as_good.sum()) + 1.0) / (PERMUTATIONS + 1.0)
    if chance > CHANCE:
        return None
    at, above = split(x[:, varied[best]], counted)
    return Turn(names[varied[best]], float(found[best]), chance, at, above)


def split(values: Array, counted: Mask) -> tuple[float, bool]:
    """The value that best parts the draws that count from the others, and whether they lie above it."""
    if counted.all() or not counted.any():
        return float("nan"), False
    order = np.argsort(values, kind="stable")
    x, y = values[order], counted[order].astype(float)
    below = np.concatenate([[0.0], np.cumsum(y)])
    right_if_above = (np.arange(len(x) + 1) - below) + (y.sum() - below)
    right_if_below = len(x) - right_if_above
    cuts = np.flatnonzero(np.diff(x) > 0) + 1
    if not len(cuts):
        return float("nan"), False
    cut_above, cut_below = cuts[np.argmax(right_if_above[cuts])], cuts[np.argmax(right_if_below[cuts])]
    above = bool(right_if_above[cut_above] >= right_if_below[cut_below])
    cut = cut_above if above else cut_below
    return float((x[cut - 1] + x[cut]) / 2), above


def _standard(ranks: Array) -> Array:
    """Ranks with mean 0 and length 1 down the first axis."""
    centred = ranks - ranks.mean(axis=0)
    return np.asarray(centred / np.sqrt((centred**2).sum(axis=0)))
