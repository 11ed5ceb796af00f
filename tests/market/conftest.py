"""A lively market, and runs of it that no test changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.market import Market
from sim.scenario import Resolved, load


@pytest.fixture(scope="session")
def lively() -> Resolved:
    return load(Path(__file__).parent / "lively.yaml")


@pytest.fixture(scope="session")
def run(lively: Resolved) -> Callable[..., Market]:
    """A run of the scenario with some values changed; the same object for the same question."""
    known: dict[tuple[str, int], Market] = {}

    def run_once(values: dict[str, object] | None = None, seed: int = 1) -> Market:
        resolved = lively.with_values(values or {})
        key = (resolved.hash, seed)
        if key not in known:
            known[key] = Market(resolved.scenario, seed).run()
        return known[key]

    return run_once
