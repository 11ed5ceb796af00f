"""A study ready to run: scenarios, factors, design and what is kept, all checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sim.scenario import Resolved, Scenario
from sim.study.factors import DRAW, SCENARIO, Factor
from sim.study.indicators import Indicator
from sim.study.schema import Design
from sim.study.variants import Variants


class Unit(NamedTuple):
    """The unit of work: one replicate of one point."""

    point: int
    replicate: int


@dataclass(frozen=True, repr=False, eq=False)
class Study:
    """What a sweep runs.

    Attributes
    ----------
    name, title, source
        Name of its file, a line about it, and what messages call the file.
    bases
        Scenarios that the points change, by name. More than one where whole scenarios are levels.
    factors
        What varies, in the order of the file.
    design
        ``"grid"``, ``"list"``, ``"random"``, ``"latin-hypercube"``, ``"sobol"``, ``"morris"`` or
        ``"saltelli"``.
    size
        Number that the design was asked for: points, Morris trajectories, or Saltelli's base sample.
    morris_levels, second_order
        Options of ``morris`` and ``saltelli``.
    design_seed
        Seed of the sample of points.
    replicates, seed
        Runs a point, and the seed of the first.
    common_seeds
        Whether replicate r has the seed ``seed + r`` at every point, so that points share their luck.
    uncertainty
        Whether each replicate draws what the scenario leaves uncertain and no factor sets.
    indicators, series
        What is kept of each run: numbers, and series by month.
    """

    name: str
    title: str
    source: str
    bases: Mapping[str, Resolved]
    factors: tuple[Factor, ...]
    design: Design
    size: int | None
    morris_levels: int
    second_order: bool
    design_seed: int
    replicates: int
    seed: int
    common_seeds: bool
    uncertainty: bool
    indicators: tuple[Indicator, ...]
    series: tuple[Indicator, ...]

    @property
    def changes_who_is_there(self) -> bool:
        """Whether a factor changes the span of the run or its number of entrants, which indicators refer to."""
        heads = {key.partition(".")[0] for factor in self.factors for key in factor.keys}
        return not heads.isdisjoint({"start", "end", "entry", "mechanisms"})

    def seed_of(self, unit: Unit) -> int:
        """Seed of a run."""
        if self.common_seeds:
            return self.seed + unit.replicate
        return self.seed + unit.point * self.replicates + unit.replicate

    def scenario(self, entries: Mapping[str, Any], seed: int | None = None) -> Scenario:
        """The scenario at a point.

        Parameters
        ----------
        entries
            Entry of the design's column for each factor.
        seed
            Seed of the run, if what the study leaves uncertain is to be drawn.

        Raises
        ------
        ScenarioError
            If the point's values contradict each other.
        """
        values = self.values(entries)
        variants = self._variants[self.base_of(entries)]
        if DRAW in entries:
            return variants.drawn(values, int(entries[DRAW]))
        drawn = self.uncertainty and seed is not None
        return variants.drawn(values, int(seed or 0)) if drawn else variants.scenario(values)

    def base_of(self, entries: Mapping[str, Any]) -> str:
        """Name of the scenario that a point changes."""
        return str(entries[SCENARIO]) if SCENARIO in entries else next(iter(self.bases))

    def values(self, entries: Mapping[str, Any]) -> dict[str, object]:
        """What a point sets, by key path."""
        return {key: f.value(entries[f.name]) for f in self.factors for key in f.keys}

    @cached_property
    def _variants(self) -> Mapping[str, Variants]:
        return {name: Variants(base) for name, base in self.bases.items()}

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all that decides the rows of its dataset: scenarios, factors, design, seeds, indicators."""
        about = {
            "bases": {name: base.hash for name, base in self.bases.items()},
            "factors": [_plain(factor) for factor in self.factors],
            "design": [self.design, self.size, self.morris_levels, self.second_order, self.design_seed],
            "runs": [self.replicates, self.seed, self.common_seeds, self.uncertainty],
            "kept": [_plain(indicator) for indicator in (*self.indicators, *self.series)],
        }
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    def __repr__(self) -> str:
        names = ", ".join(factor.name for factor in self.factors)
        return f"<study '{self.name}' {self.hash[:8]}: {self.design} over {names}>"


def _plain(item: Factor | Indicator) -> dict[str, Any]:
    """A factor or an indicator as plain data."""
    found = {key: value for key, value in vars(item).items() if value not in (None, (), False)}
    if isinstance(item, Factor) and item.distribution is not None:
        found["distribution"] = item.distribution.model_dump(exclude_none=True)
    return {key: str(value) if key in ("since", "until") else value for key, value in found.items()}

