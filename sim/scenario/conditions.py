"""The terms of a predicate over chip fields: what is compared, and how terms combine.

A field that a chip lacks, or has as None, compares false whatever the operator: a rule covers only what is
known of a chip. ``not`` turns that into true, as everywhere in logic.

`sim.scenario.predicate` reads predicates from text.
"""

from __future__ import annotations

import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Value = float | str
KEYWORDS = frozenset({"and", "or", "not", "in"})
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
OPERATORS = tuple(_OPERATORS)
ORDERINGS = frozenset({">=", ">", "<=", "<"})


class Predicate(ABC):
    """A condition on a chip: call it with the chip's fields; its text parses back to an equal predicate."""

    @property
    @abstractmethod
    def fields(self) -> frozenset[str]:
        """Fields that the predicate looks at."""

    @abstractmethod
    def __call__(self, chip: Mapping[str, object]) -> bool:
        """Whether the chip is covered."""


@dataclass(frozen=True)
class Comparison(Predicate):
    """``field operator value``."""

    field: str
    operator: str
    value: Value

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({self.field})

    def __call__(self, chip: Mapping[str, object]) -> bool:
        found = chip.get(self.field)
        if found is None or isinstance(found, str) != isinstance(self.value, str):
            return False
        return _OPERATORS[self.operator](found, self.value)

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {_written(self.value)}"


@dataclass(frozen=True)
class Membership(Predicate):
    """``field in [value, ...]``."""

    field: str
    values: tuple[Value, ...]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({self.field})

    def __call__(self, chip: Mapping[str, object]) -> bool:
        return chip.get(self.field) in self.values

    def __str__(self) -> str:
        return f"{self.field} in [{', '.join(map(_written, self.values))}]"


@dataclass(frozen=True)
class Negation(Predicate):
    """``not predicate``."""

    inner: Predicate

    @property
    def fields(self) -> frozenset[str]:
        return self.inner.fields

    def __call__(self, chip: Mapping[str, object]) -> bool:
        return not self.inner(chip)

    def __str__(self) -> str:
        return f"not {_bracketed(self.inner, Conjunction, Disjunction)}"


@dataclass(frozen=True)
class Conjunction(Predicate):
    """``predicate and predicate ...``, two or more."""

    parts: tuple[Predicate, ...]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset().union(*(part.fields for part in self.parts))

    def __call__(self, chip: Mapping[str, object]) -> bool:
        return all(part(chip) for part in self.parts)

    def __str__(self) -> str:
        return " and ".join(_bracketed(part, Conjunction, Disjunction) for part in self.parts)


@dataclass(frozen=True)
class Disjunction(Predicate):
    """``predicate or predicate ...``, two or more."""

    parts: tuple[Predicate, ...]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset().union(*(part.fields for part in self.parts))

    def __call__(self, chip: Mapping[str, object]) -> bool:
        return any(part(chip) for part in self.parts)

    def __str__(self) -> str:
        return " or ".join(_bracketed(part, Disjunction) for part in self.parts)


def is_number(text: str) -> bool:
    """Whether a bare word of a predicate is read as a number."""
    return _NUMBER.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether a text can stand in a predicate without quotes."""
    return _NAME.fullmatch(text) is not None and not is_number(text) and text not in KEYWORDS


def _bracketed(part: Predicate, *looser: type[Predicate]) -> str:
    return f"({part})" if isinstance(part, looser) else str(part)


def _written(value: Value) -> str:
    if isinstance(value, str):
        return value if is_name(value) else f'"{value}"'
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
