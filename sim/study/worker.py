"""What a worker does: a batch of runs, from numbers in to files out and a status back.

A batch is plain data, so that any process of any executor can take it. The worker reads the study from the
sweep's folder, once, and so needs no more than the folder's path: on a cluster, a shared file system.
"""

from __future__ import annotations

import hashlib
import math
import os
import secrets
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from sim.market import Market
from sim.run.errors import SimulationError
from sim.run.simulate import Task, run_market
from sim.scenario import ScenarioError
from sim.study.design import POINT, Sample
from sim.study.loading import load_study
from sim.study.store import (
    DONE,
    FAILED,
    SERIES_SCHEMA,
    asked_to_stop,
    read_design,
    runs_schema,
    write_batch,
)
from sim.study.study import Study, Unit
from sim.study.variants import hash_of
from sim.study.writing import STUDY

COMBINATION = "scenario"
"""Stage of a failure in which the drawn values of a run contradict each other."""
PROCESS = "process"
"""Stage of a failure that took the worker's process with it."""

_ONE_RUN = threading.Lock()
"""Runs of one process never overlap: a run holds the threads of linear algebra at one for the whole process."""


class Batch(NamedTuple):
    """Runs that one worker does in one go.

    Attributes
    ----------
    folder, study_hash
        The sweep, and the study that it must be of.
    units
        Its runs, as (point, replicate).
    blamed
        Error of a run that is not to be run but recorded: it killed its worker too often.
    """

    folder: str
    study_hash: str
    units: tuple[tuple[int, int], ...]
    blamed: str | None = None


class Failure(NamedTuple):
    """A run that failed."""

    unit: Unit
    seed: int
    stage: str
    error: str


class Report(NamedTuple):
    """What a worker sends back.

    Attributes
    ----------
    file
        Name under which the store counts the batch; empty if it could not be written.
    seconds
        Wall time of each run, in the order of the batch; fewer than asked if the sweep is to stop.
    failures
        Runs that failed.
    disk
        Why the batch could not be written, if it could not.
    """

    file: str
    seconds: tuple[float, ...]
    failures: tuple[Failure, ...]
    disk: str = ""


@lru_cache(maxsize=4)
def _opened(folder: str, study_hash: str) -> tuple[Study, Sample]:
    """The study in a folder; the hash keeps a worker that outlives a sweep from using an old one."""
    study = load_study(Path(folder) / STUDY)
    if study.hash != study_hash:
        raise AssertionError(f"{folder}: the study on disk is not the one that is run")
    return study, read_design(Path(folder))


def run_batch(batch: Batch) -> Report:
    """Do a batch of runs and write what they gave.

    A run that fails is a row like any other. A file that cannot be written is reported, not raised.
    """
    study, sample = _opened(batch.folder, batch.study_hash)
    rows: list[dict[str, Any]] = []
    series: list[pa.Table] = []
    failures: list[Failure] = []
    seconds: list[float] = []
    for pair in batch.units:
        if asked_to_stop(Path(batch.folder)):
            break
        unit = Unit(*pair)
        with _ONE_RUN:
            started = time.perf_counter()
            row, found = _run(study, unit, sample.entries(unit.point), batch.blamed)
            seconds.append(time.perf_counter() - started)
        rows.append(row)
        series += found
        if row["status"] == FAILED:
            failures.append(Failure(unit, row["seed"], row["stage"], row["error"]))
    if not rows:
        return Report("", (), ())
    runs = pa.Table.from_pylist(rows, schema=runs_schema(study))
    first, last = batch.units[0], batch.units[-1]
    name = f"{first[0]:07d}-{last[0]:07d}-{secrets.token_hex(6)}"
    kept = pa.concat_tables([SERIES_SCHEMA.empty_table(), *series]) if study.series else None
    try:
        file = write_batch(Path(batch.folder), name, runs, kept)
    except OSError as error:
        return Report("", (), (), disk=_reason(error))
    return Report(file, tuple(seconds), tuple(failures))


def _reason(error: OSError) -> str:
    number = error.errno
    return os.strerror(number) if number is not None else str(error)


def _run(
    study: Study, unit: Unit, entries: dict[str, Any], blamed: str | None
) -> tuple[dict[str, Any], list[pa.Table]]:
    """Row of a run, and its series."""
    seed = study.seed_of(unit)
    row: dict[str, Any] = {
        "run": _unnamed(study, unit), POINT: unit.point, "replicate": unit.replicate, "seed": seed, "status": FAILED,
        **entries, **dict.fromkeys((one.name for one in study.indicators), math.nan),
    }
    try:
        scenario = study.scenario(entries, seed)
        row["run"] = hash_of(scenario, seed)
        if blamed is not None:
            return row | {"stage": PROCESS, "error": blamed}, []
        market = run_market(Task(scenario, unit.replicate, seed))
    except ScenarioError as error:
        return row | {"stage": COMBINATION, "error": str(error)}, []
    except SimulationError as error:
        return row | {"stage": error.stage, "error": error.reason}, []
    row |= {one.name: one.of(market) for one in study.indicators}
    return row | {"status": DONE}, [_series(study, unit, row["run"], market)] if study.series else []


def _unnamed(study: Study, unit: Unit) -> str:
    """Name of a run that has no scenario."""
    return hashlib.sha256(f"{study.hash} {unit.point} {unit.replicate}".encode()).hexdigest()


def _series(study: Study, unit: Unit, run: str, market: Market) -> pa.Table:
    """Series of a run, one below the other."""
    found = [one.series(market) for one in study.series]
    counts = [len(values) for _, values in found]
    total = sum(counts)
    return pa.table(
        {
            "run": [run] * total,
            POINT: np.full(total, unit.point),
            "replicate": np.full(total, unit.replicate),
            "month": np.concatenate([months for months, _ in found]),
            "indicator": np.repeat([one.name for one in study.series], counts),
            "entity": np.repeat([one.entity for one in study.series], counts),
            "value": np.concatenate([values for _, values in found]),
        },
        schema=SERIES_SCHEMA,
    )
