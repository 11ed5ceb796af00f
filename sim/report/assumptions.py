"""What a scenario assumes otherwise than another one, value by value."""

from __future__ import annotations

from sim.report.content import Table
from sim.scenario import Resolved
from sim.scenario.nodes import leaves, path_text, plain, rooted
from sim.scenario.resolved import DEFAULT
from sim.scenario.writing import in_a_line

MOST = 60
LONGEST = 90
ABSENT = "–"


def changed(scenario: Resolved, base: Resolved) -> Table | str:
    """A table of the values that differ from those of a base; a sentence where none do.

    Titles and descriptions are not assumptions and do not count.
    """
    ours, theirs = values_of(scenario), values_of(base)
    paths = [*ours, *(path for path in theirs if path not in ours)]
    different = [
        path for path in paths if ours.get(path) != theirs.get(path) and path.split(".")[-1] not in WORDS
    ]
    if not different:
        return f"Every value is that of '{base.name}'."
    rows = [[path, _short(theirs.get(path)), _short(ours.get(path))] for path in different[:MOST]]
    left = len(different) - len(rows)
    note = f"{left} more values differ; 'aimarkets show' prints all." if left else ""
    return Table(["key", base.name, scenario.name], rows, note)


WORDS = ("title", "description", "source", "label")


def values_of(scenario: Resolved) -> dict[str, str]:
    """Every value of a scenario as text, by key path."""
    return {
        path_text(path): in_a_line(plain(node))
        for path, node in leaves(rooted(scenario.data, DEFAULT))
    }


def _short(value: str | None) -> str:
    if value is None:
        return ABSENT
    said = value.strip('"')
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
