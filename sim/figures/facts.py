"""Runs against facts: a panel for each measured series, its values on top."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures import wording
from sim.figures.context import Options, day
from sim.figures.layout import Page
from sim.figures.panel import Panel
from sim.figures.scales import COUNT, COUNT_LOG, ECI, SHARE, USD_LOG, Scale
from sim.figures.series import Grid
from sim.figures.style import CLOSED, styled

PANEL = 0.85  # inches high on a page
AMOUNT = Scale("linear", wording.count)
SHARES = ("share", "ratio", "0-1", "share of revenue")


def against_facts(
    runs: DataFrame,
    facts: DataFrame,
    *,
    family: str,
    title: str | None = None,
    **options: Unpack[Options],
) -> Figure:
    """A family of facts, series by series, with the runs' median and bands.

    Parameters
    ----------
    runs
        Columns fact, month, replicate, value.
    facts
        Columns fact, quantity, unit, scale ("linear" or "log"), month, value, tolerance (a factor on a log
        scale), hit.
    family
        What the facts have in common, for the subtitle.
    title
        The finding; made from the numbers if None.
    options
        See `sim.figures.context.Options`.
    """
    with styled():
        page = Page(f"Measured values (points, bars: tolerance) and runs: {family}", **options)
        for name in dict.fromkeys(facts["fact"]):
            mine = facts[facts["fact"] == name]
            first = mine.iloc[0]
            heading = f"{first['quantity']} ({first['unit']})"
            panel = page.panel(heading, _scale(mine), height=PANEL)
            panel.line(Grid(runs[runs["fact"] == name]).read("value"), "runs", CLOSED)
            _measured(panel, mine)
        return page.finish(title or _finding(facts, family))


def _scale(facts: DataFrame) -> Scale:
    first = facts.iloc[0]
    unit, values = str(first["unit"]), facts["value"].to_numpy(dtype=float)
    if first["scale"] == "log":
        return USD_LOG if unit.startswith("USD") else COUNT_LOG
    if unit in ("ECI", "count"):
        return ECI if unit == "ECI" else COUNT
    return SHARE if unit in SHARES and (values >= 0).all() and (values <= 1).all() else AMOUNT


def _measured(panel: Panel, facts: DataFrame) -> None:
    days = np.array([day(np.datetime64(when)) for when in facts["month"]], dtype=np.float64)
    values, tolerance = (facts[column].to_numpy(dtype=np.float64) for column in ("value", "tolerance"))
    log = facts["scale"].iloc[0] == "log"
    low, high = (values / tolerance, values * tolerance) if log else (values - tolerance, values + tolerance)
    panel.ranges(days, low, high)
    panel.points(days, values)


def _finding(facts: DataFrame, family: str) -> str:
    hits, count = int(facts["hit"].sum()), len(facts)
    every = "all" if hits == count else str(hits)
    return f"{wording.sentence(family)}: {every} of {count} dated values lie in the runs' 90{wording.NBSP}% interval"
