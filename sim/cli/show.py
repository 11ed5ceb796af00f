"""`aimarkets show`: what a scenario comes to, and where each value was set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from sim.cli.options import Overrides, ScenarioArgument

if TYPE_CHECKING:
    from pydantic import BaseModel

    from sim.scenario import Place, Resolved

WIDEST = 48


class Row(NamedTuple):
    """One value of a resolved scenario."""

    path: str
    value: str
    unit: str
    set_by: str
    source: str


def show(
    source: ScenarioArgument,
    below: Annotated[
        str, typer.Argument(metavar="KEY", help="Only what lies below: labs.alibaba.", show_default=False)
    ] = "",
    overrides: Overrides = None,
    yaml: Annotated[bool, typer.Option("--yaml", help="Print the resolved scenario as one file.")] = False,
) -> None:
    """Show every value of a scenario with its unit, the file and line that set it, and its source."""
    from sim.run.errors import RunError
    from sim.scenario import load
    from sim.scenario.problems import did_you_mean

    loaded = load(source, overrides or ())
    if yaml:
        typer.echo(loaded.to_yaml(), nl=False)
        return
    rows = [row for row in rows_of(loaded) if f"{row.path}.".startswith(below and f"{below}.")]
    if not rows:
        hint = did_you_mean(below, {path for row in rows_of(loaded) for path in _above(row.path)})
        raise RunError(f"{source}: no key '{below}'; allowed: {', '.join(loaded.data)}, or a key below{hint}")
    for line in _aligned(rows):
        typer.echo(line)


def _above(path: str) -> list[str]:
    """A key path and all that lead to it."""
    return list(accumulate(path.split("."), "{}.{}".format))


def rows_of(loaded: Resolved) -> list[Row]:
    """Every value of a scenario, in its order."""
    from sim.scenario.nodes import leaves, path_text, plain, rooted
    from sim.scenario.resolved import DEFAULT
    from sim.scenario.writing import in_a_line

    rows = []
    for path, node in leaves(rooted(loaded.data, DEFAULT)):
        place = loaded.provenance.get(path_text(path), DEFAULT)
        about = _declaration(loaded.scenario, path)
        value, source = in_a_line(plain(node)), _source(place, about)
        rows.append(Row(path_text(path), value, about.get("unit", ""), str(place), source))
    return rows


def _source(place: Place, about: Mapping[str, Any]) -> str:
    """The comment beside a value in its file, or what is declared for a default."""
    return place.note or (about.get("source", "") if place.file == "default" else "")


def _declaration(entry: BaseModel, path: Sequence[str]) -> dict[str, Any]:
    """Unit and source that are declared for the value at a key path."""
    from pydantic import BaseModel

    about: dict[str, Any] = {}
    value: Any = entry
    for key in path:
        if isinstance(value, BaseModel):
            extra = type(value).model_fields[key].json_schema_extra
            about = dict(extra) if isinstance(extra, dict) else about
            value = getattr(value, key)
        elif isinstance(value, Mapping):
            value = value[key]
        else:
            value = next(item for i, item in enumerate(value) if key in (str(i), getattr(item, "name", None)))
    return about


def _aligned(rows: Sequence[Row]) -> list[str]:
    widths = [min(WIDEST, max(map(len, column))) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
