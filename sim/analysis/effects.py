"""Sensitivity measures of one outcome over the points of a study, each with a bootstrap interval.

Which measures there are depends on the design: `sobol` needs one of Saltelli's, `morris` one of Morris's, and
`given_data` takes any. SALib computes the indices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from SALib.analyze import morris as salib_morris
from SALib.analyze import rbd_fast
from SALib.analyze import sobol as salib_sobol
from scipy.stats import rankdata

from sim.analysis.points import Array, Mask, Places, Points

MAX_LEVELS = 10
"""A parameter with at most so many values is looked at value by value."""
HARMONICS = 10
"""Most harmonics of RBD-FAST; its usual number."""
POINTS_A_HARMONIC = 16
"""Fewer points take fewer harmonics: the correction for bias is of size 2 * harmonics / points."""
MIN_POINTS = 2 * POINTS_A_HARMONIC
FIFTH = 0.2


class Effect(NamedTuple):
    """One measure of one parameter.

    Attributes
    ----------
    factor, measure
        Parameter and measure.
    value, low, high
        Estimate and interval; NaN where there is none.
    luck
        Value of a parameter that does nothing but draw all luck anew; NaN where that is not known. Where points
        share their seeds, a parameter that does nothing at all gets 0.
    """

    factor: str
    measure: str
    value: float
    low: float = math.nan
    high: float = math.nan
    luck: float = math.nan


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made.

    Attributes
    ----------
    resamples
        Number of resamples.
    confidence
        Probability that an interval is to hold.
    seed
        Above 0.
    """

    resamples: int = 1000
    confidence: float = 0.9
    seed: int = 1

    def rows(self, n: int) -> Places:
        """Places of resampled rows, (resamples, n)."""
        return np.random.default_rng(self.seed).integers(n, size=(self.resamples, n))

    def counts(self, n: int) -> Array:
        """How often each row is in each resample, (resamples, n)."""
        return _counts(self.seed, self.resamples, n)

    def interval(self, values: Array) -> tuple[Array, Array]:
        """Percentile interval over the first axis."""
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(values, [tail, 1 - tail], axis=0)
        return np.asarray(low), np.asarray(high)


@lru_cache(maxsize=2)  # most parameters have ends of the same size
def _counts(seed: int, resamples: int, n: int) -> Array:
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), resamples).astype(float)
    counts.setflags(write=False)
    return counts


def saltelli_block(values: Array) -> int | None:
    """Points in a block of Saltelli's design: D + 2 or 2 D + 2; none if it is no such design.

    A block is A, then A with one column from B for each parameter, then (in the longer form) B with one column
    from A for each, then B.
    """
    points, factors = map(int, values.shape)
    for block in (2 * factors + 2, factors + 2):
        if factors and points and points % block == 0:
            rows = values.reshape(-1, block, factors)
            if _swapped(rows[:, 0], rows[:, -1], rows[:, 1 : factors + 1]) and (
                block == factors + 2 or _swapped(rows[:, -1], rows[:, 0], rows[:, factors + 1 : -1])
            ):
                return block
    return None


def _swapped(a: Array, b: Array, mixed: Array) -> bool:
    """Whether `mixed` is `a` with the i-th column from `b` in its i-th row: (blocks, factors, factors)."""
    factors = a.shape[1]
    wanted = np.where(np.eye(factors, dtype=bool), b[:, None, :], a[:, None, :])
    return bool(np.array_equal(mixed, wanted))


def is_morris(values: Array) -> bool:
    """Whether points are trajectories of D + 1 in which one parameter moves at a time, each at most once."""
    points, factors = values.shape
    if not factors or points % (factors + 1):
        return False
    moved = np.diff(values.reshape(-1, factors + 1, factors), axis=1) != 0
    return bool((moved.sum(axis=2) <= 1).all() and (moved.sum(axis=1) <= 1).all())


def whole_blocks(outcome: Array, block: int) -> Mask:
    """Which blocks of points all have a value, (blocks,)."""
    return np.asarray(np.isfinite(outcome).reshape(-1, block).all(axis=1))


def sobol(points: Points, outcome: Array, block: int, bootstrap: Bootstrap, luck: float) -> list[Effect]:
    """First-order and total-order indices of Sobol, from whole blocks of a Saltelli design.

    Estimators of Saltelli et al. 2010 (doi:10.1016/j.cpc.2009.09.018) in SALib; percentile intervals over
    resampled blocks.

    Parameters
    ----------
    points
        All points of the design.
    outcome
        Mean outcome of each point, (points,). A block in which one is missing is left out.
    block
        What `saltelli_block` gave.
    bootstrap
        How intervals are made.
    luck
        Part of the variance of `outcome` that is luck: the total order of a parameter that only draws it anew.
    """
    factors = len(points.names)
    y = outcome.reshape(-1, block)[whole_blocks(outcome, block)]
    y = y[:, [*range(factors + 1), block - 1]].ravel()  # A, the mixed ones, B
    problem = {"num_vars": factors, "names": list(points.names)}
    found = salib_sobol.analyze(
        problem, y, calc_second_order=False, num_resamples=bootstrap.resamples,
        conf_level=bootstrap.confidence, keep_resamples=True, seed=bootstrap.seed,
    )
    effects = []
    for measure, key, inert in (("first_order", "S1", 0.0), ("total_order", "ST", luck)):
        low, high = bootstrap.interval(found[f"{key}_conf_all"])
        effects += [
            Effect(name, measure, float(found[key][i]), float(low[i]), float(high[i]), inert)
            for i, name in enumerate(points.names)
        ]
    return effects


def morris(points: Points, outcome: Array, levels: int, bootstrap: Bootstrap, luck_sd: float) -> list[Effect]:
    """Elementary effects of Morris: mean size mu*, mean mu, standard deviation sigma.

    An effect is the change of the outcome over a step, as a part of the parameter's whole range (of its
    probability, for a distribution). Morris 1991 (doi:10.1080/00401706.1991.10484804), Campolongo et al. 2007
    (doi:10.1016/j.envsoft.2006.10.004), in SALib; percentile intervals over resampled trajectories.

    Parameters
    ----------
    points, outcome, bootstrap
        As in `sobol`; a trajectory in which a value is missing is left out.
    levels
        Levels of the design's grid.
    luck_sd
        Standard deviation of an outcome that is luck: two such outcomes differ by 2 / sqrt(pi) of it on average.
    """
    factors = len(points.names)
    block = factors + 1
    kept = whole_blocks(outcome, block)
    x = points.values.reshape(-1, block, factors)[kept]
    y = outcome.reshape(-1, block)[kept]
    problem = {"num_vars": factors, "names": list(points.names), "groups": None}

    def measures(rows: Places) -> Array:
        found = salib_morris.analyze(
            dict(problem), x[rows].reshape(-1, factors), y[rows].ravel(), num_resamples=2, num_levels=levels
        )
        return np.array([found["mu_star"], found["mu"], found["sigma"]], dtype=float)

    value = measures(np.arange(len(y)))
    low, high = bootstrap.interval(np.array([measures(rows) for rows in bootstrap.rows(len(y))]))
    step = levels / (2 * (levels - 1))
    inert = {"mu_star": 2 / math.sqrt(math.pi) * luck_sd / step, "mu": 0.0, "sigma": math.sqrt(2) * luck_sd / step}
    return [
        Effect(name, measure, float(value[m, i]), float(low[m, i]), float(high[m, i]), inert[measure])
        for m, measure in enumerate(inert)
        for i, name in enumerate(points.names)
        if measure != "mu" or name not in points.texts  # levels without an order have no direction
    ]


def given_data(points: Points, outcome: Array, bootstrap: Bootstrap) -> list[Effect]:
    """First-order index of each parameter, and rank correlation with its sign, from points of any design.

    The index is the part of the variance that the mean given the parameter explains. For a parameter with up to
    10 values it is the adjusted correlation ratio, 1 - (1 - eta^2) (n - 1) / (n - k) for k values (epsilon
    squared, Kelley 1935); otherwise that of RBD-FAST (Plischke 2010, doi:10.1016/j.ress.2009.11.005; Tissot and
    Prieur 2012, doi:10.1016/j.ress.2012.06.010) in SALib, whose interval rests on resamples of half the points
    and is therefore wide. Neither sees what acts through interactions alone. Spearman's rank correlation tells
    the direction.

    Parameters
    ----------
    points, outcome, bootstrap
        As in `sobol`; a point without a value is left out.
    """
    known = np.isfinite(outcome)
    x, y = points.values[known], outcome[known]
    counts = bootstrap.counts(len(y))
    effects = [_first_order(name, x[:, i], y, counts, bootstrap) for i, name in enumerate(points.names)]
    for i, name in enumerate(points.names):
        if name not in points.texts:
            ranks = rankdata(x[:, i]), rankdata(y)
            value = float(_correlation(*ranks, np.ones((1, len(y))))[0])
            low, high = bootstrap.interval(_correlation(*ranks, counts))
            effects.append(Effect(name, "rank_correlation", value, float(low), float(high), 0.0))
    return effects


def _first_order(name: str, x: Array, y: Array, counts: Array, bootstrap: Bootstrap) -> Effect:
    values, group = np.unique(x, return_inverse=True)
    if len(values) <= MAX_LEVELS:
        member = (group[:, None] == np.arange(len(values))).astype(float)
        value = float(_correlation_ratio(member, y, np.ones((1, len(y))))[0])
        low, high = bootstrap.interval(_correlation_ratio(member, y, counts))
        return Effect(name, "first_order", value, float(low), float(high), 0.0)
    if len(y) < MIN_POINTS:
        return Effect(name, "first_order", math.nan)
    harmonics = min(HARMONICS, len(y) // POINTS_A_HARMONIC)
    found = rbd_fast.analyze(
        {"num_vars": 1, "names": [name]}, x[:, None], y, M=harmonics,
        num_resamples=bootstrap.resamples, conf_level=bootstrap.confidence, seed=bootstrap.seed,
    )
    value, reach = float(found["S1"][0]), float(found["S1_conf"][0])
    return Effect(name, "first_order", value, value - reach, value + reach, 0.0)


def _correlation_ratio(member: Array, y: Array, counts: Array) -> Array:
    """Adjusted part of the variance of `y` that lies between groups, for each row of `counts`.

    `member` says which of the groups each value belongs to, (values, groups), as 0 and 1.
    """
    n, y = y.size, y - y.mean()
    size, sums = counts @ member, counts @ (member * y[:, None])
    centre = (counts @ y) ** 2 / n
    between = np.divide(sums**2, size, out=np.zeros_like(sums), where=size > 0).sum(axis=1) - centre
    total = counts @ y**2 - centre
    spare = n - (size > 0).sum(axis=1)
    defined = (total > 0) & (spare > 0)
    within = np.divide(total - between, total * spare, out=np.full_like(total, 1 / (n - 1)), where=defined)
    return np.asarray(1 - within * (n - 1))


def _correlation(a: Array, b: Array, counts: Array) -> Array:
    """Correlation of `a` and `b` for each row of `counts`; 0 where one is the same throughout."""
    a, b = a - a.mean(), b - b.mean()
    n = counts.sum(axis=1)
    mean_a, mean_b = counts @ a / n, counts @ b / n
    covariance = counts @ (a * b) / n - mean_a * mean_b
    scale = np.sqrt(np.maximum(counts @ a**2 / n - mean_a**2, 0) * np.maximum(counts @ b**2 / n - mean_b**2, 0))
    return np.asarray(np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0))


def ends(points: Points, outcome: Array, bootstrap: Bootstrap) -> list[Effect]:
    """Mean outcome where a parameter is low and where it is high, the others as the design has them.

    Low and high are the fifth of the points with the least and greatest values, and all points that tie with
    them. Levels without an order have no ends.
    """
    known = np.isfinite(outcome)
    x, y = points.values[known], outcome[known]
    effects = []
    for i, name in enumerate(points.names):
        if name in points.texts:
            continue
        low, high = np.quantile(x[:, i], [FIFTH, 1 - FIFTH], method="inverted_cdf")
        for measure, inside in (("mean_low", x[:, i] <= low), ("mean_high", x[:, i] >= high)):
            there = y[inside]
            interval = bootstrap.interval(bootstrap.counts(len(there)) @ there / len(there))
            effects.append(Effect(name, measure, float(there.mean()), *map(float, interval)))
    return effects
