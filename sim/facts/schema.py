"""What a file of facts may hold: each fact with its source, its tolerance and the indicator it is held against."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from sim.facts.indicators import INDICATORS
from sim.scenario.checking import Blueprint
from sim.scenario.month import Month
from sim.scenario.parameters import Entry
from sim.scenario.problems import Flaw

LAST = Month(2025, 12)
"""Facts after this month never tune or test the model."""

Use = Literal["calibration", "held-out", "unrepresented"]
Statistic = Literal["last", "mean", "sum", "growth", "change"]
Selection = dict[str, list[str]]


class Fact(Entry):
    """One measured quantity: a value over a span of months, or dated values."""

    family: str = Field(description="Group of facts that are scored together")
    quantity: str = Field(description="What was measured, in one line")
    unit: str = Field(description="Unit of the values, that of the indicator")
    series: dict[Month, float] | None = Field(None, description="Values by the last month that they tell of")
    window: Annotated[int, Field(ge=1, le=60)] = Field(
        1, description="Months that each value of a series tells of"
    )
    value: float | None = Field(None, description="A single value")
    since: Month | None = Field(None, description="First month that a single value tells of")
    until: Month | None = Field(None, description="Last month that a single value tells of")
    statistic: Statistic = Field(
        "last",
        description="How the months become a value: the last, mean or sum of them; growth (factor a year) or "
        "change (difference) from the first to the last",
    )
    scale: Literal["linear", "log"] = Field("linear", description="log: errors are factors")
    tolerance: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Half the width of the 90 % interval of measurement; on a log scale a factor above 1"
    )
    source: str = Field(description="Who measured it, and where it was read")
    certainty: Literal["primary", "press", "derived", "weak"] = Field(
        description="primary: the owner of the data; press: a page that quotes it; derived: computed from "
        "data that were read; weak: read in a page that may be wrong"
    )
    indicator: str | None = Field(None, description="What of the model it is held against")
    where: Selection = Field({}, description="Rows of the model's table that count, by column")
    over: Selection | None = Field(None, description="Rows by whose indicator the result is divided")
    minus: Selection | None = Field(None, description="Rows whose indicator is taken off the result")
    use: Use = Field(description="Whether it tunes the model, is kept for testing, or is only listed")
    why: str = Field("", description="Why the model cannot represent it, or what the comparison leaves out")


class Opening(Entry):
    """When a firm that sold its flagship closed first opened one."""

    month: Month | None = Field(description="Month of its first open flagship; null: none by the end")
    source: str = Field(description="Who says so")


class Family(Entry):
    """What the model is to do with a family of facts, by its purpose and not by its scores."""

    claimed: bool = Field(description="Whether the model claims to explain it, and so has to beat its rivals there")
    rules: bool = Field(True, description="Whether the claim is that export rules matter: it must beat itself without")
    why: str = Field(description="The reason")


class Facts(Entry):
    """A file of facts."""

    title: str = Field(description="What the facts tell of")
    split: str = Field("", description="The rule by which facts are held out, written before any comparison")
    families: dict[str, Family] = Field({}, description="Families that the model claims to explain, or does not")
    facts: dict[str, Fact] = Field(description="Facts by id")
    openings: dict[str, Opening] = Field({}, description="First open flagships by lab")
    openings_end: Month = Field(LAST, description="Last month that the openings tell of")


def check(facts: Facts) -> Iterator[Flaw]:
    """What no single value shows to be wrong."""
    if facts.openings_end > LAST:
        yield Flaw(("openings_end",), str(facts.openings_end), f"a month up to {LAST}")
    for name, opening in facts.openings.items():
        if opening.month is not None and opening.month > facts.openings_end:
            yield Flaw(
                ("openings", name, "month"), str(opening.month), f"a month up to {facts.openings_end}, or null"
            )
    yield from _families(facts)
    for name, fact in facts.facts.items():
        flaws = _unrepresented(fact) if fact.use == "unrepresented" else _comparable(fact)
        for path, found, allowed, candidates in flaws:
            yield Flaw(("facts", name, *path), found, allowed, candidates)


def _families(facts: Facts) -> Iterator[Flaw]:
    """Whether families are declared all or not at all."""
    known = dict.fromkeys(fact.family for fact in facts.facts.values() if fact.use != "unrepresented")
    for name in facts.families:
        if name not in known:
            allowed = "a family of a fact that is held against the model"
            yield Flaw(("families", name), f"'{name}'", allowed, tuple(known))
    missing = [name for name in known if name not in facts.families]
    if facts.families and missing:
        yield Flaw(("families",), f"nothing about {', '.join(missing)}", "every family, or none")


def _unrepresented(fact: Fact) -> Iterator[Flaw]:
    if fact.indicator is not None:
        yield Flaw(("indicator",), f"'{fact.indicator}' of a fact that is not represented", "no indicator")
    if not fact.why:
        yield Flaw((), "a fact that is not represented, without a reason", "'why'")


def _comparable(fact: Fact) -> Iterator[Flaw]:
    yield from _dated(fact)
    yield from _measured(fact)
    yield from _indicated(fact)


def _dated(fact: Fact) -> Iterator[Flaw]:
    flaws = list(_formed(fact))
    yield from flaws
    if flaws:
        return
    if fact.series is not None:
        key, last, months = "series", max(fact.series), fact.window
    else:
        assert fact.since is not None
        assert fact.until is not None
        key, last, months = "until", fact.until, fact.until - fact.since + 1
    if last > LAST:
        allowed = f"months up to {LAST}; later facts are 'unrepresented'"
        yield Flaw((key,), f"{last} with use '{fact.use}'", allowed)
    if fact.statistic in ("growth", "change") and months < 2:
        yield Flaw(("statistic",), f"{fact.statistic} over one month", "two months or more")


def _formed(fact: Fact) -> Iterator[Flaw]:
    """Whether it is a series, or a value with its months."""
    dates = (fact.since, fact.until)
    if (fact.series is None) == (fact.value is None):
        yield Flaw((), "both or none of 'series' and 'value'", "one of them")
    elif fact.series is not None and not fact.series:
        yield Flaw(("series",), "no values", "at least one month and its value")
    elif fact.series is not None and dates != (None, None):
        yield Flaw((), "'since' or 'until' beside a series", "'window' for the months of each value")
    elif fact.value is not None and None in dates:
        yield Flaw((), "a value without its months", "'since' and 'until'")
    elif fact.since is not None and fact.until is not None and fact.until < fact.since:
        yield Flaw(("until",), str(fact.until), f"a month from {fact.since} on")


def _measured(fact: Fact) -> Iterator[Flaw]:
    least = 1.0 if fact.scale == "log" else 0.0
    if fact.tolerance is None:
        yield Flaw((), "no tolerance", "'tolerance', the half-width of the 90 % interval of measurement")
    elif fact.tolerance <= least:
        yield Flaw(("tolerance",), f"{fact.tolerance:g}", f"a factor above 1 on a {fact.scale} scale")
    if fact.scale == "log" and not all(value > 0 and math.isfinite(value) for value in values(fact)):
        yield Flaw(("series" if fact.series else "value",), "0 or less on a log scale", "values above 0")


def _indicated(fact: Fact) -> Iterator[Flaw]:
    known = tuple(INDICATORS)
    if fact.indicator is None:
        yield Flaw((), "no indicator", "'indicator', or use 'unrepresented' with a reason")
        return
    if fact.indicator not in INDICATORS:
        yield Flaw(("indicator",), f"'{fact.indicator}'", "an indicator of docs/facts.md", known)
        return
    indicator = INDICATORS[fact.indicator]
    if fact.over is not None and fact.minus is not None:
        yield Flaw((), "both 'over' and 'minus'", "one of them")
    for key, selection in (("where", fact.where), ("over", fact.over), ("minus", fact.minus)):
        for column in selection or ():
            if column not in indicator.columns:
                allowed = f"of {fact.indicator}: {', '.join(indicator.columns)}"
                yield Flaw((key, column), f"'{column}'", allowed, indicator.columns)
    if fact.unit != unit_of(fact):
        yield Flaw(("unit",), f"'{fact.unit}'", f"'{unit_of(fact)}', the unit of what it is held against")


def unit_of(fact: Fact) -> str:
    """Unit of what the model gives for a fact."""
    if fact.statistic == "growth":
        return "factor a year"
    if fact.over is not None or fact.indicator is None:
        return "ratio"
    unit = INDICATORS[fact.indicator].unit
    return unit.replace("/month", "") if fact.statistic == "sum" else unit


def values(fact: Fact) -> Iterable[float]:
    """All values of a fact."""
    return fact.series.values() if fact.series else () if fact.value is None else (fact.value,)


BLUEPRINT = Blueprint(Facts, check)
