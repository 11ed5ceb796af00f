"""Compiled loops of the world give what the readable paths give, bit for bit."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from sim.economics.engines import ENVIRONMENT
from sim.market import Market
from sim.scenario import Scenario
from sim.world.offers import Offers, current_offers
from sim.world.terms import Terms, agreed


@pytest.fixture(params=[{}, {"mechanisms.self_hosting": False}, {"mechanisms.community": False}])
def market(lively, request) -> Market:
    """Some months in: models of every mode, new and old, on clouds and with customers."""
    values = {"choice.rule": "fixed", "labs.eastern.initial_mode": "open_restricted", **request.param}
    return played(lively.with_values(values).scenario)


def played(scenario: Scenario, months: int = 9) -> Market:
    market = Market(scenario, seed=3)
    for _ in range(months):
        market.step()
    market.state.community[:] = np.linspace(0.1, 0.6, len(market.state.community))
    return market


def both(monkeypatch, work):
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        found.append(work())
    return found


def same(left: Offers, right: Offers) -> bool:
    pairs = ((getattr(left, field.name), getattr(right, field.name)) for field in fields(Offers))
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") and a.dtype == b.dtype for a, b in pairs)


def test_offers(market, monkeypatch):
    compiled, plain = both(monkeypatch, lambda: current_offers(market.setting, market.state))
    assert len(plain) > 8
    assert plain.restricted.any()
    assert same(compiled, plain)


def test_offers_where_models_are_equally_good(market, monkeypatch):
    """Of equals customers consider the first."""
    market.state.open_capability[:] = 130.0
    compiled, plain = both(monkeypatch, lambda: current_offers(market.setting, market.state))
    assert same(compiled, plain)


def test_nobody_offers_anything(market, monkeypatch):
    market.state.active[:] = False
    market.state.open_capability[:] = -np.inf
    compiled, plain = both(monkeypatch, lambda: current_offers(market.setting, market.state))
    assert len(compiled) == 0
    assert same(compiled, plain)


@pytest.mark.parametrize("royalties", [True, False])
def test_terms(lively, monkeypatch, royalties):
    market = played(lively.with_values({"choice.rule": "fixed", "mechanisms.royalties": royalties}).scenario)
    offers = current_offers(market.setting, market.state)
    compiled, plain = both(
        monkeypatch, lambda: agreed(market.setting, market.policy, offers, market.costs())
    )
    assert (plain.royalty > 0).any() == royalties
    for field in fields(Terms):
        assert np.array_equal(getattr(compiled, field.name), getattr(plain, field.name)), field.name


@pytest.mark.parametrize("month", [6, 9, 30])
def test_tastes(market, monkeypatch, month):
    """Also in months in which models and their hosts were young, or not yet allowed."""
    market.tastes.delay[1::2] = 8.0
    offers = current_offers(market.setting, market.state)
    compiled, plain = both(monkeypatch, lambda: market.tastes.about(offers, month))
    assert np.isfinite(plain).any()
    assert np.array_equal(compiled, plain)
