"""The accelerated search for fixed points in one market, compiled: `sim.economics.fixed_point` and `solver`."""

from __future__ import annotations

import math

import numpy as np

from sim.economics.compiled.demand import set_constant
from sim.economics.compiled.first_order import price_step
from sim.economics.compiled.jit import compiled, copy, dot, dot_rows, exp, joined, log, size
from sim.economics.compiled.lanes import LANES, highest, lanes, part, put, put_part, row, where_less
from sim.economics.compiled.layout import (
    Counts,
    Course,
    Market,
    Numbers,
    Results,
    Room,
    Rules,
    Structure,
)
from sim.economics.nests import FloatArray, IntArray

NEWTON, LOOK = 2, 3
"""Attempts, after those from given prices and from default ones."""


@joined
def begin(
    attempt: int,
    first: bool,
    solved: bool,
    astray: bool,
    numbers: Numbers,
    m: int,
    game: Structure,
    rules: Rules,
    count: Counts,
    room: Room,
    results: Results,
) -> int:
    """Set the first point of an attempt; the most evaluations that it may take, 0 if it is not needed.

    A start that leads to no equilibrium is followed by the default one, as last month's prices may mislead, and that
    by Newton's method from the best point, whose further points are set already (`first`). The last attempt only looks
    at the best point, so that the room holds its shares.
    """
    course, n = room.course, count.free + count.pools
    if attempt == NEWTON:
        if solved or astray or not 0 < n <= len(course.slopes):
            return 0
        if first:
            copy(course.best, course.x, n)
        return 1
    room.at.h[0] = np.nan
    if attempt == LOOK:
        if _same(course.x, course.best, n):
            return 0
        copy(course.best, course.x, n)
        return 1
    if attempt == 0:
        set_constant(count, room.lists, room.at, room.demand)
        for i in range(n, _whole(n)):  # what fills up the last lanes stays 0
            course.x[i] = 0.0
    elif solved or not len(numbers.start):
        return 0
    _set_start(attempt == 0 and len(numbers.start) > 0, numbers, m, game, rules, count, room, results)
    return rules.iterations


@compiled
def _whole(n: int) -> int:
    """Numbers in whole lanes."""
    return (n + LANES - 1) // LANES * LANES


@joined
def keep_better(
    attempt: int,
    residual: float,
    least: float,
    astray: bool,
    game: Structure,
    rules: Rules,
    count: Counts,
    room: Room,
) -> tuple[float, bool]:
    """Make an attempt's best point the best of all if it is; the least residual, and whether it is one gone astray."""
    lost = _astray(game, rules, count, room)
    if attempt == 0 or ((residual < least or astray) and not lost):
        copy(room.course.trial, room.course.best, count.free + count.pools)
        return residual, lost
    return least, astray


@compiled
def _same(a: FloatArray, b: FloatArray, n: int) -> bool:
    same = True
    for i in range(n):
        same &= a[i] == b[i]
    return same


@joined
def _set_start(
    given: bool,
    numbers: Numbers,
    m: int,
    game: Structure,
    rules: Rules,
    count: Counts,
    room: Room,
    results: Results,
) -> None:
    """Set the first point as `start.first_prices` or `following` do, if prices are given, or as `default_prices`.

    Prices that are not looked for are set as well.
    """
    lists, market, x = room.lists, room.market, room.course.x
    like = numbers.after[m, 1] if given and len(numbers.after) else -1
    margin = min(1.0 / (market.people[1] + game.usage), rules.largest_first_margin)
    for j in range(len(game.host)):
        if given:
            price = _base(m, j, numbers.after, numbers.start, results.prices)
            if like >= 0:
                there, before = (
                    results.prices[like, j],
                    _base(like, j, numbers.after, numbers.start, results.prices),
                )
                price = price * (there / before) if game.positive else price + (there - before)
        elif game.log_price:
            price = market.cost[j] / (market.revenue[j] * (1.0 - margin))
        else:
            price = market.cost[j] / market.revenue[j] + 1.0 / market.people[1]
        price = max(price, market.break_even[j]) if game.positive else price
        market.price[j] = market.cost[j] if game.at_cost[j] else price
        market.with_shadow[j] = market.cost[j]
    _fix(game, market)
    for f in range(count.free):
        price = market.price[lists.free[f]]
        x[f] = log(price) if game.positive else price
    for i in range(count.pools):
        r = lists.pools[i]
        shadow = _base(m, r, numbers.after, numbers.shadow, results.shadow) if given else 0.0
        if like >= 0:
            shadow += results.shadow[like, r] - _base(like, r, numbers.after, numbers.shadow, results.shadow)
        x[count.free + i] = max(shadow, 0.0) / market.shadow_unit[r]


@compiled
def _base(m: int, i: int, after: IntArray, given: FloatArray, found: FloatArray) -> float:
    """What was found in the market that m is near to, or what it was given: of either 0 if there is nothing."""
    near = after[m, 0] if len(after) else -1
    if near < 0 and not len(given):
        return 0.0
    row = m if len(given) > 1 else 0
    return float(found[near, i] if near >= 0 else given[row, i])


@compiled
def _fix(game: Structure, market: Market) -> None:
    """Set what goes with prices."""
    for j in range(0, len(game.host), LANES):
        price = part(market.price, j)
        logarithm = log(price) if game.positive else price
        put_part(market.h, j, logarithm if game.log_price else price)
        put_part(market.use, j, exp(-game.usage * logarithm) if game.positive else lanes(1.0))


@compiled
def _astray(game: Structure, rules: Rules, count: Counts, room: Room) -> bool:
    """Whether a log price of the attempt's best point has collapsed to next to nothing, see `solver.astray`."""
    lists, market = room.lists, room.market
    found = False
    for f in range(count.free):
        found |= room.course.trial[f] < log(rules.giveaway * market.break_even[lists.free[f]])
    return found and game.log_price


@joined
def accelerate(
    iterations: int, game: Structure, rules: Rules, count: Counts, room: Room
) -> tuple[float, int]:
    """Search from `course.x`, the best point into `course.trial`; its residual, and evaluations of the map."""
    course, n = room.course, count.free + count.pools
    copy(course.x, course.trial, n)
    least = before = np.inf
    accelerating, steady, patience, kept, rooted = False, 0, 1, 0, 0
    for taken in range(1, iterations + 1):
        residual = price_step(course.x, course.image, game, rules, count, room)
        if residual < least:
            least = residual
            copy(course.x, course.trial, n)
        if residual <= rules.tolerance:
            return least, taken
        if residual == np.inf or (accelerating and residual > rules.growth * before):
            if not accelerating:
                return least, taken  # a plain step leads nowhere, and there is no other way
            accelerating, steady, kept = False, 0, 0
            patience = min(2 * patience + 1, rules.longest_patience)
            copy(course.last_image, course.x, n)
            continue
        if taken == iterations:
            return least, taken
        steady = steady + 1 if residual < before and residual < rules.near else 0
        accelerating = accelerating or steady > patience
        rooted = _advance(n, kept, accelerating, rooted, course, rules)
        kept, before = kept + 1, residual
    return least, iterations


@compiled
def _advance(n: int, kept: int, accelerating: bool, rooted: int, course: Course, rules: Rules) -> int:
    """Record the point in the ring, and take the accelerated or the plain step from it.

    Takes and returns how many rows of `course.root` are as `course.gram` has them.
    """
    x, gap, going, used = course.x, course.gap, course.going, min(kept, rules.depth)
    for i in range(0, n, LANES):
        left = part(course.image, i) - part(x, i)
        put_part(gap, i, left)
        put_part(going, i, left)
    for i in range(n, _whole(n)):
        gap[i] = going[i] = 0.0
    if kept:
        slot = (kept - 1) % rules.depth
        _record(slot, used, n, course, rules)
        rooted = min(rooted, slot)
    for i in range(0, n, LANES):
        put_part(course.last_x, i, part(x, i))
        put_part(course.last_gap, i, part(gap, i))
        put_part(course.last_image, i, part(course.image, i))
    if accelerating:
        _accelerate(used, rooted, n, course, rules)
        rooted = used
    for i in range(0, n, LANES):
        put_part(x, i, part(x, i) + part(going, i))
    return rooted


@joined
def _accelerate(used: int, rooted: int, n: int, course: Course, rules: Rules) -> None:
    """Make the step the accelerated one, where that is not too long."""
    gap, going = course.gap, course.going
    for k in range(used):
        course.weights[k] = dot(course.unit, k, gap, n)
    _solve(used, rooted, course)
    for k in range(used):
        weight = course.weights[k]
        for i in range(0, n, LANES):
            put_part(going, i, part(going, i) - weight * row(course.step, k, i))
    length = plain = lanes(0.0)
    for i in range(0, n, LANES):
        here, there = size(part(going, i)), size(part(gap, i))
        here = where_less(here, np.inf, here, np.inf)  # no number is no step
        length, plain = where_less(length, here, here, length), where_less(plain, there, there, plain)
    if highest(length) > rules.longest_step * highest(plain):
        copy(gap, going, n)


@compiled
def _record(slot: int, used: int, n: int, course: Course, rules: Rules) -> None:
    """The last differences of points and gaps into a slot of the ring, of which `used` are."""
    unit, step, gram = course.unit, course.step, course.gram
    for i in range(0, n, LANES):
        change = part(course.gap, i) - part(course.last_gap, i)
        put(unit, slot, i, change)
        put(step, slot, i, (part(course.x, i) - part(course.last_x, i)) + change)
    length = math.sqrt(dot_rows(unit, slot, slot, n))
    for i in range(0, n if length > 0.0 else 0, LANES):
        put(unit, slot, i, row(unit, slot, i) / length)
        put(step, slot, i, row(step, slot, i) / length)
    for k in range(used):
        gram[slot, k] = gram[k, slot] = dot_rows(unit, k, slot, n)
    gram[slot, slot] = 1.0 + rules.ridge


@compiled
def _solve(n: int, rooted: int, course: Course) -> None:
    """Solve gram a = weights by Cholesky's method; a is left in `weights`. The ridge keeps the matrix definite.

    The first `rooted` rows of the root are known: none of theirs in `gram` has changed since.
    """
    root, a = course.root, course.weights
    for r in range(rooted, n):
        for c in range(r + 1):
            total = course.gram[r, c]
            for k in range(c):
                total -= root[r, k] * root[c, k]
            root[r, c] = total / root[c, c] if r > c else math.sqrt(total)
    for r in range(n):
        for k in range(r):
            a[r] -= root[r, k] * a[k]
        a[r] /= root[r, r]
    for r in range(n - 1, -1, -1):
        for k in range(r + 1, n):
            a[r] -= root[k, r] * a[k]
        a[r] /= root[r, r]
