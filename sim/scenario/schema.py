"""A scenario as a whole, and the checks that span its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sim.scenario.actors import JUDGEMENT, Chip, Cloud, Government, Lab, Name, Region, Segment
from sim.scenario.events import AnyEvent, ForcedRelease
from sim.scenario.month import Month
from sim.scenario.parameters import Entry, parameter
from sim.scenario.problems import Flaw
from sim.scenario.submodels import (
    RULES,
    Choice,
    Community,
    Demand,
    Entry_,
    Finance,
    Hosting,
    Mechanisms,
    Spillovers,
    Technology,
)


class Scenario(Entry):
    """Everything that a run depends on, but the seed."""

    title: str = parameter(
        ..., unit="text", source=JUDGEMENT, meaning="One line for lists", role="structural"
    )
    description: str = parameter(
        "", unit="text", source=JUDGEMENT, meaning="What is asked", role="structural"
    )
    start: Month = parameter(..., unit="month", source=JUDGEMENT, meaning="First month", role="structural")
    end: Month = parameter(..., unit="month", source=JUDGEMENT, meaning="Last month", role="structural")
    history_until: Month | None = parameter(
        None,
        unit="month",
        source=JUDGEMENT,
        role="structural",
        meaning="Real releases are replayed up to this month; none: never",
    )
    history_quality_until: Month | None = parameter(
        None,
        unit="month",
        source=JUDGEMENT,
        role="structural",
        meaning="Up to this month they are as good as they were, then as the lab's training makes them; none: all are",
    )
    mechanisms: Mechanisms = Mechanisms()
    technology: Technology = Technology()
    spillovers: Spillovers = Spillovers()
    community: Community = Community()
    demand: Demand = Demand()
    hosting: Hosting = Hosting()
    choice: Choice = Choice()
    finance: Finance = Finance()
    entry: Entry_
    regions: dict[Name, Region]
    segments: dict[Name, Segment]
    chips: dict[Name, Chip]
    labs: dict[Name, Lab]
    clouds: dict[Name, Cloud]
    governments: dict[Name, Government] = {}
    events: list[AnyEvent] = []
    history: list[ForcedRelease] = []


def check(scenario: Scenario) -> list[Flaw]:
    """Find what no single field can see: names that refer to nothing, impossible dates, an empty market."""
    return [*_references(scenario), *_dates(scenario), *_emptiness(scenario)]


def _unknown(path: tuple[str | int, ...], name: str, known: Iterable[str], what: str) -> Iterator[Flaw]:
    names = tuple(known)
    if name not in names:
        yield Flaw(path, f"unknown {what} '{name}'", f"one of: {', '.join(names)}", names)


def _references(s: Scenario) -> Iterator[Flaw]:
    regions, labs, segments = list(s.regions), list(s.labs), list(s.segments)
    firms = [*labs, *s.clouds]
    owners: dict[str, str] = {}
    for name, lab in s.labs.items():
        yield from _unknown(("labs", name, "region"), lab.region, regions, "region")
        for i, region in enumerate(lab.sells_in):
            yield from _unknown(("labs", name, "sells_in", i), region, regions, "region")
        if name.startswith("entrant_"):
            yield Flaw(("labs", name), f"found '{name}'", "a name that no entrant's slot has (entrant_1, ...)")
        if name in s.clouds:
            yield Flaw(("clouds", name), f"'{name}' is a lab too", "a name that no lab has")
    for name, cloud in s.clouds.items():
        yield from _unknown(("clouds", name, "region"), cloud.region, regions, "region")
        for i, region in enumerate(cloud.serves):
            yield from _unknown(("clouds", name, "serves", i), region, regions, "region")
        if cloud.owner is not None:
            yield from _unknown(("clouds", name, "owner"), cloud.owner, labs, "lab")
            if cloud.owner in owners:
                yield Flaw(
                    ("clouds", name, "owner"),
                    f"'{cloud.owner}' owns '{owners[cloud.owner]}' already",
                    "one cloud a lab",
                )
            owners[cloud.owner] = name
    for name, region_entry in s.regions.items():
        for other in region_entry.distrust:
            yield from _unknown(("regions", name, "distrust", other), other, regions, "region")
    for name, segment in s.segments.items():
        for field in ("customers", "spending"):
            for region in getattr(segment, field):
                yield from _unknown(("segments", name, field, region), region, regions, "region")
        for region in sorted(set(segment.customers) ^ set(segment.spending)):
            yield Flaw(
                ("segments", name), f"'{region}' has customers or spending but not both", "both or neither"
            )
        for region, spending in segment.spending.items():
            if spending > 0 and segment.customers.get(region, 0.0) == 0:
                yield Flaw(
                    ("segments", name, "spending", region), "spending without customers", "customers above 0"
                )
    for name, chip in s.chips.items():
        yield from _unknown(("chips", name, "origin"), chip.origin, regions, "region")
        for region in chip.supply:
            yield from _unknown(("chips", name, "supply", region), region, regions, "region")
    for name, government in s.governments.items():
        yield from _unknown(("governments", name), name, regions, "region")
        if government.rival is not None:
            yield from _unknown(("governments", name, "rival"), government.rival, regions, "region")
        elif government.tighten_below_lag is not None or government.ban_foreign_above is not None:
            yield Flaw(("governments", name, "rival"), "none", "the region that the reaction concerns")
    for region in s.entry.regions:
        yield from _unknown(("entry", "regions", region), region, regions, "region")
    for path, rule in [
        (("choice", "rule"), s.choice.rule),
        *((("labs", n, "rule"), lab.rule) for n, lab in s.labs.items()),
    ]:
        if rule and ":" not in rule and rule not in RULES:
            yield Flaw(
                path, f"unknown decision rule '{rule}'", f"{', '.join(RULES)}, or package.module:name", RULES
            )
    yield from _event_references(s, regions, labs, segments, firms)


def _event_references(
    s: Scenario, regions: list[str], labs: list[str], segments: list[str], firms: list[str]
) -> Iterator[Flaw]:
    known = {
        "region": regions,
        "origin": regions,
        "lab": labs,
        "labs": labs,
        "segments": segments,
        "end_users": firms,
    }
    what = {
        "region": "region",
        "origin": "region",
        "lab": "lab",
        "labs": "lab",
        "segments": "segment",
        "end_users": "lab or cloud",
    }
    seen: set[str] = set()
    rules = [e.name for e in s.events if e.kind == "export_rule"]
    for where, events in (("events", s.events), ("history", s.history)):
        for i, event in enumerate(events):
            if where == "history" and event.name in seen:
                yield Flaw((where, i, "name"), f"'{event.name}' is an event's name too", "a name of its own")
            seen.add(event.name)
            for field, names in known.items():
                value = getattr(event, field, None)
                if isinstance(value, str):
                    yield from _unknown((where, i, field), value, names, what[field])
                elif isinstance(value, list):
                    for k, item in enumerate(value):
                        yield from _unknown((where, i, field, k), item, names, what[field])
            if event.kind == "repeal":
                yield from _unknown((where, i, "rule"), event.rule, rules, "export rule")
            if event.kind == "vendor_ban" and event.origin is None and not event.labs:
                yield Flaw((where, i), "neither origin nor labs", "at least one of them")


def _dates(s: Scenario) -> Iterator[Flaw]:
    if s.end < s.start:
        yield Flaw(("end",), f"found {s.end}", f"a month not before start ({s.start})")
    if s.end - s.start > 600:
        yield Flaw(("end",), f"found {s.end}", f"at most 600 months after start ({s.start})")
    for where, events in (("events", s.events), ("history", s.history)):
        for i, event in enumerate(events):
            if event.until is not None and event.until <= event.date:
                yield Flaw((where, i, "until"), f"found {event.until}", f"a month after date ({event.date})")
    for name, chip in s.chips.items():
        if chip.retired is not None and chip.retired <= chip.released:
            yield Flaw(
                ("chips", name, "retired"),
                f"found {chip.retired}",
                f"a month after released ({chip.released})",
            )


def _emptiness(s: Scenario) -> Iterator[Flaw]:
    for field in ("regions", "segments", "chips", "labs"):
        if not getattr(s, field):
            yield Flaw((field,), "nothing", "at least one entry: a market needs it")
    if s.segments and not any(v > 0 for seg in s.segments.values() for v in seg.spending.values()):
        yield Flaw(("segments",), "no spending anywhere", "a segment with spending above 0 in some region")
    regions_with_chips = {
        r for r in s.regions for c in s.chips.values() if c.released <= s.start and c.supply.get(r, 1.0) > 0
    }
    for name, lab in s.labs.items():
        if lab.region in s.regions and s.chips and lab.region not in regions_with_chips:
            yield Flaw(
                ("labs", name, "region"),
                f"no chip on sale in '{lab.region}' at the start",
                "a chip released by then",
            )
            break
