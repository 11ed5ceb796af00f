"""Many variants of one scenario, quickly: only what a variant changes is validated anew.

`Resolved.with_values` goes over the whole scenario, which is what a user's file needs. A study asks for
thousands of variants that differ in a few keys of a scenario that is known to be right, so here only the
top-level sections that these keys lie in are built again, and then the check across sections runs as always.
Both ways give the same scenario, which a test holds; where this one finds anything wrong, it hands over to
`with_values`, whose messages users know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sim.randomness import uniform
from sim.scenario import Resolved, Scenario, schema
from sim.scenario.nodes import path_of

_SECTIONS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(field.rebuild_annotation()) for name, field in Scenario.model_fields.items()
}


class Variants:
    """Variants of one scenario.

    Parameters
    ----------
    base
        The scenario that they change.
    """

    def __init__(self, base: Resolved) -> None:
        self.base = base

    @cached_property
    def _data(self) -> dict[str, Any]:
        """Every value, central ones where distributions stand, as plain data."""
        return self.base.scenario.model_dump(mode="json")

    def scenario(self, values: Mapping[str, object]) -> Scenario:
        """The scenario with some values changed.

        Parameters
        ----------
        values
            By key path. A mapping is laid over one that stands there, anything else replaces it.

        Raises
        ------
        ScenarioError
            If the changed scenario is not valid.
        """
        sections: dict[str, Any] = {}
        try:
            for key, value in values.items():
                head, *rest = path_of(key)
                sections[head] = _put(sections.get(head, self._data.get(head)), rest, value)
            built = {
                name: _SECTIONS[name].validate_json(json.dumps(data), strict=True)
                for name, data in sections.items()
            }
        except (KeyError, ValueError, ValidationError):
            return self.base.with_values(values).scenario
        changed = self.base.scenario.model_copy(update=built)
        return self.base.with_values(values).scenario if schema.check(changed) else changed

    def drawn(self, values: Mapping[str, object], seed: int) -> Scenario:
        """As `scenario`, with what stays uncertain drawn as `sim.simulate` draws it for a seed.

        Raises
        ------
        ScenarioError
            If the drawn values contradict the others.
        """
        draw = partial(uniform, seed, "parameters")
        rest = {path: found.quantile(draw(found.keyed(path))) for path, found in self.base.distributions.items()}
        return self.scenario({**rest, **values})


def hash_of(scenario: Scenario, seed: int) -> str:
    """Name of a run: SHA-256 of every value of its scenario, and the seed."""
    data = scenario.model_dump(mode="json")
    text = json.dumps([data, seed], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _put(data: Any, path: list[str], value: object) -> Any:
    """The data with a value set at a path; what is on the way is copied, not changed.

    Raises
    ------
    KeyError
        If the path leads nowhere, which may be a slip: a new name is for `with_values` to judge.
    """
    if not path:
        if not isinstance(data, dict) or not isinstance(value, Mapping):
            return value
        return {**data, **{key: _put(data[key], [], item) for key, item in value.items()}}
    key, *rest = path
    if isinstance(data, dict):
        return {**data, key: _put(data[key], rest, value)}
    if isinstance(data, list):
        at = next((i for i, item in enumerate(data) if _name(item, i) == key), None)
        if at is not None:
            return [*data[:at], _put(data[at], rest, value), *data[at + 1 :]]
    raise KeyError(key)


def _name(item: Any, position: int) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else str(position)
