"""A cloud: chooses which open models of other labs to serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from sim.choice.inclusive import buyers
from sim.choice.standing import by_model
from sim.economics.engines import chosen
from sim.world.offers import Offers, offered
from sim.world.setting import API, TIERS, Array, Flags, Ints
from sim.world.state import NEVER
from sim.world.tastes import worth
from sim.world.terms import Terms, agreed

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


def review(market: Market, margins: Array) -> None:
    """Clouds keep or take up the models that they expect to pay, and drop those that do not.

    A model that is served must earn anything at all, a new one what it costs to bring it up; a cloud without spare
    compute takes up none, and no cloud serves more than its catalogue holds.

    Parameters
    ----------
    margins
        Expected margin over the payback time on each lab's open models, USD, (clouds, labs, tiers); NaN: cannot
        be had.
    """
    setting, state, hosting = market.setting, market.state, market.scenario.hosting
    present, cost = state.hosted, hosting.bring_up_cost
    spare = (state.use[setting.cloud_firm] < FULL)[:, None, None]
    wanted = np.where(present, margins > 0.0, (margins > cost) & spare)
    crowded = np.flatnonzero(wanted.sum(axis=(1, 2)) > hosting.catalogue)
    if len(crowded):
        value = np.where(wanted, margins - np.where(present, 0.0, cost), -np.inf)[crowded]
        best = np.argsort(-value.reshape(len(crowded), -1), axis=1)[:, : hosting.catalogue]
        wanted[crowded] = False
        wanted.reshape(len(wanted), -1)[crowded[:, None], best] = True
    new = wanted & ~present
    state.hosted_since[new] = market.month
    state.hosted[:] = wanted
    np.add.at(market.bring_up, setting.cloud_firm, cost * new.sum(axis=(1, 2)))


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
    offers = offered(setting, state, can, np.full(can.shape, NEVER))
    deal = agreed(setting, market.policy, offers, market.costs())
    s, demand = market.scenario, market.scenario.demand
    order, nested = by_model(setting, offers)
    price, utility = imagined_market(market, offers, deal, order)
    months = s.hosting.payback
    reached = 1.0 - (1.0 - setting.cohorts.reconsider) ** (months / 2.0) if s.mechanisms.inertia else 1.0
    people = np.empty(len(offers))
    people[order] = buyers(utility, market.weights() * reached, nested)
    tokens = people * price**-demand.usage_elasticity
    margin = np.full((clouds, labs, TIERS), np.nan)
    hosted = (offers.channel != API) & (deal.seller >= 0)
    keeps = 1.0 + deal.own_margin - deal.royalty
    worth_ = ((keeps * price - deal.cost) * tokens * months)[hosted]
    margin[offers.channel[hosted] - 1, offers.lab[hosted], offers.tier[hosted]] = worth_
    return margin


def imagined_market(market: Market, offers: Offers, deal: Terms, order: Ints) -> tuple[Array, Array]:
    """What offers would cost, USD per Mtok, (offers,), and utility in `order`, (offers, cohorts).

    Labs' own services cost what they did, self-hosting what it costs; hosts take the mark-up of one that faces its
    own demand elasticity.
    """
    setting, demand = market.setting, market.scenario.demand
    eps = setting.cohorts.price_sensitivity
    elasticity = demand.usage_elasticity + eps.mean() / (
        (1.0 - demand.tier_nesting) * (1.0 - demand.host_nesting)
    )
    markup, keeps = elasticity / (elasticity - 1.0), 1.0 + deal.own_margin - deal.royalty
    last = market.state.price[offers.slots(setting)]
    years = setting.years[market.month] - setting.years[0]
    taste = market.tastes.about(offers, market.month).T
    if chosen(None) == "numba":
        from sim.agents.compiled import imagined  # numba takes a while to import
        from sim.economics.compiled.calls import kept

        tasks = setting.tasks
        level = tasks.difficulty + tasks.growth * years
        of_tasks = level, tasks.width, tasks.value, tasks.of
        of_offers = deal.seller, offers.channel, last, deal.cost, keeps
        return kept(imagined, *of_offers, markup, offers.capability, taste, *of_tasks, eps, deal.dear, order)
    own_service = np.isfinite(last) & (offers.channel == API)
    hosted = np.where(own_service, np.maximum(last, deal.cost), deal.cost / keeps * markup)
    price = np.where(deal.seller < 0, deal.cost, hosted)
    utility = worth(setting, offers.capability, years) + taste - np.log(price)[:, None] * eps
    utility[deal.at_home] -= eps * np.log(deal.dear)
    return price, utility[order]


def hostable(market: Market) -> Flags:
    """Open models that each cloud may host: not its own lab's, and licensed to it, (clouds, labs, tiers)."""
    setting, state = market.setting, market.state
    foreign = setting.own_cloud != np.arange(len(setting.clouds))[:, None]
    can: Flags = np.isfinite(state.open_capability) & foreign[:, :, None]
    if len(setting.clouds) and not market.scenario.mechanisms.royalties:
        above = setting.cloud_users[:, None] > market.policy.threshold
        can &= ~(above[:, :, None] & state.open_restricted)
    return can
