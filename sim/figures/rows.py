"""A page of panels with named rows over a scale: waterfalls, bars with intervals, points with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.figures import scales, text
from sim.figures.header import EDGE, Head, Key, write
from sim.figures.style import BLACK, GRID, MUTED, TEXT, Width, preset

ROW = 0.165  # inches a row with its surroundings
BAR = 0.66  # height of a bar within its row
GAP = 0.14  # between panels, one above the other
ASIDE = 0.2  # between panels side by side
NAME = 0.06  # between a name and its row
WIDEST = 0.45  # part of a panel's room that names may take


class Row(NamedTuple):
    """The words of a row: its name at the left, what it comes to at the right, their colour, and their weight."""

    name: str
    value: str = ""
    colour: str = TEXT
    bold: bool = False


class Rows(NamedTuple):
    """A panel: its heading, its rows from the top, what is drawn in them, and the limits of the scale.

    draw : gets axes on which row i runs from i - 0.5 to i + 0.5 downwards.
    low, high : what the scale has to show; not finite where there is nothing to show.
    """

    heading: str
    rows: Sequence[Row]
    draw: Callable[[Axes], None]
    low: float
    high: float
    scale: scales.Scale


@dataclass(frozen=True)
class Sheet:
    """How panels stand on the page.

    across : panels side by side, by width preset.
    row : inches a row, by width preset.
    shared : whether all panels have the same names, which then stand at the first panel of each line only.
    """

    across: dict[str, int]
    row: dict[str, float]
    shared: bool = False


USUAL = Sheet({"column": 1, "page": 1, "slide": 1}, {"column": ROW, "page": ROW, "slide": 0.22})


def page_of(
    panels: Sequence[Rows],
    title: str,
    measure: str,
    *,
    source: str = "",
    key: Sequence[Key] = (),
    width: str = "page",
    sheet: Sheet = USUAL,
) -> Figure:
    """Lay panels out on a page under a title; words keep their size, panels take what is left.

    Parameters
    ----------
    panels
        What to show; none gives a page that says so.
    title, measure, source, key
        The finding, what is shown, where it comes from, and marks with their meaning.
    width
        As in `sim.figures.context.Options`.
    sheet
        How panels stand.
    """
    size = preset(width)
    figure = Figure(figsize=(size.inches, size.height or 4.0))
    FigureCanvasAgg(figure)
    head = Head(title, measure, key, size)
    foot = text.wrap(source, size.inches - 2 * EDGE, size.small, most=3)
    across = max(min(sheet.across[width], len(panels)), 1)
    left = _names_room(panels, size, across, sheet.shared)
    slot = (size.inches - 2 * EDGE - ASIDE * (across - 1) - (left if sheet.shared else 0.0)) / across
    lines = [range(start, min(start + across, len(panels))) for start in range(0, len(panels), across)]
    headings = [text.wrap(panel.heading, slot, size.base, most=3) for panel in panels]
    above = [text.height(size.base, max(len(headings[i]) for i in line)) + 0.03 for line in lines]
    below = text.height(size.small) + 0.05
    foot_height = text.height(size.small, len(foot)) + (0.06 if foot else 0.0)
    fixed = 2 * EDGE + head.height + 0.05 + foot_height + sum(above) + len(lines) * below
    fixed += GAP * max(len(lines) - 1, 0)
    rows = [max(max((len(panels[i].rows) for i in line), default=0), 3) for line in lines]
    step = max(sheet.row[width], text.height(size.small))
    if size.height is not None and lines:
        step = max((size.height - fixed) / sum(rows), 0.05)
    total = size.height or fixed + step * sum(rows) + (0.0 if lines else 1.0)
    figure.set_size_inches(size.inches, total)
    head.draw(figure, total - EDGE)
    y = total - EDGE - head.height - 0.05
    for line, room, many in zip(lines, above, rows, strict=True):
        for column, i in enumerate(line):
            x = EDGE + column * (slot + ASIDE) + (left if sheet.shared else 0.0)
            write(figure, headings[i], x, y, size.base, TEXT)
            indent = 0.0 if sheet.shared else left
            named = column == 0 or not sheet.shared
            box = (x + indent, y - room - step * many, slot - indent, step * many)
            _panel(figure, panels[i], box, size, left if named else 0.0)
        y -= room + step * many + below + GAP
    if not panels:
        write(figure, ["no data"], EDGE, y, size.base, MUTED)
    write(figure, foot, EDGE, EDGE + text.height(size.small, len(foot)), size.small, MUTED, gid="source")
    return figure


def _names_room(panels: Sequence[Rows], size: Width, across: int, shared: bool) -> float:
    """Inches for the names at the left of a panel."""
    names = [(text.plain(row.name), row.bold) for panel in panels for row in panel.rows]
    widest = max((text.width(name, size.small, bold) for name, bold in names), default=0.0)
    most = WIDEST * (size.inches - 2 * EDGE) / (1 if shared else across)
    return min(widest, most) + NAME + 1e-6  # a name that fits must not be cut for rounding


def _panel(
    figure: Figure, panel: Rows, box: tuple[float, float, float, float], size: Width, names: float
) -> None:
    """One panel; `box` in inches from the lower left corner of the page, `names` the room for names; 0: none."""
    known = bool(panel.rows) and math.isfinite(panel.low) and math.isfinite(panel.high)
    right = max((text.width(row.value, size.small) for row in panel.rows), default=0.0) + 0.05
    right = right if known and right > 0.05 else 0.02
    x, y, wide, high = box[0], box[1], box[2] - right, box[3]
    page_wide, page_high = figure.get_size_inches()
    axes = figure.add_axes((x / page_wide, y / page_high, wide / page_wide, high / page_high))
    many = max(len(panel.rows), 3)
    axes.set_ylim(many - 0.5, -0.5)
    axes.set_yticks([])
    axes.tick_params("x", length=2.5, width=0.6, pad=1.5, labelsize=size.small)
    if known:
        ticks = scales.fit(panel.scale, panel.low, panel.high, _room_of_ticks(panel, wide, size))
        axes.set_xlim(ticks.low, ticks.high)
        axes.set_xticks(ticks.at, ticks.labels)
        axes.grid(axis="x", color=GRID, linewidth=0.5)
        if ticks.low < 0.0 < ticks.high:
            axes.axvline(0.0, color=MUTED, linewidth=0.6, zorder=0.95)
        panel.draw(axes)
    else:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color=MUTED, transform=axes.transAxes)
    step = high / many
    fits = min(size.small, step * 72 / text.LEADING)
    for place, row in enumerate(panel.rows):
        middle = y + high - (place + 0.5) * step
        if names:
            _word(figure, text.shorten(row.name, names - NAME, fits, row.bold), x - NAME, middle, fits, row)
        if known:
            _word(figure, row.value, x + box[2], middle, fits, row._replace(bold=False))


def _room_of_ticks(panel: Rows, wide: float, size: Width) -> float:
    """The room of an upright axis that gets as many ticks as fit side by side here (0.28 inches a tick there)."""
    if panel.scale.kind == "share":
        return wide
    sample = max(
        (text.width(panel.scale.label(edge), size.small) for edge in (panel.low, panel.high)), default=0.3
    )
    return 0.28 * wide / max(1.6 * sample, 0.42 * size.small / 7)


def _word(figure: Figure, words: str, x: float, y: float, size: float, row: Row) -> None:
    figure.text(
        x, y, words, ha="right", va="center_baseline", fontsize=size, color=row.colour,
        fontweight="bold" if row.bold else "normal", transform=figure.dpi_scale_trans,
    )  # fmt: skip


def whisker(axes: Axes, place: float, low: float, high: float) -> None:
    """A thin line from `low` to `high`, with a white edge so that it reads on a bar."""
    if math.isfinite(low) and math.isfinite(high) and high > low:
        for tone, weight in (("white", 1.5), (BLACK, 0.8)):
            axes.plot([low, high], [place] * 2, color=tone, linewidth=weight, solid_capstyle="butt")
