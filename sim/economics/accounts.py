"""Identities that hold every month, checked in every run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
RELATIVE = 1e-8


class AccountError(RuntimeError):
    """An identity of the month does not hold: a mistake in the program, never in the scenario."""


def require_equal(
    what: str, names: Sequence[str], month: object, left: Array, right: Array, scale: float
) -> None:
    """Raise if two accounts differ by more than 1e-8 of `scale`.

    Parameters
    ----------
    what
        The identity, in words.
    names
        Entities, one an element of `left` and `right`.
    month
        For the message.
    scale
        Size against which a difference counts, such as the market's turnover.
    """
    gap = np.abs(np.asarray(left) - np.asarray(right))
    worst = int(np.argmax(gap))
    if not gap[worst] <= RELATIVE * max(scale, 1e-12):
        raise AccountError(
            f"{month}: {what} does not hold for {names[worst]}: {left[worst]!r} against {right[worst]!r}"
        )


def require_balance(what: str, month: object, left: float, right: float, scale: float) -> None:
    """Raise if two accounts of the whole market differ by more than 1e-8 of `scale`."""
    if not abs(left - right) <= RELATIVE * max(scale, 1e-12):
        raise AccountError(f"{month}: {what} does not hold for the market: {left!r} against {right!r}")


def require_at_most(
    what: str, names: Sequence[str], month: object, used: Array, stock: Array | float
) -> None:
    """Raise if something is used beyond its stock (by more than 1e-8 of it)."""
    over = used - np.asarray(stock) * (1.0 + RELATIVE)
    worst = int(np.argmax(over))
    if not over[worst] <= 1e-12:
        most = np.broadcast_to(stock, over.shape)[worst]
        raise AccountError(f"{month}: {what} for {names[worst]}: {used[worst]!r} of {most!r}")
