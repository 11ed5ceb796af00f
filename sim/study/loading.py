"""Loading a study: its file, its scenarios, and everything wrong with either."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.scenario import Problem, Resolved, ScenarioError, load
from sim.scenario.inheritance import SUFFIXES, shown
from sim.scenario.library import library, names_in
from sim.scenario.nodes import Table, find, path_of, path_text, rooted
from sim.scenario.problems import did_you_mean, listed
from sim.scenario.resolved import BLUEPRINT, DEFAULT
from sim.scenario.shapes import Bounds, Shape
from sim.scenario.translation import spot_of
from sim.study import indicators
from sim.study.design import ENUMERATED, MORRIS_LEVELS, POWER_OF_TWO, count
from sim.study.factors import DRAW, SCENARIO, Factor
from sim.study.indicators import Indicator
from sim.study.reading import VARY, path_of_study, read_study
from sim.study.schema import (
    LAST_SEED,
    MAX_POINTS,
    AnyFactor,
    DistributionEntry,
    PriorEntry,
    RangeEntry,
    StudyFile,
    ValuesEntry,
)
from sim.study.study import Study


def load_study(source: str | Path) -> Study:
    """Load a study and check all of it but the combinations of its points.

    Parameters
    ----------
    source
        Path of a ``.yaml`` file, or the name of a shipped study.

    Raises
    ------
    ScenarioError
        With every problem found in the study or in its scenarios.
    """
    path = path_of_study(source)
    read, tree = read_study(path)
    desk = _Desk(path, read, tree)
    bases = desk.bases()
    factors = tuple(desk.factors(bases))
    kept = tuple(desk.indicators(bases))
    desk.check_design(factors)
    desk.stop_if_any()
    study = Study(
        name=read.name or path.stem,
        title=read.title,
        source=shown(path),
        bases=bases,
        factors=factors,
        design=read.design,
        size=read.points,
        morris_levels=read.levels or MORRIS_LEVELS,
        second_order=bool(read.second_order),
        design_seed=read.design_seed,
        replicates=read.replicates,
        seed=read.seed,
        common_seeds=read.common_seeds,
        uncertainty=read.uncertainty,
        indicators=tuple(one for one in kept if one.take != "series"),
        series=tuple(one for one in kept if one.take == "series"),
    )
    desk.check_size(study)
    desk.stop_if_any()
    return study


@dataclass
class _Desk:
    """A study on its way, with the problems found so far."""

    path: Path
    read: StudyFile
    tree: Table
    problems: list[Problem] = field(default_factory=list)

    def note(self, path: str | tuple[str, ...], found: str, allowed: str = "", hint: str = "") -> None:
        keys = path_of(path) if isinstance(path, str) else path
        node = next(n for k in range(len(keys), -1, -1) if (n := find(self.tree, keys[:k])) is not None)
        self.problems.append(Problem(node.place, path_text(keys), found, allowed, hint))

    def stop_if_any(self) -> None:
        if self.problems:
            raise ScenarioError(sorted(self.problems, key=lambda problem: problem.place.line or 0))

    # --- scenarios -----------------------------------------------------------------------------------------

    def bases(self) -> dict[str, Resolved]:
        """Scenarios by name, with what `set` changes; stops at the first that cannot be loaded."""
        levels = self.read.vary.get(SCENARIO)
        if levels is None:
            if self.read.base is None:
                self.note("base", "missing", "a scenario, or several as values of vary.scenario")
                self.stop_if_any()
            return {str(self.read.base): self._base(str(self.read.base), ("base",))}
        if not isinstance(levels, ValuesEntry) or not all(isinstance(v, str) for v in levels.values):
            self.note((VARY, SCENARIO), "no list of scenarios", "a list of scenarios by name or path")
            self.stop_if_any()
            raise AssertionError
        if self.read.base is not None:
            self.note("base", "given beside vary.scenario", "one of the two")
        return {name: self._base(name, (VARY, SCENARIO)) for name in dict.fromkeys(map(str, levels.values))}

    def _base(self, name: str, where: tuple[str, ...]) -> Resolved:
        source = self.read.scenarios.get(name, name)
        if source.endswith(SUFFIXES):
            return load(self.path.parent / source, self.read.set)
        names = names_in(library())
        if source not in names:
            allowed = f"the path of a .yaml file, or a shipped scenario: {listed(names)}"
            self.note(where, f"no scenario '{source}'", allowed, did_you_mean(source, names))
            self.stop_if_any()
        return load(source, self.read.set)

    # --- factors -------------------------------------------------------------------------------------------

    def factors(self, bases: Mapping[str, Resolved]) -> Iterator[Factor]:
        """Factors with their keys; what is wrong with one is noted and leaves it out."""
        seen: dict[str, str] = {}
        for name, entry in self.read.vary.items():
            if name == SCENARIO:
                assert isinstance(entry, ValuesEntry)
                yield Factor(name, "scenario", values=tuple(entry.values))
                continue
            if name == DRAW:
                yield from self._draws(entry, bases)
                continue
            known = len(self.problems)
            keys = self._keys(name, entry, bases)
            for key in keys:
                if key in seen:
                    self.note((VARY, name), f"sets {key}, as '{seen[key]}' does", "each key once")
                seen.setdefault(key, name)
            factor = self._factor(name, entry, keys, bases)
            if len(self.problems) == known and factor is not None:
                self._check(factor, bases)
                yield factor

    def _draws(self, entry: AnyFactor, bases: Mapping[str, Resolved]) -> Iterator[Factor]:
        """The factor that numbers draws."""
        known = len(self.problems)
        values = entry.values if isinstance(entry, ValuesEntry) else []
        if not values or not all(type(v) is int and 0 <= v <= LAST_SEED for v in values):
            self.note((VARY, DRAW), "no list of whole numbers", "numbers of draws, such as [1, 2, 3]")
        if len(set(map(repr, values))) < len(values):
            self.note((VARY, DRAW), "a value twice", "each value once")
        if self.read.uncertainty:
            self.note("uncertainty", "given beside vary.draw", "one of the two: draws by seed, or by number")
        if not any(base.distributions for base in bases.values()):
            self.note((VARY, DRAW), "no distribution in the scenario to draw from", "a scenario that has some")
        if len(self.problems) == known:
            yield Factor(DRAW, "values", values=tuple(values))

    def _keys(self, name: str, entry: AnyFactor, bases: Mapping[str, Resolved]) -> tuple[str, ...]:
        """Key paths of a factor; ``*`` stands for every name at its place."""
        found: list[str] = []
        for pattern in entry.keys or [name]:
            matches = [_matches(base, pattern) for base in bases.values()]
            if "*" in pattern and not all(matches):
                self.note((VARY, name), f"'{pattern}' fits nothing", "a key path; * is any name at its place")
            if any(match != matches[0] for match in matches):
                self.note((VARY, name), f"'{pattern}' fits other keys in other scenarios", "key paths that all have")
            found += matches[0]
        return tuple(found)

    def _factor(
        self, name: str, entry: AnyFactor, keys: tuple[str, ...], bases: Mapping[str, Resolved]
    ) -> Factor | None:
        numbers = [n for base in bases.values() for key in keys if (n := _number_at(base, key)) is not None]
        whole = any(number.kind == "integer" for number in numbers)
        match entry:
            case ValuesEntry():
                return Factor(name, "values", keys, values=tuple(entry.values))
            case RangeEntry():
                if self._is_number(name, keys, bases) and self._within(name, entry, numbers):
                    return Factor(
                        name, "range", keys, low=entry.low, high=entry.high, scale=entry.scale,
                        steps=entry.steps, whole=whole,
                    )
            case DistributionEntry():
                if self._is_number(name, keys, bases):
                    return Factor(name, "distribution", keys, whole=whole, distribution=entry.distribution)
            case PriorEntry():
                return self._prior(name, keys, bases, whole)
        return None

    def _is_number(self, name: str, keys: tuple[str, ...], bases: Mapping[str, Resolved]) -> bool:
        for base in bases.values():
            for key in keys:
                shape = _shape_at(base, key)
                if shape is not None and shape.number() is None:
                    self.note((VARY, name), f"a range of {key}, which is no number", f"a list of values: {shape}")
                    return False
        return True

    def _within(self, name: str, entry: RangeEntry, numbers: list[Shape]) -> bool:
        """Whether a range lies in the bounds of its parameters, and holds whole numbers where these are."""
        for number in numbers:
            bounds: Bounds = number.bounds
            whole = number.kind == "integer"
            for key, value in (("low", entry.low), ("high", entry.high)):
                if not bounds.contain(value) or (whole and not value.is_integer()):
                    self.note((VARY, name, key), f"found {value:g}", f"{number}")
                    return False
        return True

    def _prior(
        self, name: str, keys: tuple[str, ...], bases: Mapping[str, Resolved], whole: bool
    ) -> Factor | None:
        found = [base.distributions.get(key) for base in bases.values() for key in keys]
        if found[0] is None or any(one != found[0] for one in found):
            uncertain = sorted(set.intersection(*(set(base.distributions) for base in bases.values())))
            if any(one is not None for one in found):
                what = "distributions that differ between keys or scenarios"
                self.note((VARY, name), what, "one distribution, or one given here")
            else:
                hint = did_you_mean(keys[0], uncertain)
                what = "no distribution in the scenario"
                self.note((VARY, name), what, f"a range, or one of: {listed(uncertain)}", hint)
            return None
        return Factor(name, "distribution", keys, whole=whole, distribution=found[0].alone)

    def _check(self, factor: Factor, bases: Mapping[str, Resolved]) -> None:
        """Try the ends of a factor, or each of its values, one at a time."""
        if len(set(map(repr, factor.levels))) < len(factor.levels):
            self.note((VARY, factor.name), "a value twice", "each value once")
        entries = factor.levels or (factor.entry(0.001), factor.entry(0.999))
        for position, entry in enumerate(entries):
            for base in bases.values():
                try:
                    base.with_values(dict.fromkeys(factor.keys, factor.value(entry)))
                except ScenarioError as error:
                    where = (VARY, factor.name, "values", str(position)) if factor.levels else (VARY, factor.name)
                    self._retell(error, where)
                    return

    def _retell(self, error: ScenarioError, where: tuple[str, ...]) -> None:
        """Problems of a changed scenario, told at the study's line."""
        for problem in error.problems:
            found = problem.found if problem.path in where else f"{problem.path}: {problem.found}"
            self.note(where[:2], found, problem.allowed, problem.hint)

    # --- indicators and design -----------------------------------------------------------------------------

    def indicators(self, bases: Mapping[str, Resolved]) -> Iterator[Indicator]:
        """What is kept, or what usually is."""
        if self.read.indicators is None:
            regions = [set(base.scenario.regions) for base in bases.values()]
            first = next(iter(bases.values())).scenario.regions
            yield from indicators.usual([name for name in first if all(name in known for known in regions)])
            return
        if not self.read.indicators:
            self.note("indicators", "nothing", "at least one, or no key 'indicators' for the usual ones")
        taken = {*self.read.vary, "run", "point", "replicate", "seed", "status", "stage", "error"}
        for name, entry in self.read.indicators.items():
            where = ("indicators", name)
            if not indicators.one_entity(entry):
                self.note(where, "more than one of region, lab and cloud", "one of them")
                continue
            if name in taken:
                self.note(where, "the name of another column of the runs", "another name")
            indicator = indicators.read(name, entry)
            for base in bases.values():
                problem = indicator.problem(base.scenario)
                if problem is not None:
                    key, found, allowed, hint = problem
                    self.note((*where, key), found, allowed, hint)
                    break
            yield indicator

    def check_design(self, factors: tuple[Factor, ...]) -> None:
        """What a design needs of the number of points, its options, and its factors."""
        read = self.read
        if read.design in ENUMERATED:
            if read.points is not None:
                self.note("points", f"given for a {read.design}", "none: its values are its points")
        elif read.points is None:
            self.note("points", "missing", f"a number of points for {read.design}")
        elif read.design in POWER_OF_TWO and read.points & (read.points - 1):
            below = 1 << (read.points.bit_length() - 1)
            allowed = f"a power of two for {read.design}, such as {below} or {2 * below}"
            self.note("points", f"found {read.points}", allowed)
        if read.levels is not None and (read.design != "morris" or read.levels % 2):
            self.note("levels", f"found {read.levels}", "an even number, and only for design: morris")
        if read.second_order is not None and read.design != "saltelli":
            self.note("second_order", f"given for {read.design}", "only for design: saltelli")
        for factor in factors:
            self._check_for_design(factor)
        lengths = {len(factor.values) for factor in factors}
        if read.design == "list" and len(lengths - {0}) > 1:
            counted = ", ".join(f"{factor.name}: {len(factor.values)}" for factor in factors)
            self.note(VARY, f"lists of different lengths ({counted})", "lists of one length, taken in step")

    def _check_for_design(self, factor: Factor) -> None:
        design, where = self.read.design, (VARY, factor.name)
        if design == "list" and not factor.values:
            self.note(where, "no values", "a list of values for design: list")
        if design == "grid" and factor.kind == "range" and factor.steps is None:
            allowed = "a list of values, or steps: 5 beside low and high, for design: grid"
            self.note(where, "a range without steps", allowed)
        if design == "grid" and factor.distribution is not None and not factor.distribution.atoms:
            self.note(where, "a distribution", "a list of values, or low, high and steps, for design: grid")
        if design != "grid" and factor.steps is not None:
            self.note((*where, "steps"), f"given for {design}", "only for design: grid")

    def check_size(self, study: Study) -> None:
        points = count(study)
        if points > MAX_POINTS:
            self.note("design", f"{points} points", f"at most {MAX_POINTS}")


def _matches(base: Resolved, pattern: str) -> list[str]:
    """Key paths of a scenario that a pattern fits; a path without ``*`` stands for itself."""
    if "*" not in pattern:
        return [pattern]
    wanted = path_of(pattern)
    above = {path_of(key)[: len(wanted)] for key in base.provenance}
    return [
        path_text(path)
        for path in sorted(above)
        if len(path) == len(wanted) and all(map(fnmatch.fnmatchcase, path, wanted))
    ]


def _shape_at(base: Resolved, key: str) -> Shape | None:
    """What may stand at a key of a scenario, if the key leads anywhere."""
    tree = rooted(base.data, DEFAULT)
    spot = spot_of(tree, BLUEPRINT.shape, path_of(key))
    return spot.shape if spot.path == path_of(key) else None


def _number_at(base: Resolved, key: str) -> Shape | None:
    shape = _shape_at(base, key)
    return shape.number() if shape is not None else None
