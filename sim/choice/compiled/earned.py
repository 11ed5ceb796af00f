"""What the firm earns in imagined markets: `sim.choice.payoffs` from prices on, as machine code."""

from __future__ import annotations

import numpy as np

from sim.choice.compiled import layout
from sim.choice.compiled.imagined import royalty
from sim.choice.compiled.layout import (
    AT_HOME,
    DISCOUNT,
    LAB,
    LAB_MARGIN,
    OPEN,
    OWN_MARGIN,
    SELLER,
    SIZE,
    Ahead,
    Found,
    Markets,
    Scene,
    World,
)
from sim.choice.imagined import CLOSED
from sim.economics.compiled.calls import inner, joined
from sim.economics.compiled.jit import compiled, exp, log
from sim.economics.compiled.layout import Results
from sim.record import COMPONENTS
from sim.world.setting import Array, Ints

API, CLOUD, COMPLEMENT = layout.API, layout.CLOUD, layout.COMPLEMENT
ROYALTIES, FUNDING, SPILLOVER, LEARNING = layout.ROYALTIES, layout.FUNDING, layout.SPILLOVER, layout.LEARNING


@inner
def earn(
    world: World,
    ahead: Ahead,
    scene: Scene,
    mode: Ints,
    horizon: Ints,
    cost: Array,
    prices: Results,
    lab: int,
    funding: float,
) -> Found:
    """What the firm earns at these prices; `cost` has a row for each market, or one for all."""
    markets, count = prices.prices.shape
    parts, revenue = np.zeros((markets, len(COMPONENTS))), np.zeros(markets)
    own, opened = np.ones(markets), np.ones(markets)
    priced = count - scene.theirs.shape[1]
    for k in range(markets):
        h, made_of, world_use, served, open_use = horizon[k], 0.0, 0.0, 0.0, 0.0
        row, of_cost = parts[k], cost[k if len(cost) > 1 else 0]
        for j in range(count):
            price, tokens = prices.prices[k, j], prices.quantities[k, j]
            if tokens == 0.0:
                continue
            spent = tokens * price
            if scene.offers[AT_HOME, j]:
                tokens, spent = _at_home(world, ahead, h, prices.shares[k], j, price)
            if j >= priced:  # rivals keep the prices of the day
                world_use += spent * ahead.per_dollar
                continue
            world_use += tokens
            sold, made = scene.offers[SELLER, j] == lab, scene.offers[LAB, j] == lab
            rate = royalty(scene, mode[k], j)
            if sold:
                row[API if made else CLOUD] += spent * (1.0 - rate) - of_cost[j] * tokens
                row[COMPLEMENT] += spent * scene.money[OWN_MARGIN, j]
                revenue[k] += spent
            if made:
                row[COMPLEMENT] += spent * scene.money[LAB_MARGIN, j]
                row[ROYALTIES] += 0.0 if sold else rate * spent
                made_of += tokens
                served += tokens if sold else 0.0
                open_use += tokens if scene.offers[OPEN, j] else 0.0
        revenue[k] += row[COMPLEMENT] + row[ROYALTIES]
        use = 1.0
        if world_use > 0.0:
            use, own[k], opened[k] = made_of / world_use, served / world_use, open_use / world_use
        takings = revenue[k] / (ahead.spending * ahead.days[SIZE, h])
        row[FUNDING] = _funded(world, ahead, use, takings, funding)
    return Found(parts, revenue, own, opened)


@compiled
def _at_home(world: World, ahead: Ahead, h: int, shares: Array, j: int, price: float) -> tuple[float, float]:
    """Tokens and spending of customers who run a model themselves."""
    tokens = spent = 0.0
    for s in range(len(ahead.light)):
        buyers = ahead.choosing[h, s] * shares[s, j]
        tokens += buyers * ahead.light[s]
        spent += buyers * ahead.dear[s]
    use = exp(-world.usage * log(price))
    return tokens * use, spent * price * use


@compiled
def _funded(world: World, ahead: Ahead, use: float, takings: float, funding: float) -> float:
    """Worth of funding beyond its path; see `sim.choice.payoffs.funding_factor`."""
    if funding <= 0.0:
        return 0.0
    w = world.on_takings
    attention = ahead.active * max(use, 1e-12) ** (1.0 - w) * max(takings, 1e-12) ** w
    factor = min(max(attention**world.per_use, 1.0 / 3.0), 3.0)
    return float(world.worth_of_funding * funding * (factor - 1.0))


@joined
def add_up(ahead: Ahead, cases: Markets, parts: Array, learned: Array, total: Array) -> None:
    """Adds discounted means over the days to `total`, (modes, components).

    `parts` are of all markets, `learned` of the last ones once use has improved the models; without rows if that is
    not foreseen.
    """
    horizons = ahead.days.shape[1]
    for i in range(cases.plain):
        mode, k, weight = cases.mode[i], cases.last[i], ahead.days[DISCOUNT, i % horizons]
        for c in range(len(COMPONENTS)):
            total[mode, c] += weight * parts[i, c]
            if mode != CLOSED:
                total[mode, SPILLOVER] += weight * (parts[k, c] - parts[i, c])
            if len(learned):
                total[mode, LEARNING] += weight * (learned[i, c] - parts[k, c])


@inner
def of_last(values: Ints, last: Ints) -> Ints:
    """Values of the last markets."""
    out = np.empty(len(last), np.intp)
    for i in range(len(last)):
        out[i] = values[last[i]]
    return out
