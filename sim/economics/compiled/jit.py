"""Functions as machine code, and exponentials and logarithms that the compiler can take several at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

_Function = TypeVar("_Function", bound=Callable[..., Any])

_SHIFT = 1.5 * 2.0**52  # added to a small number it leaves the nearest integer in the lowest bits
_SHIFT_BITS = 0x4338000000000000
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


def compiled(function: _Function) -> _Function:
    """The function as machine code, for others to call.

    No `fastmath`: what comes out must not depend on how loops are cut up. No wrappers: they take long.
    """
    return cast(
        _Function,
        numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function),
    )


def entry(function: _Function) -> _Function:
    """The function as machine code to be called from Python, kept on disk."""
    return cast(_Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


@intrinsic  # type: ignore[untyped-decorator]
def _bits(_context: Any, _number: Any) -> Any:
    """The bits of a float, as an integer."""

    def code(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _context.get_value_type(signature.return_type))

    return types.int64(types.float64), code


@intrinsic  # type: ignore[untyped-decorator]
def _float(_context: Any, _number: Any) -> Any:
    """The float with these bits."""

    def code(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _context.get_value_type(signature.return_type))

    return types.float64(types.int64), code


@compiled
def exp(x: float) -> float:
    """e^x to 1e-16, relative, 0 below 1e-308; without a branch, so that loops over it work on several at once."""
    shifted = x * _LOG2E + _SHIFT
    n = shifted - _SHIFT
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    even = r * r
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    value = (1.0 + (r + even * p)) * _float((_bits(shifted) + 1023) << 52)
    value = 0.0 if x < -708.0 else value
    return np.inf if x > 709.0 else value


@compiled
def log(x: float) -> float:
    """Ln x of a number from 1e-300 to 1e300, without a branch."""
    bits = _bits(x)
    k = (bits - _ROOT_HALF_BITS) >> 52
    m = _float(bits - (k << 52))
    n = _float(k + _SHIFT_BITS) - _SHIFT
    f = (m - 1.0) / (m + 1.0)
    e = f * f
    p = 1.0 / 21.0
    p = p * e + 1.0 / 19.0
    p = p * e + 1.0 / 17.0
    p = p * e + 1.0 / 15.0
    p = p * e + 1.0 / 13.0
    p = p * e + 1.0 / 11.0
    p = p * e + 1.0 / 9.0
    p = p * e + 1.0 / 7.0
    p = p * e + 1.0 / 5.0
    p = p * e + 1.0 / 3.0
    return n * _LN2_HIGH + (2.0 * f * (1.0 + e * p) + n * _LN2_LOW)
