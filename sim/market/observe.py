"""Indicators of a month, written into the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.economics.engines import chosen
from sim.economics.indicators import ratio
from sim.market.identities import check_accounts
from sim.market.regions import demand_side, supply_side
from sim.market.sales import Books, Sales, rows, totals
from sim.record import CLOUDS, LABS, MARKET, USAGE, Row
from sim.technology.units import H100_BANDWIDTH, H100_TFLOPS, THOUSAND
from sim.world.setting import API, FLAGSHIP, SMALL, TIERS, Array, Ints, Setting
from sim.world.state import NEVER

if TYPE_CHECKING:
    from sim.market import Market


USAGE_COLUMNS = tuple(column.name for column in USAGE.values)


def observe(market: Market, sales: Sales, books: Books) -> None:
    """8. Indicators are recorded; the month's identities are checked first."""
    if chosen(None) == "numba" and sales.equilibrium is not None:
        from sim.market.written import written  # numba takes a while to import

        if written(market, sales, books, sales.equilibrium):
            return  # else the readable path says what is wrong
    check_accounts(market, sales, books)
    _usage(market, sales)
    record, month = market.record, market.month
    record.write(LABS, month, _labs(market, sales, books))
    record.write(CLOUDS, month, _clouds(market, sales, books))
    record.write(MARKET, month, demand_side(market, sales))
    record.write(MARKET, month, supply_side(market, sales, books))


def _usage(market: Market, sales: Sales) -> None:
    """Customers, tokens and spending by segment, region and kind of offer."""
    setting, offers = market.setting, sales.offers
    if not len(offers):
        return
    cohorts, regions, segments = setting.cohorts, len(setting.regions), len(setting.segments)
    kind = (offers.open_ * regions + setting.lab_region[offers.lab]) * 3 + services(setting)[offers.channel]
    places, kinds = regions * segments, 2 * regions * 3
    of = (places_of(setting)[:, None] * kinds + kind).ravel()
    people = (cohorts.customers * market.state.adopted)[:, None] * sales.shares
    each = (people, sales.tokens, sales.spending)
    found = np.array([totals(of, values.ravel(), places * kinds) for values in each])
    of_kinds = 3, regions, segments, 2, regions, 3
    market.record.write(USAGE, market.month, {USAGE_COLUMNS: found.reshape(of_kinds)})


def services(setting: Setting) -> Ints:
    """Kind of service of each channel: 0 the lab's own, 1 a cloud, 2 self-hosting, (channels,)."""
    channel = np.arange(setting.channels)
    return np.where(channel == API, 0, np.where(channel == setting.self_hosting, 2, 1))


def places_of(setting: Setting) -> Ints:
    """Row of each cohort's region and segment among those of usage, (cohorts,)."""
    cohorts = setting.cohorts
    return np.asarray(cohorts.region * len(setting.segments) + cohorts.segment)


def _labs(market: Market, sales: Sales, books: Books) -> Row:
    """One row a lab."""
    setting, state, offers = market.setting, market.state, sales.offers
    n = len(setting.labs)
    own, made, _ = books.use_by_lab
    seen = state.released > NEVER
    profit = books.revenue - books.full_cost - books.royalties_paid

    service = np.full((2, n, TIERS), np.nan)
    at = offers.channel == API
    service[:, offers.lab[at], offers.tier[at]] = sales.prices[at], sales.deal.cost[at]

    return {
        "active": state.active.astype(float),
        "mode": np.where(seen, state.mode, np.nan),
        "capability": np.where(seen, _finite(state.capability[:, FLAGSHIP]), np.nan),
        "capability_open": _finite(state.open_capability.max(axis=1)),
        "algorithm": np.where(state.active, state.algorithm, np.nan),
        "compute_training": state.training[:n] / H100_TFLOPS / THOUSAND,
        "compute_serving": state.bandwidth[:n] / H100_BANDWIDTH / THOUSAND,
        "capacity_use": state.use[:n],
        "price_flagship": service[0, :, FLAGSHIP],
        "price_small": service[0, :, SMALL],
        "cost_flagship": service[1, :, FLAGSHIP],
        "tokens": own,
        "tokens_hosted": made - own,
        "revenue": books.revenue_own[:n],
        "revenue_hosting": (books.revenue - books.revenue_own)[:n],
        "serving_cost": books.full_cost[:n],
        "gross_margin": ratio(profit[:n], books.revenue[:n]),
        "royalties_received": books.royalties_received[:n],
        "royalties_paid": books.royalties_paid[:n],
        "complement_profit": books.complement[:n],
        "funding": books.funding[:n],
        "capex": books.capex[:n],
        "staff": books.staff[:n],
        "cash": state.cash[:n],
    }


def _clouds(market: Market, sales: Sales, books: Books) -> Row:
    """One row a cloud."""
    setting, state, offers = market.setting, market.state, sales.offers
    clouds, firm = len(setting.clouds), setting.cloud_firm
    hosted = np.flatnonzero((offers.channel > API) & (offers.channel < setting.self_hosting))
    used, spent, deal = sales.used[hosted], sales.spent[hosted], sales.deal
    each = np.array([used, spent, deal.cost[hosted] * used, deal.royalty[hosted] * spent])
    tokens, revenue, cost, royalties = rows(offers.channel[hosted] - 1, each, clouds)
    return {
        "hosted": state.hosted.sum(axis=(1, 2)),
        "tokens": tokens,
        "revenue": revenue,
        "serving_cost": cost,
        "royalties_paid": royalties,
        "bring_up_cost": books.bring_up[firm],
        "gross_margin": ratio(revenue - cost - royalties, revenue),
        "compute_serving": state.bandwidth[firm] / H100_BANDWIDTH / THOUSAND,
        "capacity_use": state.use[firm],
        "cash": state.cash[firm],
    }


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)
