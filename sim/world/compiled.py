"""Loops of `sim.world` as machine code; the readable paths are there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.calls import inner, making_arrays
from sim.world.setting import Array, Flags, Ints


@making_arrays
def find_offers(
    sells: Flags,
    newest_open: Flags,
    released: Ints,
    first_released: Ints,
    capability: Array,
    bytes_: Array,
    open_capability: Array,
    open_bytes: Array,
    open_since: Ints,
    open_restricted: Flags,
    hosts: Flags,
    hosted_since: Ints,
    considered: int,
    better: Array,
    cheaper: Array,
    never: int,
) -> tuple[Ints, Array, Flags]:
    """Fields of `sim.world.offers.offered` in their order: whole numbers, floats and flags, (fields, offers) each."""
    labs, tiers = capability.shape
    clouds = len(hosts)
    most = labs * tiers * (clouds + 2)
    model, channel = np.empty(most, np.int64), np.empty(most, np.int64)
    n = 0
    for lab in range(labs):
        for tier in range(tiers):
            if sells[lab] and np.isfinite(capability[lab, tier]):
                model[n], channel[n] = lab * tiers + tier, 0
                n += 1
    best = _most_capable(open_capability, considered)
    for lab in range(labs):
        for tier in range(tiers):
            if not np.isfinite(open_capability[lab, tier]):
                continue
            for cloud in range(clouds):
                if hosts[cloud, lab, tier]:
                    model[n], channel[n] = lab * tiers + tier, cloud + 1
                    n += 1
            if best[lab, tier]:
                model[n], channel[n] = lab * tiers + tier, clouds + 1
                n += 1
    whole, real, flags = np.empty((6, n), np.int64), np.empty((2, n)), np.empty((3, n), np.bool_)
    for j in range(n):
        lab, tier = divmod(model[j], tiers)
        whole[0, j], whole[1, j], whole[2, j] = lab, tier, channel[j]
        weights = channel[j] != 0
        whole[3, j] = open_since[lab, tier] if weights else released[lab]
        whole[4, j] = first_released[lab]
        hosted = weights and channel[j] <= clouds
        whole[5, j] = hosted_since[channel[j] - 1, lab, tier] if hosted else never
        flags[0, j] = weights or newest_open[lab]
        flags[1, j] = not weights or newest_open[lab]
        flags[2, j] = open_restricted[lab, tier]
        real[0, j] = open_capability[lab, tier] if weights else capability[lab, tier]
        real[1, j] = open_bytes[lab, tier] if weights else bytes_[lab, tier]
        if flags[0, j]:
            real[0, j] += better[lab]
            real[1, j] *= cheaper[lab]
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


@making_arrays
def set_taste(
    standing: Array,
    lab: Ints,
    tier: Ints,
    channel: Ints,
    since: Ints,
    first: Ints,
    hosted_since: Ints,
    open_: Flags,
    restricted: Flags,
    never: int,
    month: int,
    delay: Array,
    customisation: Array,
    friction: float,
    trial_months: float,
    trial: float,
    honeymoon: int,
    first_mover: float,
    out: Array,
) -> None:
    """Writes what `sim.world.tastes.Tastes.about` returns into `out`, (offers, cohorts)."""
    offers, cohorts = out.shape
    earliest = np.full((len(standing), 2), month + 1)  # first host of each model, of those still young
    for j in range(offers):
        if _young(since[j], hosted_since[j], month, never, honeymoon):
            earliest[lab[j], tier[j]] = min(earliest[lab[j], tier[j]], hosted_since[j])
    for j in range(offers):
        bonus = 0.0
        if hosted_since[j] > never and month - hosted_since[j] < trial_months:
            bonus = trial
        if _young(since[j], hosted_since[j], month, never, honeymoon):
            bonus += first_mover if hosted_since[j] == earliest[lab[j], tier[j]] else 0.0
        bonus -= friction if restricted[j] and channel[j] != 0 else 0.0
        row = standing[lab[j], channel[j]]
        own, age = open_[j] and channel[j] == 0, month - first[j]
        for s in range(cohorts):
            xi = row[s] + customisation[s] if own else row[s]
            out[j, s] = -np.inf if age < delay[s] else xi + bonus


@inner
def _young(since: int, hosted_since: int, month: int, never: int, honeymoon: int) -> bool:
    """Whether a model is new, and its host among those that took it up at once."""
    return hosted_since > never and hosted_since - since <= 1 and month - since < honeymoon


@making_arrays
def set_terms(
    lab: Ints,
    channel: Ints,
    restricted: Flags,
    firm_of_channel: Ints,
    load: Array,
    rent: Array,
    paid: Array,
    at_home_rent: float,
    floor: float,
    royalties: bool,
    users: Array,
    threshold: Array,
    royalty: Array,
    own_complement: Array,
    complement: Array,
    seller: Ints,
    at_home: Flags,
    out: Array,
) -> None:
    """What `sim.world.terms.agreed` says of offers: cost, running, royalty and the two margins into `out`, (5, offers).

    Parameters
    ----------
    paid
        Part of serving cost that each firm pays in cash, (firms,).
    seller, at_home
        To be written to as well, (offers,).
    """
    for j in range(len(lab)):
        firm = lab[j] if channel[j] == 0 else firm_of_channel[channel[j]]
        seller[j], at_home[j] = firm, firm < 0
        serving = load[j] * (at_home_rent if firm < 0 else rent[firm])
        out[0, j] = serving + floor
        out[1, j] = serving * paid[firm] + floor
        owes = royalties and restricted[j] and channel[j] != 0 and firm >= 0 and firm != lab[j]
        out[2, j] = royalty[lab[j]] if owes and users[channel[j] - 1] > threshold[lab[j]] else 0.0
        out[3, j] = 0.0 if firm < 0 else own_complement[firm]
        out[4, j] = complement[lab[j]]
