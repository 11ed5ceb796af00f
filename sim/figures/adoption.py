"""Adoption: who uses open models and who closed ones, whose country made them, which firms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Unpack

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import ranking, wording
from sim.figures.context import Options
from sim.figures.header import Key
from sim.figures.layout import Page
from sim.figures.panel import Panel
from sim.figures.scales import SHARE
from sim.figures.series import Grid, Series, add
from sim.figures.style import BLACK, CLOSED, DASHES, OPEN, OTHER, firm_colour, region_colour, styled

TOP = 8
SPENDING = "#7A3E00"
"""Open models' share of spending, beside that of tokens."""


def adoption_open(
    market: DataFrame, *, region: str = "world", title: str | None = None, **options: Unpack[Options]
) -> Figure:
    """Open against closed models: parts of tokens and of spending, and both open shares as lines with bands.

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
        tokens, money = grid.read("open_token_share"), grid.read("open_spending_share")
        page = Page(
            f"Use in {wording.where(region, options.get('names'))} by openness of the model's weights",
            **options,
        )
        for series, heading in ((tokens, "Tokens"), (money, "Spending")):
            page.panel(f"{heading}, share", SHARE, 1.15).stack(
                [
                    ranking.area("Closed models", series.one_minus(), CLOSED),
                    ranking.area("Open models", series, OPEN),
                ]
            )
        lines = page.panel("Open models alone, share", SHARE, 1.5)
        for series, column, label, colour, dash, mark in (
            (tokens, "open_token_share", "tokens", OPEN, DASHES[0], "point"),
            (money, "open_spending_share", "spending", SPENDING, DASHES[1], "square"),
        ):
            lines.line(series, f"Of {label}", colour, dash)
            page.observe(lines, column, region, Key(mark, BLACK, f"observed, of {label}"))
        return page.finish(title or _open_finding(tokens, money, region, page))


def _open_finding(tokens: Series, money: Series, region: str, page: Page) -> str:
    used, paid = tokens.end(), money.end()
    if not (math.isfinite(used) and math.isfinite(paid)):
        return "Open and closed models: share of tokens and of spending"
    place = "" if region == "world" else f" in {wording.where(region, page.names)}"
    link = "but" if used - paid > 0.1 else "and"
    return (
        f"Open models hold {wording.share(used)} of tokens {link} {wording.share(paid)} of spending{place} "
        f"by {wording.month(tokens.days[-1])}"
    )


def adoption_countries(
    usage: DataFrame,
    *,
    measure: str = "tokens",
    region: str | None = None,
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """Use by the home region of the lab that made the model: areas, and lines with bands.

    Parameters
    ----------
    usage
        The table `usage`.
    measure
        "tokens" or "spending".
    region
        Region of the customers; None: the world.
    title, options
        As in `adoption_open`.
    """
    with styled():
        grid = Grid(usage if region is None else usage[usage["region"] == region])
        parts = grid.split(measure, "origin")
        shares = ranking.shares(parts)
        shown = ranking.leading(parts, TOP)
        what = (
            f"{measure} in {wording.where(region, options.get('names'))}"
            if region
            else f"the world's {measure}"
        )
        page = Page(f"Share of {what} by home of the lab that made the model", **options)
        _areas(page.panel("Parts of the whole", SHARE), page, parts, shown, region_colour)
        lines = page.panel("Each region", SHARE)
        for order, key in enumerate(shown):
            lines.line(shares[key], page.name(key), region_colour(key), DASHES[order % len(DASHES)])
        return page.finish(title or _leaders(shares, shown, what, page, labs=True))


def adoption_firms(labs: DataFrame, *, title: str | None = None, **options: Unpack[Options]) -> Figure:
    """Share of tokens by the firm that made the model, whoever serves it, and share of labs' own revenue.

    Parameters
    ----------
    labs
        The table `labs`.
    title, options
        As in `adoption_open`.
    """
    with styled():
        grid = Grid(labs)
        own, hosted = grid.split("tokens", "lab"), grid.split("tokens_hosted", "lab")
        tokens = {key: add([own[key], hosted[key]]) for key in own}
        revenue = grid.split("revenue", "lab")
        shown = ranking.leading(tokens, TOP)
        page = Page(
            "Shares of the world by the firm that made the model",
            **options,
        )
        served = page.panel("Tokens from a firm's models, whoever serves them", SHARE, 2.1)
        _areas(served, page, tokens, shown, firm_colour)
        _areas(
            page.panel("Labs' revenue from their own services", SHARE, 2.1), page, revenue, shown, firm_colour
        )
        return page.finish(title or _leaders(ranking.shares(tokens), shown, "the world's tokens", page))


def _areas(
    panel: Panel, page: Page, parts: dict[str, Series], shown: Sequence[str], colour: Callable[[str], str]
) -> None:
    """Stack the parts that are shown, largest at the bottom, and the rest on top of them."""
    shares = ranking.shares(parts)
    stack = [
        ranking.area(page.name(key), shares[key], colour(key))
        for key in shown
        if np.nansum(shares[key].values) > 0
    ]
    rest = ranking.others(shares, shown)
    if rest is not None:
        stack.append(ranking.area("Others", rest, OTHER))
    panel.stack(stack)


def _leaders(
    shares: dict[str, Series], shown: Sequence[str], what: str, page: Page, *, labs: bool = False
) -> str:
    if not shown or not math.isfinite(shares[shown[0]].mean[-1]):
        return f"Share of {what}"
    words = [f"{wording.adjective(key, page.names)} labs" if labs else page.name(key) for key in shown[:2]]
    ends = [wording.share(float(shares[key].mean[-1])) for key in shown[:2]]
    title = f"Models from {words[0]} carry {ends[0]} of {what} in {wording.month(shares[shown[0]].days[-1])}"
    return f"{title}, those from {words[1]} {ends[1]}" if len(words) > 1 else title
