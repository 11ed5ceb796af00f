"""CPU time of one baseline run, after a warm-up, without figures: `python benchmarks/run.py [SCENARIO] [RUNS]`.

Absolute times depend on the machine; the number to watch is the median against an earlier commit's, measured
side by side.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np  # noqa: F401  (what is loaded later is not limited)
from threadpoolctl import threadpool_limits

import sim


def main() -> None:
    scenario = sim.load(sys.argv[1] if len(sys.argv) > 1 else "baseline").scenario
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    started = time.process_time()
    sim.Market(scenario, seed=0).run()
    first = time.process_time() - started
    spent = []
    for seed in range(1, runs + 1):
        started = time.process_time()
        market = sim.Market(scenario, seed=seed).run()
        spent.append(time.process_time() - started)
    months, releases = len(market.months), len(market.record.models)
    print(f"{months} months, {releases} releases in the last run")
    print(f"first run, imports and compilation included: {first:.2f} s of CPU")
    print(f"median of {runs} runs: {statistics.median(spent):.2f} s ({min(spent):.2f} to {max(spent):.2f})")


if __name__ == "__main__":
    with threadpool_limits(1):  # as sim.simulate does
        main()
