"""A scenario file with all that it inherits by ``extends``.

``extends`` names a file beside the scenario or a shipped scenario, and leads nowhere else: not out of the
scenario's folder, not in a circle.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sim.scenario.library import names_in
from sim.scenario.merging import REMOVE, Draft, lay_over, remove
from sim.scenario.nodes import Node, Scalar, Table, written
from sim.scenario.problems import Problem, ScenarioError, did_you_mean, listed
from sim.scenario.reading import read_file

EXTENDS = "extends"
SUFFIXES = (".yaml", ".yml")
MAX_CHAIN = 20


def read_with_parents(
    path: Path, library: Path, appending: Collection[str] = ()
) -> tuple[Draft, tuple[Path, ...]]:
    """Read a file and all that it extends, and merge them.

    Parameters
    ----------
    path
        The scenario file.
    library
        Folder of the shipped scenarios, which may be extended by name.
    appending
        Top-level keys whose lists append to the parent's rather than replace it.

    Returns
    -------
    draft, files
        The merged tree, and the files that it came from, the scenario's own first.

    Raises
    ------
    ScenarioError
        If a file cannot be read, or the chain of ``extends`` leads nowhere, in a circle, or out of the folder
        of the scenario and the library.
    """
    chain = _chain(path, library)
    _, base = chain[-1]
    draft = Draft(_body(base))
    if REMOVE in base.items:
        place = base.items[REMOVE].place
        draft.problems.append(Problem(place, REMOVE, "nothing to remove from", f"a file with '{EXTENDS}'"))
    for _, child in reversed(chain[:-1]):
        if REMOVE in child.items:
            remove(draft, child.items[REMOVE])
        lay_over(draft, _body(child), appending)
    return draft, tuple(file for file, _ in chain)


def _chain(path: Path, library: Path) -> list[tuple[Path, Table]]:
    """The file and its ancestors, itself first."""
    chain = [(path, read_file(path, shown(path)))]
    while EXTENDS in chain[-1][1].items:
        file, table = chain[-1]
        parent = _parent(table.items[EXTENDS], file, library, root=path.parent)
        files = [known for known, _ in chain]
        place = table.items[EXTENDS].place
        if parent.resolve() in [known.resolve() for known in files]:
            found = f"a circle: {' -> '.join(map(shown, [*files, parent]))}"
            raise ScenarioError([Problem(place, EXTENDS, found, "a chain of files that ends")])
        if len(chain) == MAX_CHAIN:
            raise ScenarioError([Problem(place, EXTENDS, "a long chain", f"at most {MAX_CHAIN} files")])
        chain.append((parent, read_file(parent, shown(parent))))
    return chain


def _parent(node: Node, file: Path, library: Path, root: Path) -> Path:
    """The file that an ``extends`` names, if it may be named and exists."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
        allowed = "a file such as baseline.yaml, or the name of a shipped scenario"
        raise _refused(node, f"found {written(node)}", allowed)
    name, known = node.value, names_in(library)
    if not name.endswith(SUFFIXES):
        if name not in known:
            raise _refused(node, f"unknown scenario '{name}'", listed(known), did_you_mean(name, known))
        return library / f"{name}.yaml"
    parent = file.parent / name
    hint = f" (for the shipped scenario write '{parent.stem}')" if parent.stem in known else ""
    try:
        real = parent.resolve()
        exists = real.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise _refused(node, f"a path that leads nowhere, {written(node)}", "a file that exists") from error
    if not any(real.is_relative_to(folder.resolve()) for folder in (root, library)):
        raise _refused(node, f"'{name}', outside the scenario's folder", f"a file below {shown(root)}", hint)
    if not exists:
        beside = [other.name for other in file.parent.glob("*.y*ml") if other != file]
        allowed = f"a file that exists, seen from {shown(file.parent)}"
        raise _refused(node, f"no such file '{name}'", allowed, hint or did_you_mean(name, sorted(beside)))
    return parent


def _refused(node: Node, found: str, allowed: str, hint: str = "") -> ScenarioError:
    return ScenarioError([Problem(node.place, EXTENDS, found, allowed, hint)])


def shown(path: Path) -> str:
    """A path as a user would type it: relative to the working folder where it lies inside."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path)


def _body(table: Table) -> Table:
    kept = {key: node for key, node in table.items.items() if key not in (EXTENDS, REMOVE)}
    return Table(kept, table.place)
