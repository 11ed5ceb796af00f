"""The pricing game of an imagined market in arrays, without the labels that `sim.world.terms.price_problem` goes by."""

from __future__ import annotations

import numpy as np

from sim.choice.compiled.layout import (
    AT_HOME,
    LAB,
    LAB_MARGIN,
    NEWEST,
    OPEN,
    ROYALTY,
    SELLER,
    TIER,
    World,
)
from sim.economics.compiled.calls import inner
from sim.economics.compiled.jit import compiled
from sim.economics.compiled.layout import Structure
from sim.world.setting import TIERS, Array, Flags, Ints


@inner
def game(world: World, offers: Ints, money: Array) -> tuple[Structure, Ints]:
    """The game, as `sim.economics.compiled.engine.structure` has it, and the firm of each of its pools."""
    count, firms, labs = offers.shape[1], len(world.own_complement), world.labs.shape[1]
    tier, host, tiers = _nests(world, offers, labs)
    receiver, royalties = _receivers(offers, money)
    label = np.empty(count, np.intp)
    for j in range(count):  # by customers, each offer as if it had a seller of its own
        label[j] = offers[SELLER, j] if offers[SELLER, j] >= 0 else firms + j
    number, owners = _numbers(label, receiver, firms + count)

    claims = count + royalties
    claim_offer, claim_owner = np.empty(claims, np.intp), np.empty(claims, np.intp)
    royalty_claim, royalty_offer = np.empty(royalties, np.intp), np.empty(royalties, np.intp)
    complement, k = np.empty(count, np.intp), count
    for j in range(count):
        claim_offer[j], claim_owner[j], complement[j] = j, number[label[j]], j
        if receiver[j] >= 0:
            claim_offer[k], claim_owner[k], complement[j] = j, number[receiver[j]], k
            royalty_claim[k - count], royalty_offer[k - count] = k, j
            k += 1

    code = np.empty(claims, np.intp)
    for k in range(claims):
        code[k] = host[claim_offer[k]] * owners + claim_owner[k]
    group, groups, first = _grouped(code)
    group_host, code = np.empty(groups, np.intp), np.empty(groups, np.intp)
    for g in range(groups):
        group_host[g] = host[claim_offer[first[g]]]
        code[g] = tier[group_host[g]] * owners + claim_owner[first[g]]
    pair, pairs, first_pair = _grouped(code)
    pair_tier, holder = np.empty(pairs, np.intp), np.empty(pairs, np.intp)
    for i in range(pairs):
        pair_tier[i] = tier[group_host[first_pair[i]]]
        holder[i] = claim_owner[first[first_pair[i]]]
    pair_owner, _, _ = _grouped(holder)
    pool, firm = _pools(world, offers, firms)
    at_cost, at_home = np.empty(count, np.bool_), np.empty(count, np.bool_)
    for j in range(count):
        at_cost[j], at_home[j] = offers[SELLER, j] < 0, offers[AT_HOME, j] != 0
    of_game = Structure(
        host,
        tier,
        claim_offer,
        group,
        claim_owner,
        group_host,
        pair,
        pair_tier,
        pair_owner,
        royalty_claim,
        royalty_offer,
        complement,
        np.empty(0, np.intp),
        pool,
        at_cost,
        at_home,
        world.sensitivity,
        tiers,
        owners,
        len(firm),
        world.inner,
        world.outer,
        world.usage,
        True,
        True,
    )
    return of_game, firm


@compiled
def claimed(offers: Ints, money: Array, j: int) -> bool:
    """Whether a lab earns on an offer that others sell: royalties, or its complement margin."""
    owed = money[ROYALTY, j] > 0.0 or money[LAB_MARGIN, j] > 0.0
    return bool(owed and offers[SELLER, j] != offers[LAB, j])


@inner
def _receivers(offers: Ints, money: Array) -> tuple[Ints, int]:
    """The lab that earns on each offer of others, -1: none; how many there are."""
    receiver, number = np.full(offers.shape[1], -1), 0
    for j in range(offers.shape[1]):
        if claimed(offers, money, j):
            receiver[j] = offers[LAB, j]
            number += 1
    return receiver, number


@inner
def _nests(world: World, offers: Ints, labs: int) -> tuple[Ints, Ints, int]:
    """Tier of host nests, host nest of offers, and how many tiers there are; a level without nesting is left out."""
    count = offers.shape[1]
    by_tier, by_host = world.outer < 1.0, world.inner < world.outer
    code = np.zeros(count, np.intp)
    for j in range(count):
        if by_host:
            old = offers[OPEN, j] and not offers[NEWEST, j]
            model = (offers[LAB, j] + 1 + (labs + 1 if old else 0)) * 2 + offers[OPEN, j]
            code[j] = model * TIERS + offers[TIER, j]
        elif by_tier:
            code[j] = offers[TIER, j]
    host, hosts, first = _grouped(code)
    code = np.empty(hosts, np.intp)
    for g in range(hosts):
        code[g] = offers[TIER, first[g]] if by_tier else g if by_host else 0
    tier, tiers, _ = _grouped(code)
    return tier, host, tiers


@inner
def _numbers(label: Ints, receiver: Ints, labels: int) -> tuple[Ints, int]:
    """Numbers of owners in the order of their labels, and how many there are."""
    there = np.zeros(labels, np.bool_)
    for j in range(len(label)):
        there[label[j]] = True
        if receiver[j] >= 0:
            there[receiver[j]] = True
    return _ranked(there)


@inner
def _pools(world: World, offers: Ints, firms: int) -> tuple[Ints, Ints]:
    """Pool of each offer, -1 for none, and the firm of each pool."""
    count = offers.shape[1]
    there, pool = np.zeros(firms, np.bool_), np.full(count, -1)
    for j in range(count):
        if world.limited and offers[SELLER, j] >= 0:
            there[offers[SELLER, j]] = True
    number, pools = _ranked(there)
    firm = np.empty(pools, np.intp)
    for f in range(firms):
        if there[f]:
            firm[number[f]] = f
    for j in range(count):
        if world.limited and offers[SELLER, j] >= 0:
            pool[j] = number[offers[SELLER, j]]
    return pool, firm


@inner
def _ranked(there: Flags) -> tuple[Ints, int]:
    """Numbers of those that are there, in their order, and how many there are."""
    number, count = np.full(len(there), -1), 0
    for i in range(len(there)):
        if there[i]:
            number[i] = count
            count += 1
    return number, count


@inner
def _grouped(code: Ints) -> tuple[Ints, int, Ints]:
    """Groups of equal codes in the order of first appearance: of each item, how many, and where each begins."""
    group, first, count = np.empty(len(code), np.intp), np.empty(len(code), np.intp), 0
    for i in range(len(code)):
        g = 0
        while g < count and code[first[g]] != code[i]:
            g += 1
        if g == count:
            first[g] = i
            count += 1
        group[i] = g
    return group, count, first
