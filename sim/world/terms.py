"""The money of offers: who sells, at what cost, what is owed to whom, and the pricing game that follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.economics.prices import PriceProblem
from sim.technology.serving import bandwidth_rent, load_per_mtok
from sim.world.offers import Offers
from sim.world.policy import Policy
from sim.world.setting import API, Array, Flags, Ints, Setting
from sim.world.state import State


@dataclass(frozen=True)
class Terms:
    """Money terms of offers: (offers,) unless said otherwise.

    Attributes
    ----------
    seller
        Firm; -1: the customer.
    load
        TB/s kept busy by a Mtok a month.
    cost
        USD per Mtok; for self-hosting that of the cheapest region.
    running
        Part of it that is paid in cash each month (power, operations, floor), USD per Mtok.
    dearer
        Cost of self-hosting by cohort against the cheapest region, (cohorts, offers); 1 elsewhere.
    royalty
        Rate that the seller pays to the lab.
    own_margin, lab_margin
        Complement margins on spending: of the seller on what it serves; of the lab on its models.
    """

    seller: Ints
    load: Array
    cost: Array
    running: Array
    dearer: Array
    royalty: Array
    own_margin: Array
    lab_margin: Array

    def joined(self, other: Terms) -> Terms:
        """These terms, then the others."""
        return Terms(
            **{
                name: np.concatenate([getattr(self, name), getattr(other, name)], axis=-1)
                for name in self.__dataclass_fields__
            }
        )


def terms(setting: Setting, state: State, policy: Policy, offers: Offers, bandwidth_price: Array) -> Terms:
    """Costs, royalties and complements of offers.

    Parameters
    ----------
    bandwidth_price
        USD of chips per TB/s at the best chip on sale, (regions,).
    """
    s, tech = setting.scenario, setting.scenario.technology
    running_cost = np.array([row.running_cost for row in s.regions.values()]) * (1.0 - policy.compute_subsidy)
    book = np.where(
        state.bandwidth > 0,
        state.bandwidth_value / np.maximum(state.bandwidth, 1e-300),
        bandwidth_price[setting.firm_region],
    )
    rent = bandwidth_rent(
        book,
        system_cost=tech.system_cost,
        life=tech.chip_life,
        running_share=tech.running_share,
        running_cost=running_cost[setting.firm_region],
    )
    at_home = (
        bandwidth_rent(
            bandwidth_price,
            system_cost=tech.system_cost,
            life=tech.chip_life,
            running_share=tech.running_share,
            running_cost=running_cost,
        )
        * tech.self_hosting_cost
    )
    seller = offers.sellers(setting)
    self_hosted = seller < 0
    load = load_per_mtok(offers.bytes_, tech.serving_utilisation)
    cheapest = float(at_home.min())
    per_load = np.where(self_hosted, cheapest, rent[seller])
    region_run = running_cost[setting.firm_region][seller] * tech.running_share
    running = load * per_load * region_run / (1.0 + region_run) + tech.cost_floor
    dearer = np.where(self_hosted, (at_home / cheapest)[setting.cohorts.region][:, None], 1.0)

    paying = np.zeros(len(offers), dtype=bool)
    if s.mechanisms.royalties and len(setting.clouds):
        hosted = (offers.channel > API) & ~self_hosted & offers.restricted
        users = cloud_users(setting)[np.where(hosted, offers.channel - 1, 0)]
        paying = hosted & (users > policy.threshold[offers.lab]) & (seller != offers.lab)
    own = np.concatenate(
        [setting.lab_values("own_complement"), np.zeros(len(setting.firm_region) - len(setting.labs))]
    )
    return Terms(
        seller=seller,
        load=load,
        cost=load * per_load + tech.cost_floor,
        running=running,
        dearer=dearer,
        royalty=np.where(paying, policy.royalty[offers.lab], 0.0),
        own_margin=np.where(self_hosted, 0.0, own[seller]),
        lab_margin=setting.lab_values("complement")[offers.lab],
    )


def cloud_users(setting: Setting) -> Array:
    """Users of each cloud's firm, million a month, (clouds,): its own, or its owner's if more."""
    rows = setting.scenario.clouds.values()
    labs = setting.scenario.labs
    return np.array([max(c.users, labs[c.owner].users if c.owner else 0.0) for c in rows])


def price_problem(setting: Setting, offers: Offers, deal: Terms) -> PriceProblem:
    """The game that sellers play: nests by tier and by model, pools by firm, the lab's claims on its open models."""
    model = offers.lab * 4 + offers.tier * 2 + (offers.open_ & True)
    model = np.where(offers.open_ & ~offers.newest, model + 4 * len(setting.labs), model)
    self_hosted = deal.seller < 0  # by customers, each offer as if it had a seller of its own
    owner = np.where(self_hosted, len(setting.firm_region) + np.arange(len(offers)), deal.seller)
    lab = np.where(_lab_claims(offers, deal), offers.lab, -1)
    demand = setting.scenario.demand
    return PriceProblem.build(
        len(offers),
        price_sensitivity=setting.cohorts.price_sensitivity,
        nests=(offers.tier, model),
        nesting=(demand.tier_nesting, demand.host_nesting),
        owner=owner,
        usage_elasticity=demand.usage_elasticity,
        at_cost=self_hosted,
        pool=deal.seller if setting.scenario.mechanisms.serving_capacity else None,
        royalty_to=lab,
        complement_to=lab,
    )


def _lab_claims(offers: Offers, deal: Terms) -> Flags:
    """Offers sold by others on which the lab earns: royalties, or its complement margin."""
    return np.asarray((deal.seller != offers.lab) & ((deal.royalty > 0) | (deal.lab_margin > 0)))


def claims(offers: Offers, deal: Terms, royalty: Array) -> tuple[Array, Array]:
    """Royalties and complements in the form of the pricing game, both (..., offers).

    The game knows one receiver of each. Where a lab earns r + l on an offer whose seller keeps 1 - r + m, the
    lab is the receiver of both: royalty r - m, complement l + m.
    """
    mine = deal.seller == offers.lab
    shared = _lab_claims(offers, deal)
    complement = deal.own_margin + np.where(mine | shared, deal.lab_margin, 0.0)
    return np.where(shared, royalty - deal.own_margin, 0.0), np.broadcast_to(complement, royalty.shape)


def first_prices(deal: Terms, last: Array) -> Array:
    """Where the search for an equilibrium starts: last month's prices, or twice the cost where those tell little."""
    known = np.isfinite(last) & (last > deal.cost) & (last < 10.0 * deal.cost) & (deal.seller >= 0)
    return np.where(known, last, 2.0 * deal.cost)


def pool_capacity(problem: PriceProblem, bandwidth: Array) -> Array | None:
    """Serving compute of the firms that sell, in the order of the game's pools; None: not limited."""
    labels = problem.game.pools.labels
    if not labels:
        return None
    firms = np.array([int(str(label)) for label in labels], dtype=np.int64)
    return np.asarray(np.maximum(bandwidth[..., firms], 1e-9))
