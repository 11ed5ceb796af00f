"""Compute of a region under export rules, against what the rules allow and what its money would buy elsewhere."""

from __future__ import annotations

import math
from typing import Unpack

from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import ranking, wording
from sim.figures.compute import sources
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.scales import COUNT, SHARE, USD_LOG
from sim.figures.series import Grid, Series
from sim.figures.style import DASHES, region_colour, styled


def compute_rules(
    market: DataFrame,
    *,
    leader: str = "us",
    bound: str = "china",
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """What a region under export rules holds by source, what compute costs there, and what the rules cost it.

    Parameters
    ----------
    market
        The table `market`.
    leader, bound
        The region to compare with, and the region under rules.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        page = Page(
            "Compute of firms under export rules, in H100 equivalents (H100e), and its price", **options
        )
        grids = {region: Grid(market[market["region"] == region]) for region in (leader, bound)}
        whose = wording.adjective(bound, page.names)
        held = page.panel(f"{whose} firms' compute by source, thousand H100e", COUNT, 1.7)
        held.stack(
            [
                ranking.area(words, part, colour)._replace(label=words, detail="")
                for words, (part, colour) in sources(grids[bound], bound).items()
                if part.values[part.known].sum() > 0
            ],
            shares=False,
        )
        price = page.panel(
            "Price of training compute at the best chip on sale, US dollars per PFLOP/s", USD_LOG, 1.2
        )
        for order, (region, grid) in enumerate(grids.items()):
            price.line(grid.read("flop_price"), page.name(region), region_colour(region), DASHES[order])
        missing = page.panel("Training compute lost against the world's best price, share", SHARE, 1.2)
        for order, (region, grid) in enumerate(grids.items()):
            missing.line(grid.read("shortfall"), page.name(region), region_colour(region), DASHES[order])
        return page.finish(title or _finding(grids[bound].read("shortfall"), whose))


def _finding(shortfall: Series, whose: str) -> str:
    part = shortfall.last_year()
    if not math.isfinite(part):
        return "Compute under export rules, and what it costs"
    end = wording.month(shortfall.days[-1])
    if part < 0.005:
        return f"{whose} labs' money buys as much training compute as anybody's in the year to {end}"
    return (
        f"{whose} labs' money buys {wording.share(part)} less training compute than at the world's best price, "
        f"in the year to {end}"
    )
