"""Rules that act through some channels only: what the world would be like if a rule were not there for the others.

A channel that is off behaves as if the rules in question were not there, while they stay for every other channel.
With every channel off the world is, bit for bit, the one without the rules.

| channel        | off: what behaves as if the rules were not there                                           |
|----------------|--------------------------------------------------------------------------------------------|
| `training`     | what training FLOP/s firms buy for their money                                             |
| `capacity`     | what serving bytes/s they buy, and what they spend on it                                   |
| `cost`         | the price at which serving compute enters the cost of a token: books, and who hosts itself |
| `availability` | what customers can have and trust, and from which APIs labs can distil                     |
| `spillover`    | the pool of published knowledge: its fullness and its best lab, month by month             |
| `domestic`     | what home makers of chips add because their region cannot buy what it wants                |

A rule touches the pool only by what it does to labs, so `spillover` is a mediator: held at the path that it takes in
the world without the rules, with the same seed. `capacity` and `cost` are two sides of one purchase: in a world
with one of them off, the books value the bandwidth bought at the price that the other rules would have given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.scenario.events import AnyEvent, ApiWithdrawal, ContentRule, ExportRule, OffshoreRental, VendorBan
from sim.scenario.month import Month
from sim.world.policy import Policy, policy_of
from sim.world.setting import Array, Setting

TRAINING, CAPACITY, COST, AVAILABILITY, SPILLOVER, DOMESTIC = CHANNELS = (
    "training", "capacity", "cost", "availability", "spillover", "domestic",
)  # fmt: skip
CHIP_CHANNELS = frozenset({TRAINING, CAPACITY, COST, DOMESTIC})

REACH: dict[type[AnyEvent], frozenset[str]] = {
    ExportRule: CHIP_CHANNELS,
    OffshoreRental: CHIP_CHANNELS,
    ApiWithdrawal: frozenset({AVAILABILITY}),
    VendorBan: frozenset({AVAILABILITY}),
    ContentRule: frozenset({AVAILABILITY}),
}
"""Channels through which a kind of event acts itself; the pool follows whatever does. Other kinds have none here."""


class ChipPolicies(NamedTuple):
    """The policy that each part of the chip market faces; all one and the same unless some channel is off."""

    training: Policy
    capacity: Policy
    cost: Policy
    domestic: Policy

    @classmethod
    def same(cls, policy: Policy) -> ChipPolicies:
        """One policy for all."""
        return cls(policy, policy, policy, policy)


@dataclass(frozen=True)
class Ablation:
    """Which rules are not there for which channels.

    Attributes
    ----------
    rules
        Names of events of a kind that `REACH` knows.
    off
        Channels for which they are not there.
    pool
        What the pool holds in the world without the rules, (months, 2), as `sim.Market` leaves it in `pool`;
        needed where `spillover` is off and another channel is on.
    """

    rules: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    pool: Array | None = None

    def __post_init__(self) -> None:
        unknown = sorted(self.off - set(CHANNELS))
        if unknown:
            raise ValueError(f"channel '{unknown[0]}'; allowed: {', '.join(CHANNELS)}")
        if SPILLOVER in self.off and self.off != set(CHANNELS) and self.pool is None:
            raise ValueError("spillover is off, but the pool of the world without the rules is not given")

    def policies(
        self, setting: Setting, events: Iterable[AnyEvent], month: Month
    ) -> tuple[Policy, ChipPolicies]:
        """What is in force in a month, and what each part of the chip market faces of it."""
        events = list(events)
        present = absent = policy_of(setting, events, month)
        if self.off:
            absent = policy_of(setting, [event for event in events if event.name not in self.rules], month)
        by_channel = {channel: absent if channel in self.off else present for channel in CHANNELS}
        chips = ChipPolicies(*(by_channel[channel] for channel in (TRAINING, CAPACITY, COST, DOMESTIC)))
        return by_channel[AVAILABILITY], chips

    def pooled(self, month: int, fullness: float, lead: float) -> tuple[float, float]:
        """What labs learn from in a month: the pool as it is, or as it would be without the rules."""
        if SPILLOVER not in self.off or self.pool is None:
            return fullness, lead
        return float(self.pool[month, 0]), float(self.pool[month, 1])


NOTHING = Ablation()
"""Every rule acts through every channel."""


def acting(events: Sequence[AnyEvent], *, pooled: bool) -> frozenset[str]:
    """Channels through which these events may act; the pool counts if it is `pooled` at all."""
    reach = frozenset().union(*(REACH[type(event)] for event in events))
    return reach | {SPILLOVER} if pooled and reach else reach


def empty_pool(months: int) -> Array:
    """What the pool holds before anything is published, (months, 2)."""
    return np.tile(np.array([0.0, -np.inf]), (months, 1))
