"""Facts against runs: one row a value, then scores by fact, family and in all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from sim.facts.ensemble import Ensemble
from sim.facts.indicators import Array
from sim.facts.observations import Observation, observations, valued
from sim.facts.rivals import error, persistence, scaled, tolerance_of, trend
from sim.facts.schema import Fact, Facts
from sim.scenario import Scenario

LOW, HIGH = 0.05, 0.95
NORMAL_90 = 1.6448536269514722
"""Half-width of a normal distribution's 90 % interval, in standard deviations."""
ERRORS = ndtri((np.arange(101) + 0.5) / 101) / NORMAL_90
"""Errors of measurement in tolerances: 101 equally likely ones, so that nothing is drawn."""
LEAST = 1e-12
"""What stands for 0 on a log scale."""
MOST = 10.0
"""An error counts as this many tolerances at most, so that no single value decides a mean."""

TIE = 1e-9
"""Errors that differ by less are equal."""

RIVALS = ("persistence", "trend", "without_rules")


@dataclass(frozen=True)
class Interval:
    """Median and 90 % interval, on the fact's scale."""

    low: float
    median: float
    high: float


def compare(
    facts: Facts, names: Iterable[str], scenario: Scenario, runs: Ensemble, without_rules: Ensemble | None
) -> pd.DataFrame:
    """A row for each value of each fact.

    Parameters
    ----------
    facts
        The file.
    names
        Facts that the scenario can be held against.
    scenario
        Whose history, if it replays any, gives some values away.
    runs, without_rules
        Ensembles with and without export rules.

    Returns
    -------
    Frame with columns fact, family, use, since, until, unit, value, tolerance, status (``scored``, ``given``
    by the replayed history, ``not simulated`` or ``undefined`` in more than half of the runs), median, low and
    high of the model, low_measured and high_measured with the error of measurement, hit (the value lies in the
    second interval), strict (it lies in the first), width (of the first, in widths of the fact's own
    interval), relative_width (in ranges of its series), and errors in tolerances: error of the model's median
    and of the rivals.
    """
    wanted = [one for one in observations(facts) if one.fact in set(names)]
    if not wanted:
        return pd.DataFrame(columns=["fact", "family", "use", "status", "hit", "strict"])
    said = valued(wanted, facts, runs.indicators, runs.start)
    other = None if without_rules is None else valued(wanted, facts, without_rules.indicators, runs.start)
    rows = []
    for place, series in _by_fact(wanted):
        fact = facts.facts[series[0].fact]
        forecasts = zip(persistence(series), trend(series, fact), strict=True)
        for i, (one, (same, line)) in enumerate(zip(series, forecasts, strict=True)):
            row = _row(one, fact, scenario, said[:, place + i], _range(fact, series))
            if row["status"] == "scored":
                rival = math.nan if other is None else _middle(other[:, place + i])
                row |= _errors(fact, one.value, {"persistence": same, "trend": line, "without_rules": rival})
            rows.append(row)
    return pd.DataFrame(rows)


def _by_fact(wanted: Sequence[Observation]) -> Iterable[tuple[int, list[Observation]]]:
    """Values of each fact, and the place of the first."""
    place = 0
    for _, group in itertools.groupby(wanted, lambda one: one.fact):
        series = list(group)
        yield place, series
        place += len(series)


def _row(
    one: Observation, fact: Fact, scenario: Scenario, said: Array, own_range: float
) -> dict[str, object]:
    row: dict[str, object] = {
        "fact": one.fact, "family": fact.family, "use": fact.use, "since": str(one.since),
        "until": str(one.until), "unit": fact.unit, "value": one.value, "tolerance": fact.tolerance,
        "status": _status(one, scenario, said),
    }  # fmt: skip
    if row["status"] != "scored":
        return row
    bare, measured = interval(fact, said), interval(fact, said, measured=True)
    value = scaled(fact, one.value)
    tolerance = tolerance_of(fact)
    back = math.exp if fact.scale == "log" else float
    return row | {
        "median": back(bare.median), "low": back(bare.low), "high": back(bare.high),
        "low_measured": back(measured.low), "high_measured": back(measured.high),
        "hit": measured.low <= value <= measured.high, "strict": bare.low <= value <= bare.high,
        "width": (bare.high - bare.low) / (2 * tolerance),
        "relative_width": (bare.high - bare.low) / own_range if own_range > 0 else math.nan,
        "error": min(abs(bare.median - value) / tolerance, MOST),
    }  # fmt: skip


def _status(one: Observation, scenario: Scenario, said: Array) -> str:
    if scenario.history_until is not None and one.until <= scenario.history_until:
        return "given"
    if one.since < scenario.start or one.until > scenario.end:
        return "not simulated"
    return "scored" if np.isfinite(said).mean() > 0.5 else "undefined"


def interval(fact: Fact, said: Array, *, measured: bool = False) -> Interval:
    """Median and 90 % interval of what runs say, on the fact's scale.

    Parameters
    ----------
    fact
        Gives scale and tolerance.
    said
        A value a run; those that are not defined are left out.
    measured
        Whether to add the error of measurement: normal, with 90 % of it within the tolerance.
    """
    values = _on_scale(fact, said)
    if measured:
        values = (values[:, None] + ERRORS * tolerance_of(fact)).ravel()
    low, median, high = np.quantile(values, (LOW, 0.5, HIGH))
    return Interval(float(low), float(median), float(high))


def _on_scale(fact: Fact, said: Array) -> Array:
    values = said[np.isfinite(said)]
    return np.log(np.maximum(values, LEAST)) if fact.scale == "log" else values


def _middle(said: Array) -> float:
    known = said[np.isfinite(said)]
    return float(np.median(known)) if len(known) else math.nan


def _errors(fact: Fact, value: float, forecasts: Mapping[str, float]) -> dict[str, float]:
    return {
        f"error_{name}": min(error(fact, forecast, value), MOST) if math.isfinite(forecast) else math.nan
        for name, forecast in forecasts.items()
    }


def _range(fact: Fact, series: Sequence[Observation]) -> float:
    """Distance from the least to the greatest value of a series, on the fact's scale; 0 of a single value."""
    values = [scaled(fact, one.value) for one in series]
    return max(values) - min(values)


def by_fact(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each fact with a scored value: the part of its values that hit, and mean widths and errors."""
    scored = table[table["status"] == "scored"]
    measures = [column for column in MEASURES if column in scored]
    numbers = scored.assign(**{name: scored[name].astype(float) for name in measures})
    return numbers.groupby(["family", "fact", "use"], sort=False)[measures].mean().reset_index()


MEASURES = (
    "hit", "strict", "width", "relative_width", "error",
    "error_persistence", "error_trend", "error_without_rules",
)  # fmt: skip


def by_family(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each family and use, and for all: facts, and means over facts, each counting alike."""
    facts = by_fact(table)
    everything = [facts, facts.assign(use="all")]
    counted = pd.concat([*everything, *(part.assign(family="all") for part in everything)])
    grouped = counted.groupby(["family", "use"], sort=False)
    measures = [column for column in MEASURES if column in facts]
    return grouped[measures].mean().assign(facts=grouped.size()).reset_index()


def beaten(table: pd.DataFrame) -> pd.DataFrame:
    """Mean error of the model and of each rival by family, on the values for which the rival has a forecast.

    Returns
    -------
    Frame with columns family, rival, facts, model, theirs (errors in tolerances, facts counting alike), and wins:
    facts on which the model's error is the smaller.
    """
    scored = table[table["status"] == "scored"]
    rows = []
    for rival in RIVALS:
        column = f"error_{rival}"
        known = scored[scored[column].notna()] if column in scored else scored.iloc[:0]
        means = known.groupby(["family", "fact"], sort=False)[["error", column]].mean()
        for family, part in [*means.groupby(level="family", sort=False), ("all", means)]:
            if len(part):
                rows.append(
                    {
                        "family": family, "rival": rival, "facts": len(part),
                        "model": part["error"].mean(), "theirs": part[column].mean(),
                        "wins": int((part["error"] < part[column] - TIE).sum()),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows, columns=["family", "rival", "facts", "model", "theirs", "wins"])
