"""Members of a calibration's set that a scenario draws from, the most central first.

That a run fits is in part its own luck. So every member is run again with other luck, and the one with the least mean
deviance is the central member: its values hold where no uncertainty is asked for, and unlike medians of parameters
they are values that fit together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.facts.indicators import Array
from sim.facts.surfaces import Surfaces
from sim.facts.waves import Said
from sim.run.errors import RunError
from sim.study.study import Study

CENTRAL_SEEDS = 4
"""Runs of each member."""
MOST = 200
"""Members at most; of a larger set as many, spread evenly over it."""


@dataclass(frozen=True)
class Members:
    """Members in ascending order of deviance.

    Attributes
    ----------
    points
        In the unit cube, shape (members, factors).
    deviances
        Mean deviance of each, shape (members,).
    failed
        Members that are left out, as a run of theirs failed: whoever draws them would meet that too.
    """

    points: Array
    deviances: Array
    failed: int

    @property
    def central(self) -> Array:
        """The central member, shape (factors,)."""
        return np.asarray(self.points[0])


def some(points: Array, most: int) -> Array:
    """At most so many points of a set, spread evenly over its order."""
    if len(points) <= most:
        return points
    return np.asarray(points[np.linspace(0, len(points) - 1, most).round().astype(int)])


def study_again(study: Study, runs: int) -> Study:
    """The study by which members are run again: with seeds that no wave's `runs` a point had."""
    return replace(study, replicates=CENTRAL_SEEDS, seed=study.seed + runs)


def in_order(said: Said, surfaces: Surfaces) -> Members:
    """Members by mean deviance of their runs.

    Parameters
    ----------
    said
        `CENTRAL_SEEDS` runs of each member, one member after the other.
    surfaces
        Of the calibration facts, fitted to the waves.

    Raises
    ------
    RunError
        If a run of every member failed.
    """
    deviances = surfaces.of_runs(said).reshape(-1, CENTRAL_SEEDS).mean(axis=1)
    points = said.points[::CENTRAL_SEEDS]
    failed = int(np.isinf(deviances).sum())
    if failed == len(points):
        raise RunError(f"each of the {failed} members of the set has a run that failed; none can be the central one")
    order = np.argsort(deviances, kind="stable")[: len(points) - failed]
    return Members(points[order], deviances[order], failed)
