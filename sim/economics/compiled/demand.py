"""Shares and what sellers earn on customers who leave, compiled.

Each market has reference prices. There the best utility of every nest, tier and segment is looked up; relative
to these, present prices give the exponentials. So no maximum is taken again and nothing over- or underflows
until prices leave the neighbourhood, when the reference moves with them. What is below 1e-300 of the best of
its nest comes out as 0, as in the readable path. A nest with one row needs no sum, and no power of it.
"""

from __future__ import annotations

import math

import numpy as np

from sim.economics.compiled.jit import compiled, copy, exp, log, power
from sim.economics.compiled.layout import Counts, Demand, Lists, Market, Reference, Structure
from sim.economics.nests import FloatArray

# The reference moves when some utility has moved by more than this since, in units of the inner scale.
_NEIGHBOURHOOD = 100.0


@compiled
def near(count: Counts, lists: Lists, market: Market, at: Reference) -> bool:
    """Whether prices are in the neighbourhood of the reference; a reference of NaN is near nothing."""
    steepest = 0.0
    for s in range(count.width):
        steepest = max(steepest, market.inner_slope[s])
    close = not math.isnan(at.h[0])
    for r in range(count.rows):
        j = lists.offer[r]
        close &= abs(market.h[j] - at.h[j]) * steepest <= _NEIGHBOURHOOD
    return close


@compiled
def refer(game: Structure, count: Counts, lists: Lists, market: Market, at: Reference) -> None:
    """Make present prices the reference."""
    p, ratio = count.width, game.inner / game.outer
    copy(market.h, at.h, len(market.h))
    for g in range(count.hosts):
        for s in range(p):
            at.log_host[g, s] = -np.inf
    for t in range(game.tiers):
        for s in range(p):
            at.log_tier[t, s] = -np.inf
    for r in range(count.rows):
        price, g = market.h[lists.offer[r]], lists.host[r]
        slope = market.inner_slope if r < count.multi_rows else market.outer_slope
        for s in range(lists.length[r]):
            utility = at.raw[r, s] - price * slope[s]
            at.log_host[g, s] = utility if utility > at.log_host[g, s] else at.log_host[g, s]
    for g in range(count.hosts):
        t, scale = lists.tier[g], ratio if g < count.multi_hosts else 1.0
        for s in range(p):
            best = at.log_host[g, s]
            worth = best * scale + at.off_host[g, s]
            at.best[g, s] = best if best > -np.inf else 0.0
            at.log_host[g, s] = worth
            at.log_tier[t, s] = worth if worth > at.log_tier[t, s] else at.log_tier[t, s]
    for r in range(count.rows):
        g = lists.host[r]
        t = lists.tier[g]
        if r < count.multi_rows:
            for s in range(lists.length[r]):
                at.v[r, s] = at.raw[r, s] - at.best[g, s]
        else:
            for s in range(lists.length[r]):
                top = at.log_tier[t, s]
                worth = at.raw[r, s] + at.off_host[g, s] - top
                at.v[r, s] = -np.inf if top == -np.inf else worth
    for g in range(count.hosts):
        t = lists.tier[g]
        for s in range(p):
            top = at.log_tier[t, s]
            worth = -np.inf if top == -np.inf else at.log_host[g, s] - top
            at.log_host[g, s] = worth
            at.host[g, s] = exp(worth)
    copy(market.outside, at.top, p)
    for t in range(game.tiers):
        for s in range(p):
            worth = at.log_tier[t, s] * game.outer + at.off_tier[t, s]
            at.log_tier[t, s] = worth
            at.top[s] = worth if worth > at.top[s] else at.top[s]
    for s in range(p):
        at.outside[s] = exp(market.outside[s] - at.top[s])
    for t in range(game.tiers):
        for s in range(p):
            at.log_tier[t, s] -= at.top[s]
            at.tier[t, s] = exp(at.log_tier[t, s])


@compiled
def set_constant(count: Counts, lists: Lists, at: Reference, demand: Demand) -> None:
    """What stays the same: within nests with one row, and in segments that cannot have anything of a nest."""
    for g in range(count.hosts):
        for s in range(count.width):
            demand.of_host[g, s] = demand.per_host[g, s] = 1.0
            demand.in_tier[g, s] = demand.buyers[g, s] = 0.0
    for r in range(count.multi_rows, count.rows):
        for s in range(lists.length[r]):
            demand.u[r, s] = 1.0 if at.raw[r, s] > -np.inf else 0.0


@compiled
def set_shares(
    game: Structure, count: Counts, lists: Lists, market: Market, at: Reference, demand: Demand
) -> None:
    """Shares at present prices by level, as `sim.economics.demand.nested_shares`."""
    p = count.width
    u, v, of_host, of_tier = demand.u, at.v, demand.of_host, demand.of_tier
    in_tier, in_all, total = demand.in_tier, demand.in_all, demand.total
    for g in range(count.multi_hosts):
        for s in range(lists.reach[g]):
            of_host[g, s] = at.empty_host[g, s]
    for r in range(count.multi_rows):
        price, g, n = market.h[lists.offer[r]], lists.host[r], lists.length[r]
        for s in range(n):
            u[r, s] = exp(v[r, s] - price * market.inner_slope[s])
        for s in range(n):
            of_host[g, s] += u[r, s]
    for g in range(count.multi_hosts):
        n = lists.reach[g]
        power(of_host, g, game.inner / game.outer, in_tier, n)
        for s in range(n):
            in_tier[g, s] *= at.host[g, s]
            demand.per_host[g, s] = 1.0 / of_host[g, s]
    for r in range(count.multi_rows, count.rows):
        price, g = market.h[lists.offer[r]], lists.host[r]
        for s in range(lists.length[r]):
            in_tier[g, s] = exp(v[r, s] - price * market.outer_slope[s])
    for t in range(game.tiers):
        for s in range(p):
            of_tier[t, s] = at.empty_tier[t, s]
    for g in range(count.hosts):
        t = lists.tier[g]
        for s in range(lists.reach[g]):
            of_tier[t, s] += in_tier[g, s]
    copy(at.outside, total, p)
    for t in range(game.tiers):
        power(of_tier, t, game.outer, in_all, p)
        for s in range(p):
            in_all[t, s] *= at.tier[t, s]
            total[s] += in_all[t, s]
    for t in range(game.tiers):
        for s in range(p):
            in_all[t, s] /= total[s]
            demand.per_tier[t, s] = 1.0 / of_tier[t, s]
            demand.size[t, s] = market.w[s] * in_all[t, s]
    for g in range(count.hosts):
        t, n = lists.tier[g], lists.reach[g]
        for s in range(n):
            in_tier[g, s] *= demand.per_tier[t, s]
        for s in range(n):
            demand.buyers[g, s] = in_tier[g, s] * demand.size[t, s] * demand.per_host[g, s]


@compiled
def write_shares(
    m: int, count: Counts, lists: Lists, at: Reference, demand: Demand, shares: FloatArray, worth: FloatArray
) -> None:
    """Of market m, shares of offers, (m, segments, offers), and the expected utility of the choice, (m, segments)."""
    segments = worth.shape[1]
    for s in range(segments):
        worth[m, lists.segment[s]] = at.top[s] + log(demand.total[s])
        for j in range(shares.shape[2]):
            shares[m, s, j] = 0.0
    for r in range(count.rows):
        j, g = lists.offer[r], lists.host[r]
        t = lists.tier[g]
        for s in range(min(lists.length[r], segments)):
            of_nest = demand.in_tier[g, s] * demand.in_all[t, s] * demand.per_host[g, s]
            shares[m, lists.segment[s], j] = demand.u[r, s] * of_nest


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
    """X by pair of host nest and owner: what an owner earns on a customer who leaves an offer of the nest."""
    x, z, w, u, p = demand.x, demand.z, demand.w, demand.u, count.width
    for k in range(count.pairs):
        for s in range(p):
            z[k, s] = 0.0
    for k in range(count.owners):
        for s in range(p):
            w[k, s] = 0.0
    for k in range(count.groups):
        g, pair = lists.group_host[k], lists.group_pair[k]
        n, done = lists.reach[g], 0
        for i in range(lists.first[k], lists.first[k + 1]):
            c = lists.claim[i]
            j = game.claim_offer[c]
            r, margin = lists.row[j], market.revenue[c] * market.price[j]
            margin -= market.with_shadow[j] if c < len(game.host) else 0.0
            value = margin * market.use[j]
            if i == lists.first[k]:
                done = lists.length[r]
                for s in range(done):
                    x[k, s] = value * u[r, s]
                for s in range(done, n):
                    x[k, s] = 0.0
            else:
                for s in range(lists.length[r]):
                    x[k, s] += value * u[r, s]
        for s in range(0 if done else n):
            x[k, s] = 0.0
        for s in range(n):
            y = x[k, s] * demand.per_host[g, s]
            x[k, s] = y
            z[pair, s] += y * demand.in_tier[g, s]
    for k in range(count.pairs):
        t, f = lists.pair_tier[k], lists.pair_owner[k]
        for s in range(p):
            w[f, s] += z[k, s] * demand.in_all[t, s]
    by_tier, by_host = 1.0 / game.outer - 1.0, 1.0 / game.inner - 1.0 / game.outer
    for k in range(count.pairs):
        f = lists.pair_owner[k]
        for s in range(p):
            z[k, s] = w[f, s] + by_tier * z[k, s]
    for k in range(count.groups):
        pair = lists.group_pair[k]
        for s in range(lists.reach[lists.group_host[k]]):
            x[k, s] = z[pair, s] + by_host * x[k, s]
