"""Runs of a calibration on disk: a file a run, so that whatever stops it, only runs under way are lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.facts.ensemble import NEVER, Asked, measure
from sim.facts.hazards import half_years, happened, occasions
from sim.facts.indicators import Array
from sim.facts.observations import observations, valued
from sim.facts.schema import Facts
from sim.run.folder import write_whole
from sim.run.simulate import Task, in_processes
from sim.study.study import Study
from sim.study.variants import Variants

POINTS = "points.parquet"
RUNS = "runs"


class Run(NamedTuple):
    """One run, and the file that its values go to."""

    asked: Asked
    path: str


class Said(NamedTuple):
    """What runs of a wave, or of several, said.

    Attributes
    ----------
    points
        Of the unit cube, shape (runs, factors).
    values
        In the place of observations, shape (runs, observations); NaN of failed runs.
    openings
        Which firms opened on which occasions, or would have, shape (runs, occasions); see `hazards.happened` and
        `hazards.chosen`.
    """

    points: Array
    values: Array
    openings: Array

    @classmethod
    def together(cls, parts: Sequence[Said]) -> Said:
        """All runs of several waves."""
        return cls(*(np.concatenate(kind) for kind in zip(*parts, strict=True)))


class Wave:
    """The folder of one wave.

    Parameters
    ----------
    folder
        Where it is or will be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def planned(self) -> bool:
        """Whether its points are known."""
        return (self.folder / POINTS).exists()

    def plan(self, study: Study, quantiles: Array) -> None:
        """Write its points, (points, factors) in the unit cube."""
        (self.folder / RUNS).mkdir(parents=True, exist_ok=True)
        frame = pd.DataFrame(quantiles, columns=[factor.name for factor in study.factors])
        write_whole(self.folder / POINTS, frame.to_parquet())

    def quantiles(self) -> Array:
        """Its points in the unit cube, (points, factors)."""
        return pd.read_parquet(self.folder / POINTS).to_numpy(dtype=float)

    def missing(self, study: Study) -> list[tuple[int, int]]:
        """Runs that are not there yet, as (point, replicate)."""
        return [
            (point, replicate)
            for point in range(len(self.quantiles()))
            for replicate in range(study.replicates)
            if not self._path(point, replicate).exists()
        ]

    def run(
        self, study: Study, facts: Facts, variants: Variants, *, workers: int, finished: Callable[[], None]
    ) -> None:
        """Do the runs that are missing.

        Raises
        ------
        SimulationError
            If a process dies. A run that fails has no values, and the reason in its file.
        """
        quantiles = self.quantiles()
        runs = []
        for point, replicate in self.missing(study):
            entries = entries_of(study, quantiles[point])
            seed = study.seed + (replicate if study.common_seeds else point * study.replicates + replicate)
            make = variants.drawn if study.uncertainty else lambda values, _seed: variants.scenario(values)
            task = Task(make(study.values(entries), seed), replicate, seed)
            runs.append(Run(Asked(task, facts), str(self._path(point, replicate))))
        if workers > 1 and len(runs) > 1:
            in_processes(run_to_file, runs, workers, lambda _: finished())
            return
        for run in runs:
            run_to_file(run)
            finished()

    def said(self, study: Study) -> Said:
        """What all its runs said."""
        points, values, openings = [], [], []
        for point, quantiles in enumerate(self.quantiles()):
            for replicate in range(study.replicates):
                kept = json.loads(self._path(point, replicate).read_text(encoding="utf-8"))
                points.append(quantiles)
                values.append(_with_gaps(kept["values"]))
                openings.append(_with_gaps(kept["openings"]))
        return Said(np.array(points), np.array(values), np.array(openings))

    def failures(self, study: Study) -> int:
        """Runs that failed."""
        paths = (self._path(p, r) for p in range(len(self.quantiles())) for r in range(study.replicates))
        return sum(json.loads(path.read_text(encoding="utf-8"))["failure"] is not None for path in paths)

    def _path(self, point: int, replicate: int) -> Path:
        return self.folder / RUNS / f"{point:06d}-{replicate}.json"


def entries_of(study: Study, quantiles: Array) -> dict[str, object]:
    """What each factor is at a point of the unit cube."""
    return {factor.name: factor.entry(float(u)) for factor, u in zip(study.factors, quantiles, strict=True)}


def run_to_file(run: Run) -> None:
    """Run, and write what is held against facts; the file is there only when it is whole."""
    facts, scenario = run.asked.facts, run.asked.task.scenario
    wanted, at_risk = observations(facts), half_years(facts, scenario)
    measured = measure(run.asked)
    if measured.failure is None:
        indicators = {name: values[None, :] for name, values in measured.indicators.items()}
        said = valued(wanted, facts, indicators, scenario.start)[0]
        opened = {one.lab: np.array([measured.opened.get(one.lab, NEVER)]) for one in at_risk}
        did = happened(at_risk, opened, scenario.start)[0] if at_risk else np.empty(0)
        openings = np.concatenate([measured.chances, did])
    else:
        said, openings = np.full(len(wanted), np.nan), np.full(len(occasions(facts, scenario)), np.nan)
    about = {"values": _without_gaps(said), "openings": _without_gaps(openings), "failure": measured.failure}
    write_whole(Path(run.path), json.dumps(about))


def _without_gaps(values: Array) -> list[float | None]:
    """JSON has no NaN."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _with_gaps(kept: list[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in kept], dtype=float)
