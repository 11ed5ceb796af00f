"""How far something has come, told to whoever watches."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with the number of things done so far and the number of all."""


class Tally:
    """A count of what is done.

    Parameters
    ----------
    progress
        Whom to tell; none: nobody.
    total
        The number of all.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def add(self, many: int = 1) -> None:
        """Count, and tell."""
        self.done += many
        if self.progress is not None:
            self.progress(self.done, self.total)
