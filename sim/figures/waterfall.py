"""The effect of a rule, split by channel: bars that carry on from each other and end at the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import scales, wording
from sim.figures.header import Key
from sim.figures.plotted import keep
from sim.figures.rows import BAR, ROW, Row, Rows, Sheet, page_of, whisker
from sim.figures.style import MUTED, OTHER, TEXT, preset, region_colour, styled, tint

SHEET = Sheet({"column": 1, "page": 2, "slide": 3}, {"column": 0.12, "page": ROW, "slide": ROW}, shared=True)
UNITS = {"months": ("months", 1.0)}
POINTS = ("points", 100.0)  # of a share in per cent
TOLD = {
    "lag": "lag behind the frontier",
    "lab_token_share": "share of world tokens",
    "open_propensity": "probability of opening",
}
"""Measures of which the title speaks, and how."""


class Bar(NamedTuple):
    """A channel's part of an effect, or the whole: where its bar begins and ends, and the interval of its end."""

    words: str
    start: float
    end: float
    low: float
    high: float
    acts: bool
    whole: bool

    @property
    def part(self) -> float:
        """Its length, with its sign."""
        return self.end - self.start


class Effect(NamedTuple):
    """The effect on one measure, in the unit in which it is told."""

    column: str
    words: str
    unit: str
    window: str
    seeds: int
    bars: list[Bar]

    @property
    def known(self) -> bool:
        """Whether it is defined at all."""
        return all(math.isfinite(bar.end) for bar in self.bars)


def waterfall(
    parts: DataFrame,
    *,
    region: str = "china",
    rule: str = "the rule",
    title: str | None = None,
    source: str = "",
    names: Mapping[str, str] | None = None,
    width: str = "page",
) -> Figure:
    """One panel a measure: the part of each channel in the effect of a rule, and the whole.

    Parameters
    ----------
    parts
        One window of the table of `sim.analysis.channels`: columns `indicator`, `unit`, `label`, `channel`, `part`,
        `low`, `high`, `acts`, `seeds`, `column`; the last row of each indicator is the whole.
    region
        Whose labs the measures are about; gives the colour.
    rule
        The rule as one says it.
    title
        The finding; made from the numbers if None.
    source
        The line at the bottom.
    names
        Titles of regions by key.
    width
        "column" (3.15 in), "page" (6.5 in) or "slide", which has room for what the title tells only.
    """
    with styled():
        whose, colour = wording.adjective(region, names), region_colour(region)
        keys = [Key("square", tint(colour, 0.6), "raises"), Key("square", OTHER, "lowers")]
        keys.append(Key("square", colour, "whole effect"))
        found = effects(parts)
        shown = [effect for effect in found if preset(width).height is None or effect.column in TOLD]
        panels = [_panel(effect, colour) for effect in shown]
        said, measure = title or _finding(found, rule, whose), _measure(found, rule, whose)
        figure = page_of(panels, said, measure, source=source, key=keys, width=width, sheet=SHEET)
        for effect, panel in zip(shown, panels, strict=True):
            keep(figure, _numbers(effect, panel.heading))
        return figure


def effects(parts: DataFrame) -> list[Effect]:
    """The effects of a table in their order; parts begin where the one before ends, the whole at zero."""
    found: dict[str, Effect] = {}
    for row in parts.to_dict("records"):
        unit, factor = UNITS.get(row["unit"], POINTS)
        words = wording.sentence(row["indicator"].split(" (")[0])
        new = Effect(row["column"], words, unit, row["window"], int(row["seeds"]), [])
        effect = found.setdefault(row["indicator"], new)
        whole = row["channel"] == "whole"
        start = effect.bars[-1].end if effect.bars and not whole else 0.0
        part, low, high = (float(row[name]) * factor for name in ("part", "low", "high"))
        bar = Bar(row["label"], start, start + part, start + low, start + high, bool(row["acts"]), whole)
        effect.bars.append(bar)
    return list(found.values())


def _panel(effect: Effect, colour: str) -> Rows:
    drawn = effect.bars
    edges = [edge for bar in drawn for edge in (bar.start, bar.end, bar.low, bar.high) if math.isfinite(edge)]
    rows = [Row(bar.words, signed(bar), TEXT if bar.acts else MUTED, bar.whole) for bar in drawn]
    heading = f"{effect.words}, {effect.unit}"
    if not effect.known:
        return Rows(heading, rows, lambda _: None, math.nan, math.nan, TICKS)
    return Rows(heading, rows, partial(draw_bars, drawn, colour), min(0.0, *edges), max(0.0, *edges), TICKS)


def _numbers(effect: Effect, heading: str) -> list[dict[str, Any]]:
    """The parts, for the table beside the figure."""
    return [
        {"panel": heading, "series": bar.words, "value": bar.part, "low": bar.low - bar.start,
         "high": bar.high - bar.start, "runs": effect.seeds}
        for bar in effect.bars
    ]  # fmt: skip


def draw_bars(drawn: Sequence[Bar], colour: str, axes: Axes) -> None:
    """Bars, what joins them, and whiskers."""
    for place, bar in enumerate(drawn):
        fill = colour if bar.whole else tint(colour, 0.6) if bar.end >= bar.start else OTHER
        axes.barh(place, bar.end - bar.start, BAR, left=bar.start, color=fill, linewidth=0)
        if place + 1 < len(drawn):
            axes.plot([bar.end] * 2, [place - BAR / 2, place + 1 + BAR / 2], color=MUTED, linewidth=0.5)
        if bar.acts:
            whisker(axes, place, bar.low, bar.high)


def _tick(value: float) -> str:
    return wording.signed(f"{abs(value):g}", value)


TICKS = scales.Scale("linear", _tick)


def _number(value: float) -> str:
    """One digit after the point below 10, none above."""
    return f"{abs(value):.{1 if abs(value) < 9.95 else 0}f}"


def signed(bar: Bar) -> str:
    """The part with its sign; a dash where rules do not act."""
    if not bar.acts:
        return "–"
    said = _number(bar.part)
    return said if float(said) == 0.0 else ("+" if bar.part > 0 else wording.MINUS) + said


def _measure(found: list[Effect], rule: str, whose: str) -> str:
    """The subtitle."""
    if not found:
        return f"{whose} labs with {rule} less without it, split by channel."
    seeds = max(effect.seeds for effect in found)
    runs = "one seed" if seeds == 1 else f"mean of {seeds} seeds, lines hold its 90{wording.NBSP}% interval"
    said = (
        f"{whose} labs with the rule less without it, {found[0].window}; points are those of a share in per cent. "
        f"Parts are Shapley values over the orders of the channels; {runs}."
    )
    idle = not all(bar.acts for bar in found[0].bars)
    return f"{said} –: rules of this kind do not act there." if idle else said


def _finding(found: list[Effect], rule: str, whose: str) -> str:
    """What clearly changes and what does not; the propensity to open is never told as the use of open models."""
    known = {effect.column: effect for effect in found if effect.known}
    told = {words: _told(known[column]) for column, words in TOLD.items() if column in known}
    said = [f"{words} {change}" for words, change in told.items() if change]
    unclear = [words for words, change in told.items() if not change]
    if unclear:
        said.append(f"{wording.listed(unclear)} {'does' if len(unclear) == 1 else 'do'} not clearly change")
    if not said:
        return f"The effect of {rule} by channel"
    return f"{wording.sentence(rule)}: {whose} labs' {'; their '.join(said)}"


def _told(effect: Effect) -> str:
    """A change in words: its direction, size and main channel; nothing if it is not clear."""
    *parts, whole = effect.bars
    if float(_number(whole.part)) == 0.0 or whole.low <= 0.0 <= whole.high:
        return ""
    said = f"{'rises' if whole.part > 0 else 'falls'} by {_number(whole.part)} {effect.unit}"
    main = max(parts, key=lambda bar: bar.part * math.copysign(1.0, whole.part))
    return f"{said}, mostly through {main.words}" if abs(main.part) >= abs(whole.part) / 2 else said
