"""The chips of a scenario as arrays, and what of them is on offer to a region's firms under the rules in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario.events import ExportRule
from sim.scenario.predicate import parse
from sim.technology.chips import (
    DOMESTIC,
    LEGAL,
    OF_OFFERS,
    OF_QUOTAS,
    OFFSHORE,
    SMUGGLED,
    Offers,
    chip_price,
    supply_limit,
)
from sim.technology.units import H100_TFLOPS, THOUSAND
from sim.world.ablation import ChipPolicies
from sim.world.policy import Policy
from sim.world.setting import Array, Flags, Ints, Setting

CHEAPEST = 0.01
"""Part of a chip's price that its buyer pays whatever the subsidy: of what costs nothing there is never enough."""

DEAR_BANDWIDTH = 1e4
"""USD per TB/s where no chip is on sale."""


@dataclass
class Catalogue:
    """The scenario's chips as arrays, (chips,), with their paths, (months, chips)."""

    setting: Setting
    names: list[str] = field(init=False)
    origin: Ints = field(init=False)
    bf16: Array = field(init=False)
    flops: Array = field(init=False)
    bandwidth: Array = field(init=False)
    _covered: dict[str, Flags] = field(init=False, repr=False, default_factory=dict)
    sold_at_home: Flags = field(init=False)
    """Whether makers of a region sell a chip there in limited numbers, (regions, chips)."""
    made_at_home: list[Ints] = field(init=False)
    """Those chips, by region."""
    response: list[float] = field(init=False)
    """By how much of its path makers at home raise supply at a full shortfall, by region."""
    _offers: dict[_Known, Offers] = field(init=False, repr=False, default_factory=dict)
    _groups: tuple[ChipPolicies, Groups] | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        chips = self.setting.scenario.chips
        rows = list(chips.values())
        self.names = list(chips)
        self.origin = np.array([self.setting.regions.index(c.origin) for c in rows])
        self.bf16 = np.array([c.bf16 for c in rows])
        self.flops = self.bf16 * np.array([c.efficiency for c in rows])
        self.bandwidth = np.array([c.bandwidth for c in rows])
        start = self.setting.scenario.start
        released = np.array([c.released - start for c in rows])
        retired = np.array([c.retired - start if c.retired else 10**6 for c in rows])
        month = np.arange(len(self.setting.months))[:, None]
        self._age = (month - released).astype(float)
        self._sale = (released <= month) & (month < retired)
        self._prices = chip_price(
            np.array([c.price for c in rows]), np.array([c.price_decline for c in rows]), self._age
        )
        self._growth = np.array([c.supply_growth for c in rows])
        self._supply = np.array(
            [
                [THOUSAND * c.supply[name] if name in c.supply else np.inf for c in rows]
                for name in self.setting.regions
            ]
        )
        self.sold_at_home = np.isfinite(self._supply) & (self.origin == np.arange(len(self._supply))[:, None])
        self.made_at_home = [np.flatnonzero(sold) for sold in self.sold_at_home]
        self.response = [self._response(name) for name in self.setting.regions]

    def _response(self, region: str) -> float:
        s = self.setting.scenario
        if not s.mechanisms.domestic_response:
            return 0.0
        government = s.governments.get(region)
        extra = government.subsidise_shortfall if government and s.mechanisms.reactions else 0.0
        return s.regions[region].domestic_response + extra

    def covered(self, predicate: str) -> Flags:
        """Chips that a rule's predicate covers."""
        if predicate not in self._covered:
            test = parse(predicate)
            self._covered[predicate] = np.array([test(fields) for fields in self._fields])
        return self._covered[predicate]

    @cached_property
    def _fields(self) -> list[dict[str, Any]]:
        """What predicates read of each chip."""
        left_out = {"supply", "released", "retired", "title"}
        chips = self.setting.scenario.chips.items()
        return [{"name": name, **chip.model_dump(exclude=left_out)} for name, chip in chips]

    def on_sale(self, month: int | slice) -> Flags:
        """Chips sold in that month."""
        return np.asarray(self._sale[month])

    def price(self, month: int | slice) -> Array:
        """List prices, USD."""
        return np.asarray(self._prices[month])

    def bandwidth_price(self) -> float:
        """USD per TB/s of the cheapest chip of the first month, whoever may buy it."""
        sale = self.on_sale(0)
        return float((self.price(0) / self.bandwidth)[sale].min()) if sale.any() else DEAR_BANDWIDTH

    def supply(self, region: int) -> Array:
        """Chips a year that the region gets in a chip's first year; inf: not limited, so sold there unless barred."""
        return np.asarray(self._supply[region])

    def limit(self, region: int) -> Array:
        """Chips that each month's supply to the region holds, none of chips that are not on sale, (months, chips)."""
        return np.where(self._sale, supply_limit(self._supply[region], self._growth, self._age), 0.0)

    def offers(self, policy: Policy, region: int, rules: Sequence[ExportRule]) -> Offers:
        """Chips on offer to firms of a region that are bound by `rules`, month by month; made once for equal rules."""
        bearing = tuple((rule.predicate, rule.licensed, rule.levy, rule.volume_cap) for rule in rules)
        key = _Known(region, float(policy.chip_subsidy[region]), bool(policy.offshore[region]), bearing)
        if key not in self._offers:
            self._offers[key] = region_offers(self, policy, region, rules)
        return self._offers[key]

    def groups(self, policies: ChipPolicies) -> Groups:
        """Groups of firms under the same rules, and what each finds; looked for when rules change."""
        if self._groups is None or any(a is not b for a, b in zip(self._groups[0], policies, strict=True)):
            self._groups = policies, Groups.under(self, policies)
        return self._groups[1]


class OnOffer(NamedTuple):
    """What a group of firms finds under the policy that each part of the chip market faces."""

    training: Offers
    capacity: Offers
    cost: Offers
    domestic: Offers


class Group(NamedTuple):
    """Firms of a region under the same rules."""

    region: int
    firm: str | None
    """The firm, if a rule names it; None: all those of the region that no rule names."""
    on_offer: OnOffer
    followed: bool
    """Whether another group of the region buys after this one."""


@dataclass(frozen=True)
class Groups:
    """All groups: region by region, those that no rule names first, then each of the others.

    Attributes
    ----------
    of
        Group of each firm, (firms,).
    """

    groups: list[Group]
    of: Ints

    def __len__(self) -> int:
        return len(self.groups)

    @cached_property
    def plain(self) -> bool:
        """Whether each region is one group, and finds the same under all policies."""
        found = (group.on_offer for group in self.groups if group.firm is None)
        same = all(offers is each[0] for each in found for offers in each)
        return same and all(group.firm is None for group in self.groups)

    @cached_property
    def side_by_side(self) -> tuple[NDArray[Any], ...]:
        """Tables of what groups find for training, one group's after the other's, and where each begins and ends."""
        tables = [group.on_offer.training.tables for group in self.groups]
        joined = [np.concatenate(columns, axis=-1) for columns in zip(*tables, strict=True)]
        offers, quotas = (
            np.cumsum([0, *(len(table[k]) for table in tables)]) for k in (OF_OFFERS, OF_QUOTAS)
        )
        return *joined, offers, quotas

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)

    @classmethod
    def under(cls, catalogue: Catalogue, policies: ChipPolicies) -> Groups:
        """Who is under the same rules."""
        setting = catalogue.setting
        groups: list[Group] = []
        of = np.zeros(len(setting.firm_region), dtype=np.int64)
        for region, name in enumerate(setting.regions):
            of[setting.firm_region == region] = len(groups)
            listed = {user for each in policies for rule in _binding(each, name) for user in rule.end_users}
            here = [(i, firm) for i, firm in enumerate(setting.firms) if setting.firm_region[i] == region]
            alone = [(i, firm) for i, firm in here if firm in listed]
            groups.append(Group(region, None, _on_offer(catalogue, policies, region, None), bool(alone)))
            for i, firm in alone:
                of[i] = len(groups)
                offers = _on_offer(catalogue, policies, region, firm)
                groups.append(Group(region, firm, offers, firm != alone[-1][1]))
        return cls(groups, of)


def _binding(policy: Policy, region: str) -> list[ExportRule]:
    return [rule for rule in policy.rules if rule.region == region]


def _on_offer(catalogue: Catalogue, policies: ChipPolicies, region: int, firm: str | None) -> OnOffer:
    """What firms of a region find on which no rule bears by name, or the firm of that name."""
    found: dict[int, Offers] = {}
    for policy in policies:
        if id(policy) not in found:  # most often all parts of the market face the same
            here = _binding(policy, catalogue.setting.regions[region])
            bound = [rule for rule in here if not rule.end_users] + [
                rule for rule in here if firm in rule.end_users
            ]
            found[id(policy)] = catalogue.offers(policy, region, bound)
    return OnOffer(*(found[id(policy)] for policy in policies))


class _Known(NamedTuple):
    """All that tells what is on offer to one group of firms from what is on offer to another."""

    region: int
    subsidy: float
    rental: bool
    rules: tuple[tuple[str, float, float, float | None], ...]


def region_offers(catalogue: Catalogue, policy: Policy, region: int, rules: Sequence[ExportRule]) -> Offers:
    """Chips on offer to firms of a region that are bound by `rules`, month by month.

    Every chip may appear in four channels: bought legally, from a maker at home, smuggled where a rule bars it,
    or rented abroad. Chips that rules license in part, or up to a volume, share that quota; so do all smuggled
    chips and all rented ones.
    """
    setting = catalogue.setting
    s, row = setting.scenario, setting.scenario.regions[setting.regions[region]]
    n, months = len(catalogue.names), len(setting.months)
    sale, price = catalogue.on_sale(slice(None)), catalogue.price(slice(None))
    home = catalogue.origin == region
    terms = _under_rules(catalogue, rules)
    paid = max(1.0 - float(policy.chip_subsidy[region]), CHEAPEST)
    parts = [
        _Part(
            price * (1.0 + terms.levy) * np.where(home, paid, 1.0),
            catalogue.limit(region),
            terms.quota,
            np.where(home, DOMESTIC, LEGAL),
        )
    ]
    volumes, shares = [np.full(months, volume) for volume in terms.volume], list(terms.share)

    barred = sale & (terms.quota >= 0) & ~home & np.isinf(catalogue.supply(region))
    smuggles = s.mechanisms.smuggling and row.smuggling > 0.0
    rents = s.mechanisms.offshore_rental and row.offshore_share > 0.0 and bool(policy.offshore[region])
    unlicensed = np.where(barred, np.inf, 0.0)
    if barred.any() and smuggles:
        premium, quota = 1.0 + row.smuggling_premium, np.full(n, len(volumes))
        parts.append(_Part(price * premium, unlicensed, quota, np.full(n, SMUGGLED)))
        volume = row.smuggling * row.smuggling_growth**setting.years * THOUSAND / 12.0
        volumes.append(volume * H100_TFLOPS)
        shares.append(1.0)
    if barred.any() and rents:
        premium, quota = 1.0 + row.offshore_premium, np.full(n, len(volumes))
        parts.append(_Part(price * premium, unlicensed, quota, np.full(n, OFFSHORE)))
        volumes.append(np.full(months, np.inf))
        shares.append(row.offshore_share)
    return Offers(
        price=np.hstack([part.price for part in parts]),
        limit=np.hstack([part.limit for part in parts]),
        flops=np.tile(catalogue.flops, len(parts)),
        raw_flops=np.tile(catalogue.bf16, len(parts)),
        bandwidth=np.tile(catalogue.bandwidth, len(parts)),
        quota=np.concatenate([part.quota for part in parts]),
        channel=np.concatenate([part.channel for part in parts]),
        quota_volume=np.array(volumes).reshape(len(volumes), months).T,
        quota_share=np.array(shares, dtype=float),
    )


class _Part(NamedTuple):
    """The chips of one channel: (months, chips), then (chips,)."""

    price: Array
    limit: Array
    quota: Ints
    channel: Ints


class _Terms(NamedTuple):
    """What rules make of the catalogue: levies, (chips,), and quotas."""

    levy: Array
    quota: Ints
    volume: list[float]
    share: list[float]


def _under_rules(catalogue: Catalogue, rules: Sequence[ExportRule]) -> _Terms:
    """Levies and quotas. Chips under one strictest licence and cap share a quota; that of barred chips is empty."""
    n = len(catalogue.names)
    licensed, levy, cap = np.ones(n), np.zeros(n), np.full(n, np.inf)
    for rule in rules:
        hit = catalogue.covered(rule.predicate)
        licensed[hit] = np.minimum(licensed[hit], rule.licensed)
        levy[hit] += rule.levy
        if rule.volume_cap is not None:
            cap[hit] = np.minimum(cap[hit], rule.volume_cap)
    quota = np.full(n, -1)
    volume: list[float] = []
    share: list[float] = []
    for key in sorted({(licensed[k], cap[k]) for k in range(n) if licensed[k] < 1.0 or np.isfinite(cap[k])}):
        quota[(licensed == key[0]) & (cap == key[1])] = len(volume)
        volume.append(THOUSAND * key[1] / 12.0 * H100_TFLOPS)
        share.append(float(key[0]))
    return _Terms(levy, quota, volume, share)
