"""From tidy frames to medians and bands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.figures import ranking
from sim.figures.series import LEVELS, Grid, Series, add
from sim.figures.timeline import timeline

DAYS = np.array([0.0, 31.0, 59.0])


def test_quantiles_agree_with_numpy_and_leave_holes_out():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(60, 9))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[5] = np.nan
    series = Series(np.arange(60.0), values)
    for month in range(60):
        expected = np.full(5, np.nan) if month == 5 else np.nanquantile(values[month], LEVELS)
        np.testing.assert_allclose(series.quantiles[:, month], expected)
    assert not series.known[5]
    assert series.runs == 9


def test_a_grid_adds_rows_of_a_month_and_run_in_any_order():
    frame = pd.DataFrame(
        {
            "month": pd.to_datetime(["1970-02-01", "1970-01-01", "1970-01-01", "1970-01-01", "1970-02-01"]),
            "replicate": [0, 0, 0, 1, 1], "lab": ["a", "a", "b", "a", "b"], "tokens": [1.0, 2, 3, 4, np.nan],
        }
    )  # fmt: skip
    grid = Grid(frame)
    np.testing.assert_array_equal(grid.days, DAYS[:2])
    np.testing.assert_array_equal(grid.read("tokens").values, [[5, 4], [1, np.nan]])
    parts = grid.split("tokens", "lab")
    assert list(parts) == ["a", "b"]
    np.testing.assert_array_equal(add(parts.values()).values, grid.read("tokens").values)
    np.testing.assert_array_equal((parts["a"] / grid.read("tokens")).values, [[0.4, 1], [1, np.nan]])


def test_a_frame_without_runs_is_one_run():
    frame = pd.DataFrame({"month": ["1970-01-01", "1970-02-01"], "x": [1.0, np.inf]})
    np.testing.assert_array_equal(Grid(frame).read("x").values, [[1], [np.nan]])


def test_ends():
    series = Series(DAYS, np.array([[1.0, 3], [2, 4], [np.nan, 5]]))
    assert series.end() == 5
    assert series.last() == (59.0, pytest.approx((5,) * 5))
    assert series.last_year() == pytest.approx((1.5 + 4) / 2)
    empty = Series(np.zeros(0), np.zeros((0, 0)))
    assert np.isnan(empty.end())
    assert np.isnan(empty.last_year())
    assert empty.last() is None
    assert np.isnan(Series(DAYS, np.full((3, 2), np.nan)).last_year())


def test_ranking():
    parts = {
        key: Series(DAYS, np.full((3, 1), size))
        for key, size in (("a", 1.0), ("b", 5.0), ("c", 0.0), ("d", 4.0))
    }
    assert ranking.leading(parts, 2) == ["b", "d"]
    assert ranking.leading(parts, 9) == ["b", "d", "a"]
    assert ranking.others(parts, ["b"]).end() == 5
    assert ranking.others(parts, ["a", "b", "d"]) is None
    assert ranking.shares(parts)["b"].end() == 0.5
    assert sum(part.end() for part in ranking.shares(parts).values()) == 1


def _models(rows):
    frame = pd.DataFrame(rows, columns=["replicate", "month", "lab", "region", "mode", "forced"])
    return frame.assign(month=pd.to_datetime(frame["month"]))


def test_timeline_keeps_a_mode_until_the_next_and_ends_with_the_lab():
    models = _models(
        [
            (0, "2023-01-01", "a", "us", "closed", True), (0, "2023-03-01", "a", "us", "open", False),
            (1, "2023-02-01", "a", "us", "open_lagged", False), (0, "2023-02-01", "b", "china", "open", True),
        ]
    )  # fmt: skip
    labs = pd.DataFrame(
        [
            (run, f"2023-0{month}-01", lab, 0 if lab == "b" and month == 4 else 1)
            for run in (0, 1) for month in (1, 2, 3, 4) for lab in ("a", "b")
        ], columns=["replicate", "month", "lab", "active"],
    )  # fmt: skip
    line = timeline(models, labs)
    assert line.firms == ["a", "b"]
    assert line.regions == ["us", "china"]
    assert line.runs == 2
    np.testing.assert_allclose(line.shares[0, :, 0], [0.5, 0.5, 0, 0])
    np.testing.assert_allclose(line.shares[1, :, 0], [0, 0.5, 0.5, 0.5])
    np.testing.assert_allclose(line.shares[3, :, 0], [0, 0, 0.5, 0.5])
    np.testing.assert_allclose(line.shares[3, :, 1], [0, 0.5, 0.5, 0])
    np.testing.assert_allclose(line.releases[:, 0], [0.5, 0.5, 0.5, 0])
    np.testing.assert_allclose(line.forced[:, 0], [0.5, 0, 0, 0])
    assert len(timeline(models).days) == 3
