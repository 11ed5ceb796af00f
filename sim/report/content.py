"""What a report holds, whatever it is written as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """A figure: its file name, what draws it at a width preset, and what to bear in mind when reading it."""

    name: str
    draw: Callable[[str], Figure]
    caption: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text; the first column names the rows, the others are set to the right if they are `numbers`."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    numbers: bool = False


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: Sequence[str]


Block: TypeAlias = Picture | Table | Points | str
"""Part of a section; a plain text is a paragraph."""


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """A whole report.

    Attributes
    ----------
    title
        What it is about.
    asked
        What was asked, a paragraph or more.
    answer
        The answer, sentence by sentence.
    sections
        Figures, tables, assumptions, limits, provenance.
    overview
        The one picture that says most.
    about
        Facts for the metadata of files: version, scenarios, seeds.
    """

    title: str
    asked: Sequence[str]
    answer: Sequence[str]
    sections: Sequence[Section]
    overview: Picture
    about: dict[str, str] = field(default_factory=dict)

    @property
    def pictures(self) -> list[Picture]:
        """All figures in their order."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, Picture)]
