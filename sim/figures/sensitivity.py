"""Which parameters move an outcome: indices with intervals, and a tornado of the outcome at both ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import scales, wording
from sim.figures.header import Key
from sim.figures.plotted import keep
from sim.figures.rows import BAR, Row, Rows, page_of, whisker
from sim.figures.style import BLACK, CLOSED, MUTED, OPEN, TEXT, styled, tint

TOP = 15
STRONG, WEAK = CLOSED, tint(CLOSED, 0.45)
KINDS = {
    "sobol": (
        ("total_order", "with interactions (total order)", WEAK), ("first_order", "alone (first order)", STRONG),
    ),
    "morris": (("mu_star", "mean size of an effect (mu*)", STRONG), ("sigma", "its spread (sigma)", WEAK)),
    "given_data": (("first_order", "alone (first order)", STRONG),),
}  # fmt: skip
"""Measures of a method that are shown; the first one gives the order of the rows."""


class Bar(NamedTuple):
    """An index of a parameter with its interval."""

    value: float
    low: float
    high: float


def sensitivity(
    table: DataFrame,
    *,
    indicator: str | None = None,
    title: str | None = None,
    source: str = "",
    names: Mapping[str, str] | None = None,
    width: str = "page",
) -> Figure:
    """Sensitivity indices of one outcome as bars with intervals, the strongest parameter on top.

    Parameters
    ----------
    table
        One row a parameter and measure: `indicator`, `method` ("sobol", "morris" or "given_data"), `factor`,
        `measure`, `value`, `low`, `high`, as `sim.analysis.sensitivity` gives it.
    indicator
        The outcome; None: the first one.
    title
        The finding; made from the numbers if None.
    source, width
        See `sim.figures.context.Options`.
    names
        Outcomes and parameters as printed, by key.
    """
    with styled():
        rows = _of(table, indicator)
        method = next((kind for kind in KINDS if (rows["method"] == kind).any()), "")
        kinds = KINDS.get(method, ())
        found = [_bars(rows, method, measure) for measure, _, _ in kinds]
        order = sorted(found[0], key=lambda key: (-found[0][key].value, key)) if found else []
        what = _outcome(rows, names)
        shown = order[:TOP]
        key = [Key("square", colour, words) for _, words, colour in kinds]
        measure = (
            f"Part of the variance of {what} that a parameter explains"
            if method != "morris"
            else f"Effects on {what}"
        )
        measure += "; lines hold the interval."
        if len(order) > len(shown):
            measure += f" {len(order) - len(shown)} weaker parameters are left out."
        panels = [_panel(shown, found, [colour for *_, colour in kinds], names)] if shown else []
        said = title or _finding(shown, found, what, names, of_variance=method != "morris")
        figure = page_of(panels, said, measure, source=source, key=key, width=width)
        for (name, words, _), bars in zip(kinds, found, strict=True):
            keep(
                figure,
                [
                    {"panel": name, "series": factor, "at": words, **bars[factor]._asdict()}
                    for factor in shown
                    if factor in bars
                ],
            )
        return figure


def _of(table: DataFrame, indicator: str | None) -> DataFrame:
    """The rows of one outcome."""
    if indicator is None and len(table):
        indicator = str(table["indicator"].iloc[0])
    return table[table["indicator"] == indicator]


def _outcome(rows: DataFrame, names: Mapping[str, str] | None) -> str:
    return _said(str(rows["indicator"].iloc[0]), names) if len(rows) else "the outcome"


def _said(key: str, names: Mapping[str, str] | None) -> str:
    """A key path or an outcome as printed."""
    return (names or {}).get(key) or (key if "." in key else key.replace("_", " "))


def _bars(rows: DataFrame, method: str, measure: str) -> dict[str, Bar]:
    some = rows[(rows["method"] == method) & (rows["measure"] == measure)]
    bars = {
        str(row["factor"]): Bar(*(float(row[name]) for name in ("value", "low", "high")))
        for row in some.to_dict("records")
    }
    return {factor: bar for factor, bar in bars.items() if math.isfinite(bar.value)}


def _panel(
    shown: list[str], found: list[dict[str, Bar]], colours: list[str], names: Mapping[str, str] | None
) -> Rows:
    rows = [Row(_said(factor, names), _number(found[0][factor].value)) for factor in shown]
    edges = [
        edge
        for bars in found
        for factor in shown
        if factor in bars
        for edge in bars[factor]
        if math.isfinite(edge)
    ]

    def draw(axes: Axes) -> None:
        high = BAR / len(found)
        for order, (bars, colour) in enumerate(zip(found, colours, strict=True)):
            for place, factor in enumerate(shown):
                if factor in bars:
                    y = place - BAR / 2 + (order + 0.5) * high
                    axes.barh(y, bars[factor].value, high, color=colour, linewidth=0)
                    whisker(axes, y, bars[factor].low, bars[factor].high)

    return Rows("", rows, draw, min(0.0, *edges), max(edges), INDEX)


def _number(value: float) -> str:
    return wording.signed(f"{abs(value):.2g}" if abs(value) < 10 else f"{abs(value):,.0f}", value)


INDEX = scales.Scale("linear", _number, 0.0)


def _finding(
    shown: list[str],
    found: list[dict[str, Bar]],
    what: str,
    names: Mapping[str, str] | None,
    *,
    of_variance: bool,
) -> str:
    if not shown:
        return "What moves the outcome"
    first = shown[0]
    said = f"{wording.sentence(what)} depends most on {_said(first, names)}"
    if of_variance:
        said += f" ({wording.share(min(max(found[0][first].value, 0.0), 1.0))} of its variance)"
    return f"{said}, then on {_said(shown[1], names)}" if len(shown) > 1 else said


def tornado(
    table: DataFrame,
    *,
    indicator: str | None = None,
    title: str | None = None,
    source: str = "",
    names: Mapping[str, str] | None = None,
    width: str = "page",
) -> Figure:
    """The mean outcome where each parameter is low and where it is high, the widest span on top.

    Parameters
    ----------
    table
        As in `sensitivity`; the measures `mean_low` and `mean_high` are read.
    indicator, title, source, names, width
        As in `sensitivity`.
    """
    with styled():
        rows = _of(table, indicator)
        low, high = (_bars(rows, "ends", measure) for measure in ("mean_low", "mean_high"))
        spans = {factor: high[factor].value - low[factor].value for factor in low if factor in high}
        order = sorted(spans, key=lambda factor: (-abs(spans[factor]), factor))
        shown, what = order[:TOP], _outcome(rows, names)
        key = [Key("square", CLOSED, "parameter low"), Key("square", OPEN, "parameter high")]
        measure = (
            f"Mean of {what} over the fifth of the points in which a parameter is lowest and highest, the others as "
            "they come; lines hold the interval; at the right: high less low."
        )
        panels = [_tornado_panel(shown, low, high, spans, names)] if shown else []
        said = title or "What moves the outcome"
        if shown and title is None:
            first, span = _said(shown[0], names), spans[shown[0]]
            change = "raises" if span > 0 else "lowers"
            said = f"{first}, from low to high, {change} {what} most: by {_number(abs(span))}"
        figure = page_of(panels, said, measure, source=source, key=key if shown else (), width=width)
        keep(figure, _tornado_numbers(shown, low, high))
        return figure


def _tornado_panel(
    shown: list[str],
    low: dict[str, Bar],
    high: dict[str, Bar],
    spans: dict[str, float],
    names: Mapping[str, str] | None,
) -> Rows:
    middle = sum(low[factor].value + high[factor].value for factor in shown) / (2 * len(shown))
    edges = [edge for bars in (low, high) for factor in shown for edge in bars[factor] if math.isfinite(edge)]

    def draw(axes: Axes) -> None:
        for bars, colour, shift in ((low, CLOSED, -BAR / 4), (high, OPEN, BAR / 4)):
            for place, factor in enumerate(shown):
                bar = bars[factor]
                axes.barh(place + shift, bar.value - middle, BAR / 2, left=middle, color=colour, linewidth=0)
                whisker(axes, place + shift, bar.low, bar.high)
        axes.axvline(middle, color=BLACK, linewidth=0.8)

    rows = [
        Row(_said(factor, names), _signed(spans[factor]), TEXT if spans[factor] else MUTED)
        for factor in shown
    ]
    return Rows("", rows, draw, min(middle, *edges), max(middle, *edges), LEVEL)


LEVEL = scales.Scale("linear", _number)


def _signed(value: float) -> str:
    said = _number(value)
    return f"+{said}" if value > 0 else said


def _tornado_numbers(shown: list[str], low: dict[str, Bar], high: dict[str, Bar]) -> list[dict[str, Any]]:
    return [
        {"panel": "mean outcome", "series": factor, "at": end, **bars[factor]._asdict()}
        for factor in shown
        for end, bars in (("low", low), ("high", high))
    ]
