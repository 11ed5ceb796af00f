"""Machine code that may make arrays, unlike the solver's in `jit`; and calls of entries, of either."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

T = TypeVar("T")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True}


def making_arrays(function: _Function) -> _Function:
    """The function as machine code to be called from Python, kept on disk where that can be written to."""
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # no directory for the cache
        return cast(_Function, numba.njit(**_OPTIONS)(function))


def inner(function: _Function) -> _Function:
    """The function as machine code, for others to call."""
    return cast(_Function, numba.njit(**_INNER)(function))


def joined(function: _Function) -> _Function:
    """As `inner`, put into the function that calls it before that is optimised: each level more does that again."""
    return cast(_Function, numba.njit(inline="always", **_INNER)(function))


def kept(function: Callable[..., T], *arguments: Any) -> T:
    """What an entry gives. The first call ever writes machine code to disk; it is there even where that fails."""
    try:
        return function(*arguments)
    except OSError:  # a full disk
        return function(*arguments)
