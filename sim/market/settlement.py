"""What a month's sales come to: firms' accounts, and what labs have gained by the use of their models."""

from __future__ import annotations

from math import fsum, inf
from typing import TYPE_CHECKING

import numpy as np

from sim.choice.payoffs import funding_factor
from sim.economics.engines import chosen
from sim.market.sales import Books, Flows, Sales

if TYPE_CHECKING:
    from sim.market import Market

FUNDING_PACE = 0.2
"""Part of the gap between funding and what use would attract that a month closes (judgement)."""


def settle(market: Market, flows: Flows, sales: Sales) -> Books:
    """Settle the accounts, and remember what use has brought."""
    state, s = market.state, market.scenario
    books = sales.books(market.setting)
    books.capex, books.staff = flows.capex, flows.staff
    books.bring_up, books.cash_before = market.bring_up.copy(), state.cash
    made = state.tokens[:] = books.use_by_lab[1]
    world = max(fsum(made.tolist()), 1e-300)
    close = _compiled if chosen(None) == "numba" else _closed
    close(market, flows, sales, books, world)
    if s.mechanisms.funding_response:
        takings = books.revenue[: len(made)] / max(float(sales.spending.sum()), 1e-300)
        factor = funding_factor(made / world, takings, int(np.count_nonzero(state.active)), s.finance)
        state.funding_response += FUNDING_PACE * (factor - state.funding_response)
    return books


def _closed(market: Market, flows: Flows, sales: Sales, books: Books, world: float) -> None:
    """Put the month's money into books and state, and the use of `world` Mtok in all."""
    state, plans = market.state, market.plans
    income = books.revenue + books.royalties_received + books.complement
    cash_in = income + flows.funding
    cash_out = books.royalties_paid + books.running + flows.capex + flows.staff + books.bring_up
    deficit = np.maximum(plans.reserve - (state.cash + cash_in - cash_out), 0.0)
    backing = np.where(plans.parent & market.alive(), deficit, 0.0)
    books.funding = flows.funding + backing
    state.cash = state.cash + (cash_in + backing - cash_out)
    state.profit = income - books.royalties_paid - books.full_cost
    state.revenue = income
    state.use = np.where(state.bandwidth > 0, sales.load / np.maximum(state.bandwidth, 1e-300), 0.0)
    state.broke = np.where(state.cash < 0.0, state.broke + 1, 0)
    own, _, opened = books.use_by_lab
    decay = market.scenario.community.decay
    state.data += decay * (own / world - state.data)
    state.community += decay * (opened / world - state.community)


def _compiled(market: Market, flows: Flows, sales: Sales, books: Books, world: float) -> None:
    """`_closed`."""
    from sim.economics.compiled.calls import kept  # numba takes a while to import
    from sim.market.compiled.settlement import close

    state, plans, s = market.state, market.plans, market.scenario
    found, state.broke = kept(
        close,
        books.revenue,
        books.royalties_received,
        books.complement,
        books.royalties_paid,
        books.running,
        books.full_cost,
        flows.funding,
        flows.capex,
        flows.staff,
        books.bring_up,
        state.cash,
        state.broke,
        state.active,
        float(s.finance.patience) if s.mechanisms.bankruptcy else inf,
        plans.parent,
        plans.reserve,
        sales.load,
        state.bandwidth,
        books.use_by_lab,
        world,
        s.community.decay,
        state.data,
        state.community,
    )
    books.funding, state.cash, state.revenue, state.profit, state.use = found
