"""Calibration of a scenario: what of its prior the facts do not rule out.

Waves of runs, spread over the prior at first and over what is not ruled out later; after each, response surfaces are
fitted to all runs so far and rule out more (`sim.facts.matching`). The result is a set: those of the runs that fit
best, about as many as foretell facts that had no part in the choice best (`sim.facts.selection`). Where all facts
are of one family, and none is left to foretell, it is what the surfaces do not rule out; or, of releases of history,
whose odds a run tells without luck, runs drawn in proportion to their likelihood. The scenario then draws members of
the set, and its central values are those of the central member (`sim.facts.members`). Parameters whose spread hardly
shrank are those that the facts cannot identify. Held-out facts are run and reported, and have no part in any of it,
be they values or dates of openings (`sim.facts.hazards`).

The baseline is calibrated in three steps: `scenarios/studies/calibrate-demand.yaml`, `-release` and `-progress`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sim.facts.ensemble import cut
from sim.facts.hazards import odds, surprises
from sim.facts.indicators import Array
from sim.facts.matching import Remaining, remaining
from sim.facts.members import MOST, Members, in_order, some, study_again
from sim.facts.observations import comparable, observations
from sim.facts.reading import load_facts
from sim.facts.schema import Facts
from sim.facts.score import interval
from sim.facts.selection import DATED, by_likelihood, left_out, nearest, size
from sim.facts.surfaces import Aim, Surfaces
from sim.facts.validate import missing_names
from sim.facts.waves import Said, Wave
from sim.run.described import made_with
from sim.run.errors import RunError
from sim.run.folder import write_whole
from sim.run.manifest import versions
from sim.run.tally import Progress, Tally
from sim.scenario import Resolved
from sim.scenario.problems import did_you_mean
from sim.study.design import sample
from sim.study.loading import load_study
from sim.study.reading import path_of_study, read_study
from sim.study.schema import CalibrationEntry
from sim.study.study import Study
from sim.study.variants import Variants

ABOUT, MEMBERS = "calibration.json", "wave-members"
FORMAT = "aimarkets calibration 2"
POPULATION = 2000
"""Points that search, and by which the set is described."""
IDENTIFIED = 0.75
"""A parameter whose 90 % interval keeps more than this part of the prior's is not identified."""
DESIGNS = ("random", "latin-hypercube", "sobol")


@dataclass(frozen=True, repr=False, eq=False)
class Calibration:
    """What `calibrate` returns.

    Attributes
    ----------
    study, base, facts
        What was calibrated, and against what.
    set
        The set, its points in the unit cube; a run may be there several times.
    members
        Those of it that were run again, the central one first.
    sizes
        A row a size that was tried for the set, see `sim.facts.selection.left_out`; empty if none was.
    waves
        A row a wave: runs, failures, the part of the prior that its points come from, the part of the
        calibration and held-out facts that its runs hit, and the logarithmic scores of the dates of openings
        that tune and that are held out (``surprise``, ``surprise_held_out``; 0 is perfect, 0.69 a coin).
    parameters
        A row a factor: 5, 50 and 95 % quantiles in the set, the central member's value, the prior's, the part of the
        prior's 90 % interval that is left, whether it is identified.
    fit
        A row a fact: use, implausibility at the central member and the least in the set, the part of its values
        that the last wave's runs hit, the part of their variance that the emulator explains.
    openings
        A row a firm and half-year at risk, or release of history (`replayed`): lab, since, until, opened, use,
        odds in the first and in the last wave.
    """

    study: Study
    base: Resolved
    facts: Resolved[Facts]
    set: Remaining
    members: Members
    sizes: pd.DataFrame
    waves: pd.DataFrame
    parameters: pd.DataFrame
    fit: pd.DataFrame
    openings: pd.DataFrame

    def __repr__(self) -> str:
        from sim.facts.calibration_report import as_text

        return as_text(self)


def calibrate(
    source: str | Path, out: str | Path, *, workers: int = 1, command: str | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate, or go on with a calibration that was stopped.

    Parameters
    ----------
    source
        A study with a sampled design; its `calibration` tells facts, waves and the set's probability.
    out
        Folder of the calibration. If it holds this very one, what is missing is run.
    workers
        Processes; the result does not depend on it.
    command
        What made it, for the record.
    progress
        Called with the number of runs done and of all.

    Raises
    ------
    ScenarioError
        If study, scenario or facts are not valid.
    RunError
        If the study cannot be calibrated, or the folder holds something else.
    SimulationError
        If a worker dies, or no run of a wave succeeds.
    """
    path = path_of_study(source)
    study, settings = load_study(path), read_study(path)[0].calibration
    if settings is None:
        raise RunError(f"{study.source}: no 'calibration' section; with one, {{waves: 3}} say, it can be calibrated")
    base = _base(study)
    facts = load_facts(None if settings.facts is None else path.parent / settings.facts)
    held = _held(study, settings, facts, base)
    folder = Path(out)
    _open(folder, study, facts, settings, command)
    return _Work(study, base, facts, held, settings, folder).run(workers, progress)


def _held(study: Study, settings: CalibrationEntry, facts: Resolved[Facts], base: Resolved) -> Facts:
    """The facts that count: of families that are asked for, about somebody in the scenario."""
    known = sorted({fact.family for fact in facts.scenario.facts.values()})
    for name in settings.families or ():
        if name not in known:
            hint = did_you_mean(name, known)
            raise RunError(f"{study.source}: calibration.families: '{name}' is no family of {facts.name}{hint}")
    absent = missing_names(facts.scenario, base.scenario)
    present = {
        name: fact
        for name, fact in comparable(facts.scenario).items()
        if name not in absent and (settings.families is None or fact.family in settings.families)
    }
    if not any(fact.use == "calibration" for fact in present.values()):
        raise RunError(f"no fact of {facts.name} with use 'calibration' that counts is about anybody in '{base.name}'")
    dated = settings.families is None or DATED in settings.families
    return facts.scenario.model_copy(update={"facts": present, "openings": facts.scenario.openings if dated else {}})


def _base(study: Study) -> Resolved:
    """The scenario, if the study is one that can be calibrated."""
    if len(study.bases) != 1:
        raise RunError(f"{study.source}: {len(study.bases)} scenarios; a calibration has one")
    if study.design not in DESIGNS:
        raise RunError(f"{study.source}: design: found {study.design}; allowed: {', '.join(DESIGNS)}")
    for factor in study.factors:
        if factor.kind not in ("range", "distribution"):
            raise RunError(f"{study.source}: vary.{factor.name}: a list of values; allowed: a range or a prior")
    return next(iter(study.bases.values()))


def _open(
    folder: Path, study: Study, facts: Resolved[Facts], settings: CalibrationEntry, command: str | None
) -> None:
    """Make the folder, or see that it holds this calibration."""
    about = {
        "format": FORMAT, "study": study.hash, "facts": facts.hash, "families": settings.families,
        "waves": settings.waves, "within": settings.within, "versions": versions(),
    }  # fmt: skip
    path = folder / ABOUT
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        changed = [key for key, value in about.items() if found.get(key) != value]
        if changed:
            raise RunError(f"{folder} holds another calibration ({', '.join(changed)} differ); name another folder")
        return
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder} holds something that is not a calibration and is kept; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({**about, "command": command, **made_with()}, indent=2) + "\n")


@dataclass
class _Work:
    """A calibration under way."""

    study: Study
    base: Resolved
    facts: Resolved[Facts]
    held: Facts
    settings: CalibrationEntry
    folder: Path

    def run(self, workers: int, progress: Progress | None) -> Calibration:
        """All waves, then the members of the set again, then what they say."""
        study, points = self.study, self._first()
        waves = [Wave(self.folder / f"wave-{n + 1}") for n in range(self.settings.waves)]
        in_waves, most = len(points) * len(waves) * study.replicates, min(MOST, len(points))
        again = study_again(study, len(points) * study.replicates)
        tally = Tally(progress, in_waves + most * again.replicates)
        base = cut(self.base, self.held)
        variants, aim = Variants(base), Aim(self.held, base.scenario)
        shares = [1.0]
        for number, wave in enumerate(waves, 1):
            self._run(wave, study, points, variants, workers, tally)
            said, surfaces = self._fitted(waves[:number], aim)
            if number < len(waves):
                left = self._not_ruled_out(surfaces)
                shares.append(left.share)
                points = self._next(left, len(points), number)
        sizes = left_out(said, surfaces)
        found = self._set(said, surfaces, shares[-1], sizes)
        chosen, last = some(found.points, most), Wave(self.folder / MEMBERS)
        if last.planned and not np.array_equal(last.quantiles(), chosen):
            raise RunError(f"{last.folder} holds runs of another set; remove it, and the same command goes on")
        tally.total = in_waves + len(chosen) * again.replicates
        self._run(last, again, chosen, variants, workers, tally)
        members = in_order(last.said(again), surfaces)
        return Calibration(
            study, self.base, self.facts, found, members, sizes, self._waves(waves, shares, aim),
            self._parameters(found, members.central), self._fit(found, members.central, surfaces, waves[-1]),
            self._openings(waves, aim),
        )  # fmt: skip

    def _run(
        self, wave: Wave, study: Study, points: Array, variants: Variants, workers: int, tally: Tally
    ) -> None:
        """Do what of a wave is missing."""
        if not wave.planned:
            wave.plan(study, points)
        tally.done += len(points) * study.replicates - len(wave.missing(study))
        wave.run(study, self.held, variants, workers=workers, finished=tally.add)

    def _first(self) -> Array:
        quantiles = sample(self.study).quantiles
        assert quantiles is not None
        return quantiles

    def _next(self, left: Remaining, points: int, number: int) -> Array:
        draw = np.random.default_rng([self.study.design_seed, number])
        return left.points[draw.choice(len(left.points), points, replace=len(left.points) < points)]

    def _fitted(self, waves: Sequence[Wave], aim: Aim) -> tuple[Said, Surfaces]:
        """All runs so far, and surfaces of them."""
        said = Said.together([wave.said(self.study) for wave in waves])
        if not np.isfinite(said.values).any():
            raise RunError(f"{self.folder}: every run failed; their files in runs/ tell why")
        return said, Surfaces.fit(said, aim)

    def _not_ruled_out(self, surfaces: Surfaces) -> Remaining:
        left, _ = remaining(
            surfaces.heights, len(self.study.factors), within=self.settings.within, points=POPULATION,
            seed=self.study.design_seed,
        )  # fmt: skip
        return left

    def _set(self, said: Said, surfaces: Surfaces, share: float, sizes: pd.DataFrame) -> Remaining:
        """The set: so many of the runs that fit best, a draw of them, or what the surfaces do not rule out."""
        if sizes.empty and not surfaces.aim.told:
            return self._not_ruled_out(surfaces)
        depths = surfaces.of_runs(said)
        chosen = by_likelihood(depths, POPULATION) if sizes.empty else nearest(depths, size(sizes))
        return Remaining(said.points[chosen], float(depths[chosen[-1]]), share)

    def _waves(self, waves: Sequence[Wave], shares: Sequence[float], aim: Aim) -> pd.DataFrame:
        rows = []
        for number, (wave, share) in enumerate(zip(waves, shares, strict=True), 1):
            hits = self._hits(wave)
            dated = self._surprise(wave, aim)
            rows.append(
                {
                    "wave": number, "runs": len(wave.quantiles()) * self.study.replicates,
                    "failed": wave.failures(self.study), "share_of_prior": share,
                    **{use: hits[hits["use"] == use]["hit"].mean() for use in ("calibration", "held-out")},
                    "surprise": dated["calibration"], "surprise_held_out": dated["held-out"],
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def _surprise(self, wave: Wave, aim: Aim) -> dict[str, float]:
        """Logarithmic scores of the dates of openings in a wave, by use; NaN of none."""
        minus_logs = surprises(odds(wave.said(self.study).openings), aim.at_risk)
        uses = np.array([one.use for one in aim.at_risk])
        return {
            use: float(minus_logs[uses == use].mean()) if (uses == use).any() else float("nan")
            for use in ("calibration", "held-out")
        }

    def _openings(self, waves: Sequence[Wave], aim: Aim) -> pd.DataFrame:
        first, last = (odds(wave.said(self.study).openings) for wave in (waves[0], waves[-1]))
        columns = ("lab", "since", "until", "opened", "use", "replayed")
        found = pd.DataFrame([[getattr(one, name) for name in columns] for one in aim.at_risk], columns=columns)
        return found.assign(first=first, last=last)

    def _hits(self, wave: Wave) -> pd.DataFrame:
        """Part of the values of each fact that a wave's runs hit, as `validate` counts."""
        said = wave.said(self.study).values
        rows = []
        for place, one in enumerate(observations(self.held)):
            fact = self.held.facts[one.fact]
            column = said[:, place]
            hit = False
            if np.isfinite(column).mean() > 0.5:
                found = interval(fact, column, measured=True)
                value = np.log(one.value) if fact.scale == "log" else one.value
                hit = bool(found.low <= value <= found.high)
            rows.append({"fact": one.fact, "use": fact.use, "hit": float(hit)})
        return pd.DataFrame(rows).groupby(["fact", "use"], sort=False)["hit"].mean().reset_index()

    def _parameters(self, left: Remaining, central: Array) -> pd.DataFrame:
        rows = []
        for place, factor in enumerate(self.study.factors):
            low, middle, high = np.quantile(left.points[:, place], (0.05, 0.5, 0.95))
            kept = (high - low) / 0.9
            rows.append(
                {
                    "parameter": factor.name,
                    "prior_low": factor.entry(0.05), "prior_high": factor.entry(0.95),
                    "low": factor.entry(float(low)), "median": factor.entry(float(middle)),
                    "high": factor.entry(float(high)), "central": factor.entry(float(central[place])),
                    "kept": float(kept), "identified": bool(kept <= IDENTIFIED),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def _fit(self, left: Remaining, central: Array, surfaces: Surfaces, last: Wave) -> pd.DataFrame:
        goal = surfaces.aim.targets
        explained = [float(surfaces.explained[goal.fact == place].mean()) for place in range(len(goal.facts))]
        found = pd.DataFrame(
            {
                "fact": goal.facts, "at_central": surfaces.implausibilities(central[None, :])[0],
                "least": surfaces.implausibilities(left.points).min(axis=0), "explained": explained,
            }
        )  # fmt: skip
        return self._hits(last).merge(found, on="fact", how="left")
