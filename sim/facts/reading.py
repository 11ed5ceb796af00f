"""Reading a file of facts."""

from __future__ import annotations

from pathlib import Path

from sim.facts.schema import BLUEPRINT, Facts
from sim.scenario import Resolved
from sim.scenario.loading import load_as

PACKAGE = Path(__file__).resolve().parent.parent


def shipped_facts() -> Path:
    """The file of facts that comes with the package."""
    installed = PACKAGE / "_data"
    return (installed if installed.is_dir() else PACKAGE.parent / "data") / "facts.yaml"


def load_facts(path: Path | None = None) -> Resolved[Facts]:
    """Read facts and check them.

    Parameters
    ----------
    path
        A file of the form of the shipped one, which is read if none is given.

    Raises
    ------
    ScenarioError
        With every problem found, each with file, line, key path, and what is allowed.
    """
    return load_as(BLUEPRINT, path or shipped_facts())
