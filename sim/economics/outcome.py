"""Everything that follows from equilibrium prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.economics.equilibrium import Equilibrium
from sim.economics.first_order import ceiling_price, market_shares, unit_cost
from sim.economics.game import Found, Game, State
from sim.economics.inputs import Inputs

# A price no further below the ceiling than this part of it is there.
CEILING_TOLERANCE = 1e-6


def outcome(found: Found, inputs: Inputs, state: State, game: Game) -> Equilibrium:
    """Everything that follows from prices and shadow prices, with the batch axes of the inputs."""
    claims = game.claims
    h, shadow, residual, evaluations, solved = found
    prices = np.exp(h) if game.log_price else h
    ceiling = ceiling_price(unit_cost(shadow, state, game), state, game) if game.positive else np.inf
    at_ceiling = prices > ceiling * (1.0 - CEILING_TOLERANCE)
    if game.at_cost is not None:
        prices = np.where(game.at_cost, state.cost, prices)  # not exp(ln cost)
    if state.left is not None:
        at_ceiling = at_ceiling & ~state.left
    levels = market_shares(h, state, game)
    shares = np.swapaxes(levels.offer, -1, -2)
    quantities = (inputs.raw.weights[:, None, :] @ shares)[:, 0] * prices**-game.usage_elasticity
    claimed = claims.margins(prices, state.cost, state.revenue) * quantities[:, claims.offer]
    surplus = levels.expected_utility / game.sensitivity
    profits = claimed @ claims.holding
    return as_equilibrium(
        (prices, shares, quantities, profits, surplus, shadow, at_ceiling, evaluations, residual, solved),
        inputs.batch,
        game,
    )


def as_equilibrium(found: Sequence[NDArray[Any]], batch: tuple[int, ...], game: Game) -> Equilibrium:
    """Arrays in the order of `sim.economics.compiled.layout.Results`, with these batch axes."""
    prices, shares, quantities, profits, surplus, shadow, at_ceiling, evaluations, residual, solved = (
        array.reshape((*batch, *array.shape[1:])) for array in found
    )
    pools = game.pools.labels
    if game.pools.per_offer:
        by_offer = np.zeros_like(prices)
        by_offer[..., game.pools.offer] = shadow
        shadow, pools = by_offer, tuple(range(game.claims.offers))
    return Equilibrium(
        prices=prices,
        shares=shares,
        quantities=quantities,
        profits=profits,
        owners=game.claims.owners,
        consumer_surplus=surplus,
        shadow_prices=shadow,
        pools=pools,
        at_ceiling=at_ceiling,
        iterations=evaluations,
        residual=residual,
        converged=solved,
    )
