"""What can go wrong between a scenario and a result, other than the scenario itself."""

from __future__ import annotations


class RunError(ValueError):
    """A request that cannot be met as it stands; the message says why and what to do."""


class SimulationError(RuntimeError):
    """The model failed; the message says where and how to see it again.

    Parameters
    ----------
    message
        As it is shown.
    stage
        Month in which it failed, or ``set-up``.
    reason
        Type and text of the error.
    """

    def __init__(self, message: str, stage: str = "", reason: str = "") -> None:
        super().__init__(message, stage, reason)
        self.stage, self.reason = stage, reason

    def __str__(self) -> str:
        return str(self.args[0])
