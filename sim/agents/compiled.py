"""Loops of `sim.agents` as machine code; the readable paths are there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.calls import making_arrays
from sim.economics.compiled.jit import exp, log
from sim.world.setting import Array, Ints


@making_arrays
def imagined(
    seller: Ints,
    channel: Ints,
    last: Array,
    cost: Array,
    keeps: Array,
    markup: float,
    capability: Array,
    taste: Array,
    level: Array,
    width: Array,
    value: Array,
    tasks: Ints,
    sensitivity: Array,
    dear: Array,
    order: Ints,
) -> tuple[Array, Array]:
    """As `sim.agents.cloud.imagined_market`: prices, (offers,), and utilities in `order`, (offers, cohorts).

    Parameters
    ----------
    seller, channel, last, cost, keeps, capability
        Of offers; -1 sells to itself.
    taste
        (offers, cohorts).
    level, width, value
        Difficulty, its width and the worth of kinds of tasks; `tasks` tells those of each cohort.
    sensitivity, dear
        Of cohorts: to prices, and what it costs them to run a model themselves against the cheapest region.
    """
    offers, cohorts = taste.shape
    price, utility, worth = np.empty(offers), np.empty((offers, cohorts)), np.empty(len(value))
    at_home = np.empty(cohorts)
    for s in range(cohorts):
        at_home[s] = sensitivity[s] * log(dear[s])
    for row in range(offers):
        j = order[row]
        if seller[j] < 0:
            price[j] = cost[j]
        elif channel[j] == 0 and np.isfinite(last[j]):
            price[j] = max(last[j], cost[j])
        else:
            price[j] = cost[j] / keeps[j] * markup
        dearness = log(price[j])
        if row == 0 or capability[j] != capability[order[row - 1]]:  # hosts of one model stand together
            for k in range(len(value)):
                worth[k] = value[k] / (1.0 + exp((level[k] - capability[j]) / width[k]))
        for s in range(cohorts):
            bare = worth[tasks[s]] + taste[j, s] - dearness * sensitivity[s]
            utility[row, s] = bare - at_home[s] if seller[j] < 0 else bare
    return price, utility
