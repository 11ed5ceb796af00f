"""The house has floors: a room imports from floors below its own, never upwards and never sideways."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim

PACKAGE = Path(sim.__file__).parent

FLOORS = (
    ("economics", "technology", "scenario", "figures", "record", "randomness"),  # know nothing but themselves
    ("world",),
    ("choice",),
    ("agents",),
    ("market",),
    ("run",),
    ("study",),
    ("analysis", "facts"),
    ("report", "claims"),
    ("cli",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
DOORS = {"__init__", "__main__"}
"""The package's own face: names for users, `python -m sim`."""


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Rooms that a file imports from: room, line, and whether only a type checker follows the import."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {
        id(below)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for child in node.body
        for below in ast.walk(child)
    }
    for node in ast.walk(tree):
        for module in named(node):
            head, *rooms = module.split(".")
            if head == "sim" and rooms:
                yield rooms[0], getattr(node, "lineno", 0), id(node) in typed


def modules(path: Path) -> set[str]:
    """All modules that a file imports from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {module for node in ast.walk(tree) for module in named(node)}


def named(node: ast.AST) -> list[str]:
    """Modules that an import names; `from sim import market` names sim.market."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"sim.{alias.name}" for alias in node.names] if node.module == "sim" else [node.module or ""]
    return []


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if room_of(path) not in DOORS]


def test_every_room_has_a_floor() -> None:
    assert {room_of(path) for path in FILES} == set(FLOOR)


def test_the_page_names_every_room_on_its_floor() -> None:
    page = Path(__file__).parent.parent / "docs" / "architecture.md"
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    said = {room: int(floor) for floor, cell in rows for room in re.findall(r"`sim/(\w+)", cell)}
    assert said == {room: floor + 1 for room, floor in FLOOR.items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_downwards(path: Path) -> None:
    own = FLOOR[room_of(path)]
    upwards = [
        f"{path.name}:{line} imports sim.{room}"
        for room, line, only_types in imported(path)
        if room != room_of(path) and FLOOR[room] >= own and not only_types
    ]
    assert upwards == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nobody_imports_the_command_line(path: Path) -> None:
    assert room_of(path) == "cli" or "cli" not in {room for room, _, _ in imported(path)}


def test_only_agents_and_market_know_mesa() -> None:
    knowing = {room_of(path) for path in FILES if any(name.split(".")[0] == "mesa" for name in modules(path))}
    assert knowing <= {"agents", "market"}
