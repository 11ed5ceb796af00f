"""A scenario as arrays: what stays the same during a run, in the order in which the arrays hold it.

Labs come first in the scenario's order, then the slots of entrants. Firms are the labs and, behind them, the
clouds that no lab owns. A cohort is a buyer type in a region, split into those who consider every offer and
those who buy from a model's maker only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.scenario.actors import Lab
from sim.scenario.month import Month
from sim.scenario.schema import Scenario

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

T = TypeVar("T")

FLAGSHIP, SMALL = 0, 1
TIERS = 2
API = 0
"""Channel of a lab's own service; then one channel a cloud; the last is self-hosting."""


@dataclass(frozen=True)
class Cohorts:
    """Customers, one row a cohort; every array has shape (cohorts,)."""

    segment: Ints
    region: Ints
    closed_only: Flags
    customers: Array
    spending: Array
    """USD per month if all had adopted, level of mid-2024."""
    growth: Array
    adopted: Array
    innovation: Array
    imitation: Array
    price_sensitivity: Array
    capability_value: Array
    difficulty: Array
    difficulty_growth: Array
    difficulty_width: Array
    reconsider: Array
    upgrade: Array
    trust: Array
    sovereignty: Array
    support: Array
    customisation: Array

    def __len__(self) -> int:
        return len(self.segment)


class Tasks(NamedTuple):
    """What cohorts use models for; those of one buyer type have the same tasks.

    Attributes
    ----------
    of
        Tasks of each cohort, (cohorts,).
    difficulty, growth, width
        ECI points of their difficulty at the start, those that a year adds, and those over which ability rises.
    value
        Utils that all of them are worth, (tasks,).
    """

    of: Ints
    difficulty: Array
    growth: Array
    width: Array
    value: Array

    @classmethod
    def among(cls, cohorts: Cohorts) -> Tasks:
        """The distinct ones."""
        c = cohorts
        each = np.array([c.difficulty, c.difficulty_growth, c.difficulty_width, c.capability_value])
        kinds, of = np.unique(each, axis=1, return_inverse=True)
        return cls(of.ravel(), *kinds)


@dataclass(frozen=True)
class Setting:
    """Names, indices and constant arrays of a run."""

    scenario: Scenario
    months: list[Month] = field(init=False)
    regions: list[str] = field(init=False)
    segments: list[str] = field(init=False)
    labs: list[str] = field(init=False)
    clouds: list[str] = field(init=False)
    entrants: int = field(init=False)
    lab_region: Ints = field(init=False)
    cloud_region: Ints = field(init=False)
    cloud_firm: Ints = field(init=False)
    own_cloud: Ints = field(init=False)
    """Cloud of each lab; -1: none."""
    firm_region: Ints = field(init=False)
    cohorts: Cohorts = field(init=False)
    _made: dict[Hashable, Any] = field(init=False, repr=False, default_factory=dict)
    years: Array = field(init=False)
    """Years from mid-2024, the date of the level of paths, for each month."""

    def __post_init__(self) -> None:
        s = self.scenario
        put = object.__setattr__
        put(self, "months", [s.start + i for i in range(s.end - s.start + 1)])
        put(self, "regions", list(s.regions))
        put(self, "segments", list(s.segments))
        entrants = s.entry.most if s.mechanisms.entry and any(w > 0 for w in s.entry.regions.values()) else 0
        put(self, "entrants", entrants)
        put(self, "labs", [*s.labs, *(f"entrant_{i + 1}" for i in range(entrants))])
        put(self, "clouds", list(s.clouds))
        region = {name: i for i, name in enumerate(s.regions)}
        slots = entrant_regions(entrants, s.entry.regions)
        put(
            self,
            "lab_region",
            np.array([region[lab.region] for lab in s.labs.values()] + [region[r] for r in slots]),
        )
        put(self, "cloud_region", np.array([region[c.region] for c in s.clouds.values()], dtype=np.int64))
        lab_index = {name: i for i, name in enumerate(self.labs)}
        firm, own = [], np.full(len(self.labs), -1)
        independent = len(self.labs)
        firm_region = list(self.lab_region)
        for k, cloud in enumerate(s.clouds.values()):
            if cloud.owner is None:
                firm.append(independent)
                firm_region.append(region[cloud.region])
                independent += 1
            else:
                firm.append(lab_index[cloud.owner])
                own[lab_index[cloud.owner]] = k
        put(self, "cloud_firm", np.array(firm, dtype=np.int64))
        put(self, "own_cloud", own)
        put(self, "firm_region", np.array(firm_region, dtype=np.int64))
        put(self, "cohorts", _cohorts(s))
        put(self, "years", np.array([((m.year - 2024) * 12 + m.month - 7) / 12.0 for m in self.months]))

    @property
    def firms(self) -> list[str]:
        """Names of firms: labs, then clouds that no lab owns."""
        alone = [name for name, cloud in self.scenario.clouds.items() if cloud.owner is None]
        return [*self.labs, *alone]

    @cached_property
    def distrust(self) -> Array:
        """Utils lost by region of the customer and of the vendor, (regions, regions)."""
        rows = self.scenario.regions.values()
        return np.array([[row.distrust.get(other, 0.0) for other in self.regions] for row in rows])

    @cached_property
    def tasks(self) -> Tasks:
        """What customers use models for."""
        return Tasks.among(self.cohorts)

    @cached_property
    def reach(self) -> Array:
        """Reach of clouds, utils; one 0 where there are none.

        Many alike hosts in one nest are worth the log of their number more, on its scale (size variable of Ben-Akiva
        & Lerman 1985, chapter 9).
        """
        demand = self.scenario.demand
        scale = (1.0 - demand.tier_nesting) * (1.0 - demand.host_nesting)
        reach = np.array([cloud.reach for cloud in self.scenario.clouds.values()] or [0.0])
        return reach + scale * np.log(self.hosts)

    @cached_property
    def hosts(self) -> Array:
        """Alike hosts that each cloud stands for, (clouds,); one 1 where there are none."""
        return np.array([cloud.hosts for cloud in self.scenario.clouds.values()] or [1.0])

    @cached_property
    def serves(self) -> Flags:
        """Regions that clouds serve, (clouds, regions); one row of all where there are none."""
        rows = [cloud.serves for cloud in self.scenario.clouds.values()]
        return np.array([[not s or name in s for name in self.regions] for s in rows or [[]]])

    @cached_property
    def cloud_users(self) -> Array:
        """Users of each cloud's firm, million a month, (clouds,): its own, or its owner's if more."""
        labs, rows = self.scenario.labs, self.scenario.clouds.values()
        return np.array([max(c.users, labs[c.owner].users if c.owner else 0.0) for c in rows])

    @cached_property
    def own_complement(self) -> Array:
        """Complement margin of each firm on what it serves, (firms,); 0 for independent clouds."""
        alone = np.zeros(len(self.firm_region) - len(self.labs))
        return np.concatenate([self.lab_values("own_complement"), alone])

    @cached_property
    def final_run_share(self) -> Array:
        """Part of each lab's research compute that goes to a final run, (labs,)."""
        return self.scenario.technology.final_run_share * self.lab_values("run_size")

    @cached_property
    def firm_of_channel(self) -> Ints:
        """Firm that serves through a channel, (channels,); -1 for self-hosting, and for a lab's own service."""
        return np.array([-1, *self.cloud_firm, -1])

    @property
    def channels(self) -> int:
        """Ways in which a model can be on offer: own service, each cloud, self-hosting."""
        return 2 + len(self.clouds)

    @property
    def self_hosting(self) -> int:
        """Index of the self-hosting channel."""
        return 1 + len(self.clouds)

    def lab_row(self, i: int) -> Lab:
        """Parameters of lab i; an entrant's are the scenario's template."""
        rows = self.once("rows of labs", lambda: list(self.scenario.labs.values()))
        return rows[i] if i < len(rows) else self.scenario.entry.entrant

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made when it is first asked for: things that follow from the setting alone."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def forget(self) -> None:
        """Drop what `once` has made; it is made again when it is asked for."""
        self._made.clear()

    def lab_values(self, name: str) -> Array:
        """One numeric parameter of all labs, (labs,), not to be written to."""

        def gathered() -> Array:
            rows = [*self.scenario.labs.values(), *[self.scenario.entry.entrant] * self.entrants]
            values = np.array([getattr(row, name) for row in rows], dtype=float)
            values.setflags(write=False)
            return values

        return self.once(name, gathered)

    @cached_property
    def by_name(self) -> Ints:
        """Labs in the order of their names, (labs,): an order that a scenario's entries do not change."""
        return np.array(sorted(range(len(self.labs)), key=self.labs.__getitem__), dtype=np.int64)

    def region_values(self, name: str) -> Array:
        """One numeric parameter of all regions, (regions,), not to be written to."""
        rows = self.scenario.regions.values()
        return self.once(
            ("region", name), lambda: np.array([getattr(row, name) for row in rows], dtype=float)
        )

    def path(self, level: Array, growth: Array, ahead: float = 0.0) -> Array:
        """Yearly amounts as amounts a month: level of 2024, own growth to the end of 2026, then the common one.

        With `ahead` the amounts so many years after each month, the run's last months included.

        Returns an array of shape (months, ...).
        """
        late = self.scenario.finance.later_growth
        years = self.years + ahead
        early_years = np.minimum(years, 2.5)[:, None]
        late_years = np.maximum(years - 2.5, 0.0)[:, None]
        return np.asarray(level * growth**early_years * late**late_years / 12.0)


def entrant_regions(slots: int, weights: dict[str, float]) -> list[str]:
    """Deal slots to regions in turn, in proportion to the weights (D'Hondt)."""
    given = {region: 0 for region, weight in weights.items() if weight > 0}
    dealt = []
    for _ in range(slots):
        region = max(given, key=lambda r: weights[r] / (given[r] + 1))
        given[region] += 1
        dealt.append(region)
    return dealt


def _cohorts(s: Scenario) -> Cohorts:
    rows: list[tuple[float, ...]] = []
    region = {name: i for i, name in enumerate(s.regions)}
    for k, segment in enumerate(s.segments.values()):
        for name, spending in segment.spending.items():
            if spending <= 0.0:
                continue
            closed = segment.closed_only if s.mechanisms.closed_only else 0.0
            for only, share in ((False, 1.0 - closed), (True, closed)):
                if share > 0.0:
                    rows.append(
                        (
                            k,
                            region[name],
                            only,
                            share * segment.customers[name],
                            share * spending / 12.0,
                            segment.spending_growth,
                            segment.adopted,
                            segment.innovation,
                            segment.imitation,
                            segment.price_sensitivity,
                            segment.capability_value,
                            segment.difficulty,
                            segment.difficulty_growth,
                            segment.difficulty_width,
                            segment.reconsider,
                            segment.upgrade,
                            segment.trust,
                            segment.sovereignty,
                            segment.support,
                            segment.customisation,
                        )
                    )
    # Those who can have the same offers stand together: who buys from makers only, then by region.
    columns = np.array(sorted(rows, key=lambda row: (row[2], row[1])), dtype=float).T
    return Cohorts(
        *(columns[k].astype(kind) for k, kind in enumerate((np.int64, np.int64, bool))),
        *(np.ascontiguousarray(column) for column in columns[3:]),
    )
