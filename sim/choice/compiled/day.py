"""Tables of a month for all labs that decide in it: `sim.choice.standing` and labs as `layout` has them."""

from __future__ import annotations

import numpy as np

from sim.choice.cases import HOST_FREES
from sim.choice.compiled.layout import (
    ALGORITHM,
    AT_HOME,
    CAPABILITY,
    CHANNEL,
    COMMUNITY,
    COST,
    DATA,
    LAB,
    LAB_MARGIN,
    LOAD,
    NEARNESS,
    NEW,
    NEWEST,
    OPEN,
    OPENNESS,
    OWN_MARGIN,
    RATE,
    ROYALTY,
    SELLER,
    THRESHOLD,
    TIER,
    TUNING,
    Crowds,
    Labs,
    OnOffer,
    World,
)
from sim.choice.compiled.rivals import set_joint
from sim.economics.compiled.calls import inner
from sim.world.setting import Array, Ints
from sim.world.state import NEVER


@inner
def tables(offers: OnOffer) -> tuple[Ints, Array]:
    """Whole numbers of offers and their numbers, (8, offers) and (6, offers)."""
    count = len(offers.lab)
    table, money = np.zeros((8, count), np.intp), np.empty((6, count))
    for j in range(count):
        table[LAB, j], table[TIER, j], table[CHANNEL, j] = offers.lab[j], offers.tier[j], offers.channel[j]
        table[OPEN, j], table[NEWEST, j] = offers.open_[j], offers.newest[j]
        table[SELLER, j], table[AT_HOME, j], table[NEW, j] = offers.seller[j], offers.at_home[j], 0
        money[CAPABILITY, j], money[LOAD, j], money[COST, j] = (
            offers.capability[j],
            offers.load[j],
            offers.cost[j],
        )
        money[ROYALTY, j], money[OWN_MARGIN, j] = offers.royalty[j], offers.own_margin[j]
        money[LAB_MARGIN, j] = offers.lab_margin[j]
    return table, money


@inner
def bare(world: World, offers: OnOffer) -> Array:
    """Tastes less price, (offers, cohorts)."""
    out = np.empty((len(offers.dearness), len(world.sensitivity)))
    for j in range(len(out)):
        for s in range(len(world.sensitivity)):
            out[j, s] = offers.taste[j, s] - offers.dearness[j] * world.sensitivity[s]
    return out


@inner
def nest(table: Ints) -> Ints:
    """Model of each offer, counted from 0, (offers,)."""
    out = np.zeros(table.shape[1], np.intp)
    for j in range(1, len(out)):
        same = True
        for r in (LAB, TIER, OPEN, NEWEST):
            same &= table[r, j] == table[r, j - 1]
        out[j] = out[j - 1] if same else out[j - 1] + 1
    return out


@inner
def first(nest: Ints) -> Ints:
    """Where offers of each model begin, and where those of the last one end, (models + 1,)."""
    models = nest[len(nest) - 1] + 1 if len(nest) else 0
    out = np.zeros(models + 1, np.intp)
    for j in range(len(nest)):
        out[nest[j] + 1] = j + 1
    return out


@inner
def models(table: Ints, capability: Array, nest: Ints, first: Ints) -> tuple[Ints, Array, bool]:
    """Table of models, that of the first offer of each; capability of models; and whether all its hosts have that."""
    out, levels, alike = np.empty((len(table), len(first) - 1), np.intp), np.empty(len(first) - 1), True
    for m in range(len(levels)):
        levels[m] = capability[first[m]]
        for r in range(len(table)):
            out[r, m] = table[r, first[m]]
    for j in range(len(nest)):
        alike &= levels[nest[j]] == capability[j]
    return out, levels, alike


@inner
def joint(bare: Array, first: Ints, scale: float) -> Array:
    """Utility of all hosts of each model together, before capability, (models, cohorts)."""
    out, peak = np.empty((len(first) - 1, bare.shape[1])), np.empty(bare.shape[1])
    rows = np.arange(len(bare))
    for m in range(len(out)):
        set_joint(bare, rows[first[m] : first[m + 1]], scale, m, peak, out)
    return out


@inner
def of_labs(labs: Labs, openness: Array, nearness: Array, tuning: Array, pays: bool) -> Array:
    """Table of labs, (8, labs); `openness` is that of modes."""
    out = np.empty((8, len(labs.active)))
    for i in range(len(labs.active)):
        works = labs.active[i] and labs.released[i] > NEVER
        out[ALGORITHM, i], out[NEARNESS, i] = labs.algorithm[i], nearness[i]
        out[OPENNESS, i], out[TUNING, i] = openness[labs.mode[i]] if works else 0.0, tuning[i]
        out[THRESHOLD, i], out[RATE, i] = labs.threshold[i], labs.rate[i] if pays else 0.0
        out[DATA, i], out[COMMUNITY, i] = labs.data[i], labs.community[i]
    return out


@inner
def choosing(who: Crowds, spending: float) -> tuple[Array, Array, Array]:
    """Who chooses by the days ahead: `choosing` and `size` of `sim.choice.cases.Days`, and by what everybody grows.

    Takes what all adopters would spend today, USD a month. The last is the factor on the part of a firm's serving
    compute for these customers, (horizons,).
    """
    horizons, cohorts = who.faded.shape
    anew, all_, size, factor = np.empty((horizons, cohorts)), np.empty(cohorts), np.empty(horizons), who.growth.copy()
    for h in range(horizons):
        for s in range(cohorts):
            adopted, richer = who.adopted[s], who.richer[h, s]
            later, before = 1.0 - (1.0 - adopted) * who.faded[h, s], max(adopted, 1e-12)
            everyone = part = richer * later / before
            if who.bound:
                part = max(richer * (later - adopted * who.stay[h, s]) / before, who.reconsider[s])
            all_[s], anew[h, s] = who.weights[s] * everyone, who.weights[s] * part
        mass = _total(anew[h])
        size[h] = mass / max(spending, 1e-300)
        factor[h] *= mass / max(_total(all_), 1e-300)
    return anew, size, factor


@inner
def serving(bandwidth: Array, use: Array, factor: Array) -> tuple[Array, Array]:
    """`all_` and `spare` of `sim.choice.cases.Days`, TB/s, (horizons, firms) each."""
    all_, spare = np.empty((len(factor), len(use))), np.empty((len(factor), len(use)))
    for h in range(len(factor)):
        for i in range(len(use)):
            all_[h, i] = bandwidth[i] * factor[h]
            spare[h, i] = bandwidth[i] * max(1.0 - use[i], HOST_FREES) * factor[h]
    return all_, spare


@inner
def _total(values: Array) -> float:
    """Sum in the order in which NumPy adds up a row of up to 128 numbers: eight sums side by side."""
    whole = len(values) // 8 * 8
    total, each = 0.0, np.zeros(8)
    if whole:
        for i in range(whole):
            each[i % 8] += values[i]
        left, right = (each[0] + each[1]) + (each[2] + each[3]), (each[4] + each[5]) + (each[6] + each[7])
        total = left + right
    for i in range(whole, len(values)):
        total += values[i]
    return total
