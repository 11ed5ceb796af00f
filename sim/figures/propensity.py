"""How likely labs are to open their flagship, beside how much open models are used: two things, never one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Unpack

from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.scales import SHARE
from sim.figures.series import Grid, Series
from sim.figures.style import DASHES, region_colour, styled


def propensity(
    market: DataFrame,
    *,
    regions: Sequence[str] = ("us", "china"),
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """Probability that a region's labs open their flagship, and share of open models in the region's use.

    Parameters
    ----------
    market
        The table `market`.
    regions
        Regions to compare.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        page = Page("Openness of release and of use, by region", **options)
        found: dict[str, Series] = {}
        for column, heading, who in (
            (
                "open_propensity",
                "Probability that a lab opens its flagship, mean of 12 months' choices",
                "labs",
            ),
            ("open_token_share", "Share of tokens from open models, by region of the customers", "customers"),
        ):
            panel = page.panel(heading, SHARE)
            for order, region in enumerate(regions):
                series = Grid(market[market["region"] == region]).read(column)
                label = f"{wording.adjective(region, page.names)} {who}"
                panel.line(series, label, region_colour(region), DASHES[order % len(DASHES)])
                page.observe(panel, column, region)
                found.setdefault(region, series)
        return page.finish(title or _finding(found, page))


def _finding(found: dict[str, Series], page: Page) -> str:
    known = {
        region: series.last_year() for region, series in found.items() if math.isfinite(series.last_year())
    }
    if not known:
        return "Probability of open release, and use of open models"
    said = [
        f"{wording.adjective(region, page.names)} labs {wording.share(part)}"
        for region, part in known.items()
    ]
    end = wording.month(next(iter(found.values())).days[-1])
    return f"Mean probability of opening the flagship: {wording.listed(said)}, in the year to {end}"
