"""A scenario held against a file of facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.facts.ensemble import Ensemble, cut, ensemble
from sim.facts.indicators import Rows
from sim.facts.observations import comparable, observations
from sim.facts.openings import Timing, timing
from sim.facts.reading import load_facts
from sim.facts.schema import Facts
from sim.facts.score import beaten, by_family, compare
from sim.record import MODES, WORLD
from sim.run.errors import RunError
from sim.run.frames import CHANNELS, OPENNESS
from sim.run.simulate import Source, check_numbers, resolved
from sim.run.tally import Progress, Tally
from sim.scenario import Resolved, Scenario
from sim.scenario.problems import did_you_mean


@dataclass(frozen=True, repr=False, eq=False)
class Validation:
    """What `validate` returns.

    Attributes
    ----------
    scenario, facts
        As they were loaded.
    seeds
        First and last seed.
    runs
        The ensemble.
    table
        A row a value; see `sim.facts.score.compare`.
    timing
        Openings by firm, if the facts and the scenario have any.
    absent
        Facts that name somebody whom the scenario does not have, with the reason.
    """

    scenario: Resolved
    facts: Resolved[Facts]
    seeds: tuple[int, int]
    runs: Ensemble
    table: pd.DataFrame
    timing: Timing | None
    absent: Mapping[str, str]

    def __repr__(self) -> str:
        from sim.facts.report import as_text

        return as_text(self)

    @property
    def families(self) -> pd.DataFrame:
        """Scores by family and use."""
        return by_family(self.table)

    @property
    def rivals(self) -> pd.DataFrame:
        """Errors of the model and of its rivals by family."""
        return beaten(self.table)

    @property
    def unrepresented(self) -> dict[str, str]:
        """Facts that the model cannot represent, with the reason."""
        facts = self.facts.scenario.facts.items()
        return {name: fact.why for name, fact in facts if fact.use == "unrepresented"}

    def score(self, use: str = "all") -> float:
        """Part of the facts of a use that hit; a series counts by the part of its values that do. NaN of none."""
        families = self.families
        row = families[(families["family"] == "all") & (families["use"] == use)]
        return float(row["hit"].iloc[0]) if len(row) else float("nan")

    def save(self, folder: str | Path, *, force: bool = False, command: str | None = None) -> Path:
        """Write report, tables and figures into a folder that appears only when it is whole.

        Raises
        ------
        RunError
            If the folder holds a validation and `force` is not given, or something else.
        OSError
            If the folder cannot be written.
        """
        from sim.facts.files import save

        return save(self, Path(folder), force=force, command=command)


def validate(
    scenario: Source,
    facts: Path | None = None,
    *,
    seed: int = 1,
    replicates: int = 64,
    workers: int = 1,
    rivals: bool = True,
    progress: Progress | None = None,
) -> Validation:
    """Hold a scenario against facts.

    Every run draws the scenario's uncertain parameters, and ends with the last month that a fact tells of.

    Parameters
    ----------
    scenario
        As in `sim.simulate`.
    facts
        A file of facts; none: the shipped one.
    seed, replicates, workers
        As in `sim.simulate`.
    rivals
        Whether to run the scenario without its export rules too.
    progress
        Called with the number of runs done and of all.

    Raises
    ------
    ScenarioError
        If scenario or facts cannot be read.
    RunError
        If a number is out of range, or the facts and the scenario have nothing in common.
    SimulationError
        If every run fails.
    """
    loaded, read = resolved(scenario), load_facts(facts)
    check_numbers(loaded, seed, replicates, bool(loaded.distributions), workers)
    held = read.scenario
    absent = missing_names(held, loaded.scenario)
    present = [name for name in comparable(held) if name not in absent]
    if not present:
        raise RunError(f"no fact of {read.name} is about anybody in '{loaded.name}'")
    measured = held.model_copy(update={"facts": {name: held.facts[name] for name in present}})
    given = loaded.scenario.history_until
    if given is not None and all(one.until <= given for one in observations(measured)):
        raise RunError(f"'{loaded.name}' replays history until {given}; no fact of {read.name} tells of later months")
    done = Tally(progress, replicates * (2 if rivals else 1))
    short = cut(loaded, held)

    def run(one: Resolved) -> Ensemble:
        return ensemble(one, measured, seed=seed, replicates=replicates, workers=workers, finished=done.add)

    runs = run(short)
    without = run(short.with_values({"mechanisms.export_rules": False})) if rivals else None
    return Validation(
        scenario=loaded,
        facts=read,
        seeds=(seed, seed + replicates - 1),
        runs=runs,
        table=compare(held, present, short.scenario, runs, without),
        timing=timing(runs, held, short.scenario),
        absent=absent,
    )


def missing_names(facts: Facts, scenario: Scenario) -> dict[str, str]:
    """Facts that name a region, lab, segment or the like that a scenario does not have, and which."""
    groups = {str(segment.group) for segment in scenario.segments.values()}
    known: dict[str, set[str]] = {
        "region": {*scenario.regions, WORLD}, "origin": set(scenario.regions), "lab": set(scenario.labs),
        "segment": set(scenario.segments), "group": groups, "openness": set(OPENNESS),
        "channel": set(CHANNELS), "mode": set(MODES),
    }  # fmt: skip
    found = {}
    for name, fact in comparable(facts).items():
        for selection in (fact.where, fact.over or {}, fact.minus or {}):
            reasons = _unknown(selection, known)
            if reasons:
                found[name] = reasons[0]
    return found


def _unknown(selection: Rows, known: Mapping[str, set[str]]) -> list[str]:
    return [
        f"no {column} '{name}'{did_you_mean(name, sorted(known[column]))}"
        for column, names in selection.items()
        for name in names
        if name not in known[column]
    ]
