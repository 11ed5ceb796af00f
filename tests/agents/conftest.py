"""A lively market with fixed modes, some months into its run; every test gets its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.agents.cloud import Cloud
from sim.agents.lab import Lab
from sim.market import Market
from sim.scenario import Resolved, load


@pytest.fixture(scope="session")
def lively() -> Resolved:
    return load(Path(__file__).parents[1] / "market" / "lively.yaml")


@pytest.fixture
def after(lively: Resolved) -> Callable[..., Market]:
    """The market after some months."""

    def build(months: int, values: dict[str, object] | None = None, seed: int = 1) -> Market:
        market = Market(lively.with_values({"choice.rule": "fixed"} | (values or {})).scenario, seed)
        for _ in range(months):
            market.step()
        return market

    return build


@pytest.fixture
def lab() -> Callable[[Market, str], Lab]:
    return lambda market, name: next(iter(market.labs.select(lambda one: one.name == name)))


@pytest.fixture
def cloud() -> Callable[[Market, str], Cloud]:
    return lambda market, name: next(iter(market.clouds.select(lambda one: one.name == name)))
