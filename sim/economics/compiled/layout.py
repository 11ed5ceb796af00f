"""What the compiled search works on: the game and its numbers as plain arrays, and room for one market.

Named tuples, since compiled code takes them apart for free. Arrays over `live` segments are as long as there
are segments; of a market the first few count, those that have customers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.economics.nests import BoolArray, FloatArray, IntArray


class Structure(NamedTuple):
    """A `Game`."""

    host: IntArray  # (offers,) host nest
    tier: IntArray  # (hosts,) tier of a host nest
    claim_offer: IntArray  # (claims,)
    claim_group: IntArray  # (claims,) group: pair of host nest and owner
    group_host: IntArray  # (groups,)
    group_pair: IntArray  # (groups,) pair of tier and owner
    pair_tier: IntArray  # (pairs,)
    pair_owner: IntArray  # (pairs,)
    member: IntArray  # (members,) offers in pools
    pool: IntArray  # (members,)
    at_cost: BoolArray  # (offers,)
    inner: float
    outer: float
    usage: float
    log_price: bool
    positive: bool


class Numbers(NamedTuple):
    """A `State`: every array has a leading axis of markets or 1."""

    quality: FloatArray  # (m, offers, segments)
    nowhere: FloatArray  # (m, offers)
    dead_host: FloatArray  # (m, hosts, segments), (m, 0, 0) if nothing is dead
    dead_tier: FloatArray  # (m, tiers, segments), likewise
    outside: FloatArray  # (m, segments)
    weights: FloatArray  # (m, segments)
    cost: FloatArray  # (m, offers)
    revenue: FloatArray  # (m, claims)
    break_even: FloatArray  # (m, offers)
    load: FloatArray  # (m, members)
    capacity: FloatArray  # (m, pools)
    shadow_unit: FloatArray  # (m, pools)


class Market(NamedTuple):
    """One market of them."""

    quality: FloatArray
    nowhere: FloatArray
    dead_host: FloatArray
    dead_tier: FloatArray
    outside: FloatArray
    weights: FloatArray
    cost: FloatArray
    revenue: FloatArray
    break_even: FloatArray
    load: FloatArray
    capacity: FloatArray
    shadow_unit: FloatArray


class Rules(NamedTuple):
    """Constants of `first_order`, `capacity` and `fixed_point`, by the names that they have there."""

    depth: int
    longest_patience: int
    ridge: float
    near: float
    growth: float
    longest_step: float
    largest_exponent: float
    ceiling: float
    faint: float
    largest_factor: float
    precision: float
    rounding: float


class Segments(NamedTuple):
    """Segments with customers."""

    live: int  # how many
    segment: IntArray  # (live,) which
    b: FloatArray  # (live,) price sensitivity
    slope: FloatArray  # (live,) of utility in the price, in units of the inner scale
    w: FloatArray  # (live,) weight


class Reference(NamedTuple):
    """Utilities at reference prices, in units of the inner scale.

    Rows are the offers that somebody can have, or nobody among all of its nest: what these would share tells
    what an offer would be worth. They follow each other without a gap, `live` numbers each.
    """

    h: FloatArray  # (offers,) the prices
    rows: IntArray  # (1,) how many rows
    row: IntArray  # (offers,) row of an offer, -1 if it has none
    offer: IntArray  # (rows,) offer of a row
    v: FloatArray  # (rows * live,) utility without price, relative to `best`
    best: FloatArray  # (hosts, live) highest utility in a nest
    log_host: FloatArray  # (hosts, live) worth of a nest of which `u` add up to 1, relative to its tier
    host: FloatArray  # (hosts, live) exp of it
    log_tier: FloatArray  # (tiers, live) the same of tiers
    tier: FloatArray  # (tiers, live)
    top: FloatArray  # (live,) worth of the best tier, or of the outside option
    outside: FloatArray  # (live,) exp of the outside option relative to it
    some: BoolArray  # (groups,) whether Y may be other than 0
    asked: BoolArray  # (groups,) whether a seller looks at X


class Demand(NamedTuple):
    """Shares at present prices."""

    u: FloatArray  # (rows * live,) exp of utility relative to `best`
    of_host: FloatArray  # (hosts, live) sum of it in a nest
    per_host: FloatArray  # (hosts, live) inverse of that
    in_tier: FloatArray  # (hosts, live) share of a nest in its tier
    buyers: FloatArray  # (hosts, live) weight times share of an offer, per unit of `u`
    of_tier: FloatArray  # (tiers, live) sum over the nests of a tier
    in_all: FloatArray  # (tiers, live) share of a tier
    total: FloatArray  # (live,)
    mix: FloatArray  # (live,)


class Trade(NamedTuple):
    """What sellers look at, named as in `first_order`."""

    h: FloatArray  # (offers,)
    price: FloatArray  # (offers,)
    cost: FloatArray  # (offers,) of a unit, with shadow prices
    use: FloatArray  # (offers,)
    lost: FloatArray  # (offers,)
    back: FloatArray  # (offers,) value won back
    quantity: FloatArray  # (offers,)
    gap: FloatArray  # (offers,)
    change: FloatArray  # (offers,)
    next_price: FloatArray  # (offers,)
    bounded: FloatArray  # (offers,) the same within a factor of the present one
    per_unit: FloatArray  # (offers,)
    x: FloatArray  # (groups, live) Y, then X
    z: FloatArray  # (pairs, live) Z, then its part in X
    w: FloatArray  # (owners, live) W
    shadow: FloatArray  # (pools,)
    next_shadow: FloatArray  # (pools,)
    used: FloatArray  # (pools,)
    total: FloatArray  # (pools,) predicted use
    fall: FloatArray  # (pools,) its slope


class Course(NamedTuple):
    """Where the search is, and the last differences of points and gaps."""

    x: FloatArray  # (n,) prices as they enter utility, then shadow prices in units of their scale
    image: FloatArray  # (n,)
    last_image: FloatArray  # (n,)
    gap: FloatArray  # (n,) image less x
    last_x: FloatArray  # (n,)
    last_gap: FloatArray  # (n,)
    going: FloatArray  # (n,) the step
    unit: FloatArray  # (depth, n) differences of gaps, of length 1
    step: FloatArray  # (depth, n) what goes with them: differences of points and of gaps
    gram: FloatArray  # (depth, depth) products of `unit`
    system: FloatArray  # (depth, depth) room to solve them
    weights: FloatArray  # (depth,)


class Room(NamedTuple):
    """Room for the search in one market, to be used again for the next."""

    segments: Segments
    at: Reference
    demand: Demand
    trade: Trade
    course: Course


def room(game: Structure, rules: Rules, segments: int, pools: int) -> Room:
    """Room for a game with so many segments and pools."""
    offers, hosts, tiers = len(game.host), len(game.tier), int(game.tier.max()) + 1
    groups, pairs, owners = len(game.group_host), len(game.pair_tier), int(game.pair_owner.max()) + 1
    n, depth = offers + pools, rules.depth
    by_offer, by_pool, by_point = _arrays(12, offers), _arrays(5, pools), _arrays(7, n)
    by_segment, by_cell = _arrays(7, segments), _arrays(2, offers * segments)
    by_host, by_tier = _arrays(7, hosts, segments), _arrays(4, tiers, segments)
    by_group = [np.empty((groups, segments)), np.empty((pairs, segments)), np.empty((owners, segments))]
    by_slot = [*_arrays(2, depth, n), *_arrays(2, depth, depth), np.empty(depth)]
    return Room(
        Segments(0, np.empty(segments, np.intp), *by_segment[:3]),
        Reference(
            h=np.empty(offers),
            rows=np.zeros(1, np.intp),
            row=np.empty(offers, np.intp),
            offer=np.empty(offers, np.intp),
            v=by_cell[0],
            best=by_host[0],
            log_host=by_host[1],
            host=by_host[2],
            log_tier=by_tier[0],
            tier=by_tier[1],
            top=by_segment[6],
            outside=by_segment[3],
            some=np.empty(groups, np.bool_),
            asked=np.empty(groups, np.bool_),
        ),
        Demand(
            u=by_cell[1],
            of_host=by_host[3],
            per_host=by_host[4],
            in_tier=by_host[5],
            buyers=by_host[6],
            of_tier=by_tier[2],
            in_all=by_tier[3],
            total=by_segment[4],
            mix=by_segment[5],
        ),
        Trade(*by_offer, *by_group, *by_pool),
        Course(*by_point, *by_slot),
    )


def _arrays(count: int, *shape: int) -> list[Any]:
    """So many arrays of a shape; zeros, as long loops also run over what is beyond the live segments."""
    return list(np.zeros((count, *shape)))
