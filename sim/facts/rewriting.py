"""Numbers and samples into a scenario file, in place: every other character, comments too, stays as it is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sim.run.errors import RunError
from sim.run.folder import write_whole
from sim.scenario import load
from sim.scenario.inheritance import CSV
from sim.scenario.nodes import SAMPLES, Node, Scalar, Table, children, find, path_of, path_text, plain
from sim.scenario.reading import read_text
from sim.scenario.uncertainty import Sample
from sim.scenario.writing import scalar

MARK = "calibrated"
"""Word at the beginning of the comment of each line that is written."""
_ENTRY = re.compile(r"(?P<head>\s*(?P<key>[\w-]+):\s+)(?P<value>[^#{\[]*?|\{[^{}]*\})(?:\s+#\s*(?P<note>.*))?")
_WHOLE_VALUE = re.compile(r"\{[^{}]*\}|[^{}\[\]\s]+")
_NOT_IN_NAMES = re.compile(r"[^\w-]")


def table_name(text: str) -> str:
    """A name for a table of samples; it has no dots, as it is a key."""
    return _NOT_IN_NAMES.sub("-", text)


def rewrite(path: Path, values: Mapping[str, object], notes: Mapping[str, str] | None = None) -> None:
    """Set values of a scenario file, each on its line, or on a new one in the mapping that it belongs to.

    Parameters
    ----------
    path
        The file.
    values
        Numbers and distributions by key path.
    notes
        What the comment at a key path says first.

    Raises
    ------
    ScenarioError
        If the file is no YAML.
    RunError
        If a value does not stand on a line of its own; nothing is written then.
    OSError
        If the file cannot be read or written.
    """
    write_whole(path, rewritten(path.read_text(encoding="utf-8"), values, path.name, notes))


def rewrite_with_table(
    path: Path,
    table: str,
    columns: Mapping[str, Sequence[float]],
    values: Mapping[str, object],
    notes: Mapping[str, str],
) -> Path:
    """Set samples of a scenario file, and write the table that they are drawn from beside it.

    Parameters
    ----------
    path
        The file.
    table
        Name of the table; its file is named after both.
    columns
        Of the table, by name.
    values, notes
        As for `rewrite`.

    Returns
    -------
    The file of the table.

    Raises
    ------
    ScenarioError, RunError, OSError
        As `rewrite`; nothing is written then.
    """
    beside = path.with_suffix(f".{table}{CSV}")
    text = path.read_text(encoding="utf-8")
    text = rewritten(text, {**_naming(text, path, table, beside.name), **values}, path.name, notes)
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows([shown(value) for value in row] for row in zip(*columns.values(), strict=True))
    write_whole(beside, written.getvalue())
    write_whole(path, text)
    return beside


def _naming(text: str, path: Path, name: str, file: str) -> dict[str, object]:
    """What a file must set so that a table is read: a table more, or the first."""
    tables = children(read_text(text, path.name)).get(SAMPLES)
    if isinstance(tables, Table) and tables.items:
        in_a_line = next(iter(tables.items.values())).place.line == tables.place.line
        if not in_a_line:
            return {path_text((SAMPLES, name)): file}
        return {SAMPLES: {**{key: plain(node) for key, node in tables.items.items()}, name: file}}
    return {SAMPLES: {name: file}}


def see_that_fits(path: Path, keys: Sequence[str]) -> None:
    """See, before long work, that values of these keys can be written; raises as `rewrite` does."""
    stand_in = {"dist": "triangular", "low": 0.1, "mode": 0.2, "high": 0.3}
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); name a scenario file with --write") from error
    values = {**_naming(text, path, "x", f"x{CSV}"), **dict.fromkeys(keys, stand_in)}
    rewritten(text, values, path.name)


def see_that_all_are_drawn(path: Path, table: str, keys: Collection[str], columns: Collection[str]) -> None:
    """See that nothing else in a scenario is drawn from a column that a table will no longer have.

    Raises
    ------
    ScenarioError
        If the scenario is not valid.
    RunError
        If something is.
    """
    for key, found in load(path).distributions.items():
        if not isinstance(found, Sample) or found.of != table:
            continue
        if key not in keys and found.column not in columns:
            raise RunError(
                f"{path.name}: {key}: drawn from column '{found.column}' of '{found.of}', which the study does not "
                "vary; give it a number or another distribution first"
            )


def rewritten(text: str, values: Mapping[str, object], name: str, notes: Mapping[str, str] | None = None) -> str:
    """The text of a file with values set; see `rewrite`."""
    tree = read_text(text, name)
    lines = text.split("\n")
    added: dict[int, list[str]] = {}
    for key, value in values.items():
        *above, last = path_of(key)
        holder = find(tree, above)
        mark = ": ".join([MARK, *filter(None, [(notes or {}).get(key)])])
        if not isinstance(holder, Table) or not holder.items:
            raise RunError(f"{name}: {'.'.join(above)}: no such mapping in it, so that {last} cannot be set")
        if last in holder.items:
            _replace(lines, holder.items[last], key, value, name, mark)
        elif above:
            _add(lines, added, holder, key, value, name, mark)
        else:
            end = len(lines) - (2 if text.endswith("\n") else 1)
            added.setdefault(end, []).append(f"{last}: {shown(value)} # {mark}")
    whole = "\n".join(line for at, old in enumerate(lines) for line in (old, *added.get(at, ())))
    _check(tree, read_text(whole, name), values, name)
    return whole


def _replace(lines: list[str], node: Node, key: str, value: object, name: str, mark: str) -> None:
    at = _line_of(node, name, key)
    found = _ENTRY.fullmatch(lines[at])
    if found is None or found["key"] != path_of(key)[-1] or not _WHOLE_VALUE.fullmatch(found["value"]):
        raise RunError(f"{name}:{at + 1}: {key}: does not stand on a line of its own; write it on one")
    notes = [part for part in (found["note"] or "").split("; ") if part and not part.startswith(MARK)]
    lines[at] = f"{found['head']}{shown(value)} # {'; '.join([mark, *notes])}"


def _add(
    lines: list[str], added: dict[int, list[str]], holder: Table, key: str, value: object, name: str, mark: str
) -> None:
    """After the first line of the mapping, as deep as that."""
    first = next(iter(holder.items.values()))
    at = _line_of(first, name, key)
    found = _ENTRY.fullmatch(lines[at])
    on_own_line = found is not None and _WHOLE_VALUE.fullmatch(found["value"]) and at + 1 != holder.place.line
    if not on_own_line:
        raise RunError(f"{name}:{at + 1}: {key}: cannot be added below this line; add it by hand")
    depth = len(lines[at]) - len(lines[at].lstrip())
    added.setdefault(at, []).append(f"{' ' * depth}{path_of(key)[-1]}: {shown(value)} # {mark}")


def _line_of(node: Node, name: str, key: str) -> int:
    if node.place.line is None:
        raise RunError(f"{name}: {key}: stands on no line of it")
    return node.place.line - 1


def _check(before: Node, after: Node, values: Mapping[str, object], name: str) -> None:
    """See that the values are there, and that nothing else has changed."""
    for key, value in values.items():
        node = find(after, path_of(key))
        if node is None or plain(node) != value:
            raise RunError(f"{name}: {key}: cannot be set in place; nothing is written")
    wanted = {path_of(key) for key in values}
    if _others(before, wanted) != _others(after, wanted):
        raise RunError(f"{name}: other values would change; nothing is written")


def _others(node: Node, but: set[tuple[str, ...]], at: tuple[str, ...] = ()) -> object:
    """What stands at and below a node, less the values at some paths."""
    if isinstance(node, Scalar):
        return node.value
    return {
        key: _others(item, but, (*at, key)) for key, item in children(node).items() if (*at, key) not in but
    }


def shown(value: object) -> str:
    """A number or text, or a distribution on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        return scalar(value)
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
