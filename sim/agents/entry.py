"""Entry: new labs appear where margins are good or an open base makes the start cheap."""

from __future__ import annotations

from math import isnan
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
    s, setting, entry = market.scenario, market.setting, market.scenario.entry
    margins = market.record.market["margin_closed"][market.month].tolist()
    near = _nearness(market)
    entering = []
    seen: set[int] = set()
    for index in range(len(s.labs), len(setting.labs)):
        region = int(setting.lab_region[index])
        if region in seen or market.entry_month(index) is not None:
            continue
        seen.add(region)
        margin = 0.0 if isnan(margins[region]) else max(margins[region], 0.0)
        attraction = entry.profit_weight * margin + (1.0 - entry.profit_weight) * near
        hazard = entry.rate / 12.0 * entry.regions.get(setting.regions[region], 0.0) * attraction
        if market.luck["entry"][market.month, index] < 1.0 - np.exp(-hazard):
            entering.append(index)
    return entering


def _nearness(market: Market) -> float:
    """How near the best open model is to the frontier, 0 to 1."""
    state = market.state
    frontier, base = state.capability[:, FLAGSHIP].max(), state.open_capability[:, FLAGSHIP].max()
    if not np.isfinite(base):
        return 0.0
    return float(np.exp(-max(frontier - base, 0.0) / market.scenario.entry.base_distance))
