"""Accelerated fixed points of batches."""

import numpy as np
import pytest

from sim.economics.fixed_point import fixed_points


class Linear:
    """x <- x* + A (x - x*), a contraction for each problem."""

    def __init__(self, matrix, solution):
        self.matrix, self.solution, self.calls = matrix, solution, 0

    def __call__(self, x):
        self.calls += 1
        image = self.solution + (self.matrix @ (x - self.solution)[..., None])[..., 0]
        return image, np.abs(image - x).max(axis=-1)

    def rows(self, keep):
        return Linear(self.matrix[keep], self.solution[keep])


def contractions(problems, n, rate, seed=0):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(problems, n, n)))[0]
    eigenvalues = rng.uniform(-0.2, rate, (problems, n))
    eigenvalues[:, 0] = rate
    return Linear(turn * eigenvalues[:, None, :] @ turn.swapaxes(-1, -2), rng.normal(size=(problems, n)))


def test_acceleration_saves_most_of_the_work():
    function = contractions(4, 20, 0.97)
    fast = fixed_points(function, np.zeros((4, 20)), tolerance=1e-10, iterations=2000)
    slow = fixed_points(function, np.zeros((4, 20)), tolerance=1e-10, iterations=2000, depth=0)
    for found in (fast, slow):
        assert (found.residual <= 1e-10).all()
        np.testing.assert_allclose(found.x, function.solution, atol=1e-8)
    assert (fast.iterations * 5 < slow.iterations).all()


def test_each_problem_is_as_if_it_were_alone():
    function = contractions(5, 8, 0.9)
    together = fixed_points(function, np.zeros((5, 8)), tolerance=1e-10, iterations=500)
    for k in range(5):
        alone = fixed_points(
            function.rows(np.arange(5) == k), np.zeros((1, 8)), tolerance=1e-10, iterations=500
        )
        np.testing.assert_allclose(together.x[k], alone.x[0], rtol=1e-12)
        assert together.iterations[k] == alone.iterations[0]


def test_problems_that_are_done_are_not_evaluated_again():
    function = contractions(3, 4, 0.5)
    start = function.solution.copy()
    start[1] += 1.0
    found = fixed_points(function, start, tolerance=1e-12, iterations=200)
    assert found.iterations[0] == found.iterations[2] == 1
    assert found.iterations[1] > 1


class Scalar:
    """A scalar map for every problem, from a function of x."""

    def __init__(self, function):
        self.function = function

    def __call__(self, x):
        with np.errstate(all="ignore"):
            image = self.function(x)
        return image, np.abs(image - x)[..., 0]

    def rows(self, keep):
        return self


def test_a_near_solution_does_not_hold_it():
    """The map x + ((x - 1)^2 + 0.001) / 5 crawls past 1, where residuals dip, before it settles at 3."""
    narrow = Scalar(
        lambda x: np.where(x < 2.0, x + ((x - 1.0) ** 2 + 1e-3) / 5.0, 3.0 + (x - 3.0) * 0.79960002)
    )
    found = fixed_points(narrow, np.array([[0.5]]), tolerance=1e-10, iterations=1000)
    assert found.residual[0] <= 1e-10
    np.testing.assert_allclose(found.x, 3.0, atol=1e-8)


def test_it_leaves_a_fixed_point_that_repels():
    """The map x + x (1 - x) / 2 has fixed points 0, which repels, and 1, which attracts."""
    found = fixed_points(
        Scalar(lambda x: x + x * (1 - x) / 2), np.array([[1e-3]]), tolerance=1e-12, iterations=500
    )
    np.testing.assert_allclose(found.x, 1.0, atol=1e-10)


def test_images_that_are_not_finite_are_dropped():
    """Newton's map for the square root, undefined for negative x where acceleration may lead."""
    root = Scalar(lambda x: np.where(x > 0, 0.5 * (x + 2.0 / x), np.nan))
    found = fixed_points(root, np.array([[50.0]]), tolerance=1e-13, iterations=200)
    np.testing.assert_allclose(found.x, np.sqrt(2.0), rtol=1e-12)


@pytest.mark.parametrize("depth", [0, 8])
def test_without_a_fixed_point_the_best_point_comes_back(depth):
    found = fixed_points(
        Scalar(lambda x: x + 1 + x**2), np.array([[-3.0]]), tolerance=1e-10, iterations=50, depth=depth
    )
    assert found.residual[0] >= 1.0
    assert found.iterations[0] == 50
    np.testing.assert_allclose(found.residual[0], 1 + found.x[0, 0] ** 2)
