"""Progress of anything that takes more than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

QUIET_S = 1.0
EVERY_S = 10.0


@contextmanager
def progress(label: str, unit: str = "months") -> Iterator[Callable[[int, int], None]]:
    """Give a function that shows how far something has come.

    A bar if stderr is a terminal, else a line every ten seconds; nothing in the first second.

    Parameters
    ----------
    label
        What is being done.
    unit
        What the two numbers count that the function takes: those done and all.
    """
    shown = _Bar(label) if sys.stderr.isatty() else _Lines(label, unit)
    try:
        yield shown
    finally:
        shown.close()


class _Lines:
    """Progress where nobody watches: in a log."""

    def __init__(self, label: str, unit: str) -> None:
        self.label, self.unit = label, unit
        self.due = time.monotonic() + EVERY_S

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() >= self.due:
            self.due = time.monotonic() + EVERY_S
            typer.echo(f"{self.label}: {done} of {total} {self.unit}", err=True)

    def close(self) -> None:
        """Nothing is open."""


class _Bar:
    """Progress on a terminal."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.start = time.monotonic()
        self.bar: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        if self.bar is None:
            if time.monotonic() - self.start < QUIET_S:
                return
            self.open(total)
        assert self.bar is not None
        self.bar.update(self.bar.task_ids[0], completed=done, total=total)

    def open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        self.bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
        self.bar.add_task(self.label, total=total)
        self.bar.start()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
