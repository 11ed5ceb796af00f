"""What a sweep keeps of a run, computed from the record itself: no frame is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from sim.record import CLOUDS, LABS, MARKET, USAGE, WORLD, Table
from sim.run.frames import dates
from sim.scenario import Scenario
from sim.scenario.month import Month
from sim.scenario.problems import did_you_mean, listed
from sim.study.schema import IndicatorEntry

if TYPE_CHECKING:
    from sim.market import Market

Take = Literal["end", "mean", "series"]

TABLES: Mapping[str, Table] = {"region": MARKET, "lab": LABS, "cloud": CLOUDS}
"""Table whose rows belong to a kind of entity."""

USUAL = (
    "adoption",
    "open_token_share",
    "open_spending_share",
    "lab_token_share",
    "margin_closed",
    "margin_open",
    "margin_clouds",
    "capability",
    "lag",
    "open_labs",
    "open_propensity",
    "price_closed",
    "price_open",
    "concentration",
    "consumer_surplus",
)
"""Columns of `market` that are kept where a study names none."""

WORLD_LACKS = frozenset({"lab_token_share"})
"""Of these the columns that say nothing about the world as a whole: it has all tokens."""


@dataclass(frozen=True)
class Indicator:
    """One number, or one series, of a run.

    Attributes
    ----------
    name
        Column of the runs' table, or ``indicator`` of the series' table.
    column
        Column of the table `market` (by region), `labs`, `clouds`, or `usage` where a part of use is meant.
    by, entity
        ``"region"``, ``"lab"`` or ``"cloud"``, and which one; the world is a region.
    take
        ``"end"`` is the value of the last month, ``"mean"`` the mean over the months that have a value.
    since, until
        First and last month of the window; none: those of the scenario.
    segments, origin, weights
        Part of the use in the region: by these buyer types, of models of this region's labs, with open or
        closed weights. Where none is given, all of it.
    """

    name: str
    column: str
    by: Literal["region", "lab", "cloud"]
    entity: str
    take: Take = "end"
    since: Month | None = None
    until: Month | None = None
    segments: tuple[str, ...] = ()
    origin: str | None = None
    weights: Literal["open", "closed"] | None = None

    @property
    def of_use(self) -> bool:
        """Whether it is a part of the use in a region, from the table `usage`."""
        return bool(self.segments) or self.origin is not None or self.weights is not None

    def problem(self, scenario: Scenario) -> tuple[str, str, str, str] | None:
        """Key, what was found, what is allowed and a hint, if a scenario has no such indicator."""
        columns = [column.name for column in (USAGE if self.of_use else TABLES[self.by]).values]
        if self.column not in columns:
            return "column", f"found '{self.column}'", listed(columns), did_you_mean(self.column, columns)
        entities = _entities(scenario)[self.by]
        if self.entity not in entities:
            return self.by, f"found '{self.entity}'", listed(entities), did_you_mean(self.entity, entities)
        parts = [*(("segments", name, list(scenario.segments)) for name in self.segments)]
        parts += [("origin", self.origin, list(scenario.regions))] if self.origin is not None else []
        for key, name, known in parts:
            if name not in known:
                return key, f"found '{name}'", listed(known), did_you_mean(name, known)
        span = f"a month from {scenario.start} to {scenario.end}"
        for key, month in (("since", self.since), ("until", self.until)):
            if month is not None and not scenario.start <= month <= scenario.end:
                return key, f"found {month}", span, ""
        if self.since is not None and self.until is not None and self.until < self.since:
            return "until", f"found {self.until}", f"a month not before since ({self.since})", ""
        return None

    def of(self, market: Market) -> float:
        """Its value in a run that came to its end; NaN where it has none."""
        values = self._values(market)
        if self.take == "end":
            return float(values[-1])
        known = values[np.isfinite(values)]
        return float(known.mean()) if known.size else float("nan")

    def series(self, market: Market) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
        """Months of the window, and its value in each, both (months,)."""
        return dates(market.months[self._window(market.months)]), self._values(market)

    def _values(self, market: Market) -> NDArray[np.float64]:
        """Its value in each month of the window, (months,)."""
        window, record = self._window(market.months), market.record
        if self.of_use:
            return self._use(market)[window]
        tables = {"region": record.market, "lab": record.labs, "cloud": record.clouds}
        rows = {"region": [*record.regions, WORLD], "lab": record.labs_names, "cloud": record.cloud_names}
        place = list(rows[self.by]).index(self.entity)
        return np.asarray(tables[self.by][self.column][window, place])

    def _window(self, months: Sequence[Month]) -> slice:
        first = 0 if self.since is None else self.since - months[0]
        return slice(first, len(months) if self.until is None else self.until - months[0] + 1)

    def _use(self, market: Market) -> NDArray[np.float64]:
        """The part of use that is meant, (months,)."""
        record = market.record
        regions, segments = list(record.regions), list(record.segments)
        where = regions if self.entity == WORLD else [self.entity]
        kept = np.ix_(
            range(len(market.months)),
            [regions.index(name) for name in where],
            [segments.index(name) for name in self.segments or segments],
            [int(self.weights == "open")] if self.weights else [0, 1],
            [regions.index(self.origin)] if self.origin else range(len(regions)),
        )
        return np.asarray(record.usage[self.column][kept].sum(axis=(1, 2, 3, 4, 5)))


def read(name: str, entry: IndicatorEntry) -> Indicator:
    """The indicator that a study file describes; `one_entity` tells whether it may."""
    if entry.lab is not None:
        return Indicator(name, entry.column, "lab", entry.lab, entry.take, entry.since, entry.until)
    if entry.cloud is not None:
        return Indicator(name, entry.column, "cloud", entry.cloud, entry.take, entry.since, entry.until)
    where, segments = entry.region or WORLD, tuple(entry.segments)
    return Indicator(
        name, entry.column, "region", where, entry.take, entry.since, entry.until, segments, entry.origin,
        entry.weights,
    )  # fmt: skip


def one_entity(entry: IndicatorEntry) -> bool:
    """Whether an entry names one region, lab or cloud at most, and parts of use in a region only."""
    firms = sum(named is not None for named in (entry.lab, entry.cloud))
    in_region = entry.region is not None or bool(entry.segments or entry.origin or entry.weights)
    return firms + in_region <= 1


def usual(regions: Iterable[str]) -> tuple[Indicator, ...]:
    """What is kept where a study names nothing: the usual columns at the end, and their means."""
    return tuple(
        Indicator(f"{region}_{column}{'_mean' if take == 'mean' else ''}", column, "region", region, take)
        for region in (WORLD, *regions)
        for column in USUAL
        if region != WORLD or column not in WORLD_LACKS
        for take in _TAKES
    )


_TAKES: Sequence[Take] = ("end", "mean")


def _entities(scenario: Scenario) -> Mapping[str, Sequence[str]]:
    slots = [f"entrant_{number}" for number in range(1, scenario.entry.most + 1)]
    labs = [*scenario.labs, *slots] if scenario.mechanisms.entry else list(scenario.labs)
    return {"region": [*scenario.regions, WORLD], "lab": labs, "cloud": list(scenario.clouds)}
