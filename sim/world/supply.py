"""The chip market: what each region's firms buy in a month of what the rules in force leave them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import NamedTuple

import numpy as np

from sim.technology.chips import CHANNELS, DOMESTIC, OFFSHORE, Left, Offers, Purchase, purchase
from sim.technology.units import H100_TFLOPS, THOUSAND
from sim.world.ablation import ChipPolicies
from sim.world.catalogue import Catalogue, region_offers
from sim.world.policy import Policy
from sim.world.setting import Array, Flags, Setting
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
    setting = catalogue.setting
    policies = policy if isinstance(policy, ChipPolicies) else ChipPolicies.same(policy)
    firms, regions = len(training), len(setting.regions)
    got = Bought(
        training=np.zeros(firms),
        raw=np.zeros((firms, len(CHANNELS))),
        bandwidth=np.zeros(firms),
        bandwidth_value=np.zeros(firms),
        chips=np.zeros(firms),
        shortfall=np.zeros(regions),
        flop_price=np.full(regions, np.inf),
        bandwidth_price=np.full(regions, np.inf),
    )
    home_flops, home_price = np.zeros(firms), np.full(regions, np.inf)
    for region in range(regions):
        sold = np.zeros(len(catalogue.names))
        for place, (members, firm) in enumerate(_groups(setting, policies, region)):
            shelves = {
                key: _shelf(catalogue, each, state, region, month, firm, sold)
                for key, each in {id(each): each for each in policies}.items()
            }
            for_training, for_serving, for_books, at_home = (shelves[id(each)] for each in policies)
            if place == 0:
                got.flop_price[region] = 1000.0 * for_training.offers.best(for_training.offers.flops)
                got.bandwidth_price[region] = for_books.best_to_serve()
                home_price[region] = 1000.0 * at_home.offers.best(at_home.offers.flops)
            if not members.any():
                continue
            train = for_training.train(training[members])
            serve = for_serving.after(train, for_training).serve(serving[members])
            scarce = np.isfinite(for_serving.left.limit[: len(sold)])
            before, after = for_serving.left.limit[: len(sold)], serve.left.limit[: len(sold)]
            sold[scarce] += before[scarce] - after[scarce]
            got.training[members] = train.flops
            got.raw[members] = train.raw_flops + serve.raw_flops
            got.bandwidth[members] = serve.bandwidth
            got.chips[members] = train.spent + serve.spent
            got.bandwidth_value[members] = serve.spent
            if for_books is not for_serving:
                priced = for_books.after(train, for_training).serve(serving[members])
                got.bandwidth_value[members] = _booked(serve, priced, _book_price(state, members))
            home = train if at_home is for_training else at_home.train(training[members])
            home_flops[members] = home.flops
    _measure_shortfall(setting, got, home_flops, home_price, training)
    return got


def _groups(setting: Setting, policies: ChipPolicies, region: int) -> list[tuple[Flags, str | None]]:
    """Firms of a region under the same rules: those that no rule names, then each of the others with its name."""
    clouds = zip(setting.clouds, setting.cloud_firm, strict=True)
    names = [*setting.labs, *(cloud for cloud, firm in clouds if firm >= len(setting.labs))]
    rules = [rule for each in policies for rule in each.rules if rule.region == setting.regions[region]]
    listed = {user for rule in rules for user in rule.end_users}
    here = setting.firm_region == region
    named = np.array([name in listed for name in names])
    alone = [(np.arange(len(names)) == firm, names[firm]) for firm in np.flatnonzero(here & named)]
    return [(here & ~named, None), *alone]


class _Shelf(NamedTuple):
    """What a group of firms finds under one policy: offers, and what is left of them."""

    offers: Offers
    left: Left

    def train(self, budget: Array) -> Purchase:
        return purchase(budget, self.offers, self.offers.flops, self.left)

    def serve(self, budget: Array) -> Purchase:
        # Compute rented abroad trains; it is too far from customers to serve them.
        near = np.where(self.offers.channel == OFFSHORE, 0.0, self.left.limit)
        return purchase(budget, self.offers, self.offers.bandwidth, Left(near, self.left.volume))

    def best_to_serve(self) -> float:
        """Lowest price of a TB/s among offers that serve, USD; inf if there is none."""
        near = np.where(self.offers.channel == OFFSHORE, np.inf, self.offers.price)
        return replace(self.offers, price=near).best(self.offers.bandwidth)

    def after(self, bought: Purchase, shelf: _Shelf) -> _Shelf:
        """What is left here of what was bought from `shelf`: chips are the same, and quotas of the same terms."""
        if shelf is self:
            return self._replace(left=bought.left)
        limit, volume = self.left.limit.copy(), self.left.volume.copy()
        # Chips sold legally or made at home come first in both, and only their supply is limited by chip.
        scarce = np.flatnonzero((shelf.offers.channel <= DOMESTIC) & np.isfinite(shelf.left.limit))
        taken = shelf.left.limit[scarce] - bought.left.limit[scarce]
        limit[scarce] = np.maximum(limit[scarce] - taken, 0.0)
        used = {
            key: before - after
            for key, before, after in zip(
                _quotas(shelf.offers), shelf.left.volume, bought.left.volume, strict=True
            )
            if np.isfinite(before)
        }
        for quota, key in enumerate(_quotas(self.offers)):
            volume[quota] = max(volume[quota] - used.get(key, 0.0), 0.0)
        return self._replace(left=Left(limit, volume))


def _shelf(
    catalogue: Catalogue, policy: Policy, state: State, region: int, month: int, firm: str | None, sold: Array
) -> _Shelf:
    """What the firms of a region find on which no rule bears by name, or the firm of that name."""
    here = [rule for rule in policy.rules if rule.region == catalogue.setting.regions[region]]
    bound = [rule for rule in here if not rule.end_users] + [rule for rule in here if firm in rule.end_users]
    offers = region_offers(catalogue, policy, state, region, month, bound)
    limit = offers.limit.copy()
    limit[: len(sold)] -= sold
    return _Shelf(offers, Left(np.maximum(limit, 0.0), offers.quota_volume))


def _quotas(offers: Offers) -> list[tuple[int, float, float]]:
    """What tells one quota from another: how its chips come, its share of a budget and its volume."""
    return [
        (max(int(offers.channel[offers.quota == quota][0]), DOMESTIC), float(share), float(volume))
        for quota, (share, volume) in enumerate(zip(offers.quota_share, offers.quota_volume, strict=True))
    ]


def _unit_price(spent: Array, bandwidth: Array) -> Array:
    """USD per TB/s; NaN where there is none."""
    return np.where(bandwidth > 0.0, spent / np.where(bandwidth > 0.0, bandwidth, 1.0), np.nan)


def _book_price(state: State, members: Flags) -> Array:
    """USD per TB/s of the serving compute that firms have, (members,)."""
    return _unit_price(state.bandwidth_value[members], state.bandwidth[members])


def _booked(bought: Purchase, priced: Purchase, book: Array) -> Array:
    """USD at which bandwidth enters the books where its price is that of another purchase, (firms,).

    Where that other purchase got none it enters at the `book` price, and as paid where there is none either.
    """
    paid, price = (_unit_price(each.spent, each.bandwidth) for each in (bought, priced))
    price = np.where(np.isfinite(price), price, np.where(np.isfinite(book), book, paid))
    as_paid = (price == paid) | (bought.bandwidth <= 0.0)
    return np.where(as_paid, bought.spent, bought.bandwidth * price)


def _measure_shortfall(setting: Setting, got: Bought, flops: Array, flop_price: Array, training: Array) -> None:
    """How much less training compute each region's money buys than at the world's best price.

    Parameters
    ----------
    flops
        TFLOP/s that firms buy, or would buy under the policy that makers at home respond to, (firms,).
    flop_price
        USD per PFLOP/s under that policy, (regions,).
    """
    best = float(flop_price.min()) / 1000.0
    for region in range(len(setting.regions)):
        here = setting.firm_region == region
        wanted = fsum(training[here])
        if wanted > 0.0 and np.isfinite(best):
            got.shortfall[region] = np.clip(1.0 - fsum(flops[here]) * best / wanted, 0.0, 1.0)


class FirstCompute(NamedTuple):
    """A firm's first compute, in the units of `Bought`."""

    training: float
    raw: Array
    bandwidth: float
    bandwidth_value: float


def first_compute(
    catalogue: Catalogue,
    policies: ChipPolicies,
    state: State,
    region: int,
    month: int,
    thousand_h100e: float,
    training_share: float,
) -> FirstCompute | None:
    """Compute with which a firm begins: in the best chips that its region may buy today; None if there are none."""
    none = np.zeros(len(catalogue.names))
    best = {
        key: _best_chip(_shelf(catalogue, each, state, region, month, None, none).offers)
        for key, each in {id(each): each for each in policies}.items()
    }
    train, serve, books = (best[id(each)] for each in (policies.training, policies.capacity, policies.cost))
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


def _best_chip(offers: Offers) -> _Chip | None:
    """The chip that gives most training speed for its price, of those sold legally or at home."""
    sold = offers.open_ & (offers.channel <= DOMESTIC)
    if not sold.any():
        return None
    best = int(np.flatnonzero(sold)[np.argmin((offers.price / offers.flops)[sold])])
    return _Chip(
        price=float(offers.price[best]),
        flops=float(offers.flops[best]),
        raw_flops=float(offers.raw_flops[best]),
        bandwidth=float(offers.bandwidth[best]),
        channel=int(offers.channel[best]),
    )
