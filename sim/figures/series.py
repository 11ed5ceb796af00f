"""From tidy frames to measures by month and run, and their medians and bands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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

    @property
    def known(self) -> NDArray[np.bool_]:
        """Months with a value in some run, shape (months,)."""
        return np.asarray(np.isfinite(self.values).any(axis=1), dtype=bool)

    @property
    def quantiles(self) -> Array:
        """Quantiles at `LEVELS` over the runs, shape (5, months)."""
        out = np.full((len(LEVELS), len(self.days)), np.nan)
        if self.runs == 1:
            out[:] = self.values[:, 0]
        elif self.known.any():
            out[:, self.known] = np.nanquantile(self.values[self.known], LEVELS, axis=1)
        return out

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
        return Series(self.days, self.values - other.values)

    def __mul__(self, factor: float) -> Series:
        return Series(self.days, self.values * factor)

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

    def rows(self, where: Mapping[str, str]) -> NDArray[np.bool_]:
        """Rows of the frame that have these values."""
        keep = np.ones(len(self._frame), dtype=bool)
        for column, value in where.items():
            keep &= np.asarray(self._frame[column] == value, dtype=bool)
        return keep

    def read(self, column: str, **where: str) -> Series:
        """A column as a series, added up over the rows that share a month and a run."""
        keep = self.rows(where) if where else slice(None)
        values = self._frame[column].to_numpy(dtype=np.float64, na_value=np.nan)[keep]
        finite = np.isfinite(values)
        cell = self._cell[keep][finite]
        size = self.shape[0] * self.shape[1]
        total = np.bincount(cell, weights=values[finite], minlength=size)
        seen = np.bincount(cell, minlength=size)
        return Series(self.days, np.where(seen > 0, total, np.nan).reshape(self.shape))

    def split(self, column: str, by: str, **where: str) -> dict[str, Series]:
        """A column as one series a value of `by`, in order of name."""
        keys = sorted({str(key) for key in self._frame[by].dropna().unique()})
        return {key: self.read(column, **{by: key}, **where) for key in keys}


def add(series: Iterable[Series]) -> Series:
    """The sum of one series or more, run by run; what is not defined counts as zero unless nothing is defined."""
    parts = list(series)
    total = np.zeros_like(parts[0].values)
    seen = np.zeros(total.shape, dtype=bool)
    for part in parts:
        total = total + np.nan_to_num(part.values, nan=0.0)
        seen |= np.isfinite(part.values)
    return Series(parts[0].days, np.where(seen, total, np.nan))
