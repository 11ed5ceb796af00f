"""Prices: the best model against a fixed capability, and closed against open."""

from __future__ import annotations

import math
from typing import Unpack

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.scales import USD_LOG
from sim.figures.series import Grid, Series
from sim.figures.style import BLACK, CLOSED, DASHES, MUTED, OPEN, styled


def prices(
    market: DataFrame, *, region: str = "world", title: str | None = None, **options: Unpack[Options]
) -> Figure:
    """Price of the best model against the price of a fixed capability, and of closed against open models.

    Parameters
    ----------
    market
        The table `market`.
    region
        Region of the customers, or "world".
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        grid = Grid(market[market["region"] == region])
        page = Page(f"Prices of model use in {wording.where(region, options.get('names'))}", **options)
        best, fixed = grid.read("price_flagship"), grid.read("price_fixed")
        for heading, lines in (
            (
                "Best model and fixed capability, US dollars per million tokens",
                (
                    (best, "price_flagship", "Best model on sale", BLACK, DASHES[0]),
                    (fixed, "price_fixed", "GPT-4's capability", MUTED, DASHES[1]),
                ),
            ),
            (
                "Mean price paid, US dollars per million tokens",
                (
                    (grid.read("price_closed"), "price_closed", "Closed models", CLOSED, DASHES[0]),
                    (grid.read("price_open"), "price_open", "Open models", OPEN, DASHES[1]),
                ),
            ),
        ):
            panel = page.panel(heading, USD_LOG)
            for series, column, label, colour, dash in lines:
                panel.line(series, label, colour, dash)
                page.observe(panel, column, region)
        return page.finish(title or _finding(best, fixed))


def yearly_factor(series: Series) -> float:
    """The factor by which the median falls in a year, from its first month to its last; NaN under a year."""
    where = np.flatnonzero(np.isfinite(series.median) & (series.median > 0))
    if len(where) < 2:
        return math.nan
    years = float(series.days[where[-1]] - series.days[where[0]]) / 365.25
    return (
        float((series.median[where[0]] / series.median[where[-1]]) ** (1 / years))
        if years > 0.9
        else math.nan
    )


def _finding(best: Series, fixed: Series) -> str:
    # Over the same months: before the fixed capability is on sale, a lone seller may ask any price for the best.
    both = np.isfinite(best.median) & np.isfinite(fixed.median)
    fall, best_fall = (yearly_factor(Series(one.days[both], one.values[both])) for one in (fixed, best))
    if not (math.isfinite(fall) and math.isfinite(best_fall)):
        return "Price of the best model and of a fixed capability"
    said = _change(fall)
    return f"The price of GPT-4's capability {said} a year, the price of the best model {_change(best_fall)}"


def _change(fall: float) -> str:
    if 0.95 < fall < 1.05:
        return "holds"
    return f"falls {wording.times(fall)}" if fall > 1 else f"rises {wording.times(1 / fall)}"
