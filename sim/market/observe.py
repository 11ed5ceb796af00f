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


LAB_COLUMNS, CLOUD_COLUMNS, USAGE_COLUMNS = (
    tuple(column.name for column in table.values) for table in (LABS, CLOUDS, USAGE)
)


def observe(market: Market, sales: Sales, books: Books) -> None:
    """8. Indicators are recorded; the month's identities are checked first."""
    check_accounts(market, sales, books)
    labs, clouds = firms(market, sales, books)
    _usage(market, sales)
    record, month = market.record, market.month
    record.write(LABS, month, labs)
    record.write(CLOUDS, month, clouds)
    record.write(MARKET, month, demand_side(market, sales))
    record.write(MARKET, month, supply_side(market, sales, books))


def _usage(market: Market, sales: Sales) -> None:
    """Customers, tokens and spending by segment, region and kind of offer."""
    setting, offers = market.setting, sales.offers
    if not len(offers):
        return
    cohorts, regions, segments = setting.cohorts, len(setting.regions), len(setting.segments)
    service = setting.once("kinds of service", lambda: _services(setting))
    kind = (offers.open_ * regions + setting.lab_region[offers.lab]) * 3 + service[offers.channel]
    place = setting.once("places of cohorts", lambda: cohorts.region * segments + cohorts.segment)
    found = _by_place_and_kind(
        cohorts.customers * market.state.adopted, sales, place, kind, (regions * segments, 2 * regions * 3)
    )
    of_kinds = 3, regions, segments, 2, regions, 3
    market.record.write(USAGE, market.month, {USAGE_COLUMNS: found.reshape(of_kinds)})


def _services(setting: Setting) -> Ints:
    """Kind of service of each channel: 0 the lab's own, 1 a cloud, 2 self-hosting, (channels,)."""
    channel = np.arange(setting.channels)
    return np.where(channel == API, 0, np.where(channel == setting.self_hosting, 2, 1))


def _by_place_and_kind(
    people: Array, sales: Sales, place: Ints, kind: Ints, shape: tuple[int, int]
) -> Array:
    """Customers, tokens and spending by place of cohorts and kind of offers, (3, *shape)."""
    if chosen(None) == "numba":
        from sim.economics.compiled.calls import kept  # numba takes a while to import
        from sim.market.compiled.regions import add_up

        by_cohort = (np.ascontiguousarray(each) for each in (sales.shares, sales.tokens, sales.spending))
        found = np.zeros((3, *shape))
        kept(add_up, people, *by_cohort, place, kind, found)
        return found
    of = (place[:, None] * shape[1] + kind).ravel()
    return np.array(
        [
            totals(of, values.ravel(), shape[0] * shape[1]).reshape(shape)
            for values in (people[:, None] * sales.shares, sales.tokens, sales.spending)
        ]
    )


def firms(market: Market, sales: Sales, books: Books) -> tuple[Row, Row]:
    """Columns of labs and of clouds."""
    if chosen(None) == "numba":
        return _compiled_firms(market, sales, books)
    return _labs(market, sales, books), _clouds(market, sales, books)


def _compiled_firms(market: Market, sales: Sales, books: Books) -> tuple[Row, Row]:
    """`firms`."""
    from sim.economics.compiled.calls import kept  # numba takes a while to import
    from sim.market.compiled.firms import Money, Sold, Stocks, cloud_rows, lab_rows

    setting, state, offers, deal = market.setting, market.state, sales.offers, sales.deal
    stocks = Stocks(state.training, state.bandwidth, state.use, state.cash)
    money = Money(
        books.revenue,
        books.revenue_own,
        books.full_cost,
        books.royalties_received,
        books.royalties_paid,
        books.complement,
        books.funding,
        books.capex,
        books.staff,
        books.bring_up,
    )
    sold = Sold(
        offers.lab,
        offers.tier,
        offers.channel,
        sales.prices,
        deal.cost,
        deal.royalty,
        sales.spent,
        sales.used,
    )
    of_labs = state.active, state.released > NEVER, state.mode, state.capability, state.open_capability
    labs = kept(lab_rows, *of_labs, state.algorithm, books.use_by_lab, stocks, money, sold)
    clouds = kept(cloud_rows, state.hosted, setting.cloud_firm, stocks, money, sold)
    return {LAB_COLUMNS: labs}, {CLOUD_COLUMNS: clouds}


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
