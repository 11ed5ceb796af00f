"""How many runs make a batch, and how long the rest will take."""

from __future__ import annotations

import math
import time

PROBE_RUNS = 2
LEAST_S = 0.5
MOST_S = 20.0
SHARE_OF_ELAPSED = 0.02
"""A batch takes this part of the time so far, within the limits above: many runs make few files."""


class Pace:
    """Time a run takes, learnt from batches.

    Parameters
    ----------
    slots
        Batches that run at a time.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.started = time.monotonic()
        self._seconds, self._runs = 0.0, 0

    def learn(self, seconds: tuple[float, ...]) -> None:
        """Take in the times of a batch's runs; the first may have loaded code, so others count where there are."""
        counted = seconds[1:] or seconds
        self._seconds += sum(counted)
        self._runs += len(counted)

    @property
    def run_s(self) -> float | None:
        """Mean time of a run; none before the first batch is back."""
        return self._seconds / self._runs if self._runs else None

    def batch(self, left: int) -> int:
        """Number of runs for the next batch, if `left` are not yet given out."""
        if self.run_s is None:
            return min(PROBE_RUNS, left)
        run_s = max(self.run_s, 1e-6)
        least = math.ceil(LEAST_S / run_s)
        wanted = min(max((time.monotonic() - self.started) * SHARE_OF_ELAPSED, LEAST_S), MOST_S)
        fair = math.ceil(left / (2 * self.slots))  # towards the end, something for everyone
        return max(1, min(left, max(least, min(math.ceil(wanted / run_s), fair))))

    def left_s(self, runs: int) -> float | None:
        """Estimate of the time for a number of runs."""
        return None if self.run_s is None else runs * self.run_s / self.slots
