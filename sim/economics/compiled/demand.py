"""Shares and what sellers earn on customers who leave, compiled.

Each market has reference prices. There the best utility of every nest, tier and segment is looked up; relative
to these, present prices give the exponentials. So no maximum is taken again and nothing over- or underflows
until prices leave the neighbourhood, when the reference moves with them. What is below 1e-300 of the best of
its nest comes out as 0, as in the readable path. A nest with one row needs no sum, and no power of it. Powers are
taken in two passes, logarithms first: the machine has more of the shorter ones in work at a time.
"""

from __future__ import annotations

import math

import numpy as np

from sim.economics.compiled.jit import compiled, copy, exp, joined, log
from sim.economics.compiled.lanes import LANES, lanes, part, put, put_part, row, total, where_less
from sim.economics.compiled.layout import Counts, Demand, Lists, Market, Reference, Structure
from sim.economics.nests import FloatArray

# The reference moves when some utility has moved by more than this since, in units of the inner scale.
_NEIGHBOURHOOD = 100.0


@joined
def near(count: Counts, lists: Lists, market: Market, at: Reference) -> bool:
    """Whether prices are in the neighbourhood of the reference; a reference of NaN is near nothing."""
    close, furthest = not math.isnan(at.h[0]), _NEIGHBOURHOOD / market.people[2]
    for r in range(count.rows):
        j = lists.offer[r]
        close &= abs(market.h[j] - at.h[j]) <= furthest
    return close


@compiled
def refer(game: Structure, count: Counts, lists: Lists, market: Market, at: Reference) -> None:
    """Make present prices the reference."""
    copy(market.h, at.h, len(game.host))
    _set_best(game, count, lists, market, at)
    _set_relative(count, lists, at)
    _set_fixed(game, count, lists, market, at)
    for s in range(0, count.width, LANES):
        top = part(market.outside, s)
        for t in range(game.tiers):
            worth = row(at.log_tier, t, s) * game.outer + row(at.off_tier, t, s)
            put(at.log_tier, t, s, worth)
            top = where_less(top, worth, worth, top)
        put_part(at.top, s, top)
        put_part(at.outside, s, exp(part(market.outside, s) - top))
        for t in range(game.tiers):
            worth = row(at.log_tier, t, s) - top
            put(at.log_tier, t, s, worth)
            put(at.tier, t, s, exp(worth))


@joined
def _set_best(game: Structure, count: Counts, lists: Lists, market: Market, at: Reference) -> None:
    """Best utility in each nest, `log_host` the worth of that in its tier, and `log_tier` the best of these."""
    for g in range(count.hosts):
        for s in range(0, count.width, LANES):
            put(at.log_host, g, s, -np.inf)
    for t in range(game.tiers):
        for s in range(0, count.width, LANES):
            put(at.log_tier, t, s, -np.inf)
    for r in range(count.rows):
        price, g = market.h[lists.offer[r]], lists.host[r]
        slope = market.inner_slope if r < count.multi_rows else market.outer_slope
        for s in range(0, lists.length[r], LANES):
            utility, best = row(at.raw, r, s) - price * part(slope, s), row(at.log_host, g, s)
            put(at.log_host, g, s, where_less(best, utility, utility, best))
    for g in range(count.hosts):
        t, scale = lists.tier[g], game.inner / game.outer if g < count.multi_hosts else 1.0
        for s in range(0, count.width, LANES):
            best, highest = row(at.log_host, g, s), row(at.log_tier, t, s)
            worth = best * scale + row(at.off_host, g, s)
            put(at.best, g, s, where_less(-np.inf, best, best, 0.0))
            put(at.log_host, g, s, worth)
            put(at.log_tier, t, s, where_less(highest, worth, worth, highest))


@joined
def _set_relative(count: Counts, lists: Lists, at: Reference) -> None:
    """Utilities relative to the best of their nest, or tier, and worths of nests relative to their tier."""
    for r in range(count.rows):
        g = lists.host[r]
        t = lists.tier[g]
        for s in range(0, lists.length[r], LANES):
            utility, top = row(at.raw, r, s), row(at.log_tier, t, s)
            if r < count.multi_rows:
                put(at.v, r, s, utility - row(at.best, g, s))
            else:
                worth = utility + row(at.off_host, g, s) - top
                put(at.v, r, s, where_less(-np.inf, top, worth, -np.inf))
    for g in range(count.hosts):
        t = lists.tier[g]
        for s in range(0, count.width, LANES):
            top = row(at.log_tier, t, s)
            worth = where_less(-np.inf, top, row(at.log_host, g, s) - top, -np.inf)
            put(at.log_host, g, s, worth)
            put(at.host, g, s, exp(worth))


@joined
def _set_fixed(game: Structure, count: Counts, lists: Lists, market: Market, at: Reference) -> None:
    """Exponentials of what is sold at cost, whose price stays."""
    for r in range(count.rows):
        price = market.h[lists.offer[r]]
        slope = market.inner_slope if r < count.multi_rows else market.outer_slope
        for s in range(0, lists.length[r] if game.at_cost[lists.offer[r]] else 0, LANES):
            put(at.v, r, s, exp(row(at.v, r, s) - price * part(slope, s)))


@compiled
def set_constant(count: Counts, lists: Lists, at: Reference, demand: Demand) -> None:
    """What stays the same: within nests with one row, and where others of a nest can be had but not the row."""
    for r in range(count.multi_rows):
        for s in range(lists.length[r], lists.reach[lists.host[r]], LANES):
            put(demand.u, r, s, 0.0)
    for r in range(count.multi_rows, count.rows):
        g = lists.host[r]
        for s in range(0, lists.length[r], LANES):
            put(demand.of_host, g, s, 1.0)
            put(demand.per_host, g, s, 1.0)
            put(demand.u, r, s, where_less(-np.inf, row(at.raw, r, s), 1.0, 0.0))


@compiled
def set_shares(
    game: Structure, count: Counts, lists: Lists, market: Market, at: Reference, demand: Demand
) -> None:
    """Shares at present prices by level, as `sim.economics.demand.nested_shares`."""
    _set_nests(game, count, lists, market, at, demand)
    _set_tiers(game, count, market, at, demand)
    for g in range(count.hosts):
        t = lists.tier[g]
        for s in range(0, lists.reach[g], LANES):
            of_tier = row(demand.in_tier, g, s) * row(demand.per_tier, t, s)
            put(demand.in_tier, g, s, of_tier)
            put(demand.buyers, g, s, of_tier * row(demand.size, t, s) * row(demand.per_host, g, s))


@joined
def _set_nests(
    game: Structure, count: Counts, lists: Lists, market: Market, at: Reference, demand: Demand
) -> None:
    """Sums over the rows of each nest, and over the nests of each tier, to which `in_tier` is relative."""
    u, of_host, of_tier, in_tier = demand.u, demand.of_host, demand.of_tier, demand.in_tier
    for g in range(count.multi_hosts):
        for s in range(0, lists.reach[g], LANES):
            put(of_host, g, s, row(at.empty_host, g, s))
    for t in range(game.tiers):
        for s in range(0, count.width, LANES):
            put(of_tier, t, s, row(at.empty_tier, t, s))
    for r in range(count.multi_rows):
        price, g, fixed = market.h[lists.offer[r]], lists.host[r], game.at_cost[lists.offer[r]]
        for s in range(0, lists.length[r], LANES):
            relative = row(at.v, r, s)
            utility = relative if fixed else exp(relative - price * part(market.inner_slope, s))
            put(u, r, s, utility)
            put(of_host, g, s, row(of_host, g, s) + utility)
    scale = game.inner / game.outer
    for g in range(count.multi_hosts):
        for s in range(0, lists.reach[g], LANES):
            nest = row(of_host, g, s)
            put(demand.per_host, g, s, 1.0 / nest)
            put(in_tier, g, s, nest if scale == 1.0 else scale * log(nest))
    for g in range(count.multi_hosts):
        t = lists.tier[g]
        for s in range(0, lists.reach[g], LANES):
            nest = row(in_tier, g, s)
            worth = (nest if scale == 1.0 else exp(nest)) * row(at.host, g, s)
            put(in_tier, g, s, worth)
            put(of_tier, t, s, row(of_tier, t, s) + worth)
    for r in range(count.multi_rows, count.rows):
        price, g, fixed = market.h[lists.offer[r]], lists.host[r], game.at_cost[lists.offer[r]]
        t = lists.tier[g]
        for s in range(0, lists.length[r], LANES):
            relative = row(at.v, r, s)
            worth = relative if fixed else exp(relative - price * part(market.outer_slope, s))
            put(in_tier, g, s, worth)
            put(of_tier, t, s, row(of_tier, t, s) + worth)


@joined
def _set_tiers(game: Structure, count: Counts, market: Market, at: Reference, demand: Demand) -> None:
    """Shares of tiers."""
    for t in range(game.tiers):
        for s in range(0, count.width, LANES):
            tier = row(demand.of_tier, t, s)
            put(demand.per_tier, t, s, 1.0 / tier)
            put(demand.in_all, t, s, tier if game.outer == 1.0 else game.outer * log(tier))
    for t in range(game.tiers):
        for s in range(0, count.width, LANES):
            tier = row(demand.in_all, t, s)
            put(demand.in_all, t, s, (tier if game.outer == 1.0 else exp(tier)) * row(at.tier, t, s))
    for s in range(0, count.width, LANES):
        everything = part(at.outside, s)
        for t in range(game.tiers):
            everything = everything + row(demand.in_all, t, s)
        put_part(demand.total, s, everything)
        for t in range(game.tiers):
            share = row(demand.in_all, t, s) / everything
            put(demand.in_all, t, s, share)
            put(demand.size, t, s, part(market.w, s) * share)


@compiled
def write_shares(
    m: int,
    game: Structure,
    few: bool,
    count: Counts,
    lists: Lists,
    market: Market,
    at: Reference,
    demand: Demand,
    shares: FloatArray,
    buyers: FloatArray,
    worth: FloatArray,
) -> None:
    """Shares of market m, (m, segments, offers), buyers, (m, offers), and expected utility, (m, segments).

    With `few`, see `Rules`.
    """
    segments, mix = worth.shape[1], demand.mix
    if not few:
        for s in range(0, count.width, LANES):
            put_part(mix, s, part(at.top, s) + log(part(demand.total, s)))
        for s in range(segments):
            worth[m, lists.segment[s]] = mix[s]
            for j in range(shares.shape[2]):
                shares[m, s, j] = 0.0
    for j in range(shares.shape[2]):
        buyers[m, j] = 0.0
    for r in range(count.rows):
        j, g = lists.offer[r], lists.host[r]
        t, customers = lists.tier[g], lanes(0.0)
        for s in range(0, lists.length[r], LANES):
            of_nest = row(demand.in_tier, g, s) * row(demand.in_all, t, s) * row(demand.per_host, g, s)
            share = row(demand.u, r, s) * of_nest
            put_part(mix, s, share)
            customers = customers + part(market.w, s) * share
        buyers[m, j] = total(customers) * market.people[0]
        length = min(lists.length[r], segments)
        for s in range(length if game.shown[j] or not few else 0):
            shares[m, lists.segment[s], j] = mix[s]
        for s in range(length, segments if few and game.shown[j] else length):
            shares[m, lists.segment[s], j] = 0.0


@compiled
def set_mix(
    r: int, game: Structure, count: Counts, lists: Lists, market: Market, at: Reference, demand: Demand
) -> None:
    """Buyers of a row up to a factor, from the logarithms of shares that are too small to be had."""
    price, mix, several = market.h[lists.offer[r]], demand.mix, r < count.multi_rows
    g = lists.host[r]
    t = lists.tier[g]
    top = -np.inf
    for s in range(lists.length[r]):
        share = at.v[r, s] - price * (market.inner_slope[s] if several else market.outer_slope[s])
        if several:
            share += at.log_host[g, s] + (game.inner / game.outer - 1.0) * log(demand.of_host[g, s])
        share += at.log_tier[t, s] + (game.outer - 1.0) * log(demand.of_tier[t, s]) - log(demand.total[s])
        mix[s] = share
        top = max(top, share) if market.w[s] > 0.0 else top
    for s in range(lists.length[r]):
        mix[s] = market.w[s] * exp(min(mix[s] - top, 0.0))


@compiled
def set_diversion(game: Structure, count: Counts, lists: Lists, market: Market, demand: Demand) -> None:
    """Y by group, and by pair the rest of X: what an owner earns on a customer who leaves an offer of the nest."""
    y, z, u, by_tier = demand.y, demand.z, demand.u, 1.0 / game.outer - 1.0
    _set_earned(game, count, lists, market, demand)
    begun = 0  # pairs, which are numbered as they appear
    for k in range(count.groups):
        g, pair, claims = lists.group_host[k], lists.group_pair[k], lists.first[k]
        n, first, end = lists.reach[g], pair == begun, lists.first[k + 1]
        begun += first
        r, one = lists.claim_row[claims], demand.earned[claims]
        for s in range(0, n, LANES):
            earned = one * row(u, r, s)
            for i in range(claims + 1, end):
                earned = earned + demand.earned[i] * row(u, lists.claim_row[i], s)
            earned = earned * row(demand.per_host, g, s)
            before = lanes(0.0) if first else row(z, pair, s)
            put(y, k, s, earned)
            put(z, pair, s, before + earned * row(demand.in_tier, g, s))
        for s in range(n, lists.owner_reach[lists.pair_owner[pair]] if first else n, LANES):
            put(z, pair, s, 0.0)
    for f in range(count.owners):
        begin, end = lists.first_pair[f], lists.first_pair[f + 1]
        one, t = lists.owned[begin], lists.pair_tier[lists.owned[begin]]
        for s in range(0, lists.owner_reach[f], LANES):
            mine = row(z, one, s)
            by_all = mine * row(demand.in_all, t, s)  # W
            for i in range(begin + 1, end):
                k = lists.owned[i]
                by_all = by_all + row(z, k, s) * row(demand.in_all, lists.pair_tier[k], s)
            put(z, one, s, by_all + by_tier * mine)
            for i in range(begin + 1, end):
                k = lists.owned[i]
                put(z, k, s, by_all + by_tier * row(z, k, s))


@joined
def _set_earned(game: Structure, count: Counts, lists: Lists, market: Market, demand: Demand) -> None:
    """What the owner of each claim earns on a customer of its offer."""
    for i in range(lists.first[count.groups]):
        c = lists.claim[i]
        j = game.claim_offer[c]
        margin = market.revenue[c] * market.price[j]
        margin -= market.with_shadow[j] if c < len(game.host) else 0.0
        demand.earned[i] = margin * market.use[j]
