"""Single values of facts, and what a run says in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.facts.indicators import Array, Days, Frames, monthly
from sim.facts.schema import Fact, Facts
from sim.scenario.month import Month


class Observation(NamedTuple):
    """One value of a fact and the months that it tells of."""

    fact: str
    since: Month
    until: Month
    value: float


def comparable(facts: Facts) -> dict[str, Fact]:
    """Facts that are held against the model, by id."""
    return {name: fact for name, fact in facts.facts.items() if fact.use != "unrepresented"}


def observations(facts: Facts) -> list[Observation]:
    """Every value of the facts that are held against the model, by fact and month."""
    return [one for name, fact in comparable(facts).items() for one in _observations(name, fact)]


def _observations(name: str, fact: Fact) -> list[Observation]:
    if fact.series is not None:
        span = fact.window - 1
        return [Observation(name, month - span, month, fact.series[month]) for month in sorted(fact.series)]
    assert fact.since is not None
    assert fact.until is not None
    assert fact.value is not None
    return [Observation(name, fact.since, fact.until, fact.value)]


def last_month(facts: Facts) -> Month:
    """The last month that a comparison needs."""
    months = [one.until for one in observations(facts)]
    return max([*months, facts.openings_end] if facts.openings else months)


def indicated(facts: Facts, frames: Frames, days: Days) -> dict[str, Array]:
    """The indicator of each comparable fact in one run, by month.

    Parameters
    ----------
    frames
        Tables of the run.
    days
        First days of its months.

    Returns
    -------
    Arrays of shape (months,); NaN where the indicator is not defined.
    """
    found = {}
    for name, fact in comparable(facts).items():
        assert fact.indicator is not None
        found[name] = monthly(frames, fact.indicator, fact.where, days, over=fact.over, minus=fact.minus)
    return found


def valued(
    wanted: Sequence[Observation], facts: Facts, monthly_values: Mapping[str, Array], start: Month
) -> Array:
    """What runs say in the place of observations.

    Parameters
    ----------
    wanted
        Observations.
    monthly_values
        By fact, arrays of shape (runs, months).
    start
        Month of the first column.

    Returns
    -------
    Array of shape (runs, observations); NaN where months are not simulated or the indicator is not defined.
    """
    columns = [
        statistic(facts.facts[one.fact].statistic, monthly_values[one.fact], one.since - start, one.until - start)
        for one in wanted
    ]
    return np.stack(columns, axis=1)


def statistic(kind: str, values: Array, first: int, last: int) -> Array:
    """One value a run from the months `first` to `last` of an array of shape (runs, months)."""
    runs, months = values.shape
    if first < 0 or last >= months:
        return np.full(runs, np.nan)
    span = values[:, first : last + 1]
    match kind:
        case "last":
            return span[:, -1]
        case "mean":
            return np.asarray(span.mean(axis=1))
        case "sum":
            return np.asarray(span.sum(axis=1))
        case "change":
            return np.asarray(span[:, -1] - span[:, 0])
        case "growth":
            return _growth(span)
    raise ValueError(f"statistic: found '{kind}', allowed are last, mean, sum, change, growth")


def _growth(span: Array) -> Array:
    """Factor a year from the first to the last month."""
    first, last = span[:, 0], span[:, -1]
    defined = (first > 0) & (last >= 0)
    ratio = np.divide(last, first, out=np.full(len(span), np.nan), where=defined)
    return np.asarray(ratio ** (12.0 / (span.shape[1] - 1)))
