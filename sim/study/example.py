"""How long a run of a study takes, measured on one."""

from __future__ import annotations

import time

from sim.run.simulate import Task, run_market
from sim.study.design import Sample
from sim.study.study import Study, Unit

WARM_S = 20.0
"""A first run that took this long is not done again for a better measurement."""


def seconds_a_run(study: Study, points: Sample) -> float:
    """Wall time of the run in the middle of the design, its code once loaded.

    Raises
    ------
    SimulationError
        If that run fails.
    """
    unit = Unit(points.points // 2, 0)
    seed = study.seed_of(unit)
    scenario = study.scenario(points.entries(unit.point), seed)
    taken = _timed(Task(scenario, unit.replicate, seed))
    return taken if taken > WARM_S else _timed(Task(scenario, unit.replicate, seed))


def _timed(task: Task) -> float:
    started = time.perf_counter()
    run_market(task)
    return time.perf_counter() - started
