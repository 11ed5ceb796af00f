"""Compiled loops of agents give what the readable paths give."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.cloud import expected_margins, hostable, monthly_margins, review
from sim.economics.engines import ENVIRONMENT
from sim.world.listing import listed
from sim.world.state import NEVER


@pytest.mark.parametrize("changed", [{}, {"mechanisms.self_hosting": False}, {"mechanisms.royalties": False}])
def test_what_clouds_imagine(after, monkeypatch, changed):
    """With services on sale and not, hosts, and customers' own, to the last digits."""
    market = after(6, changed)
    can = hostable(market)
    args = market.setting, market.state, market.policy, market.tastes, market.costs(), market.month
    listing = listed(*args, (can, np.full(can.shape, NEVER)), by_model=True)
    market.state.price[listing.offers.slots(market.setting)[0]] = np.nan
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        found.append((monthly_margins(market, listing, market.weights()), expected_margins(market)))
    (month, margins), (plain_month, plain_margins) = found
    assert (listing.deal.seller < 0).any() == ("mechanisms.self_hosting" not in changed)
    assert np.isneginf(listing.taste).any()
    assert np.isfinite(plain_month).any()
    assert month == pytest.approx(plain_month, rel=1e-12, nan_ok=True)
    assert margins == pytest.approx(plain_margins, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("catalogue", "crowded"), [(100, False), (2, True)])
def test_what_clouds_take_up(after, monkeypatch, catalogue, crowded):
    """Models that pay, that pay too little, and that cannot be had, by clouds with compute to spare and without."""
    market = after(6, {"hosting.catalogue": catalogue})
    setting, state, cost = market.setting, market.state, market.scenario.hosting.bring_up_cost
    luck = np.random.default_rng(1)
    margins = luck.uniform(-cost, 3.0 * cost, state.hosted.shape)
    margins[luck.random(margins.shape) < 0.2] = np.nan
    state.hosted[:] = luck.random(margins.shape) < 0.4
    state.use[setting.cloud_firm[0]] = 1.0
    before = state.hosted.copy(), state.hosted_since.copy()
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        state.hosted[:], state.hosted_since[:] = before
        market.bring_up[:] = 1.0
        review(market, margins)
        found.append((state.hosted.copy(), state.hosted_since.copy(), market.bring_up.copy()))
    for compiled, plain in zip(*found, strict=True):
        assert np.array_equal(compiled, plain)
    assert (found[0][0] & ~before[0]).any()
    assert (before[0] & ~found[0][0]).any()
    assert (found[0][0].sum(axis=(1, 2)) == catalogue).any() == crowded
