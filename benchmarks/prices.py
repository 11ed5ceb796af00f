"""Our price equilibrium against pyblp's on one market, side by side: `python benchmarks/prices.py`.

60 offers of 20 owners, 21 segments, log price, nests, to 1e-10. Both start warm, from the solution of the market a
month before (costs two percent higher). On both sides the market is built once and only solving it is timed: pyblp's
`replace_endogenous`, and ours with the checks of its inputs.
"""

from __future__ import annotations

import statistics
import time
import warnings

import numpy as np
import pyblp

from sim.economics.prices import PriceProblem

OFFERS, SEGMENTS, OWNERS, RHO = 60, 21, 20, 0.4


def main() -> None:
    warnings.simplefilter("ignore")
    pyblp.options.verbose = False
    rng = np.random.default_rng(1)
    x, xi = rng.normal(0, 1, OFFERS), rng.normal(0, 0.7, OFFERS)
    cost = np.exp(rng.normal(0, 0.4, OFFERS))
    owner, nest = rng.permutation(np.arange(OFFERS) % OWNERS), np.arange(OFFERS) % 6
    nodes, weights = rng.normal(size=(SEGMENTS, 3)), rng.dirichlet(5 * np.ones(SEGMENTS))
    quality = (0.5 + 0.6 * nodes[:, :1]) + (1 + 0.4 * nodes[:, 1:2]) * x + xi
    sensitivity = 2.5 - 0.15 * nodes[:, 2]

    problem = PriceProblem.build(OFFERS, price_sensitivity=sensitivity, owner=owner, nests=nest, nesting=RHO)

    def ours(start: np.ndarray | None, cost: np.ndarray) -> np.ndarray:
        return problem.solve(quality, cost, weights=weights, start=start, tolerance=1e-10).prices

    simulation = pyblp.Simulation(
        (pyblp.Formulation("1 + x + log(prices)"), pyblp.Formulation("1 + x + log(prices)")),
        {"market_ids": np.zeros(OFFERS), "firm_ids": owner, "x": x, "nesting_ids": nest},
        xi=xi, beta=[0.5, 1.0, -2.5], rho=RHO, sigma=np.diag([0.6, 0.4, 0.15]),
        agent_data={"market_ids": np.zeros(SEGMENTS), "weights": weights, "nodes": nodes},
    )

    def theirs(start: np.ndarray, cost: np.ndarray) -> np.ndarray:
        results = simulation.replace_endogenous(
            costs=cost[:, None], prices=start[:, None],
            iteration=pyblp.Iteration("simple", {"atol": 1e-10, "rtol": 0, "max_evaluations": 20_000}),
            compute_gradients=False, compute_hessians=False,
        )
        return np.asarray(results.product_data.prices).ravel()

    before = ours(None, 1.02 * cost)
    apart = np.abs(ours(before, cost) / theirs(before, cost) - 1).max()
    spent: dict[str, list[float]] = {"ours": [], "pyblp": []}
    for _ in range(9):
        for name, solve in (("ours", ours), ("pyblp", theirs)):
            started = time.perf_counter()
            solve(before, cost)
            spent[name].append(time.perf_counter() - started)
    mine, other = (statistics.median(spent[name]) for name in ("ours", "pyblp"))
    print(f"prices agree to {apart:.1e}")
    print(f"ours {1e3 * mine:.2f} ms, pyblp {1e3 * other:.0f} ms, ratio {other / mine:.0f} (medians of 9, in turn)")


if __name__ == "__main__":
    main()
