"""Functions as machine code, and exponentials and logarithms that the compiler can take several at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from sim.economics.nests import FloatArray

_Function = TypeVar("_Function", bound=Callable[..., Any])

# No `fastmath` but in `summing`, where loops need it to work on several at a time.
# No counting of references either: nothing here makes an array that outlives a call, and counting at every look into
# a tuple of arrays would take most of the time.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_SHIFT = 1.5 * 2.0**52  # added to a small number it leaves the nearest integer in the lowest bits
_SHIFT_BITS = 0x4338000000000000
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


def compiled(function: _Function) -> _Function:
    """The function as machine code, for others to call. It may not make arrays, nor views of them."""
    return cast(_Function, numba.njit(**_INNER)(function))


def joined(function: _Function) -> _Function:
    """As `compiled`, put into the function that calls it before that is optimised: each level more does that again."""
    return cast(_Function, numba.njit(inline="always", **_INNER)(function))


def summing(function: _Function) -> _Function:
    """As `compiled`, of sums in any order: the same each time on one machine, to rounding on another."""
    return cast(_Function, numba.njit(fastmath={"reassoc"}, **_INNER)(function))


def entry(function: _Function) -> _Function:
    """The function as machine code to be called from Python, kept on disk where that can be written to."""
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # no directory for the cache
        return cast(_Function, numba.njit(**_OPTIONS)(function))


def _instruction(signature: Any, build: Callable[[Any, Any, Any], Any]) -> tuple[Any, Callable[..., Any]]:
    """An instruction of the machine with this signature; `build` has the builder, arguments and result type."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return build(builder, arguments, context.get_value_type(signature.return_type))

    return signature, code


def _bits_of(_context: Any, _number: Any) -> Any:
    return _instruction(types.int64(types.float64), lambda builder, of, to: builder.bitcast(of[0], to))


def _float_of(_context: Any, _bits: Any) -> Any:
    return _instruction(types.float64(types.int64), lambda builder, of, to: builder.bitcast(of[0], to))


def _fused(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    number = types.float64
    return _instruction(number(number, number, number), lambda builder, of, _to: builder.fma(*of))


_bits: Any = intrinsic(_bits_of)
"""The bits of a float, as an integer."""
_float: Any = intrinsic(_float_of)
"""The float with these bits."""
_fma: Any = intrinsic(_fused)
"""Of a, b, c: a b + c, rounded once."""


@compiled
def exp(x: float) -> float:
    """Exponential to 2e-16, relative, 0 below 1e-307.

    Without a branch, so that loops over it work on several at once.
    """
    shifted = x * _LOG2E + _SHIFT
    n = shifted - _SHIFT
    r = _fma(-n, _LN2_LOW, _fma(-n, _LN2_HIGH, x))
    p = _fma(1.0 / 6227020800.0, r, 1.0 / 479001600.0)
    p = _fma(p, r, 1.0 / 39916800.0)
    p = _fma(p, r, 1.0 / 3628800.0)
    p = _fma(p, r, 1.0 / 362880.0)
    p = _fma(p, r, 1.0 / 40320.0)
    p = _fma(p, r, 1.0 / 5040.0)
    p = _fma(p, r, 1.0 / 720.0)
    p = _fma(p, r, 1.0 / 120.0)
    p = _fma(p, r, 1.0 / 24.0)
    p = _fma(p, r, 1.0 / 6.0)
    p = _fma(p, r, 0.5)
    value = (1.0 + _fma(p, r * r, r)) * _float((_bits(shifted) + 1023) << 52)
    value = 0.0 if x < -708.0 else value
    return np.inf if x > 709.0 else value


@compiled
def log(x: float) -> float:
    """Logarithm of a number from 1e-300 to 1e300 to 2e-16, relative, NaN of others; without a branch."""
    bits = _bits(x)
    k = (bits - _ROOT_HALF_BITS) >> 52
    m = _float(bits - (k << 52))
    n = _float(k + _SHIFT_BITS) - _SHIFT
    f = (m - 1.0) / (m + 1.0)
    e = f * f
    p = _fma(1.0 / 21.0, e, 1.0 / 19.0)
    p = _fma(p, e, 1.0 / 17.0)
    p = _fma(p, e, 1.0 / 15.0)
    p = _fma(p, e, 1.0 / 13.0)
    p = _fma(p, e, 1.0 / 11.0)
    p = _fma(p, e, 1.0 / 9.0)
    p = _fma(p, e, 1.0 / 7.0)
    p = _fma(p, e, 1.0 / 5.0)
    p = _fma(p, e, 1.0 / 3.0)
    value = _fma(n, _LN2_HIGH, _fma(n, _LN2_LOW, 2.0 * _fma(e * p, f, f)))
    return value if 0.0 < x < np.inf else np.nan


@compiled
def copy(of: FloatArray, to: FloatArray, n: int) -> None:
    """The first `n` numbers of one array into another; assignment to a slice takes long to compile."""
    for i in range(n):
        to[i] = of[i]


@compiled
def power(base: FloatArray, row: int, exponent: float, out: FloatArray, n: int) -> None:
    """A row of `base` to the power of `exponent`. In two loops: one would need more registers than there are."""
    if exponent == 1.0:
        for i in range(n):
            out[row, i] = base[row, i]
        return
    for i in range(n):
        out[row, i] = exponent * log(base[row, i])
    for i in range(n):
        out[row, i] = exp(out[row, i])


@summing
def dot(rows: FloatArray, k: int, b: FloatArray, n: int) -> float:
    """Product of a row and a vector."""
    total = 0.0
    for i in range(n):
        total += rows[k, i] * b[i]
    return total


@summing
def dot_rows(rows: FloatArray, k: int, m: int, n: int) -> float:
    """Product of two rows."""
    total = 0.0
    for i in range(n):
        total += rows[k, i] * rows[m, i]
    return total
