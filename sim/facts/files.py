"""The folder of a validation: report, tables, figures, scenario, and what made them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.run.described import Kind, described_folder
from sim.run.folder import write_whole
from sim.run.manifest import SCENARIO
from sim.run.pictures import titles

if TYPE_CHECKING:
    from sim.facts.validate import Validation

VALIDATION = Kind("validation.json", "aimarkets validation", "a validation")
REPORT = "validation.md"


def save(found: Validation, folder: Path, *, force: bool = False, command: str | None = None) -> Path:
    """Write a validation into a folder that appears only when it is whole.

    Parameters
    ----------
    found
        What `sim.facts.validate.validate` gave.
    folder
        Where to write: `validation.md`, `facts.csv`, `families.csv`, `rivals.csv`, `openings.csv`, the
        scenario, `figures/` with a page for each family, and `validation.json`.
    force
        Whether an older validation is replaced.
    command
        What made it, for the record.

    Raises
    ------
    RunError
        If the folder holds a validation and `force` is not given, or something else.
    """
    from sim.facts.report import markdown

    about = {
        "name": found.scenario.name,
        "scenario_hash": found.scenario.hash,
        "facts_hash": found.facts.hash,
        "seeds": found.seeds,
        "failures": found.runs.failures,
        "command": command,
    }
    with described_folder(folder, VALIDATION, about, force=force) as partial:
        pictures = _draw(found, partial, "figures")
        (partial / REPORT).write_text(markdown(found, pictures), encoding="utf-8")
        found.table.to_csv(partial / "facts.csv", index=False)
        found.families.to_csv(partial / "families.csv", index=False)
        found.rivals.to_csv(partial / "rivals.csv", index=False)
        if found.timing is not None:
            found.timing.firms.to_csv(partial / "openings.csv", index=False)
        (partial / SCENARIO).write_text(found.scenario.to_yaml(), encoding="utf-8")
    return folder


def save_report(found: Validation, path: Path) -> Path:
    """Write the report alone, with its figures in the folder `images/<name of the report>` beside it."""
    from sim.facts.report import markdown

    pictures = _draw(found, path.parent, f"images/{path.stem}", ("svg",))
    return write_whole(path, markdown(found, pictures))


def _draw(
    found: Validation, beside: Path, folder: str, formats: tuple[str, ...] = ("png", "svg")
) -> dict[str, str]:
    """A page for each family that has dated series; paths by family, relative to `beside`, of the first format."""
    from sim.facts.report import source_of
    from sim.facts.traces import traces
    from sim.figures import save as save_figure
    from sim.figures.facts import against_facts

    (beside / folder).mkdir(parents=True, exist_ok=True)
    source = source_of(found)
    history = found.scenario.scenario.history_until
    pictures = {}
    for family, (runs, facts) in traces(found).items():
        figure = against_facts(
            runs, facts, family=family, source=source, names=titles(found.scenario.scenario),
            history_until=None if history is None else history.date(),
        )  # fmt: skip
        stem = family.replace(" ", "-")
        save_figure(figure, beside / folder / stem, formats, {"Source": source})
        pictures[family] = f"{folder}/{stem}.{formats[0]}"
    return pictures
