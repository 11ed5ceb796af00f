"""The parameter on which an effect turns: found where it is known, and not where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.claims.turning import parameters, split, turn
from sim.randomness import uniform
from tests.claims.conftest import Make

NAMES = [f"p{number}" for number in range(150)]


def draws(seed: int, number: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).random((number, len(NAMES)))


def test_a_parameter_that_decides_is_found_with_its_value() -> None:
    values = draws(1)
    effect = values[:, 40] ** 3 + 0.05 * values[:, 7]
    found = turn(NAMES, values, effect, effect > 0.2)
    assert found is not None
    assert (found.parameter, found.above) == ("p40", True)
    assert found.correlation > 0.9
    assert found.at == pytest.approx(0.2 ** (1 / 3), abs=0.06)


def test_any_increasing_change_of_scale_leaves_it() -> None:
    values = draws(1)
    effect = values[:, 40] - values[:, 3]
    one, other = (turn(NAMES, values, y, effect > 0) for y in (effect, np.exp(5 * effect)))
    assert one == other


def test_chance_is_named_as_seldom_as_promised() -> None:
    """With 150 parameters the best correlation of 32 draws is 0.5 or so by chance alone."""
    named = 0
    for seed in range(60):
        values, effect = draws(seed), np.random.default_rng(1000 + seed).normal(size=32)
        named += turn(NAMES, values, effect, effect > 0, seed=seed) is not None
    assert named <= 12  # 6 expected; more than 12 in one of 100 such tests


def test_nothing_is_named_where_nothing_varies_or_little_is_known() -> None:
    values = draws(2)
    assert turn(NAMES, values, np.ones(32), np.ones(32, dtype=bool)) is None
    assert turn(NAMES, values[:5], values[:5, 0], np.ones(5, dtype=bool)) is None
    assert turn([], np.empty((32, 0)), values[:, 0], np.ones(32, dtype=bool)) is None


def test_draws_without_a_value_are_left_out() -> None:
    values = draws(3)
    effect = values[:, 5].copy()
    effect[:4] = math.nan
    found = turn(NAMES, values, effect, effect > 0.5)
    assert found == turn(NAMES, values[4:], effect[4:], effect[4:] > 0.5)


@pytest.mark.parametrize(
    ("counted", "at", "above"),
    [([0, 0, 1, 1], 2.5, True), ([1, 1, 1, 0], 3.5, False), ([0, 1, 0, 1], 1.5, True)],
)
def test_split(counted: list[int], at: float, above: bool) -> None:
    assert split(np.array([1.0, 2.0, 3.0, 4.0]), np.array(counted, dtype=bool)) == (at, above)


def test_no_split_where_all_count() -> None:
    assert math.isnan(split(np.array([1.0, 2.0]), np.array([True, True]))[0])


def test_parameters_are_those_that_runs_draw(claim: Make) -> None:
    (_, test), *_ = claim().tests()
    names, values = parameters(test, [1, 2, 3])
    assert names == ["spillovers.leakage", "spillovers.theft"]
    drawn = [test.pair.treatment.draw(lambda path, seed=seed: uniform(seed, "parameters", path)) for seed in (1, 2, 3)]
    assert values[:, 1].tolist() == [world.scenario.spillovers.theft for world in drawn]
