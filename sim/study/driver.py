"""The loop of a sweep: batches out, reports in, and what to do when a worker, the disk or the user stops it."""

from __future__ import annotations

from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.study.executors import Crew
from sim.study.pace import Pace
from sim.study.store import Store
from sim.study.study import Study
from sim.study.worker import Batch, Failure, Report, run_batch

Fail = Literal["fast", "end", "never"]

DEATHS_TOGETHER = 2
"""A run that was lost this often with others is run alone, so that it is plain who took the worker along."""
DEATHS_ALONE = 2
"""A run that took its worker along this often, alone, is recorded as failed."""
LOSSES_IN_A_ROW = DEATHS_TOGETHER + DEATHS_ALONE + 2
"""So many losses with nothing done between them are not the fault of one run."""
IN_VAIN = (
    "worker processes die before they finish a run: for lack of memory, or because the script that asks for "
    "workers has no `if __name__ == '__main__':` around it"
)

Pair = tuple[int, int]


class Watch:
    """Told how a sweep goes; does nothing by itself."""

    def checked(self, points: int, total: int) -> None:
        """Points whose scenario was checked so far."""

    def planned(self, total: int, done: int, slots: int) -> None:
        """Before the first run: runs in all, those done before, runs at a time."""

    def estimated(self, seconds: float) -> None:
        """Once, when the first runs are back."""

    def progressed(self, done: int, total: int) -> None:
        """Whenever runs come back; both count what was asked of this sweep."""

    def failed(self, failure: Failure) -> None:
        """As it happens."""


@dataclass
class _Queue:
    """Runs that are to be done: those never given out, and those that came back undone."""

    units: NDArray[np.int64]
    given: int
    returned: deque[Pair]

    def __len__(self) -> int:
        return len(self.units) - self.given + len(self.returned)

    def take(self, number: int) -> tuple[Pair, ...]:
        """The next runs, those that came back first."""
        back = [self.returned.popleft() for _ in range(min(number, len(self.returned)))]
        fresh = self.units[self.given : self.given + number - len(back)]
        self.given += len(fresh)
        return (*back, *((int(point), int(replicate)) for point, replicate in fresh))


class Driver:
    """Hands out batches and takes in what comes back.

    Parameters
    ----------
    study, store
        What is run, and where it is kept.
    hands
        Who runs it.
    units
        Runs to do, rows (point, replicate).
    fail
        Whether the first failure stops the sweep.
    watch
        Told how it goes.

    Attributes
    ----------
    done, failed
        Runs that came back, and of them failed.
    stopped
        Why it ended early; empty if it did not.
    """

    def __init__(
        self, study: Study, store: Store, hands: Crew, units: NDArray[np.int64], fail: Fail, watch: Watch
    ) -> None:
        self.study, self.store, self.hands, self.fail, self.watch = study, store, hands, fail, watch
        self.asked = len(units)
        self.done = self.failed = 0
        self.stopped = ""
        self._queue = _Queue(units, 0, deque())
        self._suspects: deque[Pair] = deque()
        self._deaths: Counter[Pair] = Counter()
        self._flying: dict[Future[Report], Batch] = {}
        self._pace = Pace(hands.slots)
        self._estimated = False
        self._losses = 0

    def run(self) -> None:
        """Do every run, or stop early with what is finished in the dataset.

        Raises
        ------
        KeyboardInterrupt, SystemExit
            When the user or the system asks to stop: after the runs under way have been taken in.
        """
        try:
            while not self.stopped and (self._queue or self._suspects or self._flying):
                self._hand_out()
                self._take_in()
        except (KeyboardInterrupt, SystemExit):
            self._wind_up()
            raise
        if self.stopped:
            self._wind_up()

    def _hand_out(self) -> None:
        """Keep every worker busy, with one batch in reserve for each second one."""
        most = self.hands.slots + (self.hands.slots + 1) // 2 if self._pace.run_s else self.hands.slots
        while self._queue and len(self._flying) < most and not self.stopped:
            self._submit(self._queue.take(self._pace.batch(len(self._queue))))
        if self._suspects and not self._flying and not self.stopped:
            unit = self._suspects.popleft()
            guilty = self._deaths[unit] >= DEATHS_TOGETHER + DEATHS_ALONE
            self._submit((unit,), f"its worker process died {self._deaths[unit]} times" if guilty else None)

    def _submit(self, units: tuple[Pair, ...], blamed: str | None = None) -> None:
        batch = Batch(str(self.store.folder.resolve()), self.study.hash, units, blamed)
        try:
            self._flying[self.hands.submit(run_batch, batch)] = batch
        except self.hands.lost:  # a worker died since the last batch came back
            self._queue.returned.extend(units)
            self._recover()

    def _take_in(self) -> None:
        """Wait for a batch; if its worker died, for all that the broken executor still gives back."""
        back, _ = wait(self._flying, return_when=FIRST_COMPLETED)
        died = [future for future in back if not self._land(future)]
        if died:
            self._recover()

    def _recover(self) -> None:
        """Leave a broken executor with all that it still gives back, so that another is opened."""
        self._losses += 1
        in_vain = IN_VAIN if self._losses >= LOSSES_IN_A_ROW else ""
        self.stopped = self.stopped or in_vain or self.hands.renew()
        if self.hands.breaks:
            for future in list(self._flying):
                self._land(future)

    def _land(self, future: Future[Report]) -> bool:
        """Take in a batch, once it is back; whether its worker lives."""
        batch = self._flying.pop(future)
        try:
            report = future.result()
        except self.hands.lost:
            self._mourn(batch)
            return False
        except CancelledError:  # it never began
            self._queue.returned.extend(batch.units)
            return False
        self._keep(batch, report)
        return True

    def _mourn(self, batch: Batch) -> None:
        """Put the runs of a lost batch back; those that were lost before are run alone."""
        self._deaths.update(batch.units)
        for unit in batch.units:
            often = self._deaths[unit] >= DEATHS_TOGETHER
            (self._suspects if often else self._queue.returned).append(unit)

    def _keep(self, batch: Batch, report: Report) -> None:
        """Count a batch, or stop if it could not be written."""
        problem = report.disk
        if not problem:
            try:
                if report.file:
                    self.store.commit(report.file)
            except OSError as error:
                problem = error.strerror or str(error)
        if problem:
            self.stopped = self.stopped or f"{self.store.folder} cannot be written: {problem}"
            return
        self._losses = 0
        self.done += len(report.seconds)
        self._queue.returned.extend(batch.units[len(report.seconds) :])
        for unit in batch.units:
            self._deaths.pop(unit, None)
        self._pace.learn(report.seconds)
        self._tell(report)

    def _tell(self, report: Report) -> None:
        for failure in report.failures:
            self.failed += 1
            self.watch.failed(failure)
        if report.failures and self.fail == "fast":
            self.stopped = self.stopped or "a run failed"
        left = self._pace.left_s(self.asked - self.done)
        if not self._estimated and left is not None:
            self._estimated = True
            self.watch.estimated(left)
        self.watch.progressed(self.done, self.asked)

    def _wind_up(self) -> None:
        """Let the workers finish the run that they are at, and take in what they have.

        What waits for a worker is not cancelled: it comes back undone at once, and a cluster cannot tell what
        waits from what runs.
        """
        self.store.ask_to_stop()
        for future in list(self._flying):
            self._land(future)
