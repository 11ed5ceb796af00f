"""Results in memory and on disk."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sim.record import TABLES
from sim.run.errors import RunError
from sim.run.results import Result, load_result
from sim.run.summary import HEADLINES, aligned, end_state, write


@pytest.fixture
def saved(result: Result, tmp_path: Path) -> Path:
    return result.save(tmp_path / "x", figures=False)


def test_holds_what_it_says(saved: Path) -> None:
    assert {path.name for path in saved.iterdir()} == {
        "manifest.json", "scenario.yaml", *(f"{name}.parquet" for name in TABLES)
    }


def test_comes_back(result: Result, saved: Path) -> None:
    back = load_result(saved)
    for name, frame in result.tables.items():
        pd.testing.assert_frame_equal(back.tables[name], frame)
    assert back.scenario.hash == result.scenario.hash
    assert back.scenario.name == "tiny"
    assert (back.seeds, back.uncertainty, back.durations_s) == (result.seeds, False, result.durations_s)
    assert repr(back) == repr(result)


def test_a_changed_scenario_is_noticed(saved: Path) -> None:
    path = saved / "scenario.yaml"
    path.write_text(path.read_text().replace("cash: 5000000000", "cash: 6000000000"))
    with pytest.raises(RunError, match="not the scenario that was run"):
        load_result(saved)


def test_a_version_with_other_defaults_is_told_from_a_changed_scenario(saved: Path) -> None:
    manifest = saved / "manifest.json"
    made = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(made | {"scenario_hash": "0" * 64, "git": {"commit": "a" * 40, "changed": True}}))
    message = r"other defaults than the one that ran it \(aimarkets 0\.1\.0, commit a{12} with changes\); go back to"
    with pytest.raises(RunError, match=message):
        load_result(saved)


def test_a_missing_table_is_noticed(saved: Path) -> None:
    (saved / "labs.parquet").unlink()
    with pytest.raises(RunError, match="damaged"):
        load_result(saved)


def test_a_damaged_table_is_noticed(saved: Path) -> None:
    (saved / "labs.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(RunError, match="damaged"):
        load_result(saved)


def test_a_full_disk_leaves_nothing(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = pq.write_table

    def fill(table: Any, path: Path, **settings: Any) -> None:
        if "models" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        original(table, path, **settings)

    monkeypatch.setattr(pq, "write_table", fill)
    with pytest.raises(OSError, match="No space left"):
        result.save(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


class TestDisplay:
    def test_names_scenario_seeds_and_span(self, result: Result) -> None:
        first = repr(result).splitlines()[0]
        assert first == "tiny: 2 replicates (seeds 1 to 2), 2023-01 to 2023-08; last month, medians"

    def test_of_one_seed(self, result: Result) -> None:
        one = replace(result, seeds=(4,), uncertainty=True)
        assert one.title == "tiny: seed 4, uncertain parameters drawn, 2023-01 to 2023-08; last month"

    def test_shows_each_headline_by_region(self, result: Result) -> None:
        lines = repr(result).splitlines()
        assert lines[1].split() == ["world", "north", "south"]
        assert len(lines) == 2 + len(HEADLINES)
        assert all(len(line) < 100 for line in lines)

    def test_html_has_the_same(self, result: Result) -> None:
        html = result._repr_html_()
        assert html.count("<tr") == 1 + len(HEADLINES)
        assert "open share of tokens" in html

    def test_html_is_escaped(self, result: Result) -> None:
        odd = replace(result, scenario=replace(result.scenario, name="<script>alert(1)</script>"))
        assert "<script>" not in odd._repr_html_()


def test_end_state_is_the_median_of_the_last_month(result: Result) -> None:
    last = result.market[(result.market["month"] == "2023-08-01") & (result.market["region"] == "north")]
    table = end_state(result.market)
    assert table.loc["adoption", "north"] == last["adoption"].median()


def test_what_does_not_exist_is_a_dash() -> None:
    assert write(float("nan"), "{:.1f}") == "-"
    assert write(0.25, "{:.0%}") == "25%"


def test_columns_line_up() -> None:
    assert aligned([["", "a", "long"], ["row", "1", "2"]]) == ["       a  long", "  row  1     2"]
