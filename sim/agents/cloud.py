"""A cloud: chooses which open models of other labs to serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from sim.choice.inclusive import buyers
from sim.choice.standing import nested
from sim.economics.engines import chosen
from sim.world.listing import Listing, listed
from sim.world.setting import API, Array, Flags, Setting
from sim.world.state import NEVER
from sim.world.tastes import worth

if TYPE_CHECKING:
    from sim.market import Market


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

    A model that is served must earn anything at all, a new one what it costs to bring it up, and no cloud serves more
    than its catalogue holds.

    Parameters
    ----------
    margins
        Expected margin over the payback time on each lab's open models, USD, (clouds, labs, tiers); NaN: cannot
        be had.
    """
    setting, state, hosting = market.setting, market.state, market.scenario.hosting
    present, cost = state.hosted, hosting.bring_up_cost
    if chosen(None) == "numba":
        _compiled_review(market, margins)
        return
    wanted = margins > np.where(present, 0.0, cost)
    crowded = np.flatnonzero(wanted.reshape(len(wanted), -1).sum(axis=1) > hosting.catalogue)
    if len(crowded):
        value = np.where(wanted, margins - np.where(present, 0.0, cost), -np.inf)[crowded]
        best = np.argsort(-value.reshape(len(crowded), -1), axis=1, kind="stable")[:, : hosting.catalogue]
        wanted[crowded] = False
        wanted.reshape(len(wanted), -1)[crowded[:, None], best] = True
    new = wanted & ~present
    state.hosted[:] = wanted
    if new.any():
        state.hosted_since[new] = market.month
        np.add.at(market.bring_up, setting.cloud_firm, cost * new.sum(axis=(1, 2)))


def _compiled_review(market: Market, margins: Array) -> None:
    """`review`."""
    from sim.agents.compiled import take_up  # numba takes a while to import
    from sim.economics.compiled.calls import kept

    state, hosting = market.state, market.scenario.hosting
    of_clouds = state.hosted, state.hosted_since, market.setting.cloud_firm
    limits = hosting.bring_up_cost, hosting.catalogue
    kept(take_up, margins, *of_clouds, market.bring_up, *limits, market.month)


def expected_margins(market: Market) -> Array:
    """What each cloud expects to earn on each open model over the payback time, USD, (clouds, labs, tiers).

    All clouds are imagined to host all models, at the mark-up of a host that faces its own demand elasticity:
    a cautious view, in which nobody hosts what is worth it for one host only.
    """
    setting, s = market.setting, market.scenario
    can = hostable(market)
    if not can.any():
        return np.full(can.shape, np.nan)
    never = setting.once("never hosted", lambda: np.full(can.shape, NEVER))
    in_force = market.policy, market.tastes, market.costs(), market.month
    listing = listed(setting, market.state, *in_force, (can, never), by_model=True)
    weights = market.weights()
    if s.mechanisms.inertia:  # those who choose anew in half of that time
        weights = weights * (1.0 - (1.0 - setting.cohorts.reconsider) ** (s.hosting.payback / 2.0))
    return monthly_margins(market, listing, weights) * s.hosting.payback


def monthly_margins(market: Market, listing: Listing, weights: Array) -> Array:
    """What clouds earn a month on the models that they host, USD, (clouds, labs, tiers); NaN: cannot be had.

    Labs' own services cost what they did, self-hosting what it costs; hosts take the mark-up of one that faces its
    own demand elasticity, on costs that count what their compute could earn otherwise: who has none to spare takes up
    what pays better than what it serves.

    Parameters
    ----------
    listing
        The market in which all clouds host all models, hosts of one model together.
    weights
        USD of each cohort's customers who choose, (cohorts,).
    """
    if chosen(None) == "numba":
        return _compiled_margins(market, listing, weights)
    setting, (offers, deal, taste) = market.setting, listing
    eps, keeps = setting.cohorts.price_sensitivity, 1.0 + deal.own_margin - deal.royalty
    last = market.state.price[offers.slots(setting)]
    own_service = np.isfinite(last) & (offers.channel == API)
    cost = deal.cost + deal.rent(market.state.scarcity)
    hosts = np.where(own_service, np.maximum(last, cost), cost / keeps * _markup(market))
    price = np.where(deal.seller < 0, cost, hosts)
    years = setting.years[market.month] - setting.years[0]
    utility = worth(setting, offers.capability, years) + taste - np.log(price)[:, None] * eps
    tokens = (
        buyers(utility, weights, nested(setting, offers)) * price**-market.scenario.demand.usage_elasticity
    )
    margin = np.full(market.state.hosted.shape, np.nan)
    hosted = (offers.channel != API) & (deal.seller >= 0)
    earned = ((keeps * price - cost) * tokens)[hosted]
    margin[offers.channel[hosted] - 1, offers.lab[hosted], offers.tier[hosted]] = earned
    return margin


def _markup(market: Market) -> float:
    """Price over cost of a host that faces its own demand elasticity."""
    demand = market.scenario.demand
    nesting = (1.0 - demand.tier_nesting) * (1.0 - demand.host_nesting)
    elasticity = demand.usage_elasticity + market.setting.cohorts.price_sensitivity.mean() / nesting
    return float(elasticity / (elasticity - 1.0))


def _compiled_margins(market: Market, listing: Listing, weights: Array) -> Array:
    """`monthly_margins`."""
    from sim.agents.compiled import Demand, Hosted, margins  # numba takes a while to import
    from sim.economics.compiled.calls import kept

    setting, demand, (offers, deal, taste) = market.setting, market.scenario.demand, listing
    tasks, outer = setting.tasks, 1.0 - demand.tier_nesting
    hosted = Hosted(
        offers.lab,
        offers.tier,
        offers.channel,
        offers.open_,
        offers.newest,
        offers.capability,
        deal.seller,
        deal.cost + deal.rent(market.state.scarcity),
        deal.royalty,
        deal.own_margin,
        market.state.price[offers.slots(setting)],
        taste,
    )
    customers = Demand(
        tasks.difficulty + tasks.growth * (setting.years[market.month] - setting.years[0]),
        tasks.width,
        tasks.value,
        tasks.of,
        setting.cohorts.price_sensitivity,
        weights,
        outer * (1.0 - demand.host_nesting),
        outer,
        demand.usage_elasticity,
    )
    markup = setting.once("mark-up of hosts", lambda: _markup(market))
    return np.asarray(kept(margins, tuple(hosted), tuple(customers), markup, *market.state.hosted.shape))


def hostable(market: Market) -> Flags:
    """Open models that each cloud may host: not its own lab's, and licensed to it, (clouds, labs, tiers)."""
    setting, state = market.setting, market.state
    foreign = setting.once("labs that do not own a cloud", lambda: _foreign(setting))
    can: Flags = np.isfinite(state.open_capability) & foreign
    if len(setting.clouds) and not market.scenario.mechanisms.royalties:
        above = setting.cloud_users[:, None] > market.policy.threshold
        can &= ~(above[:, :, None] & state.open_restricted)
    return can


def _foreign(setting: Setting) -> Flags:
    """Whether a lab is another than the owner of a cloud, (clouds, labs, 1)."""
    return np.asarray(setting.own_cloud != np.arange(len(setting.clouds))[:, None])[:, :, None]
