"""Why a lab released a model as it did: the reasons for its mode against the best other one, and the chances."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import scales, wording
from sim.figures.context import Date, day
from sim.figures.header import Key
from sim.figures.plotted import keep
from sim.figures.rows import BAR, ROW, Row, Rows, Sheet, page_of
from sim.figures.style import MODE_NAMES, MODES, MUTED, OTHER, TEXT, region_colour, styled, tint
from sim.figures.waterfall import TICKS, Bar, draw_bars, signed

PARTS = {
    "api": ("own service", "its own service"),
    "cloud": ("own cloud", "its cloud"),
    "complement": ("rest of the firm", "the rest of its business"),
    "royalty": ("royalties", "royalties"),
    "funding": ("outside funding", "outside funding"),
    "spillover": ("what rivals learn", "what rivals would learn"),
    "learning": ("what it learns", "what it learns itself"),
    "secrecy": ("secrets given away", "the secrets that it would give away"),
    "change": ("cost of changing", "the cost of changing its mode"),
    "conviction": ("conviction", "its convictions"),
    "example": ("example of others", "the example of others at home"),
    "policy": ("governments", "what governments do"),
}
"""Components of a payoff, in their order: as the figure names them, and as its title says them."""
MODE_WORDS = dict(zip(MODE_NAMES, ("closed", "open, lagged", "open, restricted", "open"), strict=True))
SHEET = Sheet({"column": 1, "page": 2, "slide": 2}, {"column": ROW, "page": ROW, "slide": 0.3})
LEAST = 5e-4  # of the scale: smaller parts are not shown


class Reasons(NamedTuple):
    """One choice as the figure needs it.

    taken, other : the mode taken, and the one with the best payoff of the others; empty where there is none.
    bars : what the taken mode gains over the other by component, and in all; per cent of the scale.
    chances : probability of each mode.
    """

    lab: str
    region: str
    month: str
    taken: str
    other: str
    bars: list[Bar]
    chances: dict[str, float]


def decision(
    decisions: DataFrame,
    *,
    lab: str | None = None,
    month: Date | None = None,
    replicate: int | None = None,
    title: str | None = None,
    source: str = "",
    names: Mapping[str, str] | None = None,
    width: str = "page",
) -> Figure:
    """The reasons of one choice of a release mode, as a waterfall, and the chances that followed from them.

    Parameters
    ----------
    decisions
        The table `decisions`.
    lab, month, replicate
        Which choice: a lab's last one up to a month in a replicate. None: any lab, the last month, the first
        replicate. Choices that were forced, or made without a look at payoffs, do not count.
    title
        The finding; made from the numbers if None.
    source, names, width
        See `sim.figures.context.Options`.
    """
    with styled():
        row = _find(decisions, lab, month, replicate)
        found = None if row is None else _reasons(row)
        panels = [] if found is None else [_payoffs(found), _chances(found)]
        measure = (
            "Discounted payoff of the mode taken less that of the best other, by component, and chances."
        )
        key: list[Key] = []
        if found is not None:
            colour = region_colour(found.region)
            key = [
                Key("square", tint(colour, 0.6), "for it"), Key("square", OTHER, "against it"),
                Key("square", colour, "in all"),
            ]  # fmt: skip
        said = title or ("Why labs release as they do" if found is None else _finding(found, names))
        figure = page_of(panels, said, measure, source=source, key=key, width=width, sheet=SHEET)
        if found is not None:
            keep(figure, _numbers(found, panels))
        return figure


def last_choice(decisions: DataFrame, lab: str) -> Reasons | None:
    """A lab's last choice of its own in the first replicate; None if it made none."""
    row = _find(decisions, lab, None, None)
    return None if row is None else _reasons(row)


def why(found: Reasons) -> str:
    """What speaks most for the mode taken, in words; empty where nothing does."""
    *parts, _ = found.bars
    main = max(parts, key=lambda bar: bar.part, default=None)
    if main is None or main.part <= 0.0:
        return ""
    return next(reason for words, reason in PARTS.values() if words == main.words)


def reason_said(component: str) -> str:
    """A component of a payoff in words; anything else as it is, and a dash for nothing."""
    return PARTS[component][1] if component in PARTS else component or "–"


def _find(
    decisions: DataFrame, lab: str | None, month: Date | None, replicate: int | None
) -> Mapping[Hashable, Any] | None:
    """The row that is meant, if there is one."""
    rows = decisions[~decisions["forced"].to_numpy(dtype=bool, na_value=True)]
    rows = rows[_payoff(rows).notna().sum(axis=1).to_numpy() > 1]
    if lab is not None:
        rows = rows[rows["lab"] == lab]
    if len(rows):
        rows = rows[rows["replicate"] == (rows["replicate"].min() if replicate is None else replicate)]
    if month is not None and len(rows):
        rows = rows[np.array([day(np.datetime64(when)) for when in rows["month"]]) <= day(month)]
    rows = rows[[bool(math.isfinite(row[f"{row['taken']}_payoff"])) for row in rows.to_dict("records")]]
    if not len(rows):
        return None
    return dict(rows.sort_values(["month", "lab"], kind="stable").iloc[-1])


def _payoff(rows: DataFrame) -> DataFrame:
    return rows[[f"{mode}_payoff" for mode in MODE_NAMES]].replace([np.inf, -np.inf], np.nan)


def _reasons(row: Mapping[Hashable, Any]) -> Reasons:
    taken, scale = str(row["taken"]), float(row["scale"])
    payoffs = {mode: float(row[f"{mode}_payoff"]) for mode in MODE_NAMES if mode != taken}
    other = max((mode for mode in payoffs if math.isfinite(payoffs[mode])), key=payoffs.__getitem__)
    bars: list[Bar] = []
    start = 0.0
    there = [component for component in PARTS if f"{taken}_{component}" in row]
    for component in there:
        part = 100.0 * (float(row[f"{taken}_{component}"]) - float(row[f"{other}_{component}"])) / scale
        if math.isfinite(part) and abs(part) >= 100.0 * LEAST:
            bars.append(
                Bar(PARTS[component][0], start, start + part, math.nan, math.nan, acts=True, whole=False)
            )
            start += part
    whole = 100.0 * (float(row[f"{taken}_payoff"]) - payoffs[other]) / scale
    bars.append(Bar("in all", 0.0, whole, math.nan, math.nan, acts=True, whole=True))
    chances = {mode: float(row[f"{mode}_probability"]) for mode in MODE_NAMES}
    stamp = pd.Timestamp(row["month"])
    said = wording.month(day(np.datetime64(stamp)))
    return Reasons(str(row["lab"]), str(row["region"]), said, taken, other, bars, chances)


def _payoffs(found: Reasons) -> Rows:
    heading = f"{MODE_WORDS[found.taken]} less {MODE_WORDS[found.other]}, per cent of the firm's revenue"
    edges = [edge for bar in found.bars for edge in (bar.start, bar.end)]
    rows = [Row(bar.words, signed(bar), TEXT, bar.whole) for bar in found.bars]
    draw = partial(draw_bars, found.bars, region_colour(found.region))
    return Rows(wording.sentence(heading), rows, draw, min(0.0, *edges), max(0.0, *edges), TICKS)


def _chances(found: Reasons) -> Rows:
    rows = [
        Row(MODE_WORDS[mode], wording.share(chance) if math.isfinite(chance) else "–",
            TEXT if math.isfinite(chance) else MUTED, mode == found.taken)
        for mode, chance in found.chances.items()
    ]  # fmt: skip

    def draw(axes: Axes) -> None:
        for place, (mode, chance) in enumerate(found.chances.items()):
            if math.isfinite(chance):
                axes.barh(place, chance, BAR, color=MODES[mode], linewidth=0)

    return Rows("Chance of each mode (bold: taken)", rows, draw, 0.0, 1.0, scales.SHARE)


def _finding(found: Reasons, names: Mapping[str, str] | None) -> str:
    whole = found.bars[-1]
    who, taken, other = wording.name(found.lab, names), MODE_WORDS[found.taken], MODE_WORDS[found.other]
    said = f"{who} chose '{taken}' over '{other}' in {found.month}"
    if whole.part < 0.0:
        return f"{said} by chance: it paid {wording.share(-whole.part / 100)} of its revenue less"
    reason = why(found)
    return f"{said}, mainly for {reason}" if reason and whole.part else said


def _numbers(found: Reasons, panels: list[Rows]) -> list[dict[str, Any]]:
    payoffs = [{"panel": panels[0].heading, "series": bar.words, "value": bar.part} for bar in found.bars]
    chances = [
        {"panel": panels[1].heading, "series": MODE_WORDS[mode], "value": chance}
        for mode, chance in found.chances.items()
    ]
    return payoffs + chances
