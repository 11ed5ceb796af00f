"""What a kill between any two steps leaves on disk is read as if the batch had never been."""

from __future__ import annotations

import os
import subprocess
import sys

import pyarrow as pa
import pytest

from sim.run.errors import RunError
from sim.study.design import sample
from sim.study.store import PENDING, RUNS, SERIES, SERIES_SCHEMA, Store, runs_schema, write_batch


@pytest.fixture
def made(study):
    return study()


@pytest.fixture
def store(made, desk) -> Store:
    return Store.create(made, sample(made), desk / "out", None)


def rows(made, *units):
    points = sample(made)
    found = [
        {"run": f"{p}-{r}", "point": p, "replicate": r, "seed": 1 + r, "status": "done", **points.entries(p)}
        for p, r in units
    ]
    series = [{"run": f"{p}-{r}", "point": p, "replicate": r, "indicator": "path"} for p, r in units]
    return pa.Table.from_pylist(found, runs_schema(made)), pa.Table.from_pylist(series, SERIES_SCHEMA)


def names(store: Store, table: str) -> list[str]:
    return sorted(path.name for path in (store.folder / table).iterdir())


def test_a_batch_counts_once_it_is_committed(made, store):
    with store.locked():
        file = write_batch(store.folder, "a", *rows(made, (0, 0), (3, 1)))
        assert store.done(4, 2).sum() == 0
        store.commit(file)
        assert store.done(4, 2).nonzero()[0].tolist() == [0, 3]
        assert store.done(4, 2).nonzero()[1].tolist() == [0, 1]
    assert names(store, RUNS) == names(store, SERIES) == ["part-a.parquet"]
    assert not (store.folder / PENDING).exists()


def test_a_batch_that_was_written_but_never_counted_is_dropped(made, store):
    with store.locked():
        write_batch(store.folder, "a", *rows(made, (0, 0)))
    with store.locked():
        assert list((store.folder / PENDING).iterdir()) == []
        assert store.done(4, 2).sum() == 0


def test_series_without_their_runs_are_dropped(made, store):
    """A kill between the two renames of `Store.commit`."""
    with store.locked():
        file = write_batch(store.folder, "a", *rows(made, (0, 0)))
        (store.folder / PENDING / f"{SERIES}-{file}").rename(store.folder / SERIES / f"part-{file}")
    with store.locked():
        assert names(store, SERIES) == []


def test_two_sweeps_do_not_share_a_folder(store):
    with store.locked(), pytest.raises(RunError, match="another sweep is at work"), Store(store.folder).locked():
        pass


def test_the_lock_ends_with_its_process(store):
    code = (
        "import os, sys; from pathlib import Path; from sim.study.store import Store\n"
        "with Store(Path(sys.argv[1])).locked():\n    os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run([sys.executable, "-c", code, str(store.folder)], env=environment, check=False)
    assert died.returncode == -9
    with store.locked():
        pass


def test_a_folder_that_is_no_sweep(desk):
    with pytest.raises(RunError, match=r"manifest\.json: cannot be read: No such file"):
        Store(desk).manifest()
    (desk / "manifest.json").write_text("{}")
    with pytest.raises(RunError, match="not the manifest of a sweep"):
        Store(desk).manifest()
