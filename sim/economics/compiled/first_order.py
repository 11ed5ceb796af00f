"""The map from prices to next prices, compiled: `sim.economics.first_order` and `sim.economics.capacity`."""

from __future__ import annotations

import math

import numpy as np

from sim.economics.compiled.demand import near, refer, set_diversion, set_mix, set_shares
from sim.economics.compiled.jit import compiled, copy, exponentiate, log
from sim.economics.compiled.layout import Demand, Market, Reference, Rules, Segments, Structure, Trade
from sim.economics.nests import FloatArray


@compiled
def price_step(
    x: FloatArray,
    image: FloatArray,
    game: Structure,
    rules: Rules,
    market: Market,
    segments: Segments,
    at: Reference,
    demand: Demand,
    trade: Trade,
) -> float:
    """Sets the image of x and returns the residual, inf if either is no number.

    x holds prices, as logarithms where they must be positive, and shadow prices in units of their scale.
    """
    offers, pools = len(game.host), len(market.capacity)
    for j in range(offers):
        trade.price[j], trade.use[j] = x[j], -game.usage * x[j]
    if game.positive:
        exponentiate(trade.price)
    copy(x[:offers] if game.log_price else trade.price, trade.h)
    if game.usage > 0.0:
        exponentiate(trade.use)
    else:
        trade.use[:] = 1.0
    copy(market.cost, trade.cost)
    for r in range(pools):
        trade.shadow[r] = max(x[offers + r], 0.0) * market.shadow_unit[r]
    for i in range(len(market.load)):
        trade.cost[game.member[i]] += trade.shadow[game.pool[i]] * market.load[i]
    if not near(trade.h, segments, at):
        refer(trade.h, game, market, segments, at)
    set_shares(trade.h, game, segments, at, demand)
    set_diversion(game, market, segments, at, demand, trade)
    _set_responses(game, rules, market, segments, at, demand, trade)
    residual = _set_next(x, image, game, rules, market, trade)
    if pools:
        residual = _larger(residual, _within_capacity(x, image, game, rules, market, trade))
    for r in range(pools):
        image[offers + r] = trade.next_shadow[r] / market.shadow_unit[r]
    for i in range(len(image)):
        if not math.isfinite(image[i]):
            return np.inf
    return np.inf if math.isnan(residual) else residual


@compiled
def _larger(a: float, b: float) -> float:
    """The larger, NaN if one is."""
    return a if a >= b or math.isnan(a) else b


@compiled
def _set_responses(
    game: Structure,
    rules: Rules,
    market: Market,
    segments: Segments,
    at: Reference,
    demand: Demand,
    trade: Trade,
) -> None:
    """Per unit of use: what a rise of the own price loses, D / Q, and the value won back, G / D."""
    live, b, w, x = segments.live, segments.b, segments.w, trade.x
    for j in range(len(game.host)):
        g, i, start = game.host[j], game.claim_group[j], at.row[j] * live
        people = leaving = back = 0.0
        if market.nowhere[j] > 0.0:  # a vanishing part of everybody
            for s in range(live):
                people += w[s]
                leaving += w[s] * b[s]
                back += w[s] * b[s] * x[i, s]
            trade.quantity[j] = 0.0
        else:
            for s in range(live):
                buyers = demand.u[start + s] * demand.buyers[g, s]
                people += buyers
                leaving += buyers * b[s]
                back += buyers * b[s] * x[i, s]
            trade.quantity[j] = people * trade.use[j]
            if people < rules.faint:
                set_mix(j, trade.h[j], game, segments, at, demand)
                people = leaving = back = 0.0
                for s in range(live):
                    people += demand.mix[s]
                    leaving += demand.mix[s] * b[s]
                    back += demand.mix[s] * b[s] * x[i, s]
        trade.lost[j] = leaving / (people * game.inner)
        trade.back[j] = back / (people * trade.use[j])
    for j in range(len(game.host)):
        trade.lost[j] += game.usage if game.log_price else game.usage / trade.price[j]
        trade.back[j] /= trade.lost[j]


@compiled
def _set_next(
    x: FloatArray, image: FloatArray, game: Structure, rules: Rules, market: Market, trade: Trade
) -> float:
    """Next prices without a change of shadow prices; the largest gap."""
    offers, gap = len(game.host), trade.gap
    for j in range(offers):
        price, cost, lost, own = trade.price[j], trade.cost[j], trade.lost[j], market.revenue[j]
        if game.log_price:
            kept = own * price
            asked = trade.back[j] + kept / lost
            per_unit = own * (1.0 - 1.0 / lost)
            next_price = (cost + trade.back[j]) / per_unit
            ceiling = rules.ceiling * cost / own
            above = next_price > ceiling
            relative = abs(kept - cost - asked) / max(cost, rules.precision * kept)
            gap[j] = abs(price / ceiling - 1.0) if above else relative
            trade.next_price[j] = ceiling if above else next_price
            trade.per_unit[j] = per_unit
        else:
            asked = trade.back[j] + own / lost
            gap[j] = abs(own * price - cost - asked) / (cost + own / lost)
            trade.next_price[j] = (cost + asked) / own
            trade.per_unit[j] = own
    for j in range(offers):
        trade.bounded[j] = _bounded(trade.next_price[j], trade.price[j], market.break_even[j], game, rules)
    _set_points(x, image, game, trade)
    residual = 0.0
    for j in range(offers):
        if not game.at_cost[j]:
            residual = _larger(residual, gap[j])
    return residual


@compiled
def _set_points(x: FloatArray, image: FloatArray, game: Structure, trade: Trade) -> None:
    """Next prices as points of the search."""
    for j in range(len(game.host)):
        image[j] = log(trade.bounded[j]) if game.positive else trade.bounded[j]
        image[j] = x[j] if game.at_cost[j] else image[j]


@compiled
def _bounded(price: float, now: float, break_even: float, game: Structure, rules: Rules) -> float:
    """A next price, where it must be positive within a factor of the present one; NaN stays."""
    if not game.positive:
        return price
    low, high = now / rules.largest_factor, now * rules.largest_factor
    if now > break_even * (1.0 + rules.rounding):
        low = break_even if break_even > low else low
    price = low if price < low else price
    return high if price > high else price


@compiled
def _within_capacity(
    x: FloatArray, image: FloatArray, game: Structure, rules: Rules, market: Market, trade: Trade
) -> float:
    """Next shadow prices, as `capacity.shadow_step`, and prices to go with them; how far slackness is violated."""
    used, total, fall = trade.used, trade.total, trade.fall
    used[:] = 0.0
    total[:] = 0.0
    fall[:] = 0.0
    for j in range(len(game.host)):
        rise = (image[j] - trade.h[j]) if game.log_price else (trade.bounded[j] - trade.price[j])
        trade.change[j] = min(-trade.lost[j] * rise, rules.largest_exponent)
    exponentiate(trade.change)
    for i in range(len(market.load)):
        j, r = game.member[i], game.pool[i]
        slope = market.load[i] / (trade.per_unit[j] * (trade.bounded[j] if game.log_price else 1.0))
        now = trade.quantity[j] * market.load[i]
        used[r] += now
        total[r] += now * trade.change[j]
        fall[r] += now * trade.change[j] * trade.lost[j] * slope
    violation = 0.0
    for r in range(len(used)):
        idle = 1.0 - used[r] / market.capacity[r]
        violation = _larger(violation, abs(min(trade.shadow[r] / market.shadow_unit[r], idle)))
        change = -np.inf
        if total[r] > 0.0:
            change = math.log(total[r] / market.capacity[r]) * total[r] / fall[r]
        trade.next_shadow[r] = trade.shadow[r] + change
        if trade.next_shadow[r] < 0.0:
            trade.next_shadow[r] = 0.0
    for i in range(len(market.load)):
        j, r = game.member[i], game.pool[i]
        rise = (trade.next_shadow[r] - trade.shadow[r]) * market.load[i] / trade.per_unit[j]
        trade.bounded[j] = _bounded(
            trade.next_price[j] + rise, trade.price[j], market.break_even[j], game, rules
        )
    _set_points(x, image, game, trade)
    return violation
