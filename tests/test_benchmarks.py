"""The performance command: what it compares, and the worlds that it times."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import sim

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import measures
import performance
import worlds


def measured(key: str, ratio: float) -> measures.Row:
    return measures.row(key, f"cost of {key}", 2.0, "s", 3.0, 1.0, partner="another", ratio=ratio)


class TestRows:
    @pytest.mark.parametrize(
        ("value", "must", "aim", "met"),
        [(0.04, 0.25, 0.05, "aim"), (0.2, 0.25, 0.05, "must"), (0.3, 0.25, 0.05, "NOT MET"),
         (250.0, 50.0, 200.0, "aim"), (60.0, 50.0, 200.0, "must"), (49.0, 50.0, 200.0, "NOT MET")],
    )  # fmt: skip
    def test_targets_are_at_most_or_at_least(self, value, must, aim, met):
        assert measures.row("k", "w", value, "s", must, aim, partner="p", ratio=1.0).met == met

    def test_a_row_a_third_worse_than_stored_is_named(self):
        found = [measured("one", 1.35), measured("other", 1.25), measured("new", 9.0)]
        assert performance.regressions(found, {"one": 1.0, "other": 1.0}) == [
            "one: ratio 1.35, stored 1: +35%"
        ]

    def test_the_page_says_what_is_not_met(self):
        found = [
            measured("one", 1.0),
            measures.row("two", "cost of two", 5.0, "s", 3.0, 1.0, partner="p", ratio=1.0),
        ]
        page = performance.document(found, {"one": 0.9}, "a machine")
        assert "| cost of one | 2 s | <= 3 | <= 1 | must | another | 1 | 0.9 |" in page
        assert "Not met: cost of two." in page


class TestWorlds:
    def test_many_labs_have_the_money_of_the_few(self):
        few, many = worlds.many_labs(17), worlds.many_labs(60)
        assert (len(few.labs), len(many.labs)) == (17, 60)
        for name in worlds.MONEY:
            total = [sum(getattr(lab, name) for lab in scenario.labs.values()) for scenario in (few, many)]
            assert total[1] == pytest.approx(total[0], rel=1e-12), name

    def test_customers_are_counted(self):
        known = worlds.customers(worlds.baseline())
        assert worlds.customers(worlds.many_customers(1e4 / known)) == pytest.approx(1e4, rel=1e-9)

    def test_kernels_are_timed_and_put_back(self):
        scenario = worlds.baseline(end="2023-04")
        plain = sim.Market(scenario, seed=1).run().record.market["tokens"]
        before = measures.entry_points()
        with measures.timed_kernels() as inside:
            timed = sim.Market(scenario, seed=1).run().record.market["tokens"]
        assert measures.entry_points() == before
        assert sum(inside.values()) > 0.0
        assert set(inside) <= {name for _, name, _ in before}
        np.testing.assert_array_equal(plain, timed)
