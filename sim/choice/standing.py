"""The market as labs find it that decide this month: the same for all of them, looked at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.choice.inclusive import Nested
from sim.world.listing import listed
from sim.world.offers import Offers
from sim.world.policy import Policy
from sim.world.setting import TIERS, Array, Setting
from sim.world.state import State
from sim.world.tastes import Tastes
from sim.world.terms import Costs, Terms


@dataclass(frozen=True, eq=False)
class Standing:
    """All offers of the day that some customer can have, at their prices, sorted by tier and model.

    Attributes
    ----------
    offers, deal
        The offers and their money terms.
    taste
        What customers think of offers but for capability and price, (offers, cohorts); where customers run a
        model themselves in a dear region, less what that costs them.
    dearness
        Logarithm of prices, those of the day or twice the cost, (offers,).
    tastes, costs
        What customers think of channels, and what compute costs, this month.
    """

    setting: Setting
    offers: Offers
    deal: Terms
    taste: Array
    dearness: Array
    tastes: Tastes
    costs: Costs

    @classmethod
    def look(
        cls,
        setting: Setting,
        state: State,
        policy: Policy,
        month: int,
        bandwidth_price: Array,
        tastes: Tastes | None = None,
        costs: Costs | None = None,
    ) -> Standing:
        """The market before this month's models are out."""
        tastes = tastes or Tastes.of(setting, policy)
        costs = costs or Costs.of(setting, state, policy, bandwidth_price)
        offers, deal, taste = listed(setting, state, policy, tastes, costs, month, by_model=True)
        last = state.price[offers.slots(setting)]
        price = np.where(np.isfinite(last), last, 2.0 * deal.cost)
        return cls(setting, offers, deal, taste, np.log(price), tastes, costs)

    @cached_property
    def nested(self) -> Nested:
        """Hosts by model and models by tier."""
        return nested(self.setting, self.offers)

    @cached_property
    def bare(self) -> Array:
        """Tastes less price, (offers, cohorts)."""
        return self.taste - self.dearness[:, None] * self.setting.cohorts.price_sensitivity


def nested(setting: Setting, offers: Offers) -> Nested:
    """The nests of offers of which hosts of one model stand together, and models of one tier."""
    model = offers.models(setting)
    first = np.ones(len(model), dtype=bool)
    np.not_equal(model[1:], model[:-1], out=first[1:])
    demand = setting.scenario.demand
    outer = 1.0 - demand.tier_nesting
    inner = outer * (1.0 - demand.host_nesting)
    return Nested(np.cumsum(first) - 1, offers.tier[first], TIERS, TIERS, inner, outer)
