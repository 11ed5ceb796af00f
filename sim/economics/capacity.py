"""Shadow prices of capacity."""

from __future__ import annotations

import numpy as np

from sim.economics.nests import FloatArray
from sim.economics.ownership import Pools

LARGEST_EXPONENT = 600.0


def shadow_step(
    shadow: FloatArray,
    used: FloatArray,
    lost: FloatArray,
    rise: FloatArray,
    slope: FloatArray,
    capacity: FloatArray,
    pools: Pools,
) -> FloatArray:
    """A Newton step towards shadow prices at which the predicted use of each pool is its capacity, or 0.

    Prices are about to rise by `rise`; each member's use is predicted by its own elasticity, used exp(-lost
    rise). As the log of a pool's predicted use is convex and falling in its shadow price, Newton's method
    overshoots at most once and then converges from below. Steps are clipped at 0: what stays in place is
    complementary slackness, shadow >= 0, use <= capacity, and one of them with equality.

    Parameters
    ----------
    shadow
        (m, pools) present shadow prices.
    used, lost
        (m, members) present use in capacity units, and its semi-elasticity in the price as it enters utility.
    rise, slope
        (m, members) next less present price as it enters utility at the present shadow price, and how the
        next one rises with the shadow price.
    capacity
        (m, pools), inf where there is no limit.
    """
    predicted = used * np.exp(np.minimum(-lost * rise, LARGEST_EXPONENT))
    total = predicted @ pools.membership
    fall = (predicted * lost * slope) @ pools.membership
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(total > 0, np.log(total / capacity) * total / fall, -np.inf)
    return np.maximum(shadow + change, 0.0)
