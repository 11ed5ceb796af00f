"""A month's moves: who stays, who looks again, who comes; and what is bought for how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.economics import bass_hazard
from sim.market import Market
from sim.market.sales import Sales
from sim.scenario import Resolved

Slot = tuple[int, int, int]


class Watched(Market):
    """Remembers what was sold."""

    sales: Sales

    def trade(self) -> Sales:
        self.sales = super().trade()
        return self.sales


def slots(sales: Sales) -> list[Slot]:
    """Lab, tier and channel of every offer."""
    columns = (sales.offers.lab, sales.offers.tier, sales.offers.channel)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def moved(
    before: dict[Slot, float],
    choice: dict[Slot, float],
    seller: dict[Slot, int],
    between: float,
    within: float,
) -> dict[Slot, float]:
    """Shares after a month, one group of customers at a time.

    Of those on an offer, `between` look at everything and `within` of the rest at what their vendor sells; the
    others stay. Those whose offer is gone look at everything; those who use nothing do so with `between`.
    """
    after = dict.fromkeys(choice, 0.0)
    free = between * (1.0 - sum(before.values()))
    for slot, share in before.items():
        if slot not in choice:
            free += share
            continue
        free += between * share
        same = {other: c for other, c in choice.items() if seller[other] == seller[slot]}
        total = sum(same.values())
        staying = (1.0 - between) * share
        after[slot] += staying * (1.0 - within)
        for other, c in same.items():
            after[other] += staying * within * (c / total if total > 0 else float(other == slot))
    return {slot: share + free * choice[slot] for slot, share in after.items()}


@pytest.mark.parametrize("rule", ["fixed", "lookahead"])
def test_customers_move_as_the_plain_rules_say(lively: Resolved, rule):
    leave = {"name": "x", "kind": "api_withdrawal", "date": "2023-08", "source": "s", "region": "east"}
    values: dict[str, Any] = {"choice.rule": rule, "events": [leave | {"labs": ["leader"]}]}
    market = Watched(lively.with_values(values).scenario, seed=2)
    c = market.setting.cohorts
    adopted, before = c.adopted.copy(), [dict[Slot, float]() for _ in range(len(c))]
    started = False
    while market.running:
        market.step()
        sales = market.sales
        if sales.equilibrium is None:
            continue
        names = slots(sales)
        hazard = bass_hazard(adopted, c.innovation, c.imitation, 1 / 12)
        new = (1.0 - adopted) * hazard / (adopted + (1.0 - adopted) * hazard)
        adopted = adopted + (1.0 - adopted) * hazard
        seller = dict(zip(names, sales.deal.seller.tolist(), strict=True))
        for k in range(len(c)):
            choice = dict(zip(names, sales.choice[k].tolist(), strict=True))
            choice = {slot: share for slot, share in choice.items() if share > 0.0}
            kept = moved(before[k], choice, seller, c.reconsider[k], c.upgrade[k]) if started else choice
            expected = {slot: (1.0 - new[k]) * kept[slot] + new[k] * choice[slot] for slot in choice}
            found = dict(zip(names, sales.shares[k].tolist(), strict=True))
            for slot, share in found.items():
                assert share == pytest.approx(expected.get(slot, 0.0), rel=1e-9, abs=1e-12)
            before[k] = {slot: share for slot, share in found.items() if share > 0.0}
        started = True
        np.testing.assert_allclose(market.state.adopted, adopted, rtol=1e-12)


class TestSpending:
    @pytest.fixture
    def market(self, lively: Resolved) -> Watched:
        values = {"choice.rule": "fixed", "mechanisms.serving_capacity": False}
        market = Watched(lively.with_values(values).scenario, seed=2)
        market.run()
        return market

    def test_of_an_adopter_is_its_budget_at_a_usage_elasticity_of_one(self, market: Watched):
        """Whatever the price: potential spending, grown since mid-2024, times adopters times share."""
        c, sales = market.setting.cohorts, market.sales
        budget = c.spending * c.growth ** ((11 - 18) / 12) * market.state.adopted
        np.testing.assert_allclose(sales.spending, budget[:, None] * sales.shares, rtol=1e-9)
        at_home = sales.deal.seller < 0
        paid = sales.spending / np.where(sales.tokens > 0, sales.tokens, 1.0)
        price = sales.prices * np.where(at_home, sales.deal.dearer, 1.0)
        bought = sales.tokens > 0
        np.testing.assert_allclose(paid[bought], np.broadcast_to(price, paid.shape)[bought], rtol=1e-9)

    @pytest.mark.parametrize("elasticity", [0.5, 1.3])
    def test_otherwise_use_falls_with_the_price_by_its_elasticity(self, lively: Resolved, elasticity):
        values = {"choice.rule": "fixed", "demand.usage_elasticity": elasticity}
        market = Watched(lively.with_values(values | {"mechanisms.serving_capacity": False}).scenario, seed=2)
        market.run()
        c, sales = market.setting.cohorts, market.sales
        weight = c.spending * c.growth ** ((11 - 18) / 12) * market.state.adopted
        price = sales.prices * sales.deal.dearer
        np.testing.assert_allclose(
            sales.tokens, weight[:, None] * sales.shares * price**-elasticity, rtol=1e-9
        )

    def test_a_firm_that_is_asked_for_too_much_serves_all_alike(self, lively: Resolved):
        """Use after rationing is the stock; every customer of the firm gets the same part of what it asked for."""
        few: dict[str, Any] = {"choice.rule": "fixed", "labs.leader.capex": 1e7, "clouds.bigcloud.capex": 1e6}
        few |= {"labs.leader.initial_compute": 2.0, "clouds.bigcloud.initial_compute": 0.0}
        market = Watched(lively.with_values(few).scenario, seed=2)
        rationed = 0
        while market.running:
            market.step()
            sales = market.sales
            if sales.equilibrium is None:
                continue
            part = sales.tokens.sum(axis=0) / np.where(sales.demanded > 0, sales.demanded, 1.0)
            mine = (sales.deal.seller == 0) & (sales.demanded > 0)
            np.testing.assert_allclose(part[mine], part[mine][0], rtol=1e-9)
            if part[mine][0] < 1.0 - 1e-6:
                rationed += 1
                assert sales.load[0] == pytest.approx(market.state.bandwidth[0], rel=1e-9)
            others = (sales.deal.seller < 0) & (sales.demanded > 0)
            np.testing.assert_allclose(part[others], 1.0, rtol=1e-9)
        assert rationed >= 2
