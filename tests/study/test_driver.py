"""The loop of a sweep under everything that can happen to a batch, with workers that do as they are told."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

from sim.study.design import sample
from sim.study.driver import Driver, Watch
from sim.study.executors import Crew
from sim.study.store import Store
from sim.study.study import Unit
from sim.study.worker import Batch, Failure, Report

Answer = Callable[[Batch], Report]


def fine(batch: Batch) -> Report:
    return Report("", tuple(0.2 for _ in batch.units), ())


class Told(Executor):
    """Answers each batch at once."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def submit(self, run, batch):
        future = Future()
        try:
            future.set_result(self.answer(batch))
        except BrokenProcessPool as error:
            future.set_exception(error)
        return future


class Hands(Crew):
    lost = (BrokenProcessPool,)

    def __init__(self, answer: Answer, slots: int = 2) -> None:
        super().__init__()
        self.answer, self.slots, self.opened = answer, slots, 0

    def renew(self) -> str:
        self._executor = None
        return ""

    def _open(self) -> Executor:
        self.opened += 1
        return Told(self.answer)


@pytest.fixture
def drive(study, desk):
    """Drive runs with an answer to each batch; gives the driver and all batches."""
    made = study()
    store = Store.create(made, sample(made), desk / "out", None)

    def run(answer: Answer, units: int = 40, fail: str = "end", watch: Watch | None = None, note: bool = True):
        batches: list[Batch] = []

        def noting(batch: Batch) -> Report:
            if note:
                batches.append(batch)
            return answer(batch)

        numbers = np.column_stack([np.arange(units), np.zeros(units, dtype=int)])
        hands = Hands(noting)
        driver = Driver(made, store, hands, numbers, fail, watch or Watch())
        with store.locked():
            driver.run()
        return driver, batches, hands

    return run


def test_every_run_is_given_out_once(drive):
    driver, batches, _ = drive(fine)
    given = [unit for batch in batches for unit in batch.units]
    assert sorted(given) == [(i, 0) for i in range(40)]
    assert (driver.done, driver.failed, driver.stopped) == (40, 0, "")


def test_batches_hold_half_a_second_of_work_once_a_run_is_timed(drive):
    _, batches, _ = drive(fine)
    assert [len(batch.units) for batch in batches[:2]] == [2, 2]  # they find out how long a run takes
    assert {len(batch.units) for batch in batches[3:-1]} == {3}  # 0.6 s


def test_runs_of_a_lost_batch_are_done_all_the_same(drive):
    losses = iter([True, True, False, True])

    def lose(batch: Batch) -> Report:
        if next(losses, False):
            raise BrokenProcessPool("died")
        return fine(batch)

    driver, _, hands = drive(lose)
    assert driver.done == 40
    assert hands.opened > 1


def test_a_run_that_kills_its_worker_is_found_and_recorded_and_the_others_are_done(drive):
    counts: Counter[tuple[int, int]] = Counter()
    blamed: list[Batch] = []

    def die(batch: Batch) -> Report:
        if batch.blamed:
            blamed.append(batch)
            return Report("", (0.0,), (Failure(Unit(17, 0), 1, "process", batch.blamed),))
        if (17, 0) in batch.units:
            raise BrokenProcessPool("died")
        counts.update(batch.units)
        return fine(batch)

    driver, _, _ = drive(die)
    assert counts == Counter({(i, 0): 1 for i in range(40) if i != 17})
    assert [(batch.units, batch.blamed) for batch in blamed] == [(((17, 0),), "its worker process died 4 times")]
    assert (driver.done, driver.failed) == (40, 1)


def test_workers_that_all_die_at_once_stop_the_sweep(drive):
    """As in a script without its guard, where every worker starts the script again."""

    def die(batch: Batch) -> Report:
        raise BrokenProcessPool("died")

    driver, batches, _ = drive(die)
    assert driver.stopped.startswith("worker processes die before they finish a run: for lack of memory, or")
    assert driver.done == driver.failed == 0
    assert len(batches) <= 2 * 6


def failing(batch: Batch) -> Report:
    failures = tuple(Failure(Unit(*unit), 1, "2023-02", "ValueError: x") for unit in batch.units if unit[0] == 1)
    return Report("", tuple(0.2 for _ in batch.units), failures)


def test_a_failure_is_told_at_once_and_stops_nothing(drive):
    class Ears(Watch):
        heard: list[str] = []

        def failed(self, failure: Failure) -> None:
            self.heard.append(f"failed {failure.unit.point}")

        def progressed(self, done: int, total: int) -> None:
            self.heard.append(f"{done} of {total}")

    driver, _, _ = drive(failing, watch=Ears())
    assert "failed 1" in Ears.heard[:3]
    assert Ears.heard[-1] == "40 of 40"
    assert (driver.done, driver.failed, driver.stopped) == (40, 1, "")


def test_fail_fast_stops_at_the_first(drive):
    driver, batches, _ = drive(failing, fail="fast")
    assert driver.stopped == "a run failed"
    assert driver.done == sum(len(batch.units) for batch in batches) < 40


def test_a_full_disk_stops_the_sweep(drive):
    driver, _, _ = drive(lambda batch: Report("", (), (), disk="No space left on device"))
    assert driver.stopped.endswith("out cannot be written: No space left on device")
    assert driver.done == 0


def test_what_a_worker_did_not_get_to_is_given_out_again(drive):
    def half(batch: Batch) -> Report:
        return Report("", tuple(0.2 for _ in batch.units[: max(1, len(batch.units) // 2)]), ())

    assert drive(half)[0].done == 40


def test_memory_does_not_grow_with_the_number_of_runs(drive):
    peaks = []
    for units in (2000, 2000, 20_000):  # the first warms up
        tracemalloc.start()
        drive(fine, units, note=False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    numbers = 2 * (20_000 - 2000) * 16  # point and replicate of each run, and a copy in the making
    assert peaks[2] - peaks[1] - numbers < 20_000
