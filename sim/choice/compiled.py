"""Loops of `sim.choice` as machine code; the readable paths are there.

Cohorts stand so that those who cannot have an offer come last as a rule: rows end with the last who can.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from sim.economics.compiled.jit import exp, log
from sim.world.setting import Array, Flags, Ints

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


def _entry(function: _Function) -> _Function:
    """The function as machine code, kept on disk where that can be written to; unlike the solver's, it makes arrays."""
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # no directory for the cache
        return cast(_Function, numba.njit(**_OPTIONS)(function))


@_entry
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
        for i in range(len(u)):
            u[i] = exp(u[i])
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
        for i in range(len(u)):
            u[i] = exp(u[i])
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


@_entry
def set_buyers(
    utility: Array,
    weights: Array,
    nest: Ints,
    value: Ints,
    tiers: int,
    inner: float,
    outer: float,
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
            u[row + s] = (utility[j, s] - peak[s]) / inner
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
            in_tier = exp(inner / outer * log(max(of_model[m, s], 1e-300))) if some else 0.0
            of_tier[t, s] += in_tier
            each[m, s] = in_tier / max(of_model[m, s], 1e-300)
    for s in range(cohorts):
        total = exp(min(-peak[s], 700.0))
        for t in range(tiers):
            some = of_tier[t, s] > 0.0
            of_each[t, s] = exp(outer * log(max(of_tier[t, s], 1e-300))) if some else 0.0
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


@_entry
def set_utilities(
    has: Flags,
    licensed: Flags,
    mode: Ints,
    restricted: int,
    friction: float,
    row: Ints,
    mine: Array,
    taste: Array,
    theirs: Array,
    out: Array,
) -> None:
    """Writes what `sim.choice.payoffs.utilities` returns into `out`, (cases, cohorts, offers)."""
    cases, cohorts, offers = out.shape
    own = offers - theirs.shape[1]
    for k in range(cases):
        for j in range(own):
            if has[mode[k], j]:
                less = friction if licensed[j] and mode[k] == restricted else 0.0
                for s in range(cohorts):
                    out[k, s, j] = mine[row[k], j, s] + taste[j, s] - less
            else:
                for s in range(cohorts):
                    out[k, s, j] = -np.inf
        for j in range(offers - own):
            for s in range(cohorts):
                out[k, s, own + j] = theirs[k, j, s]


@_entry
def set_sales(
    tokens: Array,
    spent: Array,
    shares: Array,
    prices: Array,
    at_home: Flags,
    weights: Array,
    row: Ints,
    dear: Array,
    usage: float,
) -> None:
    """Self-hosting in `sim.choice.payoffs.sales`: writes its tokens and what they cost, (cases, offers)."""
    cases, offers = tokens.shape
    cheap, more = dear**-usage, dear ** (1.0 - usage)
    for k in range(cases):
        for j in range(offers):
            if at_home[j]:
                used = paid = 0.0
                for s in range(len(dear)):
                    buyers = weights[row[k], s] * shares[k, s, j]
                    used += buyers * cheap[s]
                    paid += buyers * more[s]
                tokens[k, j] = used * prices[k, j] ** -usage
                spent[k, j] = paid * prices[k, j] ** (1.0 - usage)
