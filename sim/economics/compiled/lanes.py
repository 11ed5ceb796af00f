"""Eight numbers at a time: a type of compiled code, with its arithmetic, and exponentials and logarithms of it.

The compiler of itself works on several elements of a loop at a time only where it can show that arrays do not
overlap, and on what is left over one by one, which with rows of 16 or 40 numbers is most of them. Written with
`Lanes` a loop takes steps of eight, in whatever pieces the machine does them, and sums come out the same on every
machine. Functions and operators here take numbers as well, or both.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model
from numba.np.arrayobj import make_array

LANES = 8
_NUMBER, _BITS = ir.DoubleType(), ir.IntType(64)

SHIFT = 1.5 * 2.0**52  # added to a small number it leaves the nearest integer in the lowest bits
_SHIFT_BITS = 0x4338000000000000
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


class _Lanes(types.Type):
    pass


Lanes: Any = _Lanes("Lanes")


# numba has types for a part of itself only.
_primitive: Any = models.PrimitiveModel
_signature: Any = signature
_array: Any = make_array
_register: Any = register_model
_known: Any = infer_global
_lowered: Any = lower_builtin

_register(_Lanes)(lambda manager, kind: _primitive(manager, kind, ir.VectorType(_NUMBER, LANES)))


def _many(builder: Any, value: Any, like: Any) -> Any:
    """A number as lanes, if `like` is of lanes; lanes stay."""
    if isinstance(value.type, ir.VectorType) or not isinstance(like, ir.VectorType):
        return value
    many = builder.insert_element(ir.Constant(like, ir.Undefined), value, ir.IntType(32)(0))
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(many, ir.Constant(like, ir.Undefined), everywhere)


def _constant(like: Any, value: int, kind: Any = _BITS) -> Any:
    """An integer for each lane, or one."""
    if isinstance(like, ir.VectorType):
        return ir.Constant(ir.VectorType(kind, LANES), [value] * LANES)
    return ir.Constant(kind, value)


def _integers(like: Any) -> Any:
    return ir.VectorType(_BITS, LANES) if isinstance(like, ir.VectorType) else _BITS


def _arithmetic(operation: Any, instruction: str) -> None:
    """An operator between lanes, or lanes and a number."""
    pairs = [(Lanes, Lanes), (Lanes, types.float64), (types.float64, Lanes)]

    @_known(operation)
    class _Typing(ConcreteTemplate):
        cases = [_signature(Lanes, *pair) for pair in pairs]

    def lower(context: Any, builder: Any, _kind: Any, arguments: Any) -> Any:
        whole = context.get_value_type(Lanes)
        return getattr(builder, instruction)(*(_many(builder, value, whole) for value in arguments))

    for pair in pairs:
        _lowered(operation, *pair)(lower)


for _operation, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _arithmetic(_operation, _name)


def _common(arguments: Any) -> Any:
    """Lanes if one of the arguments is, else a number."""
    return Lanes if Lanes in arguments else types.float64


def _of_any(build: Callable[[Any, list[Any], Any], Any]) -> Any:
    """An instruction for numbers and lanes alike: `build` has the builder, the values, all of one type, and that."""

    def typed(_context: Any, *arguments: Any) -> Any:
        result = _common(arguments)

        def code(context: Any, builder: Any, _kind: Any, values: Any) -> Any:
            to = context.get_value_type(result)
            return build(builder, [_many(builder, value, to) for value in values], to)

        return result(*(Lanes if part is Lanes else types.float64 for part in arguments)), code

    return typed


def _fused(builder: Any, of: list[Any], to: Any) -> Any:
    name = "llvm.fma.v8f64" if isinstance(to, ir.VectorType) else "llvm.fma.f64"
    known = builder.module.globals.get(name)
    function = known or ir.Function(builder.module, ir.FunctionType(to, [to] * 3), name)
    return builder.call(function, of)


def _scaled(builder: Any, of: list[Any], to: Any) -> Any:
    value, shifted = of
    bits = builder.bitcast(shifted, _integers(to))
    power = builder.shl(builder.add(bits, _constant(to, 1023)), _constant(to, 52))
    return builder.fmul(value, builder.bitcast(power, to))


def _power_of_two(builder: Any, x: Any, to: Any) -> Any:
    """The k with which x 2**-k is between the roots of 1/2 and 2, as integers."""
    bits = builder.bitcast(x, _integers(to))
    return builder.ashr(builder.sub(bits, _constant(to, _ROOT_HALF_BITS)), _constant(to, 52))


def _taken_mantissa(builder: Any, of: list[Any], to: Any) -> Any:
    k = builder.shl(_power_of_two(builder, of[0], to), _constant(to, 52))
    return builder.bitcast(builder.sub(builder.bitcast(of[0], _integers(to)), k), to)


def _taken_exponent(builder: Any, of: list[Any], to: Any) -> Any:
    k = builder.add(_power_of_two(builder, of[0], to), _constant(to, _SHIFT_BITS))
    return builder.bitcast(k, to)


def _chosen(builder: Any, of: list[Any], _to: Any) -> Any:
    a, b, then, other = of
    return builder.select(builder.fcmp_ordered("<", a, b), then, other)


def _instruction(typing: Callable[..., Any]) -> Any:
    """An instruction for compiled code, that has the arguments of `typing` but the first."""
    return intrinsic(typing)


@_instruction
def fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    """Of a, b, c: a b + c, rounded once."""
    return _of_any(_fused)(context, a, b, c)


@_instruction
def where_less(context: Any, a: Any, b: Any, then: Any, other: Any) -> Any:
    """`then` where a < b, elsewhere `other`, also where one of them is NaN."""
    return _of_any(_chosen)(context, a, b, then, other)


@_instruction
def scale(context: Any, value: Any, shifted: Any) -> Any:
    """Value times 2 to the power of the integer that `shifted` has in its lowest bits."""
    return _of_any(_scaled)(context, value, shifted)


@_instruction
def mantissa(context: Any, x: Any) -> Any:
    """A number between the roots of 1/2 and 2 that times a power of two is x."""
    return _of_any(_taken_mantissa)(context, x)


@_instruction
def exponent(context: Any, x: Any) -> Any:
    """The power of two that goes with the mantissa, plus `SHIFT`."""
    return _of_any(_taken_exponent)(context, x)


def _place(context: Any, builder: Any, kind: Any, values: Any) -> Any:
    """Where in an array lanes are: of a row, or of a vector."""
    array, *indices = values
    pointer = _array(kind.args[0])(context, builder, array)
    at = indices[-1]
    if len(indices) == 2:
        # in C order; no index is negative
        columns = builder.extract_value(pointer.shape, 1)
        at = builder.add(builder.mul(indices[0], columns), at)
    place = builder.gep(pointer.data, [at], inbounds=True)
    return builder.bitcast(place, ir.VectorType(_NUMBER, LANES).as_pointer())


def _loading(context: Any, builder: Any, kind: Any, values: Any) -> Any:
    return builder.load(_place(context, builder, kind, values), align=8)


def _storing(context: Any, builder: Any, kind: Any, values: Any) -> Any:
    value = _many(builder, values[-1], ir.VectorType(_NUMBER, LANES))
    builder.store(value, _place(context, builder, kind, values[:-1]), align=8)
    return context.get_dummy_value()


@_instruction
def row(_context: Any, array: Any, r: Any, s: Any) -> Any:  # noqa: ARG001 numba looks at names
    """Lanes from s on of row r."""
    return Lanes(array, types.intp, types.intp), _loading


@_instruction
def part(_context: Any, array: Any, s: Any) -> Any:  # noqa: ARG001 numba looks at names
    """Lanes from s on of a vector."""
    return Lanes(array, types.intp), _loading


@_instruction
def put(_context: Any, array: Any, r: Any, s: Any, value: Any) -> Any:  # noqa: ARG001 numba looks at names
    """Write lanes, or a number for each, from s on into row r."""
    kind = Lanes if value is Lanes else types.float64
    return types.void(array, types.intp, types.intp, kind), _storing


@_instruction
def put_part(_context: Any, array: Any, s: Any, value: Any) -> Any:  # noqa: ARG001 numba looks at names
    """Write lanes, or a number for each, from s on into a vector."""
    kind = Lanes if value is Lanes else types.float64
    return types.void(array, types.intp, kind), _storing


@_instruction
def lanes(_context: Any, x: Any) -> Any:  # noqa: ARG001 numba looks at names
    """The number in every lane."""

    def code(context: Any, builder: Any, _kind: Any, values: Any) -> Any:
        return _many(builder, values[0], context.get_value_type(Lanes))

    return Lanes(types.float64), code


def _folded(join: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    """Code that joins halves, halves of these, and the last two lanes."""

    def code(_context: Any, builder: Any, _kind: Any, values: Any) -> Any:
        rest, n = values[0], LANES
        while n > 1:
            n //= 2
            halves = [
                builder.shuffle_vector(rest, rest, ir.Constant(ir.VectorType(ir.IntType(32), n), list(which)))
                for which in (range(n), range(n, 2 * n))
            ]
            rest = join(builder, *halves)
        return builder.extract_element(rest, ir.IntType(32)(0))

    return code


@_instruction
def highest(_context: Any, x: Any) -> Any:  # noqa: ARG001 numba looks at names
    """The largest of the lanes, none of which is NaN."""
    join = _folded(lambda builder, a, b: builder.select(builder.fcmp_ordered("<", a, b), b, a))
    return types.float64(Lanes), join


@_instruction
def total(_context: Any, x: Any) -> Any:  # noqa: ARG001 numba looks at names
    """Sum of the lanes."""
    return types.float64(Lanes), _folded(lambda builder, a, b: builder.fadd(a, b))
