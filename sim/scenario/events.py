"""Dated policy events. Each names what it changes; nothing else may change during a run.

Every event has a unique `name`, a `date` and a `source`; most may end (`until`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.actors import JUDGEMENT, ChipPredicate, Mode, Name
from sim.scenario.month import Month
from sim.scenario.parameters import Entry, parameter

EventName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
LAW = "the event's own source"


class Event(Entry):
    """What all events have in common."""

    name: EventName = parameter(
        ...,
        unit="text",
        source=JUDGEMENT,
        meaning="Unique name, by which a child file removes it",
        role="structural",
    )
    date: Month = parameter(
        ..., unit="month", source=LAW, meaning="Month in which it takes effect", role="lever"
    )
    until: Month | None = parameter(
        None, unit="month", source=LAW, meaning="Month in which it ends; none: stays", role="lever"
    )
    source: str = parameter(
        ..., unit="text", source=JUDGEMENT, meaning="Where the event is documented", role="structural"
    )
    label: str = parameter(
        "",
        unit="text",
        source=JUDGEMENT,
        meaning="Short label for figures; empty: not marked",
        role="structural",
    )


class ExportRule(Event):
    """Bars or limits chips for a region. Also used for import bars by the region itself."""

    kind: Literal["export_rule"]
    region: Name = parameter(
        ..., unit="region", source=LAW, meaning="Region that the rule binds", role="lever"
    )
    predicate: ChipPredicate = parameter(
        ..., unit="predicate over chip fields", source=LAW, meaning="Chips that the rule covers", role="lever"
    )
    licensed: float = parameter(
        0.0,
        unit="share of demand",
        ge=0,
        le=1,
        source=LAW,
        role="lever",
        meaning="Part of the demand for covered chips that is licensed all the same",
    )
    volume_cap: float | None = parameter(
        None,
        unit="thousand H100e per year",
        ge=0,
        source=LAW,
        role="lever",
        meaning="Most of the covered chips that may enter in a year, if licensed; none: no cap",
    )
    levy: float = parameter(
        0.0,
        unit="share of the price",
        ge=0,
        le=5,
        source=LAW,
        role="lever",
        meaning="Tariff or revenue share that covered chips pay",
    )
    end_users: list[Name] = parameter(
        [],
        unit="labs and clouds",
        source=LAW,
        meaning="Firms that the rule binds; empty: all of the region",
        role="lever",
    )


class Repeal(Event):
    """Ends an export rule before its time."""

    kind: Literal["repeal"]
    rule: EventName = parameter(
        ..., unit="event", source=LAW, meaning="Name of the rule that ends", role="lever"
    )


class OffshoreRental(Event):
    """Allows or forbids firms of a region to rent compute abroad."""

    kind: Literal["offshore_rental"]
    region: Name = parameter(
        ..., unit="region", source=LAW, meaning="Region of the renting firms", role="lever"
    )
    allowed: bool = parameter(..., unit="yes/no", source=LAW, meaning="Whether it may rent", role="lever")


class ApiWithdrawal(Event):
    """Labs stop selling their API in a region."""

    kind: Literal["api_withdrawal"]
    labs: list[Name] = parameter(..., unit="labs", source=LAW, meaning="Labs that withdraw", role="lever")
    region: Name = parameter(..., unit="region", source=LAW, meaning="Region that they leave", role="lever")


class LicenceChange(Event):
    """A lab changes the terms of its restricted licence."""

    kind: Literal["licence_change"]
    lab: Name = parameter(..., unit="lab", source=LAW, meaning="Whose licence", role="lever")
    threshold: float | None = parameter(
        None,
        unit="million monthly users",
        ge=0,
        source=LAW,
        meaning="New threshold; none: unchanged",
        role="lever",
    )
    royalty: float | None = parameter(
        None,
        unit="share of a host's revenue",
        ge=0,
        le=0.9,
        source=LAW,
        meaning="New rate; none: unchanged",
        role="lever",
    )


class VendorBan(Event):
    """Segments of a region may not use vendors of some origin."""

    kind: Literal["vendor_ban"]
    region: Name = parameter(..., unit="region", source=LAW, meaning="Where it applies", role="lever")
    segments: list[Name] = parameter(
        ..., unit="segments", source=LAW, meaning="Buyer types bound", role="lever"
    )
    origin: Name | None = parameter(
        None, unit="region", source=LAW, meaning="Bans all labs of this region", role="lever"
    )
    labs: list[Name] = parameter([], unit="labs", source=LAW, meaning="Bans these labs", role="lever")
    weights_too: bool = parameter(
        False,
        unit="yes/no",
        source=LAW,
        role="lever",
        meaning="Whether their open models served by others are banned as well",
    )
    coverage: float = parameter(
        1.0,
        unit="share of the segment",
        ge=0,
        le=1,
        source=JUDGEMENT,
        role="lever",
        meaning="Part of the segment that the ban reaches",
    )


class Subsidy(Event):
    """Public money for chips, compute or open release."""

    kind: Literal["subsidy"]
    region: Name = parameter(..., unit="region", source=LAW, meaning="Who pays and receives", role="lever")
    target: Literal["domestic_chips", "compute", "open_release"] = parameter(
        ..., unit="target", source=LAW, meaning="What is subsidised", role="lever"
    )
    rate: float = parameter(
        ...,
        unit="share of price (chips), of running cost (compute), of revenue scale (open release)",
        ge=0,
        le=1,
        source=LAW,
        meaning="Size",
        role="lever",
    )


class ContentRule(Event):
    """Rules on public content: filing, security review, conditions on foreign models."""

    kind: Literal["content_rule"]
    region: Name = parameter(..., unit="region", source=LAW, meaning="Where it applies", role="lever")
    segments: list[Name] = parameter(
        [], unit="segments", source=LAW, meaning="Buyer types concerned; empty: all", role="lever"
    )
    home_penalty: float = parameter(
        0.0, unit="utils", ge=0, le=20, source=JUDGEMENT, meaning="Burden on home models", role="lever"
    )
    foreign_penalty: float = parameter(
        0.0, unit="utils", ge=0, le=20, source=JUDGEMENT, meaning="Burden on foreign models", role="lever"
    )
    delay: int = parameter(
        0,
        unit="months",
        ge=0,
        le=36,
        source=LAW,
        role="lever",
        meaning="Time between a lab's first release and its public offer in the region (filing, review)",
    )


class ReleasePolicy(Event):
    """A government forbids, taxes or subsidises a release mode of its labs."""

    kind: Literal["release_policy"]
    region: Name = parameter(..., unit="region", source=LAW, meaning="Whose labs", role="lever")
    modes: list[Mode] = parameter(..., unit="release modes", source=LAW, meaning="Which modes", role="lever")
    stance: Literal["forbid", "tax", "subsidise"] = parameter(
        ..., unit="stance", source=LAW, meaning="What it does", role="lever"
    )
    rate: float = parameter(
        0.0,
        unit="share of a lab's revenue scale",
        ge=0,
        le=5,
        source=LAW,
        meaning="Tax or subsidy",
        role="lever",
    )
    above: float | None = parameter(
        None,
        unit="ECI points",
        ge=50,
        le=400,
        source=LAW,
        role="lever",
        meaning="Only for flagships of this capability or more; none: all",
    )


class ForcedRelease(Event):
    """A lab releases a given model in a given mode, whatever it would have chosen.

    In `history` these are the period's real models, replayed up to `history_until`; in `events` a lever.
    """

    kind: Literal["forced_release"]
    lab: Name = parameter(..., unit="lab", source=LAW, meaning="Who releases", role="lever")
    model: str = parameter(..., unit="text", source=LAW, meaning="Name of the model", role="structural")
    mode: Mode = parameter(..., unit="release mode", source=LAW, meaning="How it is released", role="lever")
    capability: float | None = parameter(
        None,
        unit="ECI points",
        ge=50,
        le=400,
        source="Epoch AI capabilities index",
        meaning="Its capability; none: what the lab's training gives",
        role="structural",
    )
    flop: float | None = parameter(
        None,
        unit="FLOP",
        gt=0,
        source="Epoch AI models data",
        meaning="Its training compute; none: what the lab has",
        role="structural",
    )


AnyEvent = Annotated[
    ExportRule
    | Repeal
    | OffshoreRental
    | ApiWithdrawal
    | LicenceChange
    | VendorBan
    | Subsidy
    | ContentRule
    | ReleasePolicy
    | ForcedRelease,
    Field(discriminator="kind"),
]
