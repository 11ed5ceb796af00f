"""Runs of which only the indicators that facts ask for are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from sim.facts.hazards import chosen, releases
from sim.facts.indicators import Array, first_openings
from sim.facts.observations import indicated, last_month
from sim.facts.schema import Facts
from sim.randomness import uniform
from sim.run.errors import SimulationError
from sim.run.frames import dates
from sim.run.simulate import Task, in_processes, run_task
from sim.scenario import Resolved, Scenario
from sim.scenario.month import Month

NEVER = np.inf


class Asked(NamedTuple):
    """One run, and the facts that it is held against: plain data that any process can take."""

    task: Task
    facts: Facts


class Measured(NamedTuple):
    """What is kept of one run: `Ensemble` tells of its parts; `failure` tells why there is nothing.

    `chances` are the odds of opening in releases of history (`sim.facts.hazards.chosen`).
    """

    indicators: Mapping[str, Array]
    opened: Mapping[str, float]
    chances: Array
    failure: str | None


@dataclass(frozen=True)
class Ensemble:
    """Indicators of many runs.

    Attributes
    ----------
    start
        First month.
    indicators
        By fact, arrays of shape (runs, months).
    opened
        By lab, the month (counted from `start`) in which it first had an open flagship in each run, shape
        (runs,); infinite if it never had one.
    failures
        Why runs are missing.
    """

    start: Month
    indicators: Mapping[str, Array]
    opened: Mapping[str, Array]
    failures: tuple[str, ...]

    @property
    def runs(self) -> int:
        """Runs that did not fail."""
        return next((len(values) for values in self.indicators.values()), 0)


def cut(loaded: Resolved, facts: Facts) -> Resolved:
    """The scenario, ended with the last month that a fact tells of: later months change none before."""
    last = last_month(facts)
    if loaded.scenario.end <= last or loaded.scenario.start > last:
        return loaded
    return loaded.with_values({"end": str(last)})


def ensemble(
    loaded: Resolved, facts: Facts, *, seed: int, replicates: int, workers: int,
    finished: Callable[[], None] = lambda: None,
) -> Ensemble:
    """Run a scenario with its uncertain parameters drawn, where it has any.

    Parameters
    ----------
    loaded
        The scenario, to its last month of interest (`cut`).
    facts
        What to measure.
    seed, replicates, workers
        As in `sim.simulate`.
    finished
        Called after each run.

    Raises
    ------
    SimulationError
        If every run fails.
    """
    asked = [Asked(Task(_drawn(loaded, seed + i), i, seed + i), facts) for i in range(replicates)]
    if workers == 1:
        measured = []
        for one in asked:
            measured.append(measure(one))
            finished()
    else:
        measured = in_processes(measure, asked, workers, lambda _: finished())
    return _stacked(loaded.scenario, facts, measured)


def measure(asked: Asked) -> Measured:
    """Run one replicate and keep its indicators."""
    try:
        frames = run_task(asked.task).frames
    except SimulationError as error:
        return Measured({}, {}, np.empty(0), str(error))
    scenario = asked.task.scenario
    months = [scenario.start + i for i in range(scenario.end - scenario.start + 1)]
    first = first_openings(frames["labs"])
    opened = {
        str(lab): float(Month(when.year, when.month) - scenario.start) for lab, when in first.items()
    }
    chances = chosen(releases(asked.facts, scenario), frames["decisions"])
    return Measured(indicated(asked.facts, frames, dates(months)), opened, chances, None)


def _drawn(loaded: Resolved, seed: int) -> Scenario:
    return loaded.draw(partial(uniform, seed, "parameters")).scenario if loaded.distributions else loaded.scenario


def _stacked(scenario: Scenario, facts: Facts, measured: list[Measured]) -> Ensemble:
    kept = [one for one in measured if one.failure is None]
    failures = tuple(one.failure for one in measured if one.failure is not None)
    if not kept:
        raise SimulationError(f"every run failed; the first: {failures[0]}")
    return Ensemble(
        start=scenario.start,
        indicators={name: np.stack([one.indicators[name] for one in kept]) for name in kept[0].indicators},
        opened={lab: np.array([one.opened.get(lab, NEVER) for one in kept]) for lab in facts.openings},
        failures=failures,
    )
