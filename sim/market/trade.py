"""A month's trade: prices settle, customers adopt, reconsider and switch, capacity lets through what it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.economics.adoption import adopters, bass_pace, resettled
from sim.economics.engines import chosen
from sim.economics.equilibrium import Equilibrium, EquilibriumError
from sim.economics.prices import PriceProblem
from sim.market.foresight import felt, look_ahead
from sim.market.sales import Sales, Settled, totals
from sim.world.listing import Listing, listed
from sim.world.offers import Offers
from sim.world.setting import Array, Ints, Setting
from sim.world.tastes import worth
from sim.world.terms import Terms, claims, first_prices, pool_capacity, price_problem

if TYPE_CHECKING:
    from sim.market import Market


TOLERANCE = 1e-8
"""Residual of the first-order conditions, in unit costs, at which prices are taken as an equilibrium."""
LOOSEST = 0.05
"""Residual beyond which a run stops rather than go on with prices that are no equilibrium."""
ITERATIONS = 1000
"""Most evaluations of a search, as `PriceProblem.solve` has them by default."""


def trade(market: Market) -> Sales:
    """Prices settle, customers move, firms serve them."""
    setting, state, s = market.setting, market.state, market.scenario
    cohorts, month = setting.cohorts, market.month
    listing = listed(setting, state, market.policy, market.tastes, market.costs(), month)
    offers, deal, taste = listing
    if not len(offers):
        return _nothing(setting, offers)
    since = setting.years[month] - setting.years[0]
    q = worth(setting, offers.capability, since) + taste
    bass = cohorts.innovation, cohorts.imitation, 1.0 / 12.0
    adopted = adopters(state.adopted, *bass, setting.once("pace of adoption", lambda: bass_pace(*bass)))
    new = (adopted - state.adopted) / np.maximum(adopted, 1e-300)
    state.adopted = adopted if s.mechanisms.diffusion else state.adopted
    weights = market.weights()

    slots, seen = offers.slots(setting), felt(market, listing)
    equilibrium = settle_prices(setting, seen, q, weights, state.price[slots], state.bandwidth)
    prices, choice = equilibrium.prices, equilibrium.shares
    state.scarcity[:] = equilibrium.scarcity(deal.seller, len(state.scarcity))
    state.price[:] = np.nan
    state.price[slots] = prices

    shares = moved(market, slots, deal.seller, choice, q, new)
    look_ahead(market, seen, equilibrium, weights, shares, new)
    tokens, spending, demanded, load = serve(market, deal, prices, weights, shares)
    return Sales(offers, deal, prices, shares, choice, tokens, spending, demanded, load, equilibrium)


def settle_prices(
    setting: Setting, listing: Listing, q: Array, weights: Array, last: Array, bandwidth: Array
) -> Settled:
    """Equilibrium prices of the month.

    Parameters
    ----------
    q
        Utility before price, (offers, cohorts).
    weights
        USD by cohort, (cohorts,).
    last
        Last month's prices, (offers,); NaN: not on offer.
    bandwidth
        Serving TB/s, (firms,).

    Raises
    ------
    EquilibriumError
        If no start leads to a point as good as `LOOSEST`.
    """
    if chosen(None) == "numba":
        settled = _compiled_prices(setting, listing, q, weights, last, bandwidth)
        if settled is not None:
            return settled
    offers, deal, _ = listing
    problem = price_problem(setting, offers, deal)
    royalty, complement = claims(offers, deal, deal.royalty)
    found = _searched(
        problem,
        [first_prices(deal, last), 2.0 * deal.cost, 1.2 * deal.cost],
        quality=np.swapaxes(q, -1, -2),
        cost=deal.cost,
        weights=weights,
        capacity=pool_capacity(problem, bandwidth),
        load=deal.load,
        complement=complement,
        royalty=royalty,
    )
    return Settled.of(found)


def _searched(problem: PriceProblem, starts: list[Array], **numbers: Any) -> Equilibrium:
    """Prices searched for from several starts.

    Sellers to segments that want very different prices can have no equilibrium in pure strategies, or one that
    the search does not find. The best point is then taken if it is good to `LOOSEST`; its residual is recorded.
    """
    failures: list[EquilibriumError] = []
    for start in starts:
        try:
            return problem.solve(**numbers, start=start, tolerance=TOLERANCE)
        except EquilibriumError as error:
            failures.append(error)
    best = min(failures, key=lambda error: float(error.residual))
    if float(best.residual) > LOOSEST:
        raise best
    return best.equilibrium


def _compiled_prices(
    setting: Setting, listing: Listing, q: Array, weights: Array, last: Array, bandwidth: Array
) -> Settled | None:
    """`settle_prices` from the first start; None where that does not lead there."""
    from sim.choice.compiled import tables  # numba takes a while to import
    from sim.economics.compiled import engine
    from sim.economics.compiled.calls import kept
    from sim.economics.compiled.room import blocks
    from sim.market.compiled.trade import settle

    o, deal, _ = listing
    world = setting.once("world in tables", lambda: tables.world(setting))
    offers = np.array([o.lab, o.tier, o.channel, o.open_, o.newest, deal.seller, deal.at_home, o.newest])
    money = np.array([o.capability, deal.load, deal.cost, deal.royalty, deal.own_margin, deal.lab_margin])
    rules = setting.once("rules of search", lambda: engine.rules(TOLERANCE, ITERATIONS))
    space = blocks(tables.largest(world, len(o)), len(weights), rules.depth)
    of_month = np.ascontiguousarray(last), bandwidth, np.ascontiguousarray(q), weights
    found = kept(
        settle, tuple(world), offers, money, *of_month, tuple(rules), tuple(space), engine.solver_address()
    )
    prices, shares, surplus, shadow, residual, solved = found
    return Settled(prices, shares, surplus, shadow, residual) if solved else None


def moved(market: Market, slots: Ints, vendor: Ints, choice: Array, q: Array, new: Array) -> Array:
    """Customers reconsider and switch, newcomers choose: shares on the offers, (cohorts, offers).

    The state remembers them by slot. Where nobody has chosen yet, or nobody is bound, all choose freely.

    Parameters
    ----------
    choice
        Shares among those who choose now, (cohorts, offers).
    q
        Utility, (offers, cohorts); -inf: cannot be had.
    new
        Part of each cohort that is new, (cohorts,).
    """
    remembered, cohorts, bound = (
        market.state.shares,
        market.setting.cohorts,
        market.scenario.mechanisms.inertia,
    )
    vendor = vendor + 1  # customers who run models themselves are one more
    if chosen(None) == "numba":
        from sim.economics.compiled.calls import kept  # numba takes a while to import
        from sim.market.compiled.trade import move

        parts = cohorts.reconsider, cohorts.upgrade
        return kept(move, remembered, slots, q, np.ascontiguousarray(choice), new, *parts, vendor, bound)
    before, shares = remembered[:, remembered.any(axis=0)], choice
    if bound and before.size:
        reachable, outside = np.isfinite(q.T), 1.0 - before.sum(axis=1)
        available = np.where(reachable, remembered[:, slots], 0.0)
        stayed = resettled(available, choice, cohorts.reconsider, cohorts.upgrade, outside, vendor)
        shares = (1.0 - new)[:, None] * stayed + new[:, None] * choice
    remembered[:] = 0.0
    remembered[:, slots] = shares
    return np.asarray(shares)


def serve(
    market: Market, deal: Terms, prices: Array, weights: Array, shares: Array
) -> tuple[Array, Array, Array, Array]:
    """What customers get and pay: Mtok and USD, (cohorts, offers); Mtok that they asked for, (offers,); busy TB/s.

    Prices clear long-run demand; customers who have not yet moved may ask for more than a firm can serve.
    """
    setting, usage = market.setting, market.scenario.demand.usage_elasticity
    limited, use = market.scenario.mechanisms.serving_capacity, prices**-usage
    if chosen(None) == "numba":
        from sim.economics.compiled.calls import kept  # numba takes a while to import
        from sim.market.compiled.trade import serve as compiled

        shares, of_home = np.ascontiguousarray(shares), (deal.at_home, deal.dear, deal.dear**-usage)
        of_firms = deal.seller, deal.load, market.state.bandwidth, limited
        return kept(compiled, shares, weights, use, prices, *of_home, *of_firms)
    tokens = deal.charge(weights[:, None] * shares * use, -usage)
    sold = deal.seller >= 0
    load = totals(deal.seller[sold], (tokens.sum(axis=0) * deal.load)[sold], len(setting.firm_region))
    served = np.ones(len(prices))
    if limited:
        part = np.minimum(1.0, market.state.bandwidth / np.maximum(load, 1e-300))
        part = np.maximum(part, 1e-12)
        load, served = load * part, np.where(sold, part[deal.seller], 1.0)
    tokens = tokens * served
    return tokens, deal.charge(tokens * prices, 1.0), (tokens / served).sum(axis=0), load


def _nothing(setting: Setting, offers: Offers) -> Sales:
    """A month without any offer."""
    cohorts, firms, none = len(setting.cohorts), len(setting.firm_region), np.zeros(0)
    empty = np.zeros((cohorts, 0))
    deal = Terms(np.zeros(0, dtype=np.int64), none, none, none, none > 0, np.ones(cohorts), none, none, none)
    return Sales(offers, deal, none, empty, empty, empty, empty, none, np.zeros(firms), None)
