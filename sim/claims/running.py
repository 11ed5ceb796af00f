"""Running the worlds of claims: each once, over draws and seeds, as sweeps that go on where they were stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.claims.claim import Claim
from sim.run.errors import RunError
from sim.scenario import Resolved
from sim.study.driver import Watch
from sim.study.executors import crew
from sim.study.factors import DRAW, Factor
from sim.study.indicators import Indicator
from sim.study.store import DONE, RUNS, read_parts
from sim.study.study import Study
from sim.study.sweep import sweep
from sim.study.worker import Failure

RULE = "choice.rule"
OWN = "own"
"""Stands for the decision rule that a world's scenario itself has."""
MAX_DRAWS, MAX_REPLICATES = 10_000, 10_000
FEWEST = 8
"""Draws under another decision rule, if there are as many."""


@dataclass(frozen=True)
class Size:
    """How much is run.

    Attributes
    ----------
    draws, replicates
        Draws of all that is uncertain, and seeds of each.
    """

    draws: int = 32
    replicates: int = 16

    def __post_init__(self) -> None:
        for name, value, most in (("draws", self.draws, MAX_DRAWS), ("replicates", self.replicates, MAX_REPLICATES)):
            if not 1 <= value <= most:
                raise RunError(f"{name}: {value}; allowed: 1 to {most}")

    @property
    def others(self) -> Size:
        """Under decision rules beside the scenario's own: a quarter of the draws or eight, half of the seeds."""
        return Size(max(self.draws // 4, min(self.draws, FEWEST)), max(self.replicates // 2, 1))


@dataclass(frozen=True)
class Errand:
    """A world that is run under one or more decision rules.

    Attributes
    ----------
    world
        The scenario.
    rules
        Decision rules; `OWN` alone for the scenario's own.
    size
        Draws and seeds.
    kept
        What is kept of a run.
    """

    world: Resolved
    rules: tuple[str, ...]
    size: Size
    kept: tuple[Indicator, ...]

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.rules) * self.size.draws * self.size.replicates

    def study(self) -> Study:
        """The errand as a study.

        Raises
        ------
        RunError
            If nothing in the world is uncertain.
        """
        if not self.world.distributions:
            raise RunError(f"scenario '{self.world.name}': no parameter is a distribution, so there is nothing to draw")
        own = self.world.scenario.choice.rule
        rules = tuple(own if rule == OWN else rule for rule in self.rules)
        factors = (
            Factor(RULE, "values", (RULE,), values=rules),
            Factor(DRAW, "values", values=tuple(range(1, self.size.draws + 1))),
        )
        return Study(
            name=f"{self.world.name}-{self.world.hash[:8]}", title="", source=self.world.name,
            bases={self.world.name: self.world}, factors=factors, design="grid", size=None, morris_levels=4,
            second_order=False, design_seed=1, replicates=self.size.replicates, seed=1, common_seeds=True,
            uncertainty=False, indicators=self.kept, series=(),
        )  # fmt: skip


def errands(claims: Sequence[Claim], size: Size, known: Sequence[Claim] = ()) -> list[Errand]:
    """What has to be run for some claims: every world once.

    Parameters
    ----------
    claims
        That are asked for.
    size
        Draws and seeds under the scenarios' own rules.
    known
        Other claims, whose measures and rules are kept in mind so that their runs are these runs.
    """
    wanted = {world.hash: world for claim in claims for _, test in claim.tests() for world in test.worlds}
    kept: dict[str, dict[str, Indicator]] = {key: {} for key in wanted}
    rules: dict[str, dict[str, None]] = {key: {} for key in wanted}
    for claim in (*claims, *known):
        for _, test in claim.tests():
            for world in test.worlds:
                if world.hash in wanted:
                    kept[world.hash] |= {measure.name: measure for measure in test.measures.values()}
                    rules[world.hash] |= dict.fromkeys(claim.rules)
    found = []
    for key, world in wanted.items():
        columns = tuple(kept[key][name] for name in sorted(kept[key]))
        found.append(Errand(world, (OWN,), size, columns))
        others = tuple(sorted(set(rules[key]) - {world.scenario.choice.rule}))
        if others:
            found.append(Errand(world, others, size.others, columns))
    return found


class Runs:
    """All runs of some errands, read back."""

    def __init__(self, tables: Mapping[tuple[str, str], pd.DataFrame]) -> None:
        self._tables = tables

    @property
    def count(self) -> int:
        """Number of runs."""
        return sum(map(len, self._tables.values()))

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return sum(int((table["status"] != DONE).sum()) for table in self._tables.values())

    def of(self, world: Resolved, rule: str) -> pd.DataFrame:
        """Runs of a world under a rule, one row a draw and replicate; a run that failed has no values."""
        own = world.scenario.choice.rule
        return self._tables[world.hash, OWN if rule == own else rule]


def run(
    errands: Sequence[Errand],
    folder: Path,
    *,
    workers: int = 1,
    mixed: bool = False,
    command: str | None = None,
    watch: Watch | None = None,
) -> Runs:
    """Run what is missing of some errands, and read all of it.

    Parameters
    ----------
    errands
        What to run.
    folder
        Where datasets are kept, one for each errand; what is there is not run again.
    workers, mixed, command
        As in `sim.study.sweep.sweep`.
    watch
        Told how it goes with all of them together: `progressed`, `failed`.

    Raises
    ------
    ScenarioError
        If values that are drawn contradict each other.
    RunError
        If a dataset was begun by other code and `mixed` is not given, or one cannot be finished.
    KeyboardInterrupt
        After Ctrl-C; what was finished is kept.
    """
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    watch = watch or Watch()
    total, before = sum(errand.runs for errand in errands), 0
    hands = crew(workers, None)
    try:
        for errand in errands:
            study = errand.study()
            target = folder / study.hash[:16]
            before += errand.runs
            part = _Part(watch, before, total)
            done = sweep(study, target, hands=hands, mixed=mixed, command=command, watch=part)
            if done.stopped:
                raise RunError(f"stopped: {done.stopped}; what is done is kept, the same command goes on")
            watch.progressed(before, total)
            tables |= {(errand.world.hash, rule): table for rule, table in _by_rule(errand, target)}
    finally:
        hands.close()
    return Runs(tables)


class _Part(Watch):
    """Progress of one sweep as progress of all; `after` is what is done once it is finished."""

    def __init__(self, whole: Watch, after: int, total: int) -> None:
        self.whole, self.after, self.total = whole, after, total

    def progressed(self, done: int, total: int) -> None:
        self.whole.progressed(self.after - (total - done), self.total)

    def failed(self, failure: Failure) -> None:
        self.whole.failed(failure)


def _by_rule(errand: Errand, folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    columns = ["replicate", "status", DRAW, RULE, *(one.name for one in errand.kept)]
    parts = read_parts(folder, RUNS, columns)
    assert parts is not None
    table: pd.DataFrame = parts.to_pandas()
    table.loc[table["status"] != DONE, [one.name for one in errand.kept]] = float("nan")
    own = errand.world.scenario.choice.rule
    for rule in errand.rules:
        rows = table[table[RULE] == (own if rule == OWN else rule)]
        yield rule, rows.set_index([DRAW, "replicate"]).sort_index()
