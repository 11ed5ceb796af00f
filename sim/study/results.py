"""A sweep read back: tidy frames that are the same whatever the order in which its runs were done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from sim.run.errors import RunError
from sim.run.manifest import made_by
from sim.study.design import POINT
from sim.study.loading import load_study
from sim.study.store import DONE, RUNS, SERIES, SERIES_SCHEMA, Store, read_design, read_parts, runs_schema
from sim.study.study import Study
from sim.study.writing import STUDY

ORDER = [POINT, "replicate"]


@dataclass(frozen=True, repr=False, eq=False)
class StudyResults:
    """What `sim.load_results` returns.

    Attributes
    ----------
    study
        What was asked: factors, design, indicators, seeds.
    design
        One row a point: ``point``, and a column a factor.
    quantiles
        Position of each point in the unit cube, (points, factors); none for grids and lists.
    runs
        One row a run: ``run`` (its hash), ``point``, ``replicate``, ``seed``, ``status`` (``done`` or
        ``failed``), ``stage`` and ``error`` of a failure, a column a factor, a column an indicator (missing
        where the run failed). Sorted by point and replicate.
    series
        One row a run, month and series: ``run``, ``point``, ``replicate``, ``month``, ``indicator``,
        ``entity`` (region, lab or cloud), ``value``. Empty if the study keeps none.
    """

    study: Study
    design: pd.DataFrame
    quantiles: NDArray[np.float64] | None
    runs: pd.DataFrame
    series: pd.DataFrame

    @property
    def complete(self) -> bool:
        """Whether every run of the study is there."""
        return len(self.runs) == len(self.design) * self.study.replicates

    def __repr__(self) -> str:
        failed = int((self.runs["status"] != DONE).sum())
        return (
            f"<{self.study!r}: {len(self.runs)} of {len(self.design) * self.study.replicates} runs, "
            f"{failed} failed>"
        )


def load_results(folder: str | Path) -> StudyResults:
    """Read the sweep in a folder, finished or not.

    Raises
    ------
    RunError
        If the folder holds no sweep, or a damaged one.
    """
    folder = Path(folder)
    manifest = Store(folder).manifest()
    study = load_study(folder / STUDY)
    if study.hash != manifest.study_hash:
        made = made_by(manifest.versions, manifest.git)
        raise RunError(
            f"{folder / STUDY}: not the study that was run: it was changed since, or this version has other defaults "
            f"than the one that ran it ({made})"
        )
    try:
        sample = read_design(folder)
        runs = read_parts(folder, RUNS)
        series = read_parts(folder, SERIES)
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"{folder}: damaged: {error}") from error
    return StudyResults(
        study=study,
        design=sample.frame,
        quantiles=sample.quantiles,
        runs=_sorted(runs if runs is not None else runs_schema(study).empty_table(), ORDER),
        series=_sorted(series if series is not None else SERIES_SCHEMA.empty_table(), [*ORDER, "indicator", "month"]),
    )


def _sorted(table: pa.Table, order: list[str]) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame.sort_values(order, ignore_index=True)
