"""The market as labs find it that decide this month: the same for all of them, looked at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.world.offers import Offers, current_offers
from sim.world.policy import Policy
from sim.world.setting import Array, Ints, Setting
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
    nest
        A number for each tier and model, which its hosts share, ascending from 0, (offers,).
    tier_of_nest
        (nests,)
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
    nest: Ints
    tier_of_nest: Ints
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
    ) -> Standing:
        """The market before this month's models are out."""
        tastes = tastes or Tastes.of(setting, policy)
        costs = Costs.of(setting, state, policy, bandwidth_price)
        offers = current_offers(setting, state)
        taste = tastes.about(offers, month).T
        model = _model(setting, offers)
        order = np.argsort(model, kind="stable")
        order = order[taste[order].max(axis=1) > -np.inf]
        offers, taste = offers.take(order), taste[order]
        first = np.diff(model[order], prepend=-1) != 0
        deal = agreed(setting, policy, offers, costs)
        last = state.price[offers.slots(setting)]
        price = np.where(np.isfinite(last), last, 2.0 * deal.cost)
        sensitivity = setting.cohorts.price_sensitivity
        taste[deal.at_home] -= sensitivity * np.log(deal.dear)
        bare = taste - np.log(price)[:, None] * sensitivity
        return cls(
            offers, deal, np.cumsum(first) - 1, offers.tier[first], taste, bare, tastes, costs
        )


def _model(setting: Setting, offers: Offers) -> Ints:
    """A number for each tier and model on offer: hosts of one model share it."""
    of_lab = (offers.lab * 2 + offers.newest) * 2 + offers.open_
    return np.asarray(offers.tier * (4 * len(setting.labs)) + of_lab)
