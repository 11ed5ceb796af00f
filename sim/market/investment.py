"""What firms spend on chips for training and for serving in a month, and what they get for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.economics.engines import chosen
from sim.market.sales import Flows
from sim.world.setting import Array
from sim.world.supply import buy

if TYPE_CHECKING:
    from sim.market import Market

COMFORTABLE_USE = 0.7
"""Use of serving compute at which a firm keeps its plan for training and serving."""
USUAL = 0.05, 0.95
"""Least and largest part of spending on chips that goes into serving, of firms that train at all."""


def invest(market: Market) -> Flows:
    """Firms retire old chips, spend what they have and may on new ones, and hold what they got."""
    state, tech = market.state, market.scenario.technology
    keep = (1.0 - tech.retirement) ** (1.0 / 12.0)
    for stock in (state.training, state.raw_flops, state.bandwidth, state.bandwidth_value):
        stock *= keep
    busy = np.maximum(state.use, market.plans.own_use) / COMFORTABLE_USE
    pressure = busy**market.scenario.finance.capacity_response
    budget = _compiled if chosen(None) == "numba" else _budgets
    funding, staff, training, serving = budget(market, pressure)
    got = buy(market.catalogue, market.chip_policies, state, market.month, training, serving)
    state.training += got.training
    state.raw_flops += got.raw
    state.bandwidth += got.bandwidth
    state.bandwidth_value += got.bandwidth_value
    state.shortfall += 0.2 * (got.shortfall - state.shortfall)
    market.bandwidth_price = np.where(
        np.isfinite(got.bandwidth_price), got.bandwidth_price, market.bandwidth_price
    )
    market.flop_price = got.flop_price
    return Flows(funding, got.chips * tech.system_cost, staff)


def _budgets(market: Market, pressure: Array) -> tuple[Array, Array, Array, Array]:
    """Funding, staff, and what is spent on chips for training and for serving, USD, (firms,) each.

    Parameters
    ----------
    pressure
        Factor on the planned part for serving, (firms,).
    """
    state, plans, month, finance = market.state, market.plans, market.month, market.scenario.finance
    alive, response = market.alive(), np.ones(len(state.cash))
    response[: len(state.funding_response)] = state.funding_response
    funding = np.where(alive, plans.funding[month] * response, 0.0)
    staff = np.where(alive, plans.staff[month], 0.0)
    capex = np.where(alive, plans.capex[month], 0.0)
    profit = np.maximum(state.profit, 0.0)
    capex += np.where(plans.parent, 0.0, finance.reinvestment * profit * alive)
    if market.scenario.mechanisms.bankruptcy:
        affordable = np.maximum(state.cash + funding - finance.reserve * staff, 0.0)
        capex = np.where(plans.parent, capex, np.minimum(capex, affordable))
        capex[state.broke > 0] = 0.0
    planned = plans.serving_share[month]
    usual = np.minimum(np.maximum(planned * pressure, USUAL[0]), USUAL[1])
    share = np.where(planned >= 1.0, 1.0, usual)
    chips = capex / market.scenario.technology.system_cost
    return funding, staff, chips * (1 - share), chips * share


def _compiled(market: Market, pressure: Array) -> tuple[Array, Array, Array, Array]:
    """`_budgets`."""
    from sim.economics.compiled.calls import kept  # numba takes a while to import
    from sim.market.compiled.investment import budgets

    state, plans, month, s = market.state, market.plans, market.month, market.scenario
    found = kept(
        budgets,
        plans.funding[month],
        plans.staff[month],
        plans.capex[month],
        plans.serving_share[month],
        plans.parent,
        state.funding_response,
        state.active,
        state.broke,
        state.profit,
        state.cash,
        pressure,
        s.mechanisms.bankruptcy,
        s.finance.patience,
        s.finance.reinvestment,
        s.finance.reserve,
        s.technology.system_cost,
        *USUAL,
    )
    funding, staff, training, serving = found
    return funding, staff, training, serving
