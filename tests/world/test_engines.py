"""Compiled loops of the world give what the readable paths give, bit for bit."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from sim.economics.engines import ENVIRONMENT
from sim.market import Market
from sim.scenario import Scenario
from sim.world.listing import Listing, listed
from sim.world.state import NEVER
from sim.world.terms import Costs


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


def assert_same(market: Market, monkeypatch, *, month: int | None = None) -> Listing:
    """That both paths list the same offers, terms and tastes, in either order; returns what they list."""
    month = market.month if month is None else month
    args = market.setting, market.state, market.policy, market.tastes, market.costs(), month
    for by_model in (True, False):
        found = []
        for engine in ("numba", "numpy"):
            monkeypatch.setenv(ENVIRONMENT, engine)
            found.append(listed(*args, by_model=by_model))
        compiled, plain = found
        assert np.array_equal(compiled.taste, plain.taste)
        for left, right in ((compiled.offers, plain.offers), (compiled.deal, plain.deal)):
            for field in fields(left):
                a, b = getattr(left, field.name), getattr(right, field.name)
                assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), field.name
                assert a.dtype == b.dtype, field.name
    return plain


def test_offers(market, monkeypatch):
    found = assert_same(market, monkeypatch)
    assert len(found.offers) > 8
    assert found.offers.restricted.any()


def test_offers_where_models_are_equally_good(market, monkeypatch):
    """Of equals customers consider the first."""
    market.state.open_capability[:] = 130.0
    assert_same(market, monkeypatch)


def test_offers_that_nobody_can_have(market, monkeypatch):
    """Where a lab sells nowhere, its own service is left out."""
    there = len(assert_same(market, monkeypatch).offers)
    market.tastes.standing[0, 0] = -np.inf
    assert 0 < len(assert_same(market, monkeypatch).offers) < there


def test_nobody_offers_anything(market, monkeypatch):
    market.state.active[:] = False
    market.state.open_capability[:] = -np.inf
    assert len(assert_same(market, monkeypatch).offers) == 0


@pytest.mark.parametrize("royalties", [True, False])
def test_terms(lively, monkeypatch, royalties):
    market = played(lively.with_values({"choice.rule": "fixed", "mechanisms.royalties": royalties}).scenario)
    assert (assert_same(market, monkeypatch).deal.royalty > 0).any() == royalties


@pytest.mark.parametrize("month", [6, 9, 30])
def test_tastes(market, monkeypatch, month):
    """Also in months in which models and their hosts were young, or not yet allowed."""
    market.tastes.delay[1::2] = 8.0
    assert np.isfinite(assert_same(market, monkeypatch, month=month).taste).any()


def test_a_cloud_imagines_that_it_hosts_all(market, monkeypatch):
    """Models that no cloud hosts yet are on offer from all that may."""
    market.state.hosted[:] = False
    can = np.isfinite(market.state.open_capability) & np.ones((len(market.setting.clouds), 1, 1), dtype=bool)
    never = np.full(can.shape, NEVER)
    args = market.setting, market.state, market.policy, market.tastes, market.costs(), market.month
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        found.append(listed(*args, (can, never), by_model=True))
    compiled, plain = found
    assert np.array_equal(compiled.offers.channel, plain.offers.channel)
    assert np.array_equal(compiled.taste, plain.taste)
    assert len(plain.offers) > len(listed(*args).offers)


@pytest.mark.parametrize("subsidy", [0.0, 0.3])
def test_costs(market, monkeypatch, subsidy):
    """Of firms with compute and without."""
    market.state.bandwidth[0] = market.state.bandwidth_value[0] = 0.0
    market.policy.compute_subsidy[-1] = subsidy
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        found.append(Costs.of(market.setting, market.state, market.policy, market.bandwidth_price))
    for field in fields(Costs):
        assert np.array_equal(*(getattr(costs, field.name) for costs in found)), field.name
    assert np.isfinite(found[0].rent).all()
    assert (market.state.bandwidth > 0.0).any()
