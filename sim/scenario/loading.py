"""Loading a scenario: by path, or by the name of a shipped one."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sim.scenario.checking import Blueprint, M
from sim.scenario.inheritance import SUFFIXES, read_with_parents, shown
from sim.scenario.library import library, names_in
from sim.scenario.merging import Overrides, override
from sim.scenario.nodes import Scalar
from sim.scenario.problems import Place, Problem, ScenarioError, did_you_mean, listed
from sim.scenario.reading import read_file
from sim.scenario.resolved import BLUEPRINT, Resolved, resolve


class Shipped(NamedTuple):
    """A scenario, study or claim that comes with the package."""

    name: str
    title: str


def load(source: str | Path, overrides: Overrides = ()) -> Resolved:
    """Load a scenario and check it.

    Parameters
    ----------
    source
        Path of a ``.yaml`` file, or the name of a shipped scenario.
    overrides
        Changes, as ``["labs.alibaba.capex=2e9"]`` or ``{"labs.alibaba.capex": 2e9}``.

    Raises
    ------
    ScenarioError
        With every problem found, each with file, line, key path, and what is allowed.

    Examples
    --------
    >>> scenario = load("baseline", ["labs.alibaba.capex=2e9"])
    >>> scenario.scenario.labs["alibaba"].capex
    2000000000.0
    >>> str(scenario.provenance["labs.alibaba.capex"])
    '--set labs.alibaba.capex=2e9'
    """
    return load_as(BLUEPRINT, source, overrides, library())


def load_as(
    blueprint: Blueprint[M], source: str | Path, overrides: Overrides = (), folder: Path | None = None
) -> Resolved[M]:
    """Load what another model describes, from another library; see `load`.

    Parameters
    ----------
    blueprint
        What the scenario must be.
    source, overrides
        As in `load`.
    folder
        Folder of the scenarios that can be named without a path.
    """
    folder = folder or library()
    path = _path_of(source, folder)
    draft, files = read_with_parents(path, folder, blueprint.named_lists)
    override(draft, overrides)
    return resolve(path.stem, draft, blueprint, files)


def shipped() -> list[Shipped]:
    """Shipped scenarios with their titles, in alphabetical order."""
    return listing(library())


def listing(folder: Path, key: str = "title") -> list[Shipped]:
    """What a folder of scenarios, studies or claims holds, in alphabetical order; `key` has what is said of each."""
    return [Shipped(name, _text(folder / f"{name}.yaml", key)) for name in names_in(folder)]


def _text(path: Path, key: str) -> str:
    said = read_file(path, shown(path), dotted=True).items.get(key)
    return str(said.value) if isinstance(said, Scalar) else ""


def _path_of(source: str | Path, folder: Path) -> Path:
    path = Path(source)
    if isinstance(source, Path) or path.suffix in SUFFIXES or len(path.parts) > 1:
        return path
    names = names_in(folder)
    if source not in names:
        allowed = f"the path of a .yaml file, or a shipped scenario: {listed(names)}"
        hint = did_you_mean(source, names)
        raise ScenarioError([Problem(Place(source), "", "no such scenario", allowed, hint)])
    return folder / f"{source}.yaml"
