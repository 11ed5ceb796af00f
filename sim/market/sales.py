"""What a month's trade comes to: what was sold, at which prices, and whose money it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.economics.engines import chosen
from sim.economics.equilibrium import Equilibrium
from sim.world.offers import Offers
from sim.world.setting import Array, Flags, Ints, Setting
from sim.world.terms import Terms


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
    use_by_lab: Array = field(default_factory=lambda: np.zeros((3, 0)))
    """Mtok of each lab's models: served by itself, by anyone, and of its open models by anyone, (3, labs)."""


class Settled(NamedTuple):
    """Prices at which no seller gains by changing its own, and what follows from them."""

    prices: Array
    """USD per Mtok, (offers,)."""
    shares: Array
    """Of those who choose, (cohorts, offers)."""
    consumer_surplus: Array
    """Per USD of adopters' spending, (cohorts,)."""
    shadow_prices: Array
    """USD per TB/s of the firms that sell, (pools,)."""
    residual: float
    """Of the first-order conditions, relative to unit costs."""

    def scarcity(self, seller: Ints, firms: int) -> Array:
        """Shadow price of each firm's compute, USD per TB/s, (firms,); 0 where it is not limited, or it sells nothing.

        `seller` of each offer, (offers,); -1: customers themselves.
        """
        found = np.zeros(firms)
        if len(self.shadow_prices):
            found[np.flatnonzero(np.bincount(seller[seller >= 0]))] = self.shadow_prices
        return found

    @classmethod
    def of(cls, found: Equilibrium) -> Settled:
        """What a month takes of an equilibrium."""
        residual = float(found.residual)
        return cls(found.prices, found.shares, found.consumer_surplus, found.shadow_prices, residual)


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
    equilibrium: Settled | None

    @property
    def spent(self) -> Array:
        """USD by offer, (offers,)."""
        return self._by_offer[0]

    @property
    def used(self) -> Array:
        """Mtok by offer, (offers,)."""
        return self._by_offer[1]

    @cached_property
    def _by_offer(self) -> tuple[Array, Array]:
        """USD and Mtok by offer, (offers,) each."""
        return self.spending.sum(axis=0), self.tokens.sum(axis=0)

    @cached_property
    def own(self) -> Flags:
        """Offers that the lab serves itself, (offers,)."""
        return np.asarray(self.deal.seller == self.offers.lab)

    def books(self, setting: Setting) -> Books:
        """The month's money by firm. Self-hosting is bought from nobody: its cost is the customer's own."""
        deal, firms = self.deal, len(setting.firm_region)
        if chosen(None) == "numba":
            from sim.economics.compiled.calls import kept  # numba takes a while to import
            from sim.market.compiled.trade import by_firm

            offers, labs = self.offers, len(setting.labs)
            of_deal = deal.cost, deal.running, deal.royalty, deal.own_margin, deal.lab_margin
            of_offers = *self._by_offer, deal.seller, offers.lab, offers.open_
            by_firms, use = kept(by_firm, *of_offers, *of_deal, firms, labs)
            books = Books(*by_firms)
            books.use_by_lab = use
            return books
        spent, tokens = self._by_offer
        royalty = deal.royalty * spent
        sold = [
            spent,
            spent * self.own,
            deal.cost * tokens,
            deal.running * tokens,
            royalty,
            deal.own_margin * spent,
            tokens,
        ]
        nobody = np.where(deal.seller < 0, firms, deal.seller)
        revenue, own, full, running, paid, margin, served = rows(nobody, np.array(sold), firms + 1)[:, :-1]
        received, made = rows(self.offers.lab, np.array([royalty, deal.lab_margin * spent]), firms)
        use = np.array([tokens * self.own, tokens, tokens * self.offers.open_])
        by_lab = rows(self.offers.lab, use, len(setting.labs))
        return Books(revenue, own, full, running, received, paid, made + margin, served, use_by_lab=by_lab)


def totals(which: Ints, values: Array, count: int) -> Array:
    """Sums of `values` by index, (count,)."""
    return np.bincount(which, values, minlength=count).astype(float, copy=False)


def rows(which: Ints, values: Array, count: int) -> Array:
    """`totals` of each row of values, (rows, count)."""
    place = count * np.arange(len(values))[:, None] + which
    return totals(place.ravel(), values.ravel(), len(values) * count).reshape(len(values), count)
