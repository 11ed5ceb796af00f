"""What `sim.world.supply` buys as machine code, where no rule names a firm; the readable path is there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.economics.compiled.calls import Bare, inner, making_arrays
from sim.technology.chips import DOMESTIC, OFFSHORE
from sim.world.setting import Array, Flags, Ints

FLOPS, BANDWIDTH, TRAINED, SERVED, FLOP_PRICE, BANDWIDTH_PRICE = range(6)
"""What a dollar buys: TFLOP/s for training and TB/s for serving, what is spent of it on either; and the lowest USD
per TFLOP/s and per TB/s of what is neither smuggled nor rented."""


class Shelves(NamedTuple):
    """Arrays of `sim.technology.chips.Offers`, those of one region after those of another."""

    price: Array  # (months, offers)
    limit: Array  # (months, offers)
    open_: Flags  # (months, offers)
    flops: Array  # (offers,)
    raw_flops: Array  # (offers,)
    bandwidth: Array  # (offers,)
    quota: Ints  # (offers,) of those of its region
    channel: Ints  # (offers,)
    quota_volume: Array  # (months, quotas)
    quota_share: Array  # (quotas,)
    offers: Ints  # (regions + 1,) where those of a region begin
    quotas: Ints  # (regions + 1,)


class Shelf(NamedTuple):
    """What a region's firms find in a month: (offers,) each, or (quotas,)."""

    price: Array
    limit: Array
    open_: Flags
    flops: Array
    raw_flops: Array
    bandwidth: Array
    quota: Ints
    channel: Ints
    quota_volume: Array
    quota_share: Array


@inner
def _cheapest(price: Array, speed: Array, there: Flags) -> int:
    """The offer that is cheapest per unit of speed of those that are there, of equal ones the first; -1: none."""
    best, least = -1, np.inf
    for k in range(len(price)):
        if there[k] and (best < 0 or price[k] / speed[k] < least):
            best, least = k, price[k] / speed[k]
    return best


@inner
def _purchase(money: float, offers: Shelf, speed: Array, there: Flags, raw: Array) -> tuple[float, float]:
    """As `sim.technology.chips.purchase`: speed that a dollar buys, and what is spent of it; takes what is bought.

    Parameters
    ----------
    speed
        What is bought, by chip: offers are taken in the order of their price for it, (offers,).
    there
        Offers to be had, used up, (offers,).
    raw
        Dense TFLOP/s per dollar by channel, (channels,), added to.
    """
    if money <= 0.0:
        return 0.0, 0.0
    price, limit, volume = offers.price, offers.limit, offers.quota_volume
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


@inner
def _on(shelves: Shelves, month: int, region: int) -> Shelf:
    """What is on offer; limits and volumes are its own, to be written to."""
    a, b = shelves.offers[region], shelves.offers[region + 1]
    c, d = shelves.quotas[region], shelves.quotas[region + 1]
    return Shelf(
        shelves.price[month, a:b],
        shelves.limit[month, a:b].copy(),
        shelves.open_[month, a:b],
        shelves.flops[a:b],
        shelves.raw_flops[a:b],
        shelves.bandwidth[a:b],
        shelves.quota[a:b],
        shelves.channel[a:b],
        shelves.quota_volume[month, c:d].copy(),
        shelves.quota_share[c:d],
    )


@inner
def _shop(offers: Shelf, to_train: float, to_serve: float, out: Array, raw: Array) -> None:
    """What a dollar of a region's firms buys, first for training and then for serving.

    Parameters
    ----------
    to_train, to_serve
        USD of all its firms.
    out, raw
        Written to: what is named above; and added to: dense TFLOP/s by channel, for training and serving,
        (2, channels).
    """
    price, open_ = offers.price, offers.open_
    out[FLOP_PRICE], out[BANDWIDTH_PRICE] = np.inf, np.inf
    near = open_.copy()  # customers
    for k in range(len(price)):
        near[k] &= offers.channel[k] != OFFSHORE
        if open_[k] and offers.channel[k] <= DOMESTIC:
            out[FLOP_PRICE] = min(out[FLOP_PRICE], price[k] / offers.flops[k])
            out[BANDWIDTH_PRICE] = min(out[BANDWIDTH_PRICE], price[k] / offers.bandwidth[k])
    out[FLOPS], out[TRAINED] = _purchase(to_train, offers, offers.flops, open_.copy(), raw[0])
    out[BANDWIDTH], out[SERVED] = _purchase(to_serve, offers, offers.bandwidth, near, raw[1])


@inner
def _shortfall(flops: float, money: float, price: float) -> float:
    """As `sim.world.supply` has it, of one region."""
    if money > 0.0 and np.isfinite(price):
        return min(max(1.0 - flops * price / money, 0.0), 1.0)
    return 0.0


@making_arrays
def shop(
    on_shelves: Bare,
    month: int,
    at_home: Flags,
    response: Array,
    short: Array,
    region: Ints,
    training: Array,
    serving: Array,
    channels: int,
) -> tuple[Array, Array, Array]:
    """What all firms buy, as `sim.world.supply.Bought`.

    Parameters
    ----------
    on_shelves
        `Shelves`.
    at_home, response, short
        Chips that makers of a region sell there in limited numbers, (regions, chips), by how much of that they
        respond to a full shortfall, and the shortfall, (regions,).
    region, training, serving
        Of firms: region, USD for either, (firms,).

    Returns
    -------
    Array
        Training, bandwidth, its value and chips of firms, (4, firms).
    Array
        Dense TFLOP/s, (firms, channels).
    Array
        Shortfall and prices of regions, (3, regions).
    """
    shelves, regions, firms = Shelves(*on_shelves), len(short), len(region)
    columns, raw = np.empty((regions, 6)), np.zeros((regions, 2, channels))
    money, flops, best = np.zeros((2, regions)), np.zeros(regions), np.inf
    for i in range(firms):
        money[0, region[i]] += training[i]
        money[1, region[i]] += serving[i]
    for r in range(regions):
        offers = _on(shelves, month, r)
        for k in range(at_home.shape[1]):
            if at_home[r, k]:
                offers.limit[k] *= 1.0 + response[r] * short[r]
        _shop(offers, money[0, r], money[1, r], columns[r], raw[r])
        best = min(best, columns[r, FLOP_PRICE])
    of_firms, dense, of_regions = np.empty((4, firms)), np.empty((firms, channels)), np.empty((3, regions))
    for i in range(firms):
        r = region[i]
        of_firms[0, i], of_firms[1, i] = training[i] * columns[r, FLOPS], serving[i] * columns[r, BANDWIDTH]
        of_firms[2, i] = serving[i] * columns[r, SERVED]
        of_firms[3, i] = training[i] * columns[r, TRAINED] + of_firms[2, i]
        flops[r] += of_firms[0, i]
        for k in range(channels):
            dense[i, k] = training[i] * raw[r, 0, k] + serving[i] * raw[r, 1, k]
    for r in range(regions):
        of_regions[0, r] = _shortfall(flops[r], money[0, r], best)
        of_regions[1, r] = 1000.0 * columns[r, FLOP_PRICE]
        of_regions[2, r] = columns[r, BANDWIDTH_PRICE]
    return of_firms, dense, of_regions
