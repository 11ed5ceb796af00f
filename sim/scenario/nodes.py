"""A scenario file as a tree that remembers where each value was set.

Trees never change: every function returns a new one. A list of named mappings, such as ``events``, is
addressed by name (``events.h20-licence.date``), any other list by position.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim.scenario.problems import Place

DIST = "dist"
"""Key that makes a mapping a distribution, which stands for one value."""
SAMPLES = "samples"
"""Top-level key of tables that distributions refer to; names of their columns may have dots."""

Atom = str | int | float | bool | None
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value."""

    value: Atom
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; its place is the line of the key that holds it."""

    items: Mapping[str, Node]
    place: Place


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple[Node, ...]
    place: Place


Node = Scalar | Table | Listing


def path_text(path: Sequence[str]) -> str:
    """A key path as users write it."""
    return ".".join(path)


def path_of(text: str) -> Path:
    """A key path from what users write; keys have no dots."""
    return tuple(text.split("."))


def name_of(node: Node, position: int) -> str:
    """How an item of a list is addressed: by its ``name`` if it has one, else by its position."""
    if isinstance(node, Table):
        name = node.items.get("name")
        if isinstance(name, Scalar) and isinstance(name.value, str):
            return name.value
    return str(position)


def children(node: Node) -> dict[str, Node]:
    """What stands directly below a node, by key, name or position; of equal names, the first."""
    if isinstance(node, Table):
        return dict(node.items)
    found: dict[str, Node] = {}
    if isinstance(node, Listing):
        for position, item in enumerate(node.items):
            found.setdefault(name_of(item, position), item)
    return found


def find(node: Node, path: Sequence[str]) -> Node | None:
    """The node at a path, or ``None``."""
    for key in path:
        below = children(node).get(key)
        if below is None:
            return None
        node = below
    return node


def nearest(node: Node, path: Sequence[str]) -> Node:
    """The deepest node along a path that exists."""
    for key in path:
        below = children(node).get(key)
        if below is None:
            break
        node = below
    return node


def with_value(table: Table, path: Sequence[str], new: Node) -> Table:
    """The table with a node set at a path of one key or more; see `put`."""
    changed = put(table, path, new)
    assert isinstance(changed, Table)
    return changed


def put(node: Node, path: Sequence[str], new: Node) -> Node:
    """Set what stands at a path; missing mappings on the way are made.

    Raises
    ------
    KeyError
        If the path leads into a list that has no such item.
    """
    if not path:
        return new
    key, *rest = path
    if isinstance(node, Listing):
        names = [name_of(item, position) for position, item in enumerate(node.items)]
        if key not in names:
            raise KeyError(key)
        at = names.index(key)
        return Listing((*node.items[:at], put(node.items[at], rest, new), *node.items[at + 1 :]), node.place)
    table = node if isinstance(node, Table) else Table({}, new.place)
    changed = put(table.items.get(key, Table({}, new.place)), rest, new)
    return Table({**table.items, key: changed}, table.place)


def drop(node: Node, path: Sequence[str]) -> Node:
    """Remove what stands at a path.

    Raises
    ------
    KeyError
        If nothing stands there.
    """
    key, *rest = path
    below = children(node)
    if isinstance(node, Scalar) or key not in below:
        raise KeyError(key)
    if rest:
        return put(node, [key], drop(below[key], rest))
    if isinstance(node, Table):
        return Table({name: item for name, item in node.items.items() if name != key}, node.place)
    return Listing(tuple(item for item in node.items if item is not below[key]), node.place)


def plain(node: Node) -> object:
    """The tree as dicts, lists and scalars. A float that is a whole number becomes an int, as in JSON."""
    match node:
        case Table(items):
            return {key: plain(item) for key, item in items.items()}
        case Listing(items):
            return [plain(item) for item in items]
        case Scalar(value):
            whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
            return int(value) if whole and value is not None else value


def rooted(data: object, place: Place) -> Node:
    """A tree from dicts, lists and scalars, all set at one place; anything else goes in as its text.

    Half characters, which no file can hold, become question marks.
    """
    if isinstance(data, Mapping):
        return Table({str(key): rooted(value, place) for key, value in data.items()}, place)
    if isinstance(data, list | tuple | set | frozenset):
        return Listing(tuple(rooted(value, place) for value in data), place)
    if data is None or isinstance(data, bool):
        return Scalar(data, place)
    if isinstance(data, numbers.Integral):
        return Scalar(int(data), place)
    if isinstance(data, numbers.Real):
        return Scalar(float(data), place)
    return Scalar(str(data).encode(errors="replace").decode(), place)


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every value with its path. A distribution is one value; so are a plain list and an empty mapping."""
    below = children(node)
    has_keys = any(isinstance(item, Table) for item in below.values()) or isinstance(node, Table)
    if not has_keys or not below or DIST in below:
        yield path, node
        return
    for key, item in below.items():
        yield from leaves(item, (*path, key))


def written(node: Node) -> str:
    """A short text of a node for messages."""
    match node:
        case Table(items):
            return "a distribution" if DIST in items else "a mapping" if items else "an empty mapping"
        case Listing(items):
            return f"a list of {len(items)}" if items else "an empty list"
        case Scalar(None):
            return "nothing (null)"
        case Scalar(bool() as value):
            return str(value).lower()
        case Scalar(str() as value):
            return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"
        case Scalar(value):
            return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
