"""How much room everything on a page gets, in inches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.figures import gutter, text
from sim.figures.header import EDGE
from sim.figures.panel import Panel
from sim.figures.scales import Ticks
from sim.figures.style import Width

TICK = 0.05  # between tick labels and axes
GAP = 0.12  # between panels, one above the other
ASIDE = 0.25  # between panels side by side
HEAD = 2.2  # what the words around the panels of a slide take, about


class Box(NamedTuple):
    """A rectangle on the page, from its lower left corner."""

    x: float
    y: float
    wide: float
    high: float


class Columns(NamedTuple):
    """How panels stand side by side: the left end of each axes and what surrounds it."""

    starts: list[float]
    left: float  # room for tick labels
    wide: float  # width of the axes
    right: float  # room for direct labels and bars
    most: float  # the widest label beside an axes
    words: list[gutter.Lines]  # lines of the direct labels, by panel


class Place(NamedTuple):
    """Where a panel goes: its axes, its heading, and whether it is in the first and the last row."""

    panel: Panel
    box: Box
    heading: list[str]
    heading_top: float
    column: int
    first: bool
    last: bool


def drop(size: Width) -> float:
    """How far below the axes the labels of time begin: clear of the lowest label at the left."""
    return (0.62 * size.small + 0.5) / 72


def columns(
    panels: Sequence[Panel], ticks: Sequence[Ticks], size: Width, wanted: int | None = None
) -> Columns:
    """Share out the width: as much for words as the widest label needs, the rest for the axes.

    wanted : panels side by side; None: what the size has room for.
    """
    usual = 2 if size.columns > 1 and len(panels) == 4 else size.columns
    across = max(min(len(panels), wanted or usual), 1)
    slot = (size.inches - 2 * EDGE - ASIDE * (across - 1)) / across
    most = (0.36 if across > 2 else 0.3) * slot
    highest = float("inf") if size.height is None else (size.height - HEAD) * across / len(panels)
    words = [gutter.words(panel.ends, size, most, min(panel.height, highest)) for panel in panels]
    labels = [text.shorten(label, most, size.small) for tick in ticks for label in tick.labels]
    left = max((text.width(label, size.small) for label in labels), default=0.0) + TICK
    right = max(
        0.18, *(gutter.room(panel.ends, lines, size) for panel, lines in zip(panels, words, strict=True))
    )
    starts = [EDGE + place * (slot + ASIDE) + left for place in range(across)]
    return Columns(starts, left, slot - left - right, right, most, words)


def places(
    panels: Sequence[Panel], grid: Columns, size: Width, head: float, strip: float, foot: float
) -> tuple[list[Place], float]:
    """Share out the height, and say how tall the page is.

    head, strip, foot : heights of the words above all panels, of the event labels and of the source.
    """
    across = len(grid.starts)
    rows = [list(panels[start : start + across]) for start in range(0, len(panels), across)]
    room = grid.left + grid.wide + grid.right
    headings = [[text.wrap(panel.heading, room, size.base, most=3) for panel in row] for row in rows]
    above = [text.height(size.base, max(map(len, row))) + 0.04 for row in headings]
    heights = [max(panel.height for panel in row) for row in rows]
    below = drop(size) + text.height(size.small) + foot + EDGE
    fixed = EDGE + head + strip + sum(above) + GAP * (len(rows) - 1) + below
    if size.height is not None:
        stretch = max(size.height - fixed, 0.5 * len(rows)) / sum(heights)
        heights = [height * stretch for height in heights]
    total = fixed + sum(heights)
    found = []
    y = total - EDGE - head
    for r, row in enumerate(rows):
        top = y - above[r] - (strip if r == 0 else 0.0)
        for c, panel in enumerate(row):
            box = Box(grid.starts[c], top - heights[r], grid.wide, heights[r])
            last = r * across + c + across >= len(panels)
            found.append(Place(panel, box, headings[r][c], y, c, r == 0, last))
        y = top - heights[r] - GAP
    return found, total
