"""Sensitivity measures against closed forms, and what becomes of luck, failures and unfinished sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from SALib.sample import latin
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample
from scipy import stats

from sim.analysis.effects import Bootstrap, is_morris, saltelli_block
from sim.analysis.points import Points, luck
from sim.analysis.sensitivity import Sensitivity, Variation, measure
from sim.run.errors import RunError

Array = NDArray[np.float64]
Model = Callable[[Array], Array]
QUICK = Bootstrap(resamples=200)
SE_OF_HALF_WIDTH = 1.645
"""A 90 % interval reaches so many standard errors to each side."""


def problem(factors: int, low: float = 0.0, high: float = 1.0) -> dict[str, object]:
    return {"num_vars": factors, "names": names(factors), "bounds": [[low, high]] * factors}


def names(factors: int) -> list[str]:
    return [f"x.{i}" for i in range(factors)]


def ishigami(x: Array) -> Array:
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


ISHIGAMI_FIRST = [0.31390519, 0.44241114, 0.0]
ISHIGAMI_TOTAL = [0.55758886, 0.44241114, 0.24368366]

G = np.array([0.0, 0.5, 3.0, 9.0, 99.0])


def sobol_g(x: Array) -> Array:
    return np.asarray(np.prod((np.abs(4 * x - 2) + G) / (1 + G), axis=1))


def sobol_g_indices() -> tuple[Array, Array]:
    """Closed form: V_i = 1 / (3 (1 + a_i)^2), V = prod(1 + V_i) - 1."""
    own = 1 / (3 * (1 + G) ** 2)
    whole = np.prod(1 + own) - 1
    return own / whole, own * np.array([np.prod(1 + np.delete(own, i)) for i in range(len(G))]) / whole


def sweep(x: Array, outcomes: Sequence[Array], columns: Sequence[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Design and runs of a sweep whose replicates have these outcomes, point by point."""
    design = pd.DataFrame(x, columns=list(columns or names(x.shape[1])))
    design.insert(0, "point", np.arange(len(x)))
    runs = [
        design.assign(replicate=r, seed=r + 1, status=np.where(np.isfinite(y), "done", "failed"), y=y)
        for r, y in enumerate(outcomes)
    ]
    return design, pd.concat(runs, ignore_index=True).sort_values(["point", "replicate"], ignore_index=True)


def analysed(
    kind: str, x: Array, *outcomes: Array, bootstrap: Bootstrap = QUICK, levels: int = 4
) -> Sensitivity:
    design, runs = sweep(x, outcomes)
    return measure(runs, Variation(kind, Points.of(design, names(x.shape[1])), levels), ["y"], bootstrap=bootstrap)


def rows(found: Sensitivity, measure: str) -> pd.DataFrame:
    return found.table[found.table["measure"] == measure].set_index("factor")


def assert_near(rows: pd.DataFrame, truth: Sequence[float] | Array) -> None:
    """Within three standard errors, which are themselves small."""
    error = (rows["high"] - rows["low"]).to_numpy() / 2 / SE_OF_HALF_WIDTH
    assert (error < 0.05).all()
    assert (np.abs(rows["value"].to_numpy() - np.asarray(truth)) <= 3 * error + 1e-12).all()


@pytest.mark.parametrize("second_order", [False, True])
def test_sobol_indices_of_ishigami(second_order: bool) -> None:
    x = sobol_sample.sample(problem(3, -np.pi, np.pi), 1024, calc_second_order=second_order, seed=3)
    found = analysed("saltelli", x, ishigami(x))
    assert_near(rows(found, "first_order"), ISHIGAMI_FIRST)
    assert_near(rows(found, "total_order"), ISHIGAMI_TOTAL)


def test_sobol_indices_of_the_g_function() -> None:
    x = sobol_sample.sample(problem(len(G)), 1024, calc_second_order=False, seed=5)
    found = analysed("saltelli", x, sobol_g(x))
    first, total = sobol_g_indices()
    assert_near(rows(found, "first_order"), first)
    assert_near(rows(found, "total_order"), total)


def test_sobol_indices_do_not_depend_on_the_unit_of_the_outcome() -> None:
    x = sobol_sample.sample(problem(3, -np.pi, np.pi), 64, calc_second_order=False, seed=3)
    found = analysed("saltelli", x, ishigami(x))
    other = analysed("saltelli", x, 1e9 - 250.0 * ishigami(x))
    for measured in ("first_order", "total_order"):
        columns = ["value", "low", "high"]
        np.testing.assert_allclose(rows(other, measured)[columns], rows(found, measured)[columns], atol=1e-9)


def test_intervals_hold_as_often_as_they_say() -> None:
    """Of 80 independent designs about 72 intervals hold the truth; 8 fewer would be three standard deviations."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(80):
        a, b = rng.random((128, 2)), rng.random((128, 2))
        blocks = [a, np.column_stack([b[:, 0], a[:, 1]]), np.column_stack([a[:, 0], b[:, 1]]), b]
        x = np.stack(blocks, axis=1).reshape(-1, 2)
        total = rows(analysed("saltelli", x, 2 * x[:, 0] + x[:, 1]), "total_order").loc["x.0"]
        held += bool(total["low"] <= 0.8 <= total["high"])
    assert held >= 64


def test_morris_of_a_linear_function_is_its_coefficients() -> None:
    x = morris_sample.sample(problem(3), 20, num_levels=6, seed=1)
    found = analysed("morris", x, x @ [3.0, -2.0, 0.0], levels=6)
    np.testing.assert_allclose(rows(found, "mu_star")["value"], [3, 2, 0], atol=1e-12)
    np.testing.assert_allclose(rows(found, "mu")["value"], [3, -2, 0], atol=1e-12)
    np.testing.assert_allclose(rows(found, "sigma")["value"], 0, atol=1e-12)
    np.testing.assert_allclose(rows(found, "mu_star")[["low", "high"]].T, [[3, 2, 0]] * 2, atol=1e-12)


def test_morris_sees_an_interaction_as_spread() -> None:
    x = morris_sample.sample(problem(3), 200, num_levels=4, seed=1)
    found = analysed("morris", x, x[:, 0] * x[:, 1] + x[:, 2])
    sigma = rows(found, "sigma")["value"]
    assert sigma["x.2"] < 1e-12
    # the effect of x.0 is x.1, which is 0, 1/3, 2/3 or 1 alike: sd sqrt(5) / 6
    assert_near(rows(found, "sigma").loc[["x.0"]], [np.sqrt(5) / 6])


def test_levels_without_an_order_have_no_direction() -> None:
    x = morris_sample.sample(problem(2), 10, num_levels=4, seed=1)
    design, runs = sweep(x, [x @ [1.0, 2.0]])
    for frame in (design, runs):
        frame["x.1"] = np.where(frame["x.1"] < 0.5, "baseline", "no-controls")
    found = measure(runs, Variation("morris", Points.of(design, names(2))), ["y"], bootstrap=QUICK)
    assert list(rows(found, "mu_star").index) == ["x.0", "x.1"]
    assert list(rows(found, "mu").index) == ["x.0"]
    assert list(rows(found, "mean_low").index) == ["x.0"]


def test_any_design_gives_first_order_and_direction() -> None:
    x = latin.sample(problem(3), 1000, seed=1)
    found = analysed("latin-hypercube", x, 4 * x[:, 0] - 2 * x[:, 1] + 1e-9 * x[:, 2])
    assert_near(rows(found, "first_order"), [0.8, 0.2, 0.0])
    direction = rows(found, "rank_correlation")["value"]
    assert direction["x.0"] > 0 > direction["x.1"]
    # uniform numbers: the lowest fifth has mean 0.1, the highest 0.9
    assert_near(rows(found, "mean_low").loc[["x.0"]], [4 * 0.1 - 1])
    assert_near(rows(found, "mean_high").loc[["x.0"]], [4 * 0.9 - 1])


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 6, (40, 2)).astype(float)
    y = x[:, 0] + rng.normal(size=40)
    found = rows(analysed("random", x, y), "rank_correlation")["value"]
    assert found["x.0"] == pytest.approx(stats.spearmanr(x[:, 0], y).statistic, abs=1e-12)


def test_few_values_are_taken_one_by_one() -> None:
    """On a full grid the mean of a level is exact: 1 - (1 - eta^2)(n - 1)/(n - k), eta^2 = V(f)/V(f + g)."""
    effects = {"a": 0.0, "b": 1.0, "c": -1.0, "d": 4.0}, (0.0, 1.0, 2.0)
    grid = [(f, g) for f in effects[0] for g in effects[1]]
    design = pd.DataFrame(grid, columns=["scenario", "size"])
    design.insert(0, "point", np.arange(len(grid)))
    y = design["scenario"].map(effects[0]) + design["size"]
    runs = design.assign(replicate=0, seed=1, status="done", y=y)
    variation = Variation("grid", Points.of(design, ["scenario", "size"]))
    first = rows(measure(runs, variation, ["y"], bootstrap=QUICK), "first_order")["value"]
    f, g, n = np.var(list(effects[0].values())), np.var(effects[1]), len(grid)
    assert first["scenario"] == pytest.approx(1 - g / (f + g) * (n - 1) / (n - 4), abs=1e-12)
    assert first["size"] == pytest.approx(1 - f / (f + g) * (n - 1) / (n - 3), abs=1e-12)


def test_parameters_that_vary_together_are_named() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((50, 2))
    x[:, 1] += 2 * x[:, 0]
    notes = analysed("list", x, x[:, 0]).notes["y"]
    assert any(note.startswith("x.0 and x.1 vary together (rank correlation +0.") for note in notes)


def test_luck_is_parted_from_parameters() -> None:
    """Standard deviations 3, 2 and 1 of points, seeds and the rest: 9, 4 and 1 fourteenths."""
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(2, 400))
    of_points, of_seeds = stats.zscore(draws, axis=1, ddof=1) * [[3], [2]]
    outcomes = [of_points + of_seed + rng.normal(size=400) for of_seed in of_seeds]
    runs = sweep(np.zeros((400, 1)), outcomes)[1]
    part = luck(runs, "y")
    assert part.parameters + part.shared + part.own == pytest.approx(1)
    assert part.parameters == pytest.approx(9 / 14, rel=0.02)
    assert part.shared == pytest.approx(4 / 14, rel=0.02)
    assert part.of_means == pytest.approx(1 / 400 / 9, rel=0.02)
    runs["seed"] = np.arange(len(runs))
    assert luck(runs, "y").shared == 0


def test_a_parameter_that_only_draws_luck_anew_gets_what_is_said() -> None:
    rng = np.random.default_rng(1)
    x = sobol_sample.sample(problem(2), 512, calc_second_order=False, seed=1)
    outcomes = [x[:, 0] + rng.normal(0, 0.4, len(x)) for _ in range(3)]
    found = rows(analysed("saltelli", x, *outcomes), "total_order")
    assert found.loc["x.1", "luck"] > 0.2
    assert_near(found.loc[["x.1"]], found.loc[["x.1"], "luck"])
    x = morris_sample.sample(problem(2), 300, num_levels=4, seed=1)
    outcomes = [x[:, 0] + rng.normal(0, 0.4, len(x)) for _ in range(3)]
    found = rows(analysed("morris", x, *outcomes), "mu_star")
    assert_near(found.loc[["x.1"]], found.loc[["x.1"], "luck"])


def test_one_replicate_says_nothing_of_luck() -> None:
    x = sobol_sample.sample(problem(2), 32, calc_second_order=False, seed=1)
    found = analysed("saltelli", x, x[:, 0])
    assert found.luck[["parameters", "shared", "own", "of_means"]].isna().all(axis=None)
    assert found.notes["y"] == [
        "one replicate a point: luck counts as an effect of parameters, and how much is not known"
    ]


@pytest.mark.parametrize(("kind", "block", "said"), [("saltelli", 5, "blocks"), ("morris", 4, "trajectories")])
def test_a_point_without_value_takes_its_block_along(kind: str, block: int, said: str) -> None:
    if kind == "saltelli":
        x = sobol_sample.sample(problem(3), 16, calc_second_order=False, seed=1)
    else:
        x = morris_sample.sample(problem(3), 16, num_levels=4, seed=1)
    y = x @ [3.0, 2.0, 1.0] + x[:, 0] * x[:, 1]
    holed = y.copy()
    holed[2 * block + 1] = np.nan
    found = analysed(kind, x, holed)
    rest = np.delete(np.arange(len(x)), np.arange(2 * block, 3 * block))
    there = found.table["method"] != "ends"
    expected = analysed(kind, x[rest], y[rest]).table
    columns = ["factor", "measure", "value", "low", "high", "points"]
    pd.testing.assert_frame_equal(found.table.loc[there, columns], expected.loc[there, columns])
    assert found.notes["y"][0] == (
        f"1 of {16 * block} points have no value, so 1 of 16 {said} are left out; "
        "the measures describe where there are values"
    )
    assert ", 1 of them failed" in found.title


def test_a_failed_replicate_leaves_the_mean_to_the_others() -> None:
    x = np.linspace(0, 1, 20)[:, None]
    first, second = x[:, 0].copy(), x[:, 0] + 1
    first[3] = np.nan
    design, runs = sweep(x, [first, second])
    means = Points.of(design, names(1)).means(runs, "y")
    np.testing.assert_allclose(np.delete(means - x[:, 0], 3), 0.5)
    assert means[3] == second[3]


def test_an_unfinished_sweep_uses_what_is_there() -> None:
    x = sobol_sample.sample(problem(2), 32, calc_second_order=False, seed=1)
    design, runs = sweep(x, [x[:, 0]])
    variation = Variation("saltelli", Points.of(design, names(2)))
    found = measure(runs[runs["point"] < 50], variation, ["y"], bootstrap=QUICK)
    assert found.title == "saltelli: 50 of 128 points of 2 parameters, 50 runs"
    assert (found.table.loc[found.table["method"] == "sobol", "points"] == 48).all()
    found = measure(runs[runs["point"] < 28], variation, ["y"], bootstrap=QUICK)
    assert found.table.empty
    assert "no measure: 7 whole blocks; needed: 8" in found.notes["y"]


def test_an_outcome_that_never_changes_has_no_measure() -> None:
    x = sobol_sample.sample(problem(2), 16, calc_second_order=False, seed=1)
    found = analysed("saltelli", x, np.full(len(x), 0.5))
    assert found.table.empty
    assert "no measure: the same value (0.5) everywhere" in found.notes["y"]


def test_the_order_of_runs_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    x = sobol_sample.sample(problem(2), 16, calc_second_order=False, seed=1)
    design, runs = sweep(x, [x[:, 0] + rng.normal(size=len(x)) for _ in range(2)])
    variation = Variation("saltelli", Points.of(design, names(2)))
    found = measure(runs, variation, ["y"], bootstrap=QUICK)
    other = measure(runs.sample(frac=1, random_state=1), variation, ["y"], bootstrap=QUICK)
    pd.testing.assert_frame_equal(other.table, found.table)


def test_points_out_of_order_are_refused() -> None:
    x = sobol_sample.sample(problem(2), 16, calc_second_order=False, seed=1)
    with pytest.raises(RunError, match="64 points of 2 parameters, said to be a saltelli design, are not"):
        analysed("saltelli", np.roll(x, 1, axis=0), x[:, 0])
    with pytest.raises(RunError, match="said to be a morris design"):
        analysed("morris", np.random.default_rng(1).random((9, 2)), np.arange(9.0))


@pytest.mark.parametrize("factors", [1, 2, 5])
def test_designs_are_known_by_their_points(factors: int) -> None:
    one = sobol_sample.sample(problem(factors), 8, calc_second_order=False, seed=1)
    two = sobol_sample.sample(problem(factors), 8, calc_second_order=True, seed=1)
    assert saltelli_block(one) == factors + 2
    assert saltelli_block(two) == 2 * factors + 2
    assert saltelli_block(two[: 2 * (factors + 2)]) is None
    assert is_morris(morris_sample.sample(problem(factors), 8, num_levels=4, seed=1))
    assert not is_morris(two[: 2 * (factors + 1)]) or factors == 1


def test_what_is_printed() -> None:
    x = morris_sample.sample(problem(2), 20, num_levels=2, seed=1)
    text = repr(analysed("morris", x, x @ [0.0, 2.0], x @ [0.0, 2.0] + 1, levels=2))
    assert text.splitlines() == [
        "morris: 60 of 60 points of 2 parameters, 120 runs",
        "",
        "y",
        "       mu*  90 % interval  mu  90 % interval  sigma  90 % interval",
        "  x.1    2         2 to 2   2         2 to 2      0         0 to 0",
        "  x.0    0         0 to 0   0         0 to 0      0         0 to 0",
        "  variance of a run: 67% parameters, 33% seeds as such, 0% other luck; "
        "of means over 2 replicates 0% is luck",
    ]
