"""All markets of a batch, and everything that follows from their prices, compiled."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sim.economics.compiled.demand import write_shares
from sim.economics.compiled.first_order import ceiling_price
from sim.economics.compiled.jit import compiled, entry
from sim.economics.compiled.layout import Counts, Numbers, Results, Room, Rules, Structure
from sim.economics.compiled.market import lay_out
from sim.economics.compiled.newton import END, TRIAL, next_point
from sim.economics.compiled.room import Blocks, room
from sim.economics.compiled.search import LOOK, NEWTON, accelerate, begin, keep_better


@compiled
def _start_is_fine(numbers: Numbers, game: Structure) -> bool:
    fine = True
    for m in range(len(numbers.start)):
        for j in range(len(game.host)):
            price = numbers.start[m, j]
            fine &= math.isfinite(price) and (price > 0.0 or not game.positive)
    for m in range(len(numbers.shadow)):
        for r in range(game.pools):
            fine &= 0.0 <= numbers.shadow[m, r] < np.inf
    for m in range(len(numbers.after)):
        near, like = numbers.after[m, 0], numbers.after[m, 1]
        fine &= -1 <= near < m and -1 <= like < m and len(numbers.start) > 0
    return fine


@compiled
def _write(m: int, game: Structure, rules: Rules, count: Counts, room: Room, results: Results) -> None:
    """Results of a market at the best point."""
    lists, market, shares = room.lists, room.market, results.shares
    few, at, demand = rules.few, room.at, room.demand
    write_shares(m, game, few, count, lists, market, at, demand, shares, results.quantities, results.surplus)
    for j in range(len(game.host)):
        results.prices[m, j] = market.price[j]
        results.quantities[m, j] *= market.use[j]
    for r in range(game.pools):
        results.shadow[m, r] = 0.0
    for k in range(count.pools):
        results.shadow[m, lists.pools[k]] = market.shadow[lists.pools[k]]
    if not few:
        _write_more(m, game, rules, count, room, results)


@compiled
def _write_more(m: int, game: Structure, rules: Rules, count: Counts, room: Room, results: Results) -> None:
    """Surplus, profits, and which prices are at their ceiling."""
    lists, market = room.lists, room.market
    for s in range(results.surplus.shape[1]):
        results.surplus[m, s] /= game.sensitivity[s if len(game.sensitivity) > 1 else 0]
    for f in range(game.owners):
        results.profits[m, f] = 0.0
    for k in range(len(game.claim_offer)):
        j = game.claim_offer[k]
        margin = market.revenue[k] * market.price[j] - (market.cost[j] if k < len(game.host) else 0.0)
        results.profits[m, game.claim_owner[k]] += margin * results.quantities[m, j]
    for j in range(len(game.host)):
        results.at_ceiling[m, j] = False
    for f in range(count.free if game.positive else 0):
        j = lists.free[f]
        ceiling = ceiling_price(market.with_shadow[j], market.revenue[j], game, rules, market)
        results.at_ceiling[m, j] = market.price[j] > ceiling * (1.0 - rules.near_ceiling)


def _entry(sources: int) -> Callable[[Numbers, Structure, Rules, Results, Blocks], int]:
    """The entry.

    The cache on disk notices changes of this file only; that the function closes over `sources`, a checksum of
    all files of the package, makes it notice the others. Each function that calls another is optimised with it
    once more, so that this one, with all that is `joined` to it, takes most of the time to compile.
    """

    @entry
    def solve(numbers: Numbers, game: Structure, rules: Rules, results: Results, blocks: Blocks) -> int:
        assert sources >= 0
        space, fine, done = room(blocks), _start_is_fine(numbers, game), 0
        count = Counts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        for m in range(len(numbers.quality)):
            good, count = lay_out(numbers, m, game, rules, count, space)
            fine &= good
            if not fine:
                return -1
            least, taken, astray = np.inf, 0, True
            attempt, column, held = 0, TRIAL, np.inf
            while attempt <= LOOK:
                solved, first = least <= rules.tolerance and not astray, held == np.inf
                iterations = begin(
                    attempt, first, solved, astray, numbers, m, game, rules, count, space, results
                )
                if iterations:
                    residual, more = accelerate(iterations, game, rules, count, space)
                    if attempt < LOOK:
                        taken += more
                        if column == TRIAL:
                            least, astray = keep_better(
                                attempt, residual, least, astray, game, rules, count, space
                            )
                if attempt == NEWTON and iterations:
                    n = count.free + count.pools
                    column, held = next_point(column, least, held, n, rules, space.course)
                attempt += attempt != NEWTON or iterations == 0 or column == END
            results.residual[m], results.evaluations[m] = least, taken
            results.solved[m] = least <= rules.tolerance and not astray
            done += results.solved[m]
            _write(m, game, rules, count, space, results)
        return done

    return solve


_SOURCES = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
solve = _entry(zlib.adler32(_SOURCES))
"""Equilibria of a batch of markets, from Python or from other compiled code.

Parameters
----------
numbers
    Arrays in C order, writable, as `Numbers` describes them; `start`, `shadow` and `after` may have no rows.
game
    `sim.economics.compiled.engine.structure` of a `Game`.
rules
    `sim.economics.compiled.engine.rules`.
results
    `sim.economics.compiled.layout.empty`, to be filled. A market is `solved` if its residual is at most the tolerance
    and no price has collapsed; of one that is not, results are those of the best point found.
blocks
    `sim.economics.compiled.room.blocks`, of which nothing is kept.

Returns
-------
int
    How many markets are solved; -1 if a number is not allowed: results are then of no use.
"""
