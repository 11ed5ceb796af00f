"""Loops of `sim.market.learning`; the readable path is there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.calls import making_arrays
from sim.world.setting import Array, Flags, Ints


@making_arrays
def grow(
    algorithm: Array,
    labs: Ints,
    region: Ints,
    research: Array,
    active: Flags,
    capability: Array,
    open_capability: Array,
    withdrawn: Flags,
    leaked: float,
    near: float,
    distilled: float,
    published: float,
    open_lead: float,
) -> None:
    """Let levels of `labs` grow, (labs,), as `sim.market.learning` does; its flagship is a lab's first model.

    Parameters
    ----------
    withdrawn
        Whether a lab sells nothing in a region, (labs, regions).
    leaked, near, distilled, published
        `sim.market.learning.Rates`.
    """
    regions = withdrawn.shape[1]
    reachable, home, lead, opened = np.full(regions, -np.inf), np.full(regions, -np.inf), -np.inf, -np.inf
    for i in range(len(active)):
        opened = max(opened, open_capability[i, 0])
        for r in range(regions):
            if active[i] and not withdrawn[i, r]:
                reachable[r] = max(reachable[r], capability[i, 0])
    for i in labs:
        lead = max(lead, algorithm[i])
        home[region[i]] = max(home[region[i]], algorithm[i])
    for i in labs:
        best = max(reachable[region[i]], opened)
        closed = leaked + distilled * (1.0 if best > capability[i, 0] else 0.0)
        level = algorithm[i]
        gap, near_gap, open_gap = lead - level, home[region[i]] - level, max(open_lead - level, 0.0)
        algorithm[i] += (research[i] + closed * gap + near * near_gap + published * open_gap) / 12.0
