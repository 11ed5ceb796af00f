"""Numbers into a scenario file, in place: every other character, comments too, stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.run.errors import RunError
from sim.run.folder import write_whole
from sim.scenario.nodes import Node, Scalar, Table, children, find, path_of, plain
from sim.scenario.reading import read_text

MARK = "calibrated"
"""Word at the beginning of the comment of each line that is written."""
_ENTRY = re.compile(r"(?P<head>\s*(?P<key>[\w-]+):\s+)(?P<value>[^#{\[]*?|\{[^{}]*\})(?:\s+#\s*(?P<note>.*))?")
_WHOLE_VALUE = re.compile(r"\{[^{}]*\}|[^{}\[\]\s]+")


def rewrite(path: Path, values: Mapping[str, object]) -> None:
    """Set values of a scenario file, each on its line, or on a new one in the mapping that it belongs to.

    Parameters
    ----------
    path
        The file.
    values
        Numbers and distributions by key path.

    Raises
    ------
    ScenarioError
        If the file is no YAML.
    RunError
        If a value does not stand on a line of its own; nothing is written then.
    OSError
        If the file cannot be read or written.
    """
    write_whole(path, rewritten(path.read_text(encoding="utf-8"), values, path.name))


def see_that_fits(path: Path, keys: Sequence[str]) -> None:
    """See, before long work, that values of these keys can be written; raises as `rewrite` does."""
    stand_in = {"dist": "triangular", "low": 0.1, "mode": 0.2, "high": 0.3}
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); name a scenario file with --write") from error
    rewritten(text, dict.fromkeys(keys, stand_in), path.name)


def rewritten(text: str, values: Mapping[str, object], name: str) -> str:
    """The text of a file with values set; see `rewrite`."""
    tree = read_text(text, name)
    lines = text.split("\n")
    added: dict[int, list[str]] = {}
    for key, value in values.items():
        *above, last = path_of(key)
        holder = find(tree, above)
        if not isinstance(holder, Table) or not holder.items:
            raise RunError(f"{name}: {'.'.join(above)}: no such mapping in it, so that {last} cannot be set")
        if last in holder.items:
            _replace(lines, holder.items[last], key, value, name)
        else:
            _add(lines, added, holder, key, value, name)
    whole = "\n".join(line for at, old in enumerate(lines) for line in (old, *added.get(at, ())))
    _check(tree, read_text(whole, name), values, name)
    return whole


def _replace(lines: list[str], node: Node, key: str, value: object, name: str) -> None:
    at = _line_of(node, name, key)
    found = _ENTRY.fullmatch(lines[at])
    if found is None or found["key"] != path_of(key)[-1] or not _WHOLE_VALUE.fullmatch(found["value"]):
        raise RunError(f"{name}:{at + 1}: {key}: does not stand on a line of its own; write it on one")
    notes = [part for part in (found["note"] or "").split("; ") if part and not part.startswith(MARK)]
    lines[at] = f"{found['head']}{shown(value)} # {'; '.join([MARK, *notes])}"


def _add(
    lines: list[str], added: dict[int, list[str]], holder: Table, key: str, value: object, name: str
) -> None:
    """After the first line of the mapping, as deep as that."""
    first = next(iter(holder.items.values()))
    at = _line_of(first, name, key)
    found = _ENTRY.fullmatch(lines[at])
    on_own_line = found is not None and _WHOLE_VALUE.fullmatch(found["value"]) and at + 1 != holder.place.line
    if not on_own_line:
        raise RunError(f"{name}:{at + 1}: {key}: cannot be added below this line; add it by hand")
    depth = len(lines[at]) - len(lines[at].lstrip())
    added.setdefault(at, []).append(f"{' ' * depth}{path_of(key)[-1]}: {shown(value)} # {MARK}")


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
    """A number, or a distribution on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
