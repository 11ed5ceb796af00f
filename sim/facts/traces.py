"""Each dated fact beside the same quantity of the runs, month by month, for figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.facts.indicators import Array
from sim.facts.observations import statistic
from sim.facts.schema import Fact
from sim.run.frames import dates
from sim.scenario.month import Month

if TYPE_CHECKING:
    from sim.facts.validate import Validation


def traces(found: Validation) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """By family, the runs and the facts.

    Returns
    -------
    For each family with dated series: a frame of fact, month, replicate and value (the fact's statistic over
    the months that end there); and a frame of fact, quantity, unit, scale, month, value, low and high (with
    the error of measurement), hit.
    """
    scored = found.table[found.table["status"] == "scored"]
    families: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
    for family, rows in scored.groupby("family", sort=False):
        names = [name for name in dict.fromkeys(rows["fact"]) if _fact(found, name).series is not None]
        if names:
            families[str(family)] = (
                pd.concat([_runs(found, name) for name in names], ignore_index=True),
                pd.concat([_values(found, name, rows) for name in names], ignore_index=True),
            )
    return families


def _fact(found: Validation, name: str) -> Fact:
    return found.facts.scenario.facts[name]


BEFORE = 12
"""Months of the runs that are shown before the first value: the beginning of a market is out of all scale."""


def _runs(found: Validation, name: str) -> pd.DataFrame:
    fact = _fact(found, name)
    first = max(min(fact.series or {}) - found.runs.start - BEFORE, 0)
    values = rolling(fact, found.runs.indicators[name])[:, first:]
    count, months = values.shape
    when = dates([found.runs.start + (first + i) for i in range(months)])
    return pd.DataFrame(
        {
            "fact": name,
            "month": np.tile(when, count),
            "replicate": np.repeat(np.arange(count), months),
            "value": values.ravel(),
        }
    )


def rolling(fact: Fact, values: Array) -> Array:
    """The fact's statistic over the window that ends in each month; arrays of shape (runs, months)."""
    span = fact.window - 1
    return np.stack(
        [statistic(fact.statistic, values, end - span, end) for end in range(values.shape[1])], axis=1
    )


def _values(found: Validation, name: str, rows: pd.DataFrame) -> pd.DataFrame:
    fact = _fact(found, name)
    mine = rows[rows["fact"] == name]
    return pd.DataFrame(
        {
            "fact": name,
            "quantity": fact.quantity,
            "unit": fact.unit,
            "scale": fact.scale,
            "month": dates([Month.parse(text) for text in mine["until"]]),
            "value": mine["value"].to_numpy(),
            "tolerance": mine["tolerance"].to_numpy(dtype=float),
            "hit": mine["hit"].to_numpy(dtype=bool),
        }
    )
