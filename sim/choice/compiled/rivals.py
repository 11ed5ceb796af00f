"""What stands for rivals, and what they learn: `sim.choice.rivals` and `sim.choice.imagined.taught` as machine code.

Hosts of a model offer the same capability. So what they are worth together before it is known once for the month,
and a market is a loop over models.
"""

from __future__ import annotations

import numpy as np

from sim.choice.compiled.layout import (
    ALGORITHM,
    DIFFICULTY,
    GROWTH,
    LAB,
    MONTHS,
    NEARNESS,
    NEWEST,
    OPENNESS,
    PROGRESS,
    SELLER,
    SINCE,
    TASKS,
    THRESHOLD,
    TIER,
    TUNING,
    USERS,
    WIDTH,
    Ahead,
    Markets,
    Today,
    World,
)
from sim.choice.imagined import CLOSED, OPEN_RESTRICTED
from sim.economics.compiled.calls import inner
from sim.economics.compiled.jit import compiled, exp, log
from sim.world.setting import SMALL, TIERS, Array, Ints

NOTHING = 1e-300


@inner
def beside(today: Today, lab: int) -> tuple[Ints, Ints, int]:
    """The value that each model counts for, (models,), -1 for none; the first host of those with one of their own.

    A model counts for its tier, or by itself where the lab's firm is one of its hosts; the last is how many values
    there are.
    """
    models = today.models.shape[1]
    value, host, ours = np.full(models, -1), np.full(models, -1), np.zeros(models, np.bool_)
    for j in range(len(today.nest)):
        if today.offers[LAB, j] != lab:
            m = today.nest[j]
            if today.offers[SELLER, j] == lab:
                ours[m] = True
            elif host[m] < 0:
                host[m], value[m] = j, today.models[TIER, m]
    values = TIERS
    for m in range(models):
        if ours[m] and host[m] >= 0:
            value[m] = values
            values += 1
    return value, host, values


@inner
def stand_ins(
    world: World,
    today: Today,
    ahead: Ahead,
    lab: int,
    flagship: float,
    cases: Markets,
    value: Ints,
    values: int,
) -> Array:
    """Utility of what stands for rivals, (horizons + markets in which they learn, values, cohorts)."""
    horizons, cohorts, models = ahead.days.shape[1], len(world.sensitivity), len(value)
    days = horizons + len(cases.mode) - cases.plain
    out, joint = np.empty((days, values, cohorts)), _joint(world, today, lab, value, values)
    gain, floor = np.zeros(today.labs.shape[1]), np.full(today.labs.shape[1], -np.inf)
    level, peak = np.empty(cohorts), np.empty(cohorts)
    worths = np.empty((horizons + 1, models, cohorts))  # by day, and where rivals learn
    for i in range(days):
        k = cases.plain + i - horizons
        h = i if i < horizons else cases.horizon[k]
        if i >= horizons:
            _learn(world, today, ahead, lab, flagship, cases.mode[k], h, gain, floor)
        for s in range(cohorts):
            level[s] = world.cohorts[DIFFICULTY, s] + world.cohorts[GROWTH, s] * ahead.days[SINCE, h]
            peak[s] = -1e6
        worth, progress = worths[min(i, horizons)], ahead.days[PROGRESS, h]
        for m in range(models):
            if value[m] >= 0:
                points = _expected(world, today, m, progress, gain, floor)
                if i >= horizons and points == today.levels[m] + progress:  # nothing to learn
                    for s in range(cohorts):
                        worth[m, s] = worths[h, m, s]
                else:
                    set_worth(world, points, level, worth, m)
                    for s in range(cohorts):
                        worth[m, s] += joint[m, s]
                for s in range(cohorts):
                    peak[s] = worth[m, s] if worth[m, s] > peak[s] else peak[s]
        _set_values(world, value, worth, peak, out[i])
    return out


@compiled
def _expected(world: World, today: Today, m: int, progress: float, gain: Array, floor: Array) -> float:
    """Capability of a rival's model by a day: of the newest with what its lab has learned."""
    points, of = today.levels[m] + progress, today.models[LAB, m]
    below = world.small_gap if today.models[TIER, m] == SMALL else 0.0
    return float(max(points + gain[of], floor[of] - below) if today.models[NEWEST, m] else points)


@compiled
def _set_values(world: World, value: Ints, worth: Array, peak: Array, out: Array) -> None:
    """Values of tiers and of models by themselves, (values, cohorts), from those of models."""
    cohorts = len(peak)
    for t in range(TIERS):
        for s in range(cohorts):
            out[t, s] = 0.0
    for m in range(len(value)):
        v = value[m]
        if v >= TIERS:
            for s in range(cohorts):
                out[v, s] = worth[m, s]
        elif v >= 0:
            for s in range(cohorts):
                out[v, s] += exp((worth[m, s] - peak[s]) / world.outer)
    for t in range(TIERS):
        for s in range(cohorts):
            together = world.outer * log(max(out[t, s], NOTHING)) + peak[s]
            out[t, s] = together if out[t, s] > 0.0 else -np.inf


@compiled
def set_worth(world: World, points: float, level: Array, out: Array, row: int) -> None:
    """Utils that customers find in a capability, into a row of `out`; as `sim.world.tastes.worth`."""
    for s in range(len(level)):
        out[row, s] = world.cohorts[TASKS, s] / (1.0 + exp((level[s] - points) / world.cohorts[WIDTH, s]))


@compiled
def set_joint(bare: Array, rows: Ints, scale: float, m: int, peak: Array, out: Array) -> None:
    """Utility of hosts of a model together, into row `m` of `out`; `peak` is room for (cohorts,) numbers."""
    cohorts = bare.shape[1]
    for s in range(cohorts):
        peak[s], out[m, s] = -1e6, 0.0
    for j in rows:
        for s in range(cohorts):
            peak[s] = bare[j, s] if bare[j, s] > peak[s] else peak[s]
    for j in rows:
        for s in range(cohorts):
            out[m, s] += exp((bare[j, s] - peak[s]) / scale)
    for s in range(cohorts):
        together = scale * log(max(out[m, s], NOTHING)) + peak[s]
        out[m, s] = together if out[m, s] > 0.0 else -np.inf


@inner
def _joint(world: World, today: Today, lab: int, value: Ints, values: int) -> Array:
    """Utility of models before capability, without those hosts that the lab's firm is."""
    if values == TIERS:
        return today.joint
    joint, peak = today.joint.copy(), np.empty(len(world.sensitivity))
    for m in range(len(value)):
        if value[m] >= TIERS:
            first = today.first[m]
            others, count = np.empty(today.first[m + 1] - first, np.intp), 0
            for j in range(first, today.first[m + 1]):
                if today.offers[SELLER, j] != lab:
                    others[count] = j
                    count += 1
            set_joint(today.bare, others[:count], world.inner, m, peak, joint)
    return joint


@compiled
def _learn(
    world: World,
    today: Today,
    ahead: Ahead,
    lab: int,
    flagship: float,
    mode: int,
    h: int,
    gain: Array,
    floor: Array,
) -> None:
    """What labs learn by a day from the weights that a mode opens; see `Lesson`."""
    labs, months = today.labs, ahead.days[MONTHS, h]
    others = 0.0
    for i in range(labs.shape[1]):
        others += labs[OPENNESS, i] * labs[NEARNESS, i] if i != lab else 0.0
    closed = others + world.openness[CLOSED] * labs[NEARNESS, lab]
    opened = others + world.openness[mode] * labs[NEARNESS, lab]
    fuller = opened / (opened + world.pool_half) - closed / (closed + world.pool_half)
    part = world.per_order * min(world.pool_rate * fuller * months / 12.0, 1.0)
    free, ready = mode >= OPEN_RESTRICTED, months >= world.lag
    base = flagship + world.expected_progress * (months - world.lag) / 12.0
    for i in range(labs.shape[1]):
        gain[i] = part * max(labs[ALGORITHM, lab] - labs[ALGORITHM, i], 0.0)
        large = mode == OPEN_RESTRICTED and world.labs[USERS, i] > labs[THRESHOLD, lab]
        floor[i] = base + labs[TUNING, i] if free and ready and not large else -np.inf
    gain[lab], floor[lab] = 0.0, -np.inf
