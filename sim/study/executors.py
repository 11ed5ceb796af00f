"""Where batches run: one seam, `concurrent.futures.Executor`, behind which stand a thread, processes, or Dask.

Every kind takes plain data, gives futures, and may lose a worker. A pool of processes that lost one is broken
and must be opened again; Dask looks after itself and tells only of tasks that kill every worker they meet.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from sim.run.errors import RunError
from sim.run.simulate import interrupts_held, prepare_worker

T = TypeVar("T")
R = TypeVar("R")

CONNECT_S = 10


class Crew:
    """Workers of one kind, opened when they are first needed.

    Attributes
    ----------
    slots
        Batches that run at a time.
    lost
        Errors of a future whose worker died.
    breaks
        Whether one death takes all other tasks along.
    """

    slots: int = 1
    breaks: bool = False
    lost: tuple[type[Exception], ...] = ()

    def __init__(self) -> None:
        self._executor: Executor | None = None

    def submit(self, run: Callable[[T], R], task: T) -> Future[R]:
        """Start a task; Ctrl-C never reaches what is started here, only this process."""
        if self._executor is None:
            self._executor = self._open()  # not below: what multiprocessing starts here lets interrupts through
        with interrupts_held():
            return self._executor.submit(run, task)

    def renew(self) -> str:
        """After a loss, leave a broken executor, so that the next task opens another.

        Returns
        -------
        Why no other can be had; empty if it can.
        """
        return ""

    def close(self) -> None:
        """Let go of the workers; what runs comes to its end."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None

    def _open(self) -> Executor:
        raise NotImplementedError


class Here(Crew):
    """One worker in a thread of this process, which stays free to hear Ctrl-C."""

    def _open(self) -> Executor:
        return ThreadPoolExecutor(1)


class Processes(Crew):
    """Processes of this machine, started afresh (spawn); they end when this one does."""

    lost = (BrokenProcessPool,)
    breaks = True

    def __init__(self, workers: int) -> None:
        super().__init__()
        self.slots = workers

    def renew(self) -> str:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None
        return ""

    def _open(self) -> Executor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.slots, mp_context=context, initializer=prepare_worker)


class Dask(Crew):
    """Workers of a Dask cluster, which must see the sweep's folder under the same path.

    Raises
    ------
    RunError
        If Dask is not installed, the scheduler cannot be reached, or it has no workers.
    """

    def __init__(self, scheduler: str) -> None:
        super().__init__()
        try:
            from distributed import Client
            from distributed.scheduler import KilledWorker
        except ImportError as error:
            raise RunError("backend: dask is not installed; pip install 'aimarkets[dask]'") from error
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it traces back what is told here in a line
        try:
            self._client: Any = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise RunError(f"scheduler: no answer from {scheduler}; allowed: the address of a scheduler") from error
        self.lost = (KilledWorker,)
        self.slots = sum(self._client.nthreads().values())
        if not self.slots:
            self.close()
            raise RunError(f"scheduler: {scheduler} has no workers; start some: dask worker {scheduler}")

    def renew(self) -> str:
        return "" if self._client.status == "running" else "the Dask scheduler is gone"

    def close(self) -> None:
        super().close()
        self._client.close()

    def _open(self) -> Executor:
        executor: Executor = self._client.get_executor(pure=False)
        return executor


def crew(workers: int, scheduler: str | None) -> Crew:
    """The workers that a sweep is asked to use.

    Raises
    ------
    RunError
        If there are none to be had.
    """
    if workers < 1:
        raise RunError(f"workers: {workers}; allowed: 1 or more")
    if scheduler is not None:
        return Dask(scheduler)
    return Here() if workers == 1 else Processes(workers)
