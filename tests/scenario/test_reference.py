from __future__ import annotations

from sim.scenario import Scenario
from sim.scenario.parameters import Entry, parameter, parameters
from sim.scenario.reference import reference


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| `")]


def test_a_row_tells_all_that_was_declared(world):
    row = "| `capex` | number | USD/year | 1e+09 | >= 0 | uncertain | Spending on chips | filings |"
    assert row in reference(world)


def test_each_section_has_its_heading_and_says_what_it_is(world):
    text = reference(world)
    assert text.startswith("## Top level\n\nA small world.\n\n| key | type |")
    assert "## `labs.*`\n\nA lab.\n\n| key |" in text
    assert "### `kind: rule`\n\nAn export rule.\n\n| key |" in text


def test_what_all_kinds_of_event_share_stands_once(world):
    text = reference(world)
    assert text.count("When it takes effect") == 1
    assert "## `events`\n\nOf every kind:\n\n| key |" in text


def test_defaults_stand_as_in_a_file(world):
    text = reference(world)
    for row in (
        "| `region` | text | region | required |",
        "| `cap` | number or null | 1 | null |",
        "| `sells_in` | list of text | 1 | empty |",
        "| `parent` | true/false | 1 | false |",
        "| `end` | month | 1 | 2030-12 |",
    ):
        assert row in text


def test_bars_and_line_breaks_cannot_break_a_table():
    class Odd(Entry):
        key: str = parameter("a|b", unit="1", source="one\ntwo", meaning="x | y")

    (row,) = rows(reference(Odd))
    assert row == r"| `key` | text | 1 | a\|b |  | uncertain | x \| y | one two |"


def test_every_parameter_of_a_scenario_is_there():
    keys = {row.split("`")[1] for row in rows(reference(Scenario))}
    assert keys == {info.path.rpartition(".")[2] for info in parameters(Scenario)}
