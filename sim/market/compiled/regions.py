"""Loops of `sim.market` as machine code; the readable paths are there."""

from __future__ import annotations

import numpy as np

from sim.economics.compiled.calls import inner
from sim.economics.indicators import EARLIER_PROGRESS
from sim.market.compiled.layout import Customers, Labs, Markets, Money, Places, Sold, Stocks
from sim.technology.chips import DOMESTIC, OFFSHORE, SMUGGLED
from sim.technology.units import H100_BANDWIDTH, H100_TFLOPS, THOUSAND
from sim.world.setting import Array, Ints
from sim.world.state import NEVER, OPEN_FLAGSHIP


@inner
def _ratio(part: float, whole: float, least: float) -> float:
    """As `sim.economics.indicators.ratio`."""
    return part / whole if whole > least else np.nan


@inner
def set_usage(customers: Customers, sold: Sold, places: Places, out: Array) -> None:
    """Customers, tokens and spending by place of cohorts and kind of offers, (3, places, kinds), into `out`."""
    out[:] = 0.0
    regions = len(places.names)
    for s in range(len(places.of_cohort)):
        people, place = customers.number[s] * customers.adopted[s], places.of_cohort[s]
        for j in range(len(sold.lab)):
            origin = sold.open_[j] * regions + places.of_lab[sold.lab[j]]
            kind = origin * 3 + places.service[sold.channel[j]]
            out[0, place, kind] += people * customers.shares[s, j]
            out[1, place, kind] += customers.tokens[s, j]
            out[2, place, kind] += customers.spending[s, j]


@inner
def demand_rows(customers: Customers, sold: Sold, places: Places, reference: float) -> Array:
    """Columns of `sim.market.regions.demand_side` in the order of `DEMAND`, (columns, regions + 1).

    Parameters
    ----------
    reference
        Capability from which on an offer counts for the lowest price.
    """
    region, lab_region, regions = places.region, places.of_lab, len(places.names)
    tokens, spending, potential = customers.tokens, customers.spending, customers.potential
    adopted, surplus, demanded = customers.adopted, customers.surplus, sold.demanded
    lab, open_, capability, prices = sold.lab, sold.open_, sold.capability, sold.prices
    offers, world = len(lab), regions
    used, paid = np.zeros((regions + 1, offers)), np.zeros((regions + 1, offers))
    money = np.zeros((3, regions + 1))  # potential, of adopters, their surplus
    for s in range(len(region)):
        adopters = potential[s] * adopted[s]
        for r in (region[s], world):
            money[0, r] += potential[s]
            money[1, r] += adopters
            money[2, r] += adopters * surplus[s]
            for j in range(offers):
                used[r, j] += tokens[s, j]
                paid[r, j] += spending[s, j]
    of_region, of_lab = np.zeros(regions + 1), np.zeros((regions + 1, len(lab_region)))
    for j in range(offers):
        of_region[lab_region[lab[j]]] += used[world, j]
        for r in range(regions + 1):
            of_lab[r, lab[j]] += paid[r, j]
    out = np.empty((14, regions + 1))
    abroad_in_all, used_in_all = 0.0, 0.0
    for j in range(offers):
        used_in_all += used[world, j]
    of_region[world] = used_in_all
    for r in range(regions + 1):
        total, revenue, tokens_open, tokens_closed, paid_open, paid_closed = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        abroad, served, best, cheapest = 0.0, 0.0, -1, np.inf
        for j in range(offers):
            total += used[r, j]
            revenue += paid[r, j]
            if open_[j]:
                tokens_open += used[r, j]
                paid_open += paid[r, j]
            else:
                tokens_closed += used[r, j]
                paid_closed += paid[r, j]
            if lab_region[lab[j]] != r:
                abroad += used[r, j]
            if used[world, j] > 0.0:
                served += used[r, j] * (demanded[j] / used[world, j])
            if used[r, j] > 0.0:
                if sold.channel[j] == 0 and (best < 0 or capability[j] > capability[best]):
                    best = j
                if capability[j] >= reference:
                    cheapest = min(cheapest, prices[j])
        if r < world:
            abroad_in_all += abroad
        out[0, r] = _ratio(money[1, r], money[0, r], 0.0)
        out[1, r], out[2, r] = total, revenue
        out[3, r] = money[2, r]
        out[4, r] = _ratio(tokens_open, total, 0.0)
        out[5, r] = _ratio(paid_open, revenue, 0.0)
        out[6, r] = _ratio(abroad if r < world else abroad_in_all, total, 0.0)
        out[7, r] = _ratio(of_region[r], used_in_all, 0.0)
        out[8, r] = _ratio(paid_closed, tokens_closed, 0.0)
        out[9, r] = _ratio(paid_open, tokens_open, 0.0)
        out[10, r] = _ratio(total, served, 0.0)
        out[11, r] = _concentration(of_lab, r)
        out[12, r] = prices[best] if best >= 0 else np.nan
        out[13, r] = cheapest if cheapest < np.inf else np.nan
    return out


@inner
def _concentration(amounts: Array, row: int) -> float:
    """As `sim.economics.indicators.concentration`."""
    total, squares = 0.0, 0.0
    for i in range(amounts.shape[1]):
        total += amounts[row, i]
        squares += amounts[row, i] ** 2
    return _ratio(squares, total**2, 0.0)


@inner
def frontier_rows(of_labs: Labs, places: Places, month: int, market: Array, columns: Ints) -> Array:
    """Columns of `sim.market.regions.labs_and_frontiers` in the order of `FRONTIERS`, (columns, regions + 1).

    Parameters
    ----------
    market, columns
        The table, (columns, months, regions + 1), with the months before, and where its columns stand.
    """
    active, capability, open_capability = of_labs.active, of_labs.capability, of_labs.open_capability
    best, best_open, best_closed = market[columns[0]], market[columns[1]], market[columns[2]]
    lab_region = places.of_lab
    world = best.shape[1] - 1
    out, working = np.zeros((7, world + 1)), np.zeros(world + 1)
    for r in range(world + 1):
        out[0, r] = out[1, r] = out[2, r] = np.nan
        if month > 0:
            _raise(out, 0, r, best[month - 1, r])
            _raise(out, 1, r, best_open[month - 1, r])
            _raise(out, 2, r, best_closed[month - 1, r])
    for i in range(len(active)):
        newest, released = capability[i, 0], of_labs.released[i] > NEVER
        opened = of_labs.mode[i] >= OPEN_FLAGSHIP
        published = -np.inf
        for tier in range(open_capability.shape[1]):
            published = max(published, open_capability[i, tier])
        for r in (lab_region[i], world):
            out[5, r] += active[i]
            working[r] += active[i] and released
            out[6, r] += active[i] and released and opened
            if released:
                _raise(out, 0, r, max(newest, published))
                _raise(out, 1, r, published)
                if not opened:
                    _raise(out, 2, r, newest)
    for r in range(world + 1):
        out[6, r] = _ratio(out[6, r], working[r], 0.0)
        out[3, r] = _lag(out[0, r], best, month, world, out[0, world])
        out[4, r] = _lag(out[1, r], best, month, r, out[0, r])
    return out


@inner
def _raise(out: Array, row: int, column: int, level: float) -> None:
    """Write a level where it is finite and beyond what is there, or nothing is."""
    if np.isfinite(level) and not out[row, column] >= level:
        out[row, column] = level


@inner
def _lag(level: float, frontier: Array, month: int, column: int, now: float) -> float:
    """As `sim.economics.indicators.lag_months`, of a frontier that stands at `now` this month."""
    if not np.isfinite(level) or not now > -np.inf:
        return np.nan
    if level >= now:
        return 0.0
    begins = month
    for t in range(month):
        if frontier[t, column] > -np.inf:
            begins = t
            break
    for t in range(begins, month):
        if frontier[t, column] >= level:
            ahead = (frontier[t, column] - level) / EARLIER_PROGRESS if t == begins else 0.0
            return month - t + ahead
    return (now - level) / EARLIER_PROGRESS if begins == month else 0.0


@inner
def supply_rows(sold: Sold, places: Places, stocks: Stocks, money: Money, some_revenue: float) -> Array:
    """Columns of `sim.market.regions.firms_and_margins` in the order of `SUPPLY`, (columns, regions + 1).

    Parameters
    ----------
    some_revenue
        USD up to which there is no revenue to speak of a margin.
    """
    seller, lab, open_, spent, used = sold.seller, sold.lab, sold.open_, sold.spent, sold.used
    royalty, cost, firm_region, raw_flops = sold.royalty, sold.cost, places.of_firm, stocks.raw_flops
    firms = (money.royalties_received, money.capex, stocks.training, stocks.bandwidth, stocks.load)
    world, own_firms = len(places.names), len(firms)
    gross, revenue = np.zeros((3, world + 1)), np.zeros((3, world + 1))  # closed, open, of others' models
    for j in range(len(seller)):
        if seller[j] >= 0:
            role = 2 if seller[j] != lab[j] else 1 if open_[j] else 0
            r = firm_region[seller[j]]
            gross[role, r] += spent[j] * (1.0 - royalty[j]) - cost[j] * used[j]
            revenue[role, r] += spent[j]
    channels = raw_flops.shape[1]
    sums = np.zeros((own_firms + channels, world + 1))
    for i in range(len(firm_region)):
        for k in range(own_firms):
            sums[k, firm_region[i]] += firms[k][i]
        for k in range(channels):
            sums[own_firms + k, firm_region[i]] += raw_flops[i, k]
    out = np.empty((13, world + 1))
    for r in range(world):
        for k in range(3):
            gross[k, world] += gross[k, r]
            revenue[k, world] += revenue[k, r]
        for k in range(len(sums)):
            sums[k, world] += sums[k, r]
    for r in range(world + 1):
        for k in range(3):
            out[k, r] = _ratio(gross[k, r], revenue[k, r], some_revenue)
        out[3, r], out[4, r] = gross[0, r] + gross[1, r] + sums[0, r], gross[2, r]
        out[5, r] = sums[1, r]
        out[6, r] = sums[2, r] / H100_TFLOPS / THOUSAND
        out[7, r] = sums[3, r] / H100_BANDWIDTH / THOUSAND
        out[8, r] = 0.0
        for k in range(channels):
            sums[own_firms + k, r] = sums[own_firms + k, r] / H100_TFLOPS / THOUSAND
            out[8, r] += sums[own_firms + k, r]
        out[9, r] = sums[own_firms + SMUGGLED, r]
        out[10, r] = sums[own_firms + DOMESTIC, r]
        out[11, r] = sums[own_firms + OFFSHORE, r]
        out[12, r] = _ratio(sums[4, r], sums[3, r], 0.0)
    return out


@inner
def market_rows(markets: Markets) -> Array:
    """Columns of `sim.market.regions.supply_side` in the order of `MARKETS`, (columns, regions + 1)."""
    world = len(markets.shortfall)
    out = np.empty((5, world + 1))
    best_flops, best_bandwidth = np.inf, np.inf
    for r in range(world):
        flop_price = markets.flop_price[r]
        best_flops, best_bandwidth = (
            min(best_flops, flop_price),
            min(best_bandwidth, markets.bandwidth_price[r]),
        )
        out[2, r] = flop_price if flop_price < np.inf else np.nan
        out[3, r], out[4, r] = markets.bandwidth_price[r], markets.shortfall[r]
    out[2, world] = best_flops if best_flops < np.inf else np.nan
    out[3, world], out[4, world] = best_bandwidth, np.nan
    for r in range(world + 1):
        out[0, r], out[1, r] = markets.propensity[r], markets.residual
    return out
