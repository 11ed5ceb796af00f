"""A scenario ready to run: its values, where each was set, and what is uncertain."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

from pydantic import BaseModel
from typing_extensions import TypeVar

from sim.scenario import nodes, schema
from sim.scenario.checking import Blueprint, M, validated
from sim.scenario.lifting import lift
from sim.scenario.merging import Draft, check_names, override
from sim.scenario.nodes import SAMPLES, Scalar, Table, path_of, path_text, rooted
from sim.scenario.problems import Place
from sim.scenario.samples import without_samples
from sim.scenario.schema import Scenario
from sim.scenario.shapes import fields_of
from sim.scenario.uncertainty import Distribution, Sample
from sim.scenario.writing import yaml_text

DEFAULT = Place("default")
DRAWN = Place("drawn")
PYTHON = Place("Python")

S = TypeVar("S", bound=BaseModel, default=Scenario)


BLUEPRINT = Blueprint(Scenario, schema.check)


@dataclass(frozen=True, repr=False, eq=False)
class Resolved(Generic[S]):
    """A scenario with all that it inherits, checked. Two that say the same have the same `hash`.

    Attributes
    ----------
    name
        Name of the scenario: that of its file.
    scenario
        Its values; where a distribution stands in the file, the central value.
    distributions
        What is uncertain, by key path.
    files
        Files that it was read from, its own first.
    """

    name: str
    scenario: S
    distributions: Mapping[str, Distribution]
    files: tuple[Path, ...]
    _tree: Table
    _blueprint: Blueprint[S]

    @staticmethod
    def of(scenario: Scenario, name: str = "scenario") -> Resolved:
        """Wrap a scenario that was made in Python rather than read from a file.

        Raises
        ------
        ScenarioError
            If its parts contradict each other.
        """
        tree = rooted(_dumped(scenario), PYTHON)
        assert isinstance(tree, Table)
        return resolve(name, Draft(tree), BLUEPRINT, ())

    @cached_property
    def provenance(self) -> Mapping[str, Place]:
        """Where each value was set, by key path; ``default`` where no file sets it."""
        everything = [path for path, _ in nodes.leaves(rooted(self.data, DEFAULT))]
        places = {path: node.place for path, node in nodes.leaves(self._tree)}
        return {path_text(path): places.get(path, DEFAULT) for path in everything}

    @cached_property
    def data(self) -> dict[str, Any]:
        """Every value, defaults included, as plain dicts, lists and scalars, with distributions in place."""
        tree = rooted(_dumped(self.scenario), DEFAULT)
        for path, distribution in self.distributions.items():
            tree = nodes.put(tree, path_of(path), rooted(distribution.model_dump(exclude_none=True), DEFAULT))
        data = nodes.plain(tree)
        assert isinstance(data, dict)
        return data

    @cached_property
    def samples(self) -> dict[str, dict[str, list[float]]]:
        """Columns that distributions take their values from, by table and name, in alphabetical order."""
        taken = [one for one in self.distributions.values() if isinstance(one, Sample)]
        found: dict[str, dict[str, list[float]]] = {}
        for one in sorted(taken, key=lambda one: (one.of, one.column)):
            found.setdefault(one.of, {})[one.column] = list(one.atoms)
        return found

    @cached_property
    def _whole(self) -> dict[str, Any]:
        """What a file must say: every value, and the tables that any is drawn from."""
        return self.data | ({SAMPLES: nodes.plain(rooted(self.samples, DEFAULT))} if self.samples else {})

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all values and distributions, whichever files set them, in whatever order."""
        text = json.dumps(self._whole, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_yaml(self) -> str:
        """The scenario as one file that inherits nothing, and that loads back to the same hash."""
        return f"# Scenario {self.name!r}, resolved; sha256 {self.hash}\n{yaml_text(self._whole)}"

    def with_values(self, values: Mapping[str, object]) -> Resolved[S]:
        """The scenario with some values changed, checked anew.

        Parameters
        ----------
        values
            By key path: ``{"labs.alibaba.capex": 2e9}``. A value in place of a distribution ends it.

        Raises
        ------
        ScenarioError
            If the changed scenario is not valid.
        """
        draft = Draft(self._tree)
        override(draft, values)
        return resolve(self.name, draft, self._blueprint, self.files)

    def draw(self, quantile_of: Callable[[str], float]) -> Resolved[S]:
        """One scenario out of those that the distributions describe.

        Parameters
        ----------
        quantile_of
            Uniform number strictly between 0 and 1 for a key path, or for the name that distributions drawn
            together have; keyed by these, so that an added distribution changes no other draw.

        Raises
        ------
        ScenarioError
            If the drawn values contradict each other.
        """
        draft = Draft(self._tree)
        for path, distribution in self.distributions.items():
            value = Scalar(distribution.quantile(quantile_of(distribution.keyed(path))), DRAWN)
            draft.tree = nodes.with_value(draft.tree, path_of(path), value)
        return resolve(self.name, draft, self._blueprint, self.files)

    def __repr__(self) -> str:
        uncertain = [f"{len(self.distributions)} uncertain"] if self.distributions else []
        parts = [_counted(len(names), key) for key, names in self._contents().items()]
        return f"<scenario '{self.name}' {self.hash[:8]}: {', '.join([*parts, *uncertain])}>"

    def _repr_html_(self) -> str:
        title = html.escape(str(self.data.get("title") or self.name))
        contents = {key: ", ".join(names) for key, names in self._contents().items()}
        rows = {**contents, "uncertain": ", ".join(self.distributions) or "nothing", "sha256": self.hash}
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for key, text in rows.items()
        )
        return f"<table><caption>{title}</caption>{cells}</table>"

    def _contents(self) -> dict[str, list[str]]:
        """Names of the entries in each section that has any."""
        root = rooted(self.data, DEFAULT)
        fields = fields_of(self._blueprint.model).items()
        sections = [key for key, shape in fields if shape.item and shape.holds_entries()]
        return {key: list(names) for key in sections if (names := nodes.children(nodes.nearest(root, [key])))}


def resolve(name: str, draft: Draft, blueprint: Blueprint[M], files: tuple[Path, ...]) -> Resolved[M]:
    """Check a draft and make it a scenario.

    Parameters
    ----------
    name
        Name of the scenario.
    draft
        Its values and distributions, and the problems found so far.
    blueprint
        What it must be.
    files
        Files that it was read from.

    Raises
    ------
    ScenarioError
        With every problem.
    """
    for key in blueprint.named_lists:
        check_names(draft, key)
    tree, samples, wrong = without_samples(draft.tree)
    values, distributions, problems = lift(tree, blueprint.shape, samples)
    scenario = validated(values, blueprint, draft.added, [*draft.problems, *wrong, *problems])
    by_text = {path_text(path): distribution for path, distribution in distributions.items()}
    return Resolved(name, scenario, by_text, files, draft.tree, blueprint)


def _dumped(entry: BaseModel) -> dict[str, Any]:
    return entry.model_dump(mode="json")


def _counted(number: int, plural: str) -> str:
    return f"{number} {plural if number != 1 else plural.removesuffix('s')}"
