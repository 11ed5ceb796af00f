"""Predicates over chip fields, as export rules are written: ``tpp >= 1600 and density >= 5.92``.

A small language of its own, never Python. Its grammar, loosest first::

    either     = both ("or" both)*
    both       = negation ("and" negation)*
    negation   = "not" negation | "(" either ")" | comparison
    comparison = FIELD (">=" | ">" | "<=" | "<" | "==" | "!=") value
               | FIELD "in" "[" value ("," value)* "]"
    value      = NUMBER | NAME | "quoted text"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError

from sim.scenario.conditions import (
    OPERATORS,
    ORDERINGS,
    Comparison,
    Conjunction,
    Disjunction,
    Membership,
    Negation,
    Predicate,
    Value,
    is_name,
    is_number,
)
from sim.scenario.problems import did_you_mean, listed
from sim.scenario.shapes import fields_of

__all__ = ["Predicate", "PredicateError", "Vocabulary", "checked_by", "parse"]

MAX_LENGTH = 2000
MAX_DEPTH = 40
_TOKEN = re.compile(r'\s*(?:(>=|<=|==|!=|[><()\[\],])|("[^"]*")|([-+]?[A-Za-z0-9_.][A-Za-z0-9_.+-]*)|(\S))')


class PredicateError(ValueError):
    """A text that is no predicate.

    Attributes
    ----------
    column
        Where in the text, counted from 1.
    found, allowed, hint
        What stands there, what may stand there, and the nearest valid name if there is one.
    """

    def __init__(self, column: int, found: str, allowed: str, hint: str = "") -> None:
        super().__init__(column, found, allowed, hint)
        self.column, self.found, self.allowed, self.hint = column, found, allowed, hint

    def __str__(self) -> str:
        return f"column {self.column}: found {self.found}; allowed: {self.allowed}{self.hint}"


@dataclass(frozen=True)
class Vocabulary:
    """The fields that a predicate may name, by the kind of their values."""

    numbers: frozenset[str]
    texts: frozenset[str]

    @classmethod
    def of(cls, entry: type[BaseModel], *more_texts: str) -> Vocabulary:
        """Fields of an entry, with `more_texts` that stand beside it, such as the name that keys it."""
        shapes = fields_of(entry)
        texts = {name for name, shape in shapes.items() if shape.kind in ("text", "choice")}
        numbers = {name for name, shape in shapes.items() if shape.number()}
        return cls(frozenset(numbers), frozenset({*texts, *more_texts}))

    @property
    def fields(self) -> list[str]:
        """All fields, in alphabetical order."""
        return sorted(self.numbers | self.texts)


def parse(text: str, vocabulary: Vocabulary | None = None) -> Predicate:
    """Read a predicate.

    Parameters
    ----------
    text
        Such as ``tpp >= 1600 and not (vendor == nvidia)``.
    vocabulary
        Fields that may be named; without it, any name is a field.

    Raises
    ------
    PredicateError
        With the column, what was found there and what is allowed.

    Examples
    --------
    >>> rule = parse("tpp >= 4800 or (tpp >= 1600 and density >= 5.92)")
    >>> rule({"tpp": 2368, "density": 2.9})
    False
    >>> sorted(rule.fields)
    ['density', 'tpp']
    """
    return _Parser(text, vocabulary).whole()


def checked_by(vocabulary: Vocabulary) -> AfterValidator:
    """What makes a text field of an entry a predicate: ``Annotated[str, checked_by(vocabulary)]``."""
    return AfterValidator(partial(_checked, vocabulary))


def _checked(vocabulary: Vocabulary, text: str) -> str:
    try:
        parse(text, vocabulary)
    except PredicateError as error:
        reason = f"at column {error.column} {error.found}"
        about = {"reason": reason, "allowed": error.allowed, "hint": error.hint}
        raise PydanticCustomError("predicate", "{reason}; allowed: {allowed}{hint}", about) from error
    return text


@dataclass(frozen=True)
class _Token:
    text: str
    column: int

    @property
    def quoted(self) -> bool:
        return self.text.startswith('"') and len(self.text) > 1

    def __str__(self) -> str:
        if not self.text:
            return "the end"
        return self.text if self.quoted else f"'{self.text}'"


class _Parser:
    """Recursive descent: one method a rule of the grammar."""

    def __init__(self, text: str, vocabulary: Vocabulary | None) -> None:
        if len(text) > MAX_LENGTH:
            raise PredicateError(MAX_LENGTH + 1, f"{len(text)} characters", f"at most {MAX_LENGTH}")
        self.tokens = [_Token(match.group().strip(), match.end() - len(match.group().strip()) + 1)
                       for match in _TOKEN.finditer(text)]
        self.tokens.append(_Token("", len(text.rstrip()) + 1))
        self.position = 0
        self.depth = 0
        self.vocabulary = vocabulary

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def take(self, *texts: str) -> str:
        """Step over the next token if it is one of `texts`; otherwise stay, and return an empty text."""
        if self.next.text and self.next.text in texts:
            self.position += 1
            return self.tokens[self.position - 1].text
        return ""

    def expect(self, text: str, allowed: str) -> None:
        if not self.take(text):
            self.refuse(allowed)

    def refuse(self, allowed: str, hint: str = "") -> NoReturn:
        raise PredicateError(self.next.column, str(self.next), allowed, hint)

    def whole(self) -> Predicate:
        predicate = self.either()
        if self.next.text:
            self.refuse("'and', 'or', or the end")
        return predicate

    def either(self) -> Predicate:
        parts = self.joined_by("or", self.both)
        return parts[0] if len(parts) == 1 else Disjunction(parts)

    def both(self) -> Predicate:
        parts = self.joined_by("and", self.negation)
        return parts[0] if len(parts) == 1 else Conjunction(parts)

    def joined_by(self, word: str, part: Callable[[], Predicate]) -> tuple[Predicate, ...]:
        parts = [part()]
        while self.take(word):
            parts.append(part())
        return tuple(parts)

    def negation(self) -> Predicate:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.refuse(f"at most {MAX_DEPTH} levels of 'not' and parentheses")
        predicate: Predicate
        if self.take("not"):
            predicate = Negation(self.negation())
        elif self.take("("):
            predicate = self.either()
            self.expect(")", "'and', 'or' or ')'")
        else:
            predicate = self.comparison()
        self.depth -= 1
        return predicate

    def comparison(self) -> Predicate:
        field = self.field()
        is_text = self.vocabulary is not None and field in self.vocabulary.texts
        if is_text and self.next.text in ORDERINGS:
            self.refuse(f"'==', '!=' or 'in', as '{field}' is text")
        if sign := self.take(*OPERATORS):
            return Comparison(field, sign, self.value(field))
        if not self.take("in"):
            self.refuse(f"one of: {', '.join(OPERATORS)}, in")
        self.expect("[", "'[', which starts a list of values")
        values = [self.value(field)]
        while self.take(","):
            values.append(self.value(field))
        self.expect("]", "',' or ']'")
        return Membership(field, tuple(values))

    def field(self) -> str:
        name = self.next.text
        known = self.vocabulary.fields if self.vocabulary else []
        allowed = f"a field: {listed(known)}" if known else "the name of a field"
        if not is_name(name):
            self.refuse(f"{allowed}; or 'not' or '('")
        if self.vocabulary and name not in known:
            self.refuse(allowed, did_you_mean(name, known))
        self.position += 1
        return name

    def value(self, field: str) -> Value:
        token = self.next
        wants_number = self.vocabulary is not None and field in self.vocabulary.numbers
        wants_text = self.vocabulary is not None and field in self.vocabulary.texts
        if wants_number and not is_number(token.text):
            self.refuse(f"a number, as '{field}' is one")
        if not (token.quoted or is_number(token.text) or is_name(token.text)):
            self.refuse("a number or a name")
        if is_number(token.text) and not wants_text:
            number = float(token.text)
            if not math.isfinite(number):
                self.refuse("a finite number")
            self.position += 1
            return number
        self.position += 1
        return token.text[1:-1] if token.quoted else token.text
