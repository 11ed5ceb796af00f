"""Shares and what sellers earn on customers who leave, compiled.

At reference prices the utilities of offers, nests and tiers are taken once, each relative to the best of its
own nest, tier or segment. From there prices enter only as exp(-b_s (h_j - reference) / inner), which segments
of one price sensitivity share. What is below 1e-300 of the best of its nest comes out as 0, as in the readable
path; before prices leave the neighbourhood where that holds, the reference moves with them.
"""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.jit import compiled, exp, exponentiate, log, powers
from sim.economics.compiled.layout import Demand, Market, Reference, Segments, Structure, Trade
from sim.economics.nests import FloatArray

# The reference moves when some utility has moved by more than this since, in units of the inner scale.
_NEIGHBOURHOOD = 100.0


@compiled
def set_cells(game: Structure, market: Market, segments: Segments, at: Reference) -> None:
    """Who can have what. Prices to refer to are not known yet."""
    at.h[:] = np.nan
    at.no_host[:] = 1.0
    at.no_tier[:] = 1.0
    hosts, tiers = len(game.tier), len(at.tier)
    vain_host, vain_tier = np.zeros(hosts, np.bool_), np.zeros(tiers, np.bool_)
    for j in range(len(game.host)):
        if market.nowhere[j] > 0.0:
            vain_host[game.host[j]] = True
            vain_tier[game.tier[game.host[j]]] = True
    dead_hosts, dead_tiers = len(market.dead_host) > 0, len(market.dead_tier) > 0
    cell = 0
    for j in range(len(game.host)):
        g = game.host[j]
        t = game.tier[g]
        at.start[j] = cell
        for p in range(segments.live):
            s = segments.index[p]
            wanted = market.quality[j, s] > -np.inf
            if dead_tiers and market.dead_tier[t, s] < 0.0:
                wanted = wanted and vain_tier[t]
            elif dead_hosts and market.dead_host[g, s] < 0.0:
                wanted = wanted and vain_host[g]
            if wanted:
                at.segment[cell], at.utility[cell] = p, market.quality[j, s]
                at.no_host[g, p] = at.no_tier[t, p] = 0.0
                cell += 1
    at.start[len(game.host)] = cell
    at.some[:] = False
    at.asked[:] = False
    for k in range(len(game.claim_offer)):
        j = game.claim_offer[k]
        has = at.start[j] < at.start[j + 1]
        at.some[game.claim_group[k]] |= has
        if k < len(game.host):
            at.asked[game.claim_group[k]] |= has or market.nowhere[j] > 0.0


@compiled
def near(h: FloatArray, game: Structure, segments: Segments, at: Reference) -> bool:
    """Whether prices are in the neighbourhood of the reference; a reference of NaN is near nothing."""
    radius = _NEIGHBOURHOOD * game.inner / segments.b[segments.live - 1]  # the last sensitivity is the largest
    for j in range(len(h)):
        if not abs(h[j] - at.h[j]) <= radius:
            return False
    return True


@compiled
def refer(h: FloatArray, game: Structure, market: Market, segments: Segments, at: Reference) -> None:
    """Take exponentials at prices h."""
    ratio, live, hosts, tiers = game.inner / game.outer, segments.live, len(game.tier), len(at.tier)
    e, best, start = at.e, at.best, at.start
    at.h[:] = h
    best[:] = -np.inf
    at.log_tier[:] = -np.inf
    for j in range(len(h)):
        g = game.host[j]
        for c in range(start[j], start[j + 1]):
            s = at.segment[c]
            e[c] = at.utility[c] - h[j] * (segments.b[s] / game.inner)
            best[g, s] = max(best[g, s], e[c])
    for j in range(len(h)):
        g = game.host[j]
        for c in range(start[j], start[j + 1]):
            e[c] -= best[g, at.segment[c]]
    exponentiate(e[: start[len(h)]])
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            worth = best[g, s] * ratio
            if len(market.dead_host):
                worth += market.dead_host[g, segments.index[s]]
            at.log_host[g, s] = worth
            at.log_tier[t, s] = max(at.log_tier[t, s], worth)
    for t in range(tiers):
        for s in range(live):
            if at.no_tier[t, s] > 0.0:
                at.log_tier[t, s] = 0.0
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            at.log_host[g, s] -= at.log_tier[t, s]
    at.host[:] = at.log_host
    exponentiate(at.host.reshape(-1))
    for s in range(live):
        outside = market.outside[segments.index[s]]
        top = outside
        for t in range(tiers):
            at.log_tier[t, s] *= game.outer
            if at.no_tier[t, s] > 0.0:
                at.log_tier[t, s] = -np.inf
            elif len(market.dead_tier):
                at.log_tier[t, s] += market.dead_tier[t, segments.index[s]]
            top = max(top, at.log_tier[t, s])
        at.outside[s] = exp(outside - top)
        for t in range(tiers):
            at.log_tier[t, s] -= top
            at.tier[t, s] = exp(at.log_tier[t, s])


@compiled
def set_shares(h: FloatArray, game: Structure, segments: Segments, at: Reference, demand: Demand) -> None:
    """Shares at prices h by level, as `sim.economics.demand.nested_shares`."""
    ratio, live, hosts, tiers = game.inner / game.outer, segments.live, len(game.tier), len(at.tier)
    u, of_host, in_tier, of_tier, in_all = demand.u, demand.of_host, demand.in_tier, demand.of_tier, demand.in_all
    factor, kinds, per_host = demand.factor, segments.kinds, demand.per_host
    for s in range(live):
        if s == 0 or segments.kind[s] > segments.kind[s - 1]:
            for j in range(len(h)):
                factor[j * kinds + segments.kind[s]] = (at.h[j] - h[j]) * (segments.b[s] / game.inner)
    exponentiate(factor[: len(h) * kinds])
    of_host[:] = at.no_host
    for j in range(len(h)):
        g = game.host[j]
        for c in range(at.start[j], at.start[j + 1]):
            s = at.segment[c]
            u[c] = at.e[c] * factor[j * kinds + segments.kind[s]]
            of_host[g, s] += u[c]
    powers(of_host.reshape(-1), at.host.reshape(-1), ratio, in_tier.reshape(-1))
    of_tier[:] = at.no_tier
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            of_tier[t, s] += in_tier[g, s]
    powers(of_tier.reshape(-1), at.tier.reshape(-1), game.outer, in_all.reshape(-1))
    demand.total[:] = at.outside
    for t in range(tiers):
        for s in range(live):
            demand.total[s] += in_all[t, s]
    for t in range(tiers):
        for s in range(live):
            in_all[t, s] /= demand.total[s]
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            in_tier[g, s] /= of_tier[t, s]
            per_host[g, s] = 1.0 / of_host[g, s]
            demand.buyers[g, s] = segments.w[s] * in_tier[g, s] * in_all[t, s] * per_host[g, s]


@compiled
def set_mix(
    j: int, h: float, game: Structure, segments: Segments, at: Reference, demand: Demand
) -> None:
    """Buyers of an offer up to a factor, from the logarithms of shares that are too small to be had."""
    g, t, mix = game.host[j], game.tier[game.host[j]], demand.mix
    mix[:] = 0.0
    top = -np.inf
    for turn in range(2):
        for c in range(at.start[j], at.start[j + 1]):
            s = at.segment[c]
            v = at.utility[c] - h * (segments.b[s] / game.inner) - at.best[g, s]
            host = at.log_host[g, s] + (game.inner / game.outer - 1.0) * log(demand.of_host[g, s])
            tier = at.log_tier[t, s] + (game.outer - 1.0) * log(demand.of_tier[t, s])
            share = v + host + tier - log(demand.total[s])
            if turn == 0:
                top = max(top, share)
            else:
                mix[s] = segments.w[s] * exp(share - top)


@compiled
def set_diversion(
    game: Structure, market: Market, segments: Segments, at: Reference, demand: Demand, trade: Trade
) -> None:
    """X by pair of host nest and owner: what an owner earns on a customer who leaves an offer of the nest."""
    x, z, w, live, offers = trade.x, trade.z, trade.w, segments.live, len(game.host)
    x[:] = 0.0
    z[:] = 0.0
    w[:] = 0.0
    for k in range(len(game.claim_offer)):
        j, i = game.claim_offer[k], game.claim_group[k]
        margin = market.revenue[k] * trade.price[j] - (trade.cost[j] if k < offers else 0.0)
        value = margin * trade.use[j]
        for c in range(at.start[j], at.start[j + 1]):
            x[i, at.segment[c]] += value * demand.u[c]
    for i in range(len(game.group_host)):
        if not at.some[i]:
            continue
        g, pair = game.group_host[i], game.group_pair[i]
        for s in range(live):
            x[i, s] *= demand.per_host[g, s]  # Y
            z[pair, s] += x[i, s] * demand.in_tier[g, s]
    for pair in range(len(game.pair_tier)):
        t, f = game.pair_tier[pair], game.pair_owner[pair]
        for s in range(live):
            w[f, s] += z[pair, s] * demand.in_all[t, s]
    by_tier, by_host = 1.0 / game.outer - 1.0, 1.0 / game.inner - 1.0 / game.outer
    for pair in range(len(game.pair_tier)):
        f = game.pair_owner[pair]
        for s in range(live):
            z[pair, s] = w[f, s] + by_tier * z[pair, s]
    for i in range(len(game.group_host)):
        if not at.asked[i]:
            continue
        pair = game.group_pair[i]
        for s in range(live):
            x[i, s] = z[pair, s] + by_host * x[i, s]
