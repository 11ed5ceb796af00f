"""Folders that a JSON file describes as ours, such as a validation, and that may therefore be replaced.

`sim.run.folder` does the same for results, which have a manifest.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sim.run.errors import RunError
from sim.run.folder import check_target, whole_folder
from sim.run.manifest import checksums, commit, versions


class Kind(NamedTuple):
    """A kind of folder.

    Attributes
    ----------
    about
        Name of the JSON file in it.
    format
        What stands there under ``format``.
    noun
        What messages call it.
    """

    about: str
    format: str
    noun: str

    def owns(self, folder: Path) -> bool:
        """Whether a folder is of this kind."""
        try:
            about = json.loads((folder / self.about).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(about, dict) and about.get("format") == self.format

    def check(self, folder: Path, *, force: bool) -> None:
        """Refuse a folder that must not be written, before any time is spent.

        Raises
        ------
        RunError
            If it is of this kind and `force` is not given, or holds something else.
        """
        if not self.owns(folder):
            check_target(folder, force=False)
        elif not force:
            raise RunError(
                f"{folder} holds {self.noun} already; --force replaces it, --out names another folder"
            )


@contextmanager
def described_folder(
    folder: Path, kind: Kind, about: dict[str, Any], *, force: bool = False
) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `folder` when the block ends without an error.

    Parameters
    ----------
    folder
        Where it is to be.
    kind
        What it is.
    about
        What its JSON file tells, beside versions, commit and checksums.
    force
        Whether an older one of the kind is replaced.

    Yields
    ------
    Path
        Folder to write into.

    Raises
    ------
    RunError
        As `Kind.check`.
    """
    kind.check(folder, force=force)
    folder = folder.resolve()
    old = folder.with_name(f".{folder.name}.replaced") if kind.owns(folder) else None
    fresh = folder if old is None else folder.with_name(f".{folder.name}.fresh")
    with whole_folder(fresh) as partial:
        yield partial
        git = commit()
        described = {
            "format": kind.format, **about, "versions": versions(),
            "git": None if git is None else git.model_dump(), "files": checksums(partial),
        }  # fmt: skip
        (partial / kind.about).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    if old is not None:
        folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old)
