"""The numbers behind a figure, kept as it is drawn, so that they can be written beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures.series import LEVELS, Array, Series

QUANTILES = tuple(f"q{round(100 * level):02d}" for level in LEVELS)
COLUMNS = ("panel", "series", "at", "value", *QUANTILES, "low", "high", "runs")
"""What `plotted` gives; columns that a figure does not need are left out.

panel : heading of the panel.
series : label of the line, area, bar or row.
at : month, or place on the horizontal axis.
value : what the mark shows.
q05 to q95 : quantiles over the runs.
low, high : ends of an interval.
runs : how many runs are behind the value.
"""

_NUMBERS: WeakKeyDictionary[Figure, list[DataFrame]] = WeakKeyDictionary()


def keep(figure: Figure, rows: DataFrame | Iterable[Mapping[str, Any]]) -> None:
    """Remember numbers of a figure; `rows` have names of `COLUMNS`."""
    frame = rows if isinstance(rows, DataFrame) else DataFrame(list(rows))
    if len(frame):
        _NUMBERS.setdefault(figure, []).append(frame)


def plotted(figure: Figure) -> DataFrame:
    """The numbers that a figure shows, one row a mark; see `COLUMNS`."""
    parts = _NUMBERS.get(figure, [])
    if not parts:
        return DataFrame(columns=list(COLUMNS[:4]))
    whole = pd.concat(parts, ignore_index=True)
    return whole[[column for column in COLUMNS if column in whole]]


def of_series(panel: str, name: str, series: Series) -> DataFrame:
    """A line; with several runs, its quantiles too."""
    known = series.known
    frame = of_points(panel, name, series.days[known], series.median[known])
    if series.runs > 1:
        frame[list(QUANTILES)] = series.quantiles[:, known].T
    return frame.assign(runs=series.runs)


def of_points(panel: str, name: str, days: Array, values: Array) -> DataFrame:
    """Single values by month; `days` since 1970."""
    months = days.astype("int64").astype("datetime64[D]").astype("datetime64[M]").astype(str)
    return DataFrame({"panel": panel, "series": name, "at": months, "value": values})
