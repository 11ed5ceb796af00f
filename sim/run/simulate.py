"""Run a scenario for one or more seeds, here or in worker processes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple, TypeVar

from threadpoolctl import ThreadpoolController

from sim.economics import engines
from sim.market import Market
from sim.randomness import uniform
from sim.run.errors import RunError, SimulationError
from sim.run.frames import Frames, concatenate, frames
from sim.run.results import Result
from sim.run.tally import Progress, Tally
from sim.scenario import Resolved, Scenario, load

Source = Resolved | Scenario | str | Path
"""What can be simulated: a loaded scenario, its values alone, or what `sim.load` takes."""

T = TypeVar("T")
R = TypeVar("R")

LAST_SEED = 2**63 - 1
MAX_REPLICATES = 100_000


class Task(NamedTuple):
    """One replicate: plain data that any process can run."""

    scenario: Scenario
    replicate: int
    seed: int


class Outcome(NamedTuple):
    """What a replicate gives back."""

    frames: Frames
    duration_s: float


def simulate(
    scenario: Source,
    *,
    seed: int = 1,
    replicates: int = 1,
    uncertainty: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> Result:
    """Simulate a scenario.

    Parameters
    ----------
    scenario
        What `sim.load` gave, or what it would take: the name of a shipped scenario or the path of a file.
    seed
        Seed of the first replicate; replicate i has ``seed + i``. Two scenarios with one seed share every
        draw that both make.
    replicates
        Number of replicates.
    uncertainty
        Whether each replicate draws the parameters that the scenario gives as distributions; otherwise they
        stand at their central value.
    workers
        Processes to use. The result does not depend on it.
    progress
        Called from time to time with months done and months in all.

    Returns
    -------
    Result
        With one tidy frame a table: `market`, `labs`, `clouds`, `models`, `decisions`, `usage`.

    Raises
    ------
    ScenarioError
        If the scenario cannot be read; its text lists every problem.
    RunError
        If a number is out of range, or uncertainty is asked of a scenario that has none.
    SimulationError
        If the model fails in a replicate.
    """
    loaded = resolved(scenario)
    check_numbers(loaded, seed, replicates, uncertainty, workers)
    scenarios = [_drawn(loaded, seed + i) if uncertainty else loaded.scenario for i in range(replicates)]
    tasks = [Task(drawn, i, seed + i) for i, drawn in enumerate(scenarios)]
    if workers == 1 or replicates == 1:
        outcomes = _here(tasks, progress)
    else:
        outcomes = _elsewhere(tasks, min(workers, replicates), progress)
    return Result(
        scenario=loaded,
        seeds=tuple(task.seed for task in tasks),
        uncertainty=uncertainty,
        durations_s=tuple(outcome.duration_s for outcome in outcomes),
        **concatenate([outcome.frames for outcome in outcomes]),
    )


def resolved(scenario: Source) -> Resolved:
    """Load what is not loaded yet.

    Raises
    ------
    ScenarioError
        As `sim.load`.
    """
    if isinstance(scenario, Resolved):
        return scenario
    if isinstance(scenario, Scenario):
        return Resolved.of(scenario)
    return load(scenario)


def check_numbers(loaded: Resolved, seed: int, replicates: int, uncertainty: bool, workers: int) -> None:
    """Refuse numbers that no simulation can take.

    Raises
    ------
    RunError
        If one is out of range, or uncertainty is asked of a scenario that has none.
    """
    if not 1 <= replicates <= MAX_REPLICATES:
        raise RunError(f"replicates: {replicates}; allowed: 1 to {MAX_REPLICATES}")
    if not 0 <= seed <= LAST_SEED - replicates:
        raise RunError(f"seed: {seed}; allowed: 0 to {LAST_SEED - replicates}")
    if workers < 1:
        raise RunError(f"workers: {workers}; allowed: 1 or more")
    if uncertainty and not loaded.distributions:
        raise RunError(
            f"uncertainty: no parameter of '{loaded.name}' is a distribution; "
            "give one as {dist: triangular, low: ..., mode: ..., high: ...}, or run without uncertainty"
        )


def _drawn(loaded: Resolved, seed: int) -> Scenario:
    return loaded.draw(partial(uniform, seed, "parameters")).scenario


def run_task(task: Task, tick: Callable[[], None] = lambda: None) -> Outcome:
    """Run one replicate and make its tables; `tick` is called after each month.

    Raises
    ------
    SimulationError
        As `run_market`.
    """
    started = time.perf_counter()
    market = run_market(task, tick)
    tables = frames(market.record, market.setting, replicate=task.replicate, seed=task.seed)
    return Outcome(tables, time.perf_counter() - started)


def run_market(task: Task, tick: Callable[[], None] = lambda: None) -> Market:
    """Run one replicate to its end; `tick` is called after each month.

    Raises
    ------
    SimulationError
        If the model fails, with month, seed and reason.
    """
    # Arrays are small: threads of linear algebra would only wait for each other, and cut sums up by the load.
    _let_go_of_earlier_runs()
    with _thread_pools().limit(limits=1):
        with _blaming(task, "set-up"):
            engine = engines.chosen(None)
            market = Market(task.scenario, task.seed)
        with engines.settled(engine):
            for month in market.months:
                with _blaming(task, str(month)):
                    market.step()
                tick()
    market.finish()
    return market


@cache
def _thread_pools() -> ThreadpoolController:
    """Libraries of linear algebra that are loaded; they are with `sim.market`, and looking for them takes a while."""
    return ThreadpoolController()


def _let_go_of_earlier_runs() -> None:
    """In a worker, free the markets that ran before: agents and market hold each other, and Python waits long to look.

    What is left then (modules, compiled code) is not looked at again, or each look would take a sixth of a run. In
    the process of a user, who may have objects of his own, nothing is done.
    """
    if multiprocessing.parent_process() is not None:
        gc.collect()
        gc.freeze()


@contextmanager
def _blaming(task: Task, where: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        message = f"replicate {task.replicate} (seed {task.seed}), {where}: {reason}"
        raise SimulationError(message, where, reason) from error


def _here(tasks: list[Task], progress: Progress | None) -> list[Outcome]:
    months = Tally(progress, sum(map(_months, tasks)))
    return [run_task(task, months.add) for task in tasks]


def _elsewhere(tasks: list[Task], workers: int, progress: Progress | None) -> list[Outcome]:
    months = Tally(progress, sum(map(_months, tasks)))
    return in_processes(run_task, tasks, workers, lambda task: months.add(_months(task)))


def in_processes(
    run: Callable[[T], R], tasks: Sequence[T], workers: int, finished: Callable[[T], None]
) -> list[R]:
    """Results of tasks that worker processes run, in the order of the tasks.

    Parameters
    ----------
    run
        A function of a module, so that a process can find it.
    finished
        Called here with each task that is done.

    Raises
    ------
    SimulationError
        If a process dies; whatever a task raises is raised here.
    """
    results: dict[int, R] = {}
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context, initializer=prepare_worker)
    try:
        with interrupts_held():  # workers start here, and inherit it
            submitted = {pool.submit(run, task): place for place, task in enumerate(tasks)}
        for future in as_completed(submitted):
            place = submitted[future]
            results[place] = future.result()
            finished(tasks[place])
    except BrokenProcessPool as error:
        raise SimulationError(
            "a worker process died: for lack of memory, or because the script that asks for workers "
            "has no `if __name__ == '__main__':` around it"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [results[place] for place in range(len(tasks))]


def _months(task: Task) -> int:
    return task.scenario.end - task.scenario.start + 1


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back; processes started meanwhile never get it and leave it to their parent."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def prepare_worker() -> None:
    """End when the parent does, however it ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
