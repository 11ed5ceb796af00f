"""Two scenarios, paired by seed: the difference that one makes, over time and in the last year."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.scales import DIFFERENCE
from sim.figures.style import BLACK, OPEN, region_colour, styled

ACROSS = {"column": 1, "page": 2, "slide": 2}
TOLD = 3
"""Most measures of which the title speaks."""


class Measure(NamedTuple):
    """A measure that is compared: its column, the heading of its panel, how a title says it, and its unit."""

    column: str
    world: bool
    heading: str
    said: str
    unit: str = "points"

    @property
    def factor(self) -> float:
        """What a difference is multiplied with: shares of 1 become points of a share in per cent."""
        return 100.0 if self.unit == "points" else 1.0


MEASURES = (
    Measure("open_token_share", True, "Open share of the world's tokens", "open models' share of tokens"),
    Measure("open_propensity", False, "Probability that {labs} open", "{whose} probability of opening"),
    Measure("lab_token_share", False, "Share of {labs} in the world's tokens", "{whose} share of tokens"),
    Measure("lag", False, "Lag of {labs} behind the frontier", "{whose} lag", "months"),
    Measure(
        "margin_closed", False, "Gross margin of {labs} on closed models", "{whose} margin on closed models"
    ),
    Measure("concentration", True, "Concentration of the world's spending", "concentration"),
)


def paired(
    path: DataFrame,
    ends: DataFrame,
    *,
    a: str,
    b: str,
    region: str = "china",
    measures: Sequence[Measure] = MEASURES,
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """One panel a measure: the mean difference b - a over the pairs of seeds, with its interval.

    Parameters
    ----------
    path
        One row a month: `column`, `region`, `month`, `difference`, `low`, `high`, `pairs`.
    ends
        The same of the last year, one row a measure, without `month`: what is written at the right and told.
    a, b
        The scenarios as one says them.
    region
        Whose labs the measures are about that are not the world's.
    measures
        What to show, where `path` has it.
    title
        The finding; made from `ends` if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        pairs = int(path["pairs"].max()) if len(path) else 0
        page = Page(
            f"'{b}' less '{a}', paired by seed; points are those of a share in per cent; at the right the last year",
            across=ACROSS,
            **options,
        )
        page.note = (
            "One pair of runs."
            if pairs < 2
            else f"Mean of {pairs} pairs, with its 90{wording.NBSP}% interval."
        )
        labs = f"{wording.adjective(region, page.names)} labs"
        told = [_end(ends, measure, region) for measure in measures]
        for measure, end in zip(measures, told, strict=True):
            panel = page.panel(f"{measure.heading.format(labs=labs)}, {measure.unit}", DIFFERENCE, 1.05)
            rows = path[(path["column"] == measure.column) & (path["region"] == _where(measure, region))]
            rows = rows.sort_values("month")
            if len(rows):
                days = pd.to_datetime(rows["month"]).to_numpy().astype("datetime64[D]").astype(np.float64)
                middle, low, high = (
                    _values(rows, name) * measure.factor for name in ("difference", "low", "high")
                )
                colour = OPEN if measure.world and "open" in measure.column else BLACK
                panel.band(
                    days,
                    middle,
                    low,
                    high,
                    end.text,
                    colour if measure.world else region_colour(region),
                    end.interval,
                )
        return page.finish(title or _finding(list(zip(measures, told, strict=True)), b, labs))


class End(NamedTuple):
    """The difference in the last year."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        return wording.change(self.value) if math.isfinite(self.value) else ""

    @property
    def interval(self) -> str:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return ""
        return f"({wording.change(self.low)} to {wording.change(self.high)})".replace(" ", wording.NBSP)

    @property
    def clear(self) -> bool:
        """Whether its sign is sure: the interval does not hold zero."""
        return self.low > 0.0 or self.high < 0.0


def _where(measure: Measure, region: str) -> str:
    return "world" if measure.world else region


def _values(rows: DataFrame, column: str) -> Any:
    return rows[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _end(ends: DataFrame, measure: Measure, region: str) -> End:
    rows = ends[(ends["column"] == measure.column) & (ends["region"] == _where(measure, region))]
    if not len(rows):
        return End(math.nan, math.nan, math.nan)
    return End(*(float(_values(rows, name)[-1]) * measure.factor for name in ("difference", "low", "high")))


def _finding(told: Sequence[tuple[Measure, End]], b: str, labs: str) -> str:
    """The changes whose sign is sure, those that stand out most from their interval first."""
    sure = [(measure, end) for measure, end in told if end.clear and end.text.strip("+0.")]
    sure.sort(key=lambda pair: abs(pair[1].value) / max(pair[1].high - pair[1].low, 1e-9), reverse=True)
    if not sure:
        return f"'{b}': no measure clearly changes"
    return f"With '{b}' {wording.listed(changes_said(sure[:TOLD], labs, intervals=False))}"


def changes_said(told: Sequence[tuple[Measure, End]], labs: str, *, intervals: bool = True) -> list[str]:
    """Each change in words: what, which way, by how much, within which interval; `labs` are named once."""
    said: list[str] = []
    before = False  # whether the change before this one was theirs too
    for measure, end in told:
        size = f"{end.text.lstrip('+' + wording.MINUS)}{wording.NBSP}{measure.unit}"
        held = f" {end.interval}" if intervals else ""
        way = "rises" if end.value > 0 else "falls"
        what = measure.said.format(whose="their" if before else f"{labs}'")
        said.append(f"{what} {way} by {size}{held}")
        before = not measure.world
    return said
