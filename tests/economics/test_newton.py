"""Newton's method, for markets that the accelerated iteration leaves: in closed form, against scipy, and compiled."""

import numpy as np
import pytest
from scipy.optimize import root

from sim.economics import newton, solve_prices, solver

SLOW = np.array([[0.999, 0.2, 0.0], [0.0, 0.5, 0.1], [0.0, 0.0, 0.3]])
END = np.array([1.0, -2.0, 0.5])


class Linear:
    """x -> END + SLOW (x - END), which plain steps take thousands of evaluations to end; a fourth number stays."""

    def __init__(self, lost=False):
        self.calls, self.lost = 0, lost

    def __call__(self, x):
        self.calls += 1
        image = x.copy()
        image[0, :3] = END + SLOW @ (x[0, :3] - END)
        return image, np.abs(image - x).max(axis=-1)

    def astray(self, x):
        return np.array([self.lost])

    def searched(self):
        return np.array([True, True, True, False])


def test_a_linear_map_takes_one_step_and_one_for_what_differences_round_off():
    function, start = Linear(), np.array([[3.0, 1.0, 1.0, 7.0]])
    point, residual, calls = newton.newton(function, start, float(function(start)[1][0]), 1e-5)
    np.testing.assert_allclose(point, [[*END, 7.0]], atol=1e-5)
    assert residual <= 1e-8
    assert calls == function.calls - 1 == 9  # the point; twice three beside it and the next one


def test_nothing_is_done_where_a_price_has_collapsed_or_unknowns_are_too_many(monkeypatch):
    start = np.array([[3.0, 1.0, 1.0, 7.0]])
    assert newton.newton(Linear(lost=True), start, 1.0, 1e-8) == (start, 1.0, 0)
    monkeypatch.setattr(newton, "MOST", 2)
    assert newton.newton(Linear(), start, 1.0, 1e-8) == (start, 1.0, 0)


def test_a_step_that_does_not_help_is_not_taken():
    class Even(Linear):  # no fixed point: the gap is 1 + x**2
        def __call__(self, x):
            image = x.copy()
            image[0, 0] += 1.0 + x[0, 0] ** 2
            return image, np.abs(image - x).max(axis=-1)

        def searched(self):
            return np.array([True, False, False, False])

    start = np.array([[0.3, 0.0, 0.0, 0.0]])
    point, residual, calls = newton.newton(Even(), start, 1.09, 1e-8)
    assert (point == start).all()
    assert residual == 1.09
    assert calls == 3


def market(seed):
    """Two segments, six offers in nests, one sold at cost, one that nobody can have, and a pool that is full."""
    draw = np.random.default_rng(seed)
    quality = draw.normal(size=(2, 6)) + 2.0
    quality[0, 1] = quality[:, 2] = -np.inf
    return {
        "quality": quality,
        "cost": draw.uniform(0.5, 2.0, 6),
        "price_sensitivity": [2.0, 3.0],
        "weights": [1.0, 2.0],
        "nests": (["a", "a", "b", "b", "b", "b"], ["x", "x", "y", "y", "z", "z"]),
        "nesting": (0.3, 0.2),
        "owner": ["f", "f", "g", "g", "h", "h"],
        "pool": ["p", "p", None, None, None, None],
        "capacity": {"p": 0.05},
        "at_cost": [False, False, False, True, False, False],
        "absent": "leave",
        "tolerance": 1e-9,
    }


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_it_ends_where_the_iteration_would(seed, engine, monkeypatch):
    """The iteration is stopped early; what is left is no matter of the root finder."""

    def not_needed(*_):
        raise AssertionError("the general root finder was called")

    numbers = market(seed)
    whole = solve_prices(**numbers, engine=engine)
    assert whole.shadow_prices.item() > 0.0
    near = np.where(np.arange(6) % 2, 1.02, 0.99) * whole.prices
    monkeypatch.setattr(solver, "_general_root", not_needed)
    found = solve_prices(**numbers, engine=engine, start=near, max_iterations=9)
    assert found.iterations > 18  # both starts, then Newton
    assert found.residual <= 1e-9
    np.testing.assert_allclose(found.prices[[0, 1, 4, 5]], whole.prices[[0, 1, 4, 5]], rtol=1e-7)
    assert found.prices[3] == whole.prices[3] == numbers["cost"][3]


@pytest.mark.parametrize("seed", range(4))
def test_engines_go_the_same_way(seed):
    numbers = market(seed)
    plain, fast = (solve_prices(**numbers, max_iterations=9, engine=engine) for engine in ("numpy", "numba"))
    np.testing.assert_allclose(fast.prices, plain.prices, rtol=1e-9)
    np.testing.assert_allclose(fast.shadow_prices, plain.shadow_prices, rtol=1e-8)


def test_against_scipy():
    """Single-offer sellers, one segment: p = 1 + 1 / (b (1 - share))."""
    quality, b = np.array([4.0, 5.0, 6.0]), 2.0

    def gap(p):
        worth = np.exp(quality - b * p)
        return p - 1.0 - 1.0 / (b * (1.0 - worth / (1.0 + worth.sum())))

    expected = root(gap, np.full(3, 1.6), tol=1e-13).x
    for engine in ("numpy", "numba"):
        found = solve_prices(
            quality,
            1.0,
            price_sensitivity=b,
            price_form="linear",
            start=expected + np.array([0.01, -0.02, 0.01]),
            max_iterations=2,
            engine=engine,
        )
        np.testing.assert_allclose(found.prices, expected, atol=1e-9)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_the_root_finder_leaves_what_is_not_looked_for(engine, monkeypatch):
    """Prices at cost are fixed points whatever they are; the root finder does not go to others of them."""
    numbers = market(0)
    whole = solve_prices(**numbers, engine=engine)
    monkeypatch.setattr(newton, "MOST", 0)
    monkeypatch.setattr(solver, "newton", lambda _, x, residual, __: (x, residual, 0))
    found = solve_prices(**numbers, engine=engine, max_iterations=2)
    assert found.prices[3] == numbers["cost"][3]
    np.testing.assert_allclose(found.prices[[0, 1, 4, 5]], whole.prices[[0, 1, 4, 5]], rtol=1e-7)
