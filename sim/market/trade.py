"""A month's trade: prices settle, customers adopt, reconsider and switch, capacity lets through what it can."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.economics.adoption import adopters, resettled
from sim.economics.engines import chosen
from sim.economics.equilibrium import Equilibrium, EquilibriumError
from sim.economics.prices import PriceProblem
from sim.world.offers import Offers, current_offers
from sim.world.setting import Array, Flags, Ints, Setting
from sim.world.tastes import worth
from sim.world.terms import Terms, agreed, claims, first_prices, pool_capacity, price_problem

if TYPE_CHECKING:
    from sim.market import Market


TOLERANCE = 1e-8
"""Residual of the first-order conditions, in unit costs, at which prices are taken as an equilibrium."""
LOOSEST = 0.05
"""Residual beyond which a run stops rather than go on with prices that are no equilibrium."""


@dataclass
class Flows:
    """A month's money by firm that use has no part in, USD, (firms,)."""

    funding: Array
    capex: Array
    staff: Array


@dataclass
class Books:
    """A month's money by firm, USD, (firms,)."""

    revenue: Array
    """From what the firm serves, its own models and others'."""
    revenue_own: Array
    """Of it from its own models."""
    full_cost: Array
    """Cost of serving at the full cost of compute."""
    running: Array
    """Of it paid in cash this month."""
    royalties_received: Array
    royalties_paid: Array
    complement: Array
    """Profit elsewhere in the firm from use of its models and services."""
    tokens: Array
    """Mtok that the firm serves."""
    cash_before: Array = field(default_factory=lambda: np.zeros(0))
    funding: Array = field(default_factory=lambda: np.zeros(0))
    capex: Array = field(default_factory=lambda: np.zeros(0))
    staff: Array = field(default_factory=lambda: np.zeros(0))
    bring_up: Array = field(default_factory=lambda: np.zeros(0))


@dataclass
class Sales:
    """What was sold in a month.

    Attributes
    ----------
    offers, deal
        Offers that some customer could have, and their money terms.
    prices
        USD per Mtok; of self-hosting, in the cheapest region, (offers,).
    shares
        Of each cohort's adopters on each offer, after this month's moves, (cohorts, offers).
    choice
        Shares among those who choose now (the equilibrium's), (cohorts, offers).
    tokens, spending
        Mtok and USD by cohort and offer, after rationing, (cohorts, offers).
    demanded
        Mtok by offer before rationing, (offers,).
    load
        TB/s kept busy, by firm, (firms,).
    equilibrium
        Prices' equilibrium, with shadow prices; None if nothing was on offer.
    """

    offers: Offers
    deal: Terms
    prices: Array
    shares: Array
    choice: Array
    tokens: Array
    spending: Array
    demanded: Array
    load: Array
    equilibrium: Equilibrium | None

    @cached_property
    def spent(self) -> Array:
        """USD by offer, (offers,)."""
        return np.asarray(self.spending.sum(axis=0))

    @cached_property
    def used(self) -> Array:
        """Mtok by offer, (offers,)."""
        return np.asarray(self.tokens.sum(axis=0))

    @cached_property
    def own(self) -> Flags:
        """Offers that the lab serves itself, (offers,)."""
        return np.asarray(self.deal.seller == self.offers.lab)

    def books(self, setting: Setting) -> Books:
        """The month's money by firm. Self-hosting is bought from nobody: its cost is the customer's own."""
        spent, tokens, deal, firms = self.spent, self.used, self.deal, len(setting.firm_region)
        royalty = deal.royalty * spent
        by_seller = np.array(
            [
                spent,
                spent * self.own,
                deal.cost * tokens,
                deal.running * tokens,
                royalty,
                tokens,
                deal.own_margin * spent,
            ]
        )
        nobody = np.where(deal.seller < 0, firms, deal.seller)
        revenue, own, full_cost, running, paid, served, complement = rows(nobody, by_seller, firms + 1)[:, :-1]
        received, made = rows(self.offers.lab, np.array([royalty, deal.lab_margin * spent]), firms)
        return Books(
            revenue=revenue,
            revenue_own=own,
            full_cost=full_cost,
            running=running,
            royalties_received=received,
            royalties_paid=paid,
            tokens=served,
            complement=made + complement,
        )

    def use_by_lab(self, setting: Setting) -> Array:
        """Mtok of each lab's models: served by itself, by anyone, and of its open models by anyone, (3, labs)."""
        tokens = self.used
        each = np.array([tokens * self.own, tokens, tokens * self.offers.open_])
        return rows(self.offers.lab, each, len(setting.labs))


def totals(which: Ints, values: Array, count: int) -> Array:
    """Sums of `values` by index, (count,)."""
    return np.bincount(which, values, minlength=count).astype(float, copy=False)


def rows(which: Ints, values: Array, count: int) -> Array:
    """`totals` of each row of values, (rows, count)."""
    place = count * np.arange(len(values))[:, None] + which
    return totals(place.ravel(), values.ravel(), len(values) * count).reshape(len(values), count)


def trade(market: Market) -> Sales:
    """Settle prices, move customers, serve them."""
    setting, state, s = market.setting, market.state, market.scenario
    cohorts, month = setting.cohorts, market.month
    offers = current_offers(setting, state)
    taste = market.tastes.about(offers, month).T
    reachable = taste.max(axis=1) > -np.inf
    if not reachable.all():
        offers, taste = offers.take(reachable), taste[reachable]
    if not len(offers):
        return _nothing(setting, offers)
    deal = agreed(setting, market.policy, offers, market.costs())
    taste[deal.at_home] -= cohorts.price_sensitivity * np.log(deal.dear)
    since = setting.years[month] - setting.years[0]
    q = np.swapaxes(worth(setting, offers.capability, since) + taste, -1, -2)
    adopted = adopters(state.adopted, cohorts.innovation, cohorts.imitation, 1.0 / 12.0)
    arrived = adopted - state.adopted
    state.adopted = adopted if s.mechanisms.diffusion else state.adopted
    weights = market.weights()

    problem = price_problem(setting, offers, deal)
    capacity = pool_capacity(problem, state.bandwidth)
    royalty, complement = claims(offers, deal, deal.royalty)
    slots = offers.slots(setting)
    equilibrium = _settle(
        problem,
        [first_prices(deal, state.price[slots]), 2.0 * deal.cost, 1.2 * deal.cost],
        quality=q,
        cost=deal.cost,
        weights=weights,
        capacity=capacity,
        load=deal.load,
        complement=complement,
        royalty=royalty,
    )
    state.price[:] = np.nan
    state.price[slots] = equilibrium.prices

    choice = equilibrium.shares
    shares = _move(market, slots, deal.seller, choice, q, arrived / np.maximum(adopted, 1e-300))
    tokens, spending, demanded, load = serve(market, deal, equilibrium.prices, weights, shares)
    return Sales(
        offers, deal, equilibrium.prices, shares, choice, tokens, spending, demanded, load, equilibrium
    )


def _settle(problem: PriceProblem, starts: list[Array], **numbers: Any) -> Equilibrium:
    """Equilibrium prices of the month, searched for from several starts.

    Sellers to segments that want very different prices can have no equilibrium in pure strategies, or one that
    the search does not find. The best point is then taken if it is good to `LOOSEST`; its residual is recorded.

    Raises
    ------
    EquilibriumError
        If no start leads to a point as good as that.
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


def _move(market: Market, slots: Ints, vendor: Ints, choice: Array, q: Array, new: Array) -> Array:
    """Customers reconsider and switch, newcomers choose; returns shares on the offers and remembers them by slot."""
    state, cohorts = market.state, market.setting.cohorts
    stayed, outside, some = recalled(state.shares, slots, q)
    if not market.scenario.mechanisms.inertia or not some:  # with inertia: nobody has chosen yet
        return joined(choice, choice, np.zeros(len(cohorts)), slots, state.shares)
    stayed = resettled(
        stayed,
        choice,
        cohorts.reconsider,
        cohorts.upgrade,
        outside,
        vendor + 1,  # customers who run models themselves are one more
    )
    return joined(stayed, choice, new, slots, state.shares)


def recalled(remembered: Array, slots: Ints, q: Array) -> tuple[Array, Array, bool]:
    """Shares of last month on offers that can still be had, (cohorts, offers), and on none, (cohorts,); if any."""
    if chosen(None) == "numba":
        from sim.economics.compiled.calls import kept  # numba takes a while to import
        from sim.market.compiled import recall

        return kept(recall, remembered, slots, np.ascontiguousarray(q.T))
    before = remembered[:, remembered.any(axis=0)]
    available = np.where(q > -np.inf, remembered[:, slots], 0.0)
    return available, 1.0 - before.sum(axis=1), bool(before.size)


def joined(stayed: Array, choice: Array, new: Array, slots: Ints, remembered: Array) -> Array:
    """Shares with newcomers, part `new` of customers, who choose freely; these shares are now remembered by slot."""
    if chosen(None) == "numba":
        from sim.economics.compiled.calls import kept  # numba takes a while to import
        from sim.market.compiled import remember

        return kept(remember, *map(np.ascontiguousarray, (stayed, choice)), new, slots, remembered)
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
        from sim.market.compiled import serve as compiled

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
    deal = Terms(
        np.zeros(0, dtype=np.int64), none, none, none, none > 0, np.ones(cohorts), none, none, none
    )
    return Sales(offers, deal, none, empty, empty, empty, empty, none, np.zeros(firms), None)
