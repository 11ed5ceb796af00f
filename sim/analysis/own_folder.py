"""Folders of results that are not runs: a split effect, a comparison. Each has a file that says what it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sim.run.errors import RunError
from sim.run.folder import check_target, whole_folder
from sim.run.manifest import checksums, commit, versions


class Kind(NamedTuple):
    """A kind of folder: the file that says what it is, what that says, and the words for it."""

    about: str
    format: str
    words: str


def check_folder(kind: Kind, folder: Path, *, force: bool) -> None:
    """Refuse a folder that must not be written, before any time is spent.

    Raises
    ------
    RunError
        If it holds a result of this kind and `force` is not given, or something else.
    """
    if not _is_ours(kind, folder):
        check_target(folder, force=False)
    elif not force:
        raise RunError(
            f"{folder} holds {kind.words} already; --force replaces it, --out names another folder"
        )


def write_folder(
    kind: Kind, folder: Path, fill: Callable[[Path], Mapping[str, Any]], *, force: bool = False
) -> Path:
    """Write a folder that appears only when it is whole.

    Parameters
    ----------
    kind
        What it is.
    folder
        Where to write.
    fill
        Writes everything into the folder that it is given, and returns what is to be said of it.
    force
        Whether an older one of this kind is replaced.

    Raises
    ------
    RunError
        As `check_folder`.
    """
    check_folder(kind, folder, force=force)
    old = folder.with_name(f".{folder.name}.replaced") if _is_ours(kind, folder) else None
    fresh = folder if old is None else folder.with_name(f".{folder.name}.fresh")
    with whole_folder(fresh) as partial:
        said = fill(partial)
        git = commit()
        about = {
            "format": kind.format, **said, "versions": versions(), "git": None if git is None else git.model_dump(),
            "files": checksums(partial),
        }  # fmt: skip
        (partial / kind.about).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    if old is not None:
        folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old)
    return folder


def _is_ours(kind: Kind, folder: Path) -> bool:
    """Whether a folder holds a result of this kind."""
    try:
        about = json.loads((folder / kind.about).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and about.get("format") == kind.format
