"""The same markets under three harnesses, two processes each: `python benchmarks/sweep.py [SCENARIO] [RUNS] [REPEATS]`.

`mesa.batch_run`, EMA Workbench's MultiprocessingEvaluator and `aimarkets sweep` do the same runs: the points of one
study, of which the numbers are kept that a study keeps by default. Each does so in a process of its own, one after the
other, in turn. Throughput counts everything, start and writing included; memory is the proportional set size (PSS) of the
process and all its children, looked at twice a second. Times depend on the machine and on what else it does: the
numbers to watch are the ratios.

`python benchmarks/sweep.py memory` holds 500 runs of two months of the tests' tiny market against
5,000: what the parent's peak memory grows by. EMA Workbench is only here: `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import mesa

import sim

PROCESSES = 2
LOOK_S = 0.5
QUIET = {"TQDM_DISABLE": "1", "PYTHONWARNINGS": "ignore"}
SHORT = "{end: 2023-02}"
TINY = Path(__file__).resolve().parent.parent / "tests" / "run" / "tiny.yaml"
STUDY = """\
base: {base}
set: {changes}
vary:
  choice.intensity: {{low: 2, high: 20}}
  community.flywheel: {{low: 0, high: 6}}
design: random
points: {runs}
"""


@lru_cache(maxsize=1)
def opened(path: str) -> tuple[Any, Any]:
    """Study and points, once a process."""
    from sim.study.design import sample
    from sim.study.loading import load_study

    study = load_study(Path(path))
    return study, sample(study)


def kept(study: Any, market: Any) -> dict[str, Any]:
    """What each harness keeps of a run."""
    return {one.name: one.of(market) for one in study.indicators}


def with_mesa(path: str, _: Path) -> int:
    runs = opened(path)[1].points
    rows = mesa.batch_run(
        BatchMarket, {"path": path, "point": range(runs)}, number_processes=PROCESSES, display_progress=False
    )
    return len(rows)


class BatchMarket(sim.Market):
    """`sim.Market` as `mesa.batch_run` wants a model: made from keywords, with a data collector."""

    def __init__(self, path: str, point: int) -> None:
        self.study, points = opened(path)
        super().__init__(self.study.scenario(points.entries(point)), self.study.seed)
        names = [one.name for one in self.study.indicators]
        self.datacollector = mesa.DataCollector({name: partial(at_end, name) for name in names})

    def step(self) -> None:
        super().step()
        self.found = {} if self.running else kept(self.study, self)
        self.datacollector.collect(self)


def at_end(name: str, market: Any) -> Any:
    return market.found.get(name)


def with_ema(path: str, _: Path) -> int:
    from ema_workbench import (
        IntegerParameter,
        Model,
        MultiprocessingEvaluator,
        ScalarOutcome,
        Scenario,
        perform_experiments,
    )  # fmt: skip

    study, points = opened(path)
    model = Model("market", function=partial(ema_run, path))
    model.uncertainties = [IntegerParameter("point", 0, max(points.points - 1, 1))]
    model.outcomes = [ScalarOutcome(one.name) for one in study.indicators]
    scenarios = [Scenario(str(point), point=point) for point in range(points.points)]
    with MultiprocessingEvaluator(model, n_processes=PROCESSES) as evaluator:
        experiments, _ = perform_experiments(model, scenarios=scenarios, evaluator=evaluator)
    return len(experiments)


def ema_run(path: str, point: int) -> dict[str, Any]:
    from sim.run.simulate import Task, run_market

    study, points = opened(path)
    return kept(study, run_market(Task(study.scenario(points.entries(point)), 0, study.seed)))


def with_sweep(path: str, folder: Path) -> int:
    from sim.study.sweep import sweep

    return sweep(path, folder / "out", workers=PROCESSES).present


HARNESSES: dict[str, Callable[[str, Path], int]] = {"mesa": with_mesa, "ema": with_ema, "sweep": with_sweep}
TITLES = {"mesa": "mesa.batch_run", "ema": "EMA Workbench", "sweep": "aimarkets sweep"}


def inside(harness: str, path: str, folder: str) -> None:
    """One harness, in this process: run, then say how much was done and the most memory that this process took."""
    done = HARNESSES[harness](path, Path(folder))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"runs": done, "parent_mb": peak_mb}))


def measured(harness: str, base: str, runs: int, changes: str = "{}") -> dict[str, float]:
    """One harness in a process of its own: wall time, CPU time and peak memory of it and its children."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "study.yaml")
        path.write_text(STUDY.format(base=base, runs=runs, changes=changes), encoding="utf-8")
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, __file__, "--inside", harness, str(path), scratch],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **QUIET},
        )  # fmt: skip
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, tree_mb(process.pid))
            time.sleep(LOOK_S)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode:
            raise SystemExit(f"{TITLES[harness]} failed")
        said = json.loads(process.stdout.read().splitlines()[-1])
    if said["runs"] != runs:
        raise SystemExit(f"{TITLES[harness]}: {said['runs']} of {runs} runs")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": wall, "cpu_s": cpu, "runs_a_s": runs / wall, "all_mb": peak, "parent_mb": said["parent_mb"]}


def tree_mb(pid: int) -> float:
    """Memory of a process and its children, MB; pages that several share are shared out."""
    import psutil

    total = 0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for member in family:
        try:
            total += member.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
            continue
    return total / 2**20


def throughput(base: str, runs: int, repeats: int) -> None:
    found: dict[str, list[dict[str, float]]] = {harness: [] for harness in HARNESSES}
    for repeat in range(repeats):
        order = list(HARNESSES)
        for harness in order[repeat % 3 :] + order[: repeat % 3]:
            found[harness].append(measured(harness, base, runs))
            print(f"{harness}: {found[harness][-1]}", file=sys.stderr)
    print(f"{runs} runs of {Path(base).stem}, {PROCESSES} processes, median of {repeats}\n")
    print("| | runs a second | wall time, s | CPU time, s | peak memory of all processes, MB | of the parent, MB |")
    print("|---|---|---|---|---|---|")
    for harness, each in found.items():
        m = {key: statistics.median(one[key] for one in each) for key in each[0]}
        print(
            f"| {TITLES[harness]} | {m['runs_a_s']:.2f} | {m['wall_s']:.1f} | {m['cpu_s']:.1f} "
            f"| {m['all_mb']:.0f} | {m['parent_mb']:.0f} |"
        )


def memory(few: int = 500, many: int = 5000) -> None:
    heads = [f"peak of the parent, {n} runs, MB" for n in (few, many)]
    print("| | runs a second | CPU time a run, ms | " + " | ".join(heads) + " | growth |\n|---|---|---|---|---|---|")
    for harness in HARNESSES:
        first, last = (measured(harness, str(TINY), runs, SHORT) for runs in (few, many))
        growth = last["parent_mb"] / first["parent_mb"] - 1
        print(
            f"| {TITLES[harness]} | {last['runs_a_s']:.1f} | {1000 * last['cpu_s'] / many:.0f} "
            f"| {first['parent_mb']:.0f} | {last['parent_mb']:.0f} | {growth:+.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(*sys.argv[2:5])
    elif sys.argv[1:2] == ["memory"]:
        memory(*map(int, sys.argv[2:4]))
    else:
        throughput(
            sys.argv[1] if len(sys.argv) > 1 else "baseline",
            int(sys.argv[2]) if len(sys.argv) > 2 else 200,
            int(sys.argv[3]) if len(sys.argv) > 3 else 3,
        )
