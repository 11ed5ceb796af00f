"""What stands in a claim's file: declarations that validation and messages are made from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sim.scenario.parameters import Entry
from sim.study.schema import IndicatorEntry

Direction = Literal["up", "down", "not_up", "not_down", "none"]
Other = Literal["myopic", "ewa", "imitate", "fixed"]
Symbol = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class PairEntry(Entry):
    """Two worlds: scenarios written as in a file, with `extends` and what changes."""

    control: dict[str, Any]
    treatment: dict[str, Any]


class PartEntry(Entry):
    """One thing that a claim says, and its test; or why the model cannot test it."""

    sentence: str = Field(min_length=1, description="What is said, in one sentence")
    untestable: str | None = Field(None, min_length=1, description="What the model lacks, if it cannot say")
    control: dict[str, Any] | None = Field(None, description="The world without what is claimed to matter")
    treatment: dict[str, Any] | None = Field(None, description="The world with it")
    compared_with: PairEntry | None = Field(
        None, description="Two other worlds, whose effect is subtracted: the claim is about the difference"
    )
    level: float | None = Field(None, description="A number in the place of the control")
    measures: dict[Symbol, IndicatorEntry] = Field({}, description="What is measured in a run, by name")
    value: str | None = Field(None, description="A sum, ratio and the like of measures; none: the only one")
    unit: str = Field("", description="What the effect is in")
    effect: Literal["difference", "ratio"] = Field(
        "difference", description="treatment - control, or treatment / control - 1"
    )
    direction: Direction | None = Field(None, description="What the claim says of the effect")
    smallest: float | None = Field(None, ge=0, description="Smallest effect that counts")


class ClaimFile(Entry):
    """A claim as it is written."""

    number: int = Field(ge=1, le=999, description="Its place in the list")
    claim: str = Field(min_length=1, description="The claim in a sentence")
    made_by: list[str] = Field(min_length=1, description="Where it is made")
    mechanism: str = Field(min_length=1, description="What would make it true")
    against: str = Field(min_length=1, description="What would count against it")
    rules: list[Other] = Field([], description="Decision rules that it is tried under, beside the scenario's own")
    parts: dict[Symbol, PartEntry] = Field(min_length=1, description="What it says, one thing at a time")
