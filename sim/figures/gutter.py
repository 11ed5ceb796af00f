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
STEP = 0.065  # inches between two bars of the end state


class End(NamedTuple):
    """The end of a line or area: where it is on the axis, and what is written beside it."""

    value: float
    label: str
    colour: str
    interval: Interval | None = None


class Placed(NamedTuple):
    """An end on the page, in inches: the end itself, its bar."""

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


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least `gap` apart and within bounds, as near to the wanted ones as possible.

    Least squares under order: pool adjacent violators. Where the bounds are too narrow, the gap is kept and
    the bounds are not.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    pools: list[list[float]] = []  # mean, count
    for rank, i in enumerate(order):
        pools.append([wanted[i] - rank * gap, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, size = pools.pop()
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * size) / (pools[-1][1] + size), pools[-1][1] + size]
    free = [mean for mean, size in pools for _ in range(int(size))]
    top = high - gap * (len(wanted) - 1)
    if top < low:
        low = top = (low + top) / 2
    out = [0.0] * len(wanted)
    for rank, i in enumerate(order):
        out[i] = min(max(free[rank], low), top) + rank * gap
    return out


def room(ends: Sequence[End], size: Width, most: float) -> float:
    """The width that the labels and bars need, with the white around them, in inches."""
    words = max((text.width(text.shorten(end.label, most, size.small), size.small) for end in ends), default=0.0)
    return words + 2 * GAP + _bars_room(ends) if words else 0.0


def _bars_room(ends: Sequence[End]) -> float:
    bars = sum(end.interval is not None for end in ends)
    return (bars + 0.5) * STEP if bars else 0.0


def draw(
    figure: Figure, placed: Sequence[Placed], box: tuple[float, float, float], size: Width, most: float
) -> None:
    """Write the labels and bars to the right of the axes.

    box : right edge, bottom and top of the axes in inches.
    most : widest label in inches.
    """
    if not placed:
        return
    right, bottom, top = box
    line = text.height(size.small)
    heights = spread([place.y for place in placed], line, bottom + line / 4, top - line / 4)
    inside = right + _bars_room([place.end for place in placed])
    leaders: list[Stroke] = []
    for place, y in zip(placed, heights, strict=True):
        figure.text(
            inside + 2 * GAP, y, text.shorten(place.end.label, most, size.small), color=ink(place.end.colour),
            fontsize=size.small, ha="left", va="center_baseline", transform=figure.dpi_scale_trans,
        )  # fmt: skip
        if abs(y - place.y) > 0.03:
            leaders.append(Stroke(inside + 0.01, place.y, inside + 2 * GAP - 0.02, y, place.end.colour, 0.5))
    bars = [place for place in placed if place.bar is not None]
    strokes = [stroke for order, place in enumerate(bars) for stroke in _bar(place, right + (order + 1) * STEP)]
    if leaders or strokes:
        every = [*leaders, *strokes]
        figure.add_artist(
            LineCollection(
                [[(stroke.x0, stroke.y0), (stroke.x1, stroke.y1)] for stroke in every],
                colors=[stroke.colour for stroke in every], linewidths=[stroke.weight for stroke in every],
                transform=figure.dpi_scale_trans, capstyle="butt",
            )
        )  # fmt: skip


def _bar(place: Placed, x: float) -> list[Stroke]:
    """The end state: a thin bar for 90 % of the runs, a thick one for 50 %, a gap at the median."""
    bar, colour = place.bar, place.end.colour
    if bar is None or bar.q95 - bar.q05 < 0.04:  # too short to be seen for what it is
        return []
    strokes = [
        Stroke(x, bar.q05, x, bar.q95, colour, 0.8),
        Stroke(x, bar.q25, x, bar.q75, colour, 2.4),
    ]
    if bar.q75 - bar.q25 > 0.04:
        strokes.append(Stroke(x - 0.015, bar.q50, x + 0.015, bar.q50, "white", 1.0))
    return strokes
