"""Loops of `sim.market.investment`; the readable path is there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.calls import making_arrays
from sim.world.setting import Array, Flags, Ints


@making_arrays
def budgets(
    funding: Array,
    staff: Array,
    capex: Array,
    planned: Array,
    parent: Flags,
    response: Array,
    active: Flags,
    broke: Ints,
    profit: Array,
    cash: Array,
    pressure: Array,
    bankruptcy: bool,
    patience: int,
    reinvestment: float,
    reserve: float,
    system_cost: float,
    least: float,
    most: float,
) -> Array:
    """Funding, staff, and what is spent on chips for training and for serving, USD, (4, firms).

    Parameters
    ----------
    funding, staff, capex, planned
        Plans of the month, (firms,); `planned` is the part of chips for serving.
    response, active
        Of labs, (labs,); clouds' funding is as planned, and they are active.
    bankruptcy, patience
        Whether firms can be broke, and for how many months they may be so and still are at work.
    least, most
        Part for serving, of firms that train at all.
    """
    firms = len(cash)
    out = np.zeros((4, firms))
    for i in range(firms):
        of_lab = i < len(active)
        alive = (active[i] if of_lab else True) and not (bankruptcy and broke[i] > patience)
        if alive:
            out[0, i] = funding[i] * (response[i] if of_lab else 1.0)
            out[1, i] = staff[i]
        spent = capex[i] if alive else 0.0
        if alive and not parent[i]:
            spent += reinvestment * max(profit[i], 0.0)
        if bankruptcy and not parent[i]:
            spent = min(spent, max(cash[i] + out[0, i] - reserve * out[1, i], 0.0))
        if bankruptcy and broke[i] > 0:
            spent = 0.0
        share = min(max(planned[i] * pressure[i], least), most)
        share = 1.0 if planned[i] >= 1.0 else share
        chips = spent / system_cost
        out[2, i], out[3, i] = chips * (1.0 - share), chips * share
    return out
