"""Claims and their effects: a forest plot, each effect in units of the smallest that counts."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import scales, wording
from sim.figures.header import Key
from sim.figures.plotted import keep
from sim.figures.rows import Row, Rows, page_of
from sim.figures.style import BLACK, CLOSED, MUTED, OPEN, TEXT, styled, tint

EDGE = 5.0
"""Effects beyond so many units are shown at the edge."""
VERDICTS = {"holds": CLOSED, "fails": OPEN}
COUNTS = tint("#009E73", 0.16)


class Forest(NamedTuple):
    """A row: its name, verdict, effect with its interval, and from where to where an effect counts."""

    name: str
    verdict: str
    value: float
    low: float
    high: float
    counts_from: float
    counts_to: float

    @property
    def colour(self) -> str:
        return VERDICTS.get(self.verdict, BLACK)


def claims(table: DataFrame, *, title: str | None = None, source: str = "", width: str = "page") -> Figure:
    """Effects with their intervals over draws, one row a part of a claim.

    Parameters
    ----------
    table
        One row a part: `name`; `verdict` ("holds", "fails", "untestable" or other words); `value`, `low`, `high`,
        the effect in units of the smallest that counts, positive where it goes the way that the claim says, NaN
        where there is none; `counts_from`, `counts_to`, between which it counts.
    title
        The finding; made from the verdicts if None.
    source, width
        See `sim.figures.context.Options`.
    """
    with styled():
        rows = [_row(record) for record in table.to_dict("records")]
        key = [
            Key("point", CLOSED, "holds"),
            Key("point", OPEN, "fails"),
            Key("point", BLACK, "depends"),
            Key("square", COUNTS, "here an effect counts"),
        ]
        measure = (
            "Median effect and 90 % interval over draws of what is uncertain, in units of the smallest effect that "
            f"counts; to the right: as the claim says. Beyond {EDGE:.0f} units at the edge, as an arrow."
        )
        figure = page_of(
            [_panel(rows)] if rows else [], title or _finding(rows), measure, source=source,
            key=key if rows else (), width=width,
        )  # fmt: skip
        keep(figure, [
            {"panel": "effect", "series": row.name, "at": row.verdict, "value": row.value, "low": row.low,
             "high": row.high}
            for row in rows if math.isfinite(row.value)
        ])  # fmt: skip
        return figure


def _row(record: dict[Any, Any]) -> Forest:
    numbers = (float(record[name]) for name in ("value", "low", "high", "counts_from", "counts_to"))
    return Forest(str(record["name"]), str(record["verdict"]), *numbers)


def _panel(rows: list[Forest]) -> Rows:
    def draw(axes: Axes) -> None:
        for place, row in enumerate(rows):
            if not math.isfinite(row.value):
                continue
            start, end = _cut(row.counts_from), _cut(row.counts_to)
            axes.barh(place, end - start, 0.9, left=start, color=COUNTS, linewidth=0, zorder=0.5)
            axes.plot([_cut(row.low), _cut(row.high)], [place] * 2, color=row.colour, linewidth=1.1)
            for at in (row.low, row.high):
                if abs(at) > EDGE:
                    _mark(axes, at, place, "<" if at < 0 else ">", row.colour)
            if abs(row.value) <= EDGE:
                _mark(axes, row.value, place, "o", row.colour)

    words = [
        Row(row.name, row.verdict, row.colour if row.verdict in VERDICTS else TEXT if row.verdict else MUTED)
        for row in rows
    ]
    return Rows("", words, draw, -EDGE, EDGE, UNITS)


UNITS = scales.Scale("linear", wording.change)


def _mark(axes: Axes, value: float, place: int, marker: str, colour: str) -> None:
    axes.plot(_cut(value), place, marker=marker, markersize=3.4, color=colour, linestyle="", clip_on=False)


def _cut(value: float) -> float:
    return min(max(value, -EDGE), EDGE)


def _finding(rows: list[Forest]) -> str:
    if not rows:
        return "Claims"
    said = {word: sum(row.verdict == word for row in rows) for word in ("holds", "fails", "untestable")}
    rest = len(rows) - sum(said.values())
    parts = [
        *([f"{said['holds']} hold"] if said["holds"] else []),
        *([f"{said['fails']} fail"] if said["fails"] else []),
        *([f"{rest} depend on what is uncertain"] if rest else []),
        *([f"{said['untestable']} cannot be tested"] if said["untestable"] else []),
    ]
    return f"Of {len(rows)} things that are said, {wording.listed(parts)}"
