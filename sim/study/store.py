"""A sweep on disk: what a kill at any moment leaves is a dataset that is whole as far as it goes.

A worker writes each batch as whole Parquet files into ``.pending`` and sends back their name; the parent alone
renames them into the dataset, series first, then runs: a batch counts once its runs are in place. So a worker
that dies, or that outlives its parent, leaves at most files in ``.pending`` that nobody counts, and no run is
ever in the dataset twice. Only one parent works on a folder: it holds a lock that ends with its process.

What is done is known from two columns of the dataset, a bit for each run.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from sim.run.errors import RunError
from sim.run.folder import whole_folder
from sim.run.manifest import Commit, commit, versions
from sim.study.design import POINT, Sample
from sim.study.study import Study
from sim.study.writing import write_study

MANIFEST = "manifest.json"
DESIGN = "design.parquet"
QUANTILES = "quantiles.parquet"
RUNS = "runs"
SERIES = "series"
PENDING = ".pending"
LOCK = ".lock"
STOP = "stop"

DONE, FAILED = "done", "failed"


class Manifest(BaseModel):
    """What made a sweep: written once, when its folder is made."""

    model_config = ConfigDict(frozen=True)

    format: Literal["aimarkets sweep"] = "aimarkets sweep"
    format_version: Literal[1] = 1
    name: str
    study_hash: str
    scenarios: dict[str, str]
    points: int
    replicates: int
    runs: int
    versions: dict[str, str]
    git: Commit | None
    command: str | None
    started: datetime


def runs_schema(study: Study) -> pa.Schema:
    """Arrow schema of a part of ``runs/``."""
    keys = [
        pa.field("run", pa.string()),
        pa.field(POINT, pa.int64()),
        pa.field("replicate", pa.int64()),
        pa.field("seed", pa.int64()),
        pa.field("status", pa.string()),
        pa.field("stage", pa.string()),
        pa.field("error", pa.string()),
    ]
    factors = [pa.field(factor.name, factor.dtype) for factor in study.factors]
    return pa.schema([*keys, *factors, *(pa.field(one.name, pa.float64()) for one in study.indicators)])


SERIES_SCHEMA = pa.schema([
    ("run", pa.string()),
    (POINT, pa.int64()),
    ("replicate", pa.int64()),
    ("month", pa.timestamp("us")),
    ("indicator", pa.string()),
    ("entity", pa.string()),
    ("value", pa.float64()),
])


class Store:
    """The folder of one sweep.

    Parameters
    ----------
    folder
        Made by `Store.create`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def create(study: Study, sample: Sample, folder: Path, command: str | None) -> Store:
        """Make the folder of a sweep, whole or not at all.

        Raises
        ------
        RunError
            If something is there.
        OSError
            If it cannot be written.
        """
        with whole_folder(folder) as partial:
            write_study(study, partial)
            _write(sample.table, partial / DESIGN)
            if sample.quantiles is not None:
                names = [factor.name for factor in study.factors]
                _write(pa.table(dict(zip(names, sample.quantiles.T, strict=True))), partial / QUANTILES)
            (partial / RUNS).mkdir()
            if study.series:
                (partial / SERIES).mkdir()
            manifest = Manifest(
                name=study.name,
                study_hash=study.hash,
                scenarios={name: base.hash for name, base in study.bases.items()},
                points=sample.points,
                replicates=study.replicates,
                runs=sample.points * study.replicates,
                versions=versions(),
                git=commit(),
                command=command,
                started=datetime.now(UTC).replace(microsecond=0),
            )
            (partial / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return Store(folder)

    def manifest(self) -> Manifest:
        """What made the sweep.

        Raises
        ------
        RunError
            If the folder holds no sweep.
        """
        path = self.folder / MANIFEST
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except OSError as error:
            raise RunError(f"{path}: cannot be read: {error.strerror}") from error
        except ValidationError as error:
            raise RunError(f"{path}: not the manifest of a sweep") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other sweeps out of the folder, and clear away what a kill left.

        Raises
        ------
        RunError
            If another process works on the folder.
        """
        with (self.folder / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunError(f"{self.folder}: another sweep is at work in this folder") from error
            self._clear()
            try:
                yield
            finally:
                shutil.rmtree(self.folder / PENDING, ignore_errors=True)

    def _clear(self) -> None:
        """Drop batches that were never counted: pending ones, and series whose runs are missing."""
        shutil.rmtree(self.folder / PENDING, ignore_errors=True)
        (self.folder / PENDING).mkdir()
        counted = {path.name for path in self._parts(RUNS)}
        for path in self._parts(SERIES):
            if path.name not in counted:
                path.unlink()

    def ask_to_stop(self) -> None:
        """Ask workers to write what they have when the run that they are at ends."""
        (self.folder / PENDING / STOP).touch()

    def commit(self, name: str) -> None:
        """Count a batch that a worker wrote.

        Parameters
        ----------
        name
            As `write_batch` returned it.

        Raises
        ------
        OSError
            If the files cannot be moved.
        """
        for table in (SERIES, RUNS):
            pending = self.folder / PENDING / f"{table}-{name}"
            if pending.exists():
                pending.rename(self.folder / table / f"part-{name}")

    def done(self, points: int, replicates: int) -> NDArray[np.bool_]:
        """Which runs are in the dataset, (points, replicates)."""
        found = np.zeros((points, replicates), dtype=bool)
        for path in self._parts(RUNS):
            ids = pq.ParquetFile(path).read([POINT, "replicate"])
            found[ids[POINT].to_numpy(), ids["replicate"].to_numpy()] = True
        return found

    def _parts(self, table: str) -> list[Path]:
        return sorted((self.folder / table).glob("part-*.parquet"))


def asked_to_stop(folder: Path) -> bool:
    """Whether the parent wants no further run; asked by workers between runs."""
    return (folder / PENDING / STOP).exists()


def write_batch(folder: Path, name: str, runs: pa.Table, series: pa.Table | None) -> str:
    """Write a batch where the parent finds it; called by workers.

    Parameters
    ----------
    folder
        Of the sweep.
    name
        Name of the batch, used once.
    runs, series
        Its rows.

    Returns
    -------
    Name under which `Store.commit` counts it.

    Raises
    ------
    OSError
        If the disk is full; nothing that counts is left then.
    """
    file = f"{name}.parquet"
    if series is not None:
        _write(series, folder / PENDING / f"{SERIES}-{file}")
    _write(runs, folder / PENDING / f"{RUNS}-{file}")
    return file


def read_parts(folder: Path, table: str, columns: Sequence[str] | None = None) -> pa.Table | None:
    """All rows of a table of the dataset, in the order of its parts; none if it has no part."""
    parts = sorted((folder / table).glob("part-*.parquet"))
    if not parts:
        return None
    return pa.concat_tables([pq.ParquetFile(path).read(columns) for path in parts])


def read_design(folder: Path) -> Sample:
    """The points of a sweep, as they were when it began."""
    table = pq.ParquetFile(folder / DESIGN).read()
    quantiles = folder / QUANTILES
    found = None
    if quantiles.exists():
        columns = pq.ParquetFile(quantiles).read()
        found = np.column_stack([column.to_numpy() for column in columns.columns])
    return Sample(table, found)


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, version="2.6", compression="zstd", compression_level=3)


def holds_sweep(folder: Path) -> bool:
    """Whether a folder is a sweep of ours."""
    try:
        about = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and about.get("format") == "aimarkets sweep"
