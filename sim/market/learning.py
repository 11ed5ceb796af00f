"""How algorithmic levels grow in a month: own research, leakage, neighbours, theft, distillation, the open pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.choice.imagined import OPENNESS
from sim.economics.engines import chosen
from sim.technology.capability import algorithm_growth, open_pool
from sim.world.setting import FLAGSHIP, Flags, Ints
from sim.world.state import NEVER

if TYPE_CHECKING:
    from sim.market import Market


def learn(market: Market) -> None:
    """Labs at work learn by themselves, from the best of them, and from what is published."""
    state, sp, m = market.state, market.scenario.spillovers, market.scenario.mechanisms
    labs = np.flatnonzero(state.active)
    if not len(labs):
        return
    level = state.algorithm[labs]
    openness = np.where(state.released > NEVER, OPENNESS[state.mode], 0.0)[labs]
    pool = 0.0
    if m.open_spillover:
        pool = float(open_pool(level, openness, distance=sp.pool_distance, half=sp.pool_half))
    open_lead = level[openness > 0].max(initial=-np.inf)
    pool, open_lead = market.pool[market.month] = market.ablation.pooled(market.month, pool, open_lead)
    rates = Rates(
        leaked=sp.leakage * m.leakage + sp.theft * m.theft,
        near=sp.neighbours * m.leakage,
        distilled=sp.distillation * m.distillation,
        published=sp.open_pool * pool,
    )
    grow = _compiled if chosen(None) == "numba" else _grow
    grow(market, labs, rates, float(open_lead))


class Rates(NamedTuple):
    """What is learned a year, per order of magnitude behind."""

    leaked: float
    """Of the best lab."""
    near: float
    """Of the best lab of one's own region, beside it."""
    distilled: float
    """Of the best lab, beside it, by those who can buy a better model."""
    published: float
    """Of the best lab with open weights."""


def _grow(market: Market, labs: Ints, rates: Rates, open_lead: float) -> None:
    """Let levels of `labs`, those at work, grow; the best lab with open weights stands at `open_lead`."""
    state, region = market.state, market.setting.lab_region[labs]
    level = state.algorithm[labs]
    closed = np.asarray(rates.leaked + rates.distilled * _can_distil(market, labs), dtype=float)
    research = market.plans.research[market.month, labs]
    best = np.full(len(market.setting.regions), -np.inf)  # by region
    np.maximum.at(best, region, level)
    leader, near = (closed, float(level.max())), (rates.near, best[region])
    state.algorithm[labs] += algorithm_growth(level, research, leader, near, (rates.published, open_lead))


def _can_distil(market: Market, labs: Ints) -> Flags:
    """Whether a better model than a lab's own is on sale in its region, or open."""
    state = market.state
    best = np.where(state.active, state.capability[:, FLAGSHIP], -np.inf)
    sold = np.where(market.policy.withdrawn, -np.inf, best[:, None]).max(axis=0)
    reachable = np.maximum(sold, state.open_capability[:, FLAGSHIP].max())  # by region
    return np.asarray(reachable[market.setting.lab_region[labs]] > state.capability[labs, FLAGSHIP])


def _compiled(market: Market, labs: Ints, rates: Rates, open_lead: float) -> None:
    """`_grow`."""
    from sim.economics.compiled.calls import kept  # numba takes a while to import
    from sim.market.compiled.learning import grow

    state, policy = market.state, market.policy
    models = state.active, state.capability, state.open_capability, policy.withdrawn
    who = labs, market.setting.lab_region, market.plans.research[market.month]
    kept(grow, state.algorithm, *who, *models, *rates, open_lead)
