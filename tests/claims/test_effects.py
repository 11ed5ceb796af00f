"""Effects from runs whose numbers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sim.claims.claim import Pair, Test
from sim.claims.effects import by_draw, effects
from sim.claims.formula import parse
from sim.claims.running import OWN, Runs
from tests.claims.conftest import Make

SEEDS = 3


@pytest.fixture
def test_of(claim: Make) -> Test:
    (_, test), *_ = claim().tests()
    return test


def runs_of(test: Test, treated: list[list[float]], control: list[list[float]]) -> Runs:
    """Runs whose only measure has these values, (draws, seeds)."""
    name = test.measures["open"].name

    def table(values: list[list[float]]) -> pd.DataFrame:
        draws, seeds = np.shape(values)
        index = pd.MultiIndex.from_product([range(1, draws + 1), range(seeds)], names=["draw", "replicate"])
        return pd.DataFrame({name: np.ravel(values), "status": "done"}, index=index)

    worlds = test.pair.treatment, test.pair.control
    return Runs({(world.hash, OWN): table(values) for world, values in zip(worlds, (treated, control), strict=True)})


def found(test: Test, runs: Runs) -> list[tuple[float, float, int]]:
    return [tuple(effect) for _, effect in by_draw(test, runs, OWN)]


def test_a_difference_is_the_mean_over_seeds_with_its_standard_error(test_of: Test) -> None:
    runs = runs_of(test_of, [[2, 4, 6], [1, 1, 1]], [[1, 1, 1], [1, 2, 3]])
    first, second = found(test_of, runs)
    assert first == pytest.approx((3.0, 2.0 / np.sqrt(3), SEEDS))
    assert second == pytest.approx((-1.0, 1.0 / np.sqrt(3), SEEDS))


def test_a_ratio_is_one_of_means(test_of: Test) -> None:
    test = replace(test_of, form="ratio")
    ((value, luck, _),) = found(test, runs_of(test, [[2, 4, 6]], [[2, 2, 4]]))
    assert value == pytest.approx(12 / 8 - 1)
    left = (np.array([2, 4, 6]) - 1.5 * np.array([2, 2, 4])) / (8 / 3)  # the delta method
    assert luck == pytest.approx(left.std(ddof=1) / np.sqrt(3))


def test_scaling_all_values_scales_differences_and_leaves_ratios(test_of: Test) -> None:
    values = [[2.0, 4.0, 6.0]], [[1.0, 3.0, 2.0]]
    ten = [[[10 * one for one in row] for row in side] for side in values]
    ratio = replace(test_of, form="ratio")
    one, more = (found(test_of, runs_of(test_of, *sides))[0][0] for sides in (values, ten))
    assert more == pytest.approx(10 * one)
    assert found(ratio, runs_of(ratio, *ten))[0] == pytest.approx(found(ratio, runs_of(ratio, *values))[0])


def test_a_level_stands_for_the_control(test_of: Test) -> None:
    test = replace(test_of, pair=Pair(test_of.pair.treatment, 3.0))
    assert found(test, runs_of(test_of, [[2, 4, 9]], [[0, 0, 0]]))[0][0] == pytest.approx(2.0)


def test_another_pair_is_subtracted(test_of: Test) -> None:
    pair = test_of.pair
    back = replace(test_of, beside=Pair(pair.control, pair.treatment))
    runs = runs_of(test_of, [[2, 4, 6]], [[1, 1, 1]])
    assert found(back, runs)[0][0] == pytest.approx(2 * found(test_of, runs)[0][0])
    same = replace(test_of, beside=pair)
    assert found(same, runs)[0][:2] == (0.0, 0.0)


def test_a_seed_that_lacks_a_value_anywhere_is_left_out(test_of: Test) -> None:
    runs = runs_of(test_of, [[2, np.nan, 6], [np.nan] * 3], [[1, 1, np.nan], [1, 1, 1]])
    first, second = found(test_of, runs)
    assert first[0] == 1.0
    assert first[2] == 1
    assert np.isnan(second[0])
    assert second[2] == 0


def test_no_ratio_to_nothing(test_of: Test) -> None:
    test = replace(test_of, form="ratio")
    assert np.isnan(found(test, runs_of(test, [[2, 4, 6]], [[0, 0, 0]]))[0][0])


def test_a_formula_is_taken_run_by_run(test_of: Test) -> None:
    test = replace(test_of, value=parse("1 / open"))
    ((value, *_),) = found(test, runs_of(test, [[1, 2, 4]], [[2, 2, 2]]))
    assert value == pytest.approx(np.mean([1, 1 / 2, 1 / 4]) - 1 / 2)


def test_the_table_has_a_row_for_each_rule(claim: Make) -> None:
    change = ("labs: {follower: {complement: 0}}}\n    treatment: {extends: tiny.yaml}",
              "choice: {rule: myopic}, labs: {follower: {complement: 0}}}\n"
              "    treatment: {extends: tiny.yaml, choice: {rule: myopic}}")  # fmt: skip
    one = claim(change)  # the scenario's own rule is not another rule
    (_, test), *_ = one.tests()
    table = effects([one], runs_of(test, [[2, 4, 6]] * 2, [[1, 1, 1]] * 2))
    assert list(table["rule"]) == [OWN, OWN]
    assert list(table["draw"]) == [1, 2]
