"""Folders and files that appear under their name only when they are whole.

A result is written into a temporary folder or file beside its target and renamed at the end, so a reader never meets
half a result, whatever stops the writer: an error, a full disk, a kill.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.run.errors import RunError
from sim.run.manifest import FILE, holds_manifest
from sim.scenario.problems import did_you_mean, listed


def check_target(
    target: Path, *, force: bool, ours: Callable[[Path], bool] = holds_manifest, noun: str = "a result"
) -> None:
    """Refuse a target that must not be written, before any time is spent on what would go there.

    Parameters
    ----------
    target
        Folder that is to hold the result.
    force
        Whether an existing result may be replaced.
    ours
        Whether a folder holds a result of the kind that may be replaced.
    noun
        What messages call that kind.

    Raises
    ------
    RunError
        If something is there and `force` is not given, or if it is not ours.
    """
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise RunError(f"{target} is not a folder; name another one with --out")
    if not any(target.iterdir()):
        return
    if not ours(target):
        raise RunError(f"{target} holds something that is not {noun} and is kept; name another folder")
    if not force:
        raise RunError(f"{target} holds {noun} already; --force replaces it, --out names another folder")


@contextmanager
def whole_folder(
    target: Path, *, force: bool = False, ours: Callable[[Path], bool] = holds_manifest, noun: str = "a result"
) -> Iterator[Path]:
    """Give a temporary folder beside `target` that takes its place when the block ends without an error.

    Parameters
    ----------
    target
        Where the folder is to be. A link is followed.
    force
        Whether an existing result of ours is replaced.
    ours, noun
        As in `check_target`.

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
    check_target(target, force=force, ours=ours, noun=noun)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(target, "partial")
    partial.mkdir()
    try:
        yield partial
        check_target(target, force=force, ours=ours, noun=noun)
        _put(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def folder_of(path: str | Path, noun: str = "result", command: str = "run") -> Path:
    """The folder of a result that is meant: one given by its path, or one in outputs/.

    Parameters
    ----------
    path
        Path or name.
    noun, command
        What messages call what is looked for, and the command that makes one.

    Raises
    ------
    RunError
        If neither holds a result.
    """
    for folder in (Path(path), Path("outputs", path)):
        if (folder / FILE).is_file():
            return folder
    there = sorted(found.parent.name for found in Path("outputs").glob(f"*/{FILE}"))
    known = f"; results in outputs/: {listed(there)}{did_you_mean(str(path), there)}" if there else ""
    raise RunError(f"{path}: no {noun} here or in outputs/{known}; 'aimarkets {command}' makes one")


def write_whole(target: Path, content: str | bytes) -> Path:
    """Write a file that appears only when it is whole, in the place of an older one.

    Parameters
    ----------
    target
        The file; its folder must exist.
    content
        What it is to hold; text becomes UTF-8.

    Returns
    -------
    The file.

    Raises
    ------
    OSError
        If it cannot be written; an older one is kept then.
    """
    partial = _beside(target, "partial")
    try:
        partial.write_bytes(content if isinstance(content, bytes) else content.encode())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


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
