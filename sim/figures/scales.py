"""Axes: which limits, which ticks, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from sim.figures import text, wording


class Scale(NamedTuple):
    """How a panel's vertical axis runs.

    kind : "share" (always 0 to 100 %), "margin" (up to 100 %), "linear", "log", or "rows" with names.
    label : writes a tick.
    low : where a linear axis begins; the least that a margin's axis shows. None: whatever the data need.
    """

    kind: str
    label: Callable[[float], str]
    low: float | None = None


class Ticks(NamedTuple):
    """The limits of an axis, its ticks and their labels."""

    low: float
    high: float
    at: list[float]
    labels: list[str]


NOTHING = Ticks(0.0, 1.0, [], [])
SHARE = Scale("share", wording.share)
MARGIN = Scale("margin", wording.share, -1.0)
USD_LOG = Scale("log", wording.usd)
COUNT_LOG = Scale("log", wording.count)
MONTHS = Scale("linear", wording.count, 0.0)
ROWS = Scale("rows", str)
USD = Scale("linear", wording.usd, 0.0)
COUNT = Scale("linear", wording.count, 0.0)
INDEX = Scale("share", "{:g}".format)
DIFFERENCE = Scale("linear", wording.step)
ECI = Scale("linear", wording.points)


def fit(scale: Scale, lowest: float, highest: float, room: float) -> Ticks:
    """Limits and ticks for data between two values, on an axis `room` inches high."""
    if scale.kind == "share":
        at = [0.0, 0.25, 0.5, 0.75, 1.0] if room >= 0.9 else [0.0, 0.5, 1.0]
        return Ticks(0.0, 1.0, at, [scale.label(value) for value in at])
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        return NOTHING
    return (
        _log(scale, lowest, highest, room) if scale.kind == "log" else _linear(scale, lowest, highest, room)
    )


def _linear(scale: Scale, lowest: float, highest: float, room: float) -> Ticks:
    if scale.kind == "margin":  # from zero, or from the worst that is shown, to 100 %
        low = -0.25 * math.ceil(-max(min(lowest, 0.0), scale.low or -1.0) / 0.25 - 1e-9)
        step = next(step for step in (0.25, 0.5, 1.0) if (1 - low) / step * 0.22 <= room or step == 1.0)
        at = [step * place for place in range(math.ceil(low / step), round(1 / step) + 1)]
        return Ticks(low, 1.0, at, [scale.label(value) for value in at])
    low, high = lowest if scale.low is None else min(lowest, scale.low), highest
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = (low - 1, high + 1) if scale.low is None else (low, low + 1)
    bins = max(2, min(5, int(room / 0.28)))
    at = [float(value) for value in MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    return Ticks(at[0], at[-1], at, [scale.label(round(value, 9)) for value in at])


def _log(scale: Scale, lowest: float, highest: float, room: float) -> Ticks:
    low, high = math.log10(lowest), math.log10(highest)
    pad = max(0.04 * (high - low), 0.03)
    low, high = low - pad, high + pad
    decades = list(range(math.ceil(low), math.floor(high) + 1))
    if len(decades) < 2:
        low, high = min(low, math.floor(low + pad)), max(high, math.ceil(high - pad))
        decades = list(range(round(low), round(high) + 1))
    step = max(1, math.ceil(len(decades) / max(2, int(room / 0.24))))
    at = [10.0**decade for decade in decades if (decade - decades[-1]) % step == 0]
    if len(at) * 3 <= max(4, int(room / 0.24)) and step == 1:
        at = sorted(
            factor * 10.0**decade
            for decade in range(math.floor(low), math.ceil(high) + 1)
            for factor in (1, 3)
            if low <= math.log10(factor * 10.0**decade) <= high
        )
    return Ticks(10.0**low, 10.0**high, at, [scale.label(float(f"{value:.6g}")) for value in at])


def time(first: float, last: float, room: float, size: float) -> Ticks:
    """Ticks for days from the first to the last, on an axis `room` inches wide with labels of this size."""
    low, high = (first - 15.0, last + 15.0) if last <= first else (first, last)
    start, end = (
        int(np.datetime64(int(day), "D").astype("datetime64[M]").astype(int)) for day in (first, last)
    )
    if end - start >= 30:
        most = max(1, int(room / (1.5 * text.width("2030", size))))
        years = range(math.ceil(start / 12), end // 12 + 1)
        step = next(
            step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if len(years) / step <= most or step == 1000
        )
        stamps = [12 * year for year in years if (1970 + year) % step == 0]
        labels = [str(1970 + stamp // 12) for stamp in stamps]
    else:
        most = max(1, int(room / (1.35 * text.width(wording.month(0, short=True), size))))
        step = next(step for step in (1, 2, 3, 6, 12, 24, 36) if (end - start) / step < most or step == 36)
        stamps = [stamp for stamp in range(start, end + 1) if stamp % step == 0] or [start]
        labels = [wording.month(_day(stamp), short=True) for stamp in stamps]
    return Ticks(low, high, [_day(stamp) for stamp in stamps], labels)


def _day(stamp: int) -> float:
    return float(np.datetime64(stamp, "M").astype("datetime64[D]").astype(int))
