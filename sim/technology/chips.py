"""What compute a group of firms may buy in a month, and what it buys with its money.

Two scarce things are bought apart: training FLOP/s and serving bytes/s. For each use, a group of firms (a
region's firms under the same rules) buys the offer that is cheapest per unit of what it needs until that
offer's supply ends, then the next. An export rule acts only by removing, limiting or taxing offers, so a rule
that touches nothing that is bought changes nothing (pattern P12).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

LEGAL, DOMESTIC, SMUGGLED, OFFSHORE = range(4)
"""How compute was come by."""
CHANNELS = ("legal", "domestic", "smuggled", "offshore")
AT_ONCE = 12
"""Months that are looked at together: rules, and with them offers, often last that long."""
OF_OFFERS, OF_QUOTAS = 3, 9
"""Which of `Offers.tables` have as many numbers as there are offers, or quotas."""


@dataclass(frozen=True)
class Offers:
    """Chips on offer to one group of firms, month by month, while its rules stay the same.

    Attributes
    ----------
    price
        USD per chip, levies and premiums included, (months, offers).
    limit
        Chips that may be bought in a month; inf: no limit, (months, offers).
    flops, raw_flops
        TFLOP/s of training speed per chip: as software and interconnect leave it, and dense BF16 peak, (offers,).
    bandwidth
        TB/s per chip, (offers,).
    quota
        Which quota the offer counts against; -1: none, (offers,).
    channel
        LEGAL, DOMESTIC, SMUGGLED or OFFSHORE, (offers,).
    quota_volume
        What a quota lets in each month, in dense BF16 TFLOP/s, (months, quotas).
    quota_share
        Most of a budget that may go to a quota's offers (licences, offshore rental), (quotas,).
    """

    price: Array
    limit: Array
    flops: Array
    raw_flops: Array
    bandwidth: Array
    quota: Ints
    channel: Ints
    quota_volume: Array
    quota_share: Array
    _shelves: dict[int, Shelf] = field(init=False, repr=False, default_factory=dict)

    @cached_property
    def open_(self) -> NDArray[np.bool_]:
        """Offers that can be bought at all, (months, offers)."""
        shut = (self.quota_volume <= 0.0) | (self.quota_share <= 0.0)
        free = np.zeros((len(shut), 1), dtype=bool)
        return np.asarray((self.limit > 0.0) & ~np.hstack([shut, free])[:, self.quota])

    @cached_property
    def tables(self) -> tuple[NDArray[Any], ...]:
        """All of it as arrays in one piece each, those of months first: price, limit and `open_`."""
        columns = self.flops, self.raw_flops, self.bandwidth, self.quota, self.channel
        quotas = self.quota_volume, self.quota_share
        return tuple(map(np.ascontiguousarray, (self.price, self.limit, self.open_, *columns, *quotas)))

    @cached_property
    def chips(self) -> Chips:
        """What a chip of each offer gives."""
        columns = self.flops, self.raw_flops, self.bandwidth, self.quota, self.channel, self.quota_share
        return Chips(*(column.tolist() for column in columns))

    def on(self, month: int) -> Shelf:
        """What is on offer in a month."""
        if month not in self._shelves:
            months = range(month, min(month + AT_ONCE, len(self.price)))
            self._shelves.update(zip(months, Shelf.of(self, months), strict=True))
        return self._shelves[month]


class Chips(NamedTuple):
    """Columns of `Offers` that stay the same, as plain numbers: they are gone through one by one."""

    flops: list[float]
    raw_flops: list[float]
    bandwidth: list[float]
    quota: list[int]
    channel: list[int]
    quota_share: list[float]


class Shelf(NamedTuple):
    """What is on offer in a month, as plain numbers."""

    chips: Chips
    price: list[float]
    """USD per chip, levies and premiums included."""
    left: Left
    """What there is to buy."""
    to_train: list[int]
    """Offers that can be bought, the cheapest per unit of training speed first; of equal ones the first."""
    to_serve: list[int]
    """The same per unit of bandwidth. Compute rented abroad trains; it is too far from customers to serve them."""
    flop_price: float
    """Lowest price of a TFLOP/s for training, USD, of what is neither smuggled nor rented; inf if there is none."""
    bandwidth_price: float
    """The same of a TB/s."""

    @classmethod
    def of(cls, offers: Offers, months: range) -> list[Shelf]:
        """Offers of months that follow each other."""
        span = slice(months.start, months.stop)
        price, there = offers.price[span], offers.open_[span]
        left = map(Left, offers.limit[span].tolist(), offers.quota_volume[span].tolist())
        per_flop, per_byte = price / offers.flops, price / offers.bandwidth
        usual = there & (offers.channel <= DOMESTIC)
        columns = (
            price.tolist(),
            left,
            _cheapest(per_flop, there),
            _cheapest(per_byte, there & (offers.channel != OFFSHORE)),
            np.where(usual, per_flop, inf).min(axis=1, initial=inf).tolist(),
            np.where(usual, per_byte, inf).min(axis=1, initial=inf).tolist(),
        )
        return [cls(offers.chips, *each) for each in zip(*columns, strict=True)]

    def best_to_train(self) -> int | None:
        """The offer that gives most training speed for its price, of those neither smuggled nor rented."""
        return next((k for k in self.to_train if self.chips.channel[k] <= DOMESTIC), None)


def _cheapest(price: Array, there: NDArray[np.bool_]) -> list[list[int]]:
    """Those of each month's offers that are there, (months, offers), the cheapest first, of equal ones the first."""
    order = np.argsort(np.where(there, price, inf), axis=1, kind="stable").tolist()
    return [row[:number] for row, number in zip(order, there.sum(axis=1).tolist(), strict=True)]


class Left(NamedTuple):
    """What is left to buy: chips by offer, and TFLOP/s by quota."""

    limit: list[float]
    volume: list[float]


class Purchase(NamedTuple):
    """What a group bought, per USD of its money: speeds added, and money spent."""

    flops: float
    """Training TFLOP/s as usable, per USD."""
    bandwidth: float
    """TB/s per USD."""
    spent: float
    """Part of the money that was spent."""
    raw_flops: list[float]
    """Dense BF16 TFLOP/s per USD by channel, (channels,)."""
    left: Left
    """What is left of the offers."""


def purchase(money: float, shelf: Shelf, order: Sequence[int], left: Left) -> Purchase:
    """Spend money on offers in order, until it or the chips end.

    All firms of a group meet the same prices, and each may give the same part of its money to a quota's offers.
    So each spends the same parts of its money on the same offers, scarce chips included, and what holds for a
    dollar of the group holds for a dollar of each.

    Parameters
    ----------
    money
        USD of all firms of the group.
    shelf
        What is on offer.
    order
        Offers, cheapest first: `shelf.to_train` or `shelf.to_serve`.
    left
        What other uses and firms have left of `shelf.left`.

    Returns
    -------
    Purchase
        With `spent` below 1 where chips ran out.
    """
    limit, volume = left.limit.copy(), left.volume.copy()
    flops, bandwidth, raw = 0.0, 0.0, [0.0] * len(CHANNELS)
    if money <= 0.0:
        return Purchase(flops, bandwidth, 0.0, raw, Left(limit, volume))
    chips, price = shelf.chips, shelf.price
    rest, by_quota = 1.0, chips.quota_share.copy()
    for k in order:
        quota, each = chips.quota[k], chips.raw_flops[k]
        most = limit[k] if quota < 0 else min(limit[k], volume[quota] / each)
        part = rest if quota < 0 else min(rest, by_quota[quota])
        if most <= 0.0 or part <= 0.0:
            continue
        number = part * money / price[k]
        if number > most:
            part, number = part * (most / number), most
        limit[k] -= number
        if quota >= 0:
            volume[quota] -= number * each
            by_quota[quota] -= part
        rest -= part
        flops += part * chips.flops[k] / price[k]
        bandwidth += part * chips.bandwidth[k] / price[k]
        raw[chips.channel[k]] += part * each / price[k]
        if rest <= 0.0:
            break
    return Purchase(flops, bandwidth, 1.0 - rest, raw, Left(limit, volume))


class Shares(NamedTuple):
    """What each firm got: units of `Offers` and USD, (firms,) and (firms, channels)."""

    flops: Array
    bandwidth: Array
    spent: Array
    raw_flops: Array


def by_firm(purchases: Sequence[Purchase], group: Ints, budget: Array) -> Shares:
    """Deal what groups bought to their firms, in proportion to the money that each gave.

    Parameters
    ----------
    purchases
        One a group.
    group
        Group of each firm, (firms,).
    budget
        USD of each firm, (firms,).
    """
    bought = np.array([(p.flops, p.bandwidth, p.spent, *p.raw_flops) for p in purchases])
    got = budget[:, None] * bought[group]
    return Shares(got[:, 0], got[:, 1], got[:, 2], got[:, 3:])


def chip_price(release_price: Array, decline: Array, age_months: Array) -> Array:
    """Price of chips after `age_months` on sale, falling by `decline` a year."""
    return np.asarray(release_price * (1.0 - decline) ** (np.maximum(age_months, 0.0) / 12.0))


def supply_limit(per_year: Array, growth: Array, age_months: Array) -> Array:
    """Chips that a month's supply holds: `per_year` in the first year of sale, growing by `growth` a year."""
    return np.asarray(per_year * growth ** (np.maximum(age_months, 0.0) / 12.0) / 12.0)
