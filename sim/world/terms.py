"""The money of offers: who sells, at what cost, what is owed to whom, and the pricing game that follows."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sim.economics.engines import chosen
from sim.economics.prices import PriceProblem
from sim.technology.serving import bandwidth_rent, load_per_mtok
from sim.world.offers import Offers
from sim.world.policy import Policy
from sim.world.setting import API, Array, Flags, Ints, Setting
from sim.world.state import State


@dataclass(frozen=True, eq=False)
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
        Part of it that a firm pays in cash each month (power, operations, floor), USD per Mtok; for self-hosting
        the floor only.
    at_home
        Whether the customer runs the model itself.
    dear
        What that costs a cohort against the cheapest region, (cohorts,).
    royalty
        Rate that the seller pays to the lab.
    own_margin, lab_margin
        Complement margins on spending: of the seller on what it serves; of the lab on its models.
    """

    seller: Ints
    load: Array
    cost: Array
    running: Array
    at_home: Flags
    dear: Array
    royalty: Array
    own_margin: Array
    lab_margin: Array

    @property
    def dearer(self) -> Array:
        """What cohorts pay against the price, (cohorts, offers): 1 but for self-hosting."""
        return np.where(self.at_home, self.dear[:, None], 1.0)

    def rent(self, scarcity: Array) -> Array:
        """What the compute for a Mtok could earn otherwise, USD, (offers,), at shadow prices per TB/s, (firms,)."""
        return np.asarray(np.append(scarcity, 0.0)[self.seller] * self.load)  # customers' own has none

    def charge(self, values: Array, power: float) -> Array:
        """`values` by cohort and offer, (..., cohorts, offers), times `dearer` ** power; changed in place."""
        if power != 0.0:
            values[..., self.at_home] *= (self.dear**power)[:, None]
        return values

    def take(self, which: Ints | Flags) -> Terms:
        """Those of the offers in `which`."""
        return Terms(dear=self.dear, **{name: getattr(self, name)[which] for name in _BY_OFFER})

    def joined(self, *others: Terms) -> Terms:
        """These terms, then the others."""
        parts = (self, *others)
        return Terms(
            dear=self.dear,
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in _BY_OFFER},
        )


_BY_OFFER = tuple(field.name for field in fields(Terms) if field.name != "dear")


@dataclass(frozen=True, eq=False)
class Costs:
    """What serving compute costs in a month.

    Attributes
    ----------
    rent
        USD per TB/s and month by firm, (firms,).
    running
        Part of it that is paid in cash, (firms,).
    at_home
        Cheapest region's rent for customers who run a model themselves.
    dear
        Their own region's against it, (cohorts,).
    dearer
        Utils that this costs them, (cohorts,).
    """

    rent: Array
    running: Array
    at_home: float
    dear: Array
    dearer: Array

    @classmethod
    def of(cls, setting: Setting, state: State, policy: Policy, bandwidth_price: Array) -> Costs:
        """Costs at the book value of a firm's chips, or at the market's where it has none.

        Parameters
        ----------
        bandwidth_price
            USD of chips per TB/s at the best chip on sale, (regions,).
        """
        if chosen(None) == "numba":
            found = _compiled_costs(setting, state, policy, bandwidth_price)
            return cls(*found, dearer=setting.cohorts.price_sensitivity * np.log(found[-1]))
        tech = setting.scenario.technology
        running_cost = setting.region_values("running_cost") * (1.0 - policy.compute_subsidy)
        book = np.where(
            state.bandwidth > 0,
            state.bandwidth_value / np.maximum(state.bandwidth, 1e-300),
            bandwidth_price[setting.firm_region],
        )

        def rent(price: Array, power: Array) -> Array:
            return bandwidth_rent(
                price,
                system_cost=tech.system_cost,
                life=tech.chip_life,
                running_share=tech.running_share,
                running_cost=power,
            )

        power = running_cost[setting.firm_region]
        at_home = rent(bandwidth_price, running_cost) * tech.self_hosting_cost
        cheapest = float(at_home.min())
        paid = power * tech.running_share
        dear = (at_home / cheapest)[setting.cohorts.region]
        return cls(
            rent=rent(book, power),
            running=paid / (1.0 + paid),
            at_home=cheapest,
            dear=dear,
            dearer=setting.cohorts.price_sensitivity * np.log(dear),
        )


def _compiled_costs(
    setting: Setting, state: State, policy: Policy, bandwidth_price: Array
) -> tuple[Array, Array, float, Array]:
    """`Costs.of` but for the last of its columns."""
    from sim.economics.compiled.calls import kept  # numba takes a while to import
    from sim.world.compiled import costs

    tech, of_firms = setting.scenario.technology, (state.bandwidth, state.bandwidth_value)
    regions = setting.firm_region, setting.cohorts.region
    subsidised = bandwidth_price, setting.region_values("running_cost"), policy.compute_subsidy
    rates = tech.system_cost, tech.chip_life, tech.running_share, tech.self_hosting_cost
    return kept(costs, *of_firms, *regions, *subsidised, *map(float, rates))


def terms(setting: Setting, state: State, policy: Policy, offers: Offers, bandwidth_price: Array) -> Terms:
    """Costs, royalties and complements of offers; arguments as in `Costs.of`."""
    return agreed(setting, policy, offers, Costs.of(setting, state, policy, bandwidth_price))


def agreed(setting: Setting, policy: Policy, offers: Offers, costs: Costs) -> Terms:
    """Costs, royalties and complements of offers at the month's costs of compute."""
    tech = setting.scenario.technology
    load = load_per_mtok(offers.bytes_, tech.serving_utilisation)
    seller = offers.sellers(setting)
    at_home = seller < 0
    serving = load * np.where(at_home, costs.at_home, costs.rent[seller])
    return Terms(
        seller=seller,
        load=load,
        cost=serving + tech.cost_floor,
        running=serving * np.where(at_home, 0.0, costs.running[seller]) + tech.cost_floor,
        at_home=at_home,
        dear=costs.dear,
        royalty=_royalties(setting, policy, offers, seller),
        own_margin=np.where(at_home, 0.0, setting.own_complement[seller]),
        lab_margin=setting.lab_values("complement")[offers.lab],
    )


def _royalties(setting: Setting, policy: Policy, offers: Offers, seller: Ints) -> Array:
    """Rates that hosts owe under restricted licences, (offers,)."""
    if not (setting.scenario.mechanisms.royalties and len(setting.clouds)):
        return np.zeros(len(offers))
    hosted = (offers.channel > API) & (seller >= 0) & offers.restricted & (seller != offers.lab)
    users = setting.cloud_users[np.where(hosted, offers.channel - 1, 0)]
    paying = hosted & (users > policy.threshold[offers.lab])
    return np.where(paying, policy.royalty[offers.lab], 0.0)


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


def known_game(setting: Setting, offers: Offers, deal: Terms) -> PriceProblem:
    """`price_problem`, kept for the next time that the same offers are looked at."""
    shape = (offers.lab, offers.tier, offers.channel, offers.open_, offers.newest, _lab_claims(offers, deal))
    key = np.stack([np.asarray(part, dtype=np.int32) for part in shape]).tobytes()
    return setting.once(key, lambda: price_problem(setting, offers, deal))


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
    return np.asarray(np.maximum(bandwidth[..., np.array(labels)], 1e-9))
