"""The chips of a scenario as arrays, and what of them is on offer to a region's firms under the rules in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sim.scenario.events import ExportRule
from sim.scenario.predicate import parse
from sim.technology.chips import (
    DOMESTIC,
    LEGAL,
    OFFSHORE,
    SMUGGLED,
    Offers,
    chip_price,
    supply_limit,
)
from sim.technology.units import H100_TFLOPS, THOUSAND
from sim.world.policy import Policy
from sim.world.setting import Array, Flags, Ints, Setting
from sim.world.state import State


@dataclass
class Catalogue:
    """The scenario's chips as arrays, (chips,)."""

    setting: Setting
    names: list[str] = field(init=False)
    origin: Ints = field(init=False)
    bf16: Array = field(init=False)
    flops: Array = field(init=False)
    bandwidth: Array = field(init=False)
    _covered: dict[str, Flags] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        chips = self.setting.scenario.chips
        rows = list(chips.values())
        self.names = list(chips)
        self.origin = np.array([self.setting.regions.index(c.origin) for c in rows])
        self.bf16 = np.array([c.bf16 for c in rows])
        self.flops = self.bf16 * np.array([c.efficiency for c in rows])
        self.bandwidth = np.array([c.bandwidth for c in rows])
        self._price = np.array([c.price for c in rows])
        self._decline = np.array([c.price_decline for c in rows])
        self._growth = np.array([c.supply_growth for c in rows])
        start = self.setting.scenario.start
        self._from = np.array([c.released - start for c in rows])
        self._to = np.array([c.retired - start if c.retired else 10**6 for c in rows])
        self._supply = np.array(
            [
                [THOUSAND * c.supply[name] if name in c.supply else np.inf for c in rows]
                for name in self.setting.regions
            ]
        )

    def covered(self, predicate: str) -> Flags:
        """Chips that a rule's predicate covers."""
        if predicate not in self._covered:
            test = parse(predicate)
            chips = self.setting.scenario.chips
            self._covered[predicate] = np.array(
                [
                    test(
                        {"name": name, **chip.model_dump(exclude={"supply", "released", "retired", "title"})}
                    )
                    for name, chip in chips.items()
                ]
            )
        return self._covered[predicate]

    def on_sale(self, month: int) -> Flags:
        """Chips sold in that month."""
        return np.asarray((self._from <= month) & (month < self._to))

    def price(self, month: int) -> Array:
        """List prices, USD."""
        return chip_price(self._price, self._decline, (month - self._from).astype(float))

    def supply(self, region: int) -> Array:
        """Chips a year that the region gets in a chip's first year; inf: not limited, so sold there unless barred."""
        return np.asarray(self._supply[region])

    def limit(self, region: int, month: int) -> Array:
        """Chips that a month's supply to the region holds."""
        return supply_limit(self._supply[region], self._growth, (month - self._from).astype(float))


def region_offers(
    catalogue: Catalogue, policy: Policy, state: State, region: int, month: int, rules: list[ExportRule]
) -> Offers:
    """Chips on offer to firms of a region that are bound by `rules`.

    Every chip may appear in four channels: bought legally, from a maker at home, smuggled where a rule bars it,
    or rented abroad. Chips that rules license in part, or up to a volume, share that quota; so do all smuggled
    chips and all rented ones.
    """
    setting = catalogue.setting
    s, row = setting.scenario, setting.scenario.regions[setting.regions[region]]
    n = len(catalogue.names)
    sale, price = catalogue.on_sale(month), catalogue.price(month)
    home = catalogue.origin == region
    limit = np.where(sale, catalogue.limit(region, month), 0.0)
    if s.mechanisms.domestic_response:
        government = s.governments.get(setting.regions[region])
        extra = government.subsidise_shortfall if government and s.mechanisms.reactions else 0.0
        limit = np.where(
            home, limit * (1.0 + (row.domestic_response + extra) * state.shortfall[region]), limit
        )
    terms = _under_rules(catalogue, rules)
    subsidy = 1.0 - policy.chip_subsidy[region]
    parts = [
        _Part(
            price * (1.0 + terms.levy) * np.where(home, subsidy, 1.0),
            limit,
            terms.quota,
            np.where(home, DOMESTIC, LEGAL),
        )
    ]
    volumes, shares = list(terms.volume), list(terms.share)

    barred = sale & (terms.quota >= 0) & ~home & np.isinf(catalogue.supply(region))
    smuggles = s.mechanisms.smuggling and row.smuggling > 0.0
    rents = s.mechanisms.offshore_rental and row.offshore_share > 0.0 and bool(policy.offshore[region])
    if barred.any() and smuggles:
        volume = row.smuggling * row.smuggling_growth ** setting.years[month] * THOUSAND / 12.0
        parts.append(
            _Part(
                price * (1.0 + row.smuggling_premium),
                np.where(barred, np.inf, 0.0),
                np.full(n, len(volumes)),
                np.full(n, SMUGGLED),
            )
        )
        volumes.append(volume * H100_TFLOPS)
        shares.append(1.0)
    if barred.any() and rents:
        parts.append(
            _Part(
                price * (1.0 + row.offshore_premium),
                np.where(barred, np.inf, 0.0),
                np.full(n, len(volumes)),
                np.full(n, OFFSHORE),
            )
        )
        volumes.append(np.inf)
        shares.append(row.offshore_share)
    channel = np.concatenate([part.channel for part in parts])
    return Offers(
        price=np.concatenate([part.price for part in parts]),
        flops=np.tile(catalogue.flops, len(parts)),
        raw_flops=np.tile(catalogue.bf16, len(parts)),
        bandwidth=np.tile(catalogue.bandwidth, len(parts)),
        limit=np.concatenate([part.limit for part in parts]),
        quota=np.concatenate([part.quota for part in parts]),
        channel=channel,
        quota_volume=np.array(volumes, dtype=float),
        quota_share=np.array(shares, dtype=float),
    )


class _Part(NamedTuple):
    """The chips of one channel."""

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


def _under_rules(catalogue: Catalogue, rules: list[ExportRule]) -> _Terms:
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
