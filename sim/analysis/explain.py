"""Why a lab chose its release mode: the row of the table `decisions` in words that follow from its numbers alone."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.record import COMPONENTS, MODES
from sim.run.errors import RunError
from sim.run.results import Result
from sim.scenario.month import ALLOWED, Month
from sim.scenario.problems import did_you_mean, listed

Array = NDArray[np.float64]
CONSISTENT = 1e-6
"""Relative error within which log odds count as proportional to payoffs."""


@dataclass(frozen=True)
class Choice:
    """One choice of a release mode.

    Attributes
    ----------
    lab, month, rule, previous, taken
        Who chose, when, by which decision rule, after which mode, and what.
    model
        Name of the family.
    forced
        Whether history or an event decided.
    capability, gap
        The flagship, ECI, and its distance to the best rival.
    scale
        The firm's revenue scale, USD a month.
    parts
        Payoff of each mode by component, USD a month, (modes, components); NaN where a mode was not allowed or the
        rule did not look at payoffs.
    probability
        Of each mode, (modes,).
    """

    lab: str
    month: Month
    model: str
    rule: str
    previous: str
    taken: str
    forced: bool
    capability: float
    gap: float
    scale: float
    parts: Array
    probability: Array

    @property
    def payoff(self) -> Array:
        """All components together, USD a month, (modes,)."""
        return np.asarray(self.parts.sum(axis=1))

    @property
    def chosen(self) -> int:
        """Index of the mode taken."""
        return MODES.index(self.taken)

    @property
    def next_best(self) -> int | None:
        """Index of the mode of the best payoff but for the one taken; None if there is no other to compare with."""
        others = np.where(np.arange(len(MODES)) == self.chosen, np.nan, self.payoff)
        if np.isnan(self.payoff[self.chosen]) or np.isnan(others).all():
            return None
        return int(np.nanargmax(others))

    @property
    def intensity(self) -> float | None:
        """Intensity of choice of the logit in payoffs that gives these probabilities; None if none does."""
        value, seen = self.payoff / self.scale, self.probability > 0.0
        if not np.array_equal(seen & np.isfinite(value), seen) or seen.sum() < 2:
            return None
        value, odds = value[seen], np.log(self.probability[seen])
        low, high = int(value.argmin()), int(value.argmax())
        if value[high] <= value[low]:
            return None
        found = float((odds[high] - odds[low]) / (value[high] - value[low]))
        expected = odds[high] + found * (value - value[high])
        same = np.allclose(odds, expected, rtol=CONSISTENT, atol=CONSISTENT)
        return found if same and found >= 0.0 else None


@dataclass(frozen=True)
class Change:
    """By how much one component would have to differ for two modes to pay the same, all else as it was.

    Attributes
    ----------
    component
        Name of the component.
    difference
        What the taken mode gains by it over the other, USD a month.
    alone
        Relative change of the other mode's component; NaN: it has none, inf: not even if the loss vanished.
    both
        Relative change of the component in both modes alike; NaN: it is the same in both, inf: not even without it.
    """

    component: str
    difference: float
    alone: float
    both: float


def changes(choice: Choice, other: int) -> list[Change]:
    """For each component, what would close the gap between the mode taken and another one."""
    taken, rival = choice.parts[choice.chosen], choice.parts[other]
    gap = float(choice.payoff[choice.chosen] - choice.payoff[other])
    return [
        Change(
            component,
            float(taken[k] - rival[k]),
            _relative(gap, float(rival[k])),
            _relative(-gap, float(taken[k] - rival[k])),
        )
        for k, component in enumerate(COMPONENTS)
    ]


def _relative(wanted: float, part: float) -> float:
    """Relative change of a part that adds `wanted`; NaN of nothing, inf if the part's sign would have to turn."""
    if part == 0.0:
        return math.nan
    change = wanted / part
    return change if change >= -1.0 else math.inf


def chance(choice: Choice, mode: int, intensity: float) -> float:
    """Probability of a mode in a logit of this intensity in the choice's payoffs."""
    value = (choice.payoff - np.nanmax(choice.payoff)) / choice.scale
    weight = np.where(np.isfinite(value), np.exp(intensity * np.nan_to_num(value)), 0.0)
    return float(weight[mode] / weight.sum())


def even_intensity(choice: Choice, mode: int, chance_wanted: float = 0.5) -> float | None:
    """Least intensity of choice at which a mode has this chance; None if it has it at none.

    Only the mode of the best payoff gets ever likelier as the intensity grows.
    """
    from scipy.optimize import brentq

    if chance(choice, mode, 0.0) >= chance_wanted:
        return 0.0
    payoff = choice.payoff
    gaps = (payoff[mode] - np.delete(payoff, mode)) / choice.scale
    gaps = gaps[np.isfinite(gaps)]
    if not (gaps > 0.0).all():
        return None
    # With n modes this intensity makes the odds against each rival (n - 1) c / (1 - c) at least.
    most = math.log(len(gaps) * chance_wanted / (1.0 - chance_wanted)) / float(gaps.min())
    return float(brentq(lambda x: chance(choice, mode, x) - chance_wanted, 0.0, most * (1.0 + 1e-9)))


def greatest_chance(choice: Choice, mode: int) -> tuple[float, float]:
    """The best chance that a mode can have that is not of the best payoff, and the intensity that gives it."""
    from scipy.optimize import brentq

    value = choice.payoff / choice.scale
    known = np.isfinite(value)

    def excess(intensity: float) -> float:
        """What the mode pays above the mean that is expected; the chance grows while it is positive."""
        weight = np.exp(intensity * (value[known] - value[known].max()))
        return float(value[mode] - (weight * value[known]).sum() / weight.sum())

    if excess(0.0) <= 0.0:
        return chance(choice, mode, 0.0), 0.0
    high = 1.0
    while excess(high) > 0.0 and high < 1e12:
        high *= 2.0
    if excess(high) > 0.0:
        return chance(choice, mode, high), high
    at = float(brentq(excess, 0.0, high))
    return chance(choice, mode, at), at


def choices(result: Result, lab: str, replicate: int = 0) -> list[Choice]:
    """All choices of a lab in a replicate, in order of time.

    Raises
    ------
    RunError
        If the result has no such lab or replicate, or the lab released nothing.
    """
    labs = [str(name) for name in result.labs["lab"].cat.categories]
    if lab not in labs:
        hint = did_you_mean(lab, labs)
        raise RunError(f"lab: '{lab}', which the result does not have; allowed: {listed(labs)}{hint}")
    if not 0 <= replicate < len(result.seeds):
        raise RunError(f"replicate: {replicate}; allowed: 0 to {len(result.seeds) - 1}")
    rows, names = (
        table[(table["lab"] == lab) & (table["replicate"] == replicate)].sort_values("month", kind="stable")
        for table in (result.decisions, result.models)
    )
    if not len(rows):
        raise RunError(f"{lab}: released nothing in replicate {replicate}")
    models = [str(name) for name in names["model"]]
    return [choice_of(row, model) for row, model in zip(rows.to_dict("records"), models, strict=True)]


def choice_of(row: Mapping[Hashable, Any], model: str = "") -> Choice:
    """The choice in a row of the table `decisions`; `model` is the name of the family."""
    day = pd.Timestamp(row["month"])
    return Choice(
        lab=str(row["lab"]),
        month=Month(day.year, day.month),
        model=model,
        rule=str(row["rule"]),
        previous=str(row["previous"]),
        taken=str(row["taken"]),
        forced=bool(row["forced"]),
        capability=float(row["capability"]),
        gap=float(row["frontier_gap"]),
        scale=float(row["scale"]),
        parts=np.array([[float(row[f"{mode}_{part}"]) for part in COMPONENTS] for mode in MODES]),
        probability=np.array([float(row[f"{mode}_probability"]) for mode in MODES]),
    )


def explain(result: Result, lab: str, date: str, replicate: int = 0) -> Choice:
    """The choice of a lab in a month, or its last one before.

    Parameters
    ----------
    result
        As `sim.simulate` or `sim.load_result` give it.
    lab
        Key of the lab.
    date
        Month, as ``2025-06``.
    replicate
        Number of the replicate.

    Raises
    ------
    RunError
        If there is no such lab, replicate, month or choice, or if the lab did not choose itself.
    """
    try:
        month = Month.parse(date)
    except ValueError as error:
        raise RunError(f"date: '{date}' is {error}; allowed: {ALLOWED}") from None
    all_ = choices(result, lab, replicate)
    before = [choice for choice in all_ if choice.month <= month]
    if not before:
        raise RunError(f"{lab}: no choice up to {month}; its first is in {all_[0].month}")
    choice = before[-1]
    if choice.forced:
        own = [str(other.month) for other in all_ if not other.forced]
        there = f"its own choices: {listed(own)}" if own else "it never chose itself"
        raise RunError(
            f"{lab}, {choice.month}: {_who_decided(result, choice)} that {choice.model} comes as {choice.taken}, "
            f"not the lab; {there}"
        )
    return choice


def _who_decided(result: Result, choice: Choice) -> str:
    """History, or the event of the scenario that forced a release."""
    for event in result.scenario.scenario.events:
        if event.kind == "forced_release" and event.lab == choice.lab and event.date == choice.month:
            return f"the event '{event.name}' decided"
    return "history decided"
