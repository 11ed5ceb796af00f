"""The search for equilibrium: fixed points of the pricing map, market by market in a batch."""

from __future__ import annotations

from typing import Self

import numpy as np

from sim.economics.first_order import price_step
from sim.economics.fixed_point import fixed_points
from sim.economics.game import Found, Game, State
from sim.economics.nests import BoolArray, FloatArray
from sim.economics.start import default_prices

# A log price of less than this part of the one at which the seller keeps its unit cost has gone astray. Below cost
# the conditions flatten out and can be met to any tolerance at a price of nearly 0, which is a minimum of profit.
GIVEAWAY = 1e-4


class PriceMap:
    """`price_step` as a map of one vector a market: prices, then shadow prices in units of their scale."""

    def __init__(self, state: State, game: Game) -> None:
        self.state, self.game = state, game

    def join(self, h: FloatArray, shadow: FloatArray) -> FloatArray:
        """One vector a market; prices that must be positive are logarithms in either form of the game."""
        points = np.log(h) if self.game.positive and not self.game.log_price else h
        return (
            np.concatenate([points, shadow / self.state.shadow_unit], axis=-1)
            if self.game.pools.labels
            else points
        )

    def split(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Prices and shadow prices. Acceleration may overshoot below 0, where no shadow price is."""
        offers = self.game.claims.offers
        h, shadow = x[:, :offers], np.maximum(x[:, offers:], 0.0) * self.state.shadow_unit
        return np.exp(h) if self.game.positive and not self.game.log_price else h, shadow

    def __call__(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        # Far-off trial points may overflow; `fixed_points` drops images that are not finite.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            step = price_step(*self.split(x), self.state, self.game)
        return self.join(step.next_h, step.next_shadow), step.residual

    def rows(self, keep: BoolArray) -> Self:
        return type(self)(self.state.rows(keep), self.game)

    def astray(self, x: FloatArray) -> BoolArray:
        """Markets in which a price has collapsed to next to nothing, see `GIVEAWAY`."""
        if not self.game.log_price:
            return np.zeros(len(x), dtype=bool)
        low = x[:, : self.game.claims.offers] < np.log(GIVEAWAY * self.state.break_even)
        return np.asarray(low.any(axis=-1))


def search(
    h: FloatArray, shadow: FloatArray, state: State, game: Game, *, tolerance: float, iterations: int
) -> Found:
    """Search from prices h and shadow prices.

    A market that the accelerated iteration leaves above the tolerance or astray is tried once more from the
    default first prices, as last month's may mislead, and then by a general root finder.
    """
    function = PriceMap(state, game)
    start = function.join(h, shadow)
    found = fixed_points(function, start, tolerance=tolerance, iterations=iterations)
    x, residual, evaluations = found.x, found.residual, found.iterations
    solved = (residual <= tolerance) & ~function.astray(x)
    for market in np.flatnonzero(~solved):
        only = function.rows(np.arange(len(x)) == market) if len(x) > 1 else function
        default = only.join(*default_prices(only.state, game))
        if not np.array_equal(default, start[[market]]):
            again = fixed_points(only, default, tolerance=tolerance, iterations=iterations)
            evaluations[market] += again.iterations[0]
            if _better(again.x, again.residual, x[[market]], residual[[market]], only):
                x[market], residual[market] = again.x[0], again.residual[0]
        solved[market] = residual[market] <= tolerance and not only.astray(x[[market]])[0]
        if not solved[market]:
            x[[market]], residual[market], more = last_resort(
                only, x[[market]], float(residual[market]), tolerance
            )
            evaluations[market] += more
            solved[market] = residual[market] <= tolerance and not only.astray(x[[market]])[0]
    return Found(*function.split(x), residual, evaluations, solved)


def _better(
    x: FloatArray, residual: FloatArray, before: FloatArray, residual_before: FloatArray, function: PriceMap
) -> bool:
    """Whether a point is better than the one before: not astray, and of less residual or instead of one that is."""
    if function.astray(x)[0]:
        return False
    return bool(residual[0] < residual_before[0] or function.astray(before)[0])


def last_resort(
    function: PriceMap, x: FloatArray, residual: float, tolerance: float
) -> tuple[FloatArray, float, int]:
    """One market by a general root finder, from its best point and from the default first prices.

    Parameters
    ----------
    function
        The map of that market.
    x
        (1, n) its best point.

    Returns
    -------
    point, residual, calls
        The best point, (1, n), its residual, and evaluations of the map.
    """
    default, calls = function.join(*default_prices(function.state, function.game)), 0
    for first in (x, default):
        if function.astray(first)[0]:
            continue
        point, after, more = _general_root(function, first[0])
        calls += more
        if _better(point[None], np.array([after]), x, np.array([residual]), function):
            x, residual = point[None], after
        if residual <= tolerance:
            break
    return x, residual, calls


def _general_root(function: PriceMap, x: FloatArray) -> tuple[FloatArray, float, int]:
    """One market by Powell's hybrid method on g(x) - x; where it ends, the residual there, and calls."""
    from scipy.optimize import root  # takes a while to import, and is hardly ever needed

    def gap(point: FloatArray) -> FloatArray:
        distance = function(point[None])[0][0] - point
        return np.where(np.isfinite(distance), distance, 1e6)

    found = root(gap, x, method="hybr", options={"xtol": 1e-14})
    residual = float(function(found.x[None])[1][0])
    return found.x, residual if np.isfinite(residual) else np.inf, int(found.nfev) + 1
