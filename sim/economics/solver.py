"""The search for equilibrium: fixed points of the pricing map, market by market in a batch."""

from __future__ import annotations

from typing import Self

import numpy as np

from sim.economics.first_order import price_step
from sim.economics.fixed_point import fixed_points
from sim.economics.game import Found, Game, State
from sim.economics.inputs import Inputs
from sim.economics.nests import BoolArray, FloatArray, IntArray
from sim.economics.newton import newton
from sim.economics.start import allowed, default_prices, first_prices, following

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

    def searched(self) -> BoolArray:
        """Of a map of one market, which numbers of its vector are looked for."""
        state, game = self.state, self.game
        fixed = np.zeros(game.claims.offers, dtype=bool) if game.at_cost is None else game.at_cost
        fixed = fixed if state.left is None else fixed | state.left[0]
        limited = state.capacity[0] < np.inf if game.pools.labels else np.zeros(0, dtype=bool)
        return np.concatenate([~fixed, limited])


def search(inputs: Inputs, state: State, game: Game, *, tolerance: float, iterations: int) -> Found:
    """Search from the first prices of the inputs.

    A market that the accelerated iteration leaves above the tolerance or astray is tried once more from the
    default first prices, as last month's may mislead, then by Newton's method from the better of the points, and at
    last by a general root finder. Markets that come after
    others of the batch wait for these.
    """
    function = PriceMap(state, game)
    start = function.join(*first_prices(inputs, state, game))
    markets, begun = len(start), _Begun(inputs, game)
    x, residual, evaluations = start.copy(), np.full(markets, np.inf), np.zeros(markets, dtype=np.intp)
    solved = np.zeros(markets, dtype=bool)
    for wave in _waves(inputs.raw.after, markets):
        some = function.rows(wave) if not wave.all() else function
        if len(inputs.raw.after):
            start[wave] = some.join(*begun.first(wave, some.state))
        found = fixed_points(some, start[wave], tolerance=tolerance, iterations=iterations)
        x[wave], residual[wave], evaluations[wave] = found.x, found.residual, found.iterations
        solved[wave] = (found.residual <= tolerance) & ~some.astray(found.x)
        for market in np.flatnonzero(wave & ~solved).tolist():
            only = _only(function, market, markets)
            default = only.join(*default_prices(only.state, game))
            if not np.array_equal(default, start[[market]]):
                again = fixed_points(only, default, tolerance=tolerance, iterations=iterations)
                evaluations[market] += again.iterations[0]
                if _better(again.x, again.residual, x[[market]], residual[[market]], only):
                    x[market], residual[market] = again.x[0], again.residual[0]
            solved[market] = residual[market] <= tolerance and not only.astray(x[[market]])[0]
        begun.found(wave, *some.split(x[wave]))
    for market in np.flatnonzero(~solved).tolist():
        only = _only(function, market, markets)
        for method in (newton, last_resort):
            if not solved[market]:
                x[[market]], residual[market], more = method(
                    only, x[[market]], float(residual[market]), tolerance
                )
                evaluations[market] += more
                solved[market] = residual[market] <= tolerance and not only.astray(x[[market]])[0]
    return Found(*function.split(x), residual, evaluations, solved)


def _only(function: PriceMap, market: int, markets: int) -> PriceMap:
    """The map of one market."""
    return function.rows(np.arange(markets) == market) if markets > 1 else function


def _waves(after: IntArray, markets: int) -> list[BoolArray]:
    """Markets that can be searched at the same time: each in the wave behind those that it comes after."""
    wave = np.zeros(markets + 1, dtype=np.intp)  # the last, looked up as -1, stays before the first
    wave[-1] = -1
    for market, before in enumerate(after):
        wave[market] = wave[before].max() + 1
    return [wave[:-1] == number for number in range(wave.max() + 1)]


class _Begun:
    """Bases of the markets of a batch, and what was found in them: prices in money, shadow prices."""

    def __init__(self, inputs: Inputs, game: Game) -> None:
        raw, markets = inputs.raw, inputs.markets
        shadow = raw.shadow if len(raw.shadow) else np.zeros((1, len(game.pools.labels)))
        prices = raw.start if len(raw.start) else np.zeros((1, game.claims.offers))
        self.game, self.after = game, raw.after
        self.base = [np.array(np.broadcast_to(part, (markets, part.shape[1]))) for part in (prices, shadow)]
        self.ends = [np.zeros_like(part) for part in self.base]

    def first(self, wave: BoolArray, state: State) -> tuple[FloatArray, FloatArray]:
        """First prices in the form of the game, and shadow prices."""
        first = [np.zeros((int(wave.sum()), part.shape[1])) for part in self.base]
        for k, positive in enumerate((self.game.positive, False)):
            for i, market in enumerate(np.flatnonzero(wave).tolist()):
                self.base[k][market], first[k][i] = following(
                    market, self.base[k], self.ends[k], self.after, positive=positive
                )
        return allowed(first[0], state, self.game, len(first[0])), np.maximum(first[1], 0.0)

    def found(self, wave: BoolArray, h: FloatArray, shadow: FloatArray) -> None:
        """Take note of where searches ended."""
        self.ends[0][wave] = np.exp(h) if self.game.log_price else h
        self.ends[1][wave] = shadow


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
    """One market by Powell's hybrid method on g(x) - x; where it ends, the residual there, and calls.

    What is not looked for stays: there any number is a root, to which the method would go.
    """
    from scipy.optimize import root  # takes a while to import, and is hardly ever needed

    searched, point = function.searched(), x.copy()
    if not searched.any():
        return x, np.inf, 0

    def gap(numbers: FloatArray) -> FloatArray:
        point[searched] = numbers
        distance = (function(point[None])[0][0] - point)[searched]
        return np.where(np.isfinite(distance), distance, 1e6)

    found = root(gap, x[searched], method="hybr", options={"xtol": 1e-14})
    point[searched] = found.x
    residual = float(function(point[None])[1][0])
    return point, residual if np.isfinite(residual) else np.inf, int(found.nfev) + 1
