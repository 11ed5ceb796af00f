"""Where the search for equilibrium prices starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.checks import InputError, fits, numbers
from sim.economics.equilibrium import Equilibrium
from sim.economics.game import Game, State
from sim.economics.inputs import Inputs
from sim.economics.nests import FloatArray

# First prices are those of a small seller of one offer, but with a margin of this part of the price at most.
_LARGEST_FIRST_MARGIN = 5 / 6


def first_prices(
    start: ArrayLike | Equilibrium | None, inputs: Inputs, game: Game
) -> tuple[FloatArray, FloatArray]:
    """First prices in the form of the game, (markets, offers), and shadow prices, (markets, pools).

    Prices that must be positive start at break-even at least: deep below costs the map hardly moves.
    """
    state, offers = inputs.state, game.claims.offers
    if start is None:
        return default_prices(state, game, inputs.markets)
    shadow = np.zeros((inputs.markets, len(game.pools.labels)))
    if isinstance(start, Equilibrium):
        known = {label: start.shadow_prices[..., r] for r, label in enumerate(start.pools)}
        for r, label in enumerate(game.pools.labels):
            if label in known:
                shadow[:, r] = _of_batch(known[label], inputs).reshape(-1)
        start = start.prices
    first = numbers("start", start, least=0.0 if game.positive else -np.inf, strictly=game.positive)
    fits("start", first, ["offers"], [offers])
    return _allowed(_of_batch(first, inputs, offers).reshape(-1, offers), state, game, inputs.markets), shadow


def default_prices(state: State, game: Game, markets: int = 1) -> tuple[FloatArray, FloatArray]:
    """First prices where the caller has none, and no shadow prices."""
    own = state.revenue[:, : game.claims.offers]
    if game.log_price:
        elasticity = float(game.sensitivity.mean()) + game.usage_elasticity
        prices = state.cost / (own * (1.0 - min(1.0 / elasticity, _LARGEST_FIRST_MARGIN)))
    else:
        prices = state.cost / own + 1.0 / game.sensitivity.mean()
    return _allowed(prices, state, game, markets), np.zeros((markets, len(game.pools.labels)))


def _allowed(prices: FloatArray, state: State, game: Game, markets: int) -> FloatArray:
    """At least at break-even if positive, or at cost; in the form of the game."""
    if game.positive:
        prices = np.maximum(prices, state.break_even)
    if game.at_cost is not None:
        prices = np.where(game.at_cost, state.cost, prices)
    prices = np.broadcast_to(prices, (markets, game.claims.offers))
    return np.log(prices) if game.log_price else np.array(prices)


def _of_batch(array: FloatArray, inputs: Inputs, *axes: int) -> FloatArray:
    """The array with all batch axes of the inputs."""
    try:
        return np.broadcast_to(array, (*inputs.batch, *axes))
    except ValueError:
        found = array.shape[: array.ndim - len(axes)]
        raise InputError(
            f"start: found batch axes {found}; allowed are those of the other arguments, {inputs.batch}"
        ) from None
