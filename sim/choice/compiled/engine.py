"""The way into compiled choices."""

from __future__ import annotations

import math

import numpy as np

from sim.choice.compiled import tables
from sim.choice.compiled.entries import day, evaluate
from sim.choice.payoffs import LOOK_TOLERANCE, Asked, Payoffs
from sim.economics.compiled import engine as prices
from sim.economics.compiled.calls import kept
from sim.economics.compiled.room import blocks
from sim.record import COMPONENTS, MODES

ITERATIONS = 1000
"""Most evaluations for a market, as `PriceProblem.solve` has them by default."""
_RULES = prices.rules(LOOK_TOLERANCE, ITERATIONS, leave_absent=True, few=True)


def evaluated(asked: Asked) -> Payoffs | None:
    """Payoffs as `sim.choice.payoffs.evaluated` has them; None where a market has no equilibrium to be found here.

    The readable path has a general root finder and says what is wrong with numbers.
    """
    setting, state, policy, lab, model, _, outlook, funding, cases, days, ahead, allowed = asked
    world = setting.once("world in tables", lambda: tables.world(setting))
    of_run = setting.once("world without names", lambda: tuple(world))
    today = outlook.once("today", lambda: tables.today(setting, of_run, state, policy, outlook, day))
    if today is None:
        return None
    days_ahead = outlook.once(("tables", ahead), lambda: tables.ahead(setting, state, outlook, cases, days))
    family = setting.once(("family", lab), lambda: tables.family(setting, lab))
    markets = setting.once(("markets", allowed.tobytes(), ahead), lambda: tables.markets(cases))
    learns = ahead and setting.scenario.mechanisms.learning_foresight
    room = outlook.once(
        ("room", family.offers.shape),
        lambda: blocks(tables.sizes(world, today, family), len(world.sensitivity), _RULES.depth),
    )
    parts = np.zeros((len(MODES), len(COMPONENTS)))
    revenue, residual = kept(
        evaluate,
        *map(tuple, (world, today, days_ahead, markets, family)),
        lab,
        allowed,
        model.capability,
        model.bytes_,
        funding,
        learns,
        tuple(_RULES),
        tuple(room),
        prices.solver_address(),
        parts,
    )
    return None if math.isnan(residual) else Payoffs(parts, revenue, residual)
