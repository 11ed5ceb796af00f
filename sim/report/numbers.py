"""The numbers that sentences are built from: the last year of a result, over its runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.figures import wording
from sim.figures.series import Grid


class Late(NamedTuple):
    """The mean of the last 12 months: its median over the runs, and the range that holds 90 % of them."""

    middle: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is a value at all."""
        return math.isfinite(self.middle)

    def said(self, write: Callable[[float], str] = wording.share) -> str:
        """The median with the range in brackets, where runs differ."""
        middle, low, high = (write(value) for value in self)
        return middle if low == high else f"{middle} ({low} to {high})"


def late(market: pd.DataFrame, column: str, region: str) -> Late:
    """A column of the table `market` in the last year."""
    rows = market[market["region"] == region]
    if not len(rows):
        return Late(math.nan, math.nan, math.nan)
    values = Grid(rows).read(column).values[-12:]
    runs = values[:, np.isfinite(values).any(axis=0)]
    if not runs.size:
        return Late(math.nan, math.nan, math.nan)
    low, middle, high = np.quantile(np.nanmean(runs, axis=0), [0.05, 0.5, 0.95])
    return Late(float(middle), float(low), float(high))


def last_month(market: pd.DataFrame) -> str:
    """The last month of a result, in words."""
    return f"{pd.Timestamp(market['month'].max()):%B %Y}"
