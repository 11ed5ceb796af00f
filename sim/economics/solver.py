"""The search for equilibrium: fixed points of the pricing map, market by market in a batch."""

from __future__ import annotations

from typing import Self

import numpy as np

from sim.economics.engines import Engine
from sim.economics.first_order import price_step
from sim.economics.fixed_point import FixedPoints, fixed_points
from sim.economics.game import Found, Game, State
from sim.economics.nests import BoolArray, FloatArray
from sim.economics.start import default_prices


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
    h: FloatArray,
    shadow: FloatArray,
    state: State,
    game: Game,
    *,
    tolerance: float,
    iterations: int,
    engine: Engine = "numpy",
) -> Found:
    """Search from prices h and shadow prices.

    A market that the accelerated iteration leaves above the tolerance is tried once more from the default
    first prices, as last month's may mislead, and then by a general root finder from its best point.
    """
    function = PriceMap(state, game)
    start = function.join(h, shadow)
    found, shares, worth = _accelerated(function, start, tolerance, iterations, engine)
    x, residual, evaluations = found.x, found.residual, found.iterations
    for market in np.flatnonzero(~(residual <= tolerance)):
        only = function.rows(np.arange(len(x)) == market) if len(x) > 1 else function
        x[market], residual[market], more = _once_more(
            only, start[[market]], x[market], float(residual[market]), tolerance, iterations, engine
        )
        evaluations[market] += more
    if worth is None or np.isnan(worth).any():  # no customers in a segment, or not solved at once
        shares = worth = None
    return Found(*function.split(x), residual, evaluations, shares, worth)


def _accelerated(
    function: PriceMap, start: FloatArray, tolerance: float, iterations: int, engine: Engine
) -> tuple[FixedPoints, FloatArray | None, FloatArray | None]:
    """Fixed points, and as in `Found` what the engine leaves."""
    if engine == "numba":
        from sim.economics.compiled.engine import compiled_fixed_points  # takes a while to import

        return compiled_fixed_points(
            function.state, function.game, start, tolerance=tolerance, iterations=iterations
        )
    return fixed_points(function, start, tolerance=tolerance, iterations=iterations), None, None


def _once_more(
    function: PriceMap,
    start: FloatArray,
    x: FloatArray,
    residual: float,
    tolerance: float,
    iterations: int,
    engine: Engine,
) -> tuple[FloatArray, float, int]:
    """A market that was not solved from `start`: its best point, the residual, further evaluations."""
    default = function.join(*default_prices(function.state, function.game))
    evaluations = 0
    if not np.array_equal(default, start):
        found = _accelerated(function, default, tolerance, iterations, engine)[0]
        evaluations = int(found.iterations[0])
        if found.residual[0] < residual:
            x, residual = found.x[0], float(found.residual[0])
    if not residual <= tolerance:
        x, residual, calls = _general_root(function, x, residual)
        evaluations += calls
    return x, residual, evaluations


def _general_root(function: PriceMap, x: FloatArray, residual: float) -> tuple[FloatArray, float, int]:
    """One market by Powell's hybrid method on g(x) - x, from its best point; the better of both points."""
    from scipy.optimize import root  # takes a while to import, and is hardly ever needed

    def gap(point: FloatArray) -> FloatArray:
        distance = function(point[None])[0][0] - point
        return np.where(np.isfinite(distance), distance, 1e6)

    found = root(gap, x, method="hybr", options={"xtol": 1e-14})
    after = float(function(found.x[None])[1][0])
    calls = int(found.nfev) + 1
    return (found.x, after, calls) if after < residual else (x, residual, calls)
