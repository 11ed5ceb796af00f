"""Dates of first openings, half-year by half-year: what a firm did, and how likely runs make it.

A firm that has not opened a flagship yet opens one in a half-year, or does not. So its date is a sequence of events
with two outcomes (a discrete-time hazard: Singer & Willett 1993, Journal of Educational Statistics 18(2)), and the
likelihood of all dates is the product over firms and half-years. A part of these can be held out like any fact:
what a held-out fact counts (`modes.opened`) does not tune.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sim.facts.indicators import Array
from sim.facts.schema import Fact, Facts, Use
from sim.scenario import Scenario
from sim.scenario.month import Month

LEAST_ODDS = 0.02
"""What runs show never or always can still happen: no odds count as less, or as more than one less this."""
COUNTS = "modes.opened"
"""Indicator of facts that count openings."""


class HalfYear(NamedTuple):
    """A firm that has not opened yet, and a half-year (or what the history leaves of it).

    Attributes
    ----------
    lab
        The firm.
    since, until
        First and last month.
    opened
        Whether the firm opened its first flagship in it.
    use
        Whether it tunes, or is kept for testing.
    """

    lab: str
    since: Month
    until: Month
    opened: bool
    use: Use

    @property
    def months(self) -> int:
        """Length."""
        return self.until - self.since + 1


def half_years(facts: Facts, scenario: Scenario) -> list[HalfYear]:
    """Half-years of firms at risk, by firm and date.

    Parameters
    ----------
    facts
        With `openings`; held-out facts among them decide what is held out.
    scenario
        Whose given history, if any, is no test, as its end is not.
    """
    origin = max(scenario.start, scenario.history_until or scenario.start)
    end = min(facts.openings_end, scenario.end)
    found = []
    for lab, opening in facts.openings.items():
        if lab not in scenario.labs:
            continue
        for since, until in _spans(origin + 1, end):
            if opening.month is not None and opening.month < since:
                break
            opened = opening.month is not None and opening.month <= until
            found.append(HalfYear(lab, since, until, opened, _use(lab, until, facts)))
    return found


def _spans(first: Month, last: Month) -> list[tuple[Month, Month]]:
    """Spans from one month to another that end with June, December or the last."""
    spans, since = [], first
    while since <= last:
        until = min(Month(since.year, 6 if since.month <= 6 else 12), last)
        spans.append((since, until))
        since = until + 1
    return spans


def _use(lab: str, until: Month, facts: Facts) -> Use:
    held_out = any(_counts(fact, lab, until) for fact in facts.facts.values() if fact.use == "held-out")
    return "held-out" if held_out else "calibration"


def _counts(fact: Fact, lab: str, until: Month) -> bool:
    last = max(fact.series) if fact.series else fact.until
    return fact.indicator == COUNTS and lab in fact.where.get("lab", ()) and last is not None and until <= last


def happened(at_risk: list[HalfYear], opened: Mapping[str, Array], start: Month) -> Array:
    """What runs did.

    Parameters
    ----------
    at_risk
        Half-years of firms.
    opened
        By lab, month of the first open flagship counted from `start`, shape (runs,); infinite: none.
    start
        First month of the runs.

    Returns
    -------
    Array of shape (runs, half-years): 1 if the lab first opened in the half-year, 0 if not, NaN if it had opened
    before.
    """
    columns = []
    for one in at_risk:
        month = opened[one.lab]
        did = (month <= one.until - start).astype(float)
        columns.append(np.where(month >= one.since - start, did, np.nan))
    return np.stack(columns, axis=1)


def odds(did: Array) -> Array:
    """Odds that a firm at risk opens, from runs, shape (half-years,).

    Runs in which it opens among those in which it is at risk, with half a run added to either outcome (Jeffreys).
    """
    at_risk = np.isfinite(did).sum(axis=0)
    return np.asarray((np.nansum(did, axis=0) + 0.5) / (at_risk + 1.0))


def constant_odds(at_risk: list[HalfYear]) -> Array:
    """Odds of one constant rate for all firms, fitted to the very half-years: openings over months at risk."""
    months = np.array([one.months for one in at_risk], dtype=float)
    exposed = np.where([one.opened for one in at_risk], months / 2.0, months)  # opened halfway, on average
    rate = sum(one.opened for one in at_risk) / exposed.sum()
    return np.asarray(1.0 - np.exp(-rate * months))


def surprises(chances: Array, at_risk: list[HalfYear]) -> Array:
    """Minus the logarithm of the odds of what happened; mean over half-years: the logarithmic score.

    Parameters
    ----------
    chances
        Odds of opening, shape (..., half-years).
    at_risk
        What happened.

    Returns
    -------
    Array of the shape of `chances`.
    """
    kept = np.clip(chances, LEAST_ODDS, 1.0 - LEAST_ODDS)
    opened = np.array([one.opened for one in at_risk], dtype=bool)
    return np.asarray(-np.log(np.where(opened, kept, 1.0 - kept)))
