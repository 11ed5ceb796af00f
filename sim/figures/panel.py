"""One panel: lines with bands, stacked areas, observed points; its labels wait in `ends` for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from pandas import DataFrame

from sim.figures import plotted
from sim.figures.gutter import End
from sim.figures.header import Key
from sim.figures.scales import Scale, Ticks, fit
from sim.figures.series import Array, Series
from sim.figures.style import BLACK, RULE, Dash, Width, tint
from sim.figures.wording import NBSP

OBSERVED = Key("point", BLACK, "observed")


class Area(NamedTuple):
    """A part of a stack: its amounts, what is written beside it, a detail for that, its colour, and its name."""

    series: Series
    label: str
    detail: str
    colour: str
    name: str


class Panel:
    """One panel of a page.

    Attributes
    ----------
    axes : where to draw; horizontally in days since 1970.
    ends : labels to be written at the right.
    rows : for panels with named rows instead of a scale: place, name and colour of each.
    numbers : what is drawn, for `sim.figures.plotted`.
    """

    def __init__(self, axes: Axes, heading: str, scale: Scale, height: float, size: Width) -> None:
        self.axes, self.scale, self.height, self.size = axes, scale, height, size
        self.heading = f"{heading} (log{NBSP}scale)" if scale.kind == "log" else heading
        self.ends: list[End] = []
        self.rows: list[tuple[float, str, str]] = []
        self.bands = self.areas = self.medians = 0  # most runs behind each, for the subtitle
        self.observed: list[Key] = []  # marks of observed values
        self.cut = False  # whether values lie below what is shown
        self.days: list[float] = []
        self.numbers: list[DataFrame] = []
        self._extent = (float("inf"), float("-inf"))

    def line(
        self,
        series: Series,
        label: str,
        colour: str,
        dash: Dash = "solid",
        *,
        bands: bool = True,
        weight: float = 1.0,
        bar: bool = True,
    ) -> None:
        """The median as a line; with several runs the 50 % and 90 % bands, and a bar for the end state."""
        series = series.positive() if self.scale.kind == "log" else series
        if not series.known.any():
            return
        low, inner_low, middle, inner_high, high = series.quantiles
        many = series.runs > 1
        if many and bands:
            for under, over, alpha in ((low, high, 0.13), (inner_low, inner_high, 0.22)):
                self.axes.fill_between(series.days, under, over, color=colour, alpha=alpha, linewidth=0)
        self.axes.plot(
            series.days,
            middle,
            color=colour,
            linestyle=dash,
            linewidth=self.size.line * weight,
            solid_capstyle="butt",
            marker="o" if _lonely(middle) else "",
            markersize=3,
        )
        self.numbers.append(plotted.of_series(self.heading, label, series))
        last = series.last()
        if last is not None and label:
            self.ends.append(End(last[1].q50, label, colour, last[1] if many and bar else None))
        self._cover(series.days, *((low, high) if many and bands else (middle, middle)))
        if many:
            self.medians = max(self.medians, series.runs)
            self.bands = max(self.bands, series.runs if bands else 0)

    def context(self, others: Sequence[Series]) -> None:
        """Medians as thin grey lines without names, to hold the named one against."""
        lines = [np.column_stack([series.days, series.median]) for series in others]
        self.axes.add_collection(
            LineCollection(lines, colors=RULE, linewidths=0.5 * self.size.line, zorder=1.2), autolim=False
        )

    def band(
        self, days: Array, middle: Array, low: Array, high: Array, label: str, colour: str, detail: str = ""
    ) -> None:
        """An estimate as a line within its interval; zero is always on the axis."""
        if not np.isfinite(middle).any():
            return
        self.axes.fill_between(days, low, high, color=colour, alpha=0.2, linewidth=0)
        self.axes.plot(days, middle, color=colour, linewidth=self.size.line, marker="o" if _lonely(middle) else "",
                       markersize=3)  # fmt: skip
        last = float(middle[np.isfinite(middle)][-1])
        self.ends.append(End(last, label, colour, None, detail))
        self.numbers.append(
            plotted.of_points(self.heading, "difference", days, middle).assign(low=low, high=high)
        )
        zero = np.zeros(len(days))
        self._cover(days, np.fmin(np.fmin(low, middle), zero), np.fmax(np.fmax(high, middle), zero))

    def stack(self, parts: Sequence[Area], *, shares: bool = True) -> None:
        """Parts of a whole as areas from the bottom up: the mean over the runs, so that they add up.

        shares : whether every month is made to sum to 1; else amounts stay what they are.
        """
        if not any(part.series.known.any() for part in parts):
            return
        amounts = np.array([np.maximum(part.series.or_zero().values, 0.0) for part in parts])
        whole = amounts.sum(axis=0)
        divisor = whole if shares else np.ones_like(whole)
        heights = np.divide(amounts, divisor, out=np.full_like(amounts, np.nan), where=whole > 0)
        some = np.isfinite(heights[0]).any(axis=1)
        if not some.any():
            return
        days = parts[0].series.days[some]
        mean = np.nanmean(heights[:, some], axis=2)
        for part, height in zip(parts, mean, strict=True):
            numbers = plotted.of_points(self.heading, part.name, days, height)
            self.numbers.append(numbers.assign(runs=part.series.runs))
        edges = np.vstack([np.zeros(len(days)), np.cumsum(mean, axis=0)])
        if len(days) == 1:
            days, edges = days[0] + np.array([-10.0, 10.0]), np.repeat(edges, 2, axis=1)
        for part, below, above in zip(parts, edges[:-1], edges[1:], strict=True):
            self.axes.fill_between(
                days, below, above, facecolor=tint(part.colour, 0.82), edgecolor="white", linewidth=0.5
            )
            if part.label:
                middle = float(below[-1] + above[-1]) / 2
                self.ends.append(End(middle, part.label, part.colour, None, part.detail))
        self._cover(days, edges[0], edges[-1])
        self.areas = max(self.areas, parts[0].series.runs)

    def points(self, days: Array, values: Array, seen: Key = OBSERVED) -> None:
        """Observed values, as the black marks that the key explains."""
        keep = np.isfinite(values) & ((values > 0) | (self.scale.kind != "log"))
        if keep.any():
            self.axes.plot(
                days[keep],
                values[keep],
                linestyle="",
                marker="s" if seen.shape == "square" else "o",
                markersize=2.6,
                color=seen.colour,
                markeredgecolor="white",
                markeredgewidth=0.4,
                zorder=5,
                clip_on=False,  # whole in the last month too
            )
            self._cover(days[keep], values[keep], values[keep])
            self.numbers.append(plotted.of_points(self.heading, seen.words, days[keep], values[keep]))
            self.observed.append(seen)

    def ranges(self, days: Array, low: Array, high: Array) -> None:
        """Ranges of observed values: black bars that lie on the axis in full, but for what is below its beginning."""
        if self.scale.low is not None:
            low = np.maximum(low, self.scale.low)
        if self.scale.kind == "share":
            low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
        self.axes.vlines(days, low, high, color=BLACK, linewidth=0.8, zorder=4, clip_on=False)
        self._cover(days, low, high)

    def cover(self, days: Sequence[float]) -> None:
        """Make the page as long as these days."""
        self.days.extend(days)

    def ticks(self) -> Ticks:
        """Limits and ticks of the vertical axis."""
        if self.rows:
            return Ticks(
                0.0, float(len(self.rows)), [row[0] for row in self.rows], [row[1] for row in self.rows]
            )
        ticks = fit(self.scale, *self._extent, self.height)
        self.ends = [end if self._visible(end, ticks) else end._replace(interval=None) for end in self.ends]
        self.cut = self._extent[0] < ticks.low - 1e-9
        return ticks

    def _visible(self, end: End, ticks: Ticks) -> bool:
        """Whether a bar for the end state is long enough to be seen for what it is."""
        if end.interval is None:
            return False
        low, high = self.fraction(end.interval.q05, ticks), self.fraction(end.interval.q95, ticks)
        return (high - low) * self.height > 0.05

    def fraction(self, value: float, ticks: Ticks) -> float:
        """How far up the axis a value is, from 0 to 1; values beyond the ends stay there."""
        low, high = ticks.low, ticks.high
        if self.scale.kind == "log":
            value, low, high = np.log(max(value, low)), np.log(low), np.log(high)
        return min(max(float((value - low) / (high - low)), 0.0), 1.0)

    def _cover(self, days: Array, low: Array, high: Array) -> None:
        self.days.extend((float(days[0]), float(days[-1])))
        finite = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high)]])
        if len(finite):
            self._extent = (
                min(self._extent[0], float(finite.min())),
                max(self._extent[1], float(finite.max())),
            )


def _lonely(values: Array) -> bool:
    """Whether no two neighbours are defined, so that a line would not show."""
    finite = np.isfinite(values)
    return bool(finite.any() and not (finite[1:] & finite[:-1]).any())
