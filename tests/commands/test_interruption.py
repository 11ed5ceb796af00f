"""Kills, Ctrl-C and a disk that fills up: nothing under the final name, and the next run works."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

LONG = ("run", "tiny.yaml", "--no-figures", "--replicates", "2000")
SLOW_WRITER = """
import sys, time
import sim.run.results as results

def wait(*arguments, **settings):
    print("writing", flush=True)
    time.sleep(60)

results.describe = wait
from sim.cli import main
main()
"""


SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
from sim.cli import main
main()
"""
TALKATIVE = """
import sim.cli.progress
sim.cli.progress.EVERY_S = 0.0
from sim.cli import main
main()
"""


def wait_for_work(process: subprocess.Popen[str]) -> None:
    """Wait until the simulation is under way; the process must be a talkative one."""
    assert process.stderr.readline().startswith("tiny: ")


def contents(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"tiny.yaml"}


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_is_one_line(start, folder: Path, workers: str) -> None:
    process = start(*LONG, "--workers", workers, python=("-c", TALKATIVE))
    wait_for_work(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    said = [line for line in err.splitlines() if not line.startswith("tiny: ")]
    assert (out, said) == ("", ["interrupted; nothing is left half written"])
    assert contents(folder) == set()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_while_writing_leaves_nothing(start, folder: Path, number: signal.Signals, code: int) -> None:
    process = start("run", "tiny.yaml", "--no-figures", python=("-c", SLOW_WRITER))
    assert process.stdout.readline() == "writing\n"
    assert [path.name.startswith(".tiny.partial-") for path in (folder / "outputs").iterdir()] == [True]
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == code
    assert list((folder / "outputs").iterdir()) == []


@pytest.mark.slow
def test_a_kill_while_writing_leaves_nothing_under_the_name(start, aimarkets, folder: Path) -> None:
    process = start("run", "tiny.yaml", "--no-figures", python=("-c", SLOW_WRITER))
    assert process.stdout.readline() == "writing\n"
    process.kill()
    process.communicate()
    assert not (folder / "outputs" / "tiny").exists()
    assert aimarkets("run", "tiny.yaml", "--no-figures").exit_code == 0
    left = contents(folder / "outputs") - {"tiny"}
    assert [name.startswith(".tiny.partial-") for name in left] == [True]


@pytest.mark.slow
def test_workers_end_with_a_killed_parent(start, folder: Path) -> None:
    process = start(*LONG, "--workers", "2", python=("-c", TALKATIVE))
    wait_for_work(process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) >= 2
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []
    assert contents(folder) == set()


@pytest.mark.slow
def test_a_file_that_cannot_grow(start, folder: Path) -> None:
    process = start("run", "tiny.yaml", "--no-figures", python=("-c", SMALL_FILES))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert err.endswith("; nothing was written\n")
    assert list((folder / "outputs").iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(start, folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o555)
    process = start("run", "tiny.yaml", "--no-figures", "--out", "locked/x")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.endswith("Permission denied; nothing was written\n")


@pytest.mark.slow
def test_a_reader_that_has_enough(start) -> None:
    with start("show", "tiny.yaml") as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode in (0, 1)
