"""Occasions on which firms opened a flagship or did not, and how likely runs make what they did.

Where a scenario decides for itself, these are half-years: a firm that has not opened a flagship yet opens one in it, or
does not. So its date is a sequence of events with two outcomes (a discrete-time hazard: Singer & Willett 1993, Journal
of Educational Statistics 18(2)), and the likelihood of all dates is the product over firms and half-years. Where a
scenario replays history, they are the releases themselves: each run tells the odds with which the firm, in the market
of that day, would have opened (conditional choice probabilities, as Hotz & Miller 1993, Review of Economic Studies
60). A part of the occasions can be held out like any fact: what a held-out fact counts (`modes.opened`) does not tune.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.facts.indicators import OPEN_FLAGSHIP, Array
from sim.facts.schema import Fact, Facts, Use
from sim.record import MODES
from sim.scenario import Scenario
from sim.scenario.month import Month

LEAST_ODDS = 0.02
"""What runs show never or always can still happen: no odds count as less, or as more than one less this."""
COUNTS = "modes.opened"
"""Indicator of facts that count openings."""
OPEN_MODES = MODES[OPEN_FLAGSHIP:]
"""Modes that let the flagship's weights out."""


class Occasion(NamedTuple):
    """A firm that has not opened yet and a half-year (or what the history leaves of it), or a release of history.

    Attributes
    ----------
    lab
        The firm.
    since, until
        First and last month.
    opened
        Whether the firm opened its first flagship in it, or this one.
    use
        Whether it tunes, or is kept for testing.
    replayed
        Whether it is a release of history.
    """

    lab: str
    since: Month
    until: Month
    opened: bool
    use: Use
    replayed: bool = False

    @property
    def months(self) -> int:
        """Length."""
        return self.until - self.since + 1


def occasions(facts: Facts, scenario: Scenario) -> list[Occasion]:
    """Releases that the scenario replays, then half-years of firms at risk after them."""
    return releases(facts, scenario) + half_years(facts, scenario)


def releases(facts: Facts, scenario: Scenario) -> list[Occasion]:
    """Releases of history that the scenario replays, by date, of firms that the facts tell openings of.

    A firm's first release is left out: no choice was before it from which it could have turned.
    """
    found: list[Occasion] = []
    known: set[str] = set()
    for event in sorted(scenario.history, key=lambda event: event.date):
        if scenario.history_until is None or event.date > scenario.history_until:
            break
        if event.lab in known and event.lab in facts.openings and event.date <= scenario.end:
            month, opened = event.date, event.mode in OPEN_MODES
            found.append(Occasion(event.lab, month, month, opened, _use(event.lab, month, facts), replayed=True))
        known.add(event.lab)
    return found


def half_years(facts: Facts, scenario: Scenario) -> list[Occasion]:
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
            found.append(Occasion(lab, since, until, opened, _use(lab, until, facts)))
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


def happened(at_risk: list[Occasion], opened: Mapping[str, Array], start: Month) -> Array:
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


def chosen(released: list[Occasion], decisions: pd.DataFrame) -> Array:
    """Odds with which a run's labs would have opened in releases of history.

    Parameters
    ----------
    released
        Releases.
    decisions
        Of one run, as its frame tells.

    Returns
    -------
    Array of shape (releases,): NaN where a run has no such release, or its rule knows no odds.
    """
    chances = decisions[[f"{mode}_probability" for mode in OPEN_MODES]].sum(axis=1, min_count=1)
    names, months = decisions["lab"].astype(str), decisions["month"]
    by_release = dict(zip(zip(names, months, strict=True), chances, strict=True))
    return np.array([by_release.get((one.lab, pd.Timestamp(str(one.since))), np.nan) for one in released], dtype=float)


def odds(did: Array) -> Array:
    """Odds that a firm at risk opens, from runs, shape (half-years,).

    Runs in which it opens among those in which it is at risk, with half a run added to either outcome (Jeffreys).
    """
    at_risk = np.isfinite(did).sum(axis=0)
    return np.asarray((np.nansum(did, axis=0) + 0.5) / (at_risk + 1.0))


def constant_odds(at_risk: list[Occasion]) -> Array:
    """Odds of one constant rate for all firms, fitted to the very half-years: openings over months at risk."""
    months = np.array([one.months for one in at_risk], dtype=float)
    exposed = np.where([one.opened for one in at_risk], months / 2.0, months)  # opened halfway, on average
    rate = sum(one.opened for one in at_risk) / exposed.sum()
    return np.asarray(1.0 - np.exp(-rate * months))


def surprises(chances: Array, at_risk: list[Occasion]) -> Array:
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
