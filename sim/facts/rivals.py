"""Forecasts that need no model: the first value of a series stays, or the line through its first two goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.facts.observations import Observation
from sim.facts.schema import Fact


def persistence(series: Sequence[Observation]) -> list[float]:
    """The first value for ever; NaN for the first itself.

    Parameters
    ----------
    series
        Values of one fact by month.
    """
    return [math.nan, *(series[0].value for _ in series[1:])]


def trend(series: Sequence[Observation], fact: Fact) -> list[float]:
    """The line through the first two values, in logs on a log scale; NaN for these two."""
    if len(series) < 3:
        return [math.nan] * len(series)
    first, second = series[0], series[1]
    low, high = scaled(fact, first.value), scaled(fact, second.value)
    slope = (high - low) / (second.until - first.until)
    ahead = [low + slope * (one.until - first.until) for one in series[2:]]
    return [math.nan, math.nan, *(unscaled(fact, value) for value in ahead)]


def scaled(fact: Fact, value: float) -> float:
    """A value on the fact's scale."""
    if fact.scale == "linear":
        return value
    return math.log(value) if value > 0 else -math.inf


def unscaled(fact: Fact, value: float) -> float:
    """Back from the fact's scale."""
    return value if fact.scale == "linear" else math.exp(value)


def tolerance_of(fact: Fact) -> float:
    """The fact's tolerance on its scale."""
    assert fact.tolerance is not None
    return scaled(fact, fact.tolerance)


def error(fact: Fact, forecast: float, value: float) -> float:
    """Distance of a forecast from a fact, in tolerances of the fact."""
    return abs(scaled(fact, forecast) - scaled(fact, value)) / tolerance_of(fact)
