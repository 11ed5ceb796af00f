"""Formulas of measures: arithmetic and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from sim.claims.formula import FormulaError, parse

VALUES = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([4.0, 0.0, -2.0]), "c": np.array([0.5, 0.5, np.nan])}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a", [1.0, 2.0, 3.0]),
        ("a + b * 2 - c", [8.5, 1.5, np.nan]),
        ("(a + b) / c", [10.0, 4.0, np.nan]),
        ("a / b", [0.25, np.nan, -1.5]),  # by zero there is no number
        ("1 / (a - 1)", [np.nan, 1.0, 0.5]),
        ("3", 3.0),
    ],
)
def test_values(text: str, wanted: list[float]) -> None:
    np.testing.assert_array_equal(parse(text).of(VALUES), wanted)


def test_names() -> None:
    assert parse("(a + b) / (a - c)").names == {"a", "b", "c"}


@pytest.mark.parametrize(
    "text",
    ["", "a +", "a ** b", "__import__('os')", "a.real", "a[0]", "'a'", "a if b else c", "a < b", "True", "-a"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        parse(text)
