"""Identities of a month, checked before anything is recorded (verification case V15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.economics.accounts import require_at_most, require_balance, require_equal
from sim.market.sales import Books, Sales
from sim.world.setting import Setting

if TYPE_CHECKING:
    from sim.market import Market


def check_accounts(market: Market, sales: Sales, books: Books) -> None:
    """Check shares, serving compute, money, tokens and cash.

    Raises
    ------
    AccountError
        Naming the identity, the entity and the month.
    """
    setting, today = market.setting, market.setting.months[market.month]
    cohorts = setting.once("names of cohorts", lambda: _cohorts(setting))
    firms = setting.once("names of firms", lambda: setting.firms)
    require_at_most("shares add up to more than 1", cohorts, today, sales.shares.sum(axis=1), 1.0)
    require_at_most("a negative share", cohorts, today, -sales.shares.min(axis=1, initial=0.0), 0.0)
    if market.scenario.mechanisms.serving_capacity:
        require_at_most("serving compute beyond stock", firms, today, sales.load, market.state.bandwidth)

    bought = np.array([sales.spent, sales.used])
    sold = np.array([books.revenue, books.tokens, books.royalties_paid, books.royalties_received])
    spent, used = bought.sum(axis=1).tolist()
    self_spent, self_used = bought[:, sales.deal.seller < 0].sum(axis=1).tolist()
    taken, served, paid, received = sold.sum(axis=1).tolist()
    require_balance("customers' spending = revenue + self-hosting", today, spent, taken + self_spent, spent)
    require_balance("tokens bought = tokens sold + self-hosted", today, used, served + self_used, used)
    require_balance("royalties paid = received", today, paid, received, spent)

    flows = (
        books.revenue
        + books.royalties_received
        + books.complement
        + books.funding
        - books.royalties_paid
        - books.running
        - books.capex
        - books.staff
        - books.bring_up
    )
    scale = float(np.abs(books.cash_before).max() + np.abs(flows).max())
    change = market.state.cash - books.cash_before
    require_equal("cash change = flows", firms, today, change, flows, scale)


def _cohorts(setting: Setting) -> list[str]:
    who = zip(setting.cohorts.segment, setting.cohorts.region, strict=True)
    return [f"{setting.segments[segment]} in {setting.regions[region]}" for segment, region in who]
