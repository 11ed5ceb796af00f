"""How each firm released its models over time."""

from __future__ import annotations

from typing import NamedTuple, Unpack

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import text, wording
from sim.figures.context import Options
from sim.figures.header import Key
from sim.figures.layout import Page
from sim.figures.panel import Panel
from sim.figures.scales import ROWS
from sim.figures.series import Array
from sim.figures.style import BLACK, MODE_NAMES, MODES, MUTED, TEXT, ink, region_colour, styled
from sim.figures.timeline import Timeline, timeline

ROW = 0.165  # inches a firm
MOST = 46  # rows on a page, headings included
AROUND = 2.5  # inches that the words around the rows of a slide take
BAR = 0.72  # height of a bar within its row
WORDS = ("closed", "open, lagged", "open, restricted licence", "open")


class Row(NamedTuple):
    """A row of the figure: its height on the axis, its words and colour, and the firm; None: a heading."""

    y: float
    words: str
    colour: str
    firm: int | None


def modes_timeline(
    models: DataFrame, labs: DataFrame | None = None, *, title: str | None = None, **options: Unpack[Options]
) -> Figure:
    """One row a firm: the release mode of its newest family as a colour, its releases as marks.

    With several runs the height of a colour is the share of runs in that mode, and marks are the
    releases that at least half of the runs have in the same month.

    Parameters
    ----------
    models
        The table `models`.
    labs
        The table `labs`, which knows the last month and exits; without it bars end at the last release.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        page = Page("Release mode of each lab's newest model family, and its releases", **options)
        line = timeline(models, labs)
        panel = page.panel("", ROWS)
        room = max(ROW, text.height(page.size.small))
        most = MOST
        if page.size.height is not None:
            most = int((page.size.height - AROUND) / text.height(0.8 * page.size.small))
        rows, hidden = _rows(line, page, most)
        panel.height = max(len(rows), 3) * room
        panel.rows = [(row.y, row.words, row.colour) for row in rows]
        if len(line.firms):
            _draw(panel, line, rows)
            page.key = [
                Key("square", MODES[mode], words) for mode, words in zip(MODE_NAMES, WORDS, strict=True)
            ]
            page.key += [Key("point", BLACK, "release, chosen"), Key("ring", BLACK, "release, forced")]
        page.note = "One run."
        if line.runs > 1:
            shown = "heights are shares of runs; marks are releases that half of the runs share"
            page.note = f"{line.runs} runs: {shown}."
        if hidden:
            page.note += f" {hidden} labs with few releases are left out."
        return page.finish(title or _finding(line, page))


def _rows(line: Timeline, page: Page, most: int) -> tuple[list[Row], int]:
    """Firms by region, the most closed on top; where room is short those with few releases are left out."""

    def order(region: str) -> tuple[int, str]:
        return ({"us": 0, "china": 1}.get(region, 2 if region != "row" else 3), region)

    regions = sorted(set(line.regions), key=order)
    room = most - len(regions)
    busiest = sorted(range(len(line.firms)), key=lambda i: (-line.releases[:, i].sum(), line.firms[i]))[:room]
    rows: list[Row] = []
    for region in regions:
        firms = [i for i in busiest if line.regions[i] == region]
        if firms:
            rows.append(Row(0.0, page.name(region), ink(region_colour(region)), None))
            firms.sort(key=lambda i: (round(float(line.openness[i]), 6), line.firms[i]))
            rows += [Row(0.0, page.name(line.firms[i]), TEXT, i) for i in firms]
    placed = [row._replace(y=len(rows) - place - 0.5) for place, row in enumerate(rows)]
    return placed, len(line.firms) - len(busiest)


def _draw(panel: Panel, line: Timeline, rows: list[Row]) -> None:
    edges = np.append(line.days, line.days[-1] + 30.0)
    bottoms = np.cumsum(line.shares, axis=0) - line.shares
    for code, mode in enumerate(MODE_NAMES):
        shapes = [
            shape
            for row in rows
            if row.firm is not None
            for shape in _steps(edges, bottoms[code, :, row.firm], line.shares[code, :, row.firm], row.y)
        ]
        if shapes:
            panel.axes.add_collection(
                PolyCollection(shapes, facecolors=MODES[mode], linewidths=0), autolim=False
            )
    for row in rows:
        if row.firm is None:
            panel.axes.axhline(row.y - 0.42, color=MUTED, linewidth=0.5)
    heights = np.full(len(line.firms), np.nan)
    for row in rows:
        if row.firm is not None:
            heights[row.firm] = row.y
    often = line.releases >= 0.5
    forced = often & (line.forced > 0.5 * line.releases)
    for these, fill, edge in ((often & ~forced, BLACK, "white"), (forced, "white", BLACK)):
        month, firm = np.nonzero(these)
        panel.axes.plot(
            line.days[month],
            heights[firm],
            linestyle="",
            marker="o",
            clip_on=False,
            markersize=3.4,
            markerfacecolor=fill,
            markeredgecolor=edge,
            markeredgewidth=0.6,
            zorder=3,
        )
    panel.cover([float(edges[0]), float(edges[-1])])


def _steps(edges: Array, bottoms: Array, heights: Array, middle: float) -> list[Array]:
    """Outlines of the runs of months in which a bar has height."""
    inside = np.concatenate([[False], heights > 1e-9, [False]])
    starts, ends = np.flatnonzero(inside[1:] & ~inside[:-1]), np.flatnonzero(~inside[1:] & inside[:-1])
    shapes = []
    for start, end in zip(starts, ends, strict=True):
        low, high = bottoms[start:end], bottoms[start:end] + heights[start:end]
        new = np.concatenate([[True], (np.diff(low) != 0) | (np.diff(high) != 0)])
        x = np.append(edges[start:end][new], edges[end])
        across = np.repeat(x, 2)[1:-1]
        outline = np.concatenate([np.repeat(low[new], 2), np.repeat(high[new], 2)[::-1]])
        shapes.append(
            np.column_stack([np.concatenate([across, across[::-1]]), middle + BAR * (outline - 0.5)])
        )
    return shapes


def _finding(line: Timeline, page: Page) -> str:
    if not len(line.firms) or not line.shares[:, -1].any():
        return "How labs release their models"
    said = []
    for region in ("china", "us") if {"china", "us"} <= set(line.regions) else (None,):
        here = np.array([region in (None, home) for home in line.regions])
        whole, opened = float(line.shares[:, -1, here].sum()), float(line.shares[2:, -1, here].sum())
        labs = f"{wording.adjective(region, page.names)} labs" if region else "labs"
        if whole > 0 and line.runs == 1:
            said.append(f"{opened:.0f} of {whole:.0f} {labs}")
        elif whole > 0:
            said.append(f"{wording.share(opened / whole)} of {labs}")
    return f"{wording.listed(said)} open their flagship's weights in {wording.month(line.days[-1])}"
