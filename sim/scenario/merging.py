"""One tree laid over another: what a child file, ``remove``, or the command line changes in a scenario.

Mappings merge key by key, plain lists and values replace, and lists of named entries (``events``) append.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sim.scenario.nodes import (
    DIST,
    SAMPLES,
    Listing,
    Node,
    Path,
    Scalar,
    Table,
    children,
    drop,
    find,
    name_of,
    nearest,
    path_of,
    path_text,
    rooted,
    with_value,
    written,
)
from sim.scenario.problems import Place, Problem, ScenarioError, did_you_mean, listed
from sim.scenario.reading import read_text

REMOVE = "remove"

Overrides = Iterable[str] | Mapping[str, object]


@dataclass
class Draft:
    """A tree on its way to a scenario.

    Attributes
    ----------
    tree
        All keys set so far.
    problems
        What was found wrong so far.
    added
        Key paths that a child or override added beside existing ones: a misspelt name shows up here.
    """

    tree: Table
    problems: list[Problem] = field(default_factory=list)
    added: set[Path] = field(default_factory=set)


def lay_over(draft: Draft, child: Table, appending: Collection[str]) -> None:
    """Lay a child file over a draft.

    Parameters
    ----------
    draft
        Changed in place.
    child
        Keys of the child.
    appending
        Top-level keys whose lists append.
    """
    items = dict(draft.tree.items)
    for key, node in child.items.items():
        parent = items.get(key)
        if parent is None:
            items[key] = node
            draft.added.add((key,))
        elif key in appending and isinstance(parent, Listing) and isinstance(node, Listing):
            items[key] = Listing((*parent.items, *node.items), parent.place)
        else:
            items[key] = _merged(draft, parent, node, (key,))
    draft.tree = Table(items, child.place)


def remove(draft: Draft, node: Node) -> None:
    """Drop what a child's ``remove`` lists from what it inherits.

    Parameters
    ----------
    draft
        Changed in place.
    node
        The list of key paths.
    """
    allowed = "a list of key paths such as [labs.xai, events.h20-licence]"
    if not isinstance(node, Listing):
        draft.problems.append(Problem(node.place, REMOVE, f"found {written(node)}", allowed))
        return
    for item in node.items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            draft.problems.append(Problem(item.place, REMOVE, f"found {written(item)}", allowed))
            continue
        path = path_of(item.value)
        try:
            tree = drop(draft.tree, path)
        except KeyError:
            draft.problems.append(_unknown(draft.tree, path, item.place, inside=REMOVE))
            continue
        assert isinstance(tree, Table)
        draft.tree = tree


def override(draft: Draft, overrides: Overrides) -> None:
    """Apply ``labs.alibaba.capex=2e9`` and the like to a draft, as a child file would.

    Parameters
    ----------
    draft
        Changed in place.
    overrides
        Texts as after ``--set``, or values by key path.
    """
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            _set(draft, path_of(key), rooted(value, Place(f"set {key}")))
        return
    for text in overrides:
        key, equals, value_text = text.partition("=")
        place = Place(f"--set {text}")
        if not equals or not all(path_of(key)):
            allowed = "a key path and a value, such as labs.alibaba.capex=2e9"
            draft.problems.append(Problem(place, "", "not an override", allowed))
            continue
        try:
            value = read_text(value_text, str(place))
        except ScenarioError as error:
            draft.problems += [replace(problem, place=place, path=key) for problem in error.problems]
            continue
        _set(draft, path_of(key), _at(value, place))


def check_names(draft: Draft, key: str) -> None:
    """Note names used twice in the list at a top-level key: entries are addressed and removed by name."""
    node = draft.tree.items.get(key)
    first: dict[str, Place] = {}
    for position, item in enumerate(node.items if isinstance(node, Listing) else ()):
        name = name_of(item, position)
        if name in first:
            found = f"the name a second time; first at {first[name]}"
            allowed = f"a name of its own, or 'remove: [{key}.{name}]' to replace an inherited one"
            draft.problems.append(Problem(item.place, f"{key}.{name}", found, allowed))
        first.setdefault(name, item.place)


def _merged(draft: Draft, parent: Node, child: Node, path: Path) -> Node:
    """The child's node laid over the parent's.

    A distribution that names its kind replaces another whole, and so does a table of samples, whose rows belong
    together.
    """
    whole = isinstance(child, Table) and (DIST in child.items or path[:-1] == (SAMPLES,))
    if whole or not isinstance(parent, Table) or not isinstance(child, Table):
        return child
    items = dict(parent.items)
    for key, node in child.items.items():
        below = (*path, key)
        if key in items:
            items[key] = _merged(draft, items[key], node, below)
        else:
            items[key] = node
            draft.added.add(below)
    return Table(items, parent.place)


def _set(draft: Draft, path: Path, value: Node) -> None:
    existing = find(draft.tree, path)
    if existing is None:
        missing = next(path[:n] for n in range(1, len(path) + 1) if find(draft.tree, path[:n]) is None)
        draft.added.add(missing)
    try:
        new = value if existing is None else _merged(draft, existing, value, path)
        draft.tree = with_value(draft.tree, path, new)
    except KeyError:
        draft.problems.append(_unknown(draft.tree, path, value.place))


def _at(node: Node, place: Place) -> Node:
    """The same values, all set at one place."""
    match node:
        case Table(items):
            return Table({key: _at(item, place) for key, item in items.items()}, place)
        case Listing(items):
            return Listing(tuple(_at(item, place) for item in items), place)
        case Scalar(value):
            return Scalar(value, place)


def _unknown(tree: Node, path: Path, place: Place, inside: str = "") -> Problem:
    """A path that leads nowhere, with the names that stand where it leaves the tree."""
    depth = next(n for n in range(1, len(path) + 1) if find(tree, path[:n]) is None)
    names = children(nearest(tree, path))
    found = f"unknown name '{path_text(path[:depth])}'" if inside else "unknown name"
    where = inside or path_text(path[:depth])
    return Problem(place, where, found, listed(names), did_you_mean(path[depth - 1], names))
