"""What loops of `sim.market.compiled.month` work on: named tuples of plain arrays."""

from __future__ import annotations

from typing import NamedTuple

from sim.world.setting import Array, Flags, Ints


class Places(NamedTuple):
    """Where things are, the same all through a run."""

    names: Ints  # (regions,) their numbers
    of_lab: Ints  # (labs,) region
    of_firm: Ints  # (firms,) region
    of_cohort: Ints  # (cohorts,) row of `sim.record.USAGE`: region and segment
    region: Ints  # (cohorts,)
    firm: Ints  # (clouds,) that of each
    service: Ints  # (channels,) 0 the lab's own, 1 a cloud, 2 self-hosting


class Columns(NamedTuple):
    """Where columns stand in `sim.record.MARKET`."""

    demand: Ints
    frontiers: Ints
    supply: Ints
    markets: Ints


class Tables(NamedTuple):
    """Arrays of `sim.record.Record.whole`, (columns, months, ...)."""

    market: Array
    labs: Array
    clouds: Array
    usage: Array  # (columns, months, places, kinds)


class Customers(NamedTuple):
    """Who uses what: (cohorts,), or (cohorts, offers)."""

    number: Array
    potential: Array  # USD if all had adopted
    adopted: Array  # part that has
    surplus: Array  # per USD of adopters' spending
    shares: Array
    tokens: Array
    spending: Array


class Sold(NamedTuple):
    """What was on offer and how much of it was sold: (offers,) each."""

    lab: Ints
    tier: Ints
    channel: Ints
    open_: Flags
    capability: Array
    seller: Ints
    prices: Array
    cost: Array
    royalty: Array
    demanded: Array
    spent: Array
    used: Array


class Labs(NamedTuple):
    """Labs as in `State`, and the use of their models."""

    active: Flags
    released: Ints
    mode: Ints
    capability: Array
    open_capability: Array
    algorithm: Array
    hosted: Flags  # (clouds, labs, tiers)
    use: Array  # (3, labs) as `sim.market.sales.Books.use_by_lab` has it


class Stocks(NamedTuple):
    """What firms have at the end of a month, as in `State`: (firms,) each."""

    training: Array
    bandwidth: Array
    use: Array
    cash: Array
    raw_flops: Array  # (firms, channels)
    load: Array


class Money(NamedTuple):
    """A month's money by firm, as in `Books`: (firms,) each."""

    revenue: Array
    revenue_own: Array
    full_cost: Array
    running: Array
    royalties_received: Array
    royalties_paid: Array
    complement: Array
    tokens: Array
    cash_before: Array
    funding: Array
    capex: Array
    staff: Array
    bring_up: Array


class Markets(NamedTuple):
    """Chip markets, (regions,) each, and how firms choose and prices fit."""

    flop_price: Array
    bandwidth_price: Array
    shortfall: Array
    propensity: Array  # (regions + 1,)
    residual: float
