"""Direct labels: names beside the ends of lines and areas, pushed apart so that they never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from sim.figures import text
from sim.figures.series import Interval
from sim.figures.style import Width, ink

GAP = 0.05  # inches between the axes and the labels


Lines = list[list[str]]


class End(NamedTuple):
    """The end of a line or area: where it is on the axis, and what is written beside it.

    `detail` follows the label where there is room for it.
    """

    value: float
    label: str
    colour: str
    interval: Interval | None = None
    detail: str = ""


class Placed(NamedTuple):
    """An end on the page, in inches: the end itself, its height and its bar."""

    end: End
    y: float
    bar: Interval | None


class Stroke(NamedTuple):
    """A straight line on the page: its ends in inches, colour and weight in points."""

    x0: float
    y0: float
    x1: float
    y1: float
    colour: str
    weight: float


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Middles of boxes of these heights, in the order wanted, without overlap, as near as possible to it.

    Least squares under order: pool adjacent violators. Where the bounds are too narrow for all boxes, they
    are passed evenly on both sides.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    offsets, total = [], 0.0
    for i in order:
        offsets.append(total + heights[i] / 2)
        total += heights[i]
    pools: list[tuple[float, int]] = []  # mean and number of lower ends that move as one
    for i, offset in zip(order, offsets, strict=True):
        mean, size = wanted[i] - offset, 1
        while pools and pools[-1][0] > mean:
            other, many = pools.pop()
            mean, size = (other * many + mean * size) / (many + size), many + size
        pools.append((mean, size))
    free = [mean for mean, size in pools for _ in range(size)]
    top = high - total
    if top < low:
        low = top = (low + top) / 2
    out = [0.0] * len(wanted)
    for i, start, offset in zip(order, free, offsets, strict=True):
        out[i] = min(max(start, low), top) + offset
    return out


def words(ends: Sequence[End], size: Width, most: float, height: float) -> Lines:
    """The lines of each label: with details where they fit, else on more lines or without them, else cut."""
    full = [f"{end.label} {end.detail}".strip() for end in ends]
    bare = [end.label for end in ends]
    for labels, lines in ((full, 1), (full, 2), (bare, 1), (full, 3), (bare, 2), (bare, 3)):
        wrapped = [text.wrap(label, most, size.small, most=lines) for label in labels]
        whole = all(" ".join(got) == text.plain(label) for got, label in zip(wrapped, labels, strict=True))
        if whole and text.height(size.small, sum(map(len, wrapped))) <= height:
            return wrapped
    return [[text.shorten(label, most, size.small)] for label in bare]


def room(ends: Sequence[End], lines: Lines, size: Width) -> float:
    """The width that labels of these lines and their bars need, with the white around them, in inches."""
    if not ends:
        return 0.0
    return (
        max((text.width(line, size.small) for label in lines for line in label), default=0.0)
        + 2 * GAP
        + _bars_room(ends, size)
    )


def _step(size: Width) -> float:
    """Inches between two bars."""
    return 0.065 * size.small / 7


def _bars_room(ends: Sequence[End], size: Width) -> float:
    bars = sum(end.interval is not None for end in ends)
    return (bars + 0.5) * _step(size) if bars else 0.0


def draw(
    figure: Figure, placed: Sequence[Placed], lines: Lines, box: tuple[float, float, float], size: Width
) -> None:
    """Write the labels and bars to the right of the axes.

    lines : of each label.
    box : right edge, bottom and top of the axes in inches.
    """
    right, bottom, top = box
    tall = [text.height(size.small, len(label)) for label in lines]
    heights = spread([place.y for place in placed], tall, bottom - 0.03, top - 0.01)
    inside = right + _bars_room([place.end for place in placed], size)
    strokes: list[Stroke] = []
    for place, label, y in zip(placed, lines, heights, strict=True):
        for order, line in enumerate(label):
            figure.text(
                inside + 2 * GAP,
                y + text.height(size.small) * ((len(label) - 1) / 2 - order),
                line,
                color=ink(place.end.colour),
                fontsize=size.small,
                ha="left",
                va="center_baseline",
                transform=figure.dpi_scale_trans,
            )
        if abs(y - place.y) > 0.03:
            strokes.append(Stroke(inside + 0.01, place.y, inside + 2 * GAP - 0.02, y, place.end.colour, 0.5))
    bars = [place for place in placed if place.bar is not None]
    for order, place in enumerate(bars):
        strokes += _bar(place, right + (order + 1) * _step(size), size)
    if strokes:
        figure.add_artist(
            LineCollection(
                [[(stroke.x0, stroke.y0), (stroke.x1, stroke.y1)] for stroke in strokes],
                colors=[stroke.colour for stroke in strokes],
                linewidths=[stroke.weight for stroke in strokes],
                transform=figure.dpi_scale_trans,
                capstyle="butt",
            )
        )


def _bar(place: Placed, x: float, size: Width) -> list[Stroke]:
    """The end state: a thin bar for 90 % of the runs, a thick one for 50 %, a gap at the median."""
    bar, colour, scale = place.bar, place.end.colour, size.small / 7
    if bar is None:
        return []
    strokes = [
        Stroke(x, bar.q05, x, bar.q95, colour, 0.8 * scale),
        Stroke(x, bar.q25, x, bar.q75, colour, 2.4 * scale),
    ]
    if bar.q75 - bar.q25 > 0.04:
        wide = 0.018 * scale
        strokes.append(Stroke(x - wide, bar.q50, x + wide, bar.q50, "white", 1.0))
    return strokes
