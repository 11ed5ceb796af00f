"""From a study file to its entries: every form in which a factor may be written, as one of a few.

``[a, b]`` is ``{values: [a, b]}``, ``prior`` is the scenario's own distribution, ``{low: ..., high: ...}`` a
range, ``{dist: ...}`` a distribution.
"""

from __future__ import annotations

from pathlib import Path

from sim.scenario.checking import Blueprint, validated
from sim.scenario.inheritance import SUFFIXES, shown
from sim.scenario.library import library, names_in
from sim.scenario.loading import Shipped, listing
from sim.scenario.nodes import DIST, Listing, Node, Scalar, Table, written
from sim.scenario.problems import Place, Problem, ScenarioError, did_you_mean, listed
from sim.scenario.reading import read_file
from sim.study.schema import StudyFile

FOLDER = "studies"
VARY = "vary"
KEYS = "keys"
FORMS = "{low: ..., high: ...}, a list of values, a distribution such as {dist: uniform, ...}, or prior"

_BLUEPRINT = Blueprint(StudyFile, lambda _: ())


def shipped_studies() -> list[Shipped]:
    """Shipped studies with their titles, in alphabetical order."""
    return listing(library() / FOLDER)


def is_study(source: str) -> bool:
    """Whether a name or a path means a study rather than a scenario; an unreadable file is neither."""
    if Path(source).suffix not in SUFFIXES:
        return source in names_in(library() / FOLDER)
    try:
        return VARY in read_file(Path(source), source, dotted=True).items
    except ScenarioError:
        return False


def path_of_study(source: str | Path) -> Path:
    """The file that a path or the name of a shipped study means.

    Raises
    ------
    ScenarioError
        If there is no study of that name.
    """
    path = Path(source)
    if isinstance(source, Path) or path.suffix in SUFFIXES or len(path.parts) > 1:
        return path
    folder = library() / FOLDER
    names = names_in(folder)
    if source not in names:
        allowed = f"the path of a .yaml file, or a shipped study: {listed(names)}"
        hint = did_you_mean(source, names)
        raise ScenarioError([Problem(Place(source), "", "no such study", allowed, hint)])
    return folder / f"{source}.yaml"


def read_study(path: Path) -> tuple[StudyFile, Table]:
    """Read a study file.

    Returns
    -------
    The study, and its tree, which knows the line of every key.

    Raises
    ------
    ScenarioError
        With every problem.
    """
    tree = read_file(path, shown(path), dotted=True)
    problems: list[Problem] = []
    vary = tree.items.get(VARY)
    if isinstance(vary, Table):
        factors = {name: _tagged(name, node, problems) for name, node in vary.items.items()}
        if not factors:
            problems.append(Problem(vary.place, VARY, "nothing", "at least one factor"))
        tree = Table({**tree.items, VARY: Table(factors, vary.place)}, tree.place)
    return validated(tree, _BLUEPRINT, known=problems), tree


def _tagged(name: str, node: Node, problems: list[Problem]) -> Node:
    """A factor with its kind written out."""
    place = node.place
    if isinstance(node, Listing):
        return _entry("values", {"values": node}, place)
    if isinstance(node, Scalar) and node.value == "prior":
        return _entry("prior", {}, place)
    if not isinstance(node, Table):
        hint = did_you_mean(str(node.value), ["prior"])
        problems.append(Problem(place, f"{VARY}.{name}", f"found {written(node)}", FORMS, hint))
        return _entry("prior", {}, place)
    if DIST in node.items:
        inner = {key: item for key, item in node.items.items() if key != KEYS}
        outer = {key: item for key, item in node.items.items() if key == KEYS}
        return _entry("distribution", {"distribution": Table(inner, place), **outer}, place)
    return _entry("values" if "values" in node.items else "range", dict(node.items), place)


def _entry(kind: str, items: dict[str, Node], place: Place) -> Table:
    return Table({**items, "kind": Scalar(kind, place)}, place)
