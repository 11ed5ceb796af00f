"""`sim.choice.inclusive` as machine code; the readable path is there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.jit import entry, exp, exponentiate, log
from sim.world.setting import Array, Ints


@entry
def inclusive(
    bare: Array,
    capability: Array,
    level: Array,
    width: Array,
    tasks: Array,
    nest: Ints,
    value: Ints,
    tiers: int,
    values: int,
    inner: float,
    outer: float,
    out: Array,
) -> None:
    """Writes what `sim.choice.inclusive.inclusive_values` returns into `out`, (cases, values, cohorts)."""
    offers, cohorts = bare.shape
    # Cohorts stand so that those who cannot have an offer come last as a rule: rows end with the last who can.
    begin, end = np.zeros(offers + 1, np.intp), np.zeros(offers, np.intp)
    for j in range(offers):
        for s in range(cohorts):
            if bare[j, s] > -np.inf:
                end[j] = s + 1
        begin[j + 1] = begin[j] + end[j]
    u, per_width = np.empty(begin[offers]), 1.0 / width
    peak, of_model = np.empty(cohorts), np.empty(cohorts)
    for case in range(len(out)):
        total = out[case]
        total[:] = 0.0
        for j in range(offers):
            points, row = capability[case, j], begin[j]
            for s in range(end[j]):
                u[row + s] = (level[case, s] - points) * per_width[s]
        exponentiate(u)
        peak[:] = -1e6
        for j in range(offers):
            row = begin[j]
            for s in range(end[j]):
                utility = bare[j, s] + tasks[s] / (1.0 + u[row + s])
                u[row + s] = utility
                peak[s] = utility if utility > peak[s] else peak[s]
        for j in range(offers):
            row = begin[j]
            for s in range(end[j]):
                u[row + s] = (u[row + s] - peak[s]) / inner
        exponentiate(u)
        j = 0
        while j < offers:
            of_model[:] = 0.0
            v, longest, k = value[nest[j]], 0, j
            while k < offers and nest[k] == nest[j]:
                row = begin[k]
                for s in range(end[k]):
                    of_model[s] += u[row + s]
                longest = max(longest, end[k])
                k += 1
            if v < tiers:
                for s in range(longest):  # a sum of 0 stays 0
                    some = of_model[s] > 0.0
                    of_model[s] = exp(inner / outer * log(max(of_model[s], 1e-300))) if some else 0.0
            for s in range(longest):
                total[v, s] += of_model[s]
            j = k
        for v in range(values):
            scale = outer if v < tiers else inner
            for s in range(cohorts):
                some = total[v, s] > 0.0
                total[v, s] = scale * log(max(total[v, s], 1e-300)) + peak[s] if some else -np.inf
