"""Machine code that may make arrays, unlike the solver's in `jit`; and calls of entries, of either, from anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.core import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from sim.economics.compiled.jit import on_disk

T = TypeVar("T")
_Function = TypeVar("_Function", bound=Callable[..., Any])
Bare = tuple[Any, ...]
"""A named tuple without its names, as entries that are called often take it: numba asks for the names of others at
every call, which takes longer than all the rest of the way in."""
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True}


def making_arrays(function: _Function) -> _Function:
    """The function as machine code to be called from Python, kept on disk where that can be written to."""
    return on_disk(function, _OPTIONS)


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


def address(function: Any) -> int:
    """Where the machine code of an entry is that was called before, and always with arguments of the same types."""
    (made,) = function.overloads.values()
    return int(made.library.get_pointer_to_function(made.fndesc.llvm_func_name))


def at_address(function: Any) -> Any:
    """An entry with five arguments and an integer as result, as compiled code may call it: by its address.

    Called by name, its code would be taken in and optimised once more, which takes most of the time to compile.
    It gives -1 where it raises an exception.
    """

    @intrinsic
    def call(_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:  # noqa: ARG001 numba looks at names
        given, known = (a, b, c, d, e), list(function.overloads)
        if known != [given]:
            raise TypingError(f"machine code for arguments of types {known} is called with {given}")

        def code(context: Any, builder: Any, _kind: Any, values: Any) -> Any:
            convention, result = context.call_conv, context.get_value_type(types.intp)
            where = convention.get_function_type(types.intp, given).as_pointer()
            out, trouble = (builder.alloca(part.pointee) for part in where.pointee.args[:2])
            arguments = convention._get_arg_packer(given).as_arguments(builder, values[1:])
            status = builder.call(builder.inttoptr(values[0], where), [out, trouble, *arguments])
            fine = builder.icmp_signed("==", status, ir.Constant(status.type, 0))
            return builder.select(fine, builder.load(out), ir.Constant(result, -1))

        return types.intp(types.intp, *given), code

    return call
