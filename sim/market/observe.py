"""Indicators of a month, written into the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.engines import chosen
from sim.economics.indicators import ratio
from sim.market.identities import check_accounts
from sim.market.regions import demand_side, supply_side
from sim.market.trade import Books, Sales, rows, totals
from sim.technology.units import H100_BANDWIDTH, H100_TFLOPS, THOUSAND
from sim.world.setting import API, FLAGSHIP, SMALL, Array, Ints
from sim.world.state import NEVER

if TYPE_CHECKING:
    from sim.market import Market


def observe(market: Market, sales: Sales, books: Books) -> None:
    """8. Indicators are recorded; the month's identities are checked first."""
    check_accounts(market, sales, books)
    _usage(market, sales)
    record, month = market.record, market.month
    write(record.labs, month, _labs(market, sales, books))
    write(record.clouds, month, _clouds(market, sales, books))
    write(record.market, month, demand_side(market, sales))
    write(record.market, month, supply_side(market, sales, books))


def write(table: Mapping[str, Array], month: int, row: Mapping[str, ArrayLike]) -> None:
    """Write a month's columns, (entities,) each; what is not in `row` stays as it is."""
    for name, values in row.items():
        table[name][month] = values


def _usage(market: Market, sales: Sales) -> None:
    """Customers, tokens and spending by segment, region and kind of offer."""
    setting, offers, usage = market.setting, sales.offers, market.record.usage
    if not len(offers):
        return
    cohorts, regions, segments = setting.cohorts, len(setting.regions), len(setting.segments)
    channel = np.where(offers.channel == API, 0, np.where(offers.channel == setting.self_hosting, 2, 1))
    kind = (offers.open_ * regions + setting.lab_region[offers.lab]) * 3 + channel
    place = cohorts.region * segments + cohorts.segment
    people = (cohorts.customers * market.state.adopted)[:, None] * sales.shares
    for name, values in (("customers", people), ("tokens", sales.tokens), ("spending", sales.spending)):
        month = usage[name][market.month]
        month[:] = _by_place_and_kind(values, place, kind, (regions * segments, 2 * regions * 3)).reshape(month.shape)


def _by_place_and_kind(values: Array, place: Ints, kind: Ints, shape: tuple[int, int]) -> Array:
    """Sums of values, (cohorts, offers), by place of cohorts and kind of offers."""
    if chosen(None) == "numba":
        from sim.economics.compiled.calls import kept  # numba takes a while to import
        from sim.market.compiled import add_up

        out = np.zeros(shape)
        kept(add_up, values, place, kind, out)
        return out
    of = place[:, None] * shape[1] + kind
    return totals(of.ravel(), values.ravel(), shape[0] * shape[1]).reshape(shape)


def _labs(market: Market, sales: Sales, books: Books) -> dict[str, Array]:
    """One row a lab."""
    setting, state, offers = market.setting, market.state, sales.offers
    n = len(setting.labs)
    own, made, _ = sales.use_by_lab(setting)
    seen = state.released > NEVER
    profit = books.revenue - books.full_cost - books.royalties_paid

    def of_service(values: Array, tier: int) -> Array:
        at = (offers.channel == API) & (offers.tier == tier)
        out = np.full(n, np.nan)
        out[offers.lab[at]] = values[at]
        return out

    return {
        "active": state.active,
        "mode": np.where(seen, state.mode, np.nan),
        "capability": np.where(seen, _finite(state.capability[:, FLAGSHIP]), np.nan),
        "capability_open": _finite(state.open_capability.max(axis=1)),
        "algorithm": np.where(state.active, state.algorithm, np.nan),
        "compute_training": state.training[:n] / H100_TFLOPS / THOUSAND,
        "compute_serving": state.bandwidth[:n] / H100_BANDWIDTH / THOUSAND,
        "capacity_use": state.use[:n],
        "price_flagship": of_service(sales.prices, FLAGSHIP),
        "price_small": of_service(sales.prices, SMALL),
        "cost_flagship": of_service(sales.deal.cost, FLAGSHIP),
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


def _clouds(market: Market, sales: Sales, books: Books) -> dict[str, Array]:
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
