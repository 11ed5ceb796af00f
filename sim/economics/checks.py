"""Checks of inputs, with messages that say which argument, what was found and what is allowed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class InputError(ValueError):
    """An argument is not allowed; the message says which, what was found and what is allowed."""


def numbers(
    name: str,
    values: ArrayLike,
    *,
    least: float = -np.inf,
    strictly: bool = False,
    most: float = np.inf,
    infinite: bool = False,
) -> NDArray[np.float64]:
    """An array of floats within bounds.

    Parameters
    ----------
    name
        The argument, for the message.
    least, strictly, most
        Bounds, and whether the lower one is excluded.
    infinite
        Whether infinite values are allowed.

    Raises
    ------
    InputError
        Naming the first value that is not allowed and its index.
    """
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: found {_short(values)}; allowed are numbers") from None
    if array.size == 0:
        return array
    # Two passes in the good case; NaN fails both comparisons.
    low, high = array.min(), array.max()
    above = low > least if strictly else low >= least
    if above and high <= most and (infinite or (np.isfinite(low) and np.isfinite(high))):
        return array
    bounds = f"numbers {'>' if strictly else '>='} {least:g}" if least > -np.inf else "numbers"
    if most < np.inf:
        bounds = f"numbers from {least:g} to {most:g}" + (f", {least:g} excluded" if strictly else "")
    if not infinite:
        bounds = bounds.replace("numbers", "finite numbers", 1)
    bad = ~(((array > least) if strictly else (array >= least)) & (array <= most))
    if not infinite:
        bad |= np.isinf(array)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), array.shape))
    where = f" at index {index if len(index) > 1 else index[0]}" if index else ""
    raise InputError(f"{name}: found {array[index]:g}{where}; allowed are {bounds}")


def fits(
    name: str, array: NDArray[Any], axes: Sequence[str], lengths: Sequence[int], *, number: bool = True
) -> None:
    """Check that the last axes of `array` have these lengths, or 1; `number`: a bare number will do."""
    if array.ndim == 0 and number:
        return
    found = array.shape[-len(lengths) :]
    padded = (1,) * (len(lengths) - len(found)) + found
    if array.ndim and all(n in (1, length) for n, length in zip(padded, lengths, strict=True)):
        return
    allowed = f"(..., {', '.join(axes)}), here (..., {', '.join(map(str, lengths))})"
    if number:
        allowed = f"a number or {allowed}"
    raise InputError(f"{name}: found shape {array.shape}; allowed is {allowed}")


def label_rows(name: str, labels: Any, offers: int) -> list[list[Hashable]]:
    """Rows of labels with one label per offer: [] for None, one row, or two rows."""
    if labels is None:
        return []
    rows = list(labels)
    two = len(rows) == 2 and all(isinstance(row, list | tuple | np.ndarray) for row in rows)
    table = [list(row) for row in rows] if two else [rows]
    for row in table:
        if len(row) != offers:
            raise InputError(f"{name}: found {len(row)} labels; allowed is one per offer, here {offers}")
    return table


def label_row(name: str, labels: Any, offers: int) -> list[Hashable]:
    """One row of labels, [] for None."""
    rows = label_rows(name, labels, offers)
    if len(rows) > 1:
        raise InputError(f"{name}: found {len(rows)} rows of labels; allowed is one")
    return rows[0] if rows else []


def sorted_labels(labels: Sequence[Hashable]) -> tuple[Hashable, ...]:
    """Distinct labels in order: their natural one, or where they do not compare that of their text."""
    distinct = list(dict.fromkeys(labels))
    try:
        return tuple(sorted(distinct))  # type: ignore[type-var]
    except TypeError:
        return tuple(sorted(distinct, key=str))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
