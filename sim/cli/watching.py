"""How a sweep goes, on a terminal or in a log: rate, time left, and failures as they happen."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sim.cli import progress as pace
from sim.study.driver import Watch

if TYPE_CHECKING:
    from rich.progress import Progress

    from sim.study.study import Study
    from sim.study.worker import Failure

MINUTE, HOUR = 60, 3600


@contextmanager
def watching(study: Study, folder: Path) -> Iterator[Watch]:
    """Give what a sweep tells how it goes; after Ctrl-C, say what is kept."""
    watch = _OnTerminal(study) if sys.stderr.isatty() else _InLog(study)
    try:
        yield watch
    except (KeyboardInterrupt, SystemExit):
        watch.close()
        typer.echo(f"{folder}: {watch.done} runs done now are kept; the same command goes on", err=True)
        raise
    finally:
        watch.close()


def plan(study: Study, points: int) -> str:
    """The size of a study in a line."""
    runs = points * study.replicates
    return f"{study.name}: {runs} runs ({points} points of a {study.design} design x {study.replicates} replicates)"


def duration(seconds: float) -> str:
    """A time in words, to the precision that an estimate has."""
    if seconds < MINUTE:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min" if seconds > 10 * MINUTE else f"{seconds / MINUTE:.1f} min"
    return f"{seconds / HOUR:.1f} h"


class _Telling(Watch):
    """What both kinds have in common: the plan, the estimate, and each failure on a line of its own."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.done = self.failures = 0
        self.started = time.monotonic()

    def say(self, text: str) -> None:
        typer.echo(text, err=True)

    def planned(self, total: int, done: int, slots: int) -> None:
        self.started = time.monotonic()
        before = f", {done} done before" if done else ""
        self.say(f"{plan(self.study, total // self.study.replicates)}{before}, {slots} at a time")

    def estimated(self, seconds: float) -> None:
        self.say(f"about {duration(seconds)}")

    def failed(self, failure: Failure) -> None:
        self.failures += 1
        where = f"point {failure.unit.point}, replicate {failure.unit.replicate} (seed {failure.seed})"
        self.say(f"failed: {where}, {failure.stage}: {failure.error}")

    def close(self) -> None:
        """Nothing is open."""

    def rate(self) -> float:
        """Runs a second so far."""
        return self.done / max(time.monotonic() - self.started, 1e-9)


class _InLog(_Telling):
    """A line every ten seconds."""

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        self.due = time.monotonic() + pace.EVERY_S

    def progressed(self, done: int, total: int) -> None:
        self.done = done
        if time.monotonic() < self.due or done == total:
            return
        self.due = time.monotonic() + pace.EVERY_S
        failed = f", {self.failures} failed" if self.failures else ""
        left = duration((total - done) / self.rate())
        self.say(f"{self.study.name}: {done} of {total} runs, {self.rate():.3g} a second, {left} left{failed}")

    def checked(self, points: int, total: int) -> None:
        if time.monotonic() >= self.due:
            self.due = time.monotonic() + pace.EVERY_S
            self.say(f"{self.study.name}: {points} of {total} points checked")


class _OnTerminal(_Telling):
    """A bar, with lines above it."""

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        self.bar: Progress | None = None

    def say(self, text: str) -> None:
        if self.bar is None:
            super().say(text)
        else:
            self.bar.console.print(text, markup=False, highlight=False)

    def progressed(self, done: int, total: int) -> None:
        self.done = done
        self._show("runs", done, total)
        assert self.bar is not None
        failed = f", {self.failures} failed" if self.failures else ""
        self.bar.update(self.bar.task_ids[0], rate=f"{self.rate():.3g}/s{failed}")

    def checked(self, points: int, total: int) -> None:
        self._show("points checked", points, total)
        if points == total:
            self.close()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def _show(self, what: str, done: int, total: int) -> None:
        if self.bar is None:
            self.bar = _bar(f"{self.study.name}: {what}", total)
            self.bar.start()
        self.bar.update(self.bar.task_ids[0], completed=done)


def _bar(label: str, total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(label, total=total, rate="")
    return bar
