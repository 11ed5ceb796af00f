"""The effect of a rule, split by channel: bars that carry on from each other and end at the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import scales, text, wording
from sim.figures.header import EDGE, Head, Key, write
from sim.figures.style import BLACK, GRID, MUTED, OTHER, TEXT, Width, preset, region_colour, styled, tint

ROWS = {"column": 0.12, "page": 0.165, "slide": 0.165}  # inches a bar with its surroundings
BAR = 0.66  # height of a bar within its row
GAP = 0.14  # between panels, one above the other
ASIDE = 0.2  # between panels side by side
ACROSS = {"column": 1, "page": 2, "slide": 3}
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
        size = preset(width)
        figure = Figure(figsize=(size.inches, size.height or 4.0))
        FigureCanvasAgg(figure)
        whose, colour = wording.adjective(region, names), region_colour(region)
        keys = [Key("square", tint(colour, 0.6), "raises"), Key("square", OTHER, "lowers")]
        keys.append(Key("square", colour, "whole effect"))
        found = effects(parts)
        head = Head(title or _finding(found, rule, whose), _measure(found, rule, whose), keys, size)
        foot = text.wrap(source, size.inches - 2 * EDGE, size.small, most=3)
        shown = [effect for effect in found if size.height is None or effect.column in TOLD]
        _lay_out(figure, shown, head, foot, colour, size, ACROSS[width], ROWS[width])
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


def _lay_out(
    figure: Figure,
    found: list[Effect],
    head: Head,
    foot: Sequence[str],
    colour: str,
    size: Width,
    across: int,
    row: float,
) -> None:
    """Share out the page and draw everything on it."""
    labels = [bar.words for bar in found[0].bars] if found else []
    left = max((text.width(label, size.small) for label in labels), default=0.0) + 0.06
    slot = (size.inches - 2 * EDGE - ASIDE * (across - 1) - left) / across
    headings = [text.wrap(f"{each.words}, {each.unit}", slot, size.base, most=2) for each in found]
    lines = range(max(math.ceil(len(found) / across), 1))
    most = [max(map(len, headings[line * across : (line + 1) * across]), default=1) for line in lines]
    above = [text.height(size.base, count) + 0.03 for count in most]
    below = text.height(size.small) + 0.05
    foot_height = text.height(size.small, len(foot)) + (0.06 if foot else 0.0)
    fixed = (
        2 * EDGE + head.height + 0.05 + foot_height + sum(above) + len(lines) * below + GAP * (len(lines) - 1)
    )
    tall = max(row, text.height(size.small)) * max(len(labels), 3)
    if size.height is not None:
        tall = max((size.height - fixed) / len(lines), 0.5)
    total = size.height or fixed + tall * len(lines)
    figure.set_size_inches(size.inches, total)
    head.draw(figure, total - EDGE)
    y = total - EDGE - head.height - 0.05
    for place, effect in enumerate(found):
        line, column = divmod(place, across)
        x = EDGE + left + column * (slot + ASIDE)
        top = y - sum(above[:line]) - line * (tall + below + GAP)
        write(figure, headings[place], x, top, size.base, TEXT)
        _panel(figure, effect, (x, top - above[line] - tall, slot, tall), colour, size, named=column == 0)
    if not found:
        write(figure, ["no data"], EDGE + left, y - above[0], size.base, MUTED)
    write(figure, foot, EDGE, EDGE + text.height(size.small, len(foot)), size.small, MUTED, gid="source")


def _panel(
    figure: Figure,
    effect: Effect,
    box: tuple[float, float, float, float],
    colour: str,
    size: Width,
    *,
    named: bool,
) -> None:
    """One effect; `box` in inches from the lower left corner of the page."""
    drawn, known = effect.bars, effect.known
    values = [_signed(bar) if known else "" for bar in drawn]
    right = max((text.width(value, size.small) for value in values), default=0.0) + 0.05
    x, y, wide, high = box[0], box[1], box[2] - right, box[3]
    page_wide, page_high = figure.get_size_inches()
    axes = figure.add_axes((x / page_wide, y / page_high, wide / page_wide, high / page_high))
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    axes.set_yticks([])
    axes.tick_params("x", length=2.5, width=0.6, pad=1.5, labelsize=size.small)
    if known:
        _draw(axes, drawn, colour, wide)
    else:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color=MUTED, transform=axes.transAxes)
    step = high / max(len(drawn), 1)
    fits = min(size.small, step * 72 / text.LEADING)
    for place, (bar, value) in enumerate(zip(drawn, values, strict=True)):
        middle = y + high - (place + 0.5) * step
        about: dict[str, Any] = {
            "fontsize": fits,
            "va": "center_baseline",
            "transform": figure.dpi_scale_trans,
        }
        weight = "bold" if bar.whole else "normal"
        tone = TEXT if bar.acts else MUTED
        if named:
            figure.text(x - 0.06, middle, bar.words, ha="right", color=tone, fontweight=weight, **about)
        figure.text(x + box[2], middle, value, ha="right", color=tone, **about)


def _draw(axes: Axes, drawn: Sequence[Bar], colour: str, wide: float) -> None:
    """Bars, what joins them, whiskers, and the axis."""
    edges = [edge for bar in drawn for edge in (bar.start, bar.end, bar.low, bar.high) if math.isfinite(edge)]
    scale = scales.Scale("linear", _tick)
    ticks = scales.fit(scale, min(0.0, *edges), max(0.0, *edges), 0.28 * wide / 0.42)
    axes.set_xlim(ticks.low, ticks.high)
    axes.set_xticks(ticks.at, ticks.labels)
    axes.grid(axis="x", color=GRID, linewidth=0.5)
    axes.axvline(0.0, color=MUTED, linewidth=0.6, zorder=0.95)
    for place, bar in enumerate(drawn):
        fill = colour if bar.whole else tint(colour, 0.6) if bar.end >= bar.start else OTHER
        axes.barh(place, bar.end - bar.start, BAR, left=bar.start, color=fill, linewidth=0)
        if place + 1 < len(drawn):
            axes.plot([bar.end] * 2, [place - BAR / 2, place + 1 + BAR / 2], color=MUTED, linewidth=0.5)
        if bar.acts and math.isfinite(bar.low) and bar.high > bar.low:
            for tone, weight in (("white", 1.5), (BLACK, 0.8)):
                axes.plot(
                    [bar.low, bar.high], [place] * 2, color=tone, linewidth=weight, solid_capstyle="butt"
                )


def _tick(value: float) -> str:
    return wording.signed(f"{abs(value):g}", value)


def _number(value: float) -> str:
    """One digit after the point below 10, none above."""
    return f"{abs(value):.{1 if abs(value) < 9.95 else 0}f}"


def _signed(bar: Bar) -> str:
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
