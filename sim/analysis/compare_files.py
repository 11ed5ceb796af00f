"""The folder of a comparison: tables, a figure, both scenarios, and what made them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.run.described import Kind, described_folder
from sim.run.pictures import context_of, source_of_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.analysis.compare import Comparison

KIND = Kind("comparison.json", "aimarkets comparison", "a comparison")


def save(found: Comparison, folder: Path, *, force: bool = False, command: str | None = None) -> Path:
    """Write a comparison into a folder that appears only when it is whole.

    Parameters
    ----------
    found
        What `sim.compare` gave.
    folder
        Where to write: `differences.csv`, `path.csv`, `flips.csv`, the figure, the scenarios `a.yaml` and `b.yaml`,
        and `comparison.json`.
    force
        Whether an older comparison is replaced.
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
        "names": [result.scenario.name for result in (found.a, found.b)],
        "scenario_hashes": [result.scenario.hash for result in (found.a, found.b)],
        "region": found.region, "seeds": found.a.seeds, "command": command,
    }  # fmt: skip
    with described_folder(folder, KIND, about, force=force) as partial:
        _fill(found, partial)
    return folder


def draw(found: Comparison, width: str = "page") -> Figure:
    """The difference that the second scenario makes, as a figure."""
    from sim.analysis.compare import LAST_YEAR
    from sim.figures.paired import paired

    options = context_of(found.b).options() | {"source": source_of(found), "width": width, "observed": None}
    ends = found.table[found.table["window"] == LAST_YEAR]
    a, b = names_of(found)
    return paired(found.path, ends, a=a, b=b, region=found.region, **options)


def names_of(found: Comparison) -> tuple[str, str]:
    """The scenarios as one says them."""
    scenarios = found.a.scenario, found.b.scenario
    a, b = (scenario.scenario.title or scenario.name for scenario in scenarios)
    return (a, b) if a != b else (scenarios[0].name, scenarios[1].name)


def source_of(found: Comparison) -> str:
    """Program, scenarios and seeds in one line."""
    return source_of_all([found.a, found.b])


def _fill(found: Comparison, folder: Path) -> None:
    from sim.figures import save as save_figure

    for name in ("table", "path", "flips"):
        file = folder / f"{'differences' if name == 'table' else name}.csv"
        getattr(found, name).to_csv(file, index=False, lineterminator="\n")
    for name, result in (("a", found.a), ("b", found.b)):
        (folder / f"{name}.yaml").write_text(result.scenario.to_yaml(), encoding="utf-8")
    save_figure(draw(found), folder / "comparison", metadata={"Source": source_of(found)}, numbers=True)
