"""Compiled loops of budgets, accounts, purchases and learning give what the readable paths beside them give."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields

import numpy as np
import pytest

from sim.economics.engines import ENVIRONMENT
from sim.market import Market, investment, settlement
from sim.market.sales import Books, Flows, Sales
from sim.world.state import State


class Remembering(Market):
    """Remembers the last month's flows and sales, and the state before they were settled."""

    def settle(self, flows: Flows, sales: Sales) -> Books:
        self.before = deepcopy(self.state), flows, sales
        return super().settle(flows, sales)


@pytest.fixture(params=[{}, {"mechanisms.bankruptcy": False}, {"finance.patience": 0}])
def market(lively, request) -> Remembering:
    """Some months in; the rich and the poor, at work and gone, full and idle."""
    values = {"mechanisms.entry": True, "labs.eastern.parent": True, **request.param}
    market = Remembering(lively.with_values(values).scenario, seed=5)
    for _ in range(9):
        market.step()
    for state in (market.state, market.before[0]):
        firms = len(state.cash)
        state.cash[:] = np.linspace(-3e7, 3e7, firms)
        state.broke[:] = np.arange(firms) % 4
        state.cash[market.plans.parent], state.broke[market.plans.parent] = -1e8, 0
        state.profit[:] = np.linspace(4e6, -4e6, firms)
        state.active[3] = False
        state.bandwidth[1] = 0.0
        state.funding_response[:] = np.linspace(0.5, 2.0, len(state.active))
    return market


def same(compiled: object, plain: object) -> None:
    assert np.array_equal(compiled, plain, equal_nan=True)


def test_budgets(market):
    """Of firms that plan to serve only, that must save, that are broke and that have a parent."""
    pressure = np.linspace(0.2, 3.0, len(market.state.cash))
    market.plans.serving_share[market.month, -1] = 1.0
    found = [budget(market, pressure) for budget in (investment._compiled, investment._budgets)]
    for compiled, plain in zip(*found, strict=True):
        same(compiled, plain)
    training, serving = found[0][2:]
    assert ((training > 0.0) & (serving > 0.0)).any()
    assert (serving[market.state.broke > 0] == 0.0).all() == market.scenario.mechanisms.bankruptcy


def test_accounts(market, monkeypatch):
    """Books and the state that they leave, with parents that step in and firms whose cash runs out."""
    before, flows, sales = market.before
    found: list[tuple[Books, State]] = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        market.state = deepcopy(before)
        again = Sales(**{field.name: getattr(sales, field.name) for field in fields(Sales)})
        found.append((settlement.settle(market, flows, again), market.state))
    (books, state), (plain_books, plain_state) = found
    for compiled, plain in ((books, plain_books), (state, plain_state)):
        for field in fields(plain):
            assert getattr(compiled, field.name) == pytest.approx(
                getattr(plain, field.name), rel=1e-13, abs=1e-15, nan_ok=True
            ), field.name
    assert (books.funding > flows.funding).any()
    assert 0 < (state.broke > 0).sum() < len(state.broke)


def test_purchases_of_a_month(market, monkeypatch):
    """What all firms hold after a month's investment."""
    before, found = deepcopy(market.state), []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        market.state = deepcopy(before)
        flows = investment.invest(market)
        found.append((flows, market.state, market.flop_price.copy()))
    (flows, state, price), (plain_flows, plain_state, plain_price) = found
    for compiled, plain in ((flows, plain_flows), (state, plain_state)):
        for field in fields(plain):
            same(getattr(compiled, field.name), getattr(plain, field.name))
    same(price, plain_price)
    assert (state.training > before.training).any()


@pytest.mark.parametrize("month", [0, 9])
def test_learning(lively, monkeypatch, month):
    """Leaders and followers, with models on sale and withdrawn, before anything is published and after."""
    market = Market(lively.scenario, seed=5)
    for _ in range(month):
        market.step()
    market.invest()
    market.policy.withdrawn[0, :] = True
    before, found = market.state.algorithm.copy(), []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        market.state.algorithm[:] = before
        market.learn()
        found.append(market.state.algorithm.copy())
    same(*found)
    assert (found[0] > before).any()
