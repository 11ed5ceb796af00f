"""A lively market in the middle of a run, seen through the eyes of a lab that is about to release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.choice.imagined import Model
from sim.market import Market
from sim.scenario import Resolved, load

LIVELY = Path(__file__).parents[1] / "market" / "lively.yaml"


@pytest.fixture(scope="session")
def lively() -> Resolved:
    return load(LIVELY)


@pytest.fixture(scope="session")
def midway(lively: Resolved) -> Callable[..., Market]:
    """The market of a scenario with some values changed after 7 months of fixed modes; not to be changed."""
    known: dict[str, Market] = {}

    def run(**values: object) -> Market:
        scenario = lively.with_values({"choice.rule": "fixed", **values})
        if scenario.hash not in known:
            market = Market(scenario.scenario, seed=1)
            for _ in range(7):
                market.step()
            market.enact_policies()
            known[scenario.hash] = market
        return known[scenario.hash]

    return run


@pytest.fixture(scope="session")
def family() -> Callable[[Market, int], Model]:
    """The family that a lab is about to release: two points above its last, or above 120."""

    def build(market: Market, lab: int) -> Model:
        flagship = max(float(market.state.capability[lab, 0]), 120.0) + 2.0
        return Model(
            capability=np.array([flagship, flagship - 7.0]),
            bytes_=np.array([3e8, 3e7]),
            flop=1e25,
            algorithm=0.5,
            base=-1,
        )

    return build
