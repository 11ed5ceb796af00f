"""Eight numbers at a time, against numpy and against one by one."""

import numba
import numpy as np

from sim.economics.compiled.jit import dot, exp, log
from sim.economics.compiled.lanes import LANES, fma, highest, part, put, put_part, row, total, where_less


@numba.njit
def _each(x, exponentials, logarithms):
    for i in range(len(x)):
        exponentials[i] = exp(x[i])
        logarithms[i] = log(x[i])


@numba.njit
def _by_lanes(x, exponentials, logarithms):
    for i in range(0, len(x), LANES):
        put_part(exponentials, i, exp(part(x, i)))
        put_part(logarithms, i, log(part(x, i)))


def test_exponentials_and_logarithms_to_the_last_bits():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-700, 700, 5000), rng.uniform(-1, 1, 5000), rng.uniform(0.5, 2, 5000)])
    exponentials, logarithms = np.empty_like(x), np.empty_like(x)
    _each(x, exponentials, logarithms)
    np.testing.assert_allclose(exponentials, np.exp(x), rtol=4e-16)
    positive = x > 0
    np.testing.assert_allclose(logarithms[positive], np.log(x[positive]), rtol=6e-16)
    assert np.isnan(logarithms[~positive]).all()
    together = np.empty((2, len(x)))
    _by_lanes(x, together[0], together[1])
    np.testing.assert_array_equal(together, [exponentials, logarithms])


def test_special_numbers():
    x = np.array([-np.inf, -800.0, np.inf, np.nan, 0.0, 1.0, -1.0, -0.0])
    for by in (_each, _by_lanes):
        exponentials, logarithms = np.empty_like(x), np.empty_like(x)
        by(x, exponentials, logarithms)
        np.testing.assert_array_equal(exponentials[:5], [0.0, 0.0, np.inf, np.nan, 1.0])
        np.testing.assert_array_equal(logarithms, [np.nan] * 5 + [0.0] + [np.nan] * 2)


@numba.njit
def _arithmetic(table, out):
    a, b = row(table, 0, 8), row(table, 1, 8)
    results = (a + b, a - b, a * b, a / b, 2.0 * a, a - 2.0, fma(a, b, 1.0), where_less(a, b, a, 0.0))
    put(out, 0, 8, results[0])
    put(out, 1, 8, results[1])
    put(out, 2, 8, results[2])
    put(out, 3, 8, results[3])
    put(out, 4, 8, results[4])
    put(out, 5, 8, results[5])
    put(out, 6, 8, results[6])
    put(out, 7, 8, results[7])
    put(out, 8, 8, 7.0)
    return total(a), highest(b)


def test_operators_work_lane_by_lane_and_touch_nothing_else():
    table, out = np.random.default_rng(1).normal(size=(2, 24)), np.zeros((9, 24))
    a, b = table[:, 8:16]
    table[1, 9] = np.nan
    sums = _arithmetic(table, out)
    expected = [a + b, a - b, a * b, a / b, 2 * a, a - 2, a * b + 1, np.where(a < b, a, 0), np.full(8, 7.0)]
    np.testing.assert_allclose(out[:, 8:16], expected, rtol=1e-14)
    assert not out[:, :8].any()
    assert not out[:, 16:].any()
    np.testing.assert_allclose(sums[0], a.sum(), rtol=1e-14)
    table[1, 9] = 5.0
    assert _arithmetic(table, out)[1] == 5.0


@numba.njit
def _product(rows, k, vector, n):
    return dot(rows, k, vector, n)


def test_products_of_vectors_filled_up_with_zeros():
    rows, vector = np.zeros((3, 16)), np.zeros(16)
    rows[1, :11], vector[:11] = np.random.default_rng(2).normal(size=(2, 11))
    np.testing.assert_allclose(_product(rows, 1, vector, 11), rows[1] @ vector, rtol=1e-14)
