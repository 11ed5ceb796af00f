"""What `sim.world.supply` buys as machine code, where no rule names a firm; the readable path is there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.economics.compiled.calls import inner, making_arrays
from sim.technology.chips import DOMESTIC, OFFSHORE
from sim.world.setting import Array, Flags, Ints

FLOPS, BANDWIDTH, TRAINED, SERVED, FLOP_PRICE, BANDWIDTH_PRICE = COLUMNS = range(6)
"""What a dollar buys: TFLOP/s for training and TB/s for serving, what is spent of it on either; and the lowest USD
per TFLOP/s and per TB/s of what is neither smuggled nor rented."""


class OnShelves(NamedTuple):
    """Arrays of `sim.technology.chips.Offers`."""

    price: Array  # (months, offers)
    limit: Array  # (months, offers)
    open_: Flags  # (months, offers)
    flops: Array  # (offers,)
    raw_flops: Array  # (offers,)
    bandwidth: Array  # (offers,)
    quota: Ints  # (offers,)
    channel: Ints  # (offers,)
    quota_volume: Array  # (months, quotas)
    quota_share: Array  # (quotas,)


@inner
def _cheapest(price: Array, speed: Array, there: Flags) -> int:
    """The offer that is cheapest per unit of speed of those that are there, of equal ones the first; -1: none."""
    best, least = -1, np.inf
    for k in range(len(price)):
        if there[k] and (best < 0 or price[k] / speed[k] < least):
            best, least = k, price[k] / speed[k]
    return best


@inner
def _purchase(
    money: float,
    offers: OnShelves,
    price: Array,
    speed: Array,
    there: Flags,
    limit: Array,
    volume: Array,
    raw: Array,
) -> tuple[float, float]:
    """As `sim.technology.chips.purchase`: speed that a dollar buys, and what is spent of it; takes what is bought.

    Parameters
    ----------
    speed
        What is bought, by chip: offers are taken in the order of their price for it, (offers,).
    there
        Offers to be had, used up, (offers,).
    limit, volume
        What is left to buy, (offers,) and (quotas,), written to.
    raw
        Dense TFLOP/s per dollar by channel, (channels,), added to.
    """
    if money <= 0.0:
        return 0.0, 0.0
    rest, got, by_quota = 1.0, 0.0, offers.quota_share.copy()
    while rest > 0.0:
        k = _cheapest(price, speed, there)
        if k < 0:
            break
        there[k] = False
        quota, dense = offers.quota[k], offers.raw_flops[k]
        most, part = limit[k], rest
        if quota >= 0:
            most, part = min(most, volume[quota] / dense), min(rest, by_quota[quota])
        if most <= 0.0 or part <= 0.0:
            continue
        number = part * money / price[k]
        if number > most:
            part, number = part * (most / number), most
        limit[k] -= number
        if quota >= 0:
            volume[quota] -= number * dense
            by_quota[quota] -= part
        rest -= part
        got += part * speed[k] / price[k]
        raw[offers.channel[k]] += part * dense / price[k]
    return got, 1.0 - rest


@making_arrays
def shop(
    offers: OnShelves,
    month: int,
    at_home: Ints,
    response: float,
    to_train: float,
    to_serve: float,
    out: Array,
    raw: Array,
) -> None:
    """What a dollar of a region's firms buys, first for training and then for serving.

    Parameters
    ----------
    at_home, response
        Chips that makers of the region sell there in limited numbers, (n,), and the factor on that limit.
    to_train, to_serve
        USD of all its firms.
    out, raw
        Written to: `COLUMNS`; and added to: dense TFLOP/s by channel, for training and serving, (2, channels).
    """
    price, open_ = offers.price[month], offers.open_[month]
    limit, volume = offers.limit[month].copy(), offers.quota_volume[month].copy()
    for k in at_home:
        limit[k] *= response
    out[FLOP_PRICE], out[BANDWIDTH_PRICE] = np.inf, np.inf
    near = open_.copy()  # customers
    for k in range(len(price)):
        near[k] &= offers.channel[k] != OFFSHORE
        if open_[k] and offers.channel[k] <= DOMESTIC:
            out[FLOP_PRICE] = min(out[FLOP_PRICE], price[k] / offers.flops[k])
            out[BANDWIDTH_PRICE] = min(out[BANDWIDTH_PRICE], price[k] / offers.bandwidth[k])
    out[FLOPS], out[TRAINED] = _purchase(
        to_train, offers, price, offers.flops, open_.copy(), limit, volume, raw[0]
    )
    out[BANDWIDTH], out[SERVED] = _purchase(
        to_serve, offers, price, offers.bandwidth, near, limit, volume, raw[1]
    )
