"""What the figures are told of the run."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import sim
from sim.figures import FIGURES
from sim.run.pictures import context_of, draw
from sim.run.results import Result


def test_events_with_a_label_are_marked(result: Result) -> None:
    assert [(event.month, event.label) for event in context_of(result).events] == [
        (datetime.date(2023, 5, 1), "Rule")
    ]


def test_titles_are_those_of_the_scenario(result: Result) -> None:
    assert context_of(result).names == {"north": "North", "south": "South"}


def test_source_names_version_scenario_and_seeds(result: Result) -> None:
    scenario = f"scenario 'tiny' {result.scenario.hash[:8]}"
    assert context_of(result).source == f"aimarkets {sim.__version__}, {scenario}, 2 runs, seeds 1 to 2"


@pytest.mark.slow
def test_every_figure_is_drawn_with_its_numbers_and_words(result: Result, tmp_path: Path) -> None:
    files = draw(result, tmp_path / "figures")
    forms = ("png", "svg", "csv", "txt")
    assert {file.name for file in files} == {f"{name}.{form}" for name in FIGURES for form in forms}
    assert all(file.stat().st_size > 1000 for file in files if file.suffix in (".png", ".svg"))
    assert all(file.read_text().strip() for file in files if file.suffix in (".csv", ".txt"))
