"""A claim ready to be tested: its parts, their worlds and measures, all checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from sim.claims.formula import Formula
from sim.claims.schema import ClaimFile, Direction
from sim.scenario import Resolved
from sim.study.indicators import Indicator


@dataclass(frozen=True)
class Pair:
    """A world with what is claimed to matter, and one without; or a number in the place of the latter."""

    treatment: Resolved
    control: Resolved | float
    words: tuple[str, str] = ("", "")
    """What the claim's file says of both."""


@dataclass(frozen=True)
class Test:
    """How a part of a claim is tested, written before its result was looked at.

    Attributes
    ----------
    pair
        Whose difference is the effect.
    beside
        Another pair, whose effect is subtracted; none: nothing is.
    measures
        What is kept of a run, by the name that `value` has for it.
    value
        What of that is compared.
    form
        Whether an effect is treatment - control or treatment / control - 1.
    direction
        What the claim says of the effect: ``up``, ``down``, ``not_up``, ``not_down`` or ``none``.
    smallest
        Smallest effect that counts, in the unit of the effect.
    unit
        Of the effect, in words.
    """

    __test__ = False  # not a test of pytest's

    pair: Pair
    beside: Pair | None
    measures: dict[str, Indicator]
    value: Formula
    form: Literal["difference", "ratio"]
    direction: Direction
    smallest: float
    unit: str

    @cached_property
    def worlds(self) -> tuple[Resolved, ...]:
        """Scenarios that it needs."""
        pairs = [self.pair, *([self.beside] if self.beside is not None else [])]
        worlds = [world for pair in pairs for world in (pair.treatment, pair.control)]
        return tuple(world for world in worlds if isinstance(world, Resolved))


@dataclass(frozen=True)
class Part:
    """One thing that a claim says; without a `test` the model cannot say, for want of what is `missing`."""

    name: str
    sentence: str
    test: Test | None
    missing: str


@dataclass(frozen=True)
class Claim:
    """A claim and its parts.

    Attributes
    ----------
    name
        Of its file, by which a user asks for it.
    path
        Its file.
    text
        What the file says in words.
    parts
        In the order of the file.
    """

    name: str
    path: Path
    text: ClaimFile
    parts: tuple[Part, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """Decision rules that it is tried under beside the scenario's own."""
        return tuple(self.text.rules)

    def tests(self) -> Iterator[tuple[Part, Test]]:
        """Parts that can be tested."""
        for part in self.parts:
            if part.test is not None:
                yield part, part.test
