"""How fast the simulator is: `python benchmarks/performance.py [--runs 200] [--store]` (`make bench`).

Measures every row of the table in docs/performance.md and writes it there. Each row has a partner that is measured side
by side, in the same minutes: their ratio can be compared between machines. The ratios that the project holds itself to
are in benchmarks/baseline.json; a row whose ratio is more than 30 % worse fails the command. `--store` writes them anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import measures
from measures import ROOT, Row
from threadpoolctl import threadpool_limits

DOCUMENT = ROOT / "docs" / "performance.md"
STORED = Path(__file__).with_name("baseline.json")
WORSE = 1.3
LIBRARIES = ("numpy", "numba", "mesa", "scipy", "pandas", "matplotlib")

HEAD = """# Performance

Written by `make bench` (`benchmarks/performance.py`); medians of repeated runs.

{machine}

| what | measured | must | aim | met | partner, measured side by side | ratio | stored |
|---|---|---|---|---|---|---|---|
"""
TAIL = """
The ratio is a row's cost over its partner's, lower is better: what can be compared between machines and days. The
stored ratios are in `benchmarks/baseline.json`; `make bench` fails if one is more than 30 % worse than stored.
Measured is in seconds where nothing else is said. CPU times are of one process with one thread of linear algebra.

{notes}
"""


def rows(runs: int, only: Sequence[str]) -> Iterator[Row]:
    """Every row, or those whose keys are asked for, as they come."""

    def wanted(*keys: str) -> bool:
        return not only or any(key in only for key in keys)

    with threadpool_limits(1):  # as sim.simulate does
        one = None
        if wanted("run", "pool"):
            one = measures.one_run(9)
            yield one
        if wanted("pool") and one is not None:
            yield measures.pool(runs, one.value)
        simple: tuple[tuple[str, Callable[[], Row]], ...] = (
            ("twin", lambda: measures.twin(3)),
            ("customers", lambda: measures.crowds(7)),
            ("labs", lambda: measures.labs(3)),
            ("kernels", lambda: measures.kernels(5)),
            ("compilation", measures.compilation),
        )
        for key, measure in simple:
            if wanted(key):
                yield measure()
        if wanted("memory-run", "memory-labs"):
            yield from measures.memory()
        if wanted("help", "shell"):
            yield from measures.shell(9)


def machine() -> str:
    """Where and with what this was measured."""
    names = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {processor}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}. Load of the machine at the beginning: {os.getloadavg()[0]:.1f}."
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def line(row: Row, stored: dict[str, float]) -> str:
    """A line of the table."""
    value = f"{row.value:.3g}" + (f" {row.unit}" if row.unit else "")
    known = f"{stored[row.key]:.3g}" if row.key in stored else "-"
    cells = (row.what, value, row.must, row.aim, row.met or "-", row.partner, f"{row.ratio:.3g}", known)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def document(found: Sequence[Row], stored: dict[str, float], where: str) -> str:
    """The whole page."""
    table = "\n".join(line(row, stored) for row in found)
    notes = "\n".join(f"- {row.what}: {row.note}." for row in found if row.note)
    missed = [row.what for row in found if row.met == "NOT MET"]
    told = f"Not met: {'; '.join(missed)}." if missed else "Every must is met."
    return HEAD.format(machine=where) + table + "\n\n" + told + "\n" + TAIL.format(notes=notes)


def regressions(found: Sequence[Row], stored: dict[str, float]) -> list[str]:
    """Rows that are more than 30 % worse than stored."""
    return [
        f"{row.key}: ratio {row.ratio:.3g}, stored {stored[row.key]:.3g}: {row.ratio / stored[row.key] - 1:+.0%}"
        for row in found
        if row.key in stored and row.ratio > WORSE * stored[row.key]
    ]


def main() -> int:
    """Measure, write, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="runs through the process pool")
    parser.add_argument(
        "--only", nargs="*", default=[], help="keys of the rows to measure; nothing is written then"
    )
    parser.add_argument("--store", action="store_true", help="store this run's ratios")
    parser.add_argument("--peak", help=argparse.SUPPRESS)  # a fresh process that measures its own memory
    options = parser.parse_args()
    if options.peak:
        print(measures.peak(options.peak))
        return 0
    where, stored = machine(), json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    found = []
    for row in rows(options.runs, options.only):
        found.append(row)
        print(line(row, stored), flush=True)
    if options.store:
        stored |= {row.key: round(row.ratio, 4) for row in found}
        STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    if not options.only:
        DOCUMENT.write_text(document(found, stored, where), encoding="utf-8")
    worse = regressions(found, stored)
    for text in worse:
        print(f"more than 30 % worse than stored: {text}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
