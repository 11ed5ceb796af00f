"""The way into compiled code: a game and its numbers as that knows them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from sim.economics import capacity, first_order, fixed_point, newton, outcome, solver, start
from sim.economics.compiled.batch import solve
from sim.economics.compiled.calls import address, kept
from sim.economics.compiled.layout import Numbers, Results, Rules, Sizes, Structure, empty
from sim.economics.compiled.room import blocks
from sim.economics.engines import prepare
from sim.economics.equilibrium import Equilibrium
from sim.economics.game import Game
from sim.economics.inputs import Arguments, Inputs, Raw
from sim.economics.outcome import as_equilibrium

_CONSTANTS = (
    fixed_point.DEPTH,
    fixed_point.LONGEST_PATIENCE,
    fixed_point.RIDGE,
    fixed_point.NEAR,
    fixed_point.GROWTH,
    fixed_point.LONGEST_STEP,
    capacity.LARGEST_EXPONENT,
    first_order.CEILING,
    first_order.FAINT,
    first_order.LARGEST_FACTOR,
    first_order.PRECISION,
    first_order.ROUNDING,
    start.LARGEST_FIRST_MARGIN,
    newton.DIFFERENCE,
    newton.FALL,
    newton.BEYOND,
    solver.GIVEAWAY,
    outcome.CEILING_TOLERANCE,
)


def rules(tolerance: float, iterations: int, leave_absent: bool = False, few: bool = False) -> Rules:
    """How to search, see `solve_prices`, and what to write, see `Rules`."""
    return Rules(float(tolerance), int(iterations), bool(leave_absent), bool(few), *_CONSTANTS)


@cache
def solver_address() -> int:
    """The address of `solve` in this process, compiled or read from disk."""
    if not solve.overloads:  # type: ignore[attr-defined] # numba's
        prepare("numba")
    return address(solve)


def structure(game: Game) -> Structure:
    """The game in arrays."""
    nests, claims, pools = game.nests, game.claims, game.pools
    pool = np.full(claims.offers, -1, dtype=np.intp)
    pool[pools.offer] = pools.index
    at_cost = np.zeros(claims.offers, dtype=bool) if game.at_cost is None else np.array(game.at_cost)
    return Structure(
        host=nests.hosts.index,
        tier=nests.tiers.index,
        claim_offer=claims.offer,
        claim_group=claims.by_host.index,
        claim_owner=claims.holder,
        group_host=claims.host,
        group_pair=claims.by_tier.index,
        pair_tier=claims.tier,
        pair_owner=claims.by_owner.index,
        royalty_claim=claims.royalty[0],
        royalty_offer=claims.royalty[1],
        complement_claim=claims.complement,
        stake_claim=claims.stake,
        pool=pool,
        at_cost=at_cost,
        shown=at_cost,
        sensitivity=_plain(game.sensitivity),
        tiers=nests.tiers.count,
        owners=len(claims.owners),
        pools=len(pools.labels),
        inner=nests.inner,
        outer=nests.outer,
        usage=game.usage_elasticity,
        log_price=game.log_price,
        positive=game.positive,
    )


def solve_given(game: Game, known: Structure, given: Arguments, how: Rules) -> Equilibrium:
    """The equilibrium for the arguments of `PriceProblem.solve`; raises `InputError`."""
    inputs = Inputs.quick(game, given)
    results = None if inputs is None else solve_arrays(known, inputs.raw, how)
    if inputs is None or results is None:
        inputs = Inputs.check(game, given)
        results = solve_arrays(known, inputs.raw, how)
        if results is None:
            raise AssertionError("numbers passed the checks of Inputs.check, but not those of compiled code")
    if not results.solved.all():
        _last_resort(inputs, game, known, how, results)
    return as_equilibrium(results, inputs.batch, game)


def _last_resort(inputs: Inputs, game: Game, known: Structure, how: Rules, results: Results) -> None:
    """Markets that are not solved by a general root finder on the readable path."""
    state = inputs.state(game, how.leave_absent)
    for m in np.flatnonzero(~results.solved):
        row = slice(m, m + 1)
        only = solver.PriceMap(state.rows(np.arange(inputs.markets) == m), game)
        prices, shadow = results.prices[row], results.shadow[row]
        x = only.join(np.log(prices) if game.log_price else prices, shadow)
        point, _, calls = solver.last_resort(only, x, float(results.residual[m]), how.tolerance)
        h, shadow = only.split(point)
        there = Raw._make(part[row] if len(part) > 1 else part for part in inputs.raw)
        there = there._replace(
            start=np.exp(h) if game.log_price else h, shadow=shadow, after=inputs.raw.after[:0]
        )
        found = solve_arrays(known, there, how._replace(iterations=1))
        taken = results.evaluations[m] + calls
        if found is not None and found.residual[0] <= results.residual[m]:
            for whole, part in zip(results, found, strict=True):
                whole[m] = part[0]
        results.evaluations[m] = taken


def solve_arrays(game: Structure, raw: Raw, how: Rules) -> Results | None:
    """Equilibria of a batch; None if a number is not allowed.

    For a caller that has tables already and does without checks of shapes, messages and the general root finder:
    where a market is not `solved`, results are those of the best point.

    Parameters
    ----------
    game
        `structure` of a game, to be made once for it.
    raw
        Tables as `Raw` describes them.
    how
        `rules`.
    """
    quality, *others = raw
    numbers = Numbers(*map(_plain, (np.swapaxes(quality, 1, 2), *others)))
    results = empty(game, *numbers.quality.shape)
    space = blocks(Sizes.of(game), numbers.quality.shape[2], how.depth)
    return results if kept(solve, numbers, game, how, results, space) >= 0 else None


def _plain(array: Any) -> Any:
    """The array as compiled code knows it: writable, aligned and in one piece. Others would be compiled for anew."""
    return array if array.flags.carray else np.array(array, order="C")
