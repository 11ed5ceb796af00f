"""All that can be had in a month: what is on offer, its money terms, and what customers think of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.economics.engines import chosen
from sim.technology.units import SECONDS_PER_MONTH, TERA
from sim.world.offers import Offers, current_offers, offered
from sim.world.policy import Policy
from sim.world.setting import Array, Flags, Ints, Setting
from sim.world.state import NEVER, OPEN_FLAGSHIP, State
from sim.world.tastes import HONEYMOON, Tastes
from sim.world.terms import Costs, Terms, agreed

if TYPE_CHECKING:
    from sim.world.compiled import Rules


class Listing(NamedTuple):
    """Offers that some customer can have.

    Attributes
    ----------
    offers, deal
        The offers and their money terms.
    taste
        What customers think of them but for capability and price, (offers, cohorts); where they run a model
        themselves in a dear region, less what that costs them.
    """

    offers: Offers
    deal: Terms
    taste: Array


def listed(
    setting: Setting,
    state: State,
    policy: Policy,
    tastes: Tastes,
    costs: Costs,
    month: int,
    hosting: tuple[Flags, Ints] | None = None,
    *,
    by_model: bool = False,
) -> Listing:
    """What can be had.

    Parameters
    ----------
    hosting
        Which open models each cloud serves, and since when, (clouds, labs, tiers); by default as it is.
    by_model
        Whether hosts of one model stand together, and models of a tier; else a lab's offers do.
    """
    if chosen(None) == "numba":
        return _compiled(setting, state, policy, tastes, costs, month, hosting, by_model)
    offers = current_offers(setting, state) if hosting is None else offered(setting, state, *hosting)
    taste = tastes.about(offers, month).T
    rows = np.flatnonzero(taste.max(axis=1) > -np.inf)
    if by_model:
        rows = rows[np.argsort(offers.models(setting)[rows], kind="stable")]
    offers, taste = offers.take(rows), taste[rows]
    deal = agreed(setting, policy, offers, costs)
    taste[deal.at_home] -= costs.dearer
    return Listing(offers, deal, taste)


def _compiled(
    setting: Setting,
    state: State,
    policy: Policy,
    tastes: Tastes,
    costs: Costs,
    month: int,
    hosting: tuple[Flags, Ints] | None,
    by_model: bool,
) -> Listing:
    """`listed`."""
    from sim.economics.compiled.calls import kept  # numba takes a while to import
    from sim.world.compiled import Known, Today, list_offers

    known = Known(
        state.active,
        state.mode,
        state.released,
        state.first_released,
        state.capability,
        state.bytes_,
        state.open_capability,
        state.open_bytes,
        state.open_since,
        state.open_restricted,
        state.community,
        state.bandwidth,
        *(hosting or (state.hosted, state.hosted_since)),
    )
    today = Today(
        month,
        tastes.standing,
        tastes.delay,
        policy.threshold,
        policy.royalty,
        costs.rent,
        costs.running,
        costs.at_home,
        costs.dearer,
    )
    rules = setting.once("rules of listing", lambda: tuple(_rules(setting)))
    told = tuple(known), rules, tuple(today), hosting is not None, by_model
    whole, real, flags, taste = kept(list_offers, *told)
    lab, tier, channel, since, first, hosted_since, seller = whole
    capability, bytes_, load, cost, running, royalty, own_margin, lab_margin = real
    open_, newest, restricted, at_home = flags
    return Listing(
        Offers(lab, tier, channel, capability, bytes_, since, first, hosted_since, open_, newest, restricted),
        Terms(seller, load, cost, running, at_home, costs.dear, royalty, own_margin, lab_margin),
        taste,
    )


def _rules(setting: Setting) -> Rules:
    """What compiled code has to know of a scenario."""
    from sim.world.compiled import Rules

    s = setting.scenario
    m, community, hosting, demand, tech = s.mechanisms, s.community, s.hosting, s.demand, s.technology
    return Rules(
        considered=demand.considered if m.self_hosting else 0,
        improvement=community.improvement * m.community,
        cheaper=community.cheaper_serving * m.community,
        half_use=community.half_use,
        friction=demand.licence_friction,
        trial_months=float(hosting.trial_months),
        trial=hosting.trial_value * m.trials,
        first_mover=float(hosting.first_mover),
        honeymoon=HONEYMOON,
        moved=SECONDS_PER_MONTH * tech.serving_utilisation * TERA,
        floor=tech.cost_floor,
        royalties=m.royalties,
        customisation=setting.cohorts.customisation,
        firm_of_channel=setting.firm_of_channel,
        cloud_users=setting.cloud_users,
        own_complement=setting.own_complement,
        complement=np.array(setting.lab_values("complement")),
        cloud_firm=setting.cloud_firm,
        open_flagship=OPEN_FLAGSHIP,
        never=NEVER,
    )
