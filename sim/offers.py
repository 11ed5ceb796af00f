"""The offers of a month: which models can be had from whom, at what cost, and what customers think of them.

An offer is a model of a lab and tier through a channel: the lab's own service, a cloud, or self-hosting. The
same functions serve the market of the month and the markets that a lab imagines before a release.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.prices import PriceProblem
from sim.policy import Policy
from sim.setting import API, FLAGSHIP, SMALL, TIERS, Array, Flags, Ints, Setting
from sim.state import NEVER, State
from sim.technology.capability import saturating
from sim.technology.serving import bandwidth_rent, load_per_mtok

HONEYMOON = 6
"""Months in which the first host of a model is still known as the first."""


@dataclass(frozen=True, eq=False)
class Offers:
    """Offers as parallel arrays, (offers,)."""

    lab: Ints
    tier: Ints
    channel: Ints
    capability: Array
    bytes_: Array
    since: Ints
    """Month index of the model's release."""
    hosted_since: Ints
    """Month index since when a cloud hosts it; NEVER elsewhere."""
    open_: Flags
    """Whether the model's weights are open."""
    newest: Flags
    """Whether it is the lab's newest family rather than older open weights."""
    restricted: Flags

    def __len__(self) -> int:
        return len(self.lab)

    def slots(self, setting: Setting) -> Ints:
        """Position of each offer among all slots, by which customers and last prices are remembered."""
        return np.asarray((self.lab * TIERS + self.tier) * setting.channels + self.channel)

    def take(self, which: Ints | Flags) -> Offers:
        """The offers in `which`."""
        return Offers(**{name: getattr(self, name)[which] for name in self.__dataclass_fields__})

    def joined(self, other: Offers) -> Offers:
        """These offers, then the others."""
        return Offers(**{
            name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__dataclass_fields__
        })

    def sellers(self, setting: Setting) -> Ints:
        """Firm that serves each offer; -1 where the customer does."""
        seller = self.lab.copy()
        cloud = (self.channel > API) & (self.channel < setting.self_hosting)
        seller[cloud] = setting.cloud_firm[self.channel[cloud] - 1]
        seller[self.channel == setting.self_hosting] = -1
        return seller


def current_offers(setting: Setting, state: State) -> Offers:
    """What is on offer now, before availability by region."""
    clouds = len(setting.clouds)
    newest_open = state.newest_is_open()
    serves = state.bandwidth > 0
    has_api = (state.active & (state.released > NEVER) & serves[: len(state.active)])[:, None]
    has_api = has_api & np.isfinite(state.capability)
    has_weights = np.isfinite(state.open_capability)
    lab, tier = np.nonzero(has_api)
    api = Offers(
        lab=lab, tier=tier, channel=np.full(len(lab), API), capability=state.capability[lab, tier].copy(),
        bytes_=state.bytes_[lab, tier].copy(), since=state.released[lab], hosted_since=np.full(len(lab), NEVER),
        open_=newest_open[lab, tier], newest=np.ones(len(lab), dtype=bool), restricted=state.open_restricted[lab, tier],
    )
    hosted = np.moveaxis(state.hosted & serves[setting.cloud_firm][:, None, None], 0, -1) & has_weights[..., None]
    rows = np.concatenate([hosted, considered(setting, state)[..., None]], axis=-1)
    lab, tier, column = np.nonzero(rows)
    cloud = np.minimum(column, clouds - 1)
    since = state.hosted_since[cloud, lab, tier] if clouds else np.full(len(lab), NEVER)
    weights = Offers(
        lab=lab, tier=tier, channel=column + 1, capability=state.open_capability[lab, tier].copy(),
        bytes_=state.open_bytes[lab, tier].copy(), since=state.open_since[lab, tier],
        hosted_since=np.where(column < clouds, since, NEVER), open_=np.ones(len(lab), dtype=bool),
        newest=newest_open[lab, tier], restricted=state.open_restricted[lab, tier],
    )
    return with_community(setting, state, api.joined(weights))


def considered(setting: Setting, state: State) -> Flags:
    """Open models that customers think of running themselves: the most capable of each tier, (labs, tiers)."""
    best = np.zeros(state.open_capability.shape, dtype=bool)
    if setting.scenario.mechanisms.self_hosting:
        for tier in range(TIERS):
            order = np.argsort(-state.open_capability[:, tier], kind="stable")
            best[order[: setting.scenario.demand.considered], tier] = True
    return best & np.isfinite(state.open_capability)


def with_community(setting: Setting, state: State, offers: Offers) -> Offers:
    """Add what use gives back to open models: some capability, cheaper serving."""
    if not setting.scenario.mechanisms.community:
        return offers
    p = setting.scenario.community
    gain = np.where(offers.open_, saturating(state.community, p.half_use)[offers.lab], 0.0)
    return replace(
        offers, capability=offers.capability + p.improvement * gain,
        bytes_=offers.bytes_ * (1.0 - p.cheaper_serving * gain),
    )


def taste(setting: Setting, policy: Policy, offers: Offers, month: int) -> Array:
    """Everything that customers value but capability and price: xi, (cohorts, offers); -inf: not available."""
    s, cohorts = setting.scenario, setting.cohorts
    r, seg = cohorts.region[:, None], cohorts.segment[:, None]
    self_hosted = offers.channel == setting.self_hosting
    cloud = np.where((offers.channel > API) & ~self_hosted, offers.channel - 1, -1)
    origin = setting.lab_region[offers.lab]
    server = np.where(cloud >= 0, setting.cloud_region[cloud] if len(setting.clouds) else 0, origin)

    brand = setting.lab_values("brand")[offers.lab]
    reach = np.array([c.reach for c in s.clouds.values()] or [0.0])
    xi = np.broadcast_to(brand + np.where(cloud >= 0, reach[cloud], 0.0), (len(cohorts), len(offers))).copy()
    if s.mechanisms.trust:
        distrust = _distrust(setting)
        of_server = np.where(self_hosted, 0.0, distrust[r, server])
        of_origin = s.demand.weights_distrust * distrust[r, origin]
        xi -= cohorts.trust[:, None] * np.maximum(of_server, of_origin)
    service = np.where(offers.channel == API, 1.0, np.where(self_hosted, 0.0, s.demand.host_support))
    xi += cohorts.support[:, None] * service + cohorts.customisation[:, None] * offers.open_
    xi += cohorts.sovereignty[:, None] * self_hosted
    xi += _promotions(setting, offers, cloud, month)
    foreign = origin != r
    xi -= np.where(foreign, policy.foreign_burden[r, seg], policy.home_burden[r, seg])

    withdrawn = policy.withdrawn[offers.lab[None, :], r] & (offers.channel == API)
    serves = np.array([
        [not c.serves or name in c.serves for name in setting.regions] for c in s.clouds.values()
    ] or [[True] * len(setting.regions)])
    unserved = np.where(cloud >= 0, ~serves[np.maximum(cloud, 0)].T[cohorts.region], False)
    early = month - offers.since < policy.delay[r, seg]
    closed_only = cohorts.closed_only[:, None] & (offers.channel != API)
    xi[withdrawn | unserved | early | closed_only] = -np.inf
    return _banned(setting, policy, offers, xi)


def _distrust(setting: Setting) -> Array:
    """Utils lost by region of the customer and of the vendor."""
    rows = setting.scenario.regions.values()
    return np.array([[row.distrust.get(other, 0.0) for other in setting.regions] for row in rows])


def _promotions(setting: Setting, offers: Offers, cloud: Ints, month: int) -> Array:
    """Free trials of new hosts and the renown of the first host, (offers,)."""
    s = setting.scenario
    age = month - offers.hosted_since
    hosted = cloud >= 0
    bonus = np.zeros(len(offers))
    if s.mechanisms.trials:
        bonus += np.where(hosted & (age < s.hosting.trial_months), s.hosting.trial_value, 0.0)
    young = hosted & (offers.hosted_since - offers.since <= 1) & (month - offers.since < HONEYMOON)
    if young.any():
        first = {}
        for j in np.flatnonzero(young):
            key = (offers.lab[j], offers.tier[j])
            first[key] = min(first.get(key, offers.hosted_since[j]), offers.hosted_since[j])
        for j in np.flatnonzero(young):
            if offers.hosted_since[j] == first[offers.lab[j], offers.tier[j]]:
                bonus[j] += s.hosting.first_mover
    return bonus


def _banned(setting: Setting, policy: Policy, offers: Offers, xi: Array) -> Array:
    """Vendor bans. One that reaches a part c of a segment scales the odds of its offers by 1 - c."""
    cohorts = setting.cohorts
    for ban in policy.bans:
        vendors = np.zeros(len(setting.labs), dtype=bool)
        vendors[[setting.labs.index(name) for name in ban.labs]] = True
        if ban.origin is not None:
            vendors |= setting.lab_region == setting.regions.index(ban.origin)
        bound = (cohorts.region == setting.regions.index(ban.region)) & np.isin(
            cohorts.segment, [setting.segments.index(name) for name in ban.segments]
        )
        hit = vendors[offers.lab] & ((offers.channel == API) | ban.weights_too)
        with np.errstate(divide="ignore"):
            xi[np.ix_(bound, hit)] += np.log1p(-ban.coverage)
    return xi


def quality(setting: Setting, xi: Array, capability: Array, years: ArrayLike) -> Array:
    """Utility before price: beta * ability(capability) + xi.

    Parameters
    ----------
    xi
        (cohorts, offers).
    capability
        ECI points, (..., offers).
    years
        Since the scenario's start, (...): difficulty has moved up with them.

    Returns
    -------
    Array of shape (..., cohorts, offers).
    """
    cohorts = setting.cohorts
    level = (cohorts.difficulty + cohorts.difficulty_growth * np.asarray(years)[..., None])[..., None]
    z = (capability[..., None, :] - level) / cohorts.difficulty_width[:, None]
    with np.errstate(over="ignore"):
        ability = 1.0 / (1.0 + np.exp(-z))
    return np.asarray(cohorts.capability_value[:, None] * ability + xi)


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
        return Terms(**{
            name: np.concatenate([getattr(self, name), getattr(other, name)], axis=-1)
            for name in self.__dataclass_fields__
        })


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
        state.bandwidth > 0, state.bandwidth_value / np.maximum(state.bandwidth, 1e-300),
        bandwidth_price[setting.firm_region],
    )
    rent = bandwidth_rent(
        book, system_cost=tech.system_cost, life=tech.chip_life, running_share=tech.running_share,
        running_cost=running_cost[setting.firm_region],
    )
    at_home = bandwidth_rent(
        bandwidth_price, system_cost=tech.system_cost, life=tech.chip_life, running_share=tech.running_share,
        running_cost=running_cost,
    ) * tech.self_hosting_cost
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
    own = np.concatenate([setting.lab_values("own_complement"), np.zeros(len(setting.firm_region) - len(setting.labs))])
    return Terms(
        seller=seller, load=load, cost=load * per_load + tech.cost_floor, running=running, dearer=dearer,
        royalty=np.where(paying, policy.royalty[offers.lab], 0.0),
        own_margin=np.where(self_hosted, 0.0, own[seller]), lab_margin=setting.lab_values("complement")[offers.lab],
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
    self_hosted = deal.seller < 0
    sellers = [int(f) if f >= 0 else f"self{j}" for j, f in enumerate(deal.seller)]
    pools = None
    if setting.scenario.mechanisms.serving_capacity:
        pools = ["" if f < 0 else f"{int(f):06d}" for f in deal.seller]
    owners = [f"{f:06d}" if isinstance(f, int) else f for f in sellers]
    lab = [f"{int(f):06d}" if claim else "" for f, claim in zip(offers.lab, _lab_claims(offers, deal), strict=True)]
    demand = setting.scenario.demand
    return PriceProblem.build(
        len(offers), price_sensitivity=setting.cohorts.price_sensitivity,
        nests=(offers.tier.tolist(), model.tolist()), nesting=(demand.tier_nesting, demand.host_nesting),
        owner=owners, usage_elasticity=demand.usage_elasticity, at_cost=self_hosted, pool=pools,
        royalty_to=lab, complement_to=lab,
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


def first_prices(offers: Offers, deal: Terms, last: Array) -> Array:
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


__all__ = [
    "API", "FLAGSHIP", "SMALL", "Offers", "Terms", "claims", "cloud_users", "current_offers",
    "first_prices", "pool_capacity",
    "price_problem", "quality", "taste", "terms", "with_community",
]
