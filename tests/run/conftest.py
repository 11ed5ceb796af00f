"""A tiny market and its result, which no test changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.run.results import Result
from sim.run.simulate import simulate
from sim.scenario import Resolved, load

TINY = Path(__file__).parent / "tiny.yaml"


@pytest.fixture(scope="session")
def tiny_file() -> Path:
    return TINY


@pytest.fixture(scope="session")
def tiny() -> Resolved:
    return load(TINY)


@pytest.fixture(scope="session")
def result(tiny: Resolved) -> Result:
    """Two replicates, seeds 1 and 2."""
    return simulate(tiny, seed=1, replicates=2)
