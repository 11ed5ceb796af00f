"""Folders of results that are not runs, such as a comparison: a JSON file in each says what it is and what made it.

`sim.run.results` does the same for runs, which have a manifest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

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
        check_target(folder, force=force, ours=self.owns, noun=self.noun)


@contextmanager
def described_folder(
    folder: Path, kind: Kind, about: Mapping[str, object], *, force: bool = False
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
    with whole_folder(folder, force=force, ours=kind.owns, noun=kind.noun) as partial:
        yield partial
        described = {"format": kind.format, **about, **made_with(), "files": checksums(partial)}
        (partial / kind.about).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def made_with() -> dict[str, object]:
    """Versions and commit that make a result, as its JSON file tells them."""
    git = commit()
    return {"versions": versions(), "git": None if git is None else git.model_dump()}
