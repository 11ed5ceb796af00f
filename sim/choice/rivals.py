"""Everybody else's offers, as a lab takes them that is about to release: at the prices of the day.

Customers choose among nests by inclusive values only. So what the lab does not price is worth exactly a few
offers of price 1: one a tier for all models that it does not serve, and one in the nest of each rival's model
that its own firm hosts beside others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.choice.inclusive import Groups, inclusive_values
from sim.choice.standing import Standing
from sim.world.offers import Offers
from sim.world.setting import SMALL, TIERS, Array, Flags, Ints, Setting
from sim.world.state import NEVER
from sim.world.terms import Terms


class Lesson(NamedTuple):
    """What rivals gain from the weights that a mode opens."""

    gain: Array
    """ECI points that a lab learns, (..., labs)."""
    floor: Array
    """ECI points of what it could build on the opened weights, (..., labs); -inf: nothing."""


@dataclass(frozen=True, eq=False)
class Rivals:
    """Offers that the lab takes as they are.

    Attributes
    ----------
    offers
        Those of other labs' models by other firms: models of which the lab's firm serves none first, then the
        shared ones; each part sorted by tier and model.
    bare
        Their taste less price, (offers, cohorts).
    groups
        Their hosts by model, and models by the offer that stands for them.
    shared
        One offer of each shared model.
    """

    offers: Offers
    bare: Array
    groups: Groups
    shared: Offers

    @classmethod
    def of(cls, setting: Setting, lab: int, now: Standing) -> Rivals:
        """The offers of all others but those of the lab's models and of its firm."""
        theirs, by_us = now.offers.lab != lab, now.deal.seller == lab
        others, served = theirs & ~by_us, theirs & by_us
        kept, alone = np.flatnonzero(others), len(now.model)
        if served.any():
            beside = np.isin(now.model[kept], now.model[served])
            kept, alone = np.concatenate([kept[~beside], kept[beside]]), int((~beside).sum())
        offers, model = now.offers.take(kept), now.model[kept]
        starts = np.diff(model, prepend=-1) != 0
        first = np.flatnonzero(starts)
        shared = first >= alone
        stands_for = np.where(shared, TIERS - 1 + np.cumsum(shared), offers.tier[first])
        demand = setting.scenario.demand
        outer = 1.0 - demand.tier_nesting
        groups = Groups(
            model=np.cumsum(starts) - 1,
            value=stands_for,
            tiers=TIERS,
            inner=outer * (1.0 - demand.host_nesting),
            outer=outer,
        )
        return cls(offers, now.bare[kept], groups, offers.take(first[shared]))

    def worth(self, setting: Setting, progress: Array, years: Array, lesson: Lesson) -> Array:
        """Utility of what stands for rivals, (cases, values, cohorts); -inf where there are none.

        Parameters
        ----------
        progress
            ECI points that rivals gain by the horizon, (cases,).
        years
            Since the scenario's start, (cases,).
        lesson
            What rivals learn from the lab's open weights, (cases, labs).
        """
        cohorts, offers = setting.cohorts, self.offers
        below = np.where(offers.tier == SMALL, setting.scenario.technology.small_gap, 0.0)
        expected = offers.capability + progress[:, None]
        learned = np.maximum(expected + lesson.gain[:, offers.lab], lesson.floor[:, offers.lab] - below)
        return inclusive_values(
            self.bare,
            np.where(offers.newest, learned, expected),
            cohorts.difficulty + cohorts.difficulty_growth * years[:, None],
            cohorts.difficulty_width,
            cohorts.capability_value,
            self.groups,
        )

    def beside(self, setting: Setting, offers: Offers, deal: Terms) -> tuple[Offers, Terms]:
        """The lab's offers with those that stand for rivals, of price 1, bought from nobody."""
        standing = setting.once("masses", lambda: _masses(setting))
        if len(self.shared):
            standing = standing.joined(self.shared)
        count = len(standing)
        one, none = np.ones(count), np.zeros(count)
        unit = Terms(
            seller=np.full(count, -1),
            load=one,
            cost=one,
            running=one,
            at_home=none > 0.0,
            dear=deal.dear,
            royalty=none,
            own_margin=none,
            lab_margin=none,
        )
        return offers.joined(standing), deal.joined(unit)


def _masses(setting: Setting) -> Offers:
    """One offer a tier, of no lab: or these would be hosts of its models."""
    none: Ints = np.full(TIERS, NEVER)
    no: Flags = np.zeros(TIERS, dtype=bool)
    return Offers(
        lab=np.full(TIERS, -1),
        tier=np.arange(TIERS),
        channel=np.full(TIERS, setting.channels - 1),
        capability=np.zeros(TIERS),
        bytes_=np.ones(TIERS),
        since=none,
        first=none,
        hosted_since=none,
        open_=no,
        newest=no,
        restricted=no,
    )
