"""A month's indicators written into the record by compiled code; `sim.market.observe` has the readable path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.economics.compiled.calls import kept
from sim.market.compiled.layout import (
    Columns,
    Customers,
    Labs,
    Markets,
    Money,
    Places,
    Sold,
    Stocks,
    Tables,
)
from sim.market.compiled.month import write_down
from sim.market.observe import places_of, services
from sim.market.regions import DEMAND, FRONTIERS, MARKETS, SOME_REVENUE, SUPPLY, propensity
from sim.market.sales import Books, Sales, Settled
from sim.record import MARKET, Record
from sim.world.setting import Ints, Setting

if TYPE_CHECKING:
    from sim.market import Market


def written(market: Market, sales: Sales, books: Books, equilibrium: Settled) -> bool:
    """Write a month down in which something is on offer; False, and nothing, where an identity does not hold."""
    setting, s, state = market.setting, market.scenario, market.state
    chips = Markets(
        market.flop_price, market.bandwidth_price, state.shortfall, propensity(market), equilibrium.residual
    )
    labs = Labs(
        state.active,
        state.released,
        state.mode,
        state.capability,
        state.open_capability,
        state.algorithm,
        state.hosted,
        books.use_by_lab,
    )
    stocks = Stocks(state.training, state.bandwidth, state.use, state.cash, state.raw_flops, sales.load)
    customers = _customers(market, sales, equilibrium)
    return kept(
        write_down,
        market.month,
        s.mechanisms.serving_capacity,
        s.technology.reference_capability,
        SOME_REVENUE,
        setting.once("places", lambda: tuple(_places(setting))),
        setting.once("columns", lambda: tuple(_columns())),
        *map(tuple, (customers, _sold(sales), labs, stocks, _money(books), chips, _tables(market.record))),
    )


def _places(setting: Setting) -> Places:
    return Places(
        np.arange(len(setting.regions)),
        setting.lab_region,
        setting.firm_region,
        places_of(setting),
        setting.cohorts.region,
        setting.cloud_firm,
        services(setting),
    )


def _columns() -> Columns:
    """Where columns of compiled code stand in the table of regions."""
    place = {column.name: k for k, column in enumerate(MARKET.values)}

    def places(names: tuple[str, ...]) -> Ints:
        return np.array([place[name] for name in names])

    return Columns(places(DEMAND), places(FRONTIERS), places(SUPPLY), places(MARKETS))


def _tables(record: Record) -> Tables:
    whole = record.whole
    usage = whole["usage"]
    by_kind = usage.reshape(len(usage), record.months, usage.shape[2] * usage.shape[3], -1)
    return Tables(whole["market"], whole["labs"], whole["clouds"], by_kind)


def _customers(market: Market, sales: Sales, equilibrium: Settled) -> Customers:
    cohorts, plain = market.setting.cohorts, np.ascontiguousarray
    return Customers(
        cohorts.customers,
        market.plans.spending[market.month],
        market.state.adopted,
        plain(equilibrium.consumer_surplus),
        plain(sales.shares),
        plain(sales.tokens),
        plain(sales.spending),
    )


def _sold(sales: Sales) -> Sold:
    offers, deal = sales.offers, sales.deal
    return Sold(
        offers.lab,
        offers.tier,
        offers.channel,
        offers.open_,
        offers.capability,
        deal.seller,
        sales.prices,
        deal.cost,
        deal.royalty,
        sales.demanded,
        sales.spent,
        sales.used,
    )


def _money(books: Books) -> Money:
    return Money(
        books.revenue,
        books.revenue_own,
        books.full_cost,
        books.running,
        books.royalties_received,
        books.royalties_paid,
        books.complement,
        books.tokens,
        books.cash_before,
        books.funding,
        books.capex,
        books.staff,
        books.bring_up,
    )
