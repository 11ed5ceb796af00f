"""Commands, run in a folder of their own: in this process, or in one that can be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sim.cli import app

ROOT = Path(__file__).parent.parent.parent
TINY = ROOT / "tests" / "run" / "tiny.yaml"

Command = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, which holds tiny.yaml."""
    shutil.copy(TINY, tmp_path / "tiny.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def aimarkets(folder: Path) -> Command:
    """Run a command in the folder; gives exit code, stdout and stderr."""
    runner = CliRunner()

    def run(*arguments: str) -> Result:
        result = runner.invoke(app, list(arguments), prog_name="aimarkets")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture(scope="session")
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches processes that tests start, also where a shell started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def start(folder: Path, interruptible: None) -> Iterator[Start]:
    """Start Python in a process of its own, in the folder; by default with `-m sim`. None outlives its test."""
    started = []

    def popen(*arguments: str, python: tuple[str, ...] = ("-m", "sim")) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *python, *arguments],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        with process:  # closes its pipes and waits
            pass


@pytest.fixture
def known_sweep(folder: Path) -> Callable[[str], Path]:
    """Make a sweep of two parameters, 2 replicates, in `out`, as if its runs had given 2 a + b plus their seed.

    One run has failed: replicate 1 of point 3.
    """

    def make(design: str) -> Path:
        import numpy as np
        import pyarrow as pa

        from sim.study.design import sample
        from sim.study.loading import load_study
        from sim.study.store import Store, runs_schema, write_batch

        text = (
            "base: tiny.yaml\nreplicates: 2\nvary:\n  choice.intensity: {low: 1, high: 11}\n"
            "  community.flywheel: {low: 0, high: 1}\nindicators:\n"
            "  share: {column: open_token_share}\n  lag: {column: lag}\n"
        )
        (folder / "known.yaml").write_text(f"{text}{design}", encoding="utf-8")
        study = load_study(folder / "known.yaml")
        points = sample(study)
        store = Store.create(study, points, folder / "out", command=None)
        runs = points.frame.loc[np.repeat(points.frame.index, 2)].reset_index(drop=True)
        runs["replicate"] = runs.index % 2
        runs["seed"] = runs["replicate"] + 1
        runs["run"] = [f"{row:064x}" for row in runs.index]
        runs["share"] = (runs["choice.intensity"] - 1) / 5 + runs["community.flywheel"] + runs["seed"]
        runs["lag"] = 3.0
        broken = (runs["point"] == 3) & (runs["replicate"] == 1)
        runs["status"] = np.where(broken, "failed", "done")
        runs["stage"], runs["error"] = np.where(broken, "2023-05", None), np.where(broken, "no equilibrium", None)
        runs.loc[broken, ["share", "lag"]] = np.nan
        table = pa.Table.from_pandas(runs, schema=runs_schema(study), preserve_index=False)
        with store.locked():
            store.commit(write_batch(store.folder, "known", table, None))
        return store.folder

    return make
