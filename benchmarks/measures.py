"""What `benchmarks/performance.py` measures: one function a row, each beside a partner measured at the same time."""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from worlds import as_arrays, baseline, calibration, customers, live, many_customers, many_labs

import sim

ROOT = Path(__file__).parents[1]
LABS = (20, 200, 1000)
CUSTOMERS = (1e4, 1e9)
TWIN = 10_000


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    ratio
        Cost over that of the partner, measured side by side: what can be compared between machines. Lower is
        better.
    """

    key: str
    what: str
    value: float
    unit: str
    must: str
    aim: str
    met: str
    partner: str
    ratio: float
    note: str = ""


def row(key: str, what: str, value: float, unit: str, must: float, aim: float, **more: Any) -> Row:
    """A row whose value must be `must` and is meant to be `aim`: at most, or at least where `must` is below `aim`."""
    least = aim > must
    reached = [value >= target if least else value <= target for target in (must, aim)]
    met = "aim" if reached[1] else "must" if reached[0] else "NOT MET"
    sign = ">=" if least else "<="
    return Row(key, what, value, unit, f"{sign} {must:g}", f"{sign} {aim:g}", met, **more)


def cpu(work: Callable[[], Any]) -> float:
    """Seconds of CPU."""
    started = time.process_time()
    work()
    return time.process_time() - started


def side_by_side(repeats: int, *works: Callable[[], Any]) -> list[float]:
    """Medians of the seconds of CPU of several pieces of work, done in turn."""
    spent = [[cpu(work) for work in works] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*spent, strict=True)]


def run(scenario: sim.Scenario, seed: int = 1) -> sim.Market:
    return sim.Market(scenario, seed=seed).run()


# --- rows ----------------------------------------------------------------------------------------------------


def one_run(repeats: int) -> Row:
    """A baseline run, by seconds of CPU."""
    scenario, seeds = baseline(), iter(range(10**6))
    run(scenario)
    ours, theirs = side_by_side(repeats, lambda: run(scenario, next(seeds)), calibration)
    return row(
        "run", "one baseline run to December 2030, CPU on one core after warm-up", ours, "s", 0.25, 0.05,
        partner=f"fixed piece of NumPy work, {theirs:.3f} s", ratio=ours / theirs,
        note=f"median of {repeats} seeds",
    )  # fmt: skip


def pool(runs: int, one: float) -> Row:
    """Baseline runs a second of two plain processes."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=_warm) as workers:
        list(workers.map(_one, range(4)))  # both have started
        started = time.perf_counter()
        each = list(workers.map(_one, range(runs)))
        rate = runs / (time.perf_counter() - started)
    return row(
        "pool", "baseline runs a second through a plain pool of 2 processes", rate, "1/s", 8.0, 40.0,
        partner=f"the run above on one core, {one:.3f} s of CPU", ratio=statistics.mean(each) / one,
        note=f"{runs:,} runs{' instead of 2,000' if runs < 2_000 else ''}; {statistics.mean(each):.3f} s of CPU each, "
        "on which the ratio stands",
    )  # fmt: skip


def _warm() -> None:
    threadpool_limits(1)
    global _scenario
    _scenario = baseline()
    run(_scenario, 0)


def _one(seed: int) -> float:
    """Seconds of CPU of one run."""
    return cpu(lambda: run(_scenario, seed))


def twin(repeats: int) -> Row:
    """Customers one by one as Mesa agents, and as cohorts, through the months of a baseline run."""
    sys.path.insert(0, str(ROOT / "tests" / "reference"))
    from histories import by_cohorts, by_customers, recorded

    history, _ = recorded(baseline(), seed=1)
    even = [replace(segment, part=1.0 / len(history.segments)) for segment in history.segments]
    history = replace(history, segments=even)
    months = as_arrays(history)
    apart = np.abs(live(history, months) - by_cohorts(history).shares[-1, :, :-1]).max()
    assert apart < 1e-12, apart  # the very cohorts that the tests hold against customers
    ours, theirs = side_by_side(
        repeats, lambda: live(history, months), lambda: by_customers(history, TWIN, seed=1)
    )
    return row(
        "twin", f"{TWIN:,} customers as Mesa agents over ours as cohorts, the same rules and months",
        theirs / ours, "times", 50.0, 200.0,
        partner=f"customers one by one, {theirs:.2f} s", ratio=ours / theirs,
        note=f"ours {1e3 * ours:.0f} ms; what customers do in the baseline's months, evenly dealt to its segments, "
        "prices and offers given",
    )  # fmt: skip


def crowds(repeats: int) -> Row:
    """A baseline run with few and with very many customers."""
    known = customers(baseline())
    few, many = (many_customers(number / known) for number in CUSTOMERS)
    run(few)
    ours, theirs = side_by_side(repeats, lambda: run(many), lambda: run(few))
    apart = abs(ours / theirs - 1.0)
    return row(
        "customers", "cost with 10^9 customers against 10^4, difference", apart, "", 0.05, 0.05,
        partner=f"10^4 customers, {theirs:.3f} s", ratio=ours / theirs, note="medians in turn",
    )  # fmt: skip


def labs(repeats: int) -> Row:
    """Cost by number of labs, all of which look ahead."""
    scenarios = [many_labs(count) for count in LABS]
    spent = []
    for place, scenario in enumerate(scenarios):
        run(scenario) if place == 0 else None
        times = repeats if place == 0 else 1
        spent.append(statistics.median(cpu(lambda: run(scenario)) for _ in range(times)))  # noqa: B023
    steps = [
        np.log(b / a) / np.log(m / n)
        for (a, b), (n, m) in zip(zip(spent, spent[1:]), zip(LABS, LABS[1:]), strict=True)  # noqa: B905, RUF007
    ]
    whole = np.log(spent[-1] / spent[0]) / np.log(LABS[-1] / LABS[0])
    told = ", ".join(f"{n} labs {s:.2f} s" for n, s in zip(LABS, spent, strict=True))
    return row(
        "labs", "cost with 20, 200 and 1,000 labs, exponent", float(whole), "", 1.3, 1.1,
        partner=f"{LABS[0]} labs, {spent[0]:.2f} s", ratio=spent[-1] / spent[0],
        note=f"24 months; {told}; exponents {steps[0]:.2f} and {steps[1]:.2f}",
    )  # fmt: skip


def kernels(repeats: int) -> Row:
    """A whole run over the time inside compiled code."""
    scenario = baseline()
    run(scenario)
    shares = []
    for seed in range(repeats):
        with timed_kernels() as inside:
            whole = cpu(lambda: run(scenario, seed))  # noqa: B023
        shares.append((whole / max(sum(inside.values()), 1e-9), dict(inside)))
    value, inside = sorted(shares, key=lambda share: share[0])[repeats // 2]
    told = ", ".join(f"{name} {1e3 * spent:.0f} ms" for name, spent in sorted(inside.items()))
    return row(
        "kernels", "whole run over the time in the numeric kernels alone", value, "times", 2.0, 1.3,
        partner="compiled functions that Python calls, inside the same run", ratio=value,
        note=f"time inside {told}; arrays' preparation counts as outside",
    )  # fmt: skip


def entry_points() -> list[tuple[ModuleType, str, Callable[..., Any]]]:
    """Compiled functions that modules of `sim` call from Python: the module, the name there, the function."""
    from numba.core.registry import CPUDispatcher

    return [
        (module, name, thing)
        for key, module in list(sys.modules.items())
        if key.startswith("sim.") and not key.endswith(".jit")
        for name, thing in list(vars(module).items())
        if isinstance(thing, CPUDispatcher) and not thing.targetoptions.get("no_cpython_wrapper")
    ]


@contextmanager
def timed_kernels() -> Iterator[dict[str, float]]:
    """Seconds of CPU inside every compiled function of `sim` that Python calls, while this lasts."""
    inside: dict[str, float] = {}

    def timed(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            started = time.process_time()
            try:
                return kernel(*arguments)
            finally:
                inside[name] = inside.get(name, 0.0) + time.process_time() - started

        return call

    held = entry_points()
    try:
        for module, name, kernel in held:
            setattr(module, name, timed(name, kernel))
        yield inside
    finally:
        for module, name, kernel in held:
            setattr(module, name, kernel)


def memory() -> list[Row]:
    """Peak memory of fresh processes: a run of the baseline, and one with many labs."""
    libraries = _peak("nothing")
    found = []
    for key, what, must, aim in (
        ("run", "peak memory of a baseline run", 300.0, 200.0),
        ("labs", f"peak memory with {LABS[-1]:,} labs", 1000.0, 500.0),
    ):
        peak = _peak(key)
        partner = f"libraries and a baseline that does not run, {libraries:.0f} MB"
        note = "24 months" if key == "labs" else ""
        more = {"partner": partner, "ratio": peak / libraries, "note": note}
        found.append(row(f"memory-{key}", what, peak, "MB", must, aim, **more))
    return found


def _peak(what: str) -> float:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("performance.py")), "--peak", what],
        check=True, capture_output=True, text=True, env=_environment(),
    )  # fmt: skip
    return float(done.stdout)


def peak(what: str) -> float:
    """Peak memory of this process after some work, MB."""
    market = sim.Market(many_labs(LABS[-1]) if what == "labs" else baseline(), seed=1)
    if what == "nothing":
        import numba  # noqa: F401
    else:
        market.run()
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage tells begins with the parent's peak
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def shell(repeats: int) -> list[Row]:
    """Wall time of commands typed into a shell, each beside a process that only imports the libraries that it needs."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out")
        aimarkets = [sys.executable, "-m", "sim"]
        figures = "import matplotlib.pyplot, numba, pandas, pyarrow.parquet, scipy.optimize, mesa, pydantic"
        return [
            _command(
                repeats, [*aimarkets, "--help"], "import typer, rich", "help", "`aimarkets --help`, wall", 0.5, 0.3
            ),
            _command(
                max(3, repeats // 3), [*aimarkets, "run", "baseline", "--out", out, "--force"], figures,
                "shell", "`aimarkets run baseline` with all figures, wall", 8.0, 4.0,
            ),
        ]  # fmt: skip


def _command(
    repeats: int, command: list[str], imports: str, key: str, what: str, must: float, aim: float
) -> Row:
    spent = [
        (*_cost(command), *_cost([sys.executable, "-c", imports]))
        for _ in range(repeats + 1)  # the first reads files into memory
    ][1:]
    wall, ours, _, theirs = (statistics.median(column) for column in zip(*spent, strict=True))
    return row(
        key, what, wall, "s", must, aim, partner=f"`python -c '{imports}'`, {theirs:.2f} s of CPU",
        ratio=ours / theirs, note=f"median of {repeats}; {ours:.2f} s of CPU, on which the ratio stands",
    )  # fmt: skip


def _cost(command: list[str]) -> tuple[float, float]:
    """Seconds of wall time and of CPU that a command takes."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=_environment(), cwd=ROOT)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}


def compilation() -> Row:
    """Seconds of CPU of a first run ever, with an empty cache of machine code, and of the first one of a later start."""
    code = (
        "import time, sim; scenario = sim.load('baseline').scenario; started = time.process_time(); "
        "sim.Market(scenario, seed=1).run(); print(time.process_time() - started)"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = _environment() | {"NUMBA_CACHE_DIR": cache}
        first, later = (
            float(
                subprocess.run(
                    [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
                ).stdout
            )
            for _ in range(2)
        )
    return Row(
        "compilation", "first baseline run ever, compiling, CPU", first, "s", "reported", "reported", "",
        f"the first run of a later start, machine code read from disk, {later:.1f} s", first / later,
        "all compiled functions that a run calls, and the run itself",
    )  # fmt: skip
