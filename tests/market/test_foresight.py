"""Labs that look ahead when they set prices invest in customers and harvest those they have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.economics.foresight import counted, retention
from sim.market import Market
from sim.market.foresight import felt, look_ahead
from sim.market.sales import Sales
from sim.scenario import Resolved
from sim.world.listing import Listing, listed
from sim.world.state import State


class Watched(Market):
    """Remembers what was sold."""

    sales: Sales

    def trade(self) -> Sales:
        self.sales = super().trade()
        return self.sales


def seen(market: Market) -> tuple[Listing, Listing]:
    """What is on offer, and how sellers see it."""
    s = market.setting
    found = listed(s, market.state, market.policy, market.tastes, market.costs(), market.month - 1)
    return found, felt(market, found)


def margins(market: Market) -> np.ndarray:
    """Gross margin by month and lab."""
    return np.asarray(market.record.labs["gross_margin"])


def test_without_inertia_nobody_is_to_be_won_or_harvested(run):
    off = {"mechanisms.inertia": False}
    blind, ahead = (run(off | {"demand.price_foresight": value}) for value in (0.0, 1.0))
    assert np.array_equal(margins(blind), margins(ahead), equal_nan=True)


def test_only_what_customers_cannot_find_elsewhere_is_priced_ahead(lively: Resolved):
    market = Market(lively.scenario, seed=1)
    for _ in range(6):
        market.step()
    plain, own = seen(market)
    ratio = own.deal.cost / plain.deal.cost
    bound = (plain.deal.seller == plain.offers.lab) & ~plain.offers.open_
    assert bound.any()
    assert not bound.all()
    assert np.array_equal(ratio[~bound], np.ones(int((~bound).sum())))
    assert ratio[bound] == pytest.approx(1.0 / market.state.counted[plain.offers.lab[bound]])
    assert (ratio[bound] != 1.0).all()


def test_a_single_seller_counts_as_the_formula_says(lively: Resolved):
    """Of the lab that sells closed models only, from its customers, one group at a time."""
    fixed = {"demand.price_foresight": 1.0, "mechanisms.serving_capacity": False, "mechanisms.entry": False}
    market = Watched(lively.with_values(fixed).scenario, seed=1)
    for _ in range(3):
        market.step()
    before: State = market.state
    last, had = before.counted.copy(), before.adopted.copy()
    market.step()
    sales, c, s = market.sales, market.setting.cohorts, market.scenario
    lab = market.setting.labs.index("modest")
    mine = np.flatnonzero((sales.offers.lab == lab) & (sales.deal.seller == lab) & ~sales.offers.open_)
    months = retention(c.reconsider, s.choice.discount)
    weights, usage = market.weights(), s.demand.usage_elasticity
    sold = won = ahead = earned = spent = 0.0
    for k in range(len(c)):
        new = 1.0 - had[k] / market.state.adopted[k]
        free = new + (1.0 - new) * c.reconsider[k]
        for j in mine:
            money = weights[k] * sales.prices[j] ** (1.0 - usage)
            sold += money * sales.shares[k, j]
            won += money * free * sales.choice[k, j]
            ahead += money * free * sales.choice[k, j] * months[k]
            earned += money * sales.choice[k, j] * (1.0 + sales.deal.own_margin[j] + sales.deal.lab_margin[j])
            spent += money * sales.choice[k, j] * sales.deal.cost[j] / last[lab] / sales.prices[j]
    elasticity = earned / (earned - spent)
    natural = won * min(last[lab], 1.0) ** (1.0 - elasticity)
    expected = counted(natural / (sold - won + natural), ahead / won, elasticity)
    assert market.state.counted[lab] == pytest.approx(float(expected))


def test_in_a_young_market_newcomers_sell_for_less(lively: Resolved):
    """Nobody is bound yet: all are to be won, by everybody."""
    young = {
        "segments.offices.adopted": 0.01, "segments.makers.adopted": 0.01, "segments.public.adopted": 0.01,
        "mechanisms.serving_capacity": False, "mechanisms.entry": False,
    }  # fmt: skip
    found = []
    for ahead in (0.0, 0.5):
        market = Market(lively.with_values(young | {"demand.price_foresight": ahead}).scenario, seed=1)
        for _ in range(5):
            market.step()
        found.append(margins(market)[3, market.setting.labs.index("modest")])
    assert found[1] < found[0] - 0.02


def test_at_next_to_no_mark_up_a_harvest_is_judged_by_everybody(lively: Resolved):
    market = Watched(lively.scenario, seed=1)
    for _ in range(3):
        market.step()
    sales, lab = market.sales, market.setting.labs.index("modest")
    market.state.counted[lab] = 0.5
    bare = replace(sales.deal, cost=sales.prices * (1.0 - 1e-6))
    nobody, none = np.zeros(len(market.setting.cohorts)), np.zeros(len(market.setting.firm_region))
    settled = sales.equilibrium
    assert settled is not None
    settled = settled._replace(shadow_prices=none[:0])
    look_ahead(market, Listing(sales.offers, bare, nobody), settled, market.weights(), sales.shares, nobody)
    assert np.isfinite(market.state.counted).all()
    assert market.state.counted[lab] == pytest.approx(1.0, abs=1e-3)
