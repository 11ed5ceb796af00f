"""The map from prices to next prices, compiled: `sim.economics.first_order` and `sim.economics.capacity`.

Loops over free offers and over pools take whole lanes: numbers beyond the last are of no use, and do no harm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.economics.compiled.demand import near, refer, set_diversion, set_mix, set_shares
from sim.economics.compiled.jit import compiled, exp, joined, log, size
from sim.economics.compiled.lanes import LANES, lanes, part, put_part, row, total, where_less
from sim.economics.compiled.layout import (
    Counts,
    Demand,
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
        residual = _larger(residual, _within_capacity(x, image, game, rules, count, lists, trade))
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
    free = count.free
    for k in range(count.pools):
        r = lists.pools[k]
        market.shadow[r] = trade.shadow[k] = max(x[free + k], 0.0) * market.shadow_unit[r]
    for f in range(0, free, LANES):
        point = part(x, f)
        put_part(trade.price, f, exp(point) if game.positive else point)
        put_part(trade.use, f, exp(-game.usage * point) if game.positive else lanes(1.0))
    for f in range(free):
        j, k = lists.free[f], lists.pool[f]
        market.price[j], market.use[j] = trade.price[f], trade.use[f]
        market.h[j] = x[f] if game.log_price else trade.price[f]
        shadow = trade.shadow[k] if k >= 0 else 0.0
        trade.cost[f] = market.with_shadow[j] = market.cost[j] + shadow * market.load[j]


@compiled
def ceiling_price(cost: Any, own: Any, game: Structure, rules: Rules, market: Market) -> Any:
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
    for f in range(count.free):
        j = lists.free[f]
        k = lists.group_at[game.claim_group[j]]
        if lists.absent[j]:  # a vanishing part of everybody
            _set_sums(f, k, market.w, count.width, game, room)
            trade.quantity[f] = 0.0
        else:
            r = lists.row[j]
            _set_sums_of_row(f, k, r, game, room)
            trade.quantity[f] = trade.people[f] * trade.use[f]
            if trade.people[f] < rules.faint:
                set_mix(r, game, count, lists, market, room.at, demand)
                _set_sums(f, k, demand.mix, lists.length[r], game, room)
    for f in range(0, count.free, LANES):
        people, lost = part(trade.people, f), part(trade.lost, f)
        lost = lost / (people * game.inner)
        if game.log_price or game.usage == 0.0:
            lost = lost + game.usage
        else:
            lost = lost + game.usage / part(trade.price, f)
        put_part(trade.lost, f, lost)
        put_part(trade.back, f, part(trade.back, f) / (people * part(trade.use, f) * lost))


@compiled
def _set_sums_of_row(f: int, k: int, r: int, game: Structure, room: Room) -> None:
    """Sums over segments of a row: buyers, what they lose with a rise of the price, and how much of it comes back."""
    demand, trade, g = room.demand, room.trade, room.lists.host[r]
    pair, by_host = room.lists.group_pair[k], 1.0 / game.inner - 1.0 / game.outer
    people = leaving = back = lanes(0.0)
    for s in range(0, room.lists.length[r], LANES):
        mine = row(demand.u, r, s) * row(demand.buyers, g, s)
        lost = mine * part(room.market.b, s)
        people, leaving, back = people + mine, leaving + lost, back + lost * _won(k, pair, s, by_host, demand)
    trade.people[f], trade.lost[f], trade.back[f] = total(people), total(leaving), total(back)


@compiled
def _set_sums(f: int, k: int, buyers: FloatArray, n: int, game: Structure, room: Room) -> None:
    """Likewise with buyers given."""
    demand, trade = room.demand, room.trade
    pair, by_host = room.lists.group_pair[k], 1.0 / game.inner - 1.0 / game.outer
    people = leaving = back = lanes(0.0)
    for s in range(0, n, LANES):
        mine = part(buyers, s)
        lost = mine * part(room.market.b, s)
        people, leaving, back = people + mine, leaving + lost, back + lost * _won(k, pair, s, by_host, demand)
    trade.people[f], trade.lost[f], trade.back[f] = total(people), total(leaving), total(back)


@compiled
def _won(k: int, pair: int, s: int, by_host: float, demand: Demand) -> Any:
    """X: a part that the pair's groups share, and what Y of group k adds."""
    return row(demand.z, pair, s) + by_host * row(demand.y, k, s)


@joined
def _set_next(
    image: FloatArray, game: Structure, rules: Rules, count: Counts, market: Market, trade: Trade
) -> float:
    """Next prices without a change of shadow prices; the largest gap."""
    for f in range(0, count.free, LANES):
        price, cost, own = part(trade.price, f), part(trade.cost, f), part(trade.own, f)
        lost, back, per_unit = part(trade.lost, f), part(trade.back, f), own
        if game.log_price:
            kept = own * price
            per_unit = own * (1.0 - 1.0 / lost)
            next_price = (cost + back) / per_unit
            least, gap = rules.precision * kept, kept - cost - (back + kept / lost)
            gap = size(gap) / where_less(cost, least, least, cost)
        else:
            asked = back + own / lost
            next_price = (cost + asked) / own
            gap = size(own * price - cost - asked) / (cost + own / lost)
        if game.positive:
            ceiling = ceiling_price(cost, own, game, rules, market)
            gap = where_less(ceiling, next_price, size(price / ceiling - 1.0), gap)
            next_price = where_less(ceiling, next_price, ceiling, next_price)
        put_part(trade.gap, f, gap)
        put_part(trade.next_price, f, next_price)
        put_part(trade.per_unit, f, per_unit)
        put_part(trade.bounded, f, _bounded(next_price, price, part(trade.break_even, f), game, rules))
    _set_points(image, game, count, trade)
    residual = 0.0
    for f in range(count.free):
        residual = _larger(residual, trade.gap[f])
    return residual


@compiled
def _set_points(image: FloatArray, game: Structure, count: Counts, trade: Trade) -> None:
    """Next prices as points of the search; writes beyond the last of them."""
    for f in range(0, count.free, LANES):
        bounded = part(trade.bounded, f)
        put_part(image, f, log(bounded) if game.positive else bounded)


@compiled
def _bounded(price: Any, now: Any, break_even: Any, game: Structure, rules: Rules) -> Any:
    """A next price, where it must be positive within a factor of the present one; NaN stays."""
    if not game.positive:
        return price
    low, high = now / rules.largest_factor, now * rules.largest_factor
    low = where_less(
        break_even * (1.0 + rules.rounding), now, where_less(low, break_even, break_even, low), low
    )
    price = where_less(price, low, low, price)
    return where_less(high, price, high, price)


@joined
def _within_capacity(
    x: FloatArray,
    image: FloatArray,
    game: Structure,
    rules: Rules,
    count: Counts,
    lists: Lists,
    trade: Trade,
) -> float:
    """Next shadow prices, as `capacity.shadow_step`, and prices to go with them; how far slackness is violated."""
    _set_use(x, image, game, rules, count, lists, trade)
    for k in range(0, count.pools, LANES):
        shadow, total_use, stock = part(trade.shadow, k), part(trade.total, k), part(trade.stock, k)
        dear, idle = shadow / part(trade.unit, k), 1.0 - part(trade.used, k) / stock
        put_part(trade.slack, k, size(where_less(idle, dear, idle, dear)))
        change = log(total_use / stock) * total_use / part(trade.fall, k)
        after = shadow + where_less(0.0, total_use, change, -np.inf)
        put_part(trade.next_shadow, k, where_less(after, 0.0, 0.0, after))
    for f in range(count.free):
        k = lists.pool[f]
        trade.change[f] = trade.next_shadow[k] - trade.shadow[k] if k >= 0 else 0.0
    for f in range(0, count.free, LANES):
        change, price = part(trade.change, f), part(trade.next_price, f)
        rise = change * part(trade.load, f) / part(trade.per_unit, f)
        price = where_less(0.0, size(change), price + rise, price)
        now, break_even = part(trade.price, f), part(trade.break_even, f)
        put_part(trade.bounded, f, _bounded(price, now, break_even, game, rules))
    _set_points(image, game, count, trade)
    violation = 0.0
    for k in range(count.pools):
        image[count.free + k] = trade.next_shadow[k] / trade.unit[k]
        violation = _larger(violation, trade.slack[k])
    return violation


@joined
def _set_use(
    x: FloatArray,
    image: FloatArray,
    game: Structure,
    rules: Rules,
    count: Counts,
    lists: Lists,
    trade: Trade,
) -> None:
    """Use of pools, now and as predicted at next prices, and the slope of that."""
    for f in range(0, count.free, LANES):
        lost, bounded, load = part(trade.lost, f), part(trade.bounded, f), part(trade.load, f)
        rise = part(image, f) - part(x, f) if game.log_price else bounded - part(trade.price, f)
        fall, most = -1.0 * lost * rise, rules.largest_exponent
        slope = load / (part(trade.per_unit, f) * (bounded if game.log_price else lanes(1.0)))
        now = part(trade.quantity, f) * load
        after = now * exp(where_less(fall, most, fall, most))
        put_part(trade.now, f, now)
        put_part(trade.after, f, after)
        put_part(trade.change, f, after * lost * slope)
    for k in range(count.pools):
        trade.used[k] = trade.total[k] = trade.fall[k] = 0.0
    for f in range(count.free):
        k = lists.pool[f]
        if k >= 0:
            trade.used[k] += trade.now[f]
            trade.total[k] += trade.after[f]
            trade.fall[k] += trade.change[f]
