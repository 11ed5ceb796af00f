"""Compiled loops of agents give what the readable paths give."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.cloud import expected_margins, hostable, monthly_margins
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
