"""Shares and what sellers earn on customers who leave, compiled.

Each market has reference prices. There the best utility of every nest, tier and segment is looked up; relative
to these, present prices give the exponentials. So no maximum is taken again and nothing over- or underflows
until prices leave the neighbourhood, when the reference moves with them. What is below 1e-300 of the best of
its nest comes out as 0, as in the readable path.
"""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.jit import compiled, copy, exp, exponentiate, log, powers
from sim.economics.compiled.layout import Demand, Market, Reference, Segments, Structure, Trade
from sim.economics.nests import FloatArray

# The reference moves when some utility has moved by more than this since, in units of the inner scale.
_NEIGHBOURHOOD = 100.0


@compiled
def set_rows(game: Structure, market: Market, segments: Segments, at: Reference) -> None:
    """Which offers have a row, and which groups matter. Prices to refer to are not known yet."""
    at.h[:] = np.nan
    rows = 0
    for j in range(len(game.host)):
        at.row[j] = -1
        for s in range(segments.live):
            if market.quality[j, segments.segment[s]] > -np.inf:
                at.row[j], at.offer[rows] = rows, j
                rows += 1
                break
    at.rows[0] = rows
    at.some[:] = False
    at.asked[:] = False
    for k in range(len(game.claim_offer)):
        j, i = game.claim_offer[k], game.claim_group[k]
        at.some[i] |= at.row[j] >= 0
        if k < len(game.host):
            at.asked[i] = True


@compiled
def near(h: FloatArray, segments: Segments, at: Reference) -> bool:
    """Whether prices are in the neighbourhood of the reference; a reference of NaN is near nothing."""
    steepest = 0.0
    for s in range(segments.live):
        steepest = max(steepest, segments.slope[s])
    close = True
    for j in range(len(h)):
        close &= abs(h[j] - at.h[j]) * steepest <= _NEIGHBOURHOOD
    return close


@compiled
def refer(h: FloatArray, game: Structure, market: Market, segments: Segments, at: Reference) -> None:
    """Make prices h the reference."""
    ratio, live, hosts, tiers = game.inner / game.outer, segments.live, len(game.tier), len(at.tier)
    copy(h, at.h)
    at.best[:] = -np.inf
    at.log_tier[:] = -np.inf
    for r in range(at.rows[0]):
        j, start = at.offer[r], r * live
        g = game.host[j]
        for s in range(live):
            at.v[start + s] = market.quality[j, segments.segment[s]]
        for s in range(live):
            utility = at.v[start + s] - h[j] * segments.slope[s]
            at.best[g, s] = utility if utility > at.best[g, s] else at.best[g, s]
    for r in range(at.rows[0]):
        g, start = game.host[at.offer[r]], r * live
        for s in range(live):
            at.v[start + s] -= at.best[g, s]
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            worth = at.best[g, s] * ratio
            if len(market.dead_host):
                worth += market.dead_host[g, segments.segment[s]]
            at.log_host[g, s] = worth
            at.log_tier[t, s] = worth if worth > at.log_tier[t, s] else at.log_tier[t, s]
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            at.log_host[g, s] -= at.log_tier[t, s]
    copy(at.log_host.reshape(-1), at.host.reshape(-1))
    exponentiate(at.host.reshape(-1))
    for s in range(live):
        outside = market.outside[segments.segment[s]]
        top = outside
        for t in range(tiers):
            at.log_tier[t, s] *= game.outer
            if len(market.dead_tier):
                at.log_tier[t, s] += market.dead_tier[t, segments.segment[s]]
            top = max(top, at.log_tier[t, s])
        at.top[s] = top
        at.outside[s] = exp(outside - top)
        for t in range(tiers):
            at.log_tier[t, s] -= top
            at.tier[t, s] = exp(at.log_tier[t, s])


@compiled
def set_shares(h: FloatArray, game: Structure, segments: Segments, at: Reference, demand: Demand) -> None:
    """Shares at prices h by level, as `sim.economics.demand.nested_shares`."""
    live, rows, hosts, tiers = segments.live, at.rows[0], len(game.tier), len(at.tier)
    u, of_host, of_tier = demand.u, demand.of_host, demand.of_tier
    in_tier, in_all = demand.in_tier, demand.in_all
    for r in range(rows):
        price, start = h[at.offer[r]], r * live
        for s in range(live):
            u[start + s] = at.v[start + s] - price * segments.slope[s]
    exponentiate(u[: rows * live])
    of_host[:] = 0.0
    for r in range(rows):
        g, start = game.host[at.offer[r]], r * live
        for s in range(live):
            of_host[g, s] += u[start + s]
    powers(of_host.reshape(-1), game.inner / game.outer, in_tier.reshape(-1))
    of_tier[:] = 0.0
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            in_tier[g, s] *= at.host[g, s]
            of_tier[t, s] += in_tier[g, s]
    powers(of_tier.reshape(-1), game.outer, in_all.reshape(-1))
    copy(at.outside, demand.total)
    for t in range(tiers):
        for s in range(live):
            in_all[t, s] *= at.tier[t, s]
            demand.total[s] += in_all[t, s]
    for t in range(tiers):
        for s in range(live):
            in_all[t, s] /= demand.total[s]
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            in_tier[g, s] /= of_tier[t, s]
            demand.per_host[g, s] = 1.0 / of_host[g, s]
        for s in range(live):
            demand.buyers[g, s] = segments.w[s] * in_tier[g, s] * in_all[t, s] * demand.per_host[g, s]


@compiled
def write_shares(
    game: Structure,
    segments: Segments,
    at: Reference,
    demand: Demand,
    shares: FloatArray,
    worth: FloatArray,
) -> None:
    """Shares of offers, (segments, offers), and the expected utility of the choice, (segments,)."""
    for s in range(segments.live):
        worth[segments.segment[s]] = at.top[s] + log(demand.total[s])
    for r in range(at.rows[0]):
        j, start = at.offer[r], r * segments.live
        g = game.host[j]
        t = game.tier[g]
        for s in range(segments.live):
            of_nest = demand.in_tier[g, s] * demand.in_all[t, s] * demand.per_host[g, s]
            shares[segments.segment[s], j] = demand.u[start + s] * of_nest


@compiled
def set_mix(j: int, h: float, game: Structure, segments: Segments, at: Reference, demand: Demand) -> None:
    """Buyers of an offer up to a factor, from the logarithms of shares that are too small to be had."""
    g, t, start, mix = game.host[j], game.tier[game.host[j]], at.row[j] * segments.live, demand.mix
    top = -np.inf
    for s in range(segments.live):
        host = at.log_host[g, s] + (game.inner / game.outer - 1.0) * log(demand.of_host[g, s])
        tier = at.log_tier[t, s] + (game.outer - 1.0) * log(demand.of_tier[t, s])
        mix[s] = at.v[start + s] - h * segments.slope[s] + host + tier - log(demand.total[s])
        top = max(top, mix[s])
    for s in range(segments.live):
        mix[s] = segments.w[s] * exp(mix[s] - top)


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
        if at.row[j] < 0:
            continue
        start = at.row[j] * live
        margin = market.revenue[k] * trade.price[j] - (trade.cost[j] if k < offers else 0.0)
        value = margin * trade.use[j]
        for s in range(live):
            x[i, s] += value * demand.u[start + s]
    for i in range(len(game.group_host)):
        if not at.some[i]:
            continue
        g, pair = game.group_host[i], game.group_pair[i]
        for s in range(live):
            y = x[i, s] * demand.per_host[g, s]
            x[i, s] = y
            z[pair, s] += y * demand.in_tier[g, s]
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
