"""The folder of a split effect: tables, figure, scenario, and what made them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import sim
from sim.run.errors import RunError
from sim.run.folder import check_target, whole_folder
from sim.run.manifest import SCENARIO, checksums, commit, versions
from sim.run.pictures import titles

if TYPE_CHECKING:
    from sim.analysis.channels import Channels

ABOUT = "channels.json"
FORMAT = "aimarkets channels"


def check_folder(folder: Path, *, force: bool) -> None:
    """Refuse a folder that must not be written, before any time is spent.

    Raises
    ------
    RunError
        If it holds a split effect and `force` is not given, or something else.
    """
    if not _is_ours(folder):
        check_target(folder, force=False)
    elif not force:
        raise RunError(
            f"{folder} holds a split effect already; --force replaces it, --out names another folder"
        )


def save(found: Channels, folder: Path, *, force: bool = False, command: str | None = None) -> Path:
    """Write a split effect into a folder that appears only when it is whole.

    Parameters
    ----------
    found
        What `sim.analysis.channels.channels` gave.
    folder
        Where to write: `channels.csv`, `worlds.csv`, the figure, the scenario and `channels.json`.
    force
        Whether an older split effect is replaced.
    command
        What made it, for the record.

    Returns
    -------
    The folder.

    Raises
    ------
    RunError
        As `check_folder`.
    """
    check_folder(folder, force=force)
    old = folder.with_name(f".{folder.name}.replaced") if _is_ours(folder) else None
    fresh = folder if old is None else folder.with_name(f".{folder.name}.fresh")
    with whole_folder(fresh) as partial:
        _fill(found, partial, command)
    if old is not None:
        folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old)
    return folder


def _fill(found: Channels, folder: Path, command: str | None) -> None:
    from sim.figures import save as save_figure
    from sim.figures.waterfall import waterfall

    found.table.to_csv(folder / "channels.csv", index=False)
    found.worlds.to_csv(folder / "worlds.csv", index=False)
    (folder / SCENARIO).write_text(found.scenario.to_yaml(), encoding="utf-8")
    seeds = (
        f"seed {found.seeds[0]}" if len(found.seeds) == 1 else f"seeds {found.seeds[0]} to {found.seeds[-1]}"
    )
    name = f"scenario '{found.scenario.name}' {found.scenario.hash[:8]}"
    source = f"aimarkets {sim.__version__}, {name}, with and without {', '.join(found.rules)}, {seeds}"
    window = found.table["window"].iloc[-1]
    figure = waterfall(
        found.table[found.table["window"] == window],
        region=found.region,
        rule=found.label,
        source=source,
        names=titles(found.scenario.scenario),
    )
    save_figure(figure, folder / "waterfall", metadata={"Source": source})
    git = commit()
    about = {
        "format": FORMAT,
        "name": found.scenario.name,
        "scenario_hash": found.scenario.hash,
        "rules": found.rules,
        "region": found.region,
        "seeds": found.seeds,
        "notes": found.notes,
        "command": command,
        "versions": versions(),
        "git": None if git is None else git.model_dump(),
        "files": checksums(folder),
    }
    (folder / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds a split effect."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and about.get("format") == FORMAT
