"""Points of each design: what defines the design holds, whatever the library that samples it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.study.design import count, sample

TWO = """\
vary:
  labs.leader.capex: {low: 1.0e9, high: 4.0e9}
  spillovers.theft: {dist: triangular, low: 0, mode: 0.05, high: 0.15}
"""
DESIGNS = {
    "random": "design: random\npoints: 16\n",
    "latin-hypercube": "design: latin-hypercube\npoints: 16\n",
    "sobol": "design: sobol\npoints: 16\n",
    "morris": "design: morris\npoints: 5\n",
    "saltelli": "design: saltelli\npoints: 8\n",
    "second order": "design: saltelli\npoints: 8\nsecond_order: true\n",
}


@pytest.mark.parametrize("design", DESIGNS)
def test_a_sample_is_the_same_each_time_and_another_with_another_seed(study, design):
    made = study(TWO + DESIGNS[design])
    first, again = sample(made), sample(made)
    other = sample(study(TWO + DESIGNS[design] + "design_seed: 2\n"))
    assert first.table.equals(again.table)
    assert not first.table.equals(other.table)
    assert first.points == count(made)
    assert first.frame["labs.leader.capex"].between(1e9, 4e9).all()


def test_a_grid_is_every_combination_once(study):
    made = study("""\
vary:
  labs.leader.capex: {low: 1.0e9, high: 4.0e9, steps: 4}
  choice.rule: [lookahead, myopic]
design: grid
""")
    points = sample(made)
    assert count(made) == points.points == 8
    assert set(zip(points.frame["labs.leader.capex"], points.frame["choice.rule"], strict=True)) == {
        (capex, rule) for capex in (1e9, 2e9, 3e9, 4e9) for rule in ("lookahead", "myopic")
    }


def test_a_list_takes_values_in_step(study):
    made = study("""\
vary:
  spillovers.theft: [0.0, 0.1, 0.2]
  spillovers.leakage: [0.3, 0.2, 0.1]
design: list
""")
    assert sample(made).frame.to_numpy().tolist() == [[0, 0.0, 0.3], [1, 0.1, 0.2], [2, 0.2, 0.1]]


def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_factor(study):
    quantiles = sample(study(TWO + DESIGNS["latin-hypercube"])).quantiles
    assert (np.sort(np.floor(quantiles * 16), axis=0) == np.arange(16)[:, None]).all()


def test_a_sobol_sample_is_balanced_in_every_elementary_square(study):
    quantiles = sample(study(TWO + DESIGNS["sobol"])).quantiles
    cells = np.floor(quantiles * 4).astype(int)
    assert len({tuple(cell) for cell in cells}) == 16


def test_a_morris_trajectory_changes_one_factor_at_a_time(study):
    points = sample(study(TWO + DESIGNS["morris"]))
    steps = np.diff(points.quantiles.reshape(5, 3, 2), axis=1)
    assert (np.count_nonzero(steps, axis=2) == 1).all()
    assert np.abs(steps[steps != 0]) == pytest.approx(2 / 3)


def test_a_saltelli_sample_swaps_one_column_at_a_time(study):
    blocks = sample(study(TWO + DESIGNS["saltelli"])).quantiles.reshape(8, 4, 2)
    a, swapped, b = blocks[:, 0], blocks[:, 1:3], blocks[:, 3]
    for i in (0, 1):
        assert (swapped[:, i, i] == b[:, i]).all()
        assert (swapped[:, i, 1 - i] == a[:, 1 - i]).all()


def test_points_are_what_the_design_says_at_their_quantiles(study):
    points = sample(study(TWO + DESIGNS["sobol"]))
    capex = 1e9 + 3e9 * points.quantiles[:, 0]
    assert points.frame["labs.leader.capex"].to_numpy() == pytest.approx(capex)
    assert points.entries(3)["labs.leader.capex"] == points.frame["labs.leader.capex"][3]
