"""What an analysis of a sweep leaves in the sweep's folder: tables, and a note of what made them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pandas as pd

from sim.run.errors import RunError
from sim.run.manifest import commit, versions

FOLDER = "analysis"
"""Below the folder of the sweep."""


def analysis_folder(sweep: Path) -> Path:
    """Folder of the analyses of a sweep.

    Raises
    ------
    RunError
        If something else stands in its place.
    """
    folder = sweep / FOLDER
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder} is not a folder; move it out of the way")
    return folder


def save_tables(
    folder: Path, name: str, tables: Mapping[str, pd.DataFrame], about: Mapping[str, object]
) -> list[Path]:
    """Write tables as CSV and Parquet, and what made them as ``<name>.json``.

    Each file appears whole, in the place of an older one; the note comes last and has the checksums of the others,
    so that a stop in between can be told.

    Parameters
    ----------
    folder
        Made if it is not there.
    name
        Of the note.
    tables
        Frames by the name of their file.
    about
        What made them: study, options.

    Returns
    -------
    The files.
    """
    folder.mkdir(exist_ok=True)
    contents = {}
    for table, frame in tables.items():
        contents[f"{table}.csv"] = frame.to_csv(index=False).encode()
        contents[f"{table}.parquet"] = frame.to_parquet(index=False)
    git = commit()
    note = {
        "format": f"aimarkets {name}",
        **about,
        "versions": versions(),
        "git": None if git is None else git.model_dump(),
        "files": {file: sha256(content).hexdigest() for file, content in contents.items()},
    }
    contents[f"{name}.json"] = (json.dumps(note, indent=2) + "\n").encode()
    for file, content in contents.items():
        _put(content, folder / file)
    return [folder / file for file in contents]


def _put(content: bytes, path: Path) -> None:
    """Write a file that appears only when it is whole."""
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}-{secrets.token_hex(3)}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
