"""Running a study: every run once, whatever stops the sweep, and in whatever order runs come back."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.run.errors import RunError
from sim.run.replay import changed_versions
from sim.study.combinations import check_points
from sim.study.design import count, sample
from sim.study.driver import Driver, Fail, Watch
from sim.study.executors import Crew, crew
from sim.study.loading import load_study
from sim.study.store import Store, holds_sweep
from sim.study.study import Study


class Summary(NamedTuple):
    """What a sweep did.

    Attributes
    ----------
    folder
        Of the dataset.
    total, present
        Runs of the study, and of them in the dataset now.
    done, failed
        Runs that this sweep did, and of them failed.
    stopped
        Why it stopped early; empty if it did not.
    """

    folder: Path
    total: int
    present: int
    done: int
    failed: int
    stopped: str = ""


def sweep(
    study: Study | str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    hands: Crew | None = None,
    limit: int | None = None,
    fail: Fail = "end",
    mixed: bool = False,
    command: str | None = None,
    watch: Watch | None = None,
) -> Summary:
    """Run a study, or what is left of it.

    Parameters
    ----------
    study
        What `load_study` gave or would take.
    out
        Folder of the dataset. If it holds part of this very study, the rest is run.
    workers
        Processes; the dataset does not depend on it.
    scheduler
        Address of a Dask scheduler whose workers run the study instead.
    hands
        Workers that are there already, and stay for the next sweep; they go before `workers` and `scheduler`.
    limit
        Most runs to do now.
    fail
        ``"fast"`` stops at the first run that fails. With ``"end"`` and ``"never"`` it is recorded and the
        others go on; they differ in the exit code of the command only.
    mixed
        Whether runs may be added to a dataset that other versions of the code began.
    command
        What made the dataset, for its manifest.
    watch
        Told how it goes.

    Returns
    -------
    Summary
        What was done. `sim.load_results` reads the dataset.

    Raises
    ------
    ScenarioError
        If the study is not valid, at any of its points.
    RunError
        If the folder holds something else, or a number is out of range.
    OSError
        If the folder cannot be made.
    KeyboardInterrupt
        After Ctrl-C, when all that was finished is in the dataset.
    """
    loaded = study if isinstance(study, Study) else load_study(study)
    if limit is not None and limit < 1:
        raise RunError(f"limit: {limit}; allowed: 1 or more")
    watch = watch or Watch()
    store = _store(loaded, Path(out), mixed, command, watch)
    with store.locked():
        left = missing(store, loaded)
        total = count(loaded) * loaded.replicates
        asked = left if limit is None else left[:limit]
        used = hands or crew(workers, scheduler)
        watch.planned(total, total - len(left), used.slots)
        driver = Driver(loaded, store, used, asked, fail, watch)
        try:
            driver.run()
        except (KeyboardInterrupt, SystemExit):
            # Counted in the dataset: Ctrl-C may come between a batch's being kept and its being counted.
            watch.progressed(len(left) - len(missing(store, loaded)), len(asked))
            raise
        finally:
            if hands is None:
                used.close()
    present = total - len(left) + driver.done
    return Summary(store.folder, total, present, driver.done, driver.failed, driver.stopped)


def missing(store: Store, study: Study) -> NDArray[np.int64]:
    """Runs that the dataset lacks as rows (point, replicate): all points once, then all a second time."""
    done = store.done(count(study), study.replicates)
    return np.argwhere(~done.T)[:, ::-1]


def _store(study: Study, folder: Path, mixed: bool, command: str | None, watch: Watch) -> Store:
    """The folder of a sweep: that which is there, or a new one once every point is checked."""
    if not holds_sweep(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{folder} holds something that is not a sweep and is kept; name another with --out")
        points = sample(study)
        check_points(study, points, watch.checked)
        return Store.create(study, points, folder, command)
    store = Store(folder)
    made = store.manifest()
    if made.study_hash != study.hash:
        raise RunError(
            f"{folder} holds another study, or this one before it was changed ({made.name}, "
            f"{made.study_hash[:8]}; now {study.hash[:8]}); name another folder with --out"
        )
    changes = changed_versions(made)
    if changes and not mixed:
        raise RunError(
            f"{folder} was begun by other code ({'; '.join(changes)}); --mixed goes on all the same, "
            "--out names another folder"
        )
    return store
