"""`aimarkets sweep` as users meet it: plans, messages, and kills of anything at any moment."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from sim.study.results import StudyResults, load_results

STUDY = """\
scenarios: {tiny: tiny.yaml}
base: tiny
vary:
  labs.leader.capex: {low: 1.0e9, high: 4.0e9}
  spillovers.theft: {dist: triangular, low: 0, mode: 0.05, high: 0.15}
design: latin-hypercube
points: 30
replicates: 2
indicators:
  open_share: {column: open_token_share}
  path: {column: capability, take: series}
"""
SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
from sim.cli import main
main()
"""
ANY_CODE = "--mixed"  # whoever works on the code while its tests run shall not break them


@pytest.fixture
def here(folder: Path) -> Path:
    (folder / "study.yaml").write_text(STUDY)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    """The dataset of a sweep that nothing stopped, by one worker."""
    from sim.study.sweep import sweep

    folder = tmp_path_factory.mktemp("whole")
    (folder / "tiny.yaml").write_text((Path(__file__).parent.parent / "run" / "tiny.yaml").read_text())
    (folder / "study.yaml").write_text(STUDY)
    sweep(folder / "study.yaml", folder / "out")
    return load_results(folder / "out")


def same(folder: Path, whole: StudyResults) -> None:
    found = load_results(folder)
    assert_frame_equal(found.runs, whole.runs, check_exact=True)
    assert_frame_equal(found.series, whole.series, check_exact=True)


def parts(folder: Path) -> int:
    return len(list(folder.glob("runs/part-*.parquet")))


def wait_for_parts(process: subprocess.Popen[str], folder: Path, more_than: int) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and parts(folder) <= more_than and time.monotonic() < deadline:
        time.sleep(0.01)


def children(process: subprocess.Popen[str]) -> list[int]:
    """Worker processes, the newest last (before them stands Python's own tracker of resources)."""
    return list(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


def finishes(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "out: 60 of 60 runs\n"), err


# --- plans and messages --------------------------------------------------------------------------------------


def test_a_dry_run_tells_size_and_time_and_writes_nothing(aimarkets, here):
    said = aimarkets("sweep", "study.yaml", "--dry-run")
    assert said.exit_code == 0
    first, second = said.stdout.splitlines()
    assert first == "study: 60 runs (30 points of a latin-hypercube design x 2 replicates)"
    assert second.startswith("about ")
    assert second.endswith(" in all with 1 worker")
    assert sorted(path.name for path in here.iterdir()) == ["study.yaml", "tiny.yaml"]


def test_a_sweep_and_the_same_again(aimarkets, here):
    first = aimarkets("sweep", "study.yaml", "--limit", "3")
    assert (first.exit_code, first.stdout) == (0, "outputs/study: 3 of 60 runs\n")
    assert first.stderr.startswith("study: 60 runs (30 points of a latin-hypercube design x 2 replicates), 1 at a time")
    again = aimarkets("sweep", "study.yaml", "--limit", "1", ANY_CODE)
    assert again.stdout == "outputs/study: 4 of 60 runs\n"
    assert "replicates), 3 done before, 1 at a time" in again.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("points: 30", "points: 0"),
            "study.yaml:7: points: found 0; allowed: a whole number >= 1 and <= 1e+07, or null",
        ),
        (
            ("latin-hypercube", "sobol"),
            "study.yaml:7: points: found 30; allowed: a power of two for sobol, such as 16 or 32",
        ),
        (("labs.leader", "labs.leadr"), None),
    ],
)
def test_a_bad_study_is_refused_before_anything_is_written(aimarkets, here, change, message):
    (here / "study.yaml").write_text(STUDY.replace(*change))
    said = aimarkets("sweep", "study.yaml")
    assert (said.exit_code, said.stdout) == (2, "")
    assert len(said.stderr.splitlines()) == 1
    assert said.stderr.strip() == message if message else "did you mean 'leader'?" in said.stderr
    assert not (here / "outputs").exists()


def test_check_takes_studies_too(aimarkets, here):
    said = aimarkets("check", "tiny.yaml", "study.yaml")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[1].startswith("study.yaml: no problems (30 points, 60 runs, ")
    (here / "study.yaml").write_text(STUDY.replace("labs.leader", "labs.leadr"))
    assert "did you mean 'leader'?" in aimarkets("check", "study.yaml").stderr
    refused = aimarkets("check", "study.yaml", "--set", "end=2023-03")
    assert (refused.exit_code, refused.stderr.split(": ", 1)[1]) == (
        2, "--set is for scenarios; a study has a key 'set' of its own\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--backend", "dask"), "backend: dask goes with --scheduler tcp://host:port, and only dask"),
        (("--scheduler", "tcp://x"), "backend: dask goes with --scheduler tcp://host:port, and only dask"),
        (("--out", "tiny.yaml"), "tiny.yaml holds something that is not a sweep and is kept; name another with --out"),
    ],
)
def test_options_that_cannot_be(aimarkets, here, arguments, message):
    said = aimarkets("sweep", "study.yaml", *arguments)
    assert (said.exit_code, said.stdout, said.stderr) == (2, "", f"{message}\n")


FAILING = """\
scenarios: {tiny: tiny.yaml}
base: tiny
vary: {choice.rule: ["no_such_module:rule", lookahead]}
design: grid
"""


@pytest.mark.parametrize(("fail", "code", "runs"), [("fast", 1, None), ("end", 1, 2), ("never", 0, 2)])
def test_what_a_failing_run_does(aimarkets, here, fail, code, runs):
    (here / "study.yaml").write_text(FAILING)
    said = aimarkets("sweep", "study.yaml", "--fail", fail)
    assert said.exit_code == code
    assert "failed: point 0, replicate 0 (seed 1), " in said.stderr
    assert "no_such_module" in said.stderr
    if runs is None:
        assert "stopped: a run failed; what is done is kept, the same command goes on" in said.stderr
    else:
        assert said.stdout == f"outputs/study: {runs} of 2 runs, 1 of the {runs} done now failed\n"


# --- whatever stops it ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_kills_of_the_process_at_any_moment(start, here, whole):
    """Killed again and again, until it comes through: row for row the same."""
    luck = random.Random(1)
    for _ in range(3):
        before = parts(here / "out")
        process = start("sweep", "study.yaml", "--out", "out", ANY_CODE)
        wait_for_parts(process, here / "out", before)
        time.sleep(luck.uniform(0, 0.3))
        process.kill()
        process.communicate()
    finishes(start("sweep", "study.yaml", "--out", "out", ANY_CODE))
    same(here / "out", whole)


@pytest.mark.slow
def test_kills_of_workers_and_of_their_parent_at_any_moment(start, here, whole):
    luck = random.Random(2)
    for victim in ("parent", "worker"):
        process = start("sweep", "study.yaml", "--out", "out", "--workers", "2", ANY_CODE)
        wait_for_parts(process, here / "out", parts(here / "out"))
        time.sleep(luck.uniform(0, 0.3))
        workers = children(process)[1:]
        if workers:  # else it came through already
            os.kill(luck.choice(workers), signal.SIGKILL)
        if victim == "parent":
            time.sleep(luck.uniform(0, 3.0))  # while new workers start, or after
            process.kill()
            process.communicate()
    finishes(process)
    same(here / "out", whole)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_keeps_what_is_done(start, here, whole, workers):
    (here / "study.yaml").write_text(STUDY.replace("points: 30", "points: 1000"))  # never done before the signal comes
    process = start("sweep", "study.yaml", "--out", "out", "--workers", workers)
    wait_for_parts(process, here / "out", 1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    kept = len(load_results(here / "out").runs)
    assert err.splitlines()[-2:] == [
        f"out: {kept} runs done now are kept; the same command goes on",
        "interrupted; nothing is left half written",
    ]
    assert 0 < kept < 2000
    assert not (here / "out" / ".pending").exists()


@pytest.mark.slow
def test_a_full_disk_is_told_and_the_sweep_goes_on_when_there_is_room(start, aimarkets, here, whole):
    """No file may grow beyond 20 kB: batches of three columns do not, of a thousand do."""
    wide = "".join(f"  p{i}: {{column: capability}}\n" for i in range(1000))
    (here / "study.yaml").write_text(STUDY.replace("points: 30", "points: 4") + wide)
    assert aimarkets("sweep", "study.yaml", "--out", "out", "--limit", "2").exit_code == 0
    process = start("sweep", "study.yaml", "--out", "out", "--workers", "2", ANY_CODE, python=("-c", SMALL_FILES))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        "stopped: out cannot be written: File too large; what is done is kept, the same command goes on"
    )
    assert len(load_results(here / "out").runs) == 2
    assert aimarkets("sweep", "study.yaml", "--out", "out", ANY_CODE).stdout == "out: 8 of 8 runs\n"


# --- a cluster -----------------------------------------------------------------------------------------------


@pytest.fixture
def cluster(start):
    """A Dask scheduler and two workers on this machine: its address, and the workers' processes."""
    pytest.importorskip("distributed")
    file = Path("scheduler.json")

    def node(kind: str, *arguments: str) -> subprocess.Popen[str]:
        program = ("-W", "ignore", "-m", f"distributed.cli.dask_{kind}")
        return start("--scheduler-file", str(file), "--no-dashboard", *arguments, python=program)

    nodes = [node("scheduler", "--host", "127.0.0.1", "--port", "0")]
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    nodes += [node("worker", "--no-nanny", "--nthreads", "1", "--memory-limit", "0") for _ in range(2)]
    yield json.loads(file.read_text())["address"], nodes[1:]
    for process in reversed(nodes):
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_cluster_of_which_a_worker_dies_gives_the_same_bits(start, here, cluster, whole):
    address, workers = cluster
    process = start("sweep", "study.yaml", "--out", "out", "--backend", "dask", "--scheduler", address)
    wait_for_parts(process, here / "out", 2)
    workers[0].kill()
    finishes(process)
    same(here / "out", whole)


def test_a_scheduler_that_is_not_there(aimarkets, here, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("sim.study.executors.CONNECT_S", 1)
    said = aimarkets("sweep", "study.yaml", "--backend", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert said.exit_code == 2
    assert said.stderr == "scheduler: no answer from tcp://127.0.0.1:1; allowed: the address of a scheduler\n"
