"""What is wrong with a scenario: where, what was found, what is allowed, and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MAX_LISTED = 16
SIMILAR = 0.65
"""Similarity (difflib's ratio) from which a name is suggested: ``tpq`` suggests ``tpp``."""


class Place(NamedTuple):
    """Where a value was set.

    Attributes
    ----------
    file
        Name of the file as the user would type it, or another origin: ``--set labs.xai.cash=2e9``.
    line
        Line in the file, counted from 1, if it has lines.
    note
        Comment at the end of that line, by which shipped scenarios cite the source of a number.
    """

    file: str
    line: int | None = None
    note: str = ""

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Flaw(NamedTuple):
    """One thing wrong across the parts of a scenario, found by a check that knows no files.

    Attributes
    ----------
    path
        Keys and list positions that lead to it.
    found, allowed
        As in `Problem`.
    candidates
        Valid names, of which the nearest is suggested.
    """

    path: tuple[str | int, ...]
    found: str
    allowed: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario file.

    Attributes
    ----------
    place
        File and line, or other origin.
    path
        Key path, such as ``labs.alibaba.capex``; empty where the whole file is meant.
    found, allowed
        What stands there, and what may.
    hint
        What to do about it: the nearest valid name, mostly.
    """

    place: Place
    path: str
    found: str
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        head = ": ".join(part for part in (str(self.place), self.path, self.found) if part)
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{head}{allowed}{self.hint}"


class ScenarioError(ValueError):
    """A scenario that cannot be used, with every problem found.

    Parameters
    ----------
    problems
        At least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Suggest the nearest of `names`, as a text to append to a message; empty if none is near."""
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=SIMILAR)
    return f" (did you mean '{near[0]}'?)" if near else ""


def listed(names: Iterable[str]) -> str:
    """Names in one line, a long list cut short."""
    names = list(names)
    more = f", ... ({len(names)} in all)" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more if names else "none"
