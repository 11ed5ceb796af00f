"""Which members of a set a scenario draws from, and in which order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sim.facts.members import CENTRAL_SEEDS, in_order, some, study_again
from sim.facts.waves import Said
from sim.run.errors import RunError
from sim.study.loading import load_study


def test_a_large_set_is_thinned_evenly_and_a_small_one_stays():
    points = np.arange(1001.0)[:, None]
    assert some(points, 11).ravel().tolist() == list(range(0, 1001, 100))
    assert some(points, 1001) is points


def test_the_order_is_that_of_mean_losses_and_dates_together():
    """Of four members: the second has one bad run, the third bad dates, the last a failed run."""
    points = np.array([[0.1], [0.2], [0.3], [0.4]])
    facts = np.array([[1.0, 2.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    losses = np.repeat(facts, CENTRAL_SEEDS, axis=0)
    losses[CENTRAL_SEEDS, 0] += 2.0 * CENTRAL_SEEDS
    losses[-1] = np.inf
    dates = np.repeat([0.5, 0.0, 2.0, 0.0], CENTRAL_SEEDS)
    surfaces = SimpleNamespace(of_runs=lambda said: losses.sum(axis=1) + dates)
    said = Said(np.repeat(points, CENTRAL_SEEDS, axis=0), losses, losses)
    found = in_order(said, surfaces)
    assert found.points.ravel().tolist() == [0.3, 0.1, 0.2]
    assert found.deviances.tolist() == [3.0, 3.5, 4.0]
    assert found.failed == 1
    assert found.central.tolist() == [0.3]
    losses[::CENTRAL_SEEDS] = np.inf
    with pytest.raises(RunError, match="each of the 4 members of the set has a run that failed"):
        in_order(said, surfaces)


def test_members_have_seeds_that_no_wave_had():
    study = load_study("calibrate-release")
    again = study_again(study, 12)
    assert (again.seed, again.replicates) == (study.seed + 12, CENTRAL_SEEDS)
    assert again.factors == study.factors
