"""A result: the tables of one or more replicates, what made them, and the way to disk and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa

from sim.record import TABLES
from sim.run.errors import RunError
from sim.run.folder import whole_folder
from sim.run.frames import Frames
from sim.run.manifest import FILE, SCENARIO, describe, read_manifest
from sim.run.replay import scenario_of
from sim.run.summary import as_html, as_text
from sim.run.tables import read_tables, write_tables
from sim.scenario import Resolved


@dataclass(frozen=True, repr=False, eq=False)
class Result:
    """What `sim.simulate` returns.

    Attributes
    ----------
    scenario
        The scenario as it was run, with everything inherited filled in.
    seeds
        One a replicate.
    uncertainty
        Whether each replicate drew its uncertain parameters.
    durations_s
        Wall time of each replicate.
    market, labs, clouds, models, decisions, usage
        Tidy frames; `docs/outputs.md` lists their columns with unit and meaning.
    """

    scenario: Resolved
    seeds: tuple[int, ...]
    uncertainty: bool
    durations_s: tuple[float, ...]
    market: pd.DataFrame
    labs: pd.DataFrame
    clouds: pd.DataFrame
    models: pd.DataFrame
    decisions: pd.DataFrame
    usage: pd.DataFrame

    @property
    def tables(self) -> Frames:
        """The frames by name."""
        return {name: getattr(self, name) for name in TABLES}

    @property
    def title(self) -> str:
        """Name, replicates, seeds and span in one line."""
        count, first, last = len(self.seeds), self.seeds[0], self.seeds[-1]
        runs = f"seed {first}" if count == 1 else f"{count} replicates (seeds {first} to {last})"
        drawn = ", uncertain parameters drawn" if self.uncertainty else ""
        span = f"{self.scenario.scenario.start} to {self.scenario.scenario.end}"
        return f"{self.scenario.name}: {runs}{drawn}, {span}; last month{', medians' if count > 1 else ''}"

    def __repr__(self) -> str:
        return as_text(self.title, self.market)

    def _repr_html_(self) -> str:
        return as_html(self.title, self.market)

    def save(
        self, folder: str | Path, *, force: bool = False, figures: bool = True, command: str | None = None
    ) -> Path:
        """Write the result into a folder that appears only when it is whole.

        Parameters
        ----------
        folder
            Where to write.
        force
            Whether a result that is there already is replaced.
        figures
            Whether to draw the figures too.
        command
            What made the result, for the manifest.

        Returns
        -------
        The folder.

        Raises
        ------
        RunError
            If the folder holds a result and `force` is not given, or holds something else.
        OSError
            If the disk is full or the folder cannot be written; nothing is left then.
        """
        with whole_folder(Path(folder), force=force) as partial:
            (partial / SCENARIO).write_text(self.scenario.to_yaml(), encoding="utf-8")
            write_tables(self.tables, partial)
            if figures:
                from sim.run.pictures import draw  # matplotlib is slow to import

                draw(self, partial / "figures")
            describe(
                partial,
                name=self.scenario.name,
                scenario_hash=self.scenario.hash,
                seeds=self.seeds,
                uncertainty=self.uncertainty,
                durations_s=self.durations_s,
                command=command,
            ).write(partial)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read back what `save` wrote.

        Raises
        ------
        RunError
            If the folder holds no result, or a damaged one.
        """
        folder = Path(folder)
        manifest = read_manifest(folder / FILE)
        try:
            tables = read_tables(folder)
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"{folder}: damaged: {error}") from error
        return cls(
            scenario=scenario_of(folder, manifest),
            seeds=manifest.seeds,
            uncertainty=manifest.uncertainty,
            durations_s=manifest.durations_s,
            **tables,
        )


def load_result(folder: str | Path) -> Result:
    """Read the result in a folder; see `Result.load`."""
    return Result.load(folder)
