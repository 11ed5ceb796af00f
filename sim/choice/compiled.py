"""`sim.choice.inclusive` as machine code; the readable path is there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.jit import copy, entry, exp, exponentiate, log
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
    u = np.empty((offers, cohorts))
    flat = u.reshape(-1)
    per_width = 1.0 / width
    peak, of_model = np.empty(cohorts), np.empty(cohorts)
    for case in range(len(out)):
        total = out[case]
        total[:] = 0.0
        for j in range(offers):
            points = capability[case, j]
            for s in range(cohorts):
                u[j, s] = (level[case, s] - points) * per_width[s]
        exponentiate(flat)
        peak[:] = -1e6
        for j in range(offers):
            for s in range(cohorts):
                utility = bare[j, s] + tasks[s] / (1.0 + u[j, s])
                u[j, s] = utility
                peak[s] = utility if utility > peak[s] else peak[s]
        for j in range(offers):
            for s in range(cohorts):
                u[j, s] = (u[j, s] - peak[s]) / inner
        exponentiate(flat)
        j = 0
        while j < offers:
            copy(u[j], of_model)
            k = j + 1
            while k < offers and nest[k] == nest[j]:
                for s in range(cohorts):
                    of_model[s] += u[k, s]
                k += 1
            v = value[nest[j]]
            if v < tiers:
                for s in range(cohorts):  # exponents of 0 give 0, not a NaN
                    of_model[s] = exp(inner / outer * log(max(of_model[s], 1e-300))) * (of_model[s] > 0.0)
            for s in range(cohorts):
                total[v, s] += of_model[s]
            j = k
        for v in range(values):
            scale = outer if v < tiers else inner
            for s in range(cohorts):
                some = total[v, s] > 0.0
                total[v, s] = scale * log(max(total[v, s], 1e-300)) + peak[s] if some else -np.inf
