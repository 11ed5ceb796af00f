from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from sim.scenario.parameters import Entry, parameter, parameters, sections, undeclared
from sim.scenario.schema import Scenario


def test_every_parameter_is_found_with_what_was_declared(world):
    found = {info.path: info for info in parameters(world)}
    capex = found["labs.*.capex"]
    assert (capex.type, capex.unit, capex.bounds, capex.required, capex.default) == (
        "number",
        "USD/year",
        ">= 0",
        False,
        1e9,
    )
    assert (capex.meaning, capex.source, capex.role) == ("Spending on chips", "filings", "uncertain")


def test_paths_cover_sections_mappings_and_kinds_of_events(world):
    paths = [info.path for info in parameters(world)]
    assert {"start", "market.inertia", "labs.*.trust", "events[rule].share", "events[ban].labs"} <= set(paths)
    assert len(paths) == len(set(paths))
    assert not any(path.endswith(".kind") for path in paths)


def test_types_are_told_in_words(world):
    types = {info.path: info.type for info in parameters(world)}
    assert types["labs.*.staff"] == "whole number"
    assert types["labs.*.mode"] == "closed / open_lagged / open"
    assert types["labs.*.parent"] == "true/false"
    assert types["labs.*.cap"] == "number or null"
    assert types["labs.*.sells_in"] == "list of text"
    assert types["labs.*.trust"] == "mapping of number"
    assert types["start"] == "month"


def test_bounds_of_the_items_of_a_mapping_are_found(world):
    bounds = {info.path: info.bounds for info in parameters(world)}
    assert bounds["labs.*.trust"] == ">= 0 and <= 1"
    assert bounds["labs.*.growth"] == "> 0 and <= 20"
    assert bounds["labs.*.mode"] == ""


def test_sections_carry_the_first_paragraph_of_the_docstring(world):
    assert {section.path: section.about for section in sections(world)}["labs.*"] == "A lab."


def test_a_parameter_without_unit_or_source_is_reported():
    class Careless(Entry):
        good: float = parameter(1, unit="USD", source="judgement", meaning="Money")
        bare: float = 1.0
        unsourced: float = parameter(1, unit="USD", source="", meaning="Money")

    assert undeclared(Careless) == ["bare", "unsourced"]


def test_entries_refuse_unknown_keys_changes_and_what_is_not_finite(world):
    lab = world.model_fields["labs"].annotation.__args__[1]
    with pytest.raises(ValidationError, match="extra_forbidden"):
        lab(region="us", capexx=1)
    with pytest.raises(ValidationError, match="finite_number"):
        lab(region="us", capex=float("inf"))
    with pytest.raises(ValidationError, match="frozen_instance"):
        lab(region="us").capex = 3


def test_a_default_out_of_bounds_is_refused():
    class Wrong(Entry):
        share: float = parameter(2, unit="1", source="judgement", meaning="A share", le=1)

    with pytest.raises(ValidationError, match="less_than_equal"):
        Wrong()


def test_either_a_number_or_a_word():
    class Mixed(Entry):
        cap: Annotated[float, Field(ge=0)] | Literal["none"] = parameter(
            "none", unit="USD", source="judgement", meaning="A cap"
        )

    (info,) = parameters(Mixed)
    assert (info.type, info.bounds) == ("number or none", ">= 0")


def test_every_parameter_of_a_scenario_has_a_unit_a_source_and_a_meaning():
    assert undeclared(Scenario) == []
    assert len(parameters(Scenario)) > 100
