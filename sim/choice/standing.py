"""The market as labs find it that decide this month: the same for all of them, looked at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.choice.inclusive import Nested
from sim.world.offers import Offers, current_offers
from sim.world.policy import Policy
from sim.world.setting import TIERS, Array, Ints, Setting
from sim.world.state import State
from sim.world.tastes import Tastes
from sim.world.terms import Costs, Terms, agreed


@dataclass(frozen=True, eq=False)
class Standing:
    """All offers of the day that some customer can have, at their prices, sorted by tier and model.

    Attributes
    ----------
    offers, deal
        The offers and their money terms.
    nested
        Hosts by model and models by tier.
    taste
        What customers think of offers but for capability and price, (offers, cohorts); where customers run a
        model themselves in a dear region, less what that costs them.
    bare
        The same less price, (offers, cohorts).
    tastes, costs
        What customers think of channels, and what compute costs, this month.
    """

    offers: Offers
    deal: Terms
    nested: Nested
    taste: Array
    bare: Array
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
        offers = current_offers(setting, state)
        taste = tastes.about(offers, month).T
        reachable = np.flatnonzero(taste.max(axis=1) > -np.inf)
        order, nested = by_model(setting, offers, reachable)
        offers, taste = offers.take(order), taste[order]
        deal = agreed(setting, policy, offers, costs)
        last = state.price[offers.slots(setting)]
        price = np.where(np.isfinite(last), last, 2.0 * deal.cost)
        sensitivity = setting.cohorts.price_sensitivity
        taste[deal.at_home] -= sensitivity * np.log(deal.dear)
        bare = taste - np.log(price)[:, None] * sensitivity
        return cls(offers, deal, nested, taste, bare, tastes, costs)


def by_model(setting: Setting, offers: Offers, rows: Ints | None = None) -> tuple[Ints, Nested]:
    """An order in which hosts of one model stand together, and models of one tier; and the nests in that order.

    Of all offers, or of those in `rows`.
    """
    of_lab = (offers.lab * 2 + offers.newest) * 2 + offers.open_
    model = offers.tier * (4 * len(setting.labs)) + of_lab
    order = np.argsort(model if rows is None else model[rows], kind="stable")
    order = order if rows is None else rows[order]
    model = model[order]
    first = np.ones(len(model), dtype=bool)
    np.not_equal(model[1:], model[:-1], out=first[1:])
    demand = setting.scenario.demand
    outer = 1.0 - demand.tier_nesting
    inner = outer * (1.0 - demand.host_nesting)
    return order, Nested(np.cumsum(first) - 1, offers.tier[order[first]], TIERS, TIERS, inner, outer)
