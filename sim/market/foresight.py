"""How far labs look ahead when they set prices: to customers who stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim.economics.foresight import counted, retention
from sim.market.sales import Settled, rows
from sim.world.listing import Listing
from sim.world.setting import Array

if TYPE_CHECKING:
    from sim.market import Market


LEAST = 1e-6
"""By which demand's elasticity is above 1 at least."""


def felt(market: Market, listing: Listing) -> Listing:
    """Offers as their sellers see them when they set prices: costs over what they count of a dollar of sales."""
    if not _looks_ahead(market):
        return listing
    offers, deal, _ = listing
    cost = deal.cost / np.where(_binding(listing), market.state.counted[offers.lab], 1.0)
    return listing._replace(deal=replace(deal, cost=cost))


def look_ahead(
    market: Market, listing: Listing, settled: Settled, weights: Array, shares: Array, new: Array
) -> None:
    """Each lab reads off the month what it counts of a dollar of sales next month.

    Parameters
    ----------
    listing
        As `felt`.
    weights, shares, new
        USD by cohort, (cohorts,); shares after the month's moves, (cohorts, offers); part of each cohort that is new.
    """
    if not _looks_ahead(market):
        return
    offers, deal, _ = listing
    setting, s = market.setting, market.scenario
    cohorts, labs = setting.cohorts, len(setting.labs)
    months = setting.once("retention", lambda: retention(cohorts.reconsider, s.choice.discount))
    choosers = weights * (new + (1.0 - new) * cohorts.reconsider)
    worth = settled.prices ** (1.0 - s.demand.usage_elasticity)
    all_anew, chosen, ahead = np.stack([weights, choosers, choosers * months]) @ settled.shares * worth
    outlay = (deal.cost + deal.rent(market.state.scarcity)) / settled.prices * all_anew
    revenue = (1.0 - deal.royalty + deal.own_margin + deal.lab_margin) * all_anew
    lab = np.where(_binding(listing), offers.lab, labs)
    by_offer = np.array([weights @ shares * worth, chosen, ahead, revenue, outlay])
    sales, chosen, ahead, revenue, outlay = rows(lab, by_offer, labs + 1)[:, :labs]
    known = (chosen > 0.0) & (outlay > 0.0) & (revenue > outlay)
    sales, chosen, ahead, revenue, outlay = (each[known] for each in (sales, chosen, ahead, revenue, outlay))
    elasticity = np.maximum(revenue / (revenue - outlay), 1.0 + LEAST)
    # Who harvests judges by those who would choose it at its price of free choice, or would harvest ever more.
    with np.errstate(over="ignore", invalid="ignore"):  # all of them, at a mark-up of next to nothing
        natural = chosen * np.minimum(market.state.counted[known], 1.0) ** (1.0 - elasticity)
        part = np.where(np.isinf(natural), 1.0, natural / (np.maximum(sales - chosen, 0.0) + natural))
    full = counted(part, ahead / chosen, elasticity)
    market.state.counted[:] = 1.0
    market.state.counted[known] = full**s.demand.price_foresight


def _looks_ahead(market: Market) -> bool:
    return market.scenario.demand.price_foresight > 0.0 and market.scenario.mechanisms.inertia


def _binding(listing: Listing) -> Array:
    """Offers that customers leave with their model only: a lab's own service of what it has not opened, (offers,).

    Users of open weights find the same elsewhere tomorrow.
    """
    offers, seller = listing.offers, listing.deal.seller
    return np.asarray((seller == offers.lab) & ~offers.open_)
