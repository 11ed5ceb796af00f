"""The whole search for equilibrium, compiled: `first_order`, `capacity` and `fixed_point`, market by market.

Equations, names and safeguards are those of the readable path; what differs is how exponentials are had.
At reference prices the utilities of offers, nests and tiers are taken once, each relative to the best of its
own nest, tier or segment. From there prices enter only as exp(-b_s (h_j - reference) / inner), which segments
of one price sensitivity share. What is below 1e-300 of the best of its nest comes out as 0, as in the readable
path; before prices leave the neighbourhood where that holds, the reference moves with them.

Everything compiled is in this one file, and takes its constants as arguments: the cache on disk notices no
other change than that of the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from sim.economics.layout import Course, Room
from sim.economics.nests import FloatArray, IntArray

_Function = TypeVar("_Function", bound=Callable[..., Any])

# The reference moves when a utility has moved by more than this since, in units of the inner scale.
_NEIGHBOURHOOD = 100.0

_SHIFT = 1.5 * 2.0**52  # added to a small number it leaves the nearest integer in the lowest bits
_SHIFT_BITS = 0x4338000000000000
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


def compiled(function: _Function) -> _Function:
    """The function as machine code. No `fastmath`: what comes out must not depend on how loops are cut up."""
    return cast(_Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


@intrinsic  # type: ignore[untyped-decorator]
def _bits(_context: Any, _number: Any) -> Any:
    """The bits of a float, as an integer."""

    def code(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _context.get_value_type(signature.return_type))

    return types.int64(types.float64), code


@intrinsic  # type: ignore[untyped-decorator]
def _float(_context: Any, _number: Any) -> Any:
    """The float with these bits."""

    def code(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _context.get_value_type(signature.return_type))

    return types.float64(types.int64), code


@compiled
def exp(x: float) -> float:
    """e^x to 1e-16, relative, 0 below 1e-308; without a branch, so that loops over it work on several at once."""
    shifted = x * _LOG2E + _SHIFT
    n = shifted - _SHIFT
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    even = r * r
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    value = (1.0 + (r + even * p)) * _float((_bits(shifted) + 1023) << 52)
    value = 0.0 if x < -708.0 else value
    return np.inf if x > 709.0 else value


@compiled
def log(x: float) -> float:
    """Ln x of a number from 1e-300 to 1e300, without a branch."""
    bits = _bits(x)
    k = (bits - _ROOT_HALF_BITS) >> 52
    m = _float(bits - (k << 52))
    n = _float(k + _SHIFT_BITS) - _SHIFT
    f = (m - 1.0) / (m + 1.0)
    e = f * f
    p = 1.0 / 21.0
    p = p * e + 1.0 / 19.0
    p = p * e + 1.0 / 17.0
    p = p * e + 1.0 / 15.0
    p = p * e + 1.0 / 13.0
    p = p * e + 1.0 / 11.0
    p = p * e + 1.0 / 9.0
    p = p * e + 1.0 / 7.0
    p = p * e + 1.0 / 5.0
    p = p * e + 1.0 / 3.0
    return n * _LN2_HIGH + (2.0 * f * (1.0 + e * p) + n * _LN2_LOW)


@compiled
def _of(array: FloatArray, m: int) -> FloatArray:
    """The numbers of a market."""
    return array[m if len(array) > 1 else 0]


@compiled
def _choose_segments(m: int, room: Room) -> None:
    """Segments with customers, by sensitivity; prices to refer to are not known yet."""
    at, weights, sensitivity = room.at, _of(room.numbers.weights, m), room.numbers.sensitivity[0]
    live = kinds = 0
    for s in np.argsort(sensitivity, kind="mergesort"):
        if weights[s] > 0.0:
            at.segment[live], at.b[live], at.w[live] = s, sensitivity[s], weights[s]
            if live == 0 or at.b[live] != at.b[live - 1]:
                at.kind[kinds] = live
                kinds += 1
            live += 1
    at.live[0], at.kinds[0], at.kind[kinds] = live, kinds, live
    at.h[:] = np.nan


@compiled
def _refer(h: FloatArray, m: int, room: Room) -> None:
    """Take exponentials at prices h."""
    game, at, numbers = room.game, room.at, room.numbers
    inner, outer, ratio = game.inner, game.outer, game.inner / game.outer
    segment, live, offers, hosts, tiers = at.segment, at.live[0], len(h), len(game.tier), len(at.tier)
    quality, outside = _of(numbers.quality, m), _of(numbers.outside, m)
    dead_host, dead_tier = _of(numbers.dead_host, m), _of(numbers.dead_tier, m)
    at.h[:] = h
    at.best[:] = -np.inf
    at.log_tier[:] = -np.inf
    for j in range(offers):
        g = game.host[j]
        for s in range(live):
            at.e[j, s] = quality[j, segment[s]] - h[j] * (at.b[s] / inner)
            at.best[g, s] = max(at.best[g, s], at.e[j, s])
    for j in range(offers):
        g = game.host[j]
        for s in range(live):
            at.e[j, s] = exp(at.e[j, s] - at.best[g, s])
        at.has[j] = False
        for s in range(live):
            at.has[j] |= at.e[j, s] > 0.0
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            at.log_host[g, s] = at.best[g, s] * ratio
            if len(dead_host):
                at.log_host[g, s] += dead_host[g, segment[s]]
            at.log_tier[t, s] = max(at.log_tier[t, s], at.log_host[g, s])
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            at.log_host[g, s] -= at.log_tier[t, s]
            at.host[g, s] = exp(at.log_host[g, s])
    for s in range(live):
        top = at.outside[s] = outside[segment[s]]
        for t in range(tiers):
            at.log_tier[t, s] *= outer
            if len(dead_tier):
                at.log_tier[t, s] += dead_tier[t, segment[s]]
            top = max(top, at.log_tier[t, s])
        at.outside[s] = exp(at.outside[s] - top)
        for t in range(tiers):
            at.log_tier[t, s] -= top
            at.tier[t, s] = exp(at.log_tier[t, s])


@compiled
def _set_shares(h: FloatArray, room: Room) -> None:
    """Shares at prices h by level, as `demand.nested_shares`."""
    game, at, demand = room.game, room.at, room.demand
    inner, outer, ratio = game.inner, game.outer, game.inner / game.outer
    live, hosts, tiers = at.live[0], len(game.tier), len(at.tier)
    demand.of_host[:] = 0.0
    for j in range(len(h)):
        if not at.has[j]:
            continue
        g = game.host[j]
        for k in range(at.kinds[0]):
            start, end = at.kind[k], at.kind[k + 1]
            factor = exp((at.h[j] - h[j]) * (at.b[start] / inner))
            for s in range(start, end):
                demand.u[j, s] = at.e[j, s] * factor
        for s in range(live):
            demand.of_host[g, s] += demand.u[j, s]
    demand.of_tier[:] = 0.0
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            total = demand.of_host[g, s]
            demand.in_tier[g, s] = at.host[g, s] * (exp(ratio * log(total)) if ratio < 1.0 else total)
        for s in range(live):
            demand.of_tier[t, s] += demand.in_tier[g, s]
    demand.total[:] = at.outside
    for t in range(tiers):
        for s in range(live):
            total = demand.of_tier[t, s]
            demand.in_all[t, s] = at.tier[t, s] * (exp(outer * log(total)) if outer < 1.0 else total)
        for s in range(live):
            demand.total[s] += demand.in_all[t, s]
    for t in range(tiers):
        for s in range(live):
            demand.in_all[t, s] /= demand.total[s]
    for g in range(hosts):
        t = game.tier[g]
        for s in range(live):
            demand.in_tier[g, s] /= demand.of_tier[t, s]
            share = demand.in_tier[g, s] * demand.in_all[t, s]
            demand.buyers[g, s] = at.w[s] * share / demand.of_host[g, s]


@compiled
def _set_mix(j: int, nowhere: bool, h: FloatArray, quality: FloatArray, room: Room) -> None:
    """Buyers of a vanishing offer up to a factor: any customer, or by logarithms (`first_order._proportions`)."""
    game, at, demand = room.game, room.at, room.demand
    g, inner, ratio, outer = game.host[j], game.inner, game.inner / game.outer, game.outer
    t, mix, live = game.tier[g], demand.mix, at.live[0]
    top = -np.inf
    for s in range(live):
        if nowhere:
            mix[s] = 0.0
        else:
            v = quality[j, at.segment[s]] - h[j] * (at.b[s] / inner) - at.best[g, s]
            nest = at.log_host[g, s] + (ratio - 1.0) * log(demand.of_host[g, s])
            tier = at.log_tier[t, s] + (outer - 1.0) * log(demand.of_tier[t, s])
            mix[s] = v + nest + tier - log(demand.total[s])
        top = max(top, mix[s])
    for s in range(live):
        mix[s] = at.w[s] * exp(mix[s] - top)


@compiled
def _set_diversion(revenue: FloatArray, room: Room) -> None:
    """What a seller earns on a customer who leaves an offer, X, by host nest and owner."""
    game, at, demand, trade = room.game, room.at, room.demand, room.trade
    x, z, w, live, offers = trade.x, trade.z, trade.w, at.live[0], len(game.host)
    x[:] = 0.0
    z[:] = 0.0
    w[:] = 0.0
    for k in range(len(game.claim_offer)):
        j, i = game.claim_offer[k], game.claim_group[k]
        margin = revenue[k] * trade.price[j] - (trade.cost[j] if k < offers else 0.0)
        value = margin * trade.use[j]
        if at.has[j]:
            for s in range(live):
                x[i, s] += value * demand.u[j, s]
    for i in range(len(game.group_host)):
        g, pair = game.group_host[i], game.group_pair[i]
        for s in range(live):
            x[i, s] /= demand.of_host[g, s]
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
        pair = game.group_pair[i]
        for s in range(live):
            x[i, s] = z[pair, s] + by_host * x[i, s]


@compiled
def _won_back(j: int, nowhere: bool, h: FloatArray, quality: FloatArray, room: Room) -> float:
    """Value that comes back to the seller per unit of use lost, G / D; sets D / Q and Q."""
    game, at, demand, trade = room.game, room.at, room.demand, room.trade
    g, i, live = game.host[j], game.claim_group[j], at.live[0]
    people = leaving = back = 0.0
    if at.has[j] and not nowhere:
        for s in range(live):
            buyers = demand.u[j, s] * demand.buyers[g, s]
            people += buyers
            leaving += buyers * at.b[s]
            back += buyers * at.b[s] * trade.x[i, s]
    trade.quantity[j] = people * trade.use[j]
    if people < room.rules.faint:
        _set_mix(j, nowhere, h, quality, room)
        people = leaving = back = 0.0
        for s in range(live):
            people += demand.mix[s]
            leaving += demand.mix[s] * at.b[s]
            back += demand.mix[s] * at.b[s] * trade.x[i, s]
    lost = leaving / (people * game.inner) + game.usage / (1.0 if game.log_price else trade.price[j])
    trade.lost[j] = lost
    return back / (people * trade.use[j] * lost)


@compiled
def _zeta(j: int, back: float, own: float, room: Room) -> float:
    """The relative gap; sets the next price and what it rises with unit cost is the inverse of."""
    trade, rules = room.trade, room.rules
    price, cost, lost = trade.price[j], trade.cost[j], trade.lost[j]
    if not room.game.log_price:
        asked = back + own / lost
        trade.per_unit[j] = own
        trade.next_price[j] = (cost + asked) / own
        return abs(own * price - cost - asked) / (cost + own / lost)
    asked = back + own * price / lost
    trade.per_unit[j] = own * (1.0 - 1.0 / lost)
    trade.next_price[j] = (cost + back) / trade.per_unit[j]
    ceiling = rules.ceiling * cost / own
    if trade.next_price[j] > ceiling:
        trade.next_price[j] = ceiling
        return abs(price / ceiling - 1.0)
    return abs(own * price - cost - asked) / max(cost, rules.precision * own * price)


@compiled
def _bounded(price: float, now: float, break_even: float, room: Room) -> float:
    """A next price, where it must be positive within a factor of the present one."""
    if not room.game.positive or math.isnan(price):
        return price
    low = now / room.rules.largest_factor
    if now > break_even:
        low = max(low, break_even)
    return min(max(price, low), now * room.rules.largest_factor)


@compiled
def _within_capacity(m: int, image: FloatArray, break_even: FloatArray, room: Room) -> float:
    """Next shadow prices, as `capacity.shadow_step`, and prices that go with them; how far slackness is violated."""
    game, trade, numbers = room.game, room.trade, room.numbers
    load, capacity, unit = _of(numbers.load, m), _of(numbers.capacity, m), _of(numbers.shadow_unit, m)
    used, total, fall = trade.used, trade.total, trade.fall
    used[:] = 0.0
    total[:] = 0.0
    fall[:] = 0.0
    for i in range(len(load)):
        j, r = game.member[i], game.pool[i]
        slope = load[i] / trade.per_unit[j]
        if game.log_price:
            slope /= trade.bounded[j]
        change = min(trade.lost[j] * (trade.h[j] - image[j]), room.rules.largest_exponent)
        predicted = trade.quantity[j] * load[i] * math.exp(change)
        used[r] += trade.quantity[j] * load[i]
        total[r] += predicted
        fall[r] += predicted * trade.lost[j] * slope
    violation = 0.0
    for r in range(len(used)):
        slackness = abs(min(trade.shadow[r] / unit[r], 1.0 - used[r] / capacity[r]))
        violation = slackness if not slackness <= violation else violation
        change = math.log(total[r] / capacity[r]) * total[r] / fall[r] if total[r] > 0.0 else -np.inf
        trade.next_shadow[r] = trade.shadow[r] + change
        if trade.next_shadow[r] < 0.0:
            trade.next_shadow[r] = 0.0
    for i in range(len(load)):
        j, r = game.member[i], game.pool[i]
        rise = (trade.next_shadow[r] - trade.shadow[r]) * load[i] / trade.per_unit[j]
        price = _bounded(trade.next_price[j] + rise, trade.price[j], break_even[j], room)
        image[j] = math.log(price) if game.log_price else price
    return violation


@compiled
def _price_step(m: int, room: Room) -> float:
    """Sets the image of x, as `first_order.price_step`; the residual, inf if the image is no number."""
    game, at, trade, numbers = room.game, room.at, room.trade, room.numbers
    x, image, h, offers = room.course.x, room.course.image, trade.h, len(game.host)
    quality, nowhere, revenue = _of(numbers.quality, m), _of(numbers.nowhere, m), _of(numbers.revenue, m)
    load, unit, break_even = _of(numbers.load, m), _of(numbers.shadow_unit, m), _of(numbers.break_even, m)
    near = _NEIGHBOURHOOD * game.inner / at.b[at.live[0] - 1]  # the last sensitivity is the largest
    far = False
    for j in range(offers):
        trade.price[j] = math.exp(x[j]) if game.positive else x[j]
        h[j] = x[j] if game.log_price else trade.price[j]
        trade.use[j] = math.exp(-game.usage * x[j]) if game.usage > 0.0 else 1.0
        far |= not abs(h[j] - at.h[j]) <= near
    trade.cost[:] = _of(numbers.cost, m)
    for r in range(len(unit)):
        trade.shadow[r] = max(x[offers + r], 0.0) * unit[r]
    for i in range(len(load)):
        trade.cost[game.member[i]] += trade.shadow[game.pool[i]] * load[i]
    if far:
        _refer(h, m, room)
    _set_shares(h, room)
    _set_diversion(revenue, room)
    residual = 0.0
    for j in range(offers):
        gap = _zeta(j, _won_back(j, nowhere[j] > 0.0, h, quality, room), revenue[j], room)
        if game.at_cost[j]:
            image[j] = h[j]
            continue
        price = _bounded(trade.next_price[j], trade.price[j], break_even[j], room)
        trade.bounded[j] = price
        image[j] = math.log(price) if game.log_price else price
        residual = gap if not gap <= residual else residual
        if math.isnan(gap):
            return np.inf
    if len(unit):
        violation = _within_capacity(m, image, break_even, room)
        residual = violation if not violation <= residual else residual
    for j in range(offers):
        if game.positive and not game.log_price:
            image[j] = math.log(image[j])
    for r in range(len(unit)):
        image[offers + r] = trade.next_shadow[r] / unit[r]
    return residual if np.isfinite(image).all() and not math.isnan(residual) else np.inf


@compiled
def _solve(course: Course) -> None:
    """Solve gram a = weights by elimination with pivots; a is left in `weights`."""
    system, right, n = course.system, course.weights, len(course.weights)
    system[:] = course.gram
    for c in range(n):
        pivot = c
        for r in range(c + 1, n):
            if abs(system[r, c]) > abs(system[pivot, c]):
                pivot = r
        for k in range(n):
            system[c, k], system[pivot, k] = system[pivot, k], system[c, k]
        right[c], right[pivot] = right[pivot], right[c]
        for r in range(c + 1, n):
            factor = system[r, c] / system[c, c]
            for k in range(c, n):
                system[r, k] -= factor * system[c, k]
            right[r] -= factor * right[c]
    for c in range(n - 1, -1, -1):
        for k in range(c + 1, n):
            right[c] -= system[c, k] * right[k]
        right[c] /= system[c, c]


@compiled
def _dot(a: FloatArray, b: FloatArray) -> float:
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@compiled
def _forget(room: Room) -> None:
    """Empty the history; an empty slot has no weight."""
    course = room.course
    course.unit[:] = 0.0
    course.step[:] = 0.0
    course.gram[:] = 0.0
    for k in range(room.rules.depth):
        course.gram[k, k] = 1.0 + room.rules.ridge


@compiled
def _advance(slot: int, known: bool, accelerating: bool, room: Room) -> None:
    """Record the point in a slot of the history and take the accelerated or the plain step from it."""
    course, rules = room.course, room.rules
    x, gap, going, unit, step = course.x, course.gap, course.going, course.unit[slot], course.step[slot]
    gap[:] = course.image - x
    unit[:] = 0.0
    step[:] = 0.0
    if known:
        unit[:] = gap - course.last_gap
        step[:] = (x - course.last_x) + unit
        length = math.sqrt(_dot(unit, unit))
        if length > 0.0:
            unit /= length
            step /= length
    for k in range(rules.depth):
        course.gram[slot, k] = course.gram[k, slot] = _dot(unit, course.unit[k])
    course.gram[slot, slot] = 1.0 + rules.ridge
    course.last_x[:] = x
    course.last_gap[:] = gap
    going[:] = gap
    if accelerating:
        for k in range(rules.depth):
            course.weights[k] = _dot(course.unit[k], gap)
        _solve(course)
        for k in range(rules.depth):
            going -= course.weights[k] * course.step[k]
        if not np.abs(going).max() <= rules.longest_step * np.abs(gap).max():
            going[:] = gap
    x += going


@compiled
def _search(m: int, best: FloatArray, tolerance: float, iterations: int, room: Room) -> tuple[float, int]:
    """One market from `best` on, which becomes the best point; its residual, and evaluations of the map."""
    course, rules = room.course, room.rules
    _choose_segments(m, room)
    _forget(room)
    course.x[:] = best
    least = before = np.inf
    accelerating, known, steady, patience = False, False, 0, 1
    for count in range(1, iterations + 1):
        residual = _price_step(m, room)
        if residual < least:
            least = residual
            best[:] = course.x
        if residual <= tolerance:
            return least, count
        if residual == np.inf or (accelerating and residual > rules.growth * before):
            if not accelerating:
                return least, count  # a plain step leads nowhere, and there is no other way
            accelerating, known, steady = False, False, 0
            patience = min(2 * patience + 1, rules.longest_patience)
            _forget(room)
            course.x[:] = course.last_image
            continue
        steady = steady + 1 if residual < before and residual < rules.near else 0
        accelerating = accelerating or steady > patience
        _advance((count - 1) % rules.depth, known, accelerating, room)
        course.last_image[:] = course.image
        known, before = True, residual
    return least, iterations


@compiled
def search(
    start: FloatArray, tolerance: float, iterations: int, room: Room
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Best points (markets, n), their residuals and evaluations of the map, as `fixed_point.fixed_points`."""
    best, residual, taken = start.copy(), np.empty(len(start)), np.empty(len(start), np.intp)
    for m in range(len(start)):
        residual[m], taken[m] = _search(m, best[m], tolerance, iterations, room)
    return best, residual, taken
