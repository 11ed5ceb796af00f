"""What a lab looks at before a release: the markets of a batch, by mode and horizon, and the days to come."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.choice.imagined import CLOSED, Outlook, by_then, crowds, still_to_adopt
from sim.economics.engines import chosen
from sim.world.setting import Array, Flags, Ints, Setting
from sim.world.state import State

HOST_FREES = 0.5
"""Part of its serving compute that a lab expects a host to free for a new model that pays better (judgement)."""


class Cases(NamedTuple):
    """Markets of a batch: every mode at every horizon, then those in which rivals learn from what is opened.

    Attributes
    ----------
    modes
        Modes worth computing, ascending.
    months
        The horizons.
    mode, horizon
        Mode of each market and index of its horizon, (cases,).
    plain
        How many of them come before rivals learn.
    last
        The market of each mode and horizon in which rivals have learned what they can, (plain,).
    after, after_last
        Markets from whose prices the search in each goes on, as in `PriceProblem.solve`: of this batch (cases,
        2), and of that of the last markets (plain, 2).
    """

    modes: Ints
    months: Ints
    mode: Ints
    horizon: Ints
    plain: int
    last: Ints
    after: Ints
    after_last: Ints

    @classmethod
    def of(cls, setting: Setting, allowed: Flags, ahead: bool) -> Cases:
        """Cases for the modes allowed, at the scenario's horizons or today."""
        choice = setting.scenario.choice
        modes = np.flatnonzero(allowed)
        months = np.array(choice.horizons if ahead else [0])
        foresight = ahead and setting.scenario.mechanisms.spillover_foresight
        opening = modes[modes != CLOSED] if foresight else modes[:0]
        plain = len(modes) * len(months)
        mode = np.repeat(np.concatenate([modes, opening]), len(months))
        last = np.arange(plain)
        last[np.isin(mode[:plain], opening)] = plain + np.arange(len(opening) * len(months))
        horizon = np.tile(np.arange(len(months)), len(mode) // len(months))
        return cls(modes, months, mode, horizon, plain, last, *_order(len(months), last))


class Days(NamedTuple):
    """What labs expect of the days that they look at, beside models: (horizons, ...).

    Attributes
    ----------
    since
        Years since the scenario's start, (horizons,).
    progress
        ECI points that everybody gains by then, (horizons,).
    choosing
        Spending of customers who choose anew by then, USD a month, (horizons, cohorts).
    size
        Of it against today's spending, (horizons,).
    all_, spare
        Serving compute for these customers, TB/s, (horizons, firms): all of it, and what a firm has for models
        that are new to it.
    """

    since: Array
    progress: Array
    choosing: Array
    size: Array
    all_: Array
    spare: Array

    @classmethod
    def ahead(cls, setting: Setting, state: State, month: int, outlook: Outlook, months: Ints) -> Days:
        """The days that lie so many months ahead."""
        years = months / 12.0
        since = setting.years[month] - setting.years[0] + years
        progress = setting.scenario.choice.expected_progress * years
        if chosen(None) == "numba":
            return cls(since, progress, *_compiled(setting, state, outlook, years))
        everyone, anew = crowds(setting, state, years)
        choosing = outlook.weights * anew
        mass = choosing.sum(axis=1)
        # Capacity serves all customers of that day; those who choose anew get their part of it.
        crowd = mass / np.maximum((outlook.weights * everyone).sum(axis=1), 1e-300)
        factor = (outlook.growth**years * crowd)[:, None]
        return cls(
            since=since,
            progress=progress,
            choosing=choosing,
            size=mass / max(outlook.spending, 1e-300),
            all_=state.bandwidth * factor,
            spare=state.bandwidth * np.maximum(1.0 - state.use, HOST_FREES) * factor,
        )

    def serving(self, lab: int) -> Array:
        """Serving compute as a lab expects it, (horizons, firms): it has all of its own for its new family."""
        serving = self.spare.copy()
        serving[:, lab] = self.all_[:, lab]
        return serving


def _compiled(
    setting: Setting, state: State, outlook: Outlook, years: Array
) -> tuple[Array, Array, Array, Array]:
    """`Days` from `choosing` on."""
    from sim.choice.compiled.entries import days  # numba takes a while to import
    from sim.economics.compiled.calls import kept

    faded, bound = still_to_adopt(setting, state, years), setting.scenario.mechanisms.inertia
    of_cohorts = outlook.weights, state.adopted, setting.cohorts.reconsider
    who = faded, *by_then(setting, years), *of_cohorts, outlook.growth**years, bound
    return kept(days, who, outlook.spending, state.bandwidth, state.use)


def discounts(setting: Setting, cases: Cases) -> Array:
    """What a month at each horizon counts, (horizons,), adding up to 1."""
    discount = np.exp(-setting.scenario.choice.discount * cases.months / 12.0)
    return np.asarray(discount / discount.sum())


def _order(horizons: int, last: Ints) -> tuple[Ints, Ints]:
    """`after` and `after_last` of `Cases`.

    A market is near the same mode's at the horizon before, or the mode before's; with rivals that learn near the one
    where they do not. The step from there is like that of the mode before.
    """
    plain, learning = len(last), np.flatnonzero(last >= len(last))

    def before(market: int, first: int) -> tuple[int, int]:
        """The markets of the horizon before and of the mode before; -1: none."""
        return (
            market - 1 if (market - first) % horizons else -1,
            market - horizons if market - first >= horizons else -1,
        )

    after, after_last = [], []
    for market in range(plain):
        earlier, other = before(market, 0)
        after.append((earlier, other) if earlier >= 0 else (other, -1))
        after_last.append((-1, other if other >= 0 else earlier))
    for market, near in enumerate(learning.tolist(), start=plain):
        earlier, other = before(market, plain)
        after.append((near, other if other >= 0 else earlier))
    return np.array(after, dtype=np.intp), np.array(after_last, dtype=np.intp)
