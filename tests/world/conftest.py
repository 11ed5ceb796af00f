"""A lively market at rest, and in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.scenario import Resolved, load
from sim.world.policy import Policy, policy_of
from sim.world.setting import Setting
from sim.world.state import State

LIVELY = Path(__file__).parents[1] / "market" / "lively.yaml"


@pytest.fixture(scope="session")
def lively() -> Resolved:
    return load(LIVELY)


@pytest.fixture
def setting(lively: Resolved) -> Setting:
    return Setting(lively.scenario)


def stock(setting: Setting) -> State:
    """All four labs have released: leader closed, opener open, eastern restricted, modest lagged; all compute."""
    state = State.empty(setting)
    state.active[:4] = True
    state.mode[:4] = [0, 3, 2, 1]
    state.released[:4] = state.first_released[:4] = [2, 1, 2, 0]
    state.capability[:4] = [[130.0, 123.0], [126.0, 119.0], [127.0, 120.0], [121.0, 114.0]]
    state.bytes_[:4] = [[7e10, 6e9], [5e10, 4e9], [5e10, 4e9], [3e10, 2e9]]
    state.open_capability[1:3] = state.capability[1:3]
    state.open_bytes[1:3] = state.bytes_[1:3]
    state.open_since[1:3] = [[1, 1], [2, 2]]
    state.open_capability[3] = [-np.inf, 111.0]
    state.open_bytes[3] = [np.nan, 2e9]
    state.open_since[3, 1] = 0
    state.open_restricted[2] = True
    state.bandwidth[:] = 100.0
    state.bandwidth_value[:] = 1e6
    return state


@pytest.fixture
def state(setting: Setting) -> State:
    return stock(setting)


@pytest.fixture
def stocked() -> Callable[[Setting], State]:
    return stock


@pytest.fixture
def world(lively: Resolved) -> Callable[..., tuple[Setting, State, Policy]]:
    """Setting, state and policy of a month of the scenario with some values changed."""

    def build(values: dict[str, object] | None = None, month: int = 3) -> tuple[Setting, State, Policy]:
        changed = Setting(lively.with_values(values or {}).scenario)
        policy = policy_of(changed, changed.scenario.events, changed.months[month])
        return changed, stock(changed), policy

    return build
