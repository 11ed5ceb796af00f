"""The structure of the market: how concentrated it is, and how much of its capacity is used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Unpack

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.panel import Panel
from sim.figures.scales import COUNT, INDEX, SHARE
from sim.figures.series import Grid, Series
from sim.figures.style import DASHES, region_colour, styled

ALL = ("world", "us", "china")
BOTH = ("us", "china")


def concentration(
    market: DataFrame, *, regions: Sequence[str] = ALL, title: str | None = None, **options: Unpack[Options]
) -> Figure:
    """Concentration of labs in customers' spending, and the number of equal labs that it amounts to.

    Parameters
    ----------
    market
        The table `market`.
    regions
        Regions of the customers, "world" among them.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        page = Page(
            "Herfindahl index of labs in spending, by region of the customers: 1 is a monopoly", **options
        )
        index = page.panel("Herfindahl index", INDEX)
        equal = page.panel("Equal labs with the same index", COUNT)
        found = _lines(page, market, regions, ((index, "concentration"),))
        for order, (region, series) in enumerate(found.items()):
            count = Series(series.days, 1.0 / np.where(series.values > 0, series.values, np.nan))
            equal.line(count, page.name(region), region_colour(region), DASHES[order % len(DASHES)])
        return page.finish(title or _concentration_finding(found, page))


def _concentration_finding(found: dict[str, Series], page: Page) -> str:
    late = {region: series.last_year() for region, series in found.items()}
    known = {region: value for region, value in late.items() if math.isfinite(value) and value > 0}
    if not known:
        return "Concentration of labs in customers' spending"
    said = [
        f"{1 / value:.1f}{' equal labs' if not place else ''} in {wording.where(region, page.names)}"
        for place, (region, value) in enumerate(known.items())
    ]
    end = wording.month(next(iter(found.values())).days[-1])
    return f"Spending is as concentrated as among {wording.listed(said)}, in the year to {end}"


def capacity(
    market: DataFrame, *, regions: Sequence[str] = BOTH, title: str | None = None, **options: Unpack[Options]
) -> Figure:
    """How much of its serving compute each region's firms use, and how much demand capacity lets through.

    Parameters
    ----------
    market
        The table `market`.
    regions
        Home regions of the firms, and regions of the customers.
    title, options
        As in `concentration`.
    """
    with styled():
        page = Page(
            "Use of serving compute by home region of the firm, and demand served by region", **options
        )
        use = page.panel("Used part of firms' serving compute", SHARE)
        served = page.panel("Tokens served, share of those demanded", SHARE)
        found = _lines(page, market, regions, ((use, "capacity_use"), (served, "served")))
        return page.finish(title or _capacity_finding(found, page))


def _lines(
    page: Page, market: DataFrame, regions: Sequence[str], panels: Sequence[tuple[Panel, str]]
) -> dict[str, Series]:
    """Draw a line a region in each panel; gives those of the first."""
    found: dict[str, Series] = {}
    for order, region in enumerate(regions):
        grid = Grid(market[market["region"] == region])
        for panel, column in panels:
            series = grid.read(column)
            panel.line(series, page.name(region), region_colour(region), DASHES[order % len(DASHES)])
            page.observe(panel, column, region)
            found.setdefault(region, series)
    return found


def _capacity_finding(found: dict[str, Series], page: Page) -> str:
    late = {region: series.last_year() for region, series in found.items()}
    known = {region: value for region, value in late.items() if math.isfinite(value)}
    if not known:
        return "Use of serving compute, and demand served"
    (first, value), *others = known.items()
    whose = wording.sentence(wording.adjective(first, page.names))
    said = f"{whose} firms use {wording.share(value)} of their serving compute"
    for region, value in others:
        said += f", {wording.adjective(region, page.names)} firms {wording.share(value)} of theirs"
    return f"{said}, in the year to {wording.month(found[first].days[-1])}"
