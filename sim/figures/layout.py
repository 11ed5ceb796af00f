"""The page: finding, measure, panels with their events, direct labels, source; placed in inches.

A figure is built in two steps. Panels are drawn first; then `Page.finish` measures every word, gives each its
room and sets the height of the page, so that nothing is clipped and nothing overlaps at the printed size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from pandas import DataFrame

from sim.figures import events as strip
from sim.figures import gutter, scales, text, wording
from sim.figures.context import Date, Event, day
from sim.figures.header import EDGE, Head, Key, write
from sim.figures.panel import Panel
from sim.figures.style import GRID, MUTED, Width, preset

TICK = 0.05  # inches between tick labels and axes
GAP = 0.12  # inches between panels, one above the other
ASIDE = 0.25  # inches between panels side by side


class Columns(NamedTuple):
    """How panels stand side by side, in inches: the left end of each axes and what surrounds it."""

    starts: list[float]
    left: float  # room for tick labels
    wide: float  # width of the axes
    right: float  # room for direct labels and bars
    label_most: float


class Page:
    """A figure in the making.

    Parameters
    ----------
    measure
        What is shown, with unit; span and number of runs are added.
    events, source, history_until, names, observed, width
        See `sim.figures.context.Options`.
    """

    def __init__(
        self,
        measure: str,
        *,
        events: Sequence[Event | tuple[Date, str]] = (),
        source: str = "",
        history_until: Date | None = None,
        names: Mapping[str, str] | None = None,
        observed: DataFrame | None = None,
        width: str = "page",
    ) -> None:
        self.size: Width = preset(width)
        self.figure = Figure(figsize=(self.size.inches, self.size.height or 4.0))
        FigureCanvasAgg(self.figure)
        self.measure, self.source, self.names = measure, source, dict(names or {})
        self.panels: list[Panel] = []
        self.key: list[Key] = []
        self.note: str | None = None  # how runs are shown, where the panels themselves do not say
        self._marks = strip.marks(events, history_until)
        self._observed = observed

    def name(self, key: str) -> str:
        """A firm or region as printed."""
        return wording.name(key, self.names)

    def panel(self, heading: str, scale: scales.Scale, height: float | None = None) -> Panel:
        """Add a panel; `height` in inches on a page, other widths in proportion."""
        axes = self.figure.add_axes((0.1, 0.1, 0.8, 0.8))
        axes.patch.set_visible(False)
        scaled = self.size.panel if height is None else height * self.size.panel / preset("page").panel
        self.panels.append(Panel(axes, heading, scale, scaled, self.size))
        return self.panels[-1]

    def observe(self, panel: Panel, indicator: str, region: str) -> None:
        """Add the observed values of an indicator to a panel, where the caller gave any."""
        frame = self._observed
        if frame is not None and len(frame):
            rows = frame[(frame["indicator"] == indicator) & (frame["region"] == region)]
            days = np.array([day(np.datetime64(when)) for when in rows["month"]], dtype=np.float64)
            panel.points(days, rows["value"].to_numpy(dtype=np.float64, na_value=np.nan))

    def finish(self, title: str) -> Figure:
        """Place everything and return the figure; `title` states the finding."""
        size, figure = self.size, self.figure
        days = [value for panel in self.panels for value in panel.days]
        ticks = [panel.ticks() for panel in self.panels]
        grid = self._columns(ticks)
        axis = scales.time(min(days), max(days), grid.wide, size.small) if days else scales.Ticks(0.0, 1.0, [], [])
        shown = [mark for mark in self._marks if days and min(days) < mark.day < max(days)]
        lanes = [self._lane(x, grid, axis, shown) for x in grid.starts]
        strip_height = max(strip.strip_height(lane, size) for lane in lanes)
        if any(panel.observed for panel in self.panels):
            self.key.append(Key("point", "#000000", "observed"))
        head = Head(title, self._subtitle(days), self.key, size)
        foot = text.wrap(self.source, size.inches - 2 * EDGE, size.small, most=3) if self.source.strip() else []

        across = len(grid.starts)
        rows = [self.panels[start : start + across] for start in range(0, len(self.panels), across)]
        headings = [text.wrap(p.heading, grid.left + grid.wide + grid.right, size.base, most=2) for p in self.panels]
        above = [
            text.height(size.base, max(len(headings[r * across + c]) for c in range(len(row)))) + 0.04
            for r, row in enumerate(rows)
        ]
        foot_height = text.height(size.small, len(foot)) + (0.06 if foot else 0.0)
        fixed = (
            2 * EDGE + head.height + sum(above) + strip_height + GAP * (len(rows) - 1)
            + TICK + text.height(size.small) + foot_height
        )  # fmt: skip
        heights = [max(panel.height for panel in row) for row in rows]
        if size.height is not None:
            stretch = max(size.height - fixed, 0.5 * len(rows)) / sum(heights)
            heights = [height * stretch for height in heights]
        total = fixed + sum(heights)
        figure.set_size_inches(size.inches, total)

        head.draw(figure, total - EDGE)
        y = total - EDGE - head.height
        for r, row in enumerate(rows):
            top = y - above[r] - (strip_height if r == 0 else 0.0)
            for c, panel in enumerate(row):
                i = r * across + c
                x = grid.starts[c]
                write(figure, headings[i], x - grid.left, y, size.base, "#222222")
                if r == 0:
                    strip.draw_strip(figure, lanes[c], top, size)
                strip.draw_rules(panel.axes, shown, over=panel.areas > 0)
                box = (x, top - heights[r], grid.wide, heights[r])
                _set_axes(panel, box, total, ticks[i], axis, below=i + across >= len(self.panels))
                _label_ends(figure, panel, ticks[i], box, grid)
            y = top - heights[r] - GAP
        write(figure, foot, EDGE, EDGE + text.height(size.small, len(foot)), size.small, MUTED, gid="source")
        return figure

    def _columns(self, ticks: Sequence[scales.Ticks]) -> Columns:
        size, count = self.size, len(self.panels)
        across = 2 if size.columns > 1 and count == 4 else min(count, size.columns)
        slot = (size.inches - 2 * EDGE - ASIDE * (across - 1)) / across
        most = 0.3 * slot
        left = max(
            max((text.width(_cut(label, panel, most), size.small) for label in tick.labels), default=0.0)
            for panel, tick in zip(self.panels, ticks, strict=True)
        )
        right = max(gutter.room(panel.ends, size, most) for panel in self.panels)
        left, right = left + TICK, max(right, 0.18)
        starts = [EDGE + c * (slot + ASIDE) + left for c in range(across)]
        return Columns(starts, left, slot - left - right, right, most)

    def _lane(
        self, x: float, grid: Columns, axis: scales.Ticks, shown: Sequence[strip.Mark]
    ) -> list[strip.Label]:
        scale = grid.wide / (axis.high - axis.low)
        found = [(mark, x + (mark.day - axis.low) * scale) for mark in shown]
        return strip.place(found, self.size, x, x + grid.wide + grid.right)

    def _subtitle(self, days: Sequence[float]) -> str:
        first, last = (wording.month(day, short=True) for day in (min(days), max(days))) if days else ("", "")
        span = f", {first}" + (f" to {last}" if last != first else "") if days else ""
        return f"{self.measure}{span}. {self._runs()}" if days else f"{self.measure}."

    def _runs(self) -> str:
        if self.note is not None:
            return self.note
        lines = max(panel.medians for panel in self.panels)
        bands = max(panel.bands for panel in self.panels)
        areas = max(panel.areas for panel in self.panels)
        said = []
        if areas > 1:
            said.append(f"Areas: mean of {areas} runs.")
        if lines > 1:
            what = "bands, and bars at the right," if bands else "bars at the right"
            said.append(f"Lines: median of {lines} runs; {what} hold 50{wording.NBSP}% and 90{wording.NBSP}% of runs.")
        if any(panel.cut for panel in self.panels):
            said.append("Lower values are cut off.")
        return " ".join(said if lines > 1 or areas > 1 else ["One run.", *said])


def _cut(label: str, panel: Panel, most: float) -> str:
    return text.shorten(label, most, panel.size.small)


def _set_axes(
    panel: Panel, box: tuple[float, float, float, float], total: float, ticks: scales.Ticks, axis: scales.Ticks, *,
    below: bool,
) -> None:  # fmt: skip
    """Put the axes in their box (inches from the lower left corner) and dress them."""
    axes, size = panel.axes, panel.size
    axes.set_position((box[0] / size.inches, box[1] / total, box[2] / size.inches, box[3] / total))
    axes.set_xlim(axis.low, axis.high)
    axes.set_ylim(ticks.low, ticks.high)
    if panel.scale.kind == "log" and ticks.at:
        axes.set_yscale("log")
        axes.set_ylim(ticks.low, ticks.high)
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xticks(axis.at, axis.labels if below else [""] * len(axis.at))
    axes.set_yticks(ticks.at, [_cut(label, panel, 0.3 * size.inches) for label in ticks.labels])
    axes.tick_params("x", length=2.5, width=0.6, pad=2, labelsize=size.small, labelbottom=below)
    axes.tick_params("y", length=0, pad=TICK * 72 - 1, labelsize=size.small)
    if panel.rows:
        for label, row in zip(axes.get_yticklabels(), panel.rows, strict=True):
            label.set_color(row[2])
    else:
        axes.grid(axis="y", color=GRID, linewidth=0.5)
        if ticks.low < 0 < ticks.high and panel.scale.kind != "log":
            axes.axhline(0, color=MUTED, linewidth=0.6, zorder=0.95)
    if not panel.days:
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color=MUTED, transform=axes.transAxes)


def _label_ends(
    figure: Figure, panel: Panel, ticks: scales.Ticks, box: tuple[float, float, float, float], grid: Columns
) -> None:
    """Write the direct labels of a panel beside its right edge."""

    def inches(value: float) -> float:
        if panel.scale.kind == "log":
            part = (np.log(max(value, ticks.low)) - np.log(ticks.low)) / (np.log(ticks.high) - np.log(ticks.low))
        else:
            part = (value - ticks.low) / (ticks.high - ticks.low)
        return box[1] + float(min(max(part, 0.0), 1.0)) * box[3]

    placed = [
        gutter.Placed(end, inches(end.value), gutter.Interval(*map(inches, end.interval)) if end.interval else None)
        for end in panel.ends
    ]
    gutter.draw(figure, placed, (box[0] + box[2], box[1], box[1] + box[3]), panel.size, grid.label_most)
