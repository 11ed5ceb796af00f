"""What stands in a study file: declarations that validation and messages are made from.

A factor may be written shortly; `sim.study.reading` writes every form out as one of the entries here before it
is validated.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sim.scenario.month import Month
from sim.scenario.parameters import Entry
from sim.scenario.uncertainty import OneDistribution, refused

DESIGNS = ("grid", "list", "random", "latin-hypercube", "sobol", "morris", "saltelli")
Design = Literal["grid", "list", "random", "latin-hypercube", "sobol", "morris", "saltelli"]

LAST_SEED = 2**62
MAX_POINTS = 10_000_000


class _Factor(Entry):
    keys: list[str] = Field([], description="Key paths that the factor sets alike; empty: its own name")


class RangeEntry(_Factor):
    """Every number from `low` to `high`; on a log scale, every order of magnitude alike."""

    kind: Literal["range"]
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    steps: int | None = Field(None, ge=2, le=10_000, description="Values that a grid takes, both ends among them")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise refused(f"low {self.low:g}, high {self.high:g}", "low < high")
        if self.scale == "log" and self.low <= 0:
            raise refused(f"low {self.low:g} on a log scale", "low > 0")
        return self


class ValuesEntry(_Factor):
    """One of several values."""

    kind: Literal["values"]
    values: list[Any] = Field(min_length=1, max_length=100_000)


class DistributionEntry(_Factor):
    """A distribution, as it may stand in a scenario; a ``sample`` may not, as its table is there."""

    kind: Literal["distribution"]
    distribution: OneDistribution


class PriorEntry(_Factor):
    """The distribution that the base scenario itself gives for the parameter."""

    kind: Literal["prior"]


AnyFactor = Annotated[RangeEntry | ValuesEntry | DistributionEntry | PriorEntry, Field(discriminator="kind")]


class IndicatorEntry(Entry):
    """What is kept of a run: a column of `market`, `labs` or `clouds` for one region, lab or cloud.

    With `segments`, `origin` or `weights` it is the part of a column of `usage` that has them, in the region.
    """

    column: str
    region: str | None = None
    lab: str | None = None
    cloud: str | None = None
    segments: list[str] = Field([], description="Only use by these buyer types")
    origin: str | None = Field(None, description="Only use of models of this region's labs")
    weights: Literal["open", "closed"] | None = Field(None, description="Only use of such models")
    take: Literal["end", "mean", "series"] = "end"
    since: Month | None = None
    until: Month | None = None


class CalibrationEntry(Entry):
    """How `aimarkets calibrate` goes about it; a sweep of the same study takes no notice."""

    facts: str | None = Field(None, description="File of facts, beside the study; none: the shipped one")
    families: list[str] | None = Field(None, min_length=1, description="Families of facts that count; none: all")
    waves: int = Field(3, ge=1, le=20, description="Waves, each of the study's number of points")
    within: float = Field(
        0.9, gt=0, lt=1, description="Probability that the set which is not ruled out is to hold"
    )


class StudyFile(Entry):
    """A study as it is written."""

    name: str | None = Field(None, min_length=1)
    title: str = ""
    description: str = ""
    scenarios: dict[str, str] = {}
    base: str | None = None
    set: dict[str, Any] = {}
    vary: dict[str, AnyFactor]
    design: Design
    points: int | None = Field(None, ge=1, le=MAX_POINTS)
    levels: int | None = Field(None, ge=4, le=100)
    second_order: bool | None = None
    design_seed: int = Field(1, ge=0, le=2**32 - 1)
    replicates: int = Field(1, ge=1, le=100_000)
    seed: int = Field(1, ge=0, le=LAST_SEED)
    common_seeds: bool = True
    uncertainty: bool = False
    indicators: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], IndicatorEntry] | None = None
    calibration: CalibrationEntry | None = None
