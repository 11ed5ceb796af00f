"""What compute a group of firms may buy in a month, and what it buys with its money.

Two scarce things are bought apart: training FLOP/s and serving bytes/s. For each use, a group of firms (a
region's firms under the same rules) buys the offer that is cheapest per unit of what it needs until that
offer's supply ends, then the next. An export rule acts only by removing, limiting or taxing offers, so a rule
that touches nothing that is bought changes nothing (pattern P12).
"""

from __future__ import annotations

from dataclasses import dataclass
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
    share
        Most of a budget that may go to the offer (licences, offshore rental).
    channel
        LEGAL, DOMESTIC, SMUGGLED or OFFSHORE.
    """

    price: Array
    flops: Array
    raw_flops: Array
    bandwidth: Array
    limit: Array
    share: Array
    channel: NDArray[np.int64]

    def best(self, speed: Array) -> float:
        """Lowest price per unit of `speed` among offers that can be bought at all; inf if there is none."""
        open_ = (self.limit > 0) & (self.share > 0)
        return float(np.min(self.price[open_] / speed[open_])) if open_.any() else float("inf")


class Purchase(NamedTuple):
    """What a group bought: per firm, speeds added, and money spent; `limit` what is left of each offer."""

    flops: Array
    """Training TFLOP/s as usable, (firms,)."""
    bandwidth: Array
    """TB/s, (firms,)."""
    raw_flops: Array
    """Dense BF16 TFLOP/s by channel, (firms, channels)."""
    spent: Array
    """USD, (firms,)."""
    limit: Array
    """Chips left, (offers,)."""


def purchase(budget: Array, offers: Offers, speed: Array, limit: Array) -> Purchase:
    """Spend budgets on the offers that are cheapest per unit of `speed`, in order, until money or chips end.

    Parameters
    ----------
    budget
        USD of each firm, (firms,). Scarce chips are shared in proportion to the money that asks for them.
    offers
        What is on offer.
    speed
        What counts for this use: `offers.flops` in training, `offers.bandwidth` in serving.
    limit
        Chips left of each offer, (offers,).

    Returns
    -------
    Purchase
        With `spent` below `budget` where chips ran out.
    """
    left = budget.copy()
    limit = limit.copy()
    flops, bandwidth = np.zeros_like(budget), np.zeros_like(budget)
    raw = np.zeros((budget.size, len(CHANNELS)))
    for k in np.argsort(offers.price / speed, kind="stable"):
        total = float(left.sum())
        if total <= 0.0:
            break
        if limit[k] <= 0.0 or offers.share[k] <= 0.0:
            continue
        money = np.minimum(left, offers.share[k] * budget)
        wanted = float(money.sum()) / offers.price[k]
        if wanted > limit[k]:
            money *= limit[k] / wanted
            wanted = float(limit[k])
        limit[k] -= wanted
        left -= money
        chips = money / offers.price[k]
        flops += chips * offers.flops[k]
        bandwidth += chips * offers.bandwidth[k]
        raw[:, offers.channel[k]] += chips * offers.raw_flops[k]
    return Purchase(flops, bandwidth, raw, budget - left, limit)


def chip_price(release_price: Array, decline: Array, age_months: Array) -> Array:
    """Price of chips after `age_months` on sale, falling by `decline` a year."""
    return np.asarray(release_price * (1.0 - decline) ** (np.maximum(age_months, 0.0) / 12.0))


def supply_limit(per_year: Array, growth: Array, age_months: Array) -> Array:
    """Chips that a month's supply holds: `per_year` in the first year of sale, growing by `growth` a year."""
    return np.asarray(per_year * growth ** (np.maximum(age_months, 0.0) / 12.0) / 12.0)
