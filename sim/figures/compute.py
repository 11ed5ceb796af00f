"""Compute for training and for serving by region, and where China's comes from."""

from __future__ import annotations

import math
from typing import Unpack

from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import ranking, wording
from sim.figures.context import Options
from sim.figures.layout import Page
from sim.figures.scales import COUNT_LOG, SHARE
from sim.figures.series import Grid, Series, add
from sim.figures.style import BLACK, DASHES, HARDWARE, OTHER, region_colour, styled

TOP = 5


def compute(
    market: DataFrame,
    *,
    leader: str = "us",
    bound: str = "china",
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """Training and serving compute by region, and where a region under export rules has its compute from.

    Parameters
    ----------
    market
        The table `market`.
    leader, bound
        The region to compare with, and the region whose compute is taken apart.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        grid = Grid(market)
        page = Page("Compute in firms' hands by home region, in H100 equivalents (H100e)", **options)
        training, serving = grid.split("compute_training", "region"), grid.split("compute_serving", "region")
        shown = ranking.leading({key: part for key, part in training.items() if key != "world"}, TOP)
        for column, parts, heading in (
            ("compute_training", training, "Training compute, thousand H100e by FLOP/s"),
            ("compute_serving", serving, "Serving compute, thousand H100e by memory bandwidth"),
        ):
            panel = page.panel(heading, COUNT_LOG, 1.35)
            for order, key in enumerate(shown):
                panel.line(parts[key], page.name(key), region_colour(key), DASHES[order % len(DASHES)])
                page.observe(panel, column, key)
        where = wording.sentence(wording.name(bound, page.names))
        _sources(
            page, Grid(market[market["region"] == bound]), bound, f"{where}: sources of its compute, share"
        )
        return page.finish(title or _finding(training, leader, bound, page))


def sources(grid: Grid, bound: str) -> dict[str, tuple[Series, str]]:
    """A region's compute by where it comes from, with a colour each; parts are never negative."""
    smuggled, domestic, offshore = (
        grid.read(f"compute_{part}").or_zero() for part in ("smuggled", "domestic", "offshore")
    )
    bought = grid.read("compute") - add([smuggled, domestic, offshore])
    return {
        "Bought abroad": (bought.not_negative(), HARDWARE),
        "Home-made": (domestic.not_negative(), region_colour(bound)),
        "Rented abroad": (offshore.not_negative(), OTHER),
        "Smuggled": (smuggled.not_negative(), BLACK),
    }


def _sources(page: Page, grid: Grid, bound: str, heading: str) -> None:
    parts = sources(grid, bound)
    shares = ranking.shares({key: part for key, (part, _) in parts.items()})
    page.panel(heading, SHARE, 1.35).stack(
        [
            ranking.area(key, shares[key], colour)
            for key, (_, colour) in parts.items()
            if shares[key].values[shares[key].known].sum() > 0
        ]
    )


def _finding(training: dict[str, Series], leader: str, bound: str, page: Page) -> str:
    nothing = "Compute for training and for serving, by region"
    if leader not in training or bound not in training:
        return nothing
    part = (training[bound] / training[leader]).end()
    if not math.isfinite(part):
        return nothing
    whose, than = wording.adjective(bound, page.names), wording.adjective(leader, page.names)
    end = wording.month(training[leader].days[-1])
    if part > 1.5:
        return f"{whose} labs train on {wording.times(part)} the compute of {than} labs in {end}"
    return f"{whose} labs train on {wording.share(part)} of the compute of {than} labs in {end}"
