"""What is to be met, facts and openings together, and how far points and runs are from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit

from sim.facts.emulator import Emulator
from sim.facts.hazards import Occasion, occasions, surprises
from sim.facts.indicators import Array, Flags
from sim.facts.matching import MOST, Targets, implausibilities, loss, targets
from sim.facts.observations import observations
from sim.facts.schema import Facts
from sim.facts.waves import Said
from sim.scenario import Scenario

TUNES = "calibration"
FARTHEST_ODDS = 1e-4
"""Odds that runs tell are as good as this where they are smaller, and as one less this where they are larger."""


@dataclass(frozen=True)
class Aim:
    """What a calibration is to meet.

    Attributes
    ----------
    facts
        The file; its held-out facts are run and have no part in distances.
    scenario
        What is calibrated.
    """

    facts: Facts
    scenario: Scenario

    @cached_property
    def targets(self) -> Targets:
        """Values of calibration facts."""
        wanted = [one for one in observations(self.facts) if self.facts.facts[one.fact].use == TUNES]
        return targets(wanted, self.facts)

    @cached_property
    def at_risk(self) -> list[Occasion]:
        """Every occasion to open, held-out ones too, in the order of runs' openings."""
        return occasions(self.facts, self.scenario)

    def values(self, said: Said) -> Array:
        """Values of runs in the place of the targets, on their scales, shape (runs, targets)."""
        tunes = [self.facts.facts[one.fact].use == TUNES for one in observations(self.facts)]
        return self.targets.on_scale(said.values[:, tunes])

    def openings(self, said: Said) -> Array:
        """Openings of runs on occasions that tune, shape (runs, occasions)."""
        return said.openings[:, [one.use == TUNES for one in self.at_risk]]

    @cached_property
    def dates(self) -> list[Occasion]:
        """Occasions that tune."""
        return [one for one in self.at_risk if one.use == TUNES]

    @cached_property
    def replayed(self) -> Flags:
        """Which of them are releases of history, (occasions,)."""
        return np.array([one.replayed for one in self.dates], dtype=bool)

    @property
    def told(self) -> bool:
        """Whether all of them are, so that runs tell all odds."""
        return bool(self.replayed.any() and self.replayed.all())


@dataclass(frozen=True)
class Surfaces:
    """Surfaces of values and of openings.

    A surface of what is 1 in runs that open and 0 in others is the odds of opening; it is fitted to the runs in
    which the firm is still at risk. Of releases of history runs tell the odds themselves, whose logits are fitted.
    The deviance of a point is that of its facts (the sum of `matching.loss`) and minus twice the log-likelihood of
    the openings, which is on the same scale: a normal fact's is its squared distance.

    Attributes
    ----------
    aim
        What is to be met.
    emulator
        Of the targets' values, then of the openings.
    """

    aim: Aim
    emulator: Emulator

    @classmethod
    def fit(cls, said: Said, aim: Aim) -> Surfaces:
        """Fit to runs."""
        openings = aim.openings(said)
        openings[:, aim.replayed] = logit(np.clip(openings[:, aim.replayed], FARTHEST_ODDS, 1.0 - FARTHEST_ODDS))
        return cls(aim, Emulator.fit(said.points, np.hstack([aim.values(said), openings])))

    @property
    def explained(self) -> Array:
        """Part of the variance of runs that the surfaces of the targets explain, shape (targets,)."""
        return self.emulator.explained[: len(self.aim.targets.values)]

    def implausibilities(self, points: Array) -> Array:
        """Of each calibration fact, shape (points, facts)."""
        return self._away(self.emulator.predict(points))

    def heights(self, points: Array) -> Array:
        """Deviance of points of the unit cube, shape (points,)."""
        predicted = self.emulator.predict(points)
        return np.asarray(loss(self._away(predicted)).sum(axis=1) + self._surprise(self._odds(predicted)))

    def of_openings(self, said: Said) -> Array:
        """Minus twice the log-likelihood of the openings, shape (runs,).

        When firms open in one run is luck, so dates are judged by the odds at its point; releases of history by the
        odds that the run tells.
        """
        told, odds = self.aim.openings(said), self._odds(self.emulator.predict(said.points))
        return self._surprise(np.where(self.aim.replayed & np.isfinite(told), told, odds))

    def losses(self, said: Said) -> Array:
        """Loss of each fact in single runs, shape (runs, facts); infinite of failed ones."""
        goal, values = self.aim.targets, self.aim.values(said)
        missed = goal.values + 2.0 * MOST * goal.sd  # a value that a run does not have counts as missed
        away = implausibilities(np.where(np.isfinite(values), values, missed), np.zeros(len(goal.values)), goal)
        ran = np.isfinite(said.values).any(axis=1, keepdims=True)
        return np.where(ran, loss(away), np.inf)

    def of_runs(self, said: Said) -> Array:
        """Deviance of single runs, shape (runs,); infinite of failed ones. Facts are those of the run itself."""
        return np.asarray(self.losses(said).sum(axis=1) + self.of_openings(said))

    def _away(self, predicted: Array) -> Array:
        goal = self.aim.targets
        count = len(goal.values)
        return implausibilities(predicted[:, :count], self.emulator.variance[:count], goal)

    def _odds(self, predicted: Array) -> Array:
        """Odds of openings by the surfaces, (points, occasions)."""
        odds = predicted[:, len(self.aim.targets.values) :]
        return np.where(self.aim.replayed, expit(odds), odds)

    def _surprise(self, odds: Array) -> Array:
        """Minus twice the log-likelihood of the openings by odds of shape (points, occasions)."""
        variance = self.emulator.variance[len(self.aim.targets.values) :]
        known = np.isfinite(variance)  # the others are at risk in too few runs to tell
        return np.asarray(2.0 * surprises(odds, self.aim.dates)[:, known].sum(axis=1))
