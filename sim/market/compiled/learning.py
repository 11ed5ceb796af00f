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
    leaks: float,
    distilled: float,
    open_rate: float,
    open_lead: float,
) -> None:
    """Let levels of `labs` grow, (labs,), as `sim.market.learning` does; its flagship is a lab's first model.

    Parameters
    ----------
    withdrawn
        Whether a lab sells nothing in a region, (labs, regions).
    """
    reachable, lead, published = np.full(withdrawn.shape[1], -np.inf), -np.inf, -np.inf
    for i in range(len(active)):
        published = max(published, open_capability[i, 0])
        for r in range(len(reachable)):
            if active[i] and not withdrawn[i, r]:
                reachable[r] = max(reachable[r], capability[i, 0])
    for i in labs:
        lead = max(lead, algorithm[i])
    for i in labs:
        best = max(reachable[region[i]], published)
        closed = leaks + distilled * (1.0 if best > capability[i, 0] else 0.0)
        gap, open_gap = max(lead - algorithm[i], 0.0), max(open_lead - algorithm[i], 0.0)
        algorithm[i] += (research[i] + closed * gap + open_rate * open_gap) / 12.0
