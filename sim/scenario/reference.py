"""The parameter reference of the docs, as Markdown, from the declarations alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pydantic import BaseModel

from sim.scenario.parameters import ParameterInfo, Section, sections

COLUMNS = ("key", "type", "unit", "default", "bounds", "role", "meaning", "source")


def reference(model: type[BaseModel]) -> str:
    """Tables of every parameter below a model, a section each; what all kinds of event share stands once."""
    parts = []
    for path, group in groupby(sections(model), key=lambda section: section.path):
        kinds = [section for section in group if section.parameters]
        parts += _several_kinds(path, kinds) if len(kinds) > 1 else [_one_kind(section) for section in kinds]
    return "\n\n".join(parts) + "\n"


def _one_kind(section: Section) -> str:
    return f"## {_heading(section.path)}\n\n{section.about}\n\n{_table(section.parameters)}"


def _several_kinds(path: str, kinds: list[Section]) -> list[str]:
    tables = [{_key(info): info for info in section.parameters} for section in kinds]
    shared = [key for key in tables[0] if all(key in table for table in tables[1:])]
    parts = [f"## {_heading(path)}\n\nOf every kind:\n\n{_table(tables[0][key] for key in shared)}"]
    for section, table in zip(kinds, tables, strict=True):
        own = [info for key, info in table.items() if key not in shared]
        parts.append(f"### `kind: {section.kind}`\n\n{section.about}" + (f"\n\n{_table(own)}" if own else ""))
    return parts


def _heading(path: str) -> str:
    return f"`{path}`" if path else "Top level"


def _key(info: ParameterInfo) -> str:
    return info.path.rpartition(".")[2]


def _table(infos: Iterable[ParameterInfo]) -> str:
    rows = [COLUMNS, ("---",) * len(COLUMNS), *map(_row, infos)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(info: ParameterInfo) -> tuple[str, ...]:
    default = "required" if info.required else _written(info.default)
    cells = (info.type, info.unit, default, info.bounds, info.role, info.meaning, info.source)
    return (f"`{_key(info)}`", *(cell.replace("|", "\\|").replace("\n", " ") for cell in cells))


def _written(value: object) -> str:
    """A default as it would stand in a file."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case "" | [] | () | {}:
            return "empty"
        case list() | tuple() | set() | frozenset():
            return ", ".join(map(_written, value))
        case dict():
            return ", ".join(f"{key}: {_written(item)}" for key, item in value.items())
    return str(value)
