"""The map from prices to next prices, compiled: `sim.economics.first_order` and `sim.economics.capacity`."""

from __future__ import annotations

import math

import numpy as np

from sim.economics.compiled.demand import near, refer, set_diversion, set_mix, set_shares
from sim.economics.compiled.jit import compiled, exp, joined, log
from sim.economics.compiled.lanes import LANES, lanes, part, put_part, row, total
from sim.economics.compiled.layout import (
    Counts,
    Lists,
    Market,
    Room,
    Rules,
    Structure,
    Trade,
)
from sim.economics.nests import FloatArray


@joined
def price_step(
    x: FloatArray, image: FloatArray, game: Structure, rules: Rules, count: Counts, room: Room
) -> float:
    """Sets the image of x and returns the residual, inf if either is no number.

    x holds prices of free offers, as logarithms where they must be positive, and shadow prices of limited pools in
    units of their scale.
    """
    lists, market, trade = room.lists, room.market, room.trade
    set_prices(x, game, count, lists, market, trade)
    if not near(count, lists, market, room.at):
        refer(game, count, lists, market, room.at)
    set_shares(game, count, lists, market, room.at, room.demand)
    set_diversion(game, count, lists, market, room.demand)
    _set_responses(game, rules, count, room)
    residual = _set_next(image, game, rules, count, market, trade)
    if count.pools:
        residual = _larger(residual, _within_capacity(x, image, game, rules, count, lists, market, trade))
    if not math.isfinite(residual):
        return np.inf
    for i in range(count.free + count.pools):
        if not math.isfinite(image[i]):
            return np.inf
    return residual


@joined
def set_prices(
    x: FloatArray, game: Structure, count: Counts, lists: Lists, market: Market, trade: Trade
) -> None:
    """Prices, use and costs with shadow prices at x. Acceleration may overshoot below 0, where no shadow price is."""
    free, usage = count.free, game.usage
    for k in range(count.pools):
        r = lists.pools[k]
        market.shadow[r] = max(x[free + k], 0.0) * market.shadow_unit[r]
    if game.positive:
        for f in range(free):
            trade.price[f] = exp(x[f])
        for f in range(free):
            trade.use[f] = exp(-usage * x[f])
    else:
        for f in range(free):
            trade.price[f], trade.use[f] = x[f], 1.0
    for f in range(free):
        j, k = lists.free[f], lists.pool[f]
        market.price[j], market.use[j] = trade.price[f], trade.use[f]
        market.h[j] = x[f] if game.log_price else trade.price[f]
        shadow = market.shadow[lists.pools[k]] if k >= 0 else 0.0
        trade.cost[f] = market.with_shadow[j] = market.cost[j] + shadow * market.load[j]


@compiled
def ceiling_price(cost: float, own: float, game: Structure, rules: Rules, market: Market) -> float:
    """Highest price at a unit cost."""
    return rules.ceiling * (cost / own + (0.0 if game.log_price else 1.0 / market.people[1]))


@compiled
def _larger(a: float, b: float) -> float:
    """The larger, NaN if one is."""
    return a if a >= b or math.isnan(a) else b


@joined
def _set_responses(game: Structure, rules: Rules, count: Counts, room: Room) -> None:
    """Per unit of use: what a rise of the own price loses, D / Q, and the value won back, G / D."""
    lists, market, demand, trade = room.lists, room.market, room.demand, room.trade
    b, y, z, by_host = market.b, demand.y, demand.z, 1.0 / game.inner - 1.0 / game.outer
    for f in range(count.free):
        j = lists.free[f]
        r, k = lists.row[j], lists.group_at[game.claim_group[j]]
        pair = lists.group_pair[k]
        trade.quantity[f] = 0.0
        if lists.absent[j]:  # a vanishing part of everybody
            people, leaving, back = _sums(market.w, b, z, pair, y, k, by_host, count.width)
        else:
            n, g = lists.length[r], lists.host[r]
            for s in range(0, n, LANES):
                put_part(demand.mix, s, row(demand.u, r, s) * row(demand.buyers, g, s))
            people, leaving, back = _sums(demand.mix, b, z, pair, y, k, by_host, n)
            trade.quantity[f] = people * trade.use[f]
            if people < rules.faint:
                set_mix(r, game, count, lists, market, room.at, demand)
                people, leaving, back = _sums(demand.mix, b, z, pair, y, k, by_host, n)
        lost = leaving / (people * game.inner)
        lost += game.usage if game.log_price or game.usage == 0.0 else game.usage / trade.price[f]
        trade.lost[f] = lost
        trade.back[f] = back / (people * trade.use[f] * lost)


@compiled
def _sums(
    buyers: FloatArray,
    b: FloatArray,
    shared: FloatArray,
    pair: int,
    own: FloatArray,
    k: int,
    by_host: float,
    n: int,
) -> tuple[float, float, float]:
    """Sums over segments: buyers, what they lose with a rise of the price, and how much of it comes back.

    What comes back is X: a part that the pair's groups share, and `by_host` times Y of group k.
    """
    people = leaving = back = lanes(0.0)
    for s in range(0, n, LANES):
        mine = part(buyers, s)
        lost = mine * part(b, s)
        people, leaving = people + mine, leaving + lost
        back = back + lost * (row(shared, pair, s) + by_host * row(own, k, s))
    return total(people), total(leaving), total(back)


@joined
def _set_next(
    image: FloatArray, game: Structure, rules: Rules, count: Counts, market: Market, trade: Trade
) -> float:
    """Next prices without a change of shadow prices; the largest gap."""
    residual = 0.0
    for f in range(count.free):
        price, cost, lost, own = trade.price[f], trade.cost[f], trade.lost[f], trade.own[f]
        if game.log_price:
            kept = own * price
            asked = trade.back[f] + kept / lost
            per_unit = own * (1.0 - 1.0 / lost)
            next_price = (cost + trade.back[f]) / per_unit
            gap = abs(kept - cost - asked) / max(cost, rules.precision * kept)
        else:
            asked = trade.back[f] + own / lost
            gap = abs(own * price - cost - asked) / (cost + own / lost)
            next_price = (cost + asked) / own
            per_unit = own
        if game.positive:
            ceiling = ceiling_price(cost, own, game, rules, market)
            above = next_price > ceiling
            gap = abs(price / ceiling - 1.0) if above else gap
            next_price = ceiling if above else next_price
        residual = _larger(residual, gap)
        trade.next_price[f], trade.per_unit[f] = next_price, per_unit
        trade.bounded[f] = _bounded(next_price, price, trade.break_even[f], game, rules)
    _set_points(image, game, count, trade)
    return residual


@compiled
def _set_points(image: FloatArray, game: Structure, count: Counts, trade: Trade) -> None:
    """Next prices as points of the search."""
    if game.positive:
        for f in range(count.free):
            image[f] = log(trade.bounded[f])
    else:
        for f in range(count.free):
            image[f] = trade.bounded[f]


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


@joined
def _within_capacity(
    x: FloatArray,
    image: FloatArray,
    game: Structure,
    rules: Rules,
    count: Counts,
    lists: Lists,
    market: Market,
    trade: Trade,
) -> float:
    """Next shadow prices, as `capacity.shadow_step`, and prices to go with them; how far slackness is violated."""
    used, total, fall = trade.used, trade.total, trade.fall
    for k in range(count.pools):
        used[k] = total[k] = fall[k] = 0.0
    for f in range(count.free):
        rise = (image[f] - x[f]) if game.log_price else (trade.bounded[f] - trade.price[f])
        trade.change[f] = exp(min(-trade.lost[f] * rise, rules.largest_exponent))
    for f in range(count.free):
        k = lists.pool[f]
        if k >= 0:
            slope = trade.load[f] / (trade.per_unit[f] * (trade.bounded[f] if game.log_price else 1.0))
            now = trade.quantity[f] * trade.load[f]
            after = now * trade.change[f]
            used[k] += now
            total[k] += after
            fall[k] += after * trade.lost[f] * slope
    violation = 0.0
    for k in range(count.pools):
        r = lists.pools[k]
        idle = 1.0 - used[k] / market.capacity[r]
        violation = _larger(violation, abs(min(market.shadow[r] / market.shadow_unit[r], idle)))
        change = -np.inf
        if total[k] > 0.0:
            change = log(total[k] / market.capacity[r]) * total[k] / fall[k]
        after = market.shadow[r] + change
        trade.next_shadow[k] = 0.0 if after < 0.0 else after
        image[count.free + k] = trade.next_shadow[k] / market.shadow_unit[r]
    for f in range(count.free):
        k = lists.pool[f]
        if k >= 0:
            rise = (trade.next_shadow[k] - market.shadow[lists.pools[k]]) * trade.load[f] / trade.per_unit[f]
            price = trade.next_price[f] + rise
            trade.bounded[f] = _bounded(price, trade.price[f], trade.break_even[f], game, rules)
    _set_points(image, game, count, trade)
    return violation
