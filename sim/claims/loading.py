"""Loading claims: their files, their worlds, and everything wrong with either."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.claims.claim import Claim, Pair, Part, Test
from sim.claims.formula import Formula, FormulaError, parse
from sim.claims.schema import ClaimFile, PartEntry
from sim.claims.worlds import Worlds, in_words
from sim.scenario import Problem, Resolved, ScenarioError
from sim.scenario.checking import Blueprint, validated
from sim.scenario.inheritance import SUFFIXES, shown
from sim.scenario.library import library, names_in
from sim.scenario.nodes import Table, find, path_text
from sim.scenario.problems import Place, did_you_mean, listed
from sim.scenario.reading import read_file
from sim.study import indicators
from sim.study.indicators import Indicator
from sim.study.schema import IndicatorEntry

FOLDER = "claims"
_BLUEPRINT = Blueprint(ClaimFile, lambda _: ())


def shipped_claims() -> list[Path]:
    """Files of the claims that come with the package, in the order of the list."""
    folder = library() / FOLDER
    return [folder / f"{name}.yaml" for name in names_in(folder)]


def path_of_claim(source: str) -> Path:
    """The file that the name or number of a shipped claim, or a path, means.

    Raises
    ------
    ScenarioError
        If there is no such claim.
    """
    if Path(source).suffix in SUFFIXES:
        return Path(source)
    files = shipped_claims()
    for path in files:
        number, _, name = path.stem.partition("-")
        if source in (path.stem, number.lstrip("0"), name):
            return path
    names = [path.stem for path in files]
    allowed = f"the path of a .yaml file, a number, or a shipped claim: {listed(names)}"
    hint = did_you_mean(source, [*names, *(name.partition("-")[2] for name in names)])
    raise ScenarioError([Problem(Place(source), "", "no such claim", allowed, hint)])


def load_claims(paths: Sequence[Path], worlds: Worlds | None = None) -> list[Claim]:
    """Load claims and check all of them.

    Parameters
    ----------
    paths
        Their files.
    worlds
        Where their scenarios are kept, so that one that several claims need is made once.

    Raises
    ------
    ScenarioError
        With every problem of every file.
    """
    worlds = worlds if worlds is not None else Worlds()
    found: list[Claim] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found.append(_claim(path, worlds))
        except ScenarioError as error:
            problems += error.problems
    taken: dict[str, Path] = {}
    for claim in found:
        if claim.name in taken:
            there = f"the name of a claim twice; first at {shown(taken[claim.name])}"
            problems.append(Problem(Place(shown(claim.path)), "", there, "a name of its own for each file"))
        taken.setdefault(claim.name, claim.path)
    if problems:
        raise ScenarioError(problems)
    return found


def _claim(path: Path, worlds: Worlds) -> Claim:
    tree = read_file(path, shown(path))
    text = validated(tree, _BLUEPRINT)
    desk = _Desk(path, tree, worlds)
    parts = [desk.part(name, entry) for name, entry in text.parts.items()]
    if desk.problems:
        raise ScenarioError(sorted(desk.problems, key=lambda problem: problem.place.line or 0))
    return Claim(path.stem, path, text, tuple(part for part in parts if part is not None))


class _Desk:
    """A claim on its way, with the problems found so far."""

    def __init__(self, path: Path, tree: Table, worlds: Worlds) -> None:
        self.path, self.tree, self.worlds = path, tree, worlds
        self.problems: list[Problem] = []

    def note(self, keys: tuple[str, ...], found: str, allowed: str = "", hint: str = "") -> None:
        node = next(n for k in range(len(keys), -1, -1) if (n := find(self.tree, keys[:k])) is not None)
        self.problems.append(Problem(node.place, path_text(keys), found, allowed, hint))

    def part(self, name: str, entry: PartEntry) -> Part | None:
        """A part with its test; none if something is wrong with it."""
        where = ("parts", name)
        given = entry.model_fields_set - {"sentence", "untestable"}
        if entry.untestable is not None:
            for key in sorted(given):
                self.note((*where, key), "given for a part that is untestable", "the sentence and what is missing")
            return Part(name, entry.sentence, None, entry.untestable)
        known = len(self.problems)
        test = self._test(where, entry)
        return None if len(self.problems) > known or test is None else Part(name, entry.sentence, test, "")

    def _test(self, where: tuple[str, ...], entry: PartEntry) -> Test | None:
        for key in ("treatment", "measures", "unit", "direction", "smallest"):
            if key not in entry.model_fields_set:
                self.note((*where, key), "missing", "a value, or 'untestable' with what the model lacks")
        if (entry.control is None) == (entry.level is None):
            self.note(where, "control and level: both or neither", "a control, or a level in its place")
        if entry.level is not None and (entry.effect == "ratio" or entry.compared_with is not None):
            self.note((*where, "level"), "given with a ratio or compared_with", "a difference from a number alone")
        if entry.smallest == 0 and entry.level is None:
            self.note((*where, "smallest"), "found 0", "above 0: an effect of nothing is no effect")
        formula = self._formula(where, entry)
        pair, beside = self._pairs(where, entry)
        if pair is None or formula is None or entry.direction is None or entry.smallest is None:
            return None
        test = Test(
            pair, beside, {}, formula, entry.effect, entry.direction, entry.smallest, entry.unit
        )  # fmt: skip
        for name, measure in entry.measures.items():
            test.measures[name] = self._measure((*where, "measures", name), measure, test.worlds)
        return test

    def _formula(self, where: tuple[str, ...], entry: PartEntry) -> Formula | None:
        names = list(entry.measures)
        if entry.value is None and len(names) > 1:
            self.note((*where, "value"), "missing", f"a formula of the measures {', '.join(names)}")
            return None
        try:
            formula = parse(entry.value or (names[0] if names else "0"))
        except FormulaError as error:
            allowed = "names of measures, numbers, + - * / and brackets"
            self.note((*where, "value"), f"found {error}", allowed)
            return None
        for name in sorted(formula.names - set(names)):
            self.note((*where, "value"), f"'{name}'", listed(names), did_you_mean(name, names))
        for name in sorted(set(names) - formula.names):
            self.note((*where, "measures", name), "not in the value", "measures that the value needs")
        return formula

    def _pairs(self, where: tuple[str, ...], entry: PartEntry) -> tuple[Pair | None, Pair | None]:
        beside = None
        if entry.compared_with is not None:
            there = (*where, "compared_with")
            treated, control = self._world((*there, "treatment")), self._world((*there, "control"))
            if treated is not None and control is not None:
                beside = Pair(treated, control, self._words(there))
        treated = self._world((*where, "treatment"))
        compared = entry.level if entry.level is not None else self._world((*where, "control"))
        if treated is None or compared is None:
            return None, None
        if isinstance(compared, Resolved) and compared.hash == treated.hash:
            self.note((*where, "treatment"), "the same world as the control", "a world that differs from it")
        return Pair(treated, compared, self._words(where)), beside

    def _words(self, where: tuple[str, ...]) -> tuple[str, str]:
        nodes = (find(self.tree, (*where, key)) for key in ("treatment", "control"))
        treated, control = (in_words(node) if isinstance(node, Table) else "" for node in nodes)
        return treated, control

    def _world(self, where: tuple[str, ...]) -> Resolved | None:
        node = find(self.tree, where)
        if not isinstance(node, Table):
            return None
        try:
            return self.worlds.of(node, self.path.parent)
        except ScenarioError as error:
            inside = path_text(where)
            for one in error.problems:
                path = f"{inside}.{one.path}" if one.path else inside
                self.problems.append(Problem(one.place, path, one.found, one.allowed, one.hint))
            return None

    def _measure(
        self, where: tuple[str, ...], entry: IndicatorEntry, worlds: Sequence[Resolved]
    ) -> Indicator:
        if not indicators.one_entity(entry):
            self.note(where, "more than one of region, lab and cloud", "one of them")
        if entry.take == "series":
            self.note((*where, "take"), "found series", "end or mean")
        measure = indicators.read(column_name(entry), entry)
        for world in worlds:
            problem = measure.problem(world.scenario)
            if problem is not None:
                key, found, allowed, hint = problem
                self.note((*where, key), found, allowed, hint)
                break
        return measure


def column_name(entry: IndicatorEntry) -> str:
    """Name of a measure's column among the runs: the same for the same measure, whichever claim asks for it."""
    said = entry.model_dump(exclude_none=True, mode="json")
    words = [said.pop("column"), said.pop("take")]
    for key, value in said.items():
        words += [key, *(value if isinstance(value, list) else [value])] if value else []
    return "_".join("".join(c if c.isalnum() else "_" for c in word) for word in words)
