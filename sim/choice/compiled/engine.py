"""The way into compiled choices."""

from __future__ import annotations

from sim.choice.compiled import tables
from sim.choice.compiled.entries import add_up, imagine, joint, practise
from sim.choice.payoffs import LOOK_TOLERANCE, Asked, Payoffs
from sim.economics.compiled import engine as prices
from sim.economics.compiled.batch import solve
from sim.economics.compiled.calls import kept
from sim.economics.compiled.layout import Blocks, Numbers, Results, Structure, blocks

ITERATIONS = 1000
"""Most evaluations for a market, as `PriceProblem.solve` has them by default."""
_RULES = prices.rules(LOOK_TOLERANCE, ITERATIONS, leave_absent=True, few_shares=True)


def evaluated(asked: Asked) -> Payoffs | None:
    """Payoffs as `sim.choice.payoffs.evaluated` has them; None where a market has no equilibrium to be found here.

    The readable path has a general root finder and says what is wrong with numbers.
    """
    setting, state, policy, lab, model, _, outlook, funding, cases, days, ahead, allowed = asked
    world = setting.once("world in tables", lambda: tables.world(setting))
    today = outlook.once("today", lambda: tables.today(setting, state, policy, outlook, joint))
    if today is None:
        return None
    days_ahead = outlook.once(("tables", ahead), lambda: tables.ahead(setting, state, outlook, cases, days))
    family = setting.once(("family", lab), lambda: tables.family(setting, lab))
    markets = setting.once(("markets", allowed.tobytes(), ahead), lambda: tables.markets(cases))
    scene, game, numbers = kept(
        imagine, world, today, days_ahead, markets, family, lab, allowed, model.capability, model.bytes_
    )
    room = blocks(game, len(world.sensitivity), _RULES.depth)
    first = _solved(game, numbers, len(cases.mode), room)
    if first is None:
        return None
    found, numbers = kept(
        practise, world, today.labs, days_ahead, markets, scene, numbers, first, lab, funding
    )
    practises = ahead and setting.scenario.mechanisms.learning_foresight
    second = _solved(game, numbers, cases.plain if practises else 0, room)
    if second is None:
        return None
    total = kept(add_up, world, days_ahead, markets, scene, found.parts, numbers.cost, second, lab, funding)
    return Payoffs(total, max(0.0, *found.revenue.tolist()), max(0.0, *first.residual.tolist()))


def _solved(game: Structure, numbers: Numbers, markets: int, room: Blocks) -> Results | None:
    """Prices of so many markets; None if one of them is not solved."""
    results = prices.empty(game, markets, *numbers.quality.shape[1:])
    if not markets:
        return results
    return results if kept(solve, numbers, game, _RULES, results, room) == markets else None
