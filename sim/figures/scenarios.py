"""Several scenarios side by side: one measure as a fan chart, or the main measures in small panels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Unpack

import pandas as pd
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import scales, wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.panel import Panel
from sim.figures.series import Grid, Series
from sim.figures.style import DASHES, SCENARIOS, styled

ACROSS = {"column": 1, "page": 2, "slide": 2}


class Measure(NamedTuple):
    """A column of the table `market` in a region, the words for it, its scale, and how a value is written."""

    column: str
    region: str
    words: str
    scale: scales.Scale


MEASURES = (
    Measure("open_token_share", "world", "open models' share of tokens", scales.SHARE),
    Measure("open_spending_share", "world", "open models' share of spending", scales.SHARE),
    Measure("open_propensity", "china", "probability that Chinese labs open", scales.SHARE),
    Measure("lag", "china", "lag of Chinese models, months", scales.MONTHS),
    Measure("margin_closed", "us", "gross margin of US labs, closed models", scales.MARGIN),
    Measure("lab_token_share", "china", "Chinese labs' share of tokens", scales.SHARE),
)


def fan(
    market: DataFrame,
    *,
    measure: Measure = MEASURES[0],
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """One measure in several scenarios: medians with bands that hold 50 % and 90 % of the runs.

    Parameters
    ----------
    market
        The tables `market` of the scenarios, one below the other, with a column `scenario`.
    measure
        What is shown.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        page = Page(f"{wording.sentence(measure.words)} by scenario", **options)
        panel = page.panel(wording.sentence(measure.words), measure.scale, 2.4)
        found = _draw(page, panel, market, measure)
        return page.finish(title or _finding(found, measure, page))


def scenarios(
    market: DataFrame,
    *,
    measures: Sequence[Measure] = MEASURES,
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """The main measures, a panel each, with a line a scenario.

    Parameters
    ----------
    market, title, options
        As in `fan`.
    measures
        What is shown; the first one gives the title.
    """
    with styled():
        page = Page("Main measures by scenario", across=ACROSS, **options)
        first: dict[str, Series] = {}
        for order, measure in enumerate(measures):
            panel = page.panel(wording.sentence(measure.words), measure.scale, 1.15)
            found = _draw(page, panel, market, measure, bands=False)
            first = found if order == 0 else first
        return page.finish(title or _finding(first, measures[0], page))


def _draw(
    page: Page, panel: Panel, market: DataFrame, measure: Measure, *, bands: bool = True
) -> dict[str, Series]:
    """A line a scenario, in the order in which they come; gives what was drawn."""
    rows = market[market["region"] == measure.region]
    found: dict[str, Series] = {}
    for order, scenario in enumerate(pd.unique(rows["scenario"].astype(str))):
        series = Grid(rows[rows["scenario"] == scenario]).read(measure.column)
        colour, dash = SCENARIOS[order % len(SCENARIOS)], DASHES[order % len(DASHES)]
        panel.line(series, page.name(scenario), colour, dash, bands=bands, weight=1.0 if bands else 0.8)
        found[scenario] = series
    if found:
        page.observe(panel, measure.column, measure.region)
    return found


def _finding(found: dict[str, Series], measure: Measure, page: Page) -> str:
    late = {name: series.last_year() for name, series in found.items()}
    known = {name: value for name, value in late.items() if math.isfinite(value)}
    what = wording.sentence(measure.words)
    if not known:
        return f"{what} by scenario"
    said = [f"{measure.scale.label(value)} in '{page.name(name)}'" for name, value in known.items()]
    end = wording.month(next(iter(found.values())).days[-1])
    return f"{what}: {wording.listed(said)}, in the year to {end}"
