"""Boxes in the space of a study's parameters, and how well they hold the cases of interest.

A case is a run with its weight: a point counts once, and its replicates share that. With H the weight of the
cases of interest in a box and T that of all cases in it,

    density  = H / T                     of what is in the box, how much is of interest
    coverage = H / (all of interest)     of what is of interest, how much is in the box
    mass     = T / (all)

(Friedman and Fisher 1999, doi:10.1023/A:1008894516817; Bryant and Lempert 2010, doi:10.1016/j.techfore.2009.08.002).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from sim.analysis.points import Array, Mask


@dataclass(frozen=True, eq=False)
class Cases:
    """Runs as cases.

    Attributes
    ----------
    values
        Value of each parameter, (cases, parameters); of a text, the number of its level.
    interest
        Which cases are of interest, (cases,).
    weights
        Of each case, in points, (cases,).
    """

    values: Array
    interest: Mask
    weights: Array

    @property
    def hits(self) -> float:
        """Weight of what is of interest."""
        return float(self.weights[self.interest].sum())

    @property
    def mass(self) -> float:
        """Weight of all."""
        return float(self.weights.sum())

    def weighed(self, weights: Array) -> Cases:
        """The same cases with other weights."""
        return Cases(self.values, self.interest, weights)


@dataclass(frozen=True)
class Limit:
    """One limit of a box.

    Attributes
    ----------
    factor
        Number of the parameter.
    side
        ``above``: values must be above `at`; ``up to``: at most `at`; ``levels``: one of `levels`, without `at`.
    """

    factor: int
    side: str
    at: float = math.inf
    levels: frozenset[int] = frozenset()

    def holds(self, values: Array) -> Mask:
        """Which of the cases keep to it."""
        column = values[:, self.factor]
        if self.side == "levels":
            return np.isin(column, list(self.levels))
        return column > self.at if self.side == "above" else column <= self.at

    @property
    def kind(self) -> tuple[int, str]:
        """What it limits, wherever it lies."""
        return self.factor, self.side


Box = tuple[Limit, ...]
"""Limits in the order of their kinds, at most one of each; none: everything."""


def inside(box: Box, values: Array) -> Mask:
    """Which cases are in a box."""
    held = np.ones(len(values), dtype=bool)
    for limit in box:
        held &= limit.holds(values)
    return held


def counts(cases: Cases, held: Mask) -> tuple[float, float]:
    """Weight of the cases of interest among those held, and of all held: H and T."""
    return float(cases.weights[held & cases.interest].sum()), float(cases.weights[held].sum())


def density(cases: Cases, held: Mask) -> float:
    """Part of what is held that is of interest; 0 of nothing."""
    hits, mass = counts(cases, held)
    return hits / mass if mass > 0 else 0.0


def quasi_p(cases: Cases, box: Box) -> list[float]:
    """For each limit, the chance that the box would be as dense if the limit meant nothing.

    It is the probability of H or more hits in T draws when each is a hit as often as in the box without that limit
    (Bryant and Lempert 2010, appendix). As the limits were chosen to look good it is no true p-value: a large one
    tells that a limit is not needed, a small one does not prove it.
    """
    hits, mass = counts(cases, inside(box, cases.values))
    found = []
    for limit in box:
        wider = tuple(other for other in box if other is not limit)
        rate = density(cases, inside(wider, cases.values))
        found.append(float(binom.sf(math.floor(hits + 1e-9) - 1, math.ceil(mass - 1e-9), min(rate, 1.0))))
    return found


def simplified(cases: Cases, box: Box, significance: float) -> Box:
    """A box without the limits that it does not need: the one with the largest quasi-p first, one at a time.

    After Quinlan 1987, "Simplifying decision trees" (doi:10.1016/S0020-7373(87)80053-6).
    """
    while box:
        chances = quasi_p(cases, box)
        worst = int(np.argmax(chances))
        if chances[worst] <= significance:
            break
        box = tuple(limit for place, limit in enumerate(box) if place != worst)
    return box


def without_overlap(cases: Cases, boxes: list[Box], least: float) -> Iterator[Box]:
    """Of several boxes, those that add at least a weight of `least` of interest to the ones before.

    The one that adds most comes first.
    """
    held = [inside(box, cases.values) for box in boxes]
    left = cases.interest.copy()
    while boxes:
        added = [float(cases.weights[mask & left].sum()) for mask in held]
        best = int(np.argmax(added))
        if added[best] < least:
            return
        yield boxes.pop(best)
        left &= ~held.pop(best)
