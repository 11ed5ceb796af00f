"""The capability frontier, and who is how many months behind it."""

from __future__ import annotations

import math
from typing import Unpack

from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.scales import ECI, MONTHS
from sim.figures.series import Grid, Series
from sim.figures.style import CLOSED, DASHES, OPEN, OTHER, region_colour, styled

LEVEL = 0.25  # months: a shorter lag is none


def frontier(
    market: DataFrame,
    *,
    leader: str = "us",
    follower: str = "china",
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """Best models by group of labs, and lags in months: open models, and a country, behind the world's best.

    Parameters
    ----------
    market
        The table `market`.
    leader, follower
        Region whose closed and open models are shown apart, and region whose lag is shown.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        world, ahead, behind = (
            Grid(market[market["region"] == name]) for name in ("world", leader, follower)
        )
        page = Page(
            "Best models released, on the Epoch Capabilities Index (ECI), and their lags in months",
            **options,
        )
        levels = page.panel("Capability, ECI points", ECI, 2.1)
        us, china = wording.adjective(leader, page.names), wording.adjective(follower, page.names)
        levels.line(world.read("capability"), "World's best", OTHER, weight=2.6, bands=False, bar=False)
        levels.line(ahead.read("capability_closed"), f"{us} closed", CLOSED)
        levels.line(ahead.read("capability_open"), f"{us} open", OPEN, DASHES[1])
        levels.line(behind.read("capability"), page.name(follower), region_colour(follower), DASHES[3])
        page.observe(levels, "capability", "world")
        page.observe(levels, "capability", follower)
        lags = page.panel("Lag behind the world's best model, months", MONTHS, 1.5)
        open_lag, lag = world.read("lag_open"), behind.read("lag")
        lags.line(open_lag, "Open models", OPEN, DASHES[1])
        lags.line(lag, f"{china} models", region_colour(follower), DASHES[3])
        page.observe(lags, "lag_open", "world")
        page.observe(lags, "lag", follower)
        return page.finish(title or _finding(open_lag, lag, f"{china} models"))


def _finding(open_lag: Series, lag: Series, who: str) -> str:
    first, second = open_lag.last_year(), lag.last_year()
    if not (math.isfinite(first) and math.isfinite(second)):
        return "Capability of the best models, and lags"
    end = wording.month(open_lag.days[-1])
    best = "the world's best"
    if min(first, second) >= LEVEL:
        both = f"{wording.months(first)} and {who} by {wording.months(second)}"
        return f"Open models trail {best} by {both} in the year to {end}"
    return f"Open models {_gap(first, best)} and {who} {_gap(second, 'it')} in the year to {end}"


def _gap(lag: float, than: str) -> str:
    return f"are level with {than}" if lag < LEVEL else f"trail {than} by {wording.months(lag)}"
