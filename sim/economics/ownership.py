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

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.checks import InputError, fits, label_row, numbers, sorted_labels
from sim.economics.nests import BoolArray, FloatArray, Groups, IntArray, Labels, Nests

_NOBODY = (None, "")


@dataclass(frozen=True, eq=False)
class Claims:
    """The (owner, offer) pairs with a part of the revenue, and how they group by nest and owner."""

    owners: tuple[Hashable, ...]  # labels, sorted
    seller: IntArray  # (offers,) index into `owners`
    offer: IntArray  # (claims,)
    holding: FloatArray  # (claims, owners) 1 where the owner holds the claim
    by_host: Groups  # claims by (host nest, owner)
    by_tier: Groups  # groups of `by_host` by (tier, owner)
    by_owner: Groups  # groups of `by_tier` by owner
    host: IntArray  # (groups of by_host,) host nest
    tier: IntArray  # (groups of by_tier,) tier
    royalty: tuple[tuple[int, int], ...]  # (claim, offer) of every royalty received
    complement: IntArray  # (offers,) the claim that earns the complement margin
    stake: tuple[int, ...]  # (stakes,) the claim of each stake

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
        seller = label_row("owner", owner, offers) or list(range(offers))
        receiver = label_row("royalty_to", royalty_to, offers) or [None] * offers
        earner = label_row("complement_to", complement_to, offers) or [None] * offers
        earner = [own if label in _NOBODY else label for own, label in zip(seller, earner, strict=True)]

        pairs = {(label, j): j for j, label in enumerate(seller)}

        def claim(label: Hashable, j: int) -> int:
            return pairs.setdefault((label, j), len(pairs))

        royalty = tuple((claim(label, j), j) for j, label in enumerate(receiver) if label not in _NOBODY)
        complement = [claim(label, j) for j, label in enumerate(earner)]
        wrong = [j for _, j in stakes if not 0 <= j < offers]
        if wrong:
            raise InputError(f"stakes: found offer {wrong[0]}; allowed are 0 to {offers - 1}")
        stake = tuple(claim(label, int(j)) for label, j in stakes)

        owners = sorted_labels([label for label, _ in pairs])
        number = {label: i for i, label in enumerate(owners)}
        holder = [number[label] for label, _ in pairs]
        offer = np.array([j for _, j in pairs], dtype=np.intp)
        host = nests.hosts.index[offer]
        by_host = Groups.of(zip(host.tolist(), holder, strict=True))
        # Groups are numbered in the order of first appearance, and so are the keys of a dictionary.
        host_keys = list(dict.fromkeys(zip(host.tolist(), holder, strict=True)))
        tier_keys = [(int(nests.tiers.index[h]), f) for h, f in host_keys]
        by_tier = Groups.of(tier_keys)
        distinct = list(dict.fromkeys(tier_keys))
        holding = np.zeros((len(offer), len(owners)))
        holding[np.arange(len(offer)), holder] = 1.0
        return cls(
            owners=owners,
            seller=np.array(holder[:offers], dtype=np.intp),
            offer=offer,
            holding=holding,
            by_host=by_host,
            by_tier=by_tier,
            by_owner=Groups.of(f for _, f in distinct),
            host=np.array([h for h, _ in host_keys], dtype=np.intp),
            tier=np.array([g for g, _ in distinct], dtype=np.intp),
            royalty=royalty,
            complement=np.array(complement, dtype=np.intp),
            stake=stake,
        )

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
        for claim, j in self.royalty:
            revenue[..., claim] += rate[..., j]
        revenue[..., self.complement] += margin  # one claim an offer: no index repeats
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
    membership: FloatArray  # (members, pools) 1 where the member belongs to the pool
    per_offer: bool  # whether these are limits of single offers, not pools that the caller named

    @classmethod
    def build(
        cls, pool: Labels | None, limited: BoolArray, at_cost: BoolArray, seller: Sequence[Hashable]
    ) -> Pools:
        """Pools from one label per offer, None or '' for none, or one for each offer with its own limit."""
        offers = len(at_cost)
        if pool is None:
            rows: list[Hashable] = [j if limited[j] else None for j in range(offers)]
        else:
            rows = label_row("pool", pool, offers)
        members = [j for j, label in enumerate(rows) if label not in _NOBODY]
        owner_of: dict[Hashable, Hashable] = {}
        for j in members:
            if at_cost[j]:
                what = "capacity" if pool is None else f"pool: {rows[j]!r}"
                raise InputError(
                    f"{what}: offer {j} is sold at cost; allowed are offers whose seller sets a price"
                )
            if owner_of.setdefault(rows[j], seller[j]) != seller[j]:
                raise InputError(
                    f"pool: {rows[j]!r} holds offers of {owner_of[rows[j]]!r} and {seller[j]!r}; "
                    "allowed is one seller for each pool"
                )
        labels = sorted_labels([rows[j] for j in members])
        number = {label: r for r, label in enumerate(labels)}
        index = np.array([number[rows[j]] for j in members], dtype=np.intp)
        membership = np.zeros((len(members), len(labels)))
        membership[np.arange(len(members)), index] = 1.0
        return cls(labels, np.array(members, dtype=np.intp), index, membership, pool is None)

    def least(self, values: FloatArray) -> FloatArray:
        """Least value among the members of each pool: (markets, members) to (markets, pools)."""
        columns = [values[:, self.index == r].min(axis=-1) for r in range(len(self.labels))]
        return np.stack(columns, axis=-1) if columns else np.ones((1, 0))

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
