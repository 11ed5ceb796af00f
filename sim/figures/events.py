"""Policy events: thin rules over the panels, with small labels in a strip above them that never overlap."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from sim.figures import text
from sim.figures.context import Date, Event, day
from sim.figures.style import MUTED, RULE, Width

ROWS = 3
MOST_TRIED = 30  # marks, beyond which leaving out each in turn takes too long
PAD = 0.025  # inches between a rule and its words
PROJECTION = "projection →"


class Mark(NamedTuple):
    """A rule: its day since 1970, its words, who yields where there is no room, and how it is drawn."""

    day: float
    words: str
    priority: int = 0
    divider: bool = False  # the line between history and projection


class Label(NamedTuple):
    """A label in the strip: its mark, the rule's place and the words' ends in inches, and the row."""

    mark: Mark
    x: float
    start: float
    end: float
    row: int


def marks(events: Sequence[Event | tuple[Date, str]], history_until: Date | None) -> list[Mark]:
    """The events and the end of history, in order of date."""
    found = []
    for event in events:
        priority = event.priority if isinstance(event, Event) else 0
        found.append(Mark(day(event[0]), text.plain(event[1]), priority))
    if history_until is not None:
        after = np.datetime64(int(day(history_until)), "D").astype("datetime64[M]") + 1
        found.append(Mark(day(after), PROJECTION, 1_000_000, divider=True))
    return sorted(found, key=lambda mark: (mark.day, mark.words))


def place(found: Sequence[tuple[Mark, float]], size: Width, left: float, right: float) -> list[Label]:
    """Find room for labels, given each mark and where its rule stands, between two ends in inches.

    A label stands to the right of its rule. Taken from the right to the left, earlier labels step up over
    later ones, and no rule crosses words. Labels without room are left out. Where that happens, marks of
    priority are placed first, on the lowest or the highest row, and labels in the way are left out in turn;
    the best of all these counts.
    """
    backwards = sorted(found, key=lambda pair: -pair[0].day)
    best = _place(backwards, size, left, right)
    if len(best) < len(found):
        first = sorted(backwards, key=lambda pair: -pair[0].priority)
        shorter = [
            [*first[:i], *first[i + 1 :]] for i in range(len(first) if len(first) <= MOST_TRIED else 0)
        ]
        tried = [best, _place(first, size, left, right)]
        tried += [_place(order, size, left, right, descend=True) for order in (first, *shorter)]
        best = max(tried, key=_worth)
    return best


def _worth(labels: Sequence[Label]) -> tuple[int, int]:
    return sum(label.mark.priority for label in labels), len(labels)


def _place(
    order: Sequence[tuple[Mark, float]], size: Width, left: float, right: float, *, descend: bool = False
) -> list[Label]:
    """Give each label in turn the lowest row that is free, to the right of its rule or else to the left.

    descend : marks of priority get the highest row instead.
    """
    placed: list[Label] = []
    for mark, x in order:
        wide = text.width(mark.words, size.small)
        spots = ((x + PAD, x + PAD + wide), (x - PAD - wide, x - PAD))
        rows = range(ROWS - 1, -1, -1) if descend and mark.priority > 0 else range(ROWS)
        tries = (Label(mark, x, start, end, row) for start, end in spots for row in rows)
        fitting = (
            label for label in tries if left <= label.start and label.end <= right and _free(label, placed)
        )
        label = next(fitting, None) if mark.words else None
        if label is not None:
            placed.append(label)
    return placed


def _free(label: Label, placed: Sequence[Label]) -> bool:
    return all(
        not (
            other.row == label.row and label.start < other.end + 2 * PAD and other.start < label.end + 2 * PAD
        )
        and not _crossed(label, other)
        and not _crossed(other, label)
        for other in placed
    )


def _crossed(words: Label, rule: Label) -> bool:
    """Whether the rule runs up through the words, or so near that it seems to."""
    return rule.row >= words.row and words.start - 0.4 * PAD < rule.x < words.end + PAD


def strip_height(labels: Sequence[Label], size: Width) -> float:
    """The height of the strip in inches."""
    return text.height(size.small, max((label.row + 1 for label in labels), default=0))


def draw_rules(axes: Axes, found: Sequence[Mark], named: Collection[Mark], *, over: bool) -> None:
    """The rules through one panel, behind its lines or over its areas; fainter where they have no label."""
    for dash, these in (
        ("solid", [mark for mark in found if not mark.divider]),
        ((0, (4, 2)), [mark for mark in found if mark.divider]),
    ):
        if these:
            axes.add_collection(
                LineCollection(
                    [[(mark.day, 0), (mark.day, 1)] for mark in these],
                    colors=[MUTED if mark.divider else RULE for mark in these],
                    linewidths=[0.8 if mark.divider else 0.5 if mark in named else 0.25 for mark in these],
                    linestyles=[dash],
                    transform=axes.get_xaxis_transform(),
                    zorder=1.5 if over else 0.9,
                ),
                autolim=False,
            )


def draw_strip(figure: Figure, labels: Sequence[Label], bottom: float, size: Width) -> None:
    """The labels above a panel whose upper edge is at `bottom` inches, and the stubs that lead to them."""
    row = text.height(size.small)
    for label in labels:
        figure.text(
            label.start,
            bottom + (label.row + 0.5) * row,
            label.mark.words,
            fontsize=size.small,
            color=MUTED,
            ha="left",
            va="center_baseline",
            transform=figure.dpi_scale_trans,
        )
    if labels:
        stubs = [[(label.x, bottom), (label.x, bottom + (label.row + 0.92) * row)] for label in labels]
        figure.add_artist(
            LineCollection(
                stubs, colors=RULE, linewidths=0.5, transform=figure.dpi_scale_trans, capstyle="butt"
            )
        )
