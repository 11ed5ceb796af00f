"""The folder of a split effect: tables, figure, scenario, and what made them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sim
from sim.run.described import Kind, described_folder
from sim.run.manifest import SCENARIO
from sim.run.pictures import seeds_said, titles

if TYPE_CHECKING:
    from sim.analysis.channels import Channels

KIND = Kind("channels.json", "aimarkets channels", "a split effect")


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
        As `sim.run.described.Kind.check`.
    """
    about = {
        "name": found.scenario.name, "scenario_hash": found.scenario.hash, "rules": found.rules,
        "region": found.region, "seeds": found.seeds, "notes": found.notes, "command": command,
    }  # fmt: skip
    with described_folder(folder, KIND, about, force=force) as partial:
        _fill(found, partial)
    return folder


def _fill(found: Channels, folder: Path) -> None:
    from sim.figures import save as save_figure
    from sim.figures.waterfall import waterfall

    found.table.to_csv(folder / "channels.csv", index=False)
    found.worlds.to_csv(folder / "worlds.csv", index=False)
    (folder / SCENARIO).write_text(found.scenario.to_yaml(), encoding="utf-8")
    name = f"scenario '{found.scenario.name}' {found.scenario.hash[:8]}"
    rules = f"with and without {', '.join(found.rules)}"
    source = f"aimarkets {sim.__version__}, {name}, {rules}, {seeds_said(found.seeds)}"
    window = found.table["window"].iloc[-1]
    figure = waterfall(
        found.table[found.table["window"] == window],
        region=found.region,
        rule=found.label,
        source=source,
        names=titles(found.scenario.scenario),
    )
    save_figure(figure, folder / "waterfall", metadata={"Source": source})
