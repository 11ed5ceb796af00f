"""The accelerated search for fixed points, market by market, compiled: `sim.economics.fixed_point`."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sim.economics.compiled.demand import set_rows, write_shares
from sim.economics.compiled.first_order import price_step
from sim.economics.compiled.jit import compiled, copy, entry
from sim.economics.compiled.layout import Course, Market, Numbers, Room, Rules, Segments, Structure
from sim.economics.nests import FloatArray, IntArray


@compiled
def _market(numbers: Numbers, m: int) -> Market:
    return Market(
        _of(numbers.quality, m),
        _of(numbers.nowhere, m),
        _of(numbers.dead_host, m),
        _of(numbers.dead_tier, m),
        _of(numbers.outside, m),
        _of(numbers.weights, m),
        _of(numbers.cost, m),
        _of(numbers.revenue, m),
        _of(numbers.break_even, m),
        _of(numbers.load, m),
        _of(numbers.capacity, m),
        _of(numbers.shadow_unit, m),
    )


Found = tuple[FloatArray, FloatArray, IntArray, FloatArray, FloatArray]


@compiled
def _of(array: FloatArray, m: int) -> FloatArray:
    row: FloatArray = array[m if len(array) > 1 else 0]
    return row


@compiled
def _segments(sensitivity: FloatArray, weights: FloatArray, game: Structure, room: Segments) -> Segments:
    live = 0
    for s in range(len(weights)):
        if weights[s] > 0.0:
            room.segment[live], room.b[live], room.w[live] = s, sensitivity[s], weights[s]
            room.slope[live] = sensitivity[s] / game.inner
            live += 1
    return Segments(live, room.segment, room.b, room.slope, room.w)


@compiled
def _search(
    best: FloatArray,
    game: Structure,
    rules: Rules,
    market: Market,
    segments: Segments,
    room: Room,
    tolerance: float,
    iterations: int,
    shares: FloatArray,
    worth: FloatArray,
) -> tuple[float, int]:
    """One market from `best` on, which becomes the best point; its residual, and evaluations of the map."""
    at, demand, trade, course = room.at, room.demand, room.trade, room.course
    set_rows(game, market, segments, at)
    copy(best, course.x)
    _forget(course, rules)
    least = before = np.inf
    accelerating, steady, patience, kept = False, 0, 1, 0
    for count in range(1, iterations + 1):
        residual = price_step(course.x, course.image, game, rules, market, segments, at, demand, trade)
        if residual < least:
            least = residual
            copy(course.x, best)
        if residual <= tolerance:
            write_shares(game, segments, at, demand, shares, worth)
            return least, count
        if residual == np.inf or (accelerating and residual > rules.growth * before):
            if not accelerating:
                return least, count  # a plain step leads nowhere, and there is no other way
            accelerating, steady, kept = False, 0, 0
            patience = min(2 * patience + 1, rules.longest_patience)
            _forget(course, rules)
            copy(course.last_image, course.x)
            continue
        steady = steady + 1 if residual < before and residual < rules.near else 0
        accelerating = accelerating or steady > patience
        _advance((count - 1) % rules.depth, kept > 0, accelerating, course, rules)
        kept, before = kept + 1, residual
    return least, iterations


@compiled
def _forget(course: Course, rules: Rules) -> None:
    """Empty the history; an empty slot has no weight."""
    course.unit[:] = 0.0
    course.step[:] = 0.0
    course.gram[:] = 0.0
    for k in range(rules.depth):
        course.gram[k, k] = 1.0 + rules.ridge


@compiled
def _advance(slot: int, known: bool, accelerating: bool, course: Course, rules: Rules) -> None:
    """Record the point in a slot of the history, and take the accelerated or the plain step from it."""
    x, gap, going, n = course.x, course.gap, course.going, len(course.x)
    unit, step, gram = course.unit, course.step, course.gram
    for i in range(n):
        gap[i] = course.image[i] - x[i]
        unit[slot, i] = gap[i] - course.last_gap[i] if known else 0.0
        step[slot, i] = (x[i] - course.last_x[i]) + unit[slot, i] if known else 0.0
        course.last_x[i], course.last_gap[i], course.last_image[i] = x[i], gap[i], course.image[i]
    length = math.sqrt(_dot(unit, slot, unit[slot]))
    if length > 0.0:
        for i in range(n):
            unit[slot, i] /= length
            step[slot, i] /= length
    for k in range(rules.depth):
        gram[slot, k] = gram[k, slot] = _dot(unit, k, unit[slot])
    gram[slot, slot] = 1.0 + rules.ridge
    copy(gap, going)
    if accelerating:
        for k in range(rules.depth):
            course.weights[k] = _dot(unit, k, gap)
        _solve(course)
        for k in range(rules.depth):
            for i in range(n):
                going[i] -= course.weights[k] * step[k, i]
        length = plain = 0.0
        for i in range(n):
            length = max(length, abs(going[i])) if math.isfinite(going[i]) else np.inf
            plain = max(plain, abs(gap[i]))
        if length > rules.longest_step * plain:
            copy(gap, going)
    for i in range(n):
        x[i] += going[i]


@compiled
def _dot(rows: FloatArray, k: int, b: FloatArray) -> float:
    total = 0.0
    for i in range(len(b)):
        total += rows[k, i] * b[i]
    return total


@compiled
def _solve(course: Course) -> None:
    """Solve gram a = weights by elimination with pivots; a is left in `weights`."""
    system, right, n = course.system, course.weights, len(course.weights)
    copy(course.gram.reshape(-1), system.reshape(-1))
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


def _entry(sources: int) -> Callable[..., Found]:
    """The search over all markets.

    The cache on disk notices changes of this file only; that the function closes over `sources`, a checksum of
    all files of the package, makes it notice the others.
    """

    @entry
    def search(
        start: FloatArray,
        sensitivity: FloatArray,
        numbers: Numbers,
        game: Structure,
        rules: Rules,
        room: Room,
        tolerance: float,
        iterations: int,
    ) -> Found:
        assert sources >= 0
        markets, count = len(start), len(sensitivity)
        best, residual, taken = start.copy(), np.empty(markets), np.empty(markets, np.intp)
        shares, worth = np.zeros((markets, count, len(game.host))), np.full((markets, count), np.nan)
        for m in range(len(start)):
            market = _market(numbers, m)
            segments = _segments(sensitivity, market.weights, game, room.segments)
            residual[m], taken[m] = _search(
                best[m], game, rules, market, segments, room, tolerance, iterations, shares[m], worth[m]
            )
        return best, residual, taken, shares, worth

    return search


_SOURCES = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
search = _entry(zlib.adler32(_SOURCES))
"""Best points (markets, n), their residuals and evaluations of the map, as `fixed_point.fixed_points`; shares
(markets, segments, offers) and the expected utility of the choice (markets, segments), NaN where not known."""
