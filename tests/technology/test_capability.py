"""Training and knowledge: units, closed forms, invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.technology.capability import (
    algorithm_growth,
    capability,
    derived_capability,
    open_pool,
    run_flop,
    saturating,
)

ECI = {"per_order": 7.2, "reference": 126.1, "reference_flop": 2.1e25}
flops = st.floats(1e20, 1e30)
levels = st.floats(-4, 4)


class TestRun:
    def test_a_cluster_of_ten_thousand_h100(self):
        """10,000 x 989e12 FLOP/s x 0.4 x 0.25 for 90 days and 7.5 hours (three months)."""
        seconds = (91 * 24 + 7.5) * 3600
        assert run_flop(10_000 * 989.0, 0.4, 3.0, 0.25) == pytest.approx(
            10_000 * 989e12 * 0.1 * seconds, rel=1e-12
        )

    def test_of_many_labs(self):
        np.testing.assert_allclose(
            run_flop(np.array([1.0, 2.0, 0.0]), 0.4, 1.0, 0.2) / run_flop(1.0, 0.4, 1.0, 0.2), [1, 2, 0]
        )


class TestCapability:
    def test_gpt4_of_march_2023(self):
        assert capability(2.1e25, 0.0, **ECI) == 126.1

    @given(flops, levels)
    def test_an_order_of_compute_is_worth_an_order_of_algorithms(self, flop, algorithm):
        now = capability(flop, algorithm, **ECI)
        assert capability(10 * flop, algorithm, **ECI) - now == pytest.approx(7.2, abs=1e-9)
        assert capability(flop, algorithm + 1.0, **ECI) - now == pytest.approx(7.2, abs=1e-9)

    def test_nothing_comes_of_no_compute(self):
        assert capability(np.array([0.0, 2.1e25]), np.zeros(2), **ECI).tolist() == [-np.inf, 126.1]

    def test_building_on_a_base(self):
        """Loss of 2, and half a point for each of the three orders from 1e22 to 1e25."""
        assert derived_capability(140.0, 1e25, loss=2.0, fine_tuning=0.5) == pytest.approx(139.5, abs=1e-12)
        assert derived_capability(140.0, 1e19, loss=2.0, fine_tuning=0.5) == 138.0


class TestOpenPool:
    @given(st.integers(1, 20), st.floats(0.1, 10), levels)
    def test_equal_labs_at_the_frontier(self, n, half, level):
        found = open_pool(np.full(n, level), np.ones(n), distance=1.0, half=half)
        assert found == pytest.approx(n / (n + half), rel=1e-12)

    def test_a_lab_behind_by_the_distance_counts_for_1_over_e(self):
        found = open_pool(np.array([3.0, 1.0]), np.array([0.0, 1.0]), distance=2.0, half=1.0)
        assert found == pytest.approx(np.exp(-1) / (np.exp(-1) + 1), rel=1e-12)

    def test_closed_labs_fill_nothing(self):
        assert open_pool(np.array([1.0, 2.0]), np.zeros(2), distance=1.0, half=1.5) == 0.0

    @given(st.lists(st.tuples(levels, st.floats(0, 1)), min_size=1, max_size=6), levels, st.integers(0, 5))
    def test_only_distances_count_and_more_openness_fills_it(self, labs, shift, which):
        algorithm, openness = (np.array(column) for column in zip(*labs, strict=True))
        found = open_pool(algorithm, openness, distance=1.0, half=1.5)
        assert 0.0 <= found < 1.0
        moved = open_pool(algorithm + shift, openness, distance=1.0, half=1.5)
        assert moved == pytest.approx(found, rel=1e-9, abs=1e-12)
        openness[which % len(labs)] = 1.0
        assert open_pool(algorithm, openness, distance=1.0, half=1.5) >= found


class TestGrowth:
    def test_the_leader_grows_by_its_own_research(self):
        own = np.array([0.6, 0.6])
        grown = algorithm_growth(np.array([1.0, 0.0]), own, (np.array([5.0, 5.0]), 1.0), (2.0, -np.inf))
        np.testing.assert_allclose(grown, [0.05, (0.6 + 5.0) / 12], rtol=1e-12)

    def test_open_weights_teach_those_below_the_best_of_them_only(self):
        """The best open lab stands at 0.5: a lab at 1 learns nothing, one at 0 half of the rate."""
        grown = algorithm_growth(np.array([1.0, 0.0]), np.zeros(2), (1.2, 0.5))
        np.testing.assert_allclose(grown, [0.0, 0.05], rtol=1e-12)

    @given(st.lists(levels, min_size=1, max_size=6), st.floats(0, 2), st.floats(0, 2), levels)
    def test_only_distances_count(self, algorithm, closed, open_, shift):
        a = np.array(algorithm)
        own, b = np.full(len(a), 0.6), a + shift
        found = algorithm_growth(a, own, (closed, a.max()), (open_, a.min()))
        moved = algorithm_growth(b, own, (closed, b.max()), (open_, b.min()))
        np.testing.assert_allclose(moved, found, rtol=1e-9, atol=1e-12)
        assert (found >= 0.05 - 1e-15).all()


class TestSaturating:
    def test_half_of_it_at_the_half_use(self):
        np.testing.assert_allclose(saturating(np.array([0.0, 2e6, 6e6]), 2e6), [0.0, 0.5, 0.75])

    @given(st.floats(0, 1000), st.floats(1e-3, 1e9))
    def test_more_use_gives_less_and_less(self, times, half):
        a, b, c = saturating(np.array([times, times + 1, times + 2]) * half, half)
        assert a < b < c < 1.0
        assert b - a > c - b
