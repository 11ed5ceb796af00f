"""What pydantic refuses, told as problems with file, line, key path, and the nearest valid name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.scenario.nodes import Listing, Node, Path, Scalar, children, find, name_of, path_text, written
from sim.scenario.problems import Place, Problem, did_you_mean, listed
from sim.scenario.shapes import Shape, fields_of, tag_of

SAID_BY_PYDANTIC = frozenset(
    {
        "assertion_error",
        "multiple_of",
        "string_too_long",
        "string_too_short",
        "too_long",
        "too_short",
        "value_error",
    }
)
"""Kinds of errors whose limit a `Shape` doesn't show."""

_SWITCHES = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def problems_of(
    error: ValidationError, tree: Node, shape: Shape, added: Collection[Path] = (), base: Path = ()
) -> list[Problem]:
    """Translate what pydantic found in a tree.

    Parameters
    ----------
    error
        From validating the tree.
    tree, shape
        The values, and what they should be.
    added
        Paths that a child file or an override added beside existing ones. If such an entry lacks a required
        key, its name is more likely misspelt than new, and is reported as such.
    base
        Key path of the tree itself.
    """
    problems: list[Problem] = []
    lacking: dict[Path, list[str]] = {}
    for detail in error.errors(include_url=False):
        spot = spot_of(tree, shape, detail["loc"])
        entry = newcomer(spot.path, tree, shape, added) if detail["type"] == "missing" else None
        if entry:
            lacking.setdefault(entry, []).append(path_text(spot.path[len(entry) :]))
        else:
            problems.append(_problem(detail, replace(spot, path=(*base, *spot.path))))
    problems += [_misspelt(tree, path, keys) for path, keys in lacking.items()]
    return list(dict.fromkeys(problems))


@dataclass(frozen=True)
class Spot:
    """What a location in the data means.

    Attributes
    ----------
    path, node
        Key path and value there; no value where it is missing.
    place
        Place of the value, or of the nearest thing above it that exists.
    shape, unit
        What should stand there.
    siblings
        Keys that are allowed beside the last one.
    """

    path: Path
    node: Node | None
    place: Place
    shape: Shape | None
    unit: str = ""
    siblings: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What may stand there, with its unit."""
        number = self.shape is not None and self.shape.number()
        return f"{self.shape} ({self.unit})" if number and self.unit not in ("", "1") else str(self.shape)


def spot_of(tree: Node, shape: Shape, location: Sequence[str | int]) -> Spot:
    """Follow a location of pydantic, or of a cross-check, through a tree.

    Pydantic puts the tag of a union's member into the location, and ends that of a bad key in ``[key]``; both
    are no part of the key path.
    """
    spot = Spot((), tree, tree.place, shape)
    container = shape
    for step in location:
        here = spot.shape
        if here is not None and here.kind == "entry" and here.tag:
            chosen = tuple(entry for entry in here.entries if tag_of(entry, here.tag) == step)
            if chosen:
                spot = replace(spot, shape=Shape("entry", entries=chosen))
                continue
        if step == "[key]":
            return replace(spot, node=Scalar(spot.path[-1], spot.place), shape=container.key, unit="")
        if here is None or here.kind not in ("entry", "mapping", "list"):
            break
        spot, container = _below(spot, step), here
    return spot


def newcomer(path: Path, tree: Node, shape: Shape, added: Collection[Path]) -> Path | None:
    """The entry, added to a mapping with older ones, that a path leads into, if there is one."""
    for length in range(2, len(path)):
        container = spot_of(tree, shape, path[: length - 1])
        if path[:length] not in added or container.shape is None or container.node is None:
            continue
        if container.shape.kind == "mapping" and len(children(container.node)) > 1:
            return path[:length]
    return None


def _below(spot: Spot, step: str | int) -> Spot:
    shape, unit = spot.shape, spot.unit
    below: Shape | None = None
    siblings: tuple[str, ...] = ()
    entry = _entry_at(spot)
    if entry is not None:
        below, siblings = fields_of(entry).get(str(step)), tuple(entry.model_fields)
        about = entry.model_fields[str(step)].json_schema_extra if below else None
        unit = str(about.get("unit", "")) if isinstance(about, dict) else ""
    elif shape is not None:
        below = shape.item
    node, key = None, str(step)
    if isinstance(spot.node, Listing) and isinstance(step, int) and step < len(spot.node.items):
        node = spot.node.items[step]
        key = name_of(node, step)
    elif spot.node is not None:
        node = children(spot.node).get(key)
    return Spot((*spot.path, key), node, node.place if node else spot.place, below, unit, siblings)


def _entry_at(spot: Spot) -> type[BaseModel] | None:
    """The class of an entry; of several, the one that the data's tag names."""
    if spot.shape is None or spot.shape.kind != "entry":
        return None
    tag = children(spot.node).get(spot.shape.tag) if spot.node else None
    return spot.shape.entry_for({spot.shape.tag: tag.value} if isinstance(tag, Scalar) else {})


def _problem(detail: ErrorDetails, spot: Spot) -> Problem:
    """One error of pydantic as a problem."""
    kind, about = detail["type"], detail.get("ctx", {})
    found = f"found {written(spot.node)}" if spot.node else "missing"
    allowed, hint = spot.allowed, ""
    if kind == "extra_forbidden":
        found, allowed = "unknown name", listed(spot.siblings)
        hint = did_you_mean(spot.path[-1], spot.siblings)
    elif kind in ("union_tag_invalid", "union_tag_not_found") and spot.shape:
        return _wrong_tag(spot, spot.shape)
    elif "allowed" in about:
        allowed, hint = str(about["allowed"]), str(about.get("hint", ""))
        reason = str(about["reason"])
        found = f"{found}, {reason}" if isinstance(spot.node, Scalar) else reason
    elif kind in SAID_BY_PYDANTIC:
        allowed = detail["msg"].removeprefix("Value error, ")
    elif isinstance(spot.node, Scalar) and isinstance(spot.node.value, str) and spot.shape:
        hint = _hint(spot.node.value, spot.shape)
    return Problem(spot.place, path_text(spot.path), found, allowed, hint)


def _hint(text: str, shape: Shape) -> str:
    if shape.kind == "switch" and text.lower() in _SWITCHES:
        return f" (write {_SWITCHES[text.lower()]})"
    return did_you_mean(text, shape.choices)


def _wrong_tag(spot: Spot, shape: Shape) -> Problem:
    tags = [tag_of(entry, shape.tag) or "" for entry in shape.entries]
    node = children(spot.node).get(shape.tag) if spot.node else None
    hint = did_you_mean(node.value, tags) if isinstance(node, Scalar) and isinstance(node.value, str) else ""
    place, found = (node.place, f"found {written(node)}") if node else (spot.place, "missing")
    return Problem(place, path_text((*spot.path, shape.tag)), found, listed(tags), hint)


def _misspelt(tree: Node, path: Path, keys: Sequence[str]) -> Problem:
    node, container = find(tree, path), find(tree, path[:-1])
    assert node is not None
    assert container is not None
    names = [name for name in children(container) if name != path[-1]]
    allowed = f"{listed(names)}; or a new entry, with {', '.join(keys)} too"
    return Problem(node.place, path_text(path), "unknown name", allowed, did_you_mean(path[-1], names))
