"""Margins by role and by firm, and who keeps the money."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Unpack

from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import ranking, wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.scales import MARGIN, SHARE, USD_LOG
from sim.figures.series import Grid, Series, add
from sim.figures.style import (
    BLACK,
    CLOSED,
    DASHES,
    HARDWARE,
    OPEN,
    THIRD_PARTY,
    firm_colour,
    styled,
)

ROLES = (
    ("margin_closed", "Labs, closed models", CLOSED, DASHES[0]),
    ("margin_open", "Labs, own open models", OPEN, DASHES[1]),
    ("margin_clouds", "Clouds, others' models", THIRD_PARTY, DASHES[2]),
)
TOP = 8
ACROSS = {"column": 2, "page": 4, "slide": 4}


def margins_roles(
    market: DataFrame,
    *,
    regions: Sequence[str] = ("us", "china"),
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """Gross margin by role, one panel a region.

    Parameters
    ----------
    market
        The table `market`.
    regions
        Home regions of the firms.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        page = Page("Gross margin as a share of revenue, by home region of the firm", **options)
        found: dict[str, Series] = {}
        for region in regions:
            grid = Grid(market[market["region"] == region])
            panel = page.panel(f"Gross margin, {wording.adjective(region, page.names)} firms", MARGIN)
            for column, label, colour, dash in ROLES:
                series = grid.read(column)
                panel.line(series, label, colour, dash)
                page.observe(panel, column, region)
                if column == "margin_closed":
                    found[region] = series
        return page.finish(title or _roles_finding(found, page))


def _roles_finding(closed: dict[str, Series], page: Page) -> str:
    known = {
        region: series.last_year() for region, series in closed.items() if math.isfinite(series.last_year())
    }
    if not known:
        return "Gross margins of labs and clouds"
    first = next(iter(known))
    whose = wording.adjective(first, page.names)
    said = f"{whose} labs earn a gross margin of {wording.share(known[first])} on closed models"
    for region in list(known)[1:]:
        said += f", {wording.adjective(region, page.names)} labs {wording.share(known[region])}"
    return f"{said}, in the year to {wording.month(closed[first].days[-1])}"


def margins_firms(labs: DataFrame, *, title: str | None = None, **options: Unpack[Options]) -> Figure:
    """Gross margins of the labs with the most revenue at the end, a small panel each, over 12 months.

    Parameters
    ----------
    labs
        The table `labs`.
    title, options
        As in `margins_roles`.
    """
    with styled():
        grid = Grid(labs)
        own, hosting = grid.split("revenue", "lab"), grid.split("revenue_hosting", "lab")
        revenue = {key: add([own[key], hosting[key]]) for key in own}
        margins = {key: margin.trailing() for key, margin in grid.split("gross_margin", "lab").items()}
        shown = [key for key in ranking.leading(revenue, TOP) if margins[key].known.any()]
        page = Page(
            "Gross margin of the labs with the most revenue, model use and hosting together, share of revenue, "
            "mean of 12 months; grey: the other labs shown",
            across=ACROSS,
            small=True,
            **options,
        )
        for key in shown:
            panel = page.panel(page.name(key), MARGIN, 0.85)
            panel.context([margins[other] for other in shown if other != key])
            panel.line(margins[key], "", firm_colour(key))
        if not shown:
            page.panel("Gross margin", MARGIN)
        return page.finish(title or _firms_finding({key: margins[key] for key in shown}, page))


def _firms_finding(margins: dict[str, Series], page: Page) -> str:
    late = {key: series.end() for key, series in margins.items() if math.isfinite(series.end())}
    if not late:
        return "Gross margins of the largest labs"
    worst, best = (choose(late, key=lambda key: (late[key], key)) for choose in (min, max))
    end = wording.month(next(iter(margins.values())).days[-1])
    said = f"Of a dollar of revenue {page.name(best)} keeps {_cents(late[best])} as gross margin"
    if worst != best:
        said += f", {page.name(worst)} {_cents(late[worst])}"
    return f"{said}, in the year to {end}"


def _cents(margin: float) -> str:
    cents = f"{abs(100 * margin):.0f}"
    return wording.signed(f"{cents}{wording.NBSP}{'cent' if cents == '1' else 'cents'}", margin)


def money_split(market: DataFrame, *, title: str | None = None, **options: Unpack[Options]) -> Figure:
    """Who keeps the money: each dollar spent on models, and what labs, clouds, chip makers and customers get.

    Parameters
    ----------
    market
        The table `market`; the world's rows are used, for only there money spent is money received.
    title, options
        As in `margins_roles`.
    """
    with styled():
        grid = Grid(market[market["region"] == "world"])
        spending, labs, clouds = (grid.read(name) for name in ("spending", "profit_labs", "profit_clouds"))
        costs = spending - labs.or_zero() - clouds.or_zero()
        page = Page("The world's spending on model use, and who gains", **options)
        split = page.panel("Each dollar spent, share", SHARE)
        parts = {
            "Cost of serving": (costs, HARDWARE),
            "Labs' gross profit": (labs, CLOSED),
            "Clouds' gross profit": (clouds, THIRD_PARTY),
        }
        kept = ranking.shares({key: series.not_negative() for key, (series, _) in parts.items()})
        split.stack([ranking.area(key, kept[key], parts[key][1]) for key in parts])
        sums = page.panel("Gain, US dollars a month", USD_LOG)
        for column, label, colour, dash in (
            ("consumer_surplus", "Customers' surplus", BLACK, DASHES[0]),
            ("chip_spending", "Chip makers' sales", HARDWARE, DASHES[3]),
            ("profit_labs", "Labs' gross profit", CLOSED, DASHES[1]),
            ("profit_clouds", "Clouds' gross profit", THIRD_PARTY, DASHES[2]),
        ):
            sums.line(grid.read(column), label, colour, dash)
        return page.finish(title or _money_finding(kept, grid.read("consumer_surplus"), spending))


def _money_finding(kept: dict[str, Series], surplus: Series, spending: Series) -> str:
    parts = [float(kept[key].mean[-1]) if len(kept[key].days) else math.nan for key in kept]
    if not all(math.isfinite(part) for part in parts):
        return "Who keeps the money that is spent on models"
    compute, labs, clouds = (f"{100 * part:.0f}" for part in parts)
    title = f"Of each dollar spent on models, labs keep {labs} cents, clouds {clouds}"
    title += f", and serving costs {compute}"
    gain = surplus.end() / spending.end() if spending.end() > 0 else math.nan
    return f"{title}; customers gain ${gain:.2f} beyond it" if math.isfinite(gain) and gain >= 0 else title
