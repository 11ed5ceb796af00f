"""What may stand at a key of a scenario file, read off the type that declares it.

The one place that takes Python annotations apart. Problems, distributions, the parameter reference and the
JSON Schema ask a `Shape` rather than `typing`.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.scenario import month

Kind = Literal[
    "number", "integer", "text", "choice", "switch", "month", "entry", "mapping", "list", "either", "other"
]


@dataclass(frozen=True)
class Bounds:
    """Bounds of a number; ``None`` is no bound."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    def __str__(self) -> str:
        signs = ((">=", self.ge), (">", self.gt), ("<=", self.le), ("<", self.lt))
        return " and ".join(f"{sign} {bound:g}" for sign, bound in signs if bound is not None)

    def contain(self, value: float) -> bool:
        """Whether a single value is within the bounds."""
        return (
            (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
        )

    def contain_interior(self, low: float, high: float) -> bool:
        """Whether every value strictly between `low` and `high` is within the bounds."""
        lower = [bound for bound in (self.ge, self.gt) if bound is not None]
        upper = [bound for bound in (self.le, self.lt) if bound is not None]
        return all(low >= bound for bound in lower) and all(high <= bound for bound in upper)


@dataclass(frozen=True)
class Shape:
    """What may stand at a key.

    Attributes
    ----------
    kind
        ``"entry"`` is a group of parameters (one class, or several told apart by the key `tag`), ``"either"``
        a choice between the plain `options`, ``"other"`` anything pydantic alone understands.
    optional
        Whether null is allowed too.
    bounds, choices, pattern
        Of a number, a choice, a text.
    entries, tag
        Classes of an entry, and the key that tells several apart.
    item, key
        Shape of the items of a list or mapping, and of a mapping's keys.
    options
        Alternatives of an ``"either"``.
    """

    kind: Kind
    optional: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    choices: tuple[str, ...] = ()
    pattern: str = ""
    entries: tuple[type[BaseModel], ...] = ()
    tag: str = ""
    item: Shape | None = None
    key: Shape | None = None
    options: tuple[Shape, ...] = ()

    def number(self) -> Shape | None:
        """The part of this shape that is a number, if one is."""
        if self.kind in ("number", "integer"):
            return self
        return next((option for option in self.options if option.kind in ("number", "integer")), None)

    def holds_entries(self) -> bool:
        """Whether this is an entry, or a mapping or list of entries: a section rather than a value."""
        return self.kind == "entry" or (self.item is not None and self.item.holds_entries())

    def entry_for(self, data: object) -> type[BaseModel] | None:
        """The class that `data` claims to be, or ``None`` where its tag says nothing known."""
        if len(self.entries) == 1:
            return self.entries[0]
        named = data.get(self.tag) if isinstance(data, Mapping) else None
        return next((entry for entry in self.entries if tag_of(entry, self.tag) == named), None)

    def label(self) -> str:
        """Short name of the type for tables, bounds left out."""
        names = {"integer": "whole number", "switch": "true/false"}
        match self.kind:
            case "choice":
                text = " / ".join(self.choices)
            case "mapping":
                text = f"mapping of {self.item.label()}" if self.item else "mapping"
            case "list":
                text = f"list of {self.item.label()}" if self.item else "list"
            case "either":
                text = " or ".join(option.label() for option in self.options)
            case _:
                text = names.get(self.kind, self.kind)
        return text + (" or null" if self.optional else "")

    def __str__(self) -> str:
        return self._text() + (", or null" if self.optional else "")

    def _text(self) -> str:
        match self.kind:
            case "number" | "integer":
                name = "a number" if self.kind == "number" else "a whole number"
                return f"{name} {self.bounds}".strip()
            case "text":
                return f"text matching {self.pattern}" if self.pattern else "text"
            case "choice":
                return ("one of: " if len(self.choices) > 1 else "") + ", ".join(self.choices)
            case "switch":
                return "true or false"
            case "month":
                return month.ALLOWED
            case "mapping":
                return f"a mapping of names, each to {self.item}" if self.item else "a mapping"
            case "list":
                return f"a list, each item {self.item}" if self.item else "a list"
            case "either":
                return ", or ".join(map(str, self.options))
            case "entry" if len(self.entries) == 1:
                return f"a mapping with keys {', '.join(self.entries[0].model_fields)}"
            case "entry":
                return "a mapping"
        return "another value"


def tag_of(entry: type[BaseModel], tag: str) -> str | None:
    """Value of the key `tag` by which a file says that it means this class of entry."""
    if tag not in entry.model_fields:
        return None
    return str(next(iter(get_args(entry.model_fields[tag].annotation)), ""))


@cache
def fields_of(entry: type[BaseModel]) -> Mapping[str, Shape]:
    """Shape of each key of an entry, by name."""
    return {
        name: shape_of(info.annotation, info.metadata, str(info.discriminator or ""))
        for name, info in entry.model_fields.items()
    }


def shape_of(annotation: Any, metadata: Iterable[Any] = (), tag: str = "") -> Shape:
    """Read the shape off an annotation.

    Parameters
    ----------
    annotation
        A type: scalars, `Literal`, `Month`, entries; lists and mappings of these; optional or not.
    metadata
        What pydantic keeps beside the type: bounds, patterns.
    tag
        Key that tells apart the members of a union of entries.
    """
    metadata = list(metadata)
    if get_origin(annotation) is Annotated:
        inner, *extra = get_args(annotation)
        for item in extra:
            metadata += item.metadata if isinstance(item, FieldInfo) else [item]
            tag = tag or str(getattr(item, "discriminator", None) or "")
        return shape_of(inner, metadata, tag)
    if get_origin(annotation) in (Union, types.UnionType):
        return _union(get_args(annotation), metadata, tag)
    if get_origin(annotation) is Literal:
        return Shape("choice", choices=tuple(map(str, get_args(annotation))))
    return _container(annotation) or _scalar(annotation, metadata)


def _union(members: Sequence[Any], metadata: Sequence[Any], tag: str) -> Shape:
    present = [member for member in members if member is not type(None)]
    optional = len(present) < len(members)
    if len(present) == 1:
        return _with_null(shape_of(present[0], metadata, tag), optional)
    shapes = [shape_of(member, metadata) for member in present]
    if tag and all(shape.kind == "entry" for shape in shapes):
        entries = tuple(entry for shape in shapes for entry in shape.entries)
        return Shape("entry", optional=optional, entries=entries, tag=tag)
    if any(shape.holds_entries() for shape in shapes):
        return Shape("other", optional=optional)
    return Shape("either", optional=optional, options=tuple(shapes))


def _with_null(shape: Shape, optional: bool) -> Shape:
    return Shape(**{**shape.__dict__, "optional": optional or shape.optional})


def _container(annotation: Any) -> Shape | None:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, Mapping):
        return Shape("mapping", key=shape_of(arguments[0]), item=shape_of(arguments[1]))
    if issubclass(origin, Sequence | AbstractSet):
        return Shape("list", item=shape_of(arguments[0]))
    return None


def _scalar(annotation: Any, metadata: Sequence[Any]) -> Shape:
    if not isinstance(annotation, type):
        return Shape("other")
    if issubclass(annotation, BaseModel):
        return Shape("entry", entries=(annotation,))
    if issubclass(annotation, month.Month):
        return Shape("month")
    if issubclass(annotation, bool):
        return Shape("switch")
    if issubclass(annotation, int | float):
        bounds = Bounds(**{sign: _last(metadata, sign) for sign in ("ge", "gt", "le", "lt")})
        return Shape("integer" if issubclass(annotation, int) else "number", bounds=bounds)
    if issubclass(annotation, str):
        return Shape("text", pattern=str(_last(metadata, "pattern") or ""))
    return Shape("other")


def _last(metadata: Sequence[Any], name: str) -> Any:
    """The last constraint called `name`, as pydantic applies it."""
    found = [getattr(item, name) for item in metadata if getattr(item, name, None) is not None]
    return found[-1] if found else None
