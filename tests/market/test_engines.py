"""A run is the same by compiled loops and by the readable paths beside them."""

from __future__ import annotations

import numpy as np
import pytest

from sim.economics.engines import ENVIRONMENT
from sim.market import Market


def test_both_engines_record_the_same(lively, monkeypatch):
    scenario = lively.with_values({"mechanisms.entry": True}).scenario
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        found.append(Market(scenario, seed=5).run().record)
    compiled, plain = found
    assert [row["taken"] for row in compiled.decisions] == [row["taken"] for row in plain.decisions]
    for table in ("market", "labs", "clouds", "usage"):
        for column, values in getattr(plain, table).items():
            if column == "price_residual":  # how far from 0, to rounding
                continue
            size = np.abs(values[np.isfinite(values)]).max(initial=0.0)
            assert getattr(compiled, table)[column] == pytest.approx(
                values, rel=1e-9, abs=1e-11 * size, nan_ok=True
            ), (table, column)
