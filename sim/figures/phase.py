"""A phase diagram: an outcome over two parameters, with contours and the place of the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation
from pandas import DataFrame

from sim.figures import scales, text, wording
from sim.figures.header import EDGE, Head, Key, write
from sim.figures.plotted import keep
from sim.figures.series import Array
from sim.figures.style import BLACK, CLOSED, MUTED, OPEN, TEXT, Width, preset, styled

MIDDLE = "#F7F7F7"
MAP = LinearSegmentedColormap.from_list("closed to open", [CLOSED, "#8FC3E4", MIDDLE, "#F4B183", OPEN])
WIDE_RANGE = 30.0  # largest over smallest value of a parameter, from which its axis may be logarithmic
SKEW = 0.25  # median over largest value, below which it then is
NARROW = 0.4  # span of shares below which colours show that span only
HEIGHT = 0.72  # of the axes, as a part of their width
BAR = 0.14  # inches: width of the colour bar
STEPS = 64


@dataclass(frozen=True)
class Axis:
    """The values of a parameter and how they are shown."""

    key: str
    words: str
    values: Array

    @property
    def log(self) -> bool:
        """Whether the values span orders of magnitude."""
        known = self.values[np.isfinite(self.values)]
        if not len(known) or known.min() <= 0:
            return False
        skewed = np.median(known) < SKEW * known.max()
        return bool(skewed and known.max() / known.min() >= WIDE_RANGE)

    @property
    def heading(self) -> str:
        return f"{self.words} (log{wording.NBSP}scale)" if self.log else self.words

    def place(self) -> Array:
        """Where the values are, on a scale that is even."""
        return np.log10(self.values) if self.log else self.values


def phase(
    points: DataFrame,
    *,
    x: str,
    y: str,
    value: str,
    measure: str = "",
    level: float = 0.5,
    baseline: tuple[float, float] | None = None,
    title: str | None = None,
    source: str = "",
    names: Mapping[str, str] | None = None,
    width: str = "page",
) -> Figure:
    """Shade an outcome over two swept parameters, from closed (blue) to open (orange).

    Parameters
    ----------
    points
        One row a point, or a run: the columns `x`, `y` and `value`; rows with the same x and y are averaged. A grid
        is shown cell by cell, other designs as a surface through the points.
    x, y, value
        Names of the columns.
    measure
        What the outcome is, as one says it; else `value`.
    level
        Value of the contour that is drawn heavily. Outcomes between 0 and 1 are taken for shares.
    baseline
        The x and y of the baseline, marked with a ring.
    title
        The finding; made from the numbers if None.
    source, names, width
        See `sim.figures.context.Options`; `names` are those of the parameters too.
    """
    with styled():
        means = _means(points, x, y, value)
        known = dict(names or {})
        across, up = (Axis(key, known.get(key) or key, means[key].to_numpy(dtype=float)) for key in (x, y))
        found = means[value].to_numpy(dtype=float)
        what = measure or value.replace("_", " ")
        share = bool(len(found)) and float(found.min()) >= 0.0 and float(found.max()) <= 1.0
        size = preset(width)
        figure = Figure(figsize=(size.inches, size.height or 4.0))
        FigureCanvasAgg(figure)
        key = [Key("ring", BLACK, "baseline")] if baseline is not None and len(found) else []
        said = title or _finding(across, up, found, what, level, share=share)
        head = Head(said, _measure(points, found, what, level, share=share), key, size)
        foot = text.wrap(source, size.inches - 2 * EDGE, size.small, most=3)
        axes, bar = _lay_out(figure, head, foot, (across.heading, up.heading), size)
        if len(found):
            colours, norm = _shades(found, level, share=share)
            _shade(axes, across, up, found, colours, norm, level)
            _ring(axes, across, up, baseline)
            _dress(axes, across, up, size)
            _colour_bar(bar, colours, norm, level, size, share=share)
            keep(figure, _numbers(across, up, found, what))
        else:
            for each in (axes, bar):
                each.set_xticks([])
                each.set_yticks([])
            bar.set_visible(False)
            axes.text(0.5, 0.5, "no data", ha="center", va="center", color=MUTED, transform=axes.transAxes)
        return figure


def _means(points: DataFrame, x: str, y: str, value: str) -> DataFrame:
    """The mean outcome by x and y, where all three are numbers."""
    some = points[[x, y, value]].astype(float).replace([np.inf, -np.inf], np.nan).dropna()
    return some.groupby([x, y])[value].mean().reset_index()


def _shades(found: Array, level: float, *, share: bool) -> tuple[LinearSegmentedColormap, Normalize]:
    """Colours from closed to open over all shares; a part of them where all values lie close on one side."""
    low, high = float(found.min()), float(found.max())
    if not share:
        return MAP, Normalize(low, _above(found))
    if high - low >= NARROW or low < level < high:
        return MAP, Normalize(0.0, 1.0)
    ends = (MIDDLE, OPEN) if low >= level else (CLOSED, MIDDLE)
    return LinearSegmentedColormap.from_list("one side", list(ends)), Normalize(low, _above(found))


def _above(found: Array) -> float:
    """The upper end of the colours; never the lower one."""
    low, high = float(found.min()), float(found.max())
    return high if high > low else low + max(abs(low), 1.0) * 1e-6


def _lay_out(
    figure: Figure, head: Head, foot: list[str], headings: tuple[str, str], size: Width
) -> tuple[Axes, Axes]:
    """Words above and below; gives the axes of the diagram and of the colour bar."""
    row = text.height(size.small)
    foot_height = text.height(size.small, len(foot)) + (0.06 if foot else 0.0)
    left, right = 0.62 * size.small / 7, BAR + 0.75 * size.small / 7
    wide = size.inches - 2 * EDGE - left - right
    above = head.height + text.height(size.base) + 0.1
    below = foot_height + 2.4 * row + 0.06
    total = size.height or 2 * EDGE + above + below + HEIGHT * wide
    high = total - 2 * EDGE - above - below
    figure.set_size_inches(size.inches, total)
    head.draw(figure, total - EDGE)
    x, y = EDGE + left, EDGE + below
    room = size.inches - 2 * EDGE
    write(
        figure,
        [text.shorten(headings[1], room, size.base)],
        EDGE,
        y + high + text.height(size.base) + 0.05,
        size.base,
        TEXT,
    )
    across = text.shorten(headings[0], room, size.base)
    figure.text(
        x + wide, y - 1.45 * row - 0.05, across, fontsize=size.base, color=TEXT, ha="right", va="top",
        transform=figure.dpi_scale_trans,
    )  # fmt: skip
    write(figure, foot, EDGE, EDGE + text.height(size.small, len(foot)), size.small, MUTED, gid="source")
    page = (size.inches, total, size.inches, total)
    axes = figure.add_axes(tuple(np.divide((x, y, wide, high), page)))
    bar = figure.add_axes(tuple(np.divide((x + wide + 0.12, y, BAR, high), page)))
    return axes, bar


def _shade(
    axes: Axes,
    across: Axis,
    up: Axis,
    found: Array,
    colours: LinearSegmentedColormap,
    norm: Normalize,
    level: float,
) -> None:
    """Cells of a grid, or a surface through the points; the contour at the level."""
    x, y = across.place(), up.place()
    columns, lines = np.unique(x), np.unique(y)
    line: dict[str, Any] = {"colors": BLACK, "linewidths": 1.2, "levels": [level]}
    crossed = float(found.min()) < level < float(found.max())
    if len(columns) * len(lines) == len(found) and min(len(columns), len(lines)) > 1:
        cells = np.empty((len(lines), len(columns)))
        cells[np.searchsorted(lines, y), np.searchsorted(columns, x)] = found
        axes.pcolormesh(_edges(columns), _edges(lines), cells, cmap=colours, norm=norm, rasterized=True)
        if crossed:
            axes.contour(columns, lines, cells, **line)
        return
    triangles = _triangles(x, y)
    if triangles is not None:
        steps = np.linspace(norm.vmin or 0.0, norm.vmax or 1.0, STEPS)
        axes.tricontourf(
            triangles, np.clip(found, steps[0], steps[-1]), levels=steps, cmap=colours, norm=norm
        )
        if crossed:
            axes.tricontour(triangles, found, **line)
    axes.scatter(
        x,
        y,
        c=found,
        cmap=colours,
        norm=norm,
        s=14 if triangles is None else 5,
        edgecolors=BLACK,
        linewidths=0.4,
    )


def _triangles(x: Array, y: Array) -> Triangulation | None:
    """A mesh through the points; None if they lie on a line."""
    spans = np.array([np.ptp(x) or 1.0, np.ptp(y) or 1.0])
    even = np.column_stack([x, y]) / spans
    if len(x) < 4 or np.linalg.matrix_rank(even - even.mean(axis=0), tol=1e-6) < 2:
        return None
    return Triangulation(x, y)


def _edges(values: Array) -> Array:
    middle = (values[1:] + values[:-1]) / 2
    return np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])


def _ring(axes: Axes, across: Axis, up: Axis, baseline: tuple[float, float] | None) -> None:
    if baseline is None or not all(map(math.isfinite, baseline)):
        return
    at = [
        math.log10(value) if axis.log and value > 0 else value
        for axis, value in zip((across, up), baseline, strict=True)
    ]
    for colour, weight in (("white", 2.6), (BLACK, 1.2)):
        axes.plot(
            [at[0]], [at[1]], marker="o", markersize=8, markerfacecolor="none", markeredgecolor=colour,
            markeredgewidth=weight, linestyle="", clip_on=False, zorder=6,
        )  # fmt: skip


def _dress(axes: Axes, across: Axis, up: Axis, size: Width) -> None:
    """Ticks in the parameters' own units."""
    axes.autoscale_view()
    for axis, limits, place, most in (
        (across, axes.get_xlim(), axes.xaxis, 1.4), (up, axes.get_ylim(), axes.yaxis, 1.8),
    ):  # fmt: skip
        low, high = limits
        if axis.log:
            ticks = scales.fit(scales.COUNT_LOG, 10**low, 10**high, most)
            at = [math.log10(value) for value in ticks.at]
        else:
            ticks = scales.fit(scales.Scale("linear", _plain), low, high, most)
            at = ticks.at
        inside = [
            (value, label) for value, label in zip(at, ticks.labels, strict=True) if low <= value <= high
        ]
        place.set_ticks([value for value, _ in inside], [label for _, label in inside])
    axes.set_xlim(axes.get_xlim())
    axes.tick_params(length=2.5, width=0.6, pad=2, labelsize=size.small)


def _plain(value: float) -> str:
    """A parameter's value."""
    size = abs(value)
    said = f"{size:g}" if size < 1e4 else wording.count(size)
    return wording.signed(said, value)


def _colour_bar(
    bar: Axes, colours: LinearSegmentedColormap, norm: Normalize, level: float, size: Width, *, share: bool
) -> None:
    low, high = float(norm.vmin or 0.0), float(norm.vmax if norm.vmax is not None else 1.0)
    shades = np.linspace(low, high, 128)[:, None]
    bar.imshow(shades, aspect="auto", origin="lower", extent=(0, 1, low, high), cmap=colours, norm=norm)
    whole = share and (low, high) == (0.0, 1.0)
    label = (lambda value: wording.share(value)) if share else _plain
    ticks = scales.fit(scales.SHARE if whole else scales.Scale("linear", label), low, high, 1.4)
    inside = [(at, label) for at, label in zip(ticks.at, ticks.labels, strict=True) if low <= at <= high]
    bar.set_xticks([])
    bar.yaxis.tick_right()
    bar.set_yticks([at for at, _ in inside], [label for _, label in inside])
    bar.tick_params(length=2, width=0.6, pad=2, labelsize=size.small)
    if low < level < high:
        bar.axhline(level, color=BLACK, linewidth=1.2)
    bar.spines[:].set_visible(False)


def _said(value: float, *, share: bool) -> str:
    return wording.share(value) if share else _plain(float(f"{value:.3g}"))


def _measure(points: DataFrame, found: Array, what: str, level: float, *, share: bool) -> str:
    if not len(found):
        return f"{wording.sentence(what)}."
    runs = len(points) / len(found)
    mean = f", mean of {runs:.0f} runs each" if runs >= 1.5 else ""
    said = f"{wording.sentence(what)} at {len(found)} points{mean}."
    crossed = float(found.min()) < level < float(found.max())
    return f"{said} The line is where it is {_said(level, share=share)}." if crossed else said


def _finding(across: Axis, up: Axis, found: Array, what: str, level: float, *, share: bool) -> str:
    if not len(found):
        return f"{wording.sentence(what)} over two parameters"
    low, high = (_said(float(edge), share=share) for edge in (found.min(), found.max()))
    if low == high:
        return f"{wording.sentence(what)} is {low} whatever {across.words} and {up.words} are"
    above = float((found > level).mean())
    said = f"{wording.sentence(what)} runs from {low} to {high} with {across.words} and {up.words}"
    return (
        f"{said}, and is above {_said(level, share=share)} at {wording.share(above)} of the points"
        if 0 < above < 1
        else said
    )


def _numbers(across: Axis, up: Axis, found: Array, what: str) -> DataFrame:
    at = [f"{across.key}={a:g}; {up.key}={b:g}" for a, b in zip(across.values, up.values, strict=True)]
    return DataFrame({"panel": "phase diagram", "series": what, "at": at, "value": found})
