"""Taking distributions out of a tree, and their central values in."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import TypeAdapter, ValidationError

from sim.scenario.nodes import DIST, Listing, Node, Path, Scalar, Table, name_of, path_text, plain, with_value
from sim.scenario.problems import Problem, did_you_mean, listed
from sim.scenario.samples import Samples
from sim.scenario.shapes import Bounds, Shape, fields_of, shape_of
from sim.scenario.translation import problems_of
from sim.scenario.uncertainty import AnyDistribution, Distribution, Sample

_ADAPTER: TypeAdapter[Distribution] = TypeAdapter(AnyDistribution)
_SHAPE = shape_of(AnyDistribution)


def lift(
    tree: Table, shape: Shape, samples: Samples
) -> tuple[Table, dict[Path, Distribution], list[Problem]]:
    """Replace each distribution by its central value.

    Parameters
    ----------
    tree
        Values and distributions, ``{dist: uniform, low: 1, high: 2}``.
    shape
        What the tree should be: a distribution may stand where a number may.
    samples
        Tables that a ``sample`` takes its values from.

    Returns
    -------
    tree, distributions, problems
        Of a distribution with a problem, any allowed number stands in.
    """
    distributions: dict[Path, Distribution] = {}
    problems: list[Problem] = []
    for path, node, number in _nodes(tree, shape, ()):
        distribution, wrong = _read(node, path, number, samples)
        problems += wrong
        if distribution is not None:
            distributions[path] = distribution
        value = _inside(number.bounds) if distribution is None else distribution.central
        tree = with_value(tree, path, Scalar(value, node.place))
    return tree, distributions, problems


def _nodes(node: Node, shape: Shape, path: Path) -> Iterator[tuple[Path, Table, Shape]]:
    """Every distribution that stands where a number may, with its path and the shape of that number."""
    number = shape.number()
    if isinstance(node, Table) and number is not None and DIST in node.items:
        yield path, node, number
    for key, item, below in _below(node, shape):
        yield from _nodes(item, below, (*path, key))


def _below(node: Node, shape: Shape) -> Iterator[tuple[str, Node, Shape]]:
    """What stands below a node, where its shape says what it should be."""
    if isinstance(node, Table) and shape.kind == "entry":
        tag = node.items.get(shape.tag)
        entry = shape.entry_for({shape.tag: tag.value} if isinstance(tag, Scalar) else {})
        fields = fields_of(entry) if entry else {}
        yield from ((key, item, fields[key]) for key, item in node.items.items() if key in fields)
    elif isinstance(node, Table) and shape.item is not None:
        yield from ((key, item, shape.item) for key, item in node.items.items())
    elif isinstance(node, Listing) and shape.item is not None:
        yield from ((name_of(item, at), item, shape.item) for at, item in enumerate(node.items))


def _read(
    node: Table, path: Path, number: Shape, samples: Samples
) -> tuple[Distribution | None, list[Problem]]:
    try:
        distribution = _ADAPTER.validate_json(json.dumps(plain(node)), strict=True)
    except ValidationError as error:
        return None, problems_of(error, node, _SHAPE, base=path)
    if isinstance(distribution, Sample):
        unknown = _unknown(distribution, node, path, samples)
        values = samples.get(distribution.of, {}).get(distribution.column, ())
        if not values:  # if the column is known, what is wrong with it is told already
            return None, unknown
        distribution = distribution.bound(values)
    found, allowed = _misfit(distribution, number)
    if found:
        return None, [Problem(node.place, path_text(path), found, allowed)]
    return distribution, []


def _unknown(sample: Sample, node: Table, path: Path, samples: Samples) -> list[Problem]:
    """The problem of a table or a column that is not there."""
    for key, name, names in (("of", sample.of, samples), ("column", sample.column, samples.get(sample.of, {}))):
        if name not in names and (names or key == "of"):
            found = f"unknown {'table' if key == 'of' else 'column'} '{name}'"
            place = node.items[key].place
            return [Problem(place, path_text((*path, key)), found, listed(names), did_you_mean(name, names))]
    return []


def _misfit(distribution: Distribution, number: Shape) -> tuple[str, str]:
    """What a distribution may draw that the parameter can't be, and what is allowed."""
    atoms, (low, high) = distribution.atoms, distribution.support
    if isinstance(distribution, Sample):
        for row, value in enumerate(atoms, 1):
            if not number.bounds.contain(value) or (number.kind == "integer" and not value.is_integer()):
                return f"{value:g} in row {row} of column '{distribution.column}'", f"{number}"
        return "", ""
    if number.kind == "integer" and not (atoms and all(atom.is_integer() for atom in atoms)):
        return f"a {distribution.dist} distribution", "a discrete one of whole numbers"
    if all(map(number.bounds.contain, atoms)) if atoms else number.bounds.contain_interior(low, high):
        return "", ""
    return f"a distribution from {low:g} to {high:g}", f"{number}"


def _inside(bounds: Bounds) -> float:
    """Some number within bounds."""
    limits = [limit for limit in (bounds.ge, bounds.gt, bounds.le, bounds.lt) if limit is not None]
    middle = sum(limits) / len(limits) if limits else 0.0
    candidates = (middle, *(limit + 1 for limit in limits), *(limit - 1 for limit in limits))
    return next((number for number in candidates if bounds.contain(number)), middle)
