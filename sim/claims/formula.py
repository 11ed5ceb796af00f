"""Sums, products and ratios of measures, read without evaluating any code: ``(a + b) / c``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SIGNS: Mapping[type[ast.operator], Callable[[Array, Array], Array]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}


class FormulaError(ValueError):
    """A formula that cannot be read."""


@dataclass(frozen=True)
class Formula:
    """An arithmetic expression over named measures; `parse` makes it."""

    text: str
    names: frozenset[str]
    _tree: ast.expr

    def of(self, values: Mapping[str, Array]) -> Array:
        """Its value, element by element; no number where something is divided by zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.asarray(_value(self._tree, values), dtype=float)
        return np.where(np.isfinite(found), found, np.nan)


def parse(text: str) -> Formula:
    """Read names, numbers, ``+ - * /`` and brackets.

    Raises
    ------
    FormulaError
        If there is anything else.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise FormulaError("not a formula") from error
    for node in ast.walk(tree):
        if not _is_plain(node):
            raise FormulaError(f"'{ast.unparse(node)}'" if isinstance(node, ast.expr) else "a sign")
    return Formula(text, frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)), tree)


def _is_plain(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    return isinstance(node, ast.BinOp | ast.Name | ast.Load) or type(node) in _SIGNS


def _value(node: ast.expr, values: Mapping[str, Array]) -> Array:
    match node:
        case ast.BinOp(left, sign, right):
            return _SIGNS[type(sign)](_value(left, values), _value(right, values))
        case ast.Name(name):
            return values[name]
        case ast.Constant(number):
            return np.asarray(number, dtype=float)
    raise AssertionError(node)
