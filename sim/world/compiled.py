"""Loops of `sim.world` as machine code; the readable paths are there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.economics.compiled.calls import Bare, inner, making_arrays
from sim.world.setting import Array, Flags, Ints

LAB, TIER, CHANNEL, SINCE, FIRST, HOSTED_SINCE, SELLER = range(7)
"""Rows of the table of offers' whole numbers, named as in `Offers` and `Terms`."""
CAPABILITY, BYTES, LOAD, COST, RUNNING, ROYALTY, OWN_MARGIN, LAB_MARGIN = range(8)
"""Rows of that of their numbers."""
OPEN, NEWEST, RESTRICTED, AT_HOME = range(4)
"""Rows of that of their flags."""


class Rules(NamedTuple):
    """What stays the same during a run; what is switched off has a parameter of 0."""

    considered: int  # models of a tier that customers think of running themselves
    improvement: float  # ECI points that use adds to open models at most
    cheaper: float  # part of their bytes per token that it saves at most
    half_use: float
    friction: float  # utils that a restricted licence costs
    trial_months: float
    trial: float  # utils of free trials
    first_mover: float
    honeymoon: int  # months in which the first host is known as the first
    moved: float  # bytes that a TB/s moves in a month at work
    floor: float  # USD per Mtok
    royalties: bool
    customisation: Array  # (cohorts,)
    firm_of_channel: Ints  # (channels,) -1: the lab itself, or customers
    cloud_users: Array  # (clouds,)
    own_complement: Array  # (firms,)
    complement: Array  # (labs,)
    cloud_firm: Ints  # (clouds,)
    open_flagship: int  # modes from this one on open the flagship
    never: int


class Known(NamedTuple):
    """Labs and their models, as in `sim.world.state.State`."""

    active: Flags
    mode: Ints
    released: Ints
    first_released: Ints
    capability: Array
    bytes_: Array
    open_capability: Array
    open_bytes: Array
    open_since: Ints
    open_restricted: Flags
    community: Array
    bandwidth: Array
    hosted: Flags  # (clouds, labs, tiers)
    hosted_since: Ints


class Today(NamedTuple):
    """What holds this month: tastes, licences and costs of compute."""

    month: int
    standing: Array  # (labs, channels, cohorts)
    delay: Array  # (cohorts,)
    threshold: Array  # (labs,)
    royalty: Array  # (labs,)
    rent: Array  # (firms,)
    paid: Array  # (firms,) part of serving cost paid in cash
    at_home: float  # rent of customers who run a model themselves
    dearer: Array  # (cohorts,) utils that this costs them


@making_arrays
def list_offers(
    of_labs: Bare, of_run: Bare, of_month: Bare, idle: bool, by_model: bool
) -> tuple[Ints, Array, Flags, Array]:
    """What `sim.world.listing.listed` has: whole numbers, numbers and flags of offers, and tastes, (offers, cohorts).

    Parameters
    ----------
    of_labs, of_run, of_month
        `Known`, `Rules` and `Today`.
    idle
        Whether clouds without compute host too.
    by_model
        Whether hosts of one model stand together, and models of a tier.
    """
    known, rules, today = Known(*of_labs), Rules(*of_run), Today(*of_month)
    whole, real, flags = _offers(known, rules, idle)
    taste = _tastes(whole, flags, rules, today)
    _set_terms(whole, real, flags, taste, rules, today)
    rows = _reachable(taste)
    if by_model:
        rows = _by_model(rows, whole, flags, len(known.active))
    n, cohorts = len(rows), taste.shape[1]
    kept, tastes = np.empty((len(real), n)), np.empty((n, cohorts))
    numbers, yes = np.empty((len(whole), n), np.int64), np.empty((len(flags), n), np.bool_)
    for k in range(n):
        j = rows[k]
        for i in range(len(whole)):
            numbers[i, k] = whole[i, j]
        for i in range(len(real)):
            kept[i, k] = real[i, j]
        for i in range(len(flags)):
            yes[i, k] = flags[i, j]
        for s in range(cohorts):
            tastes[k, s] = taste[j, s]
    return numbers, kept, yes, tastes


@inner
def _offers(known: Known, rules: Rules, idle: bool) -> tuple[Ints, Array, Flags]:
    """As `sim.world.offers.offered`; money terms are still to be written."""
    labs, tiers = known.capability.shape
    clouds = len(known.hosted)
    most = labs * tiers * (clouds + 2)
    model, channel = np.empty(most, np.int64), np.empty(most, np.int64)
    n = 0
    for lab in range(labs):
        sells = known.active[lab] and known.released[lab] > rules.never and known.bandwidth[lab] > 0.0
        for tier in range(tiers):
            if sells and np.isfinite(known.capability[lab, tier]):
                model[n], channel[n] = lab * tiers + tier, 0
                n += 1
    best = _most_capable(known.open_capability, rules.considered)
    for lab in range(labs):
        for tier in range(tiers):
            if not np.isfinite(known.open_capability[lab, tier]):
                continue
            for cloud in range(clouds):
                serves = idle or known.bandwidth[rules.cloud_firm[cloud]] > 0.0
                if serves and known.hosted[cloud, lab, tier]:
                    model[n], channel[n] = lab * tiers + tier, cloud + 1
                    n += 1
            if best[lab, tier]:
                model[n], channel[n] = lab * tiers + tier, clouds + 1
                n += 1
    whole, real, flags = np.empty((7, n), np.int64), np.empty((8, n)), np.empty((4, n), np.bool_)
    for j in range(n):
        lab, tier = divmod(model[j], tiers)
        weights, there = channel[j] != 0, known.released[lab] > rules.never
        newest_open = there and known.mode[lab] >= rules.open_flagship
        hosted = weights and channel[j] <= clouds
        whole[LAB, j], whole[TIER, j], whole[CHANNEL, j] = lab, tier, channel[j]
        whole[SINCE, j] = known.open_since[lab, tier] if weights else known.released[lab]
        whole[FIRST, j] = known.first_released[lab]
        whole[HOSTED_SINCE, j] = known.hosted_since[channel[j] - 1, lab, tier] if hosted else rules.never
        flags[OPEN, j] = weights or newest_open
        flags[NEWEST, j] = not weights or newest_open
        flags[RESTRICTED, j] = known.open_restricted[lab, tier]
        real[CAPABILITY, j] = known.open_capability[lab, tier] if weights else known.capability[lab, tier]
        real[BYTES, j] = known.open_bytes[lab, tier] if weights else known.bytes_[lab, tier]
        if flags[OPEN, j]:
            use = known.community[lab] / (known.community[lab] + rules.half_use)
            real[CAPABILITY, j] += rules.improvement * use
            real[BYTES, j] *= 1.0 - rules.cheaper * use
    return whole, real, flags


@inner
def _most_capable(capability: Array, considered: int) -> Flags:
    """As `sim.world.offers.considered`, (labs, tiers)."""
    labs, tiers = capability.shape
    best = np.zeros((labs, tiers), np.bool_)
    for tier in range(tiers):
        for _ in range(min(considered, labs)):
            found = -1
            for lab in range(labs):
                points = capability[lab, tier]
                if best[lab, tier] or not np.isfinite(points):
                    continue
                if found < 0 or points > capability[found, tier]:
                    found = lab
            if found >= 0:
                best[found, tier] = True
    return best


@inner
def _tastes(whole: Ints, flags: Flags, rules: Rules, today: Today) -> Array:
    """As `sim.world.tastes.Tastes.about`, (offers, cohorts)."""
    offers, cohorts, month, never = whole.shape[1], len(today.delay), today.month, rules.never
    out = np.empty((offers, cohorts))
    earliest = np.full((len(today.standing), 2), month + 1)  # first host of each model, of those still young
    for j in range(offers):
        if _young(whole, j, month, never, rules.honeymoon):
            lab, tier = whole[LAB, j], whole[TIER, j]
            earliest[lab, tier] = min(earliest[lab, tier], whole[HOSTED_SINCE, j])
    for j in range(offers):
        lab, channel, since = whole[LAB, j], whole[CHANNEL, j], whole[HOSTED_SINCE, j]
        bonus = 0.0
        if since > never and month - since < rules.trial_months:
            bonus = rules.trial
        if _young(whole, j, month, never, rules.honeymoon):
            bonus += rules.first_mover if since == earliest[lab, whole[TIER, j]] else 0.0
        bonus -= rules.friction if flags[RESTRICTED, j] and channel != 0 else 0.0
        own, age = flags[OPEN, j] and channel == 0, month - whole[FIRST, j]
        for s in range(cohorts):
            xi = today.standing[lab, channel, s]
            xi = xi + rules.customisation[s] if own else xi
            out[j, s] = -np.inf if age < today.delay[s] else xi + bonus
    return out


@inner
def _young(whole: Ints, j: int, month: int, never: int, honeymoon: int) -> bool:
    """Whether a model is new, and its host among those that took it up at once."""
    since, hosted_since = whole[SINCE, j], whole[HOSTED_SINCE, j]
    return bool(hosted_since > never and hosted_since - since <= 1 and month - since < honeymoon)


@inner
def _reachable(taste: Array) -> Ints:
    """Offers that some cohort can have."""
    rows, n = np.empty(len(taste), np.int64), 0
    for j in range(len(taste)):
        for s in range(taste.shape[1]):
            if taste[j, s] > -np.inf:
                rows[n] = j
                n += 1
                break
    return rows[:n]


@inner
def _by_model(rows: Ints, whole: Ints, flags: Flags, labs: int) -> Ints:
    """The rows, those of one model together, in the order of `sim.world.offers.Offers.model`."""
    models = 8 * labs
    code, first = np.empty(len(rows), np.int64), np.zeros(models + 1, np.int64)
    for k in range(len(rows)):
        j = rows[k]
        of_lab = (whole[LAB, j] * 2 + flags[NEWEST, j]) * 2 + flags[OPEN, j]
        code[k] = whole[TIER, j] * (4 * labs) + of_lab
        first[code[k] + 1] += 1
    for m in range(models):
        first[m + 1] += first[m]
    order = np.empty(len(rows), np.int64)
    for k in range(len(rows)):
        order[first[code[k]]] = rows[k]
        first[code[k]] += 1
    return order


@inner
def _set_terms(whole: Ints, real: Array, flags: Flags, taste: Array, rules: Rules, today: Today) -> None:
    """Writes what `sim.world.terms.agreed` says of offers, and takes from tastes what compute at home costs."""
    for j in range(whole.shape[1]):
        lab, channel = whole[LAB, j], whole[CHANNEL, j]
        firm = lab if channel == 0 else rules.firm_of_channel[channel]
        whole[SELLER, j], flags[AT_HOME, j] = firm, firm < 0
        load = real[BYTES, j] * 1e6 / rules.moved
        serving = load * (today.at_home if firm < 0 else today.rent[firm])
        real[LOAD, j] = load
        real[COST, j] = serving + rules.floor
        real[RUNNING, j] = serving * (0.0 if firm < 0 else today.paid[firm]) + rules.floor
        owes = rules.royalties and flags[RESTRICTED, j] and channel != 0 and firm >= 0 and firm != lab
        pays = owes and rules.cloud_users[channel - 1] > today.threshold[lab]
        real[ROYALTY, j] = today.royalty[lab] if pays else 0.0
        real[OWN_MARGIN, j] = 0.0 if firm < 0 else rules.own_complement[firm]
        real[LAB_MARGIN, j] = rules.complement[lab]
        if firm < 0:
            for s in range(len(today.dearer)):
                taste[j, s] -= today.dearer[s]


@making_arrays
def costs(
    bandwidth: Array,
    value: Array,
    firm_region: Ints,
    cohort_region: Ints,
    price: Array,
    running_cost: Array,
    subsidy: Array,
    system_cost: float,
    life: float,
    running_share: float,
    self_hosting: float,
) -> tuple[Array, Array, float, Array]:
    """As `sim.world.terms.Costs.of`: rent and the part of it paid in cash, (firms,), rent at home, dear, (cohorts,).

    Parameters
    ----------
    bandwidth, value
        TB/s for serving and what their chips cost, USD, (firms,).
    price, running_cost, subsidy
        USD of chips per TB/s, factor on what running them costs, and the part of it that is paid for, (regions,).
    """
    regions, cheapest = len(price), np.inf
    power, at_home = np.empty(regions), np.empty(regions)
    for r in range(regions):
        power[r] = running_cost[r] * (1.0 - subsidy[r])
        at_home[r] = price[r] * system_cost / life * (1.0 + running_share * power[r]) * self_hosting
        cheapest = min(cheapest, at_home[r])
    rent, paid, dear = np.empty(len(bandwidth)), np.empty(len(bandwidth)), np.empty(len(cohort_region))
    for i in range(len(bandwidth)):
        r = firm_region[i]
        book = value[i] / max(bandwidth[i], 1e-300) if bandwidth[i] > 0.0 else price[r]
        rent[i] = book * system_cost / life * (1.0 + running_share * power[r])
        running = power[r] * running_share
        paid[i] = running / (1.0 + running)
    for s in range(len(dear)):
        dear[s] = at_home[cohort_region[s]] / cheapest
    return rent, paid, cheapest, dear
