"""A scenario file with all that it inherits by ``extends``, and the tables of ``samples`` that lie beside it.

``extends`` names a file beside the scenario or a shipped scenario, and leads nowhere else: not out of the
scenario's folder, not in a circle. Tables are under the same rule.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sim.scenario.library import names_in
from sim.scenario.merging import REMOVE, Draft, lay_over, remove
from sim.scenario.nodes import SAMPLES, Node, Scalar, Table, path_text, written
from sim.scenario.problems import Problem, ScenarioError, did_you_mean, listed
from sim.scenario.reading import read_file
from sim.scenario.samples import FORMS, read_table

EXTENDS = "extends"
SUFFIXES = (".yaml", ".yml")
CSV = ".csv"
MAX_CHAIN = 20


def read_with_parents(
    path: Path, library: Path, appending: Collection[str] = ()
) -> tuple[Draft, tuple[Path, ...]]:
    """Read a file and all that it extends, with their tables, and merge them.

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
        The merged tree, and the files that it came from: the scenario's own first, then those it extends, then tables.

    Raises
    ------
    ScenarioError
        If a file cannot be read, or the chain of ``extends`` leads nowhere, in a circle, or out of the folder
        of the scenario and the library.
    """
    chain = _chain(path, library)
    tables: list[Path] = []
    for at, (file, table) in enumerate(chain):
        chain[at] = file, _with_tables(table, _Folders(file.parent, path.parent, library), tables)
    _, base = chain[-1]
    draft = Draft(_body(base))
    if REMOVE in base.items:
        place = base.items[REMOVE].place
        draft.problems.append(Problem(place, REMOVE, "nothing to remove from", f"a file with '{EXTENDS}'"))
    for _, child in reversed(chain[:-1]):
        if REMOVE in child.items:
            remove(draft, child.items[REMOVE])
        lay_over(draft, _body(child), appending)
    return draft, (*(file for file, _ in chain), *tables)


def _chain(path: Path, library: Path) -> list[tuple[Path, Table]]:
    """The file and its ancestors, itself first."""
    chain = [(path, read_file(path, shown(path)))]
    while EXTENDS in chain[-1][1].items:
        file, table = chain[-1]
        parent = _parent(table.items[EXTENDS], file, _Folders(file.parent, path.parent, library))
        files = [known for known, _ in chain]
        place = table.items[EXTENDS].place
        if parent.resolve() in [known.resolve() for known in files]:
            found = f"a circle: {' -> '.join(map(shown, [*files, parent]))}"
            raise ScenarioError([Problem(place, EXTENDS, found, "a chain of files that ends")])
        if len(chain) == MAX_CHAIN:
            raise ScenarioError([Problem(place, EXTENDS, "a long chain", f"at most {MAX_CHAIN} files")])
        chain.append((parent, read_file(parent, shown(parent))))
    return chain


def _with_tables(table: Table, folders: _Folders, read: list[Path]) -> Table:
    """What a file says, with the tables that it names read; their files are added to `read`."""
    samples = table.items.get(SAMPLES)
    if not isinstance(samples, Table):
        return table
    items = dict(samples.items)
    for name, node in samples.items.items():
        if isinstance(node, Scalar):
            key = path_text((SAMPLES, name))
            if not isinstance(node.value, str) or not node.value.endswith(CSV):
                raise _refused(node, key, f"found {written(node)}", FORMS)
            file = folders.file(node, key, f"*{CSV}")
            items[name] = read_table(file, shown(file))
            read.append(file)
    return Table({**table.items, SAMPLES: Table(items, samples.place)}, table.place)


def _parent(node: Node, file: Path, folders: _Folders) -> Path:
    """The file that an ``extends`` names, if it may be named and exists."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
        allowed = "a file such as baseline.yaml, or the name of a shipped scenario"
        raise _refused(node, EXTENDS, f"found {written(node)}", allowed)
    name, known = node.value, names_in(folders.library)
    if not name.endswith(SUFFIXES):
        if name not in known:
            hint = did_you_mean(name, known)
            raise _refused(node, EXTENDS, f"unknown scenario '{name}'", listed(known), hint)
        return folders.library / f"{name}.yaml"
    stem = Path(name).stem
    hint = f" (for the shipped scenario write '{stem}')" if stem in known else ""
    return folders.file(node, EXTENDS, "*.y*ml", but=file, hint=hint)


@dataclass(frozen=True)
class _Folders:
    """Where the files that a scenario file names may be.

    Attributes
    ----------
    here
        Folder of the file, from which names are seen.
    root
        Folder of the scenario that is loaded: no file may lie outside it, but in the library.
    library
        Folder of the shipped scenarios.
    """

    here: Path
    root: Path
    library: Path

    def file(self, node: Scalar, key: str, like: str, *, but: Path | None = None, hint: str = "") -> Path:
        """The file that a node names at a key; near names are sought among those `like` it, all `but` one."""
        name = str(node.value)
        path = self.here / name
        try:
            real = path.resolve()
            exists = real.is_file()
        except (OSError, RuntimeError, ValueError) as error:
            raise _refused(node, key, f"a path that leads nowhere, {written(node)}", "a file that exists") from error
        if not any(real.is_relative_to(folder.resolve()) for folder in (self.root, self.library)):
            found = f"'{name}', outside the scenario's folder"
            raise _refused(node, key, found, f"a file below {shown(self.root)}", hint)
        if not exists:
            beside = sorted(other.name for other in self.here.glob(like) if other != but)
            allowed = f"a file that exists, seen from {shown(self.here)}"
            raise _refused(node, key, f"no such file '{name}'", allowed, hint or did_you_mean(name, beside))
        return path


def _refused(node: Node, key: str, found: str, allowed: str, hint: str = "") -> ScenarioError:
    return ScenarioError([Problem(node.place, key, found, allowed, hint)])


def shown(path: Path) -> str:
    """A path as a user would type it: relative to the working folder where it lies inside."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path)


def _body(table: Table) -> Table:
    kept = {key: node for key, node in table.items.items() if key not in (EXTENDS, REMOVE)}
    return Table(kept, table.place)
