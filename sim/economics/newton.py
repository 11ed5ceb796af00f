"""Newton's method for a market that the accelerated iteration brings near its equilibrium, but not to it.

Near the equilibrium the pricing map moves some markets by less than a hundredth of what is left, in one direction:
plain steps take thousands of evaluations, and accelerated ones are longer than they may be. There the map is smooth,
and one or two steps by its differences are enough.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from sim.economics.nests import BoolArray, FloatArray

DIFFERENCE = 1e-7  # of points from which slopes are taken
FALL = 0.5  # a step that leaves a larger part of the residual has failed, and ends the method: it helps at once or not
BEYOND = 1e-3  # part of the tolerance at which steps end, since the next one costs little and gains much
MOST = 256  # unknowns, beyond which slopes take too long


class OneMarket(Protocol):
    """The map of one market, as `sim.economics.solver.PriceMap`."""

    def __call__(self, x: FloatArray, /) -> tuple[FloatArray, FloatArray]:
        """Image (1, n) and residual (1,) of a point (1, n)."""

    def astray(self, x: FloatArray, /) -> BoolArray:
        """Whether a price has collapsed, (1,)."""

    def searched(self) -> BoolArray:
        """Which numbers are looked for, (n,); others stay as they are."""


def newton(
    function: OneMarket, x: FloatArray, residual: float, tolerance: float
) -> tuple[FloatArray, float, int]:
    """Full steps from a point to where the map would leave it if it was linear, as long as they help.

    Parameters
    ----------
    function
        The map of that market.
    x
        (1, n) its best point.
    residual
        There.

    Returns
    -------
    point, residual, calls
        The best point, (1, n), its residual, and evaluations of the map.
    """
    unknown, calls = np.flatnonzero(function.searched()), 0
    if not 0 < len(unknown) <= MOST or function.astray(x)[0]:
        return x, residual, calls
    gap = (function(x)[0] - x)[0]
    calls += 1
    while residual > BEYOND * tolerance:
        slopes = np.empty((len(unknown), len(unknown)))
        for column, i in enumerate(unknown):
            beside = x.copy()
            beside[0, i] += DIFFERENCE
            slopes[:, column] = (((function(beside)[0] - beside)[0] - gap) / DIFFERENCE)[unknown]
        try:
            step = np.linalg.solve(slopes, -gap[unknown])
        except np.linalg.LinAlgError:
            break
        point = x.copy()
        point[0, unknown] += step
        image, after = function(point)
        calls += len(unknown) + 1
        if not after[0] <= FALL * residual or function.astray(point)[0]:
            break
        x, residual, gap = point, float(after[0]), (image - point)[0]
    return x, residual, calls
