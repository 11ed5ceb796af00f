"""Loops of `sim.market.observe`; the readable paths are there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.calls import inner
from sim.market.compiled.layout import Labs, Money, Sold, Stocks
from sim.technology.units import H100_BANDWIDTH, H100_TFLOPS, THOUSAND
from sim.world.setting import Array, Flags, Ints
from sim.world.state import NEVER


@inner
def _ratio(part: float, whole: float) -> float:
    """As `sim.economics.indicators.ratio`."""
    return part / whole if whole > 0.0 else np.nan


@inner
def lab_rows(of_labs: Labs, stocks: Stocks, money: Money, sold: Sold) -> Array:
    """Columns of `sim.record.LABS` in their order, (columns, labs)."""
    mode, capability, open_capability = of_labs.mode, of_labs.capability, of_labs.open_capability
    active, algorithm, use = of_labs.active, of_labs.algorithm, of_labs.use
    labs = len(active)
    out = np.empty((24, labs))
    for i in range(labs):
        published, seen = -np.inf, of_labs.released[i] > NEVER
        for tier in range(open_capability.shape[1]):
            published = max(published, open_capability[i, tier])
        profit = money.revenue[i] - money.full_cost[i] - money.royalties_paid[i]
        out[0, i] = active[i]
        out[1, i] = mode[i] if seen else np.nan
        out[2, i] = capability[i, 0] if seen and np.isfinite(capability[i, 0]) else np.nan
        out[3, i] = published if np.isfinite(published) else np.nan
        out[4, i] = algorithm[i] if active[i] else np.nan
        out[5, i] = stocks.training[i] / H100_TFLOPS / THOUSAND
        out[6, i] = stocks.bandwidth[i] / H100_BANDWIDTH / THOUSAND
        out[7, i] = stocks.use[i]
        out[8, i] = out[9, i] = out[10, i] = np.nan
        out[11, i], out[12, i] = use[0, i], use[1, i] - use[0, i]
        out[13, i], out[14, i] = money.revenue_own[i], money.revenue[i] - money.revenue_own[i]
        out[15, i], out[16, i] = money.full_cost[i], _ratio(profit, money.revenue[i])
        out[17, i], out[18, i] = money.royalties_received[i], money.royalties_paid[i]
        out[19, i], out[20, i] = money.complement[i], money.funding[i]
        out[21, i], out[22, i], out[23, i] = money.capex[i], money.staff[i], stocks.cash[i]
    for j in range(len(sold.lab)):
        if sold.channel[j] == 0:
            out[8 + sold.tier[j], sold.lab[j]] = sold.prices[j]
            if sold.tier[j] == 0:
                out[10, sold.lab[j]] = sold.cost[j]
    return out


@inner
def cloud_rows(hosted: Flags, firm: Ints, stocks: Stocks, money: Money, sold: Sold) -> Array:
    """Columns of `sim.record.CLOUDS` in their order, (columns, clouds); `firm` is that of each cloud."""
    clouds, labs, tiers = hosted.shape
    out = np.zeros((10, clouds))
    for j in range(len(sold.channel)):
        c = sold.channel[j] - 1
        if 0 <= c < clouds:
            out[1, c] += sold.used[j]
            out[2, c] += sold.spent[j]
            out[3, c] += sold.cost[j] * sold.used[j]
            out[4, c] += sold.royalty[j] * sold.spent[j]
    for c in range(clouds):
        for lab in range(labs):
            for tier in range(tiers):
                out[0, c] += hosted[c, lab, tier]
        out[5, c] = money.bring_up[firm[c]]
        out[6, c] = _ratio(out[2, c] - out[3, c] - out[4, c], out[2, c])
        out[7, c] = stocks.bandwidth[firm[c]] / H100_BANDWIDTH / THOUSAND
        out[8, c], out[9, c] = stocks.use[firm[c]], stocks.cash[firm[c]]
    return out
