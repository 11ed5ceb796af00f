"""Shadow prices of capacity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.economics.nests import FloatArray
from sim.economics.ownership import Pools

_NEWTON_STEPS = 3
_LARGEST_EXPONENT = 600.0


def shadow_step(
    shadow: FloatArray,
    used: FloatArray,
    lost: FloatArray,
    h: FloatArray,
    prices: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    capacity: FloatArray,
    pools: Pools,
) -> FloatArray:
    """A few Newton steps towards shadow prices at which the predicted use of each pool is its capacity, or 0.

    The use of a member is predicted by its own elasticity, used_j exp(-lost_j (h_j(shadow) - h_j)), where
    h_j(shadow) is its price at that shadow price. The log of a pool's use is convex and falling in its shadow
    price, so Newton's method overshoots at most once and then converges from below. The steps are clipped at
    0: what they leave in place is complementary slackness, shadow >= 0, use <= capacity, and one of them with
    equality.

    Parameters
    ----------
    shadow
        (m, pools) present shadow prices.
    used, lost, h
        (m, members) present use in capacity units, its semi-elasticity in h, and the price as it enters
        utility.
    prices
        From shadow prices (m, pools) to the members' h and its slope in the shadow price, both (m, members).
    capacity
        (m, pools), inf where there is no limit.
    """
    for _ in range(_NEWTON_STEPS):
        at, slope = prices(shadow)
        predicted = used * np.exp(np.minimum(lost * (h - at), _LARGEST_EXPONENT))
        total = predicted @ pools.membership
        fall = (predicted * lost * slope) @ pools.membership
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.where(total > 0, np.log(total / capacity) * total / fall, -np.inf)
        shadow = np.maximum(shadow + change, 0.0)
    return shadow
