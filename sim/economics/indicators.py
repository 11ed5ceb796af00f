"""Measures of a market that reports speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EARLIER_PROGRESS = 8.3 / 12.0
"""ECI points a month by which the frontier rose before a run begins (Epoch AI: 8.3 a year to April 2024)."""


def concentration(amounts: Array) -> float:
    """Herfindahl index of amounts, 0 to 1; NaN if there are none."""
    total = float(np.sum(amounts))
    return float(np.sum((amounts / total) ** 2)) if total > 0.0 else float("nan")


def lag_months(level: float, frontier: Array) -> float:
    """Months since the frontier first stood where a follower stands now.

    Parameters
    ----------
    level
        The follower's capability, ECI points.
    frontier
        Best capability by month up to now, never falling, (months,).

    Returns
    -------
    0 at or beyond the frontier. A level below the first month's frontier is dated back at the earlier rate of
    progress. NaN if either is not there.
    """
    if not np.isfinite(level) or not len(frontier) or not np.isfinite(frontier[-1]):
        return float("nan")
    now = len(frontier) - 1
    if level >= frontier[-1]:
        return 0.0
    known = np.where(np.isfinite(frontier), frontier, -np.inf)
    first, begins = int(np.argmax(known >= level)), int(np.argmax(np.isfinite(known)))
    if first == begins:
        return float(now - begins + max(known[begins] - level, 0.0) / EARLIER_PROGRESS)
    return float(now - first)


def ratio(part: float, whole: float) -> float:
    """A share; NaN of nothing."""
    return part / whole if whole > 0.0 else float("nan")
