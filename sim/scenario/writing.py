"""From plain data to YAML that `sim.scenario.reading` reads back to equal data, whatever the texts hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from sim.scenario.nodes import DIST
from sim.scenario.reading import atom_of

_BARE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_ ./()*-]*[A-Za-z0-9_)])?")


def yaml_text(data: Mapping[str, object]) -> str:
    """Write a mapping in block style; plain lists and distributions on one line, as in the shipped files."""
    return "".join(f"{line}\n" for line in _lines(data))


def in_a_line(value: object) -> str:
    """A value as one reads it in a table: distributions as ``triangular: low 4e9, mode 5e9, high 7e9``, else JSON."""
    if isinstance(value, dict) and DIST in value:
        said = (f"{key} {_shortest(item)}" for key, item in value.items() if key != DIST)
        return f"{value[DIST]}: {', '.join(said)}"
    return json.dumps(value, ensure_ascii=False)


def _shortest(value: object) -> str:
    """A number without loss in as few digits as may be: 4e9 for 4000000000."""
    text = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, int | float):
        return text
    short = f"{value:.6g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    return short if float(short) == value else text


def _lines(data: Mapping[str, object]) -> Iterator[str]:
    for key, value in data.items():
        name = scalar(key)
        if isinstance(value, dict) and value and DIST not in value:
            yield f"{name}:"
            yield from (f"  {line}" for line in _lines(value))
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            yield f"{name}:"
            yield from (f"  {line}" for item in value for line in _item(item))
        else:
            yield f"{name}: {_flow(value)}"


def _item(value: object) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield f"- {_flow(value)}"
        return
    for number, line in enumerate(_lines(value)):
        yield f"{'  ' if number else '- '}{line}"


def _flow(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str():
            return scalar(value)
    return json.dumps(value, allow_nan=False)


def scalar(text: str) -> str:
    """A text as it stands in YAML: quoted unless it reads as itself."""
    if _BARE.fullmatch(text) and atom_of(text) == text:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
