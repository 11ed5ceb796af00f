"""Who sells which offer, who else earns on it, and which offers share capacity.

The payoff of an owner f is

    profit_f = sum_j (R_fj p_j - C_fj c_j) Q_j

with C_fj = 1 on its own offers and 0 elsewhere, and R_fj the part of the revenue on offer j that accrues to
f: 1 on own offers, plus the complement margin, minus the royalty it pays, plus royalties and complement
margins that it earns on offers of others. Every (f, j) with such a part is a *claim*. The first claims are
the sales, in the order of the offers.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.checks import InputError, fits, numbers
from sim.economics.labels import coded, numbered, row
from sim.economics.nests import BoolArray, FloatArray, Groups, IntArray, Labels, Nests


@dataclass(frozen=True, eq=False)
class Claims:
    """The (owner, offer) pairs with a part of the revenue, and how they group by nest and owner."""

    owners: tuple[Hashable, ...]  # labels, sorted
    seller: IntArray  # (offers,) index into `owners`
    offer: IntArray  # (claims,)
    holder: IntArray  # (claims,) index into `owners`
    by_host: Groups  # claims by (host nest, owner)
    by_tier: Groups  # groups of `by_host` by (tier, owner)
    by_owner: Groups  # groups of `by_tier` by owner
    host: IntArray  # (groups of by_host,) host nest
    tier: IntArray  # (groups of by_tier,) tier
    royalty: tuple[IntArray, IntArray]  # claims that receive a royalty, and the offer that pays it
    complement: IntArray  # (offers,) the claim that earns the complement margin
    stake: IntArray  # (stakes,) the claim of each stake

    @classmethod
    def build(
        cls,
        nests: Nests,
        owner: Labels | None = None,
        royalty_to: Labels | None = None,
        complement_to: Labels | None = None,
        stakes: Sequence[tuple[Hashable, int]] = (),
    ) -> Claims:
        """Claims from one label per offer; stakes are pairs of an owner's label and an offer's index."""
        offers = len(nests.hosts.index)
        none = np.full(offers, -1)
        sellers = row("owner", owner, offers)
        owners, (seller, receiver, earner, holders) = coded(
            [
                np.arange(offers) if sellers is None else sellers,
                none if (receivers := row("royalty_to", royalty_to, offers)) is None else receivers,
                none if (earners := row("complement_to", complement_to, offers)) is None else earners,
                [label for label, _ in stakes] or np.zeros(0, dtype=np.intp),
            ],
            somebody=1,
        )
        earner = np.where(earner < 0, seller, earner)
        staked = np.array([j for _, j in stakes], dtype=np.intp)
        wrong = staked[(staked < 0) | (staked >= offers)]
        if len(wrong):
            raise InputError(f"stakes: found offer {wrong[0]}; allowed are 0 to {offers - 1}")

        # Every (owner, offer) that appears as a seller, then as one who receives, earns or has a stake.
        paying, each = (receiver >= 0).nonzero()[0], np.arange(offers)
        owner_of = np.concatenate([seller, receiver[paying], earner, holders])
        offer_of = np.concatenate([each, paying, each, staked])
        claim, first = numbered(owner_of * offers + offer_of)
        royalty, others = claim[offers : offers + len(paying)], claim[offers + len(paying) :]
        holder, offer = owner_of[first], offer_of[first]

        host = nests.hosts.index[offer]
        by_host = Groups.of(host * len(owners) + holder)
        host, of_host = host[by_host.first], holder[by_host.first]
        tier = nests.tiers.index[host]
        by_tier = Groups.of(tier * len(owners) + of_host)
        return cls(
            owners=owners,
            seller=seller,
            offer=offer,
            holder=holder,
            by_host=by_host,
            by_tier=by_tier,
            by_owner=Groups.of(of_host[by_tier.first]),
            host=host,
            tier=tier[by_tier.first],
            royalty=(royalty, paying),
            complement=others[:offers],
            stake=others[offers:],
        )

    @cached_property
    def holding(self) -> FloatArray:
        """1 where the owner holds the claim, (claims, owners)."""
        matrix = np.zeros((len(self.holder), len(self.owners)))
        matrix[np.arange(len(self.holder)), self.holder] = 1.0
        return matrix

    @property
    def offers(self) -> int:
        return len(self.seller)

    def revenue(
        self,
        royalty: ArrayLike | None = None,
        complement: ArrayLike | None = None,
        stake: ArrayLike | None = None,
    ) -> FloatArray:
        """R of every claim, (..., claims).

        Raises
        ------
        InputError
            If a seller would keep nothing of its own revenue: no finite price would then be optimal.
        """
        offers = self.offers
        rate = _per_offer("royalty", royalty, offers)
        margin = _per_offer("complement", complement, offers)
        held = np.zeros(len(self.stake)) if stake is None else numbers("stake", stake)
        fits("stake", held, ["stakes"], [len(self.stake)])
        batch = np.broadcast_shapes(rate.shape[:-1], margin.shape[:-1], held.shape[:-1])
        revenue = np.zeros((*batch, len(self.offer)))
        revenue[..., :offers] = 1.0 - rate
        receiving, paying = self.royalty  # as complements, one claim an offer: no index repeats
        revenue[..., receiving] += rate[..., paying]
        revenue[..., self.complement] += margin
        held = np.broadcast_to(held, (*held.shape[:-1], len(self.stake)))
        for k, claim in enumerate(self.stake):
            revenue[..., claim] += held[..., k]
        own = revenue[..., :offers]
        if not own.min() > 0:
            index = np.unravel_index(int(np.argmin(own)), own.shape)
            raise InputError(
                f"royalty: the seller of offer {int(index[-1])} keeps {own[index]:g} of its revenue; "
                "allowed is 1 - royalty + complement + own stake > 0"
            )
        return revenue

    def margins(self, price: FloatArray, cost: FloatArray, revenue: FloatArray) -> FloatArray:
        """M = R p - C c of every claim, (..., claims), from (..., offers) and R (..., claims)."""
        if len(self.offer) == self.offers:
            return np.asarray(revenue * price - cost)
        margin = np.asarray(revenue * price[..., self.offer])
        margin[..., : self.offers] -= cost
        return margin


@dataclass(frozen=True, eq=False)
class Pools:
    """Offers that share a stock of capacity."""

    labels: tuple[Hashable, ...]  # sorted; () if nothing is limited
    offer: IntArray  # (members,)
    index: IntArray  # (members,) the pool of each member
    per_offer: bool  # whether these are limits of single offers, not pools that the caller named

    @classmethod
    def build(cls, pool: Labels | None, limited: BoolArray, at_cost: BoolArray, claims: Claims) -> Pools:
        """Pools from one label per offer, None or '' for none, or one for each offer with its own limit."""
        offers = np.arange(len(at_cost))
        given = row("pool", pool, len(offers))
        labels, (of_offer,) = coded([np.where(limited, offers, -1) if given is None else given])
        member = (of_offer >= 0).nonzero()[0]
        index, seller = of_offer[member], claims.seller[member]
        if at_cost[member].any():
            j = member[at_cost[member]][0]
            what = "capacity" if given is None else f"pool: {labels[of_offer[j]]!r}"
            raise InputError(
                f"{what}: offer {j} is sold at cost; allowed are offers whose seller sets a price"
            )
        of_pool = np.empty(len(labels), dtype=np.intp)
        of_pool[index[::-1]] = seller[::-1]  # the first one stays
        another = seller != of_pool[index]
        if another.any():
            i = int(np.argmax(another))
            one, other = claims.owners[of_pool[index[i]]], claims.owners[seller[i]]
            raise InputError(
                f"pool: {labels[index[i]]!r} holds offers of {one!r} and {other!r}; "
                "allowed is one seller for each pool"
            )
        return cls(labels, member, index, given is None)

    @cached_property
    def membership(self) -> FloatArray:
        """1 where the member belongs to the pool, (members, pools)."""
        matrix = np.zeros((len(self.index), len(self.labels)))
        matrix[np.arange(len(self.index)), self.index] = 1.0
        return matrix

    def least(self, values: FloatArray) -> FloatArray:
        """Least value among the members of each pool: (markets, members) to (markets, pools)."""
        if not self.labels:
            return np.ones((1, 0))
        order = np.argsort(self.index, kind="stable")
        starts = np.searchsorted(self.index[order], np.arange(len(self.labels)))
        return np.asarray(np.minimum.reduceat(values[:, order], starts, axis=-1))

    def capacity(self, capacity: ArrayLike | Mapping[Hashable, ArrayLike] | None, offers: int) -> FloatArray:
        """Capacity by pool, (..., pools), inf where there is no limit, from what the caller gave."""
        if capacity is None:
            return np.full(len(self.labels), np.inf)
        if isinstance(capacity, Mapping):
            unknown = [label for label in capacity if self.per_offer or label not in self.labels]
            if unknown:
                known = "" if self.per_offer else ", ".join(map(repr, self.labels))
                raise InputError(
                    f"capacity: found pool {unknown[0]!r}; allowed are the labels in pool: {known or 'none'}"
                )
            by_pool = [np.asarray(capacity.get(label, np.inf), dtype=float) for label in self.labels]
            values = np.stack(np.broadcast_arrays(*by_pool), axis=-1) if by_pool else np.zeros(0)
        else:
            values = np.asarray(capacity, dtype=float)
            axis, length = ("offers", offers) if self.per_offer else ("pools", len(self.labels))
            fits("capacity", values, [axis], [length])
            values = np.broadcast_to(values, (*values.shape[:-1], length))
            if self.per_offer:
                outside = np.setdiff1d(np.arange(length), self.offer)
                if np.isfinite(values[..., outside]).any():
                    j = outside[np.isfinite(values[..., outside]).reshape(-1, len(outside)).any(axis=0)][0]
                    raise InputError(
                        f"capacity: found a limit for offer {j}; allowed are offers built as limited"
                    )
                values = values[..., self.offer]
        return numbers(
            "capacity", np.where(np.isnan(values), np.inf, values), least=0.0, strictly=True, infinite=True
        )


def _per_offer(name: str, values: ArrayLike | None, offers: int, least: float = -np.inf) -> FloatArray:
    """An array (..., offers), 0 for None."""
    if values is None:
        return np.zeros(offers)
    array = numbers(name, values, least=least)
    fits(name, array, ["offers"], [offers])
    return np.broadcast_to(array, (*array.shape[:-1], offers))
