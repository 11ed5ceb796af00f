"""Numbers into a scenario file, and nothing else."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest

from sim.facts.rewriting import rewrite, rewrite_with_table, rewritten, see_that_fits
from sim.run.errors import RunError
from sim.scenario import load
from sim.scenario.library import library

SPREAD = {"dist": "triangular", "low": 0.1, "mode": 0.2, "high": 1.5e10}
TEXT = """\
# A file
title: Market
technology:
  run_months: 3 # Epoch; frontier runs
  cost_floor: {dist: uniform, low: 1, high: 2}
labs:
  first:
    title: "First # one"
    cash: 1e9 # calibrated, by hand; judgement
  flow: {cash: 2e9}
"""


def changed(values: dict[str, object]) -> list[str]:
    """Lines that are new."""
    after = rewritten(TEXT, values, "own.yaml")
    return [line[2:] for line in difflib.ndiff(TEXT.split("\n"), after.split("\n")) if line.startswith("+ ")]


def test_a_value_is_set_on_its_line_and_its_source_stays():
    assert changed({"technology.run_months": 4.0}) == ["  run_months: 4 # calibrated; Epoch; frontier runs"]
    assert changed({"labs.first.cash": 2.5e9}) == ["    cash: 2.5e9 # calibrated; judgement"]
    assert changed({"technology.cost_floor": SPREAD}) == [
        "  cost_floor: {dist: triangular, low: 0.1, mode: 0.2, high: 1.5e10} # calibrated"
    ]


def test_a_value_that_the_file_does_not_set_comes_below_the_first_of_its_mapping():
    after = rewritten(TEXT, {"labs.first.staff": 3e8, "technology.small_gap": 7}, "own.yaml").split("\n")
    assert after[4] == "  small_gap: 7 # calibrated"
    assert after[9] == "    staff: 3e8 # calibrated"
    assert len(after) == len(TEXT.split("\n")) + 2


def test_twice_is_once():
    values = {"technology.cost_floor": SPREAD, "labs.first.staff": 3e8}
    once = rewritten(TEXT, values, "own.yaml")
    assert rewritten(once, values, "own.yaml") == once


def test_a_note_follows_the_mark_and_takes_the_place_of_the_last_one():
    once = rewritten(TEXT, {"labs.first.cash": 2.5e9}, "own.yaml", {"labs.first.cash": "2.5e9 (1e9 to 3e9)"})
    assert "    cash: 2.5e9 # calibrated: 2.5e9 (1e9 to 3e9); judgement\n" in once
    assert rewritten(once, {"labs.first.cash": 2.5e9}, "own.yaml") == rewritten(TEXT, {"labs.first.cash": 2.5e9}, "o")


TAKEN = {"dist": "sample", "of": "own", "column": "labs.*.cash"}


@pytest.mark.parametrize(
    ("text", "line", "more"),
    [
        (TEXT, "samples: {own: own.own.csv} # calibrated", 1),
        (f"{TEXT}samples: {{own: old.csv}} # mine\n", "samples: {own: own.own.csv} # calibrated; mine", 0),
        (f"{TEXT}samples: {{a: a.csv}}\n", "samples: {a: a.csv, own: own.own.csv} # calibrated", 0),
        (f"{TEXT}samples:\n  a: a.csv\n", "  own: own.own.csv # calibrated", 1),
        (TEXT.rstrip("\n"), "samples: {own: own.own.csv} # calibrated", 1),
    ],
)
def test_a_table_is_written_beside_the_file_which_names_it(tmp_path: Path, text, line, more):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    columns = {"labs.*.cash": [2.5e9, 1.0], "a, b": [0.12346, -3.0]}
    for _ in range(2):
        beside = rewrite_with_table(path, "own", columns, {"labs.first.cash": TAKEN}, {})
        lines = path.read_text().splitlines()
        assert lines.count(line) == 1
        assert "    cash: {dist: sample, of: own, column: labs.*.cash} # calibrated; judgement" in lines
        assert len(lines) - len(text.splitlines()) == more
    assert beside == tmp_path / "own.own.csv"
    assert beside.read_text() == 'labs.*.cash,"a, b"\n2.5e9,0.12346\n1,-3\n'


def test_a_table_is_not_written_if_the_file_cannot_take_it(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(TEXT)
    with pytest.raises(RunError):
        rewrite_with_table(path, "own", {"a": [1.0]}, {"labs.flow.cash": TAKEN}, {})
    assert path.read_text() == TEXT
    assert [file.name for file in tmp_path.iterdir()] == ["own.yaml"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("labs.flow.cash", "own.yaml:10: labs.flow.cash: does not stand on a line of its own; write it on one"),
        ("labs.flow.staff", "own.yaml:10: labs.flow.staff: cannot be added below this line; add it by hand"),
        ("labs.nobody.cash", "own.yaml: labs.nobody: no such mapping in it, so that cash cannot be set"),
    ],
)
def test_what_cannot_be_set_in_place_is_told_and_nothing_is_written(tmp_path: Path, key, said):
    path = tmp_path / "own.yaml"
    path.write_text(TEXT)
    for attempt in (lambda: rewrite(path, {key: 1.0}), lambda: see_that_fits(path, [key])):
        with pytest.raises(RunError) as refused:
            attempt()
        assert str(refused.value) == said
    assert path.read_text() == TEXT


def test_a_whole_mapping_is_not_run_over():
    with pytest.raises(RunError, match=r"labs\.first: does not stand on a line of its own"):
        rewritten(TEXT, {"labs.first": 1.0}, "own.yaml")


def test_the_shipped_baseline_takes_new_spreads_and_keeps_the_rest(tmp_path: Path):
    path = tmp_path / "baseline.yaml"
    for file in library().glob("baseline.*"):
        shutil.copy(file, tmp_path)
    before = load(path)
    spread = {"dist": "triangular", "low": 0.1, "mode": 0.2, "high": 0.3}
    keys = ["choice.change_cost", "labs.openai.conviction", "segments.public.customisation"]
    rewrite(path, dict.fromkeys(keys, spread))
    after = load(path)
    for key in keys:
        assert after.distributions[key].support == (0.1, 0.3)
    same = set(before.distributions) - set(keys)
    assert {key: after.distributions[key] for key in same} == {key: before.distributions[key] for key in same}
    assert after.with_values(dict.fromkeys(keys, 0.2)).hash == before.with_values(dict.fromkeys(keys, 0.2)).hash
