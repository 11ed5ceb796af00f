"""A cloud: chooses which open models of other labs to serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from sim.choice.inclusive import buyers
from sim.choice.standing import by_model
from sim.world.offers import Offers, current_offers, with_community
from sim.world.setting import TIERS, Array, Flags
from sim.world.state import NEVER
from sim.world.tastes import worth
from sim.world.terms import terms

if TYPE_CHECKING:
    from sim.market import Market

FULL = 0.98
"""Use of capacity beyond which a cloud brings up no further model."""


class Cloud(mesa.Agent):
    """A host of open models; the serving compute is its firm's."""

    model: Market

    def __init__(self, market: Market, name: str, index: int) -> None:
        super().__init__(market)
        self.name, self.index = name, index
        self.row = market.scenario.clouds[name]
        self.firm = int(market.setting.cloud_firm[index])

    def review(self, margin: Array) -> None:
        """Keep or take up the models whose expected margin pays for bringing them up; drop those that do not pay.

        Parameters
        ----------
        margin
            Expected margin over the payback time of each lab's open model, USD, (labs, tiers); NaN: cannot be had.
        """
        market = self.model
        state, hosting = market.state, market.scenario.hosting
        present = state.hosted[self.index].copy()
        worth = np.nan_to_num(margin, nan=-np.inf)
        spare = state.use[self.firm] < FULL
        cost = hosting.bring_up_cost
        wanted = np.where(present, worth > 0.0, (worth > cost) & spare)
        if wanted.sum() > hosting.catalogue:
            value = np.where(wanted, worth - np.where(present, 0.0, cost), -np.inf)
            rank = np.argsort(np.argsort(-value, axis=None))
            wanted &= rank.reshape(wanted.shape) < hosting.catalogue
        state.hosted_since[self.index][wanted & ~present] = market.month
        state.hosted[self.index] = wanted
        market.bring_up[self.firm] += cost * int((wanted & ~present).sum())


def expected_margins(market: Market) -> Array:
    """What each cloud expects to earn on each open model over the payback time, USD, (clouds, labs, tiers).

    All clouds are imagined to host all models, at the mark-up of a host that faces its own demand elasticity:
    a cautious view, in which nobody hosts what is worth it for one host only.
    """
    setting, state = market.setting, market.state
    clouds, labs = len(setting.clouds), len(setting.labs)
    can = hostable(market)
    if not can.any():
        return np.full((clouds, labs, TIERS), np.nan)
    now = current_offers(setting, state)
    kept = now.take((now.channel == 0) | (now.channel == setting.self_hosting))
    c, lab, tier = np.nonzero(can)
    imagined = Offers(
        lab=lab,
        tier=tier,
        channel=c + 1,
        capability=state.open_capability[lab, tier].copy(),
        bytes_=state.open_bytes[lab, tier].copy(),
        since=state.open_since[lab, tier],
        first=state.first_released[lab],
        hosted_since=np.full(len(lab), NEVER),
        open_=np.ones(len(lab), dtype=bool),
        newest=state.newest_is_open()[lab, tier],
        restricted=state.open_restricted[lab, tier],
    )
    offers = kept.joined(with_community(setting, state, imagined))
    deal = terms(setting, state, market.policy, offers, market.bandwidth_price)
    s, demand = market.scenario, market.scenario.demand
    eps = setting.cohorts.price_sensitivity
    inner = (1.0 - demand.tier_nesting) * (1.0 - demand.host_nesting)
    elasticity = demand.usage_elasticity + eps.mean() / inner
    last = state.price[offers.slots(setting)]
    markup = deal.cost / (1.0 + deal.own_margin - deal.royalty) * elasticity / (elasticity - 1.0)
    own_service = np.isfinite(last) & (offers.channel == 0)
    price = np.where(deal.seller < 0, deal.cost, np.where(own_service, np.maximum(last, deal.cost), markup))
    utility = worth(setting, offers.capability, setting.years[market.month] - setting.years[0])
    utility += market.tastes.about(offers, market.month).T
    utility -= np.log(price)[:, None] * eps
    utility[deal.at_home] -= eps * np.log(deal.dear)
    months = s.hosting.payback
    reached = 1.0 - (1.0 - setting.cohorts.reconsider) ** (months / 2.0) if s.mechanisms.inertia else 1.0
    order, nested = by_model(setting, offers)
    people = np.empty(len(offers))
    people[order] = buyers(utility[order], market.weights() * reached, nested)
    tokens = people * price**-demand.usage_elasticity
    margin = np.full((clouds, labs, TIERS), np.nan)
    hosted = slice(len(kept), None)
    keeps = 1.0 + deal.own_margin - deal.royalty
    margin[c, lab, tier] = ((keeps * price - deal.cost) * tokens * months)[hosted]
    return margin


def hostable(market: Market) -> Flags:
    """Open models that each cloud may host: not its own lab's, and licensed to it, (clouds, labs, tiers)."""
    setting, state = market.setting, market.state
    can = np.broadcast_to(
        np.isfinite(state.open_capability), (len(setting.clouds), len(setting.labs), TIERS)
    ).copy()
    for lab, cloud in enumerate(setting.own_cloud):
        if cloud >= 0:
            can[cloud, lab] = False
    if len(setting.clouds) and not market.scenario.mechanisms.royalties:
        above = setting.cloud_users[:, None] > market.policy.threshold
        can &= ~(above[:, :, None] & state.open_restricted)
    return can
