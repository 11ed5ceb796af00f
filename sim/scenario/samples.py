"""Tables of samples: parameters that are drawn together, a row at a time.

``samples: {fitted: fitted.csv}`` names a table, and ``{dist: sample, of: fitted, column: brand}`` takes a parameter
from it. A table stands in a file beside the scenario, with a head and a line a row, or below its name as lists by
column; once read, both are the same.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

from sim.scenario.nodes import SAMPLES, Atom, Listing, Node, Scalar, Table, path_text, written
from sim.scenario.problems import Place, Problem, ScenarioError
from sim.scenario.reading import atom_of, text_of_file

FORMS = "the name of a .csv file beside this one, or columns: a mapping of names to lists of numbers"

Column = tuple[float, ...]
Samples = Mapping[str, Mapping[str, Column]]
"""Columns by table and name; a column that is wrong is empty."""


def without_samples(tree: Table) -> tuple[Table, Samples, list[Problem]]:
    """Take the tables out of a tree.

    Returns
    -------
    tree, samples, problems
        All columns of a table are of one length, but those with a problem.
    """
    node = tree.items.get(SAMPLES)
    if node is None:
        return tree, {}, []
    rest = Table({key: item for key, item in tree.items.items() if key != SAMPLES}, tree.place)
    if not isinstance(node, Table):
        allowed = f"a mapping of tables, each {FORMS}"
        return rest, {}, [Problem(node.place, SAMPLES, f"found {written(node)}", allowed)]
    problems: list[Problem] = []
    samples = {name: _columns(name, table, problems) for name, table in node.items.items()}
    return rest, samples, problems


def _columns(name: str, table: Node, problems: list[Problem]) -> dict[str, Column]:
    if not isinstance(table, Table) or not table.items:
        allowed = "a mapping of names to lists of numbers; a .csv file is named in a scenario file only"
        problems.append(Problem(table.place, path_text((SAMPLES, name)), f"found {written(table)}", allowed))
        return {}
    columns: dict[str, Column] = {}
    first = ""
    for key, node in table.items.items():
        wrong = _wrong(node, path_text((SAMPLES, name, key)))
        numbers = () if wrong else tuple(_numbers(node))
        if numbers and not first:
            first = key
        elif numbers and len(numbers) != len(columns[first]):
            path, found = path_text((SAMPLES, name, key)), f"{len(numbers)} values"
            wrong = Problem(node.place, path, found, f"{len(columns[first])}, as '{first}' has")
        columns[key] = () if wrong else numbers
        problems += [wrong] if wrong else []
    return columns


def _numbers(node: Node) -> Iterator[float]:
    for item in node.items if isinstance(node, Listing) else ():
        if isinstance(item, Scalar) and _is_number(item.value):
            yield float(item.value)


def _wrong(node: Node, path: str) -> Problem | None:
    """What is wrong with a column by itself."""
    if not isinstance(node, Listing) or not node.items:
        return Problem(node.place, path, f"found {written(node)}", "a list of numbers")
    for item in node.items:
        if not isinstance(item, Scalar) or not _is_number(item.value):
            return Problem(item.place, path, f"found {written(item)}", "a number")
    return None


def _is_number(value: Atom) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def read_table(path: Path, name: str) -> Table:
    """Read a table from a file of comma-separated values: names of columns in its first line, then numbers.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    return _table(text_of_file(path, name), name)


@lru_cache(maxsize=16)
def _table(text: str, name: str) -> Table:
    problems: list[Problem] = []
    lines = _lines(text, name)
    _, head = next(lines, (Place(name), []))
    for at, key in enumerate(head):
        if not key or key in head[:at]:
            found = f"column '{key}' a second time" if key else f"no name of column {at + 1}"
            problems.append(Problem(Place(name, 1), "", found, "a name of its own for each column"))
    rows: list[list[Scalar]] = []
    for place, cells in lines:
        if len(cells) != len(head):
            problems.append(Problem(place, "", f"{len(cells)} cells", f"{len(head)}, as the first line has"))
            continue
        rows.append([Scalar(atom_of(cell), place) for cell in cells])
        wrong = [(key, cell) for key, cell in zip(head, rows[-1], strict=True) if not _is_number(cell.value)]
        problems += [Problem(place, key, f"found {written(cell)}", "a number") for key, cell in wrong]
    if not rows and not problems:
        problems.append(Problem(Place(name), "", "no rows", "names of columns in the first line, then numbers"))
    if problems:
        raise ScenarioError(problems)
    columns = zip(head, zip(*rows, strict=True), strict=True)
    return Table({key: Listing(cells, Place(name, 1)) for key, cells in columns}, Place(name, 1))


def _lines(text: str, name: str) -> Iterator[tuple[Place, list[str]]]:
    """Cells of each line that has any, with its place."""
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        for cells in reader:
            if cells:
                yield Place(name, reader.line_num), [cell.strip() for cell in cells]
    except csv.Error as error:
        allowed = "cells separated by commas"
        raise ScenarioError([Problem(Place(name, reader.line_num), "", f"not CSV: {error}", allowed)]) from error
