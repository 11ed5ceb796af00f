"""One of the worlds of `sim.analysis.channels`: a run in which rules act through some channels only, measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.analysis.compare import INDICATORS, last_month, whole_span
from sim.analysis.shapley import Array
from sim.market import Market
from sim.record import WORLD
from sim.run.errors import SimulationError
from sim.run.simulate import in_processes
from sim.scenario import Scenario
from sim.world.ablation import CHANNELS, Ablation

SHOWN = (
    ("open_propensity", False), ("open_token_share", True), ("lab_token_share", False), ("lag", False),
    ("margin_closed", False), ("margin_open", False),
)  # fmt: skip
MEASURES = tuple(
    found._replace(label=f"{found.label}, world") if found.world else found
    for shown in SHOWN
    for found in INDICATORS
    if (found.column, found.world) == shown
)
WINDOWS = ("last month", "since the rule")


class World(NamedTuple):
    """One run: plain data that any process can take."""

    scenario: Scenario
    seed: int
    ablation: Ablation
    region: str
    since: int
    """Index of the month in which the first of the rules begins."""

    @property
    def months(self) -> int:
        """Length of the run."""
        return self.scenario.end - self.scenario.start + 1


class Found(NamedTuple):
    """What a run gives back: the measures, (measures, windows), and what the pool held, (months, 2)."""

    values: Array
    pool: Array


def run_world(world: World) -> Found:
    """Run one world and measure it.

    Raises
    ------
    SimulationError
        If the model fails, with the seed and the channels that are off.
    """
    try:
        market = Market(world.scenario, world.seed, world.ablation).run()
    except Exception as error:
        off = ", ".join(channel for channel in CHANNELS if channel in world.ablation.off) or "none"
        reason = f"{type(error).__name__}: {error}"
        raise SimulationError(f"seed {world.seed}, channels off: {off}: {reason}") from error
    places = [*market.setting.regions, WORLD]
    rows = [
        market.record.market[measure.column][:, places.index(WORLD if measure.world else world.region)]
        for measure in MEASURES
    ]
    return Found(np.array([[last_month(row), whole_span(row[world.since :])] for row in rows]), market.pool)


def run_worlds(worlds: list[World], workers: int, finished: Callable[[World], None]) -> list[Found]:
    """Run worlds here or in worker processes; `finished` is called with each one that is done."""
    if workers > 1 and len(worlds) > 1:
        return in_processes(run_world, worlds, workers, finished)
    found = []
    for world in worlds:
        found.append(run_world(world))
        finished(world)
    return found
