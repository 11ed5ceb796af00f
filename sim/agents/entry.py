"""Entry: new labs appear where margins are good or an open base makes the start cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.world.setting import FLAGSHIP

if TYPE_CHECKING:
    from sim.market import Market


def open_for_entry(market: Market) -> list[int]:
    """Slots of labs that enter after this month: at most one a region, by the entrant's own luck.

    The hazard of a region is its weight times the base rate times the attraction of the market: margins of
    last month's sales, and how near the best open model is to the frontier (the "war of a hundred models").
    """
    s, setting, state = market.scenario, market.setting, market.state
    first = len(s.labs)
    entering = []
    waiting = [i for i in range(first, len(setting.labs)) if market.entry_month(i) is None]
    seen: set[int] = set()
    for index in waiting:
        region = int(setting.lab_region[index])
        if region in seen:
            continue
        seen.add(region)
        margin = market.record.market["margin_closed"][market.month, region]
        frontier = state.capability[:, FLAGSHIP].max()
        base = state.open_capability[:, FLAGSHIP].max()
        near = np.exp(-max(frontier - base, 0.0) / s.entry.base_distance) if np.isfinite(base) else 0.0
        attraction = (
            s.entry.profit_weight * max(np.nan_to_num(margin), 0.0) + (1.0 - s.entry.profit_weight) * near
        )
        hazard = s.entry.rate / 12.0 * s.entry.regions.get(setting.regions[region], 0.0) * attraction
        if market.luck["entry"][market.month, index] < 1.0 - np.exp(-hazard):
            entering.append(index)
    return entering
