"""JSON Schema of scenario files, by which editors complete and check them.

A file may be partial, as it may extend another: nothing is required but what identifies an item of a list.
Wherever a number may stand, a distribution may.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter

from sim.scenario.nodes import SAMPLES
from sim.scenario.shapes import Shape, fields_of
from sim.scenario.uncertainty import AnyDistribution

Schema = dict[str, Any]

DISTRIBUTION, DISCRETE, SAMPLE = "Distribution", "Discrete", "Sample"
KEYS: Schema = {
    "extends": {
        "type": "string",
        "description": "Scenario whose values hold where this file gives none: the name of a shipped one, "
        "or a file in or below the folder of this one.",
    },
    "remove": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Key paths to drop from what is inherited, such as labs.xai or events.h20-licence.",
    },
    SAMPLES: {
        "type": "object",
        "description": "Tables that distributions such as {dist: sample, of: TABLE, column: NAME} draw from, a row for "
        "all parameters of a table at once. Each is a .csv file beside this one, or lists of numbers by column.",
        "additionalProperties": {
            "oneOf": [
                {"type": "string", "pattern": r"\.csv$"},
                {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": {"type": "array", "items": {"type": "number"}, "minItems": 1},
                },
            ]
        },
    },
}


def json_schema(model: type[BaseModel]) -> Schema:
    """Schema of the files that describe a model, with each parameter's meaning, unit and source."""
    schema = model.model_json_schema()
    whole = {entry.__name__ for entry in _listed_entries(Shape("entry", entries=(model,)))}
    definitions = {
        name: _edited(definition if name in whole else _partial(definition))
        for name, definition in schema.pop("$defs", {}).items()
    }
    edited = _edited(_partial(schema))
    edited["properties"] = {**KEYS, **edited["properties"]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "aimarkets scenario",
        **edited,
        "$defs": {**definitions, **_distributions()},
    }


def _listed_entries(shape: Shape, in_list: bool = False) -> Iterator[type[BaseModel]]:
    """Entries that are items of lists: these are never partial."""
    for entry in shape.entries:
        if in_list:
            yield entry
        for below in fields_of(entry).values():
            yield from _listed_entries(below, in_list)
    if shape.item is not None:
        yield from _listed_entries(shape.item, in_list or shape.kind == "list")


def _partial(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "required"}


def _edited(schema: Schema) -> Schema:
    """A schema with descriptions made of all that is declared, and distributions beside numbers."""
    edited: Schema = {}
    for key, value in schema.items():
        match key:
            case "title" | "discriminator" | "unit" | "source" | "role":
                continue
            case "default" if isinstance(value, dict) and "$ref" in schema:
                continue  # the section's own keys say it
            case "properties" | "patternProperties":
                edited[key] = {name: _edited(below) for name, below in value.items()}
            case "anyOf" | "oneOf":
                edited[key] = [_edited(below) for below in value]
            case "items" | "additionalProperties" if isinstance(value, dict):
                edited[key] = _edited(value)
            case _:
                edited[key] = value
    if "unit" in schema:
        edited["description"] = _description(schema)
    return _or_distribution(edited) if schema.get("type") in ("number", "integer") else edited


def _description(schema: Schema) -> str:
    unit = "" if schema["unit"] in ("-", "1", "text") else f" [{schema['unit']}]"
    role = schema["role"].capitalize()
    return f"{schema.get('description', '')}{unit}. {role}. Source: {schema['source']}."


def _or_distribution(number: Schema) -> Schema:
    """A number, or a distribution of it: of a whole number, a discrete one or a sample."""
    kept = {key: value for key, value in number.items() if key in ("description", "default")}
    limits = {key: value for key, value in number.items() if key not in kept}
    names = (DISCRETE, SAMPLE) if number["type"] == "integer" else (DISTRIBUTION,)
    return {"anyOf": [limits, *({"$ref": f"#/$defs/{name}"} for name in names)], **kept}


def _distributions() -> dict[str, Schema]:
    schema = TypeAdapter(AnyDistribution).json_schema()
    definitions: dict[str, Schema] = schema.pop("$defs")
    described = "Drawn once a replicate where uncertainty is asked for; otherwise its central value holds."
    return {**definitions, DISTRIBUTION: {"description": described, "oneOf": schema["oneOf"]}}
