from __future__ import annotations

import json

import pytest

from sim.scenario import Scenario
from sim.scenario.jsonschema import json_schema
from sim.scenario.library import library, names_in
from sim.scenario.nodes import plain
from sim.scenario.reading import read_file, read_text

NUMBER = {"minimum": 0, "type": "number"}


def test_a_number_may_be_a_distribution_and_tells_what_was_declared(world):
    capex = json_schema(world)["$defs"]["Lab"]["properties"]["capex"]
    assert capex == {
        "anyOf": [NUMBER, {"$ref": "#/$defs/Distribution"}],
        "default": 1e9,
        "description": "Spending on chips [USD/year]. Uncertain. Source: filings.",
    }


def test_so_may_an_optional_number_one_in_a_mapping_and_a_whole_one(world):
    lab = json_schema(world)["$defs"]["Lab"]["properties"]
    assert [option.get("type") for option in lab["cap"]["anyOf"]] == [None, "null"]
    assert lab["cap"]["anyOf"][0] == {"anyOf": [NUMBER, {"$ref": "#/$defs/Distribution"}]}
    assert {"$ref": "#/$defs/Discrete"} in lab["staff"]["anyOf"]
    (by_region,) = lab["trust"]["patternProperties"].values()
    assert {"$ref": "#/$defs/Distribution"} in by_region["anyOf"]


def test_a_file_may_be_partial_but_an_event_is_whole(world):
    schema = json_schema(world)
    assert "required" not in schema
    assert "required" not in schema["$defs"]["Lab"]
    assert schema["$defs"]["Ban"]["required"] == ["name", "date", "kind", "labs"]


def test_inheritance_is_described_and_unknown_keys_are_not_allowed(world):
    schema = json_schema(world)
    assert list(schema["properties"])[:2] == ["extends", "remove"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Lab"]["additionalProperties"] is False


def test_a_parameter_called_title_is_kept_while_generated_titles_go(world):
    schema = json_schema(world)
    assert "title" in schema["properties"]
    assert "title" not in schema["$defs"]["Lab"]["properties"]["capex"]


def test_it_is_json_and_every_reference_leads_somewhere():
    text = json.dumps(json_schema(Scenario), allow_nan=False)
    definitions = json.loads(text)["$defs"]
    references = {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert references <= set(definitions)


def invalid(schema: dict[str, object], text: str) -> int:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft7Validator.check_schema(schema)
    return len(list(jsonschema.Draft7Validator(schema).iter_errors(plain(read_text(text, "x.yaml")))))


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("extends: base\nlabs: {alibaba: {capex: 2e9}}", 0),
        ("labs: {alibaba: {capex: {dist: uniform, low: 1, high: 2}}}", 0),
        ("remove: [labs.xai]", 0),
        ("events: [{name: e, kind: ban, date: 2024-01, labs: [xai]}]", 0),
        ("labs: {alibaba: {capexx: 2e9}}", 1),
        ("labs: {alibaba: {capex: -1}}", 1),
        ("labs: {alibaba: {capex: {dist: uniform, low: 1}}}", 1),
        ("labs: {alibaba: {staff: {dist: uniform, low: 1, high: 2}}}", 1),
        ("events: [{kind: ban}]", 1),
        ("start: soon", 1),
    ],
)
def test_an_editor_accepts_and_refuses_what_loading_does(world, text, errors):
    assert invalid(json_schema(world), text) == errors


@pytest.mark.parametrize("name", names_in(library()))
def test_an_editor_finds_nothing_wrong_with_the_shipped_scenarios(name):
    jsonschema = pytest.importorskip("jsonschema")
    file = library() / f"{name}.yaml"
    jsonschema.validate(plain(read_file(file, name)), json_schema(Scenario))
