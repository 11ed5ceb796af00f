"""What compute a group of firms may buy in a month, and what it buys with its money.

Two scarce things are bought apart: training FLOP/s and serving bytes/s. For each use, a group of firms (a
region's firms under the same rules) buys the offer that is cheapest per unit of what it needs until that
offer's supply ends, then the next. An export rule acts only by removing, limiting or taxing offers, so a rule
that touches nothing that is bought changes nothing (pattern P12).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEGAL, DOMESTIC, SMUGGLED, OFFSHORE = range(4)
"""How compute was come by."""
CHANNELS = ("legal", "domestic", "smuggled", "offshore")


@dataclass(frozen=True)
class Offers:
    """Chips on offer to one group of firms in one month; arrays of shape (offers,).

    Attributes
    ----------
    price
        USD per chip, levies and premiums included.
    flops, raw_flops
        TFLOP/s of training speed per chip: as software and interconnect leave it, and dense BF16 peak.
    bandwidth
        TB/s per chip.
    limit
        Chips that may be bought this month; inf: no limit.
    quota
        Which quota the offer counts against; -1: none.
    channel
        LEGAL, DOMESTIC, SMUGGLED or OFFSHORE.
    quota_volume
        What a quota lets in this month, in dense BF16 TFLOP/s, (quotas,).
    quota_share
        Most of a budget that may go to a quota's offers (licences, offshore rental), (quotas,).
    """

    price: Array
    flops: Array
    raw_flops: Array
    bandwidth: Array
    limit: Array
    quota: NDArray[np.int64]
    channel: NDArray[np.int64]
    quota_volume: Array
    quota_share: Array

    @property
    def open_(self) -> NDArray[np.bool_]:
        """Offers that can be bought at all."""
        shut = (self.quota_volume <= 0.0) | (self.quota_share <= 0.0)
        return np.asarray((self.limit > 0.0) & ~np.append(shut, False)[self.quota])

    def best(self, speed: Array) -> float:
        """Lowest price per unit of `speed` among chips that may be bought, not smuggled or rented; inf if none."""
        open_ = self.open_ & (self.channel <= DOMESTIC)
        return float(np.min(self.price[open_] / speed[open_])) if open_.any() else float("inf")


class Left(NamedTuple):
    """What is left to buy: chips by offer, (offers,), and TFLOP/s by quota, (quotas,)."""

    limit: Array
    volume: Array


class Purchase(NamedTuple):
    """What a group bought: per firm, speeds added, and money spent."""

    flops: Array
    """Training TFLOP/s as usable, (firms,)."""
    bandwidth: Array
    """TB/s, (firms,)."""
    raw_flops: Array
    """Dense BF16 TFLOP/s by channel, (firms, channels)."""
    spent: Array
    """USD, (firms,)."""
    left: Left
    """What is left of the offers."""


def purchase(budget: Array, offers: Offers, speed: Array, left: Left) -> Purchase:
    """Spend budgets on the offers that are cheapest per unit of `speed`, in order, until money or chips end.

    Parameters
    ----------
    budget
        USD of each firm, (firms,). Scarce chips are shared in proportion to the money that asks for them.
    offers
        What is on offer.
    speed
        What counts for this use: `offers.flops` in training, `offers.bandwidth` in serving.
    left
        What other uses and firms have left.

    Returns
    -------
    Purchase
        With `spent` below `budget` where chips ran out.
    """
    money_left, limit, volume = budget.copy(), left.limit.copy(), left.volume.copy()
    by_quota = offers.quota_share[:, None] * budget
    flops, bandwidth = np.zeros_like(budget), np.zeros_like(budget)
    raw = np.zeros((budget.size, len(CHANNELS)))
    for k in np.argsort(offers.price / speed, kind="stable"):
        if fsum(money_left) <= 0.0:
            break
        quota = offers.quota[k]
        most = limit[k] if quota < 0 else min(limit[k], volume[quota] / offers.raw_flops[k])
        if most <= 0.0:
            continue
        money = money_left if quota < 0 else np.minimum(money_left, by_quota[quota])
        wanted = fsum(money) / offers.price[k]  # fsum: a firm without money changes no bit
        if wanted <= 0.0:
            continue
        if wanted > most:
            money = money * (most / wanted)
            wanted = float(most)
        limit[k] -= wanted
        if quota >= 0:
            volume[quota] -= wanted * offers.raw_flops[k]
            by_quota[quota] = by_quota[quota] - money
        money_left = money_left - money
        chips = money / offers.price[k]
        flops += chips * offers.flops[k]
        bandwidth += chips * offers.bandwidth[k]
        raw[:, offers.channel[k]] += chips * offers.raw_flops[k]
    return Purchase(flops, bandwidth, raw, budget - money_left, Left(limit, volume))


def chip_price(release_price: Array, decline: Array, age_months: Array) -> Array:
    """Price of chips after `age_months` on sale, falling by `decline` a year."""
    return np.asarray(release_price * (1.0 - decline) ** (np.maximum(age_months, 0.0) / 12.0))


def supply_limit(per_year: Array, growth: Array, age_months: Array) -> Array:
    """Chips that a month's supply holds: `per_year` in the first year of sale, growing by `growth` a year."""
    return np.asarray(per_year * growth ** (np.maximum(age_months, 0.0) / 12.0) / 12.0)
