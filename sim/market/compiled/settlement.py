"""Loops of `sim.market.settlement`; the readable path is there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.calls import making_arrays
from sim.world.setting import Array, Flags, Ints


@making_arrays
def close(
    revenue: Array,
    received: Array,
    complement: Array,
    paid: Array,
    running: Array,
    full_cost: Array,
    funding: Array,
    capex: Array,
    staff: Array,
    bring_up: Array,
    cash: Array,
    broke: Ints,
    active: Flags,
    patience: float,
    parent: Flags,
    reserve: Array,
    load: Array,
    bandwidth: Array,
    use: Array,
    world: float,
    decay: float,
    data: Array,
    community: Array,
) -> tuple[Array, Ints]:
    """As `sim.market.settlement` closes a month: funding, cash, revenue, profit and use of firms, and months broke.

    Parameters
    ----------
    revenue, ..., bring_up
        The month's money, as in `Books`, (firms,); `funding` is without what parents add.
    patience
        Months that a firm may be broke and still is at work.
    use
        Mtok as `Books.use_by_lab` has it, (3, labs), of `world` in all.
    data, community
        Written to, (labs,).
    """
    firms = len(cash)
    out, months = np.empty((5, firms)), np.empty(firms, np.int64)
    for i in range(firms):
        income = revenue[i] + received[i] + complement[i]
        cash_in = income + funding[i]
        cash_out = paid[i] + running[i] + capex[i] + staff[i] + bring_up[i]
        works = broke[i] <= patience and (i >= len(active) or active[i])
        deficit = max(reserve[i] - (cash[i] + cash_in - cash_out), 0.0)
        backing = deficit if parent[i] and works else 0.0
        out[0, i] = funding[i] + backing
        out[1, i] = cash[i] + (cash_in + backing - cash_out)
        out[2, i] = income
        out[3, i] = income - paid[i] - full_cost[i]
        out[4, i] = load[i] / max(bandwidth[i], 1e-300) if bandwidth[i] > 0.0 else 0.0
        months[i] = broke[i] + 1 if out[1, i] < 0.0 else 0
    for i in range(len(data)):
        data[i] += decay * (use[0, i] / world - data[i])
        community[i] += decay * (use[2, i] / world - community[i])
    return out, months
