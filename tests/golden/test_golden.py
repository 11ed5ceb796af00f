"""The baseline gives the numbers that it gave: a change of results is a decision, not an accident."""

from __future__ import annotations

import json
from pathlib import Path
from runpy import run_path

import pytest

HERE = Path(__file__).parent
REMEDY = "results changed: if that is meant, run 'make golden' and say so in CHANGELOG.md under 'Changes results'"


def test_the_baseline_gives_its_golden_numbers() -> None:
    module = run_path(str(HERE / "make.py"))
    expected = json.loads((HERE / "baseline.json").read_text(encoding="utf-8"))
    found = module["golden_numbers"]()
    assert found["scenario"] == expected["scenario"], REMEDY
    assert found["releases"] == expected["releases"], REMEDY
    assert found["values"] == pytest.approx(expected["values"], rel=1e-6, nan_ok=True), REMEDY
