"""Choice at given prices, as machine code: `sim.choice.inclusive`.

Cohorts stand so that those who cannot have an offer come last as a rule: rows end with the last who can.
"""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.calls import joined
from sim.economics.compiled.jit import exp, log
from sim.world.setting import Array, Ints


@joined
def set_buyers(
    utility: Array,
    weights: Array,
    nest: Ints,
    value: Ints,
    tiers: int,
    inside: float,
    outside: float,
    out: Array,
) -> None:
    """Writes what `sim.choice.inclusive.buyers` returns into `out`, (offers,)."""
    offers, cohorts = utility.shape
    begin, end = np.zeros(offers + 1, np.intp), np.zeros(offers, np.intp)
    peak = np.full(cohorts, -1e6)
    for j in range(offers):
        for s in range(cohorts):
            end[j] = s + 1 if utility[j, s] > -np.inf else end[j]
            peak[s] = utility[j, s] if utility[j, s] > peak[s] else peak[s]
        begin[j + 1] = begin[j] + end[j]
    u = np.empty(begin[offers])
    for j in range(offers):
        row = begin[j]
        for s in range(end[j]):
            u[row + s] = (utility[j, s] - peak[s]) / inside
    for i in range(len(u)):
        u[i] = exp(u[i])
    of_model, each = np.zeros((len(value), cohorts)), np.zeros((len(value), cohorts))
    of_tier, of_each = np.zeros((tiers, cohorts)), np.empty((tiers, cohorts))
    longest = np.zeros(len(value), np.intp)
    for j in range(offers):
        row, m = begin[j], nest[j]
        longest[m] = max(longest[m], end[j])
        for s in range(end[j]):
            of_model[m, s] += u[row + s]
    for m in range(len(value)):
        t = value[m]
        for s in range(longest[m]):
            some = of_model[m, s] > 0.0
            in_tier = exp(inside / outside * log(max(of_model[m, s], 1e-300))) if some else 0.0
            of_tier[t, s] += in_tier
            each[m, s] = in_tier / max(of_model[m, s], 1e-300)
    for s in range(cohorts):
        total = exp(min(-peak[s], 700.0))
        for t in range(tiers):
            some = of_tier[t, s] > 0.0
            of_each[t, s] = exp(outside * log(max(of_tier[t, s], 1e-300))) if some else 0.0
            total += of_each[t, s]
        for t in range(tiers):
            of_each[t, s] *= weights[s] / total / max(of_tier[t, s], 1e-300)
    for j in range(offers):
        row, m = begin[j], nest[j]
        t = value[m]
        people = 0.0
        for s in range(end[j]):
            people += u[row + s] * each[m, s] * of_each[t, s]
        out[j] = people
