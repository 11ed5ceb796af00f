"""Paths and dates that a scenario fixes before the first month."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import fsum

import numpy as np

from sim.scenario import Scenario
from sim.scenario.events import ForcedRelease
from sim.scenario.month import Month
from sim.world.setting import Array, Flags, Ints, Setting

NOT_YET = 10**9
"""Month index of an entrant whose entry is not decided."""
QUICKENED = Month(2024, 4)
"""Since when the frontier rises faster (Epoch AI)."""
LEAST_USE = 0.05
"""Part of its serving compute that any firm reckons with as busy, be there customers or not."""


@dataclass(frozen=True)
class Plans:
    """What firms mean to spend, what customers would, and when labs start.

    Attributes
    ----------
    capex, serving, staff, funding
        USD a month by firm, (months, firms): spending on compute, of it for serving, staff, outside funding.
    own_use
        Part of a firm's serving compute that is busy whatever customers use of it, (firms,).
    parent
        Firms whose deficit a parent covers, (firms,).
    reserve
        Cash that a parent keeps the firm at, USD, (firms,).
    serving_growth
        Growth of everybody's serving compute that firms expect, factor a year, (months,).
    spending
        USD a month of cohorts if all had adopted, (months, cohorts).
    research
        Own algorithmic progress, orders a year, (months, labs).
    enters
        Month index in which a lab starts work; NOT_YET for entrants, (labs,).
    told
        Releases that history or a government decides, by month index and name of the lab.
    free_from
        Month index from which a lab releases by its own choice, (labs,).
    event_months
        Month indices in which some event begins or ends.
    """

    capex: Array
    serving: Array
    staff: Array
    funding: Array
    own_use: Array
    parent: Flags
    reserve: Array
    serving_growth: Array
    spending: Array
    research: Array
    enters: Ints
    told: dict[int, dict[str, ForcedRelease]]
    free_from: Ints
    event_months: set[int]

    @cached_property
    def serving_share(self) -> Array:
        """Part of spending on compute that is for serving, (months, firms)."""
        return np.asarray(self.serving / np.maximum(self.capex, 1e-300))

    @classmethod
    def of(cls, setting: Setting) -> Plans:
        """Plans of a scenario."""
        s = setting.scenario
        labs, firms = len(setting.labs), len(setting.firm_region)
        clouds = list(s.clouds.values())

        def path(level: Array, growth: str, ahead: float = 0.0) -> Array:
            out = np.zeros((len(setting.months), firms))
            out[:, :labs] = setting.path(level, setting.lab_values(growth), ahead)
            return out

        level = setting.lab_values("capex")
        capex, next_year = path(level, "capex_growth"), path(level, "capex_growth", ahead=1.0)
        serving = path(level * (1.0 - setting.lab_values("training_share")), "capex_growth")
        if clouds:
            of_clouds = np.array([c.capex for c in clouds]), np.array([c.capex_growth for c in clouds])
            hosting = setting.path(*of_clouds)
            np.add.at(capex.T, setting.cloud_firm, hosting.T)
            np.add.at(serving.T, setting.cloud_firm, hosting.T)
            np.add.at(next_year.T, setting.cloud_firm, setting.path(*of_clouds, ahead=1.0).T)
        own_use, parent, reserve = np.zeros(firms), np.zeros(firms, dtype=bool), np.zeros(firms)
        own_use[:labs] = setting.lab_values("own_use")
        parent[:labs] = setting.lab_values("parent") > 0
        reserve[:labs] = setting.lab_values("cash")
        for cloud, firm in zip(clouds, setting.cloud_firm, strict=True):
            if firm >= labs:
                parent[firm], reserve[firm] = cloud.parent, cloud.cash
        total, later = (np.array([fsum(month) for month in money]) for money in (capex, next_year))
        until = s.history_until
        history = [_as_good(e, s) for e in s.history if until is not None and e.date <= until]
        replayed = {e.lab for e in history}
        told: dict[int, dict[str, ForcedRelease]] = {}
        for event in [*history, *(e for e in s.events if isinstance(e, ForcedRelease))]:
            told.setdefault(event.date - s.start, {})[event.lab] = event
        early = np.arange(len(setting.months)) < QUICKENED - s.start
        pace = np.where(early, s.technology.early_research, 1.0)
        free = 0 if until is None else until - s.start + 1
        return cls(
            capex=capex,
            serving=serving,
            staff=path(setting.lab_values("staff"), "capex_growth"),
            funding=path(setting.lab_values("funding"), "funding_growth"),
            own_use=np.maximum(own_use, LEAST_USE),
            parent=parent,
            reserve=reserve,
            serving_growth=np.clip(later / np.maximum(total, 1.0), 1.0, 2.0),
            spending=setting.cohorts.spending * setting.cohorts.growth ** setting.years[:, None],
            research=setting.lab_values("research") * pace[:, None],
            enters=np.array(
                [0 if row.enters is None else row.enters - s.start for row in s.labs.values()]
                + [NOT_YET] * setting.entrants
            ),
            told=told,
            free_from=np.array([free if name in replayed else 0 for name in setting.labs]),
            event_months={e.date - s.start for e in s.events}
            | {e.until - s.start for e in s.events if e.until is not None},
        )


def _as_good(event: ForcedRelease, scenario: Scenario) -> ForcedRelease:
    """A release of history, as good as it was or as the lab's training will make it."""
    until = scenario.history_quality_until
    if until is None or event.date <= until:
        return event
    return event.model_copy(update={"capability": None, "flop": None})
