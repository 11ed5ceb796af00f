"""Folders that appear under their name only when they are whole.

A result is written into a temporary folder beside its target and renamed at the end, so a reader never meets
half a result, whatever stops the writer: an error, a full disk, a kill.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.run.errors import RunError
from sim.run.manifest import holds_manifest


def check_target(target: Path, *, force: bool) -> None:
    """Refuse a target that must not be written, before any time is spent on what would go there.

    Parameters
    ----------
    target
        Folder that is to hold the result.
    force
        Whether an existing result may be replaced.

    Raises
    ------
    RunError
        If something is there and `force` is not given, or if it is not a result of ours.
    """
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise RunError(f"{target} is not a folder; name another one with --out")
    if not any(target.iterdir()):
        return
    if not holds_manifest(target):
        raise RunError(f"{target} holds something that is not a result and is kept; name another folder")
    if not force:
        raise RunError(f"{target} holds a result already; --force replaces it, --out names another folder")


@contextmanager
def whole_folder(target: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `target` that takes its place when the block ends without an error.

    Parameters
    ----------
    target
        Where the folder is to be. A link is followed.
    force
        Whether an existing result of ours is replaced.

    Yields
    ------
    Path
        Folder to write into, named ``.<target>.partial-<process>-<random>``. It is removed if the block
        fails; only a kill leaves it behind.

    Raises
    ------
    RunError
        As `check_target`, before the block and again before the renaming.
    """
    target = target.resolve()
    check_target(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(target, "partial")
    partial.mkdir()
    try:
        yield partial
        check_target(target, force=force)
        _put(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _beside(target: Path, state: str) -> Path:
    return target.with_name(f".{target.name}.{state}-{os.getpid()}-{secrets.token_hex(3)}")


def _put(partial: Path, target: Path) -> None:
    """Rename a whole folder to its target, out of whose way an older result is moved first."""
    old = None
    if target.exists() and any(target.iterdir()):
        old = _beside(target, "replaced")
        target.rename(old)
    try:
        partial.rename(target)
    except OSError as error:
        if old is not None:
            old.rename(target)
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise RunError(f"{target} was written by another run in the meantime; it is kept") from error
        raise
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
