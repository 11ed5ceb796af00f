"""The page: finding, measure, panels with their events, direct labels, source.

A figure is built in two steps. Panels are drawn first; then `Page.finish` measures every word, gives each its
room and sets the height of the page, so that nothing is clipped and nothing overlaps at the printed size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from pandas import DataFrame

from sim.figures import arrange, gutter, plotted, scales, text, wording
from sim.figures import events as strip
from sim.figures.arrange import TICK, Columns, Place
from sim.figures.context import Date, Event, day
from sim.figures.header import EDGE, Head, Key, write
from sim.figures.panel import OBSERVED, Panel
from sim.figures.series import Interval
from sim.figures.style import GRID, MUTED, TEXT, Width, preset


class Page:
    """A figure in the making.

    Parameters
    ----------
    measure
        What is shown, with unit; span and number of runs are added.
    across
        Panels side by side by width preset; None: as many as fit their labels.
    small
        Whether panels are too small for the labels of events; only the end of history is marked then.
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
        across: Mapping[str, int] | None = None,
        small: bool = False,
    ) -> None:
        self.size: Width = preset(width)
        self._across = None if across is None else across[width]
        self.figure = Figure(figsize=(self.size.inches, self.size.height or 4.0))
        FigureCanvasAgg(self.figure)
        self.measure, self.source, self.names = measure, source, dict(names or {})
        self.panels: list[Panel] = []
        self.key: list[Key] = []
        self.note: str | None = None  # how runs are shown, where the panels themselves do not say
        self._marks = strip.marks(() if small else events, history_until)
        self._small = small
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

    def observe(self, panel: Panel, indicator: str, region: str, seen: Key = OBSERVED) -> None:
        """Add the observed values of an indicator to a panel, where the caller gave any.

        seen : their mark and its words: "point" or "square".
        """
        frame = self._observed
        if frame is not None and len(frame):
            rows = frame[(frame["indicator"] == indicator) & (frame["region"] == region)]
            days = np.array([day(np.datetime64(when)) for when in rows["month"]], dtype=np.float64)
            panel.points(days, rows["value"].to_numpy(dtype=np.float64, na_value=np.nan), seen)

    def finish(self, title: str) -> Figure:
        """Place everything and return the figure; `title` states the finding."""
        size, figure = self.size, self.figure
        days = [value for panel in self.panels for value in panel.days]
        ticks = [panel.ticks() for panel in self.panels]
        grid = arrange.columns(self.panels, ticks, size, self._across)
        axis = scales.time(min(days), max(days), grid.wide, size.small) if days else scales.NOTHING
        shown = [mark for mark in self._marks if days and min(days) < mark.day < max(days)]
        lanes = [[] if self._small else self._lane(start, grid, axis, shown) for start in grid.starts]
        named = {label.mark for lane in lanes for label in lane}

        self.key += dict.fromkeys(seen for panel in self.panels for seen in panel.observed)
        head = Head(title, self._subtitle(days, grid), self.key, size)
        foot = text.wrap(self.source, size.inches - 2 * EDGE, size.small, most=3)
        foot_height = text.height(size.small, len(foot)) + (0.06 if foot else 0.0)
        strip_height = max(strip.strip_height(lane, size) for lane in lanes)
        places, total = arrange.places(self.panels, grid, size, head.height, strip_height, foot_height)

        figure.set_size_inches(size.inches, total)
        for panel in self.panels:
            for numbers in panel.numbers:
                plotted.keep(figure, numbers)
        head.draw(figure, total - EDGE)
        for place, tick, words in zip(places, ticks, grid.words, strict=True):
            x, top = place.box.x, place.box.y + place.box.high
            write(figure, place.heading, x - grid.left, place.heading_top, size.base, TEXT)
            if place.first:
                strip.draw_strip(figure, lanes[place.column], top, size)
            strip.draw_rules(place.panel.axes, shown, named, over=place.panel.areas > 0)
            _set_axes(place, total, tick, axis, grid.most)
            _label_ends(figure, place, tick, words)
        write(figure, foot, EDGE, EDGE + text.height(size.small, len(foot)), size.small, MUTED, gid="source")
        return figure

    def _lane(
        self, x: float, grid: Columns, axis: scales.Ticks, shown: Sequence[strip.Mark]
    ) -> list[strip.Label]:
        """The event labels over one column of panels."""
        scale = grid.wide / (axis.high - axis.low)
        found = [(mark, x + (mark.day - axis.low) * scale) for mark in shown]
        return strip.place(found, self.size, x, x + grid.wide + grid.right)

    def _subtitle(self, days: Sequence[float], grid: Columns) -> str:
        if not days:
            return f"{self.measure}."
        first, last = (wording.month(edge, short=True) for edge in (min(days), max(days)))
        span = first if first == last else f"{first} to {last}"
        return f"{self.measure}, {span}. {self._runs(grid)}"

    def _runs(self, grid: Columns) -> str:
        """How many runs there are and how they are shown."""
        if self.note is not None:
            return self.note
        lines, bands, areas = (
            max(getattr(panel, kind) for panel in self.panels) for kind in ("medians", "bands", "areas")
        )
        said = [] if max(lines, areas) > 1 else ["One run."]
        if areas > 1:
            pairs = (
                (p, " ".join(line))
                for p, lines in zip(self.panels, grid.words, strict=True)
                for line in lines
            )
            ranges = any(end.detail and end.detail in words for panel, words in pairs for end in panel.ends)
            held = f"; in brackets {wording.share(0.9)} of runs" if ranges else ""
            said.append(f"Areas: mean of {areas} runs{held}.")
        if lines > 1:
            bars = any(end.interval for panel in self.panels for end in panel.ends)
            what = wording.listed(["bands"] * bool(bands) + ["bars at the right"] * bars)
            held = f"; {what} hold {wording.share(0.5)} and {wording.share(0.9)} of runs" if what else ""
            said.append(f"Lines: median of {lines} runs{held}.")
        if any(panel.cut for panel in self.panels):
            said.append("Lower values are cut off.")
        if self._small and self._marks:
            said.append("The projection begins at the dashed line.")
        return " ".join(said)


def _set_axes(place: Place, total: float, ticks: scales.Ticks, axis: scales.Ticks, most: float) -> None:
    """Put the axes in their box and dress them."""
    panel, box = place.panel, place.box
    axes, size = panel.axes, panel.size
    wide = size.inches
    axes.set_position((box.x / wide, box.y / total, box.wide / wide, box.high / total))
    axes.set_xlim(axis.low, axis.high)
    if panel.scale.kind == "log" and ticks.at:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(ticks.low, ticks.high)
    axes.set_xticks(axis.at, axis.labels if place.last else [""] * len(axis.at))
    axes.set_yticks(ticks.at, [text.shorten(label, most, size.small) for label in ticks.labels])
    axes.tick_params(
        "x",
        length=2.5,
        width=0.6,
        pad=arrange.drop(size) * 72 - 2.5,
        labelsize=size.small,
        labelbottom=place.last,
    )
    axes.tick_params("y", length=0, pad=TICK * 72 - 1, labelsize=size.small)
    for label, row in zip(axes.get_yticklabels(), panel.rows, strict=False):
        label.set_color(row[2])
        label.set_fontsize(min(size.small, box.high / len(panel.rows) * 72 / text.LEADING))
    if not panel.rows:
        axes.grid(axis="y", color=GRID, linewidth=0.5)
        if ticks.low < 0 < ticks.high:
            axes.axhline(0, color=MUTED, linewidth=0.6, zorder=0.95)
    if not panel.days:
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color=MUTED, transform=axes.transAxes)


def _label_ends(figure: Figure, place: Place, ticks: scales.Ticks, words: gutter.Lines) -> None:
    """Write the direct labels of a panel beside its right edge."""
    panel, box = place.panel, place.box

    def inches(value: float) -> float:
        return box.y + panel.fraction(value, ticks) * box.high

    placed = [
        gutter.Placed(end, inches(end.value), Interval(*map(inches, end.interval)) if end.interval else None)
        for end in panel.ends
    ]
    gutter.draw(figure, placed, words, (box.x + box.wide, box.y, box.y + box.high), panel.size)
