"""Money in dollars: what is spent on models and where it goes."""

from __future__ import annotations

import math
from typing import Unpack

from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import ranking, wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.scales import SHARE, USD
from sim.figures.series import Grid, Series
from sim.figures.style import BLACK, CLOSED, HARDWARE, OTHER, THIRD_PARTY, region_colour, styled, tint

REGIONS = 3
OPENNESS = {"closed": 1.0, "open": 0.5}
"""How strong a region's colour is for its closed and for its open models."""


def money_dollars(market: DataFrame, *, title: str | None = None, **options: Unpack[Options]) -> Figure:
    """What customers pay for models and who receives it, and the sums beside it, in dollars a month.

    Parameters
    ----------
    market
        The table `market`; the world's rows are used.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        grid = Grid(market[market["region"] == "world"])
        spending, labs, clouds = (grid.read(name) for name in ("spending", "profit_labs", "profit_clouds"))
        costs = spending - labs.or_zero() - clouds.or_zero()
        page = Page(
            "The world's spending on model use by who receives it, and what is gained beside it", **options
        )
        paid = page.panel("Spending on models, US dollars a month", USD)
        paid.stack(
            [
                ranking.amount(words, part.not_negative(), colour)
                for words, part, colour in (
                    ("Cost of serving", costs, HARDWARE),
                    ("Labs' gross profit", labs, CLOSED),
                    ("Clouds' gross profit", clouds, THIRD_PARTY),
                )
            ],
            shares=False,
        )
        surplus, chips = grid.read("consumer_surplus"), grid.read("chip_spending")
        beside = page.panel("The same spending beside other sums, US dollars a month", USD)
        for series, words, colour, dash in (
            (surplus, "Customers' surplus", BLACK, "solid"),
            (chips, "Chip makers' sales", HARDWARE, (0, (7, 1.5, 1.5, 1.5))),
            (spending, "Spending on models", CLOSED, (0, (5, 1.5))),
        ):
            beside.line(series, words, colour, dash)
        return page.finish(title or _dollars_finding(spending, chips, surplus))


def _dollars_finding(spending: Series, chips: Series, surplus: Series) -> str:
    paid, spent, gained = (series.end() for series in (spending, chips, surplus))
    if not all(math.isfinite(value) for value in (paid, spent, gained)):
        return "What is spent on models, and who receives it"
    return (
        f"Customers pay {wording.usd(paid)} a month for models and gain {wording.usd(gained)} beyond it; firms spend "
        f"{wording.usd(spent)} on chips, in {wording.month(spending.days[-1])}"
    )


def adoption_spending(usage: DataFrame, *, title: str | None = None, **options: Unpack[Options]) -> Figure:
    """Spending on models by home of the lab and by openness: in dollars a month, and as shares.

    Parameters
    ----------
    usage
        The table `usage`.
    title, options
        As in `money_dollars`.
    """
    with styled():
        whole = Grid(usage)
        homes = ranking.leading(whole.split("spending", "origin"), REGIONS)
        parts = _by_maker(usage, homes)
        page = Page(
            "The world's spending on models by home of the lab and openness of the weights", **options
        )
        names = {
            f"{home} {openness}": (f"{wording.adjective(home, page.names)}, {openness}", _shade(home, openness))
            for home in homes
            for openness in OPENNESS
        } | {"others": ("Others", OTHER)}  # fmt: skip
        sums = page.panel("US dollars a month", USD)
        there = {key: parts[key] for key in names if key in parts}
        sums.stack([ranking.amount(*_named(names[key], part)) for key, part in there.items()], shares=False)
        shares = ranking.shares(there)
        page.panel("Share", SHARE).stack(
            [ranking.area(*_named(names[key], part)) for key, part in shares.items() if part.known.any()]
        )
        return page.finish(title or _spending_finding(whole.read("spending"), shares))


def _by_maker(usage: DataFrame, homes: list[str]) -> dict[str, Series]:
    """Spending by home of the lab and openness; all homes that are not shown are one."""
    home, openness = usage["origin"].astype(str), usage["openness"].astype(str)
    maker = (home + " " + openness).where(home.isin(homes), "others")
    return Grid(usage.assign(maker=maker)).split("spending", "maker")


def _named(name: tuple[str, str], part: Series) -> tuple[str, Series, str]:
    return name[0], part, name[1]


def _shade(home: str, openness: str) -> str:
    return tint(region_colour(home), OPENNESS[openness])


def _spending_finding(spending: Series, shares: dict[str, Series]) -> str:
    opened = [
        float(part.mean[-1]) for key, part in shares.items() if key.endswith(" open") and len(part.days)
    ]
    whole = spending.end()
    if not (math.isfinite(whole) and opened and all(map(math.isfinite, opened))):
        return "Spending on models by home of the lab and openness"
    end = wording.month(spending.days[-1])
    part = wording.share(sum(opened))
    return f"The world spends {wording.usd(whole)} a month on models in {end}, {part} of it on open ones"
