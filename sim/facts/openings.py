"""When firms first open a flagship: the model's odds, a constant rate, and how well both did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.facts.ensemble import Ensemble
from sim.facts.hazards import constant_odds, half_years, happened, odds, surprises
from sim.facts.schema import Facts
from sim.scenario import Scenario
from sim.scenario.month import Month

EVERY = 3
"""Months between the dates at which odds are held against what had happened."""


@dataclass(frozen=True)
class Timing:
    """The timing of openings by firm.

    Attributes
    ----------
    firms
        A row a firm: the month in which it opened (empty: not by the end), the model's odds that it had
        opened by then, and by the end.
    model, constant
        Brier scores, averaged over firms and quarters (0 is perfect; 0.25 is a coin).
    rate
        Openings a year and firm that has not opened yet: the constant rate.
    half_years
        A row a use: half-years of firms at risk, openings in them, and the logarithmic scores of the model and of
        the constant rate (`sim.facts.hazards`), which calibration minimises.
    """

    firms: pd.DataFrame
    model: float
    constant: float
    rate: float
    half_years: pd.DataFrame

    @property
    def better(self) -> bool:
        """Whether the model beats the constant rate."""
        return self.model < self.constant


def timing(runs: Ensemble, facts: Facts, scenario: Scenario) -> Timing | None:
    """Hold the model's odds of opening against what firms did.

    The Brier score of an event time: at each quarter, the squared distance of the odds that a firm has opened
    by then from whether it had (Graf et al. 1999, Statistics in Medicine 18; nothing is censored here). The
    benchmark is one constant rate for all firms, fitted to the very facts: openings over firm-months at risk.

    Parameters
    ----------
    runs
        Ensemble of the scenario.
    facts
        With `openings`.
    scenario
        Whose history, if any, is given: firms that opened in it are not at risk.

    Returns
    -------
    The timing, or None if the scenario has none of the firms, or ends too early.
    """
    origin = max(scenario.start, scenario.history_until or scenario.start)
    end = min(facts.openings_end, scenario.end)
    at_risk = {
        lab: opening.month
        for lab, opening in facts.openings.items()
        if lab in scenario.labs and (opening.month is None or opening.month > origin)
    }
    dates = np.arange(EVERY, end - origin + 1, EVERY)
    if not at_risk or not len(dates):
        return None
    happened = {lab: _after(month, origin) for lab, month in at_risk.items()}
    span = float(end - origin)
    openings = sum(1 for months in happened.values() if months <= span)
    rate = openings / sum(min(months, span) for months in happened.values())
    constant = 1.0 - np.exp(-rate * dates)
    rows, model_errors, constant_errors = [], [], []
    for lab, months in happened.items():
        ahead = runs.opened[lab] - (origin - runs.start)
        odds = (ahead[:, None] <= dates).mean(axis=0)
        truth = (months <= dates).astype(float)
        model_errors.append(((odds - truth) ** 2).mean())
        constant_errors.append(((constant - truth) ** 2).mean())
        until = months if months <= span else span
        rows.append(
            {
                "lab": lab,
                "opened": str(at_risk[lab] or ""),
                "odds_by_then": float((ahead <= until).mean()),
                "odds_by_end": float((ahead <= span).mean()),
                "model": float(model_errors[-1]),
                "constant": float(constant_errors[-1]),
            }
        )
    return Timing(
        pd.DataFrame(rows), float(np.mean(model_errors)), float(np.mean(constant_errors)), 12.0 * rate,
        _by_use(runs, facts, scenario),
    )  # fmt: skip


def _by_use(runs: Ensemble, facts: Facts, scenario: Scenario) -> pd.DataFrame:
    at_risk = half_years(facts, scenario)
    scores = {
        "model": surprises(odds(happened(at_risk, runs.opened, runs.start)), at_risk),
        "constant": surprises(constant_odds(at_risk), at_risk),
    }
    rows = []
    for use in dict.fromkeys(one.use for one in at_risk):
        chosen = np.array([one.use == use for one in at_risk])
        means = {name: float(score[chosen].mean()) for name, score in scores.items()}
        openings = sum(one.opened for one in at_risk if one.use == use)
        rows.append({"use": use, "half_years": int(chosen.sum()), "openings": openings, **means})
    return pd.DataFrame(rows)


def _after(month: Month | None, origin: Month) -> float:
    return np.inf if month is None else float(month - origin)
