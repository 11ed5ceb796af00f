"""What an analysis of a sweep leaves in the sweep's folder: tables, and a note of what made them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pandas as pd

from sim.run.described import made_with
from sim.run.errors import RunError
from sim.run.folder import write_whole

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
    hashes = {file: sha256(content).hexdigest() for file, content in contents.items()}
    note = {"format": f"aimarkets {name}", **about, **made_with(), "files": hashes}
    contents[f"{name}.json"] = (json.dumps(note, indent=2) + "\n").encode()
    return [write_whole(folder / file, content) for file, content in contents.items()]
