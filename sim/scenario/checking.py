"""From a tree to a model: every problem of a scenario at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from sim.scenario.nodes import Node, Path, Scalar, Table, drop, find, path_of, path_text, plain
from sim.scenario.problems import Flaw, Problem, ScenarioError, did_you_mean
from sim.scenario.shapes import Shape, fields_of
from sim.scenario.translation import newcomer, problems_of, spot_of

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Blueprint(Generic[M]):
    """What a scenario must be: its model, and a check of what no single field can see."""

    model: type[M]
    check: Callable[[M], Iterable[Flaw]]

    @property
    def shape(self) -> Shape:
        """Shape of a whole scenario."""
        return Shape("entry", entries=(self.model,))

    @property
    def named_lists(self) -> frozenset[str]:
        """Top-level keys whose lists hold entries with a name, such as ``events``."""
        fields = fields_of(self.model).items()
        return frozenset(key for key, shape in fields if shape.kind == "list" and _named(shape.item))


def validated(
    tree: Table, blueprint: Blueprint[M], added: Collection[Path] = (), known: Sequence[Problem] = ()
) -> M:
    """Build the model from a tree.

    Parameters
    ----------
    tree
        All values, with central values in place of distributions.
    blueprint
        Model and cross-check.
    added
        Paths that a child file or an override added, which may be misspelt names.
    known
        Problems found before, to be raised with the others.

    Raises
    ------
    ScenarioError
        With every problem. The cross-check runs even where single values are wrong, without these; what it
        then says of the same entries, or of names that are left out, may follow from that and is not told.
    """
    problems = list(known)
    kept, dropped = tree, set[Path]()
    scenario: M | None
    try:
        scenario = _built(tree, blueprint.model)
    except ValidationError as error:
        problems += problems_of(error, tree, blueprint.shape, added)
        dropped = _dispensable(error, tree, blueprint.shape, added)
        kept, scenario = _built_without(dropped, tree, blueprint.model)
    if scenario is not None:
        flaws = [_flaw_problem(flaw, kept, blueprint.shape) for flaw in blueprint.check(scenario)]
        names = {path[-1] for path in dropped}
        problems += [
            flaw
            for flaw in flaws
            if names.isdisjoint(_names_at(kept, path_of(flaw.path)))
            and not any(_same_entry(flaw, problem) for problem in problems)
        ]
    if scenario is None or problems:
        raise ScenarioError(sorted(problems, key=_position))
    return scenario


def _named(item: Shape | None) -> bool:
    return item is not None and item.holds_entries() and all("name" in e.model_fields for e in item.entries)


def _position(problem: Problem) -> tuple[bool, str, int]:
    """Sort key: files by line, then overrides as they came."""
    file, line, _ = problem.place
    return (True, "", 0) if line is None else (False, file, line)


def _built(tree: Node, model: type[M]) -> M:
    """The model, by way of JSON: strict about types, while lists may become tuples."""
    return model.model_validate_json(json.dumps(plain(tree)), strict=True)


def _dispensable(
    error: ValidationError, tree: Table, shape: Shape, added: Collection[Path]
) -> set[Path]:
    """What to leave out to be rid of an error: single values, whole events, entries with misspelt names."""
    paths = set()
    for detail in error.errors(include_url=False):
        spot = spot_of(tree, shape, detail["loc"])
        section = spot_of(tree, shape, spot.path[:1]).shape
        is_item = section is not None and section.kind == "list" and section.holds_entries()
        paths.add(spot.path[:2] if is_item else newcomer(spot.path, tree, shape, added) or spot.path)
    return paths


def _built_without(paths: Collection[Path], tree: Table, model: type[M]) -> tuple[Table, M | None]:
    """A tree without some of its values, and its model if it can do without them."""
    kept: Node = tree
    try:
        for path in sorted(paths, key=lambda path: (len(path), path), reverse=True):
            kept = drop(kept, path)
        assert isinstance(kept, Table)
        return kept, _built(kept, model)
    except (KeyError, ValidationError):
        return tree, None


def _flaw_problem(flaw: Flaw, tree: Table, shape: Shape) -> Problem:
    path, found, allowed, candidates = flaw
    spot = spot_of(tree, shape, path)
    hints = (did_you_mean(name, candidates) for name in _names_at(tree, spot.path))
    return Problem(spot.place, path_text(spot.path), found, allowed, next(filter(None, hints), ""))


def _names_at(tree: Table, path: Path) -> list[str]:
    """Names that stand at a path: its last key, and its value if that is text."""
    node = find(tree, path)
    value = node.value if isinstance(node, Scalar) else None
    return [value, path[-1]] if isinstance(value, str) else [path[-1]]


def _same_entry(one: Problem, other: Problem) -> bool:
    """Whether two problems concern one entry (``labs.xai``), or one a part of the other."""
    first, second = path_of(one.path)[:2], path_of(other.path)[:2]
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]
