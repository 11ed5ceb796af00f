"""The head and foot of a page: the finding, the measure, a key where one is needed, and the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from sim.figures import text
from sim.figures.style import BLACK, MUTED, TEXT, Width

EDGE = 0.06  # inches of white at the edges of the page
MARK = 0.09  # inches: the size of a mark in the key


class Key(NamedTuple):
    """An entry of the key: a square ("square"), a point ("point") or a ring ("ring"), and its words."""

    shape: str
    colour: str
    words: str


def write(
    figure: Figure,
    lines: Sequence[str],
    x: float,
    top: float,
    size: float,
    colour: str,
    *,
    bold: bool = False,
    gid: str | None = None,
) -> None:
    """Write lines downwards from `top`, in inches."""
    if lines:
        figure.text(
            x,
            top,
            "\n".join(lines),
            fontsize=size,
            color=colour,
            fontweight="bold" if bold else "normal",
            ha="left",
            va="top",
            linespacing=text.LEADING / 1.164,
            transform=figure.dpi_scale_trans,
            gid=gid,
        )


class Head:
    """The finding, the measure and the key, measured before they are drawn."""

    def __init__(self, title: str, subtitle: str, key: Sequence[Key], size: Width) -> None:
        room = size.inches - 2 * EDGE
        self._size = size
        self._title = text.balanced(title, room, size.title, bold=True)
        self._subtitle = text.balanced(subtitle, room, size.small + 0.5, narrowest=0.85)
        self._key: list[list[tuple[float, Key]]] = []
        x = room + 1
        for entry in key:
            words = text.shorten(entry.words, room - 2 * MARK, size.small)
            wide = 1.6 * MARK + text.width(words, size.small)
            if x + wide > room or not self._key:
                self._key.append([])
                x = 0.0
            self._key[-1].append((x, Key(entry.shape, entry.colour, words)))
            x += wide + 0.16
        self.height = (
            text.height(size.title, len(self._title))
            + 0.02
            + text.height(size.small + 0.5, len(self._subtitle))
            + 0.06
            + text.height(size.small, len(self._key)) * 1.15
        )

    def draw(self, figure: Figure, top: float) -> None:
        """Draw downwards from `top`, in inches."""
        size, y = self._size, top
        write(figure, self._title, EDGE, y, size.title, BLACK, bold=True, gid="title")
        y -= text.height(size.title, len(self._title)) + 0.02
        write(figure, self._subtitle, EDGE, y, size.small + 0.5, MUTED, gid="subtitle")
        y -= text.height(size.small + 0.5, len(self._subtitle)) + 0.03
        for row in self._key:
            middle = y - text.height(size.small) / 2
            for x, entry in row:
                _mark(figure, entry, EDGE + x, middle)
                figure.text(
                    EDGE + x + 1.6 * MARK,
                    middle,
                    entry.words,
                    fontsize=size.small,
                    color=TEXT,
                    ha="left",
                    va="center_baseline",
                    transform=figure.dpi_scale_trans,
                )
            y -= text.height(size.small) * 1.15


def _mark(figure: Figure, entry: Key, x: float, middle: float) -> None:
    inches = figure.dpi_scale_trans
    if entry.shape == "square":
        box = Rectangle(
            (x, middle - MARK / 2), MARK, MARK, facecolor=entry.colour, linewidth=0, transform=inches
        )
        figure.add_artist(box)
    else:
        hollow = entry.shape == "ring"
        figure.add_artist(
            Line2D(
                [x + MARK / 2],
                [middle],
                marker="o",
                markersize=4,
                linestyle="",
                transform=inches,
                markerfacecolor="white" if hollow else entry.colour,
                markeredgecolor=entry.colour,
                markeredgewidth=0.8,
            )
        )
