"""The worlds of a claim: scenarios written inside its file, in the words of a scenario file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sim.scenario import Problem, Resolved, ScenarioError
from sim.scenario.inheritance import EXTENDS, SUFFIXES, read_with_parents
from sim.scenario.library import library, names_in
from sim.scenario.merging import REMOVE, lay_over, remove
from sim.scenario.nodes import Node, Scalar, Table, leaves, path_text, plain, written
from sim.scenario.problems import did_you_mean, listed
from sim.scenario.resolved import BLUEPRINT, resolve

MOST_TOLD = 8
"""Most changes that are named one by one."""


class Worlds:
    """Scenarios as they are asked for; one that is written twice is made once."""

    def __init__(self) -> None:
        self._by_text: dict[str, Resolved] = {}
        self._by_hash: dict[str, Resolved] = {}

    def of(self, node: Table, folder: Path) -> Resolved:
        """The scenario that a mapping describes.

        Parameters
        ----------
        node
            `extends`, `remove` and keys of a scenario.
        folder
            Of the claim's file: `extends` may name a file there.

        Raises
        ------
        ScenarioError
            With every problem.
        """
        text = f"{folder} {json.dumps(plain(node), sort_keys=True)}"
        if text not in self._by_text:
            made = _made(node, folder)
            self._by_text[text] = self._by_hash.setdefault(made.hash, made)
        return self._by_text[text]

    @property
    def all(self) -> Mapping[str, Resolved]:
        """Every world by its hash."""
        return self._by_hash


def in_words(node: Table) -> str:
    """What a world is, in short: what it extends, and what changes."""
    parent = node.items.get(EXTENDS)
    body = {key: item for key, item in node.items.items() if key not in (EXTENDS, REMOVE)}
    changes = [f"{path_text(path)}: {_short(item)}" for path, item in leaves(Table(body, node.place))] if body else []
    if len(changes) > MOST_TOLD:
        changes = [f"changes in {', '.join(body)}"]
    if REMOVE in node.items:
        gone = plain(node.items[REMOVE])
        changes.append(f"without {', '.join(map(str, gone)) if isinstance(gone, list) else gone}")
    said = plain(parent) if parent is not None else ""
    return f"`{said}`" + (f" with `{'`, `'.join(changes)}`" if changes else "")


def _short(node: Node) -> str:
    return written(node) if isinstance(node, Table) else json.dumps(plain(node)).strip('"')


def _made(node: Table, folder: Path) -> Resolved:
    parent = _parent(node, folder)
    draft, files = read_with_parents(parent, library(), BLUEPRINT.named_lists)
    if REMOVE in node.items:
        remove(draft, node.items[REMOVE])
    body = {key: item for key, item in node.items.items() if key not in (EXTENDS, REMOVE)}
    lay_over(draft, Table(body, node.place), BLUEPRINT.named_lists)
    return resolve(parent.stem, draft, BLUEPRINT, files)


def _parent(node: Table, folder: Path) -> Path:
    """The file that a world extends."""
    named, names = node.items.get(EXTENDS), names_in(library())
    allowed = f"the name of a file beside the claim, or a shipped scenario: {listed(names)}"
    if not isinstance(named, Scalar) or not isinstance(named.value, str):
        found = "missing" if named is None else f"found {written(named)}"
        raise ScenarioError([Problem((named or node).place, EXTENDS, found, allowed)])
    if named.value in names:
        return library() / f"{named.value}.yaml"
    beside = folder / named.value
    if named.value.endswith(SUFFIXES) and Path(named.value).name == named.value and beside.is_file():
        return beside
    found = f"found '{named.value}'"
    raise ScenarioError([Problem(named.place, EXTENDS, found, allowed, did_you_mean(named.value, names))])
