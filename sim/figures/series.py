"""From tidy frames to measures by month and run, and their medians and bands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

Array = NDArray[np.float64]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


class Interval(NamedTuple):
    """Quantiles over the runs: the 90 % band, the 50 % band and the median."""

    q05: float
    q25: float
    q50: float
    q75: float
    q95: float


@dataclass(frozen=True)
class Series:
    """A measure by month and run.

    days : days since 1970, shape (months,), increasing.
    values : shape (months, runs); NaN where it is not defined.
    """

    days: Array
    values: Array

    @property
    def runs(self) -> int:
        """How many runs."""
        return int(self.values.shape[1])

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Months with a value in some run, shape (months,)."""
        return np.asarray(np.isfinite(self.values).any(axis=1), dtype=bool)

    @cached_property
    def quantiles(self) -> Array:
        """Quantiles at `LEVELS` over the runs that have a value, shape (5, months); linear between runs."""
        if not self.values.size:
            return np.full((len(LEVELS), len(self.days)), np.nan)
        ordered = np.sort(self.values, axis=1)  # NaN comes last
        count = np.isfinite(self.values).sum(axis=1)
        place = np.outer(LEVELS, np.maximum(count - 1, 0))
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        month = np.arange(len(self.days))
        low, high = ordered[month, below], ordered[month, above]
        return np.asarray(low + (place - below) * (high - low))

    @property
    def median(self) -> Array:
        """The median over the runs, shape (months,)."""
        return np.asarray(self.quantiles[2])

    @property
    def mean(self) -> Array:
        """The mean over the runs, shape (months,); it adds up where medians do not."""
        out = np.full(len(self.days), np.nan)
        if self.known.any():
            out[self.known] = np.nanmean(self.values[self.known], axis=1)
        return out

    def end(self) -> float:
        """The median in the last month; NaN where it is not defined then."""
        return float(self.median[-1]) if len(self.days) else float("nan")

    def last_year(self) -> float:
        """The median over the runs of the mean of the last 12 months: for measures that jump."""
        if not self.known[-12:].any():
            return float("nan")
        late = self.values[-12:][:, np.isfinite(self.values[-12:]).any(axis=0)]
        return float(np.median(np.nanmean(late, axis=0)))

    def trailing(self, months: int = 12) -> Series:
        """The mean of the last months that have a value, this one included, run by run: for measures that jump."""
        known = np.isfinite(self.values)
        total = np.cumsum(np.where(known, self.values, 0.0), axis=0)
        count = np.cumsum(known, axis=0, dtype=np.float64)
        for sums in (total, count):
            sums[months:] -= sums[:-months].copy()
        mean = np.divide(total, count, out=np.full_like(total, np.nan), where=known)
        return Series(self.days, mean)

    def last(self) -> tuple[float, Interval] | None:
        """The last month that has a value, and the quantiles then."""
        where = np.flatnonzero(self.known)
        if not len(where):
            return None
        return float(self.days[where[-1]]), Interval(*map(float, self.quantiles[:, where[-1]]))

    def __truediv__(self, other: Series) -> Series:
        """Run by run; NaN where the divisor is not positive."""
        safe = np.where(other.values > 0, other.values, np.nan)
        return Series(self.days, self.values / safe)

    def __sub__(self, other: Series) -> Series:
        """Run by run."""
        return Series(self.days, self.values - other.values)

    def one_minus(self) -> Series:
        """What is missing to the whole."""
        return Series(self.days, 1.0 - self.values)

    def positive(self) -> Series:
        """Only what a log axis can show."""
        return Series(self.days, np.where(self.values > 0, self.values, np.nan))

    def not_negative(self) -> Series:
        """Losses and rounding below zero count as nothing."""
        return Series(self.days, np.maximum(self.values, 0.0))

    def or_zero(self) -> Series:
        """Zero where it is not defined: for parts of a whole."""
        return Series(self.days, np.nan_to_num(self.values, nan=0.0))


class Grid:
    """The months and runs of a frame, so that everything read on it can be added and divided."""

    def __init__(self, frame: DataFrame) -> None:
        months = pd.to_datetime(frame["month"]).to_numpy().astype("datetime64[D]").astype(np.float64)
        self.days: Array = np.unique(months)
        runs = frame["replicate"].to_numpy() if "replicate" in frame else np.zeros(len(frame), dtype=int)
        self._runs = np.unique(runs)
        self._cell = np.searchsorted(self.days, months) * len(self._runs) + np.searchsorted(self._runs, runs)
        self._frame = frame

    @property
    def shape(self) -> tuple[int, int]:
        """Months and runs."""
        return len(self.days), len(self._runs)

    def read(self, column: str) -> Series:
        """A column as a series, added up over the rows that share a month and a run."""
        values = self._frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        finite = np.isfinite(values)
        cell = self._cell[finite]
        size = self.shape[0] * self.shape[1]
        total = np.bincount(cell, weights=values[finite], minlength=size)
        seen = np.bincount(cell, minlength=size)
        return Series(self.days, np.where(seen > 0, total, np.nan).reshape(self.shape))

    def split(self, column: str, by: str) -> dict[str, Series]:
        """A column as one series a value of `by`, in order of name, added up as in `read`."""
        code, keys = pd.factorize(self._frame[by], sort=True)
        values = self._frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        keep = np.isfinite(values) & (code >= 0)
        size = self.shape[0] * self.shape[1]
        cell = code[keep] * size + self._cell[keep]
        total = np.bincount(cell, weights=values[keep], minlength=size * len(keys))
        seen = np.bincount(cell, minlength=size * len(keys))
        blocks = np.where(seen > 0, total, np.nan).reshape(len(keys), *self.shape)
        return {str(key): Series(self.days, block) for key, block in zip(keys, blocks, strict=True)}


def add(series: Iterable[Series]) -> Series:
    """The sum of one series or more, run by run; undefined parts count as zero unless all are undefined."""
    parts = list(series)
    total = np.zeros_like(parts[0].values)
    seen = np.zeros(total.shape, dtype=bool)
    for part in parts:
        total = total + np.nan_to_num(part.values, nan=0.0)
        seen |= np.isfinite(part.values)
    return Series(parts[0].days, np.where(seen, total, np.nan))
