"""Where a report's numbers come from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sim.report.content import Table
from sim.run.manifest import FILE, Manifest, read_manifest
from sim.run.pictures import seeds_said
from sim.run.results import Result, load_result


class Source(NamedTuple):
    """A result on disk: its folder, its manifest and its tables."""

    folder: Path
    manifest: Manifest
    result: Result

    @property
    def title(self) -> str:
        """The scenario as one says it."""
        return self.result.scenario.scenario.title or self.result.scenario.name


def read(folder: Path) -> Source:
    """Read a result and what made it.

    Raises
    ------
    RunError
        If the folder holds no result, or a damaged one.
    """
    return Source(folder, read_manifest(folder / FILE), load_result(folder))


def table(sources: list[Source]) -> Table:
    """One column a result: scenario, hash, seeds, versions, date."""
    columns = [_facts(source) for source in sources]
    rows = [[key, *(column[key] for column in columns)] for key in columns[0]]
    return Table(["", *(source.title for source in sources)], rows)


def _facts(source: Source) -> dict[str, str]:
    made = source.manifest
    commit = (
        "not known"
        if made.git is None
        else f"{made.git.commit[:12]}{', changed' if made.git.changed else ''}"
    )
    span = source.result.scenario.scenario
    return {
        "scenario": made.name,
        "scenario hash": made.scenario_hash,
        "span": f"{span.start} to {span.end}",
        "runs": f"{len(made.seeds)}, {seeds_said(made.seeds)}",
        "uncertain parameters": "drawn in each run" if made.uncertainty else "at their central values",
        "aimarkets": made.versions.get("aimarkets", "not known"),
        "commit": commit,
        "finished": f"{made.finished:%Y-%m-%d %H:%M} UTC",
        "command": made.command or "from Python",
        "numpy, python": f"{made.versions.get('numpy', '?')}, {made.versions.get('python', '?')}",
    }


def about(sources: list[Source]) -> dict[str, str]:
    """The same in short, for the metadata of files."""
    return {
        "Version": sources[0].manifest.versions.get("aimarkets", "not known"),
        "Scenario": "; ".join(
            f"{source.manifest.name} {source.manifest.scenario_hash[:8]}" for source in sources
        ),
        "Seeds": "; ".join(seeds_said(source.manifest.seeds) for source in sources),
    }
