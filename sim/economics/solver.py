"""The search for equilibrium: fixed points of the pricing map, market by market in a batch."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from sim.economics.first_order import price_step
from sim.economics.fixed_point import fixed_points
from sim.economics.game import Game, State
from sim.economics.nests import BoolArray, FloatArray


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


def search(
    h: FloatArray, shadow: FloatArray, state: State, game: Game, *, tolerance: float, iterations: int
) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.intp]]:
    """Prices, shadow prices, residuals and evaluations, each with a leading axis of markets.

    A market that the accelerated iteration leaves above the tolerance is tried once more by a general root
    finder.
    """
    function = PriceMap(state, game)
    found = fixed_points(function, function.join(h, shadow), tolerance=tolerance, iterations=iterations)
    x, residual, evaluations = found.x, found.residual, found.iterations
    for market in np.flatnonzero(~(residual <= tolerance)):
        only = function.rows(np.arange(len(x)) == market) if len(x) > 1 else function
        better, after, calls = _general_root(only, x[market], float(residual[market]))
        x[market], residual[market], evaluations[market] = better, after, evaluations[market] + calls
    return *function.split(x), residual, evaluations


def _general_root(function: PriceMap, x: FloatArray, residual: float) -> tuple[FloatArray, float, int]:
    """One market by Powell's hybrid method on g(x) - x, from its best point; the better of both points."""

    def gap(point: FloatArray) -> FloatArray:
        distance = function(point[None])[0][0] - point
        return np.where(np.isfinite(distance), distance, 1e6)

    found = root(gap, x, method="hybr", options={"xtol": 1e-14})
    after = float(function(found.x[None])[1][0])
    calls = int(found.nfev) + 1
    return (found.x, after, calls) if after < residual else (x, residual, calls)
