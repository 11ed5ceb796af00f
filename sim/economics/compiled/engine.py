"""The compiled search behind the same front as `sim.economics.fixed_point.fixed_points`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.economics import capacity, first_order, fixed_point
from sim.economics.compiled.layout import Numbers, Rules, Structure, room
from sim.economics.compiled.search import search
from sim.economics.fixed_point import FixedPoints
from sim.economics.game import Game, State
from sim.economics.nests import FloatArray

_RULES = Rules(
    depth=fixed_point.DEPTH,
    longest_patience=fixed_point.LONGEST_PATIENCE,
    ridge=fixed_point.RIDGE,
    near=fixed_point.NEAR,
    growth=fixed_point.GROWTH,
    longest_step=fixed_point.LONGEST_STEP,
    largest_exponent=capacity.LARGEST_EXPONENT,
    ceiling=first_order.CEILING,
    faint=first_order.FAINT,
    largest_factor=first_order.LARGEST_FACTOR,
    precision=first_order.PRECISION,
    rounding=first_order.ROUNDING,
)


def compiled_fixed_points(
    state: State, game: Game, start: FloatArray, *, tolerance: float, iterations: int
) -> tuple[FixedPoints, FloatArray, FloatArray]:
    """Fixed points of `PriceMap(state, game)` from `start`, (markets, n).

    Where they were found, too: shares, (markets, segments, offers), and the expected utility of the choice,
    (markets, segments), NaN where unknown.
    """
    structure, segments = _structure(game), state.quality.shape[-1]
    best, residual, taken, shares, worth = _kept(
        _plain(start),
        _plain(np.broadcast_to(game.sensitivity, segments)),
        _numbers(state, game),
        structure,
        _RULES,
        room(structure, _RULES, segments, len(game.pools.labels)),
        float(tolerance),
        int(iterations),
    )
    return FixedPoints(best, residual, taken), shares, worth


def _kept(*arguments: Any) -> Any:
    """The search. The first call ever writes the machine code to disk; where that fails it is there all the same."""
    try:
        return search(*arguments)
    except OSError:  # a full disk
        return search(*arguments)


def _structure(game: Game) -> Structure:
    nests, claims, pools = game.nests, game.claims, game.pools
    return Structure(
        host=nests.hosts.index,
        tier=nests.tiers.index,
        claim_offer=claims.offer,
        claim_group=claims.by_host.index,
        group_host=claims.host,
        group_pair=claims.by_tier.index,
        pair_tier=claims.tier,
        pair_owner=claims.by_owner.index,
        member=pools.offer,
        pool=pools.index,
        at_cost=np.zeros(claims.offers, dtype=bool) if game.at_cost is None else game.at_cost,
        inner=game.nests.inner,
        outer=game.nests.outer,
        usage=game.usage_elasticity,
        log_price=game.log_price,
        positive=game.positive,
    )


def _numbers(state: State, game: Game) -> Numbers:
    nothing = np.empty((1, 0, 0))
    return Numbers(
        quality=_plain(state.quality),
        nowhere=np.zeros((1, game.claims.offers)) if state.nowhere is None else _plain(state.nowhere),
        dead_host=nothing if state.dead_host is None else _plain(state.dead_host),
        dead_tier=nothing if state.dead_tier is None else _plain(state.dead_tier),
        outside=_plain(state.outside),
        weights=_plain(state.weights),
        cost=_plain(state.cost),
        revenue=_plain(state.revenue),
        break_even=_plain(state.break_even),
        load=_plain(state.load),
        capacity=_plain(state.capacity),
        shadow_unit=_plain(state.shadow_unit),
    )


def _plain(array: FloatArray) -> FloatArray:
    """The array as compiled code knows it: writable and in one piece."""
    return array if array.flags.c_contiguous and array.flags.writeable else np.array(array, order="C")
