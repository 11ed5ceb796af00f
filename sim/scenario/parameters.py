"""How a parameter is declared: once, with type, unit, bounds, default, meaning and source.

Validation, the JSON Schema of the editors, the reference in the docs and the report's appendix are all read
from these declarations; none of them repeats a number.

    class Lab(Entry):
        capex: float = parameter(unit="USD/month", ge=0, role="lever",
                                 meaning="spending on chips and buildings",
                                 source="company filings, 2023")
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from sim.scenario.shapes import Shape, fields_of, tag_of

Role = Literal["lever", "uncertain", "structural"]
"""A lever is chosen by a policy or a firm, an uncertain number by nobody; structure shapes the experiment."""


class Entry(BaseModel):
    """A group of parameters: unknown keys are refused, values never change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


def parameter(
    default: Any = ...,
    *,
    unit: str,
    source: str,
    meaning: str,
    role: Role = "uncertain",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
) -> Any:
    """Declare one parameter of an `Entry`.

    Parameters
    ----------
    default
        Value where a file gives none; left out, the file must give one. A list, set or mapping is copied for
        each entry.
    unit
        Unit of the value, such as ``"USD/month"``; ``"1"`` for a pure number, ``"-"`` for text and switches.
    source
        Where the default and its bounds come from. ``"judgement"`` is a source, said as such.
    meaning
        One line that says what the number is, without its unit.
    role
        ``"lever"`` for what a policy or a firm chooses, ``"uncertain"`` for what nobody chooses,
        ``"structural"`` for what shapes the experiment (names, dates, switches).
    ge, gt, le, lt
        Bounds of a number. For the items of a list or mapping, bound the item's type instead:
        ``list[Annotated[float, Field(ge=0)]]``.
    """
    given = {"ge": ge, "gt": gt, "le": le, "lt": lt}
    bounds: dict[str, Any] = {name: bound for name, bound in given.items() if bound is not None}
    about: dict[str, Any] = {"unit": unit, "source": source, "role": role}
    return Field(default, description=meaning, json_schema_extra=about, **bounds)


def section(default: Any = ..., *, meaning: str) -> Any:
    """Declare a field that holds entries rather than a value: a mapping of labs, the list of events.

    Parameters
    ----------
    default
        Section where a file gives none; left out, the file must give it.
    meaning
        One line that says what the entries are.
    """
    return Field(default, description=meaning)


@dataclass(frozen=True)
class ParameterInfo:
    """One parameter, as the docs, the schema and the tests see it.

    Attributes
    ----------
    path
        Where it stands in a file: ``labs.*.capex``, ``events[export_rule].date``; ``*`` is any name.
    type
        What may stand there, bounds left out.
    unit, source, meaning, role
        As declared with `parameter`.
    bounds
        Such as ``>= 0 and <= 1``; empty for none.
    required, default
        Whether a file must give it, and what holds where it need not.
    """

    path: str
    type: str
    unit: str
    bounds: str
    required: bool
    default: object
    meaning: str
    source: str
    role: str


@dataclass(frozen=True)
class Section:
    """One kind of entry, and where it stands in a file.

    Attributes
    ----------
    path
        Such as ``labs.*``; empty for the top of a file.
    kind
        Tag that tells it from others that stand in the same place; empty if there are none.
    about
        First paragraph of the entry's docstring.
    parameters
        Its parameters, in the order of declaration.
    """

    path: str
    kind: str
    about: str
    parameters: tuple[ParameterInfo, ...]


def sections(model: type[BaseModel]) -> list[Section]:
    """Every kind of entry below a model, its own parameters first."""
    return list(_sections(model, path="", kind=""))


def parameters(model: type[BaseModel]) -> list[ParameterInfo]:
    """Every parameter below a model, section by section."""
    return [info for section in sections(model) for info in section.parameters]


def undeclared(model: type[BaseModel]) -> list[str]:
    """Paths of parameters that lack a unit, a source or a meaning. A test keeps this list empty."""
    return [info.path for info in parameters(model) if not (info.unit and info.source and info.meaning)]


def _sections(entry: type[BaseModel], path: str, kind: str) -> Iterator[Section]:
    prefix = f"{path}[{kind}]." if kind else f"{path}." if path else ""
    values = {name: shape for name, shape in fields_of(entry).items() if not shape.holds_entries()}
    own = [
        _info(prefix + name, shape, entry.model_fields[name])
        for name, shape in values.items()
        if len(shape.choices) != 1  # the tag of an event says what it is; there is nothing to choose
    ]
    about = inspect.cleandoc(entry.__doc__ or "").split("\n\n")[0]
    yield Section(path, kind, about, tuple(own))
    for name, shape in fields_of(entry).items():
        if name not in values:
            yield from _sections_in(shape, prefix + name)


def _sections_in(shape: Shape, path: str) -> Iterator[Section]:
    if shape.item is not None:
        yield from _sections_in(shape.item, f"{path}.*" if shape.kind == "mapping" else path)
    for entry in shape.entries:
        yield from _sections(entry, path, kind=tag_of(entry, shape.tag) or "")


def _info(path: str, shape: Shape, field: FieldInfo) -> ParameterInfo:
    about = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    number = shape.number() or (shape.item.number() if shape.item else None)
    return ParameterInfo(
        path=path,
        type=shape.label(),
        unit=str(about.get("unit", "")),
        bounds=str(number.bounds) if number else "",
        required=field.is_required(),
        default=None if field.is_required() else field.get_default(call_default_factory=True),
        meaning=field.description or "",
        source=str(about.get("source", "")),
        role=str(about.get("role", "")),
    )
