"""Where the search for equilibrium prices starts."""

from __future__ import annotations

import numpy as np

from sim.economics.game import Game, State
from sim.economics.inputs import Inputs
from sim.economics.nests import FloatArray, IntArray

# First prices are those of a small seller of one offer, but with a margin of this part of the price at most.
LARGEST_FIRST_MARGIN = 5 / 6


def first_prices(inputs: Inputs, state: State, game: Game) -> tuple[FloatArray, FloatArray]:
    """First prices in the form of the game, (markets, offers), and shadow prices, (markets, pools).

    Prices that must be positive start at break-even at least: deep below costs the map hardly moves.
    """
    raw = inputs.raw
    if not len(raw.start):
        return default_prices(state, game, inputs.markets)
    shadow = np.zeros((inputs.markets, len(game.pools.labels)))
    shadow[:] = raw.shadow if len(raw.shadow) else 0.0
    return allowed(raw.start, state, game, inputs.markets), shadow


def following(
    market: int, base: FloatArray, found: FloatArray, after: IntArray, *, positive: bool
) -> tuple[FloatArray, FloatArray]:
    """Where the search of a market starts that comes after others of its batch: its base, and the first point.

    Its base is what was found in market `near`, or what it was given. From there it goes the way that market
    `like` went from its own base: as far in the logarithm where numbers are positive.

    Parameters
    ----------
    base
        (markets, n) bases of the markets before it; in its own row what it was given.
    found
        (markets, n) what was found in them.
    after
        (markets, 2) near and like, -1 for none.
    """
    near, like = after[market]
    own = found[near] if near >= 0 else base[market]
    if like < 0:
        return own, own
    return own, own * (found[like] / base[like]) if positive else own + (found[like] - base[like])


def default_prices(state: State, game: Game, markets: int = 1) -> tuple[FloatArray, FloatArray]:
    """First prices where the caller has none, and no shadow prices."""
    own = state.revenue[:, : game.claims.offers]
    if game.log_price:
        elasticity = float(game.sensitivity.mean()) + game.usage_elasticity
        prices = state.cost / (own * (1.0 - min(1.0 / elasticity, LARGEST_FIRST_MARGIN)))
    else:
        prices = state.cost / own + 1.0 / game.sensitivity.mean()
    return allowed(prices, state, game, markets), np.zeros((markets, len(game.pools.labels)))


def allowed(prices: FloatArray, state: State, game: Game, markets: int) -> FloatArray:
    """At least at break-even if positive, or at cost; in the form of the game."""
    if game.positive:
        prices = np.maximum(prices, state.break_even)
    if game.at_cost is not None:
        prices = np.where(game.at_cost, state.cost, prices)
    prices = np.broadcast_to(prices, (markets, game.claims.offers))
    return np.log(prices) if game.log_price else np.array(prices)
