"""Compiled loops of agents give what the readable paths give."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.cloud import expected_margins, hostable, imagined_market
from sim.choice.standing import by_model
from sim.economics.engines import ENVIRONMENT
from sim.world.offers import offered
from sim.world.state import NEVER
from sim.world.terms import agreed


@pytest.mark.parametrize("changed", [{}, {"mechanisms.self_hosting": False}, {"mechanisms.royalties": False}])
def test_what_clouds_imagine(after, monkeypatch, changed):
    """Prices and utilities of services on sale and not, of hosts and of customers' own, to the last digits."""
    market = after(6, changed)
    can = hostable(market)
    offers = offered(market.setting, market.state, can, np.full(can.shape, NEVER))
    deal = agreed(market.setting, market.policy, offers, market.costs())
    market.state.price[offers.slots(market.setting)[0]] = np.nan
    order, _ = by_model(market.setting, offers)
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        found.append((*imagined_market(market, offers, deal, order), expected_margins(market)))
    (price, utility, margins), (plain_price, plain_utility, plain_margins) = found
    assert (deal.seller < 0).any() == ("mechanisms.self_hosting" not in changed)
    assert np.array_equal(price, plain_price)
    assert np.isneginf(plain_utility).any()
    assert utility == pytest.approx(plain_utility, rel=1e-13, abs=1e-13)
    assert margins == pytest.approx(plain_margins, rel=1e-12, nan_ok=True)
