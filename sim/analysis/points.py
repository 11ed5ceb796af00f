"""The points of a study: what was varied, what came of it on average, and how much of that is luck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Points:
    """Design points as numbers.

    Attributes
    ----------
    labels
        Number of each point, in the order of the design, (points,).
    names
        What was varied: key paths.
    values
        Values, (points, names); of a text, the place of its level.
    levels
        Of each name whose values are no numbers (whole scenarios, switches), its levels in alphabetical order.
    """

    labels: Places
    names: tuple[str, ...]
    values: Array
    levels: dict[str, tuple[str, ...]]

    @property
    def texts(self) -> frozenset[str]:
        """Names whose values are no numbers."""
        return frozenset(self.levels)

    @classmethod
    def of(cls, design: pd.DataFrame, names: Sequence[str]) -> Self:
        """Points of a design with one row a point: the column `point`, and a column for each name."""
        ordered = design.sort_values("point")
        columns, levels = [], {}
        for name in names:
            column = ordered[name]
            if is_text(column):
                codes, found = pd.factorize(as_text(column), sort=True)
                columns.append(codes.astype(float))
                levels[name] = tuple(found)
            else:
                columns.append(column.to_numpy(dtype=float))
        values = np.column_stack(columns) if columns else np.empty((len(ordered), 0))
        return cls(ordered["point"].to_numpy(dtype=np.int64), tuple(names), values, levels)

    def means(self, runs: pd.DataFrame, indicator: str) -> Array:
        """Mean of an indicator over the replicates of each point that have a value; NaN where none has."""
        known = runs[np.isfinite(runs[indicator])]
        means = known.groupby("point")[indicator].mean()
        return np.asarray(means.reindex(self.labels), dtype=float)


def is_text(column: pd.Series) -> bool:
    """Whether the values of a column are no numbers: texts, or true and false."""
    return is_bool_dtype(column) or not is_numeric_dtype(column)


def as_text(column: pd.Series) -> pd.Series:
    """Values as a user writes them: ``true`` and ``false`` in lower case."""
    return column.map({True: "true", False: "false"}) if is_bool_dtype(column) else column.astype(str)


@dataclass(frozen=True)
class Luck:
    """What part of an indicator's variance is luck rather than the parameters.

    A run's value is read as mean + effect of its point + effect of its seed + what is left (how a seed plays out
    at that point), the two-way layout without repetition. Seeds have an effect of their own only where all points
    share them; it moves all points alike and blurs no comparison between them. What is left does.

    Attributes
    ----------
    points, replicates
        Size of the layout: the points of which every replicate has a value.
    parameters, shared, own
        Parts of the variance of a single run: of the points, of seeds as such, of the rest. They add up to 1.
    of_means
        Part of the variance of point means that is luck: what a parameter that does nothing but draw all luck anew
        gets as a total-order index. NaN with one replicate, of which nothing can be said.
    """

    points: int
    replicates: int
    parameters: float
    shared: float
    own: float
    of_means: float

    @classmethod
    def unknown(cls, points: int, replicates: int) -> Self:
        """With a single replicate, a single point or nothing but equal values, there is nothing to part."""
        return cls(points, replicates, math.nan, math.nan, math.nan, math.nan)


def luck(runs: pd.DataFrame, indicator: str) -> Luck:
    """Part the variance of an indicator by analysis of variance, with the estimators of random effects.

    Parameters
    ----------
    runs
        One row a (point, replicate), with `point`, `replicate`, `seed` and the indicator.
    indicator
        Column to look at. Points of which a replicate has no value are left out.
    """
    table = runs.pivot(index="point", columns="replicate", values=indicator).to_numpy(dtype=float)
    table = table[np.isfinite(table).all(axis=1)]
    points, replicates = table.shape
    if points < 2 or replicates < 2 or np.ptp(table) == 0:
        return Luck.unknown(points, replicates)
    shared_seeds = bool((runs.groupby("replicate")["seed"].nunique() == 1).all())
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    between = replicates * float(rows.var(ddof=1))
    if shared_seeds:
        rest = table - rows[:, None] - columns + table.mean()
        within = float((rest**2).sum()) / ((points - 1) * (replicates - 1))
        of_seeds = max(float(columns.var(ddof=1)) - within / points, 0.0)
    else:
        within = float(table.var(axis=1, ddof=1).mean())
        of_seeds = 0.0
    of_points = max((between - within) / replicates, 0.0)
    total = of_points + of_seeds + within
    of_means = min(within / between, 1.0) if between > 0 else 1.0
    return Luck(points, replicates, of_points / total, of_seeds / total, within / total, of_means)
