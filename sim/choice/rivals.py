"""Everybody else's offers, as a lab takes them that is about to release: at the prices of the day.

Customers choose among nests by inclusive values only. So what the lab does not price is worth exactly a few
offers of price 1, its stand-ins: one a tier for all models that it does not serve, and one in the nest of each
rival's model that its own firm hosts beside others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.choice.inclusive import Nested, inclusive_values
from sim.choice.standing import Standing
from sim.world.offers import Offers
from sim.world.setting import SMALL, TIERS, Array, Ints, Setting
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
    """Offers that the lab takes as they are: those of other labs' models by other firms.

    Attributes
    ----------
    rows
        Their rows among the offers of the day.
    nested
        Their hosts by model, and models by the stand-in that they count for.
    shared
        A row of each model of which the lab's own firm is a host beside others.
    """

    now: Standing
    rows: Ints
    nested: Nested
    shared: Ints

    @classmethod
    def of(cls, lab: int, now: Standing) -> Rivals:
        """What the lab finds on the market beside its own models and what its firm sells."""
        theirs, by_us = now.offers.lab != lab, now.deal.seller == lab
        rows, served = np.flatnonzero(theirs & ~by_us), theirs & by_us
        nest, value, shared = now.nested.nest, now.nested.value, rows[:0]
        if served.any():
            hosted = np.zeros(len(value), dtype=bool)
            hosted[nest[served]] = True
            beside = rows[hosted[nest[rows]]]
            nests, first = np.unique(nest[beside], return_index=True)
            value, shared = value.copy(), beside[first]
            value[nests] = TIERS + np.arange(len(nests))
        nested = now.nested._replace(nest=nest[rows], value=value, values=TIERS + len(shared))
        return cls(now, rows, nested, shared)

    def worth(self, setting: Setting, progress: Array, years: Array, lesson: Lesson) -> Array:
        """Utility of the stand-ins, (cases, stand-ins, cohorts); -inf where there is nothing to stand for.

        Parameters
        ----------
        progress
            ECI points that rivals gain by the horizon, (cases,).
        years
            Since the scenario's start, (cases,).
        lesson
            What rivals learn from the lab's open weights, (cases, labs).
        """
        cohorts, offers, rows = setting.cohorts, self.now.offers, self.rows
        lab, newest = offers.lab[rows], offers.newest[rows]
        below = np.where(offers.tier[rows] == SMALL, setting.scenario.technology.small_gap, 0.0)
        expected = offers.capability[rows] + progress[:, None]
        learned = np.maximum(expected + lesson.gain[:, lab], lesson.floor[:, lab] - below)
        return inclusive_values(
            self.now.bare[rows],
            np.where(newest, learned, expected),
            cohorts.difficulty + cohorts.difficulty_growth * years[:, None],
            cohorts.difficulty_width,
            cohorts.capability_value,
            self.nested,
        )

    def stand_ins(self, setting: Setting) -> tuple[Offers, Terms]:
        """The offers that stand for rivals, of price 1 and bought from nobody: by tier, then of shared models."""
        offers, deal = setting.once("stand-ins", lambda: _by_tier(setting))
        if not len(self.shared):
            return offers, deal
        return offers.joined(self.now.offers.take(self.shared)), _at_one(
            TIERS + len(self.shared), len(setting.cohorts)
        )


def _by_tier(setting: Setting) -> tuple[Offers, Terms]:
    """One offer a tier, of no lab: or it would be a host of that lab's models."""
    never, no = np.full(TIERS, NEVER), np.zeros(TIERS, dtype=bool)
    offers = Offers(
        lab=np.full(TIERS, -1),
        tier=np.arange(TIERS),
        channel=np.full(TIERS, setting.channels - 1),
        capability=np.zeros(TIERS),
        bytes_=np.ones(TIERS),
        since=never,
        first=never,
        hosted_since=never,
        open_=no,
        newest=no,
        restricted=no,
    )
    return offers, _at_one(TIERS, len(setting.cohorts))


def _at_one(count: int, cohorts: int) -> Terms:
    """Terms of so many offers that cost 1 and are bought from nobody."""
    one, none = np.ones(count), np.zeros(count)
    return Terms(
        seller=np.full(count, -1),
        load=one,
        cost=one,
        running=one,
        at_home=np.zeros(count, dtype=bool),
        dear=np.ones(cohorts),
        royalty=none,
        own_margin=none,
        lab_margin=none,
    )
