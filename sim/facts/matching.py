"""Parameters that the facts do not rule out: history matching with an emulator.

The implausibility of a fact at a point is the distance of what the point says from what was measured, in
standard deviations of everything that is not known: the measurement, the luck of a run and the emulator's error
(Craig et al. 1997; Vernon, Goldstein & Bower 2010, Bayesian Analysis 5(4)). A fact of several values counts as
one, by the root of their mean square. No model meets every fact: beyond `MOST` standard deviations a fact is
missed, and how far hardly matters (the loss of a Cauchy error). The deviance of a point is the sum of its facts'
losses; what is not ruled out is within a chi-square quantile of the least deviance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from sim.facts.indicators import Array
from sim.facts.observations import Observation
from sim.facts.rivals import scaled, tolerance_of
from sim.facts.schema import Facts
from sim.facts.score import LEAST, NORMAL_90

FARTHEST = 7.0
"""On a log scale what is a thousand times too much or too little is as far off as can be (7 = ln 1100)."""
MOST = 3.0
"""Implausibility from which a fact is missed (Pukelsheim's three-sigma rule)."""
KEPT = 0.2
"""Part of a population that each level of `under` keeps."""
REACHES = (1.0, 0.5, 0.25, 0.12) * 3
"""Steps of the random walks at a level, in spreads of the population."""
STALLED = 0.995
"""A level that is not lower than this part of the one before ends the search."""
MAX_LEVELS = 25


@dataclass(frozen=True)
class Targets:
    """Values to be met, on their facts' scales.

    Attributes
    ----------
    values, sd
        Value and standard deviation of its measurement, shape (observations,).
    facts
        Ids, and the fact of each observation as a position in them.
    """

    values: Array
    sd: Array
    facts: tuple[str, ...]
    fact: NDArray[np.int64]
    log: NDArray[np.bool_]

    def on_scale(self, said: Array) -> Array:
        """What runs say, shape (runs, observations), on the facts' scales."""
        logs = np.clip(np.log(np.maximum(said, LEAST)), self.values - FARTHEST, self.values + FARTHEST)
        return np.where(self.log, np.where(np.isfinite(said), logs, np.nan), said)


def targets(wanted: Sequence[Observation], facts: Facts) -> Targets:
    """What is to be met."""
    names = tuple(dict.fromkeys(one.fact for one in wanted))
    by_name = facts.facts
    return Targets(
        values=np.array([scaled(by_name[one.fact], one.value) for one in wanted]),
        sd=np.array([tolerance_of(by_name[one.fact]) / NORMAL_90 for one in wanted]),
        facts=names,
        fact=np.array([names.index(one.fact) for one in wanted], dtype=np.int64),
        log=np.array([by_name[one.fact].scale == "log" for one in wanted]),
    )


def implausibilities(said: Array, variance: Array, aim: Targets) -> Array:
    """Implausibility of each fact at each point.

    Parameters
    ----------
    said
        Values at points, shape (points, observations), on the facts' scales.
    variance
        Of these for one run, shape (observations,).
    aim
        What is to be met.

    Returns
    -------
    Array of shape (points, facts), in standard deviations.
    """
    squares = (said - aim.values) ** 2 / (aim.sd**2 + variance)
    belongs = aim.fact[:, None] == np.arange(len(aim.facts))
    return np.asarray(np.sqrt(squares @ (belongs / belongs.sum(axis=0))))


def loss(away: Array) -> Array:
    """Loss of facts from their implausibilities: near its square below `MOST`, like a logarithm above it."""
    return np.asarray(MOST**2 * np.log1p((away / MOST) ** 2))


@dataclass(frozen=True)
class Remaining:
    """The set that is not ruled out.

    Attributes
    ----------
    points
        Spread evenly over it, shape (points, parameters), in the unit cube.
    level
        Deviance that they stay under.
    share
        Part of the prior that it is.
    """

    points: Array
    level: float
    share: float


def remaining(
    heights: Callable[[Array], Array], parameters: int, *, within: float, points: int, seed: int
) -> tuple[Remaining, Array]:
    """What is not ruled out, and the best point.

    Parameters
    ----------
    heights
        Deviance of points of the unit cube.
    parameters
        Dimensions of the cube.
    within
        Probability of the chi-square distribution, with as many degrees of freedom as parameters, whose
        quantile the deviance may exceed the least by.
    points
        Size of the populations that search.
    seed
        Of their random walks.
    """
    lowest = under(heights, parameters, -np.inf, points=points, seed=seed)
    depths = heights(lowest.points)
    level = float(depths.min() + chi2.ppf(within, parameters))
    best = lowest.points[int(np.argmin(depths))]
    return under(heights, parameters, level, points=points, seed=seed), best


def under(
    heights: Callable[[Array], Array], parameters: int, cutoff: float, *, points: int, seed: int
) -> Remaining:
    """The part of the unit cube under a level, by subset simulation (Au & Beck 2001).

    A population is moved to ever lower levels, each of which keeps a fifth of it, by random walks that may not
    leave the level. It ends at the cutoff, or where levels fall no further.
    """
    draw = np.random.default_rng(seed)
    here = draw.random((points, parameters))
    height, share, level = heights(here), 1.0, np.inf
    for _ in range(MAX_LEVELS):
        lower = max(float(np.quantile(height, KEPT)), cutoff)
        if lower > STALLED * level and lower > cutoff:
            break
        inside = height <= lower
        level, share = lower, share * float(inside.mean())
        chosen = draw.choice(np.flatnonzero(inside), points)
        here, height = _walked(here[chosen], height[chosen], level, heights, draw)
        if level <= cutoff:
            break
    return Remaining(here, level, share)


def _walked(
    here: Array, height: Array, level: float, heights: Callable[[Array], Array], draw: np.random.Generator
) -> tuple[Array, Array]:
    """Random walks that stay in the cube and under a level; a step is sized by the spread of the points."""
    here, height = here.copy(), height.copy()
    size = here.std(axis=0)
    for reach in REACHES:
        moved = here + reach * size * draw.standard_normal(here.shape) * (draw.random(here.shape) < 0.5)
        moved = np.abs(moved)
        moved = np.clip(np.where(moved > 1.0, 2.0 - moved, moved), 0.0, 1.0)  # thrown back at the walls
        there = heights(moved)
        accepted = there <= level
        here[accepted], height[accepted] = moved[accepted], there[accepted]
    return here, height
