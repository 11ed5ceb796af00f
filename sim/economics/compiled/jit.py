"""Functions as machine code, and exponentials, logarithms and products of numbers or lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import binding
from numba.core import codegen, types
from numba.np import arrayobj

from sim.economics.compiled.lanes import (
    LANES,
    SHIFT,
    exponent,
    fma,
    lanes,
    mantissa,
    part,
    row,
    scale,
    total,
    where_less,
)
from sim.economics.nests import FloatArray

_Function = TypeVar("_Function", bound=Callable[..., Any])

# No `fastmath`: sums in any order would differ between machines.
# No counting of references either: nothing here makes an array that outlives a call, and counting at every look into
# a tuple of arrays would take most of the time.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_numba: Any = codegen
_arrays: Any = arrayobj
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


def compiled(function: _Function) -> _Function:
    """The function as machine code, for others to call. It may not make arrays, nor views of them."""
    return cast(_Function, numba.njit(**_INNER)(function))


def joined(function: _Function) -> _Function:
    """As `compiled`, put into the function that calls it before that is optimised: each level more does that again."""
    return cast(_Function, numba.njit(inline="always", **_INNER)(function))


def entry(function: _Function) -> _Function:
    """The function as machine code to be called from Python, kept on disk where that can be written to."""
    return on_disk(function, _OPTIONS)


def on_disk(function: _Function, options: dict[str, Any]) -> _Function:
    """As `entry`, with options of numba's."""
    try:
        made = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no directory for the cache
        made = numba.njit(**options)(function)
    compile_it = made.compile

    def compiled_small(signature: Any) -> Any:
        with _small_code():
            return compile_it(signature)

    made.compile = compiled_small
    return cast(_Function, made)


@contextmanager
def _small_code() -> Iterator[None]:
    """Compile, with all that is called, loops as they stand.

    Else loops are unrolled, that is, their bodies are repeated. Ours take a few steps of whole lanes: they hardly
    come to the repeated part, and the code is so long that a search takes a fifth more time.
    """

    def builder(machine: Any, opt: int = 2, loop_vectorize: bool = False, slp_vectorize: bool = False) -> Any:
        options = binding.create_pipeline_tuning_options(speed_level=min(opt, 2))
        options.loop_unrolling = False
        options.loop_vectorization, options.slp_vectorization = loop_vectorize, slp_vectorize
        return binding.create_pass_builder(machine, options)

    def index(context: Any, builder: Any, kind: Any, value: Any, _length: Any) -> Any:
        return context.cast(builder, value, kind, types.intp)

    before = _numba.create_pass_builder, _arrays.fix_integer_index
    _numba.create_pass_builder, _arrays.fix_integer_index = builder, index
    try:
        yield
    finally:
        _numba.create_pass_builder, _arrays.fix_integer_index = before


@compiled
def exp(x: Any) -> Any:
    """Exponential to 2e-16, relative, 0 below 1e-307."""
    shifted = x * _LOG2E + SHIFT
    n = shifted - SHIFT
    r = fma(n, -_LN2_LOW, fma(n, -_LN2_HIGH, x))
    p = fma(r, 1.0 / 6227020800.0, 1.0 / 479001600.0)
    p = fma(p, r, 1.0 / 39916800.0)
    p = fma(p, r, 1.0 / 3628800.0)
    p = fma(p, r, 1.0 / 362880.0)
    p = fma(p, r, 1.0 / 40320.0)
    p = fma(p, r, 1.0 / 5040.0)
    p = fma(p, r, 1.0 / 720.0)
    p = fma(p, r, 1.0 / 120.0)
    p = fma(p, r, 1.0 / 24.0)
    p = fma(p, r, 1.0 / 6.0)
    p = fma(p, r, 0.5)
    value = scale(1.0 + fma(p, r * r, r), shifted)
    value = where_less(x, -708.0, 0.0, value)
    return where_less(709.0, x, np.inf, value)


@compiled
def log(x: Any) -> Any:
    """Logarithm of a number from 1e-300 to 1e300 to 2e-16, relative, NaN of others."""
    m, n = mantissa(x), exponent(x) - SHIFT
    f = (m - 1.0) / (m + 1.0)
    e = f * f
    p = fma(e, 1.0 / 21.0, 1.0 / 19.0)
    p = fma(p, e, 1.0 / 17.0)
    p = fma(p, e, 1.0 / 15.0)
    p = fma(p, e, 1.0 / 13.0)
    p = fma(p, e, 1.0 / 11.0)
    p = fma(p, e, 1.0 / 9.0)
    p = fma(p, e, 1.0 / 7.0)
    p = fma(p, e, 1.0 / 5.0)
    p = fma(p, e, 1.0 / 3.0)
    value = fma(n, _LN2_HIGH, fma(n, _LN2_LOW, 2.0 * fma(e * p, f, f)))
    return where_less(0.0, where_less(x, np.inf, x, -1.0), value, np.nan)


@compiled
def size(x: Any) -> Any:
    """Absolute value."""
    return where_less(x, 0.0, 0.0 - x, x)


@compiled
def copy(of: FloatArray, to: FloatArray, n: int) -> None:
    """The first `n` numbers of one array into another; assignment to a slice takes long to compile."""
    for i in range(n):
        to[i] = of[i]


@compiled
def dot(rows: FloatArray, k: int, b: FloatArray, n: int) -> float:
    """Product of a row and a vector, of whose lanes the last may be filled up with zeros."""
    products: Any = lanes(0.0)
    for i in range(0, n, LANES):
        products = fma(row(rows, k, i), part(b, i), products)
    return float(total(products))


@compiled
def dot_rows(rows: FloatArray, k: int, m: int, n: int) -> float:
    """Likewise of two rows."""
    products: Any = lanes(0.0)
    for i in range(0, n, LANES):
        products = fma(row(rows, k, i), row(rows, m, i), products)
    return float(total(products))
