"""Emulator and search against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from sim.facts.emulator import Emulator
from sim.facts.matching import FARTHEST, MOST, implausibilities, loss, remaining, targets, under
from sim.facts.observations import observations
from tests.facts.conftest import SHARE

DRAW = np.random.default_rng(1)


class TestEmulator:
    def test_is_exact_where_the_model_is_quadratic(self):
        points = DRAW.random((80, 3))

        def model(u):
            return np.column_stack([1 + u[:, 0] - 2 * u[:, 1] * u[:, 2], u[:, 1] ** 2])

        found = Emulator.fit(points, model(points))
        elsewhere = DRAW.random((50, 3))
        assert found.predict(elsewhere) == pytest.approx(model(elsewhere), abs=0.02)
        assert (found.explained > 0.99).all()

    def test_luck_is_part_of_its_variance(self):
        points = DRAW.random((400, 2))
        noisy = (points[:, 0] + 0.3 * DRAW.standard_normal(400))[:, None]
        found = Emulator.fit(points, noisy)
        assert found.variance[0] == pytest.approx(0.09, rel=0.2)
        assert found.explained[0] == pytest.approx(1 - 0.09 / noisy.var(), abs=0.1)

    def test_what_hardly_a_run_defines_says_nothing(self):
        outputs = np.full((40, 1), np.nan)
        outputs[:5] = 1.0
        assert np.isinf(Emulator.fit(DRAW.random((40, 2)), outputs).variance[0])

    def test_failed_runs_are_left_out(self):
        points = DRAW.random((60, 2))
        outputs = points[:, :1] * 2.0
        outputs[::3] = np.nan
        assert Emulator.fit(points, outputs).predict(np.array([[0.5, 0.5]])) == pytest.approx(1.0, abs=0.02)


class TestImplausibility:
    def test_a_fact_counts_as_one_however_many_values_it_has(self, facts):
        series = SHARE.replace("{2023-06: 0.5}", "{2023-02: 0.1, 2023-04: 0.5}")
        read = facts(many=series, one=SHARE)
        aim = targets(observations(read), read)
        sd = 0.1 / 1.6448536
        said = np.array([[0.1 + 3 * sd, 0.5 + 4 * sd, 0.5 - 2 * sd]])
        found = implausibilities(said, np.zeros(3), aim)
        assert found == pytest.approx(np.array([[np.sqrt((9 + 16) / 2), 2.0]]))
        assert loss(found) == pytest.approx(np.array([[9 * np.log(1 + 12.5 / 9), 9 * np.log(1 + 4 / 9)]]))

    def test_a_small_loss_is_a_square_and_a_miss_is_a_miss(self):
        assert loss(np.array(0.1)) == pytest.approx(0.01, rel=0.01)
        near, far = loss(np.array([MOST, 10 * MOST]))
        assert near < far < 10 * near

    def test_what_the_emulator_does_not_know_makes_less_implausible(self, facts):
        read = facts(one=SHARE)
        aim = targets(observations(read), read)
        found = implausibilities(np.array([[0.8]]), np.array([3 * (0.1 / 1.6448536) ** 2]), aim)
        assert found[0, 0] == pytest.approx(0.3 / (2 * 0.1 / 1.6448536))

    def test_nothing_at_all_on_a_log_scale_is_far_but_not_infinite(self, facts):
        read = facts(one=SHARE.replace("tolerance: 0.1", "tolerance: 2\nscale: log"))
        aim = targets(observations(read), read)
        said = aim.on_scale(np.array([[0.0], [np.nan], [0.5]]))
        assert said[:, 0][[0, 2]] == pytest.approx([np.log(0.5) - FARTHEST, np.log(0.5)])
        assert np.isnan(said[1, 0])


SD = 0.05


def bowl(points):
    return (((points - 0.5) / SD) ** 2).sum(axis=1)


def test_the_set_of_a_bowl_is_a_ball_of_the_right_size():
    """Independent normal errors: the set is the usual confidence ball."""
    left, best = remaining(bowl, 3, within=0.9, points=2000, seed=1)
    radius = SD * np.sqrt(chi2.ppf(0.9, 3))
    assert best == pytest.approx(np.full(3, 0.5), abs=0.01)
    assert left.share == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.25)
    distance = np.linalg.norm(left.points - 0.5, axis=1)
    assert distance.max() <= radius * 1.02
    assert distance.mean() == pytest.approx(0.75 * radius, rel=0.05)  # evenly spread over a ball


def test_a_level_that_nothing_exceeds_rules_nothing_out():
    left = under(lambda points: points[:, 0], 2, 1.0, points=500, seed=1)
    assert left.share == 1.0
    assert left.points.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.05)


def test_where_levels_fall_no_further_the_search_ends():
    left = under(lambda points: np.ones(len(points)), 2, -np.inf, points=100, seed=1)
    assert (left.level, left.share) == (1.0, 1.0)
