"""What a month looks like from each region, and from the world as a whole: the last element of every column."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from sim.economics.indicators import concentration, lag_months, ratio
from sim.market.sales import Books, Sales, rows, totals
from sim.record import MODES, Row
from sim.technology.chips import DOMESTIC, OFFSHORE, SMUGGLED
from sim.technology.units import H100_BANDWIDTH, H100_TFLOPS, THOUSAND
from sim.world.setting import API, FLAGSHIP, Array, Flags, Ints, Setting
from sim.world.state import NEVER, State

if TYPE_CHECKING:
    from sim.market import Market

OPEN_FLAGSHIP = MODES.index("open_restricted")
CHOICES_REMEMBERED = 12
"""Months over which the propensity to open is averaged."""
SOME_REVENUE = 1.0
"""USD a month up to which there is no revenue to speak of a margin."""

DEMAND = (
    "adoption",
    "tokens",
    "spending",
    "consumer_surplus",
    "open_token_share",
    "open_spending_share",
    "foreign_token_share",
    "lab_token_share",
    "price_closed",
    "price_open",
    "served",
    "concentration",
    "price_flagship",
    "price_fixed",
)
FRONTIERS = (
    "capability", "capability_open", "capability_closed", "lag", "lag_open", "labs", "open_labs",
)  # fmt: skip
MARKETS = ("open_propensity", "price_residual", "flop_price", "bandwidth_price", "shortfall")
SUPPLY = (
    "margin_closed",
    "margin_open",
    "margin_clouds",
    "profit_labs",
    "profit_clouds",
    "chip_spending",
    "compute_training",
    "compute_serving",
    "compute",
    "compute_smuggled",
    "compute_domestic",
    "compute_offshore",
    "capacity_use",
)
"""Columns in the order of `sim.market.compiled.regions`."""


def demand_side(market: Market, sales: Sales) -> Row:
    """What customers of each region use and pay."""
    setting, cohorts = market.setting, market.setting.cohorts
    of_region = setting.once("customers by region", lambda: members(cohorts.region, len(setting.regions)))
    potential = market.plans.spending[market.month]
    adopters = potential * market.state.adopted
    tokens, spent = of_region @ sales.tokens, of_region @ sales.spending
    row: Row = {
        "adoption": ratio(of_region @ adopters, of_region @ potential),
        "tokens": tokens.sum(axis=1),
        "spending": spent.sum(axis=1),
    }
    if sales.equilibrium is not None:
        row["consumer_surplus"] = of_region @ (adopters * sales.equilibrium.consumer_surplus)
    if len(sales.offers):
        row |= _shares(setting, sales, tokens, spent) | _prices(market, sales, tokens > 0.0)
    return row


def _shares(setting: Setting, sales: Sales, tokens: Array, spent: Array) -> Row:
    """Who serves what part of demand, and what it pays; tokens and spending are (regions + 1, offers)."""
    offers, regions = sales.offers, len(setting.regions)
    used, paid, world = tokens.sum(axis=1), spent.sum(axis=1), tokens[-1]
    # Closed offers apart, not what open ones leave: that would be rounding errors where all is open.
    kinds = np.array([~offers.open_, offers.open_], dtype=float).T
    (tokens_closed, tokens_open), (paid_closed, paid_open) = (tokens @ kinds).T, (spent @ kinds).T
    origin = setting.lab_region[offers.lab]
    abroad = np.where(origin == np.arange(regions)[:, None], 0.0, tokens[:-1]).sum(axis=1)
    of_labs = totals(origin, world, regions)
    served = np.where(world > 0.0, sales.demanded / np.where(world > 0.0, world, 1.0), 0.0)
    parts = {
        "open_token_share": (tokens_open, used),
        "open_spending_share": (paid_open, paid),
        "foreign_token_share": (np.append(abroad, abroad.sum()), used),
        "lab_token_share": (np.append(of_labs, used[-1]), np.full(regions + 1, used[-1])),
        "price_closed": (paid_closed, tokens_closed),
        "price_open": (paid_open, tokens_open),
        "served": (used, tokens @ served),
    }
    shares = ratio(*np.array(list(parts.values())).transpose(1, 0, 2))
    by_lab = sums(offers.lab, spent, len(setting.labs))[:, :-1]
    return {
        **dict(zip(parts, shares, strict=True)),
        "concentration": concentration(
            by_lab[:, by_lab[-1] > 0.0]
        ),  # sums over as many labs, whoever else there is
    }


def _prices(market: Market, sales: Sales, on_sale: Flags) -> Row:
    """Prices of the best model, and of the cheapest that is good enough; `on_sale` is (regions + 1, offers)."""
    offers = sales.offers
    api = on_sale & (offers.channel == API)
    best = np.argmax(np.where(api, offers.capability, -np.inf), axis=1)
    enough = on_sale & (offers.capability >= market.scenario.technology.reference_capability)
    cheapest = np.where(enough, sales.prices, np.inf).min(axis=1)
    return {
        "price_flagship": np.where(api.any(axis=1), sales.prices[best], np.nan),
        "price_fixed": np.where(np.isfinite(cheapest), cheapest, np.nan),
    }


def supply_side(market: Market, sales: Sales, books: Books) -> Row:
    """What labs, clouds and compute of each region are."""
    state = market.state
    flop_price, bandwidth_price = market.flop_price.tolist(), market.bandwidth_price.tolist()
    residual = 0.0 if sales.equilibrium is None else sales.equilibrium.residual
    return {
        "open_propensity": propensity(market),
        "price_residual": residual,
        "flop_price": [price if price < np.inf else np.nan for price in (*flop_price, min(flop_price))],
        "bandwidth_price": [*bandwidth_price, min(bandwidth_price)],
        "shortfall": [*state.shortfall.tolist(), np.nan],
        **labs_and_frontiers(market),
        **firms_and_margins(market, sales, books),
    }


def labs_and_frontiers(market: Market) -> Row:
    """Labs at work, which of them have opened their flagship, and the frontiers."""
    setting, state, regions = market.setting, market.state, len(market.setting.regions)
    released, opened = state.released > NEVER, state.mode >= OPEN_FLAGSHIP
    working = released & state.active
    counted = np.array([state.active, working, working & opened], float)
    active, out, open_ = sums(setting.lab_region, counted, regions)
    return {"labs": active, "open_labs": ratio(open_, out), **_capabilities(market, released, opened)}


def firms_and_margins(market: Market, sales: Sales, books: Books) -> Row:
    """What firms of each region have, what they spend on it, and what they earn on tokens."""
    setting, state = market.setting, market.state
    firms = np.array([books.royalties_received, books.capex, state.training, state.bandwidth, sales.load])
    margins, royalties = _margins(setting, sales), sums(setting.firm_region, firms[:1], len(setting.regions))
    return (
        margins | {"profit_labs": margins["profit_labs"] + royalties[0]} | _firms(setting, state, firms[1:])
    )


def _margins(setting: Setting, sales: Sales) -> Row:
    """Gross profit on tokens, in all and per revenue: of labs on their own models, of clouds on others'."""
    offers, deal = sales.offers, sales.deal
    gross = sales.spent * (1.0 - deal.royalty) - deal.cost * sales.used
    own = sales.own
    roles = np.array([own & ~offers.open_, own & offers.open_, ~own & (deal.seller >= 0)])
    money = np.concatenate([np.where(roles, gross, 0.0), np.where(roles, sales.spent, 0.0)])
    closed, open_, hosted, *revenue = sums(setting.firm_region[deal.seller], money, len(setting.regions))
    margins = ratio(np.array([closed, open_, hosted]), np.array(revenue), SOME_REVENUE)
    return {
        **dict(zip(("margin_closed", "margin_open", "margin_clouds"), margins, strict=True)),
        "profit_labs": closed + open_,
        "profit_clouds": hosted,
    }


def _firms(setting: Setting, state: State, firms: Array) -> Row:
    """Compute that firms of each region have, and what they spend on it.

    Parameters
    ----------
    firms
        Spending on chips, training TFLOP/s, serving TB/s and those in use, (4, firms).
    """
    values = np.concatenate([firms, state.raw_flops.T])
    spent, training, serving, load, *raw = sums(setting.firm_region, values, len(setting.regions))
    stock = np.array(raw) / H100_TFLOPS / THOUSAND
    return {
        "chip_spending": spent,
        "compute_training": training / H100_TFLOPS / THOUSAND,
        "compute_serving": serving / H100_BANDWIDTH / THOUSAND,
        "compute": stock.sum(axis=0),
        "compute_smuggled": stock[SMUGGLED],
        "compute_domestic": stock[DOMESTIC],
        "compute_offshore": stock[OFFSHORE],
        "capacity_use": ratio(load, serving),
    }


def _capabilities(market: Market, released: Flags, opened: Flags) -> Row:
    """Frontiers never fall: the best so far, and how long ago the world (or the region) stood there."""
    setting, state, t, m = market.setting, market.state, market.month, market.record.market
    labs = setting.once("labs by region", lambda: members(setting.lab_region, len(setting.regions)) > 0.0)
    newest, published = state.capability[:, FLAGSHIP], state.open_capability.max(axis=1)
    closed = np.where(opened, -np.inf, newest)
    levels = np.array([np.maximum(newest, published), published, closed])[:, None]
    now = np.where(labs & released, levels, -np.inf).max(axis=2)
    row: Row = {}
    names = ("capability", "capability_open", "capability_closed")
    for name, best in zip(names, np.where(np.isfinite(now), now, np.nan), strict=True):
        row[name] = np.fmax(best, m[name][t - 1]) if t else best
    own = np.vstack([m["capability"][:t], row["capability"]])
    world = np.broadcast_to(own[:, -1:], own.shape)
    level = np.array([row["capability"], row["capability_open"]])
    row["lag"], row["lag_open"] = lag_months(level, np.stack([world, own], axis=1))
    return row


def propensity(market: Market) -> Array:
    """Mean probability of opening the flagship in the choices of the last months, (regions + 1,)."""
    odds: dict[str, list[float]] = {region: [] for region in market.setting.regions}
    for row in reversed(market.record.decisions):
        if row["month"] <= market.month - CHOICES_REMEMBERED:
            break
        if not row["forced"]:
            odds[row["region"]].append(row["open_probability"] + row["open_restricted_probability"])
    total, choices = [fsum(of) for of in odds.values()], [len(of) for of in odds.values()]
    by_region = zip([*total, fsum(total)], [*choices, sum(choices)], strict=True)
    return np.array([of / number if number else np.nan for of, number in by_region])


def members(region: Ints, regions: int) -> Array:
    """Who belongs to which region, as ones and zeros, (regions + 1, entities); to the world, all do."""
    whole = np.ones((1, len(region)))
    return np.concatenate([(region == np.arange(regions)[:, None]).astype(float), whole])


def sums(region: Ints, values: Array, regions: int) -> Array:
    """Sums by region and over the world of several rows of values, (rows, entities) to (rows, regions + 1).

    Entities are added one after the other, so that one that has nothing changes no bit of any sum.
    """
    found = rows(region, values, regions)
    return np.concatenate([found, found.sum(axis=1, keepdims=True)], axis=1)
