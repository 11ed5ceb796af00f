"""The map from prices to next prices, compiled: `sim.economics.first_order` and `sim.economics.capacity`."""

from __future__ import annotations

import math

import numpy as np

from sim.economics.compiled.demand import near, refer, set_diversion, set_mix, set_shares
from sim.economics.compiled.jit import compiled, exponentiate
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
    trade.h[:] = x[:offers] if game.log_price else trade.price
    if game.usage > 0.0:
        exponentiate(trade.use)
    else:
        trade.use[:] = 1.0
    trade.cost[:] = market.cost
    for r in range(pools):
        trade.shadow[r] = max(x[offers + r], 0.0) * market.shadow_unit[r]
    for i in range(len(market.load)):
        trade.cost[game.member[i]] += trade.shadow[game.pool[i]] * market.load[i]
    if not near(trade.h, segments, at):
        refer(trade.h, game, market, segments, at)
    set_shares(trade.h, game, segments, at, demand)
    set_diversion(game, market, segments, at, demand, trade)
    residual = _set_next(image, game, rules, market, segments, at, demand, trade)
    if pools:
        residual = _larger(residual, _within_capacity(image, game, rules, market, trade))
    for j in range(offers):
        if game.positive and not game.log_price:
            image[j] = math.log(image[j])
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
def _set_next(
    image: FloatArray,
    game: Structure,
    rules: Rules,
    market: Market,
    segments: Segments,
    at: Reference,
    demand: Demand,
    trade: Trade,
) -> float:
    """Next prices without a change of shadow prices; the largest gap."""
    live, b, w, x = segments.live, segments.b, segments.w, trade.x
    residual = 0.0
    for j in range(len(game.host)):
        g, i, price = game.host[j], game.claim_group[j], trade.price[j]
        people = leaving = back = 0.0
        if market.nowhere[j] > 0.0:  # a vanishing part of everybody
            for s in range(live):
                people += w[s]
                leaving += w[s] * b[s]
                back += w[s] * b[s] * x[i, s]
            trade.quantity[j] = 0.0
        else:
            start = at.row[j] * live
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
        lost = leaving / (people * game.inner) + game.usage / (1.0 if game.log_price else price)
        won_back = back / (people * trade.use[j] * lost)
        gap, next_price, per_unit = _zeta(price, trade.cost[j], won_back, lost, market.revenue[j], game, rules)
        trade.lost[j], trade.per_unit[j], trade.next_price[j] = lost, per_unit, next_price
        if game.at_cost[j]:
            image[j] = trade.h[j]
            continue
        trade.bounded[j] = _bounded(next_price, price, market.break_even[j], game, rules)
        image[j] = math.log(trade.bounded[j]) if game.log_price else trade.bounded[j]
        residual = _larger(residual, gap)
    return residual


@compiled
def _zeta(
    price: float, cost: float, won_back: float, lost: float, own: float, game: Structure, rules: Rules
) -> tuple[float, float, float]:
    """The relative gap, the next price, and what it rises with unit cost is the inverse of."""
    if not game.log_price:
        asked = won_back + own / lost
        return abs(own * price - cost - asked) / (cost + own / lost), (cost + asked) / own, own
    asked = won_back + own * price / lost
    per_unit = own * (1.0 - 1.0 / lost)
    next_price = (cost + won_back) / per_unit
    ceiling = rules.ceiling * cost / own
    if next_price > ceiling:
        return abs(price / ceiling - 1.0), ceiling, per_unit
    gap = abs(own * price - cost - asked) / max(cost, rules.precision * own * price)
    return gap, next_price, per_unit


@compiled
def _bounded(price: float, now: float, break_even: float, game: Structure, rules: Rules) -> float:
    """A next price, where it must be positive within a factor of the present one."""
    if not game.positive or math.isnan(price):
        return price
    low = now / rules.largest_factor
    if now > break_even:
        low = max(low, break_even)
    return min(max(price, low), now * rules.largest_factor)


@compiled
def _within_capacity(
    image: FloatArray, game: Structure, rules: Rules, market: Market, trade: Trade
) -> float:
    """Next shadow prices, as `capacity.shadow_step`, and prices to go with them; how far slackness is violated."""
    used, total, fall = trade.used, trade.total, trade.fall
    used[:] = 0.0
    total[:] = 0.0
    fall[:] = 0.0
    for i in range(len(market.load)):
        j, r = game.member[i], game.pool[i]
        slope = market.load[i] / trade.per_unit[j]
        if game.log_price:
            slope /= trade.bounded[j]
        change = min(trade.lost[j] * (trade.h[j] - image[j]), rules.largest_exponent)
        predicted = trade.quantity[j] * market.load[i] * math.exp(change)
        used[r] += trade.quantity[j] * market.load[i]
        total[r] += predicted
        fall[r] += predicted * trade.lost[j] * slope
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
        price = _bounded(trade.next_price[j] + rise, trade.price[j], market.break_even[j], game, rules)
        image[j] = math.log(price) if game.log_price else price
    return violation
