"""What can go wrong between a scenario and a result, other than the scenario itself."""

from __future__ import annotations


class RunError(ValueError):
    """A request that cannot be met as it stands; the message says why and what to do."""


class SimulationError(RuntimeError):
    """The model failed; the message says where and how to see it again."""
