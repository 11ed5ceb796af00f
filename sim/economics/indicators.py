"""Measures of a market that reports speak of; all take one market or several side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

EARLIER_PROGRESS = 8.3 / 12.0
"""ECI points a month by which the frontier rose before a run begins (Epoch AI: 8.3 a year to April 2024)."""


def ratio(part: ArrayLike, whole: ArrayLike, least: float = 0.0) -> Array:
    """A share; NaN where the whole is not above `least`."""
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    some = whole > least
    return np.asarray(np.where(some, part / np.where(some, whole, 1.0), np.nan))


def concentration(amounts: ArrayLike) -> Array:
    """Herfindahl index of amounts, (..., firms), 0 to 1; NaN if there are none."""
    amounts = np.asarray(amounts, dtype=float)
    return ratio(np.sum(amounts**2, axis=-1), amounts.sum(axis=-1) ** 2)


def lag_months(level: ArrayLike, frontier: ArrayLike) -> Array:
    """Months since the frontier first stood where a follower stands now.

    Parameters
    ----------
    level
        The followers' capability, ECI points, (...).
    frontier
        Best capability by month up to now, never falling once it is there, (months, ...).

    Returns
    -------
    0 at or beyond the frontier. A level below the first month's frontier is dated back at the earlier rate of
    progress. NaN if either is not there.
    """
    level, frontier = np.asarray(level, dtype=float), np.asarray(frontier, dtype=float)
    shape = frontier.shape[1:]
    level = np.broadcast_to(level, shape).reshape(-1)
    frontier = frontier.reshape(len(frontier), -1)
    there = frontier > -np.inf
    first, begins = (frontier >= level).argmax(axis=0), there.argmax(axis=0)
    now, latest, start = len(frontier) - 1, frontier[-1], frontier[begins, np.arange(len(level))]
    earlier = np.where(first == begins, np.maximum(start - level, 0.0) / EARLIER_PROGRESS, 0.0)
    lag = np.where(level >= latest, 0.0, now - first + earlier)
    return np.where(np.isfinite(level) & there[-1], lag, np.nan).reshape(shape)
