"""From the bytes of a scenario file to a tree with line numbers: YAML 1.2, without its traps.

Anchors, aliases, merge keys, tags and duplicate keys are refused, as they hide where a number was set; so
are files that are too large, too deep or not UTF-8. The stream of ruamel.yaml's events is read directly, so
nothing in a file can build an object. Scalars follow the core schema of YAML 1.2: ``2e9`` is a number, while
``no`` and ``2024-12`` are text.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from sim.scenario.nodes import SAMPLES, Atom, Listing, Node, Scalar, Table, path_text
from sim.scenario.problems import Place, Problem, ScenarioError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_DIGITS = 40
INSTEAD = "'extends' inherits from another file"

_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL: dict[str, Atom] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def read_file(path: Path, name: str, *, dotted: bool = False) -> Table:
    """Read a scenario file.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    dotted
        Whether keys may have dots, as the key paths of a study have.

    Raises
    ------
    ScenarioError
        With every problem found in the text.
    """
    node = read_text(text_of_file(path, name), name, dotted)
    if isinstance(node, Scalar) and node.value is None:
        allowed = "keys of a scenario, such as 'extends: baseline'"
        raise ScenarioError([Problem(Place(name), "", "an empty file", allowed)])
    if not isinstance(node, Table):
        kind = "a list" if isinstance(node, Listing) else "a single value"
        raise ScenarioError([Problem(node.place, "", kind, "a mapping of keys at the top")])
    return node


@lru_cache(maxsize=64)
def read_text(text: str, name: str, dotted: bool = False) -> Node:
    """Read YAML text; trees never change, so equal texts share one.

    Raises
    ------
    ScenarioError
        With every problem found in the text.
    """
    reader = _Reader(text, name, dotted)
    node = reader.document()
    if reader.problems:
        raise ScenarioError(reader.problems)
    return node


def text_of_file(path: Path, name: str) -> str:
    """Text of a file.

    Raises
    ------
    ScenarioError
        If it cannot be read, is too large or not UTF-8.
    """
    return _decoded(_bytes_of(path, name), name)


def _bytes_of(path: Path, name: str) -> bytes:
    place = Place(name)
    try:
        status = path.stat()
        regular, size = stat.S_ISREG(status.st_mode), status.st_size
        content = path.read_bytes() if regular and size <= MAX_BYTES else b""
    except FileNotFoundError as error:
        raise ScenarioError([Problem(place, "", "no such file", "a file that exists")]) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError([Problem(place, "", f"cannot be read: {reason}", "a readable file")]) from error
    if not regular:
        raise ScenarioError([Problem(place, "", "not a file", "a YAML file")])
    if size > MAX_BYTES:
        found = f"a file of {size / 1e6:.1f} MB"
        raise ScenarioError([Problem(place, "", found, f"at most {MAX_BYTES / 1e6:g} MB")])
    return content


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise ScenarioError([Problem(Place(name, line), "", found, "text saved as UTF-8")]) from error


class _Reader:
    """Builds one tree from the events of one text."""

    def __init__(self, text: str, name: str, dotted: bool) -> None:
        self.name, self.dotted = name, dotted
        self.lines = text.splitlines()
        self.problems: list[Problem] = []
        self.events = self.parsed(text)

    def parsed(self, text: str) -> Iterator[Event]:
        """Events of the text; what is not YAML becomes a problem."""
        try:
            yield from YAML(typ="safe", pure=True).parse(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self.stop(mark.line + 1 if mark else None, f"not YAML: {error.problem or error.context}")
        except YAMLError as error:
            position = getattr(error, "position", 0)
            self.stop(text.count("\n", 0, position) + 1, f"not YAML: {getattr(error, 'reason', error)}")

    def stop(self, line: int | None, found: str, allowed: str = "", path: tuple[str, ...] = ()) -> NoReturn:
        problem = Problem(Place(self.name, line), path_text(path), found, allowed)
        raise ScenarioError([*self.problems, problem])

    def note(self, event: Event, path: tuple[str, ...], found: str, allowed: str) -> None:
        self.problems.append(Problem(self.place(event), path_text(path), found, allowed))

    def place(self, event: Event) -> Place:
        return Place(self.name, event.start_mark.line + 1)

    def document(self) -> Node:
        """The one document of the text."""
        node: Node = Scalar(None, Place(self.name, 1))
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if event.version not in (None, (1, 2)):
                    self.note(event, (), "%YAML " + ".".join(map(str, event.version)), "YAML 1.2")
                if documents > 1:
                    self.stop(event.start_mark.line + 1, "a second document ('---')", "one document a file")
            elif isinstance(event, ScalarEvent | AliasEvent | MappingStartEvent | SequenceStartEvent):
                node = self.node(event, ())
        return node

    def node(self, event: Event, path: tuple[str, ...], place: Place | None = None) -> Node:
        """The node that starts with an event; `place` is that of the key that holds it."""
        place = place or self.place(event)
        self.check_plainness(event, path)
        if len(path) > MAX_DEPTH:
            self.stop(event.start_mark.line + 1, "deep nesting", f"at most {MAX_DEPTH} levels", path[:3])
        if isinstance(event, MappingStartEvent):
            return self.table(path, place)
        if isinstance(event, SequenceStartEvent):
            return self.listing(path, place)
        if isinstance(event, ScalarEvent):
            return Scalar(self.atom(event, path), self.with_comment(place, event))
        return Scalar(None, place)

    def check_plainness(self, event: Event, path: tuple[str, ...]) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, AliasEvent):
            self.note(event, path, f"alias *{anchor}", "the value itself; aliases hide where it was set")
        elif anchor:
            self.note(event, path, f"anchor &{anchor}", f"plain values; {INSTEAD}")
        if tag:
            self.note(event, path, f"tag {tag}", "plain values, without tags")

    def table(self, path: tuple[str, ...], place: Place) -> Table:
        items: dict[str, Node] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                place = self.with_comment(place, event)
                break
            key = self.key(event, path)
            place_of_key = self.place(event)
            below = (*path, key)
            value = self.node(next(self.events), below, place_of_key)
            if key in items:
                found = f"a second time; first at {items[key].place}"
                self.problems.append(Problem(place_of_key, path_text(below), found, "each key once"))
            items.setdefault(key, value)
        return Table(items, place)

    def key(self, event: Event, path: tuple[str, ...]) -> str:
        if not isinstance(event, ScalarEvent):
            found = "an alias" if isinstance(event, AliasEvent) else "a list or mapping"
            self.stop(event.start_mark.line + 1, f"{found} as a key", "a name as a key", path)
        self.check_plainness(event, path)
        key = self.text_of(event, path)
        if key == "<<":
            self.note(event, path, "merge key <<", f"the keys themselves; {INSTEAD}")
        elif not key or ("." in key and not self.dotted and (len(path) != 2 or path[0] != SAMPLES)):
            self.note(event, path, f"key '{key}'", "a name without dots, which separate the keys of a path")
        return key

    def text_of(self, event: ScalarEvent, path: tuple[str, ...]) -> str:
        text = str(event.value)
        if any("\ud800" <= char <= "\udfff" for char in text):
            self.note(event, path, "half of a character (\\ud800 to \\udfff)", "whole characters")
            return ""
        return text

    def listing(self, path: tuple[str, ...], place: Place) -> Listing:
        items: list[Node] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                place = self.with_comment(place, event)
                break
            items.append(self.node(event, (*path, str(len(items)))))
        return Listing(tuple(items), place)

    def atom(self, event: ScalarEvent, path: tuple[str, ...]) -> Atom:
        text = self.text_of(event, path)
        if event.style is not None:
            return text
        if len(text) > MAX_DIGITS and (_INTEGER.fullmatch(text) or _BASED.fullmatch(text)):
            self.note(event, path, f"a number of {len(text)} digits", f"at most {MAX_DIGITS}")
            return None
        return atom_of(text)

    def with_comment(self, place: Place, end: Event) -> Place:
        """Add the comment that ends the line of a value: the source of a number in shipped files."""
        line, column = end.end_mark.line, end.end_mark.column
        if place.line != line + 1 or line >= len(self.lines):
            return place
        between, mark, comment = self.lines[line][column:].partition(" #")
        is_comment = mark and not set("\"'") & set(between)
        return place._replace(note=comment.strip()) if is_comment else place


def atom_of(text: str) -> Atom:
    """Value of an unquoted scalar, by the core schema of YAML 1.2."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text
