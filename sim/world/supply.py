"""The chip market: what each region's firms buy in a month of what the rules in force leave them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np

from sim.economics.engines import chosen
from sim.technology.chips import CHANNELS, DOMESTIC, Left, Purchase, Shares, Shelf, by_firm, purchase
from sim.technology.units import H100_TFLOPS, THOUSAND
from sim.world.ablation import ChipPolicies
from sim.world.catalogue import Catalogue, Group, Groups
from sim.world.policy import Policy
from sim.world.setting import Array, Ints
from sim.world.state import State


@dataclass(frozen=True)
class Bought:
    """A month's purchases of all firms."""

    training: Array
    """Usable TFLOP/s added, (firms,)."""
    raw: Array
    """Dense TFLOP/s by channel, (firms, channels)."""
    bandwidth: Array
    """TB/s added for serving, (firms,)."""
    bandwidth_value: Array
    """USD of chips for serving, (firms,)."""
    chips: Array
    """USD of chips in all, (firms,)."""
    shortfall: Array
    """Training compute that the region's money did not buy, against the world's best price, (regions,)."""
    flop_price: Array
    """USD per PFLOP/s at the best chip on sale, (regions,)."""
    bandwidth_price: Array
    """USD per TB/s at the best chip on sale, (regions,)."""


def buy(
    catalogue: Catalogue,
    policy: Policy | ChipPolicies,
    state: State,
    month: int,
    training: Array,
    serving: Array,
) -> Bought:
    """Let every region's firms buy chips for training and for serving.

    Parameters
    ----------
    policy
        What every part of the market faces, or each part. Where they differ, chips and quotas that two of them
        know are still sold once only.
    training, serving
        USD for chips by firm, (firms,).
    """
    policies = policy if isinstance(policy, ChipPolicies) else ChipPolicies.same(policy)
    groups = catalogue.groups(policies)
    if groups.plain and chosen(None) == "numba":
        return _compiled(catalogue, groups, state, month, training, serving)
    firm_region = catalogue.setting.firm_region
    money = (_sums(groups.of, budget, len(groups)).tolist() for budget in (training, serving))
    visits: list[_Visit] = []
    sold: list[float] = []
    for group, to_train, to_serve in zip(groups, *money, strict=True):
        if group.firm is None:  # the first of its region
            sold = []
        found = _find(catalogue, group, state, month, sold)
        visits.append(_shop(found, to_train, to_serve))
        if group.followed:
            sold = _sold(len(catalogue.names), sold, found, visits[-1])
    train, serve, books, at_home = zip(*visits, strict=True)
    trained, served = by_firm(train, groups.of, training), by_firm(serve, groups.of, serving)
    value = served.spent
    if any(book is not paid for book, paid in zip(books, serve, strict=True)):
        value = _booked(served, by_firm(books, groups.of, serving), state)
    home_flops = trained.flops
    if any(home is not bought for home, bought in zip(at_home, train, strict=True)):
        home_flops = by_firm(at_home, groups.of, training).flops
    usual = [
        [
            offers.on(month)
            for offers in (group.on_offer.domestic, group.on_offer.training, group.on_offer.cost)
        ]
        for group in groups
        if group.firm is None
    ]
    return Bought(
        training=trained.flops,
        raw=trained.raw_flops + served.raw_flops,
        bandwidth=served.bandwidth,
        bandwidth_value=value,
        chips=trained.spent + served.spent,
        shortfall=_shortfall(
            _sums(firm_region, home_flops, len(usual)),
            _sums(firm_region, training, len(usual)),
            min(at_home.flop_price for at_home, _, _ in usual),
        ),
        flop_price=np.array([1000.0 * to_train.flop_price for _, to_train, _ in usual]),
        bandwidth_price=np.array([to_serve.bandwidth_price for _, _, to_serve in usual]),
    )


def _compiled(
    catalogue: Catalogue, groups: Groups, state: State, month: int, training: Array, serving: Array
) -> Bought:
    """`buy` where each region is one group, and finds the same under all policies."""
    from sim.economics.compiled.calls import kept  # numba takes a while to import
    from sim.world.compiled_supply import shop

    shelves, at_home = groups.side_by_side, catalogue.sold_at_home
    response, money = np.array(catalogue.response), (training, serving)
    found = kept(shop, shelves, month, at_home, response, state.shortfall, groups.of, *money, len(CHANNELS))
    (flops, bandwidth, value, chips), raw, of_regions = found
    return Bought(flops, raw, bandwidth, value, chips, *of_regions)


def _sums(which: Ints, values: Array, count: int) -> Array:
    """Sums of `values` by index, (count,); one after the other, so that a firm without money changes no bit."""
    return np.bincount(which, values, minlength=count).astype(float, copy=False)


class _Visit(NamedTuple):
    """What a group buys, and what the same money would buy under the other policies that count."""

    train: Purchase
    serve: Purchase
    books: Purchase
    """For serving, at the prices that enter the books."""
    at_home: Purchase
    """For training, under the policy that chip makers at home respond to."""


def _shop(found: list[_Found], to_train: float, to_serve: float) -> _Visit:
    """A group's purchases from what it finds under each policy, for its USD."""
    for_training, for_serving, for_books, at_home = found
    train = for_training.train(to_train)
    serve = books = for_serving.after(train, for_training).serve(to_serve)
    if for_books is not for_serving:
        books = for_books.after(train, for_training).serve(to_serve)
    return _Visit(train, serve, books, train if at_home is for_training else at_home.train(to_train))


def _sold(chips: int, before: list[float], found: list[_Found], visit: _Visit) -> list[float]:
    """Chips of a limited supply that firms of a region have taken so far, (chips,)."""
    there, left = found[1].left.limit[:chips], visit.serve.left.limit[:chips]
    taken = [a - b if isfinite(a) else 0.0 for a, b in zip(there, left, strict=True)]
    return [a + b for a, b in zip(before, taken, strict=True)] if before else taken


class _Found(NamedTuple):
    """What a group of firms finds under one policy: offers, and what is left of them."""

    shelf: Shelf
    left: Left

    def train(self, money: float) -> Purchase:
        return purchase(money, self.shelf, self.shelf.to_train, self.left)

    def serve(self, money: float) -> Purchase:
        return purchase(money, self.shelf, self.shelf.to_serve, self.left)

    def after(self, bought: Purchase, where: _Found) -> _Found:
        """What is left here of what was bought elsewhere: chips are the same, and quotas of the same terms."""
        if where is self:
            return _Found(self.shelf, bought.left)
        limit, volume = self.left.limit.copy(), self.left.volume.copy()
        # Chips sold legally or made at home come first in both, and only their supply is limited by chip.
        for k, channel in enumerate(where.shelf.chips.channel):
            if channel <= DOMESTIC and isfinite(where.left.limit[k]):
                limit[k] = max(limit[k] - (where.left.limit[k] - bought.left.limit[k]), 0.0)
        used = {
            key: before - after
            for key, before, after in zip(
                _quotas(where.shelf), where.left.volume, bought.left.volume, strict=True
            )
            if isfinite(before)
        }
        for quota, key in enumerate(_quotas(self.shelf)):
            volume[quota] = max(volume[quota] - used.get(key, 0.0), 0.0)
        return _Found(self.shelf, Left(limit, volume))


def _find(catalogue: Catalogue, group: Group, state: State, month: int, sold: list[float]) -> list[_Found]:
    """What a group finds under each policy; one and the same thing where offers are the same."""
    response = 1.0 + catalogue.response[group.region] * float(state.shortfall[group.region])
    taken = [(k, number) for k, number in enumerate(sold) if number > 0.0]
    found: dict[int, _Found] = {}
    for offers in group.on_offer:
        if id(offers) not in found:
            shelf = offers.on(month)
            limit = shelf.left.limit.copy()
            for k in catalogue.made_at_home[group.region].tolist():
                limit[k] *= response
            for k, number in taken:
                limit[k] = max(limit[k] - number, 0.0)
            found[id(offers)] = _Found(shelf, Left(limit, shelf.left.volume))
    return [found[id(offers)] for offers in group.on_offer]


def _quotas(shelf: Shelf) -> list[tuple[int, float, float]]:
    """What tells one quota from another: how its chips come, its share of a budget and its volume."""
    chips = shelf.chips
    return [
        (max(chips.channel[chips.quota.index(quota)], DOMESTIC), share, volume)
        for quota, (share, volume) in enumerate(zip(chips.quota_share, shelf.left.volume, strict=True))
    ]


def _unit_price(spent: Array, bandwidth: Array) -> Array:
    """USD per TB/s; NaN where there is none."""
    return np.where(bandwidth > 0.0, spent / np.where(bandwidth > 0.0, bandwidth, 1.0), np.nan)


def _booked(bought: Shares, priced: Shares, state: State) -> Array:
    """USD at which bandwidth enters the books where its price is that of another purchase, (firms,).

    Where that other purchase got none it enters at the price of what the firm has, and as paid where there is none.
    """
    paid, price = (_unit_price(each.spent, each.bandwidth) for each in (bought, priced))
    book = _unit_price(state.bandwidth_value, state.bandwidth)
    price = np.where(np.isfinite(price), price, np.where(np.isfinite(book), book, paid))
    as_paid = (price == paid) | (bought.bandwidth <= 0.0)
    return np.where(as_paid, bought.spent, bought.bandwidth * price)


def _shortfall(flops: Array, money: Array, price: float) -> Array:
    """How much less training compute each region's money buys than at the world's best price, (regions,).

    Parameters
    ----------
    flops
        TFLOP/s that a region's firms buy, or would buy under the policy that makers at home respond to, (regions,).
    money
        USD that they give for training, (regions,).
    price
        Best price in the world under that policy, USD per TFLOP/s; inf: there is none.
    """
    if not isfinite(price):
        return np.zeros(len(money))
    each = zip(flops.tolist(), money.tolist(), strict=True)
    return np.array(
        [min(max(1.0 - got * price / paid, 0.0), 1.0) if paid > 0.0 else 0.0 for got, paid in each]
    )


class FirstCompute(NamedTuple):
    """A firm's first compute, in the units of `Bought`."""

    training: float
    raw: Array
    bandwidth: float
    bandwidth_value: float


def first_compute(
    catalogue: Catalogue,
    policies: ChipPolicies,
    region: int,
    month: int,
    thousand_h100e: float,
    training_share: float,
) -> FirstCompute | None:
    """Compute with which a firm begins: in the best chips that its region may buy today; None if there are none."""
    usual = next(group for group in catalogue.groups(policies) if group.region == region).on_offer
    offers = usual.training, usual.capacity, usual.cost
    train, serve, books = (_best_chip(each.on(month)) for each in offers)
    if train is None or serve is None or thousand_h100e <= 0.0:
        return None
    amount = thousand_h100e * THOUSAND * H100_TFLOPS
    chips, serving = amount / train.raw_flops, (1.0 - training_share) * (amount / serve.raw_flops)
    raw = np.zeros(len(CHANNELS))
    raw[train.channel] = chips * train.raw_flops
    if serve.channel != train.channel:
        raw[train.channel] *= training_share
        raw[serve.channel] = serving * serve.raw_flops
    value = serving * serve.price
    if books is not None and books.price / books.bandwidth != serve.price / serve.bandwidth:
        value = serving * serve.bandwidth * books.price / books.bandwidth
    return FirstCompute(training_share * chips * train.flops, raw, serving * serve.bandwidth, value)


class _Chip(NamedTuple):
    """One chip on offer, in the units of `Offers`."""

    price: float
    flops: float
    raw_flops: float
    bandwidth: float
    channel: int


def _best_chip(shelf: Shelf) -> _Chip | None:
    """The chip that gives most training speed for its price, of those sold legally or at home."""
    best, chips = shelf.best_to_train(), shelf.chips
    if best is None:
        return None
    return _Chip(
        price=shelf.price[best],
        flops=chips.flops[best],
        raw_flops=chips.raw_flops[best],
        bandwidth=chips.bandwidth[best],
        channel=chips.channel[best],
    )
