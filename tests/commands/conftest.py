"""Commands, run in a folder of their own: in this process, or in one that can be killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
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


@pytest.fixture
def start(folder: Path) -> Start:
    """Start Python in a process of its own, in the folder; by default with `-m sim`."""

    def popen(*arguments: str, python: tuple[str, ...] = ("-m", "sim")) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *python, *arguments],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        )

    return popen
