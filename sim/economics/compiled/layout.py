"""What the compiled search works on: the game and its numbers as plain arrays, and room for one market.

Named tuples, since compiled code takes them apart for free. Tables are `P` wide: the number of segments, rounded up
to whole lanes. What is added weighs nothing.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from sim.economics.nests import BoolArray, FloatArray, IntArray


class Structure(NamedTuple):
    """A `Game`."""

    host: IntArray  # (offers,) host nest
    tier: IntArray  # (hosts,) tier of a host nest
    claim_offer: IntArray  # (claims,)
    claim_group: IntArray  # (claims,) group: pair of host nest and owner
    claim_owner: IntArray  # (claims,)
    group_host: IntArray  # (groups,)
    group_pair: IntArray  # (groups,) pair of tier and owner
    pair_tier: IntArray  # (pairs,)
    pair_owner: IntArray  # (pairs,)
    royalty_claim: IntArray  # (royalties,) claim that receives it
    royalty_offer: IntArray  # (royalties,) offer that pays it
    complement_claim: IntArray  # (offers,)
    stake_claim: IntArray  # (stakes,)
    pool: IntArray  # (offers,) -1 for none
    at_cost: BoolArray  # (offers,)
    shown: BoolArray  # (offers,) whose shares are written where only few results are, see `Rules`
    sensitivity: FloatArray  # (segments or 1,)
    tiers: int
    owners: int
    pools: int
    inner: float
    outer: float
    usage: float
    log_price: bool
    positive: bool


class Numbers(NamedTuple):
    """Numbers of a batch of markets, as `solve_prices` has them: a leading axis of markets, or of 1 for all alike.

    What is not given has no rows (start, shadow) or is 0 (royalty, complement); a capacity of NaN or inf is none.
    """

    quality: FloatArray  # (m, offers, segments)
    cost: FloatArray  # (m or 1, offers)
    weights: FloatArray  # (m or 1, segments)
    outside: FloatArray  # (m or 1, segments)
    load: FloatArray  # (m or 1, offers)
    royalty: FloatArray  # (m or 1, offers)
    complement: FloatArray  # (m or 1, offers)
    stake: FloatArray  # (m or 1, stakes)
    capacity: FloatArray  # (m or 1, pools)
    start: FloatArray  # (m, 1 or 0, offers) prices
    shadow: FloatArray  # (m, 1 or 0, pools) shadow prices to start from
    after: IntArray  # (m or 0, 2) earlier markets that the search starts from, see `start.following`


class Rules(NamedTuple):
    """How to search; constants of `first_order`, `capacity`, `fixed_point`, `start`, `newton`, `solver`, so named."""

    tolerance: float
    iterations: int
    leave_absent: bool  # offers that nobody can have keep the price that they start with
    few: bool  # of results only prices and buyers are written, and shares of what can be had and is to be shown
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
    largest_first_margin: float
    difference: float
    fall: float
    beyond: float
    giveaway: float
    near_ceiling: float


class Results(NamedTuple):
    """As in `Equilibrium`, by market."""

    prices: FloatArray  # (m, offers)
    shares: FloatArray  # (m, segments, offers)
    quantities: FloatArray  # (m, offers)
    profits: FloatArray  # (m, owners)
    surplus: FloatArray  # (m, segments)
    shadow: FloatArray  # (m, pools)
    at_ceiling: BoolArray  # (m, offers)
    evaluations: IntArray  # (m,)
    residual: FloatArray  # (m,)
    solved: BoolArray  # (m,)


def empty(game: Structure, markets: int, offers: int, segments: int) -> Results:
    """Results to be filled, of as many markets."""
    return Results(
        np.empty((markets, offers)),
        np.empty((markets, segments, offers)),
        np.empty((markets, offers)),
        np.empty((markets, game.owners)),
        np.empty((markets, segments)),
        np.empty((markets, game.pools)),
        np.empty((markets, offers), np.bool_),
        np.empty(markets, np.intp),
        np.empty(markets),
        np.empty(markets, np.bool_),
    )


class Sizes(NamedTuple):
    """How much room a game may take."""

    offers: int
    hosts: int
    tiers: int
    claims: int
    groups: int
    pairs: int
    owners: int
    pools: int

    @classmethod
    def of(cls, game: Structure) -> Self:
        """Of a game."""
        return cls(
            len(game.host),
            len(game.tier),
            game.tiers,
            len(game.claim_offer),
            len(game.group_host),
            len(game.pair_tier),
            game.owners,
            game.pools,
        )


class Counts(NamedTuple):
    """How much of the room a market takes."""

    width: int  # P
    rows: int
    multi_rows: int  # rows of nests with several
    hosts: int
    multi_hosts: int  # nests with several rows
    groups: int
    pairs: int
    owners: int
    free: int
    pools: int


class Lists(NamedTuple):
    """What there is in a market.

    A row is an offer that some segment can have, so far as segments can: those that can have most come first, and
    what is beyond the last one that can have the offer is left out. Rows of one nest follow each other; nests with
    several rows come before those with one.
    """

    segment: IntArray  # (P,) in order
    row: IntArray  # (offers,) row of an offer, -1 if it has none
    offer: IntArray  # (rows,)
    length: IntArray  # (rows,)
    host: IntArray  # (rows,) nest of the row, among the nests with rows
    local: IntArray  # (hosts,) number of a nest among those with rows, -1 for none
    tier: IntArray  # (nests with rows,)
    reach: IntArray  # (nests with rows,) most of the lengths of its rows
    prices: BoolArray  # (owners,) whether the owner looks for a price
    claim: IntArray  # (claims,) those on offers with a row, of owners who do, by the group that they are in
    claim_row: IntArray  # (those claims,)
    first: IntArray  # (those groups + 1,) where the claims of a group begin
    group_at: IntArray  # (groups,) number of a group with such a claim
    group_host: IntArray  # (those groups,)
    group_pair: IntArray  # (those groups,) number of its pair of tier and owner
    pair_at: IntArray  # (pairs,) number of a pair of such a group
    pair_tier: IntArray  # (those pairs,)
    pair_owner: IntArray  # (those pairs,) number of its owner
    owner_at: IntArray  # (owners,) number of an owner of such a pair
    owner_reach: IntArray  # (those owners,) most of the reaches of the nests in its groups
    owned: IntArray  # (those pairs,) by the owner
    first_pair: IntArray  # (those owners + 1,) where the pairs of an owner begin
    free: IntArray  # (free,) offers whose price is looked for
    pool: IntArray  # (free,) index into `pools`, -1 for none
    pools: IntArray  # (pools,) those that are limited and have customers
    missing: FloatArray  # (P,) how many offers a segment cannot have
    tally: IntArray  # (offers + 2,) numbers while lists are made
    used: BoolArray  # (groups,) those to be numbered
    absent: BoolArray  # (offers,) nobody can have it
    some: BoolArray  # (offers,) some segment can, be it without customers
    limits: BoolArray  # (tiers,) whether nests where nothing can be had matter, for absent offers' prices


class Market(NamedTuple):
    """The numbers of one market. What is by offer has room for whole lanes."""

    cost: FloatArray  # (offers,)
    load: FloatArray  # (offers,)
    break_even: FloatArray  # (offers,)
    price: FloatArray  # (offers,)
    h: FloatArray  # (offers,) price as it enters utility
    use: FloatArray  # (offers,)
    with_shadow: FloatArray  # (offers,) cost with shadow prices
    revenue: FloatArray  # (claims,)
    outside: FloatArray  # (P,)
    b: FloatArray  # (P,)
    w: FloatArray  # (P,) adding up to 1
    inner_slope: FloatArray  # (P,) of utility in the price, in units of the inner scale
    outer_slope: FloatArray  # (P,) likewise of the outer scale
    capacity: FloatArray  # (pools,) per customer
    shadow_unit: FloatArray  # (pools,)
    shadow: FloatArray  # (pools,)
    people: FloatArray  # (3,) customers; mean price sensitivity; steepest inner slope


class Reference(NamedTuple):
    """Utilities at reference prices."""

    h: FloatArray  # (offers,) the prices
    quality: FloatArray  # (offers, P) as given, -inf in what fills up the last lanes
    there: FloatArray  # (offers, P) 1 where the offer can be had, else 0
    raw: FloatArray  # (rows, P) quality, in units of the inner scale, where a nest has one row of the outer one
    v: FloatArray  # (rows, P) the same relative to the best of the nest, where it has one row of its tier; of what is
    # sold at cost the exponential at its price
    best: FloatArray  # (hosts, P) highest utility in a nest
    log_host: FloatArray  # (hosts, P) worth of a nest of which `u` add up to 1, relative to its tier
    host: FloatArray  # (hosts, P) exp of it
    log_tier: FloatArray  # (tiers, P) the same of tiers
    tier: FloatArray  # (tiers, P)
    top: FloatArray  # (P,) worth of the best tier, or of the outside option
    outside: FloatArray  # (P,) exp of the outside option relative to it
    empty_host: FloatArray  # (hosts, P) 1 where nothing can be had in the nest, to spare 0/0
    empty_tier: FloatArray  # (tiers, P) likewise
    off_host: FloatArray  # (hosts, P) -inf where a nest is off the market, see `split_unavailable`
    off_tier: FloatArray  # (tiers, P) likewise


class Demand(NamedTuple):
    """Shares at present prices."""

    u: FloatArray  # (rows, P) exp of utility relative to the best of the nest; 1 in a nest of one row; 0 as far as
    # others of the nest reach
    earned: FloatArray  # (claims that count,) margin on a customer
    of_host: FloatArray  # (hosts, P) sum of it in a nest
    per_host: FloatArray  # (hosts, P) inverse of that
    in_tier: FloatArray  # (hosts, P) share of a nest in its tier
    buyers: FloatArray  # (hosts, P) weight times share of an offer, per unit of `u`
    of_tier: FloatArray  # (tiers, P) sum over the nests of a tier
    per_tier: FloatArray  # (tiers, P) inverse of that
    in_all: FloatArray  # (tiers, P) share of a tier
    size: FloatArray  # (tiers, P) customers of it
    total: FloatArray  # (P,)
    mix: FloatArray  # (P,)
    y: FloatArray  # (groups, P) Y
    z: FloatArray  # (pairs, P) Z, then the part of X that the pair's groups share


class Trade(NamedTuple):
    """What sellers look at, named as in `first_order`, by free offer or by pool.

    All of it has room for whole lanes.
    """

    own: FloatArray  # (free,) part of the revenue
    break_even: FloatArray  # (free,)
    load: FloatArray  # (free,)
    price: FloatArray  # (free,)
    use: FloatArray  # (free,)
    cost: FloatArray  # (free,) with shadow prices
    people: FloatArray  # (free,) buyers
    now: FloatArray  # (free,) use of serving compute
    after: FloatArray  # (free,) the same as predicted
    change: FloatArray  # (free,) of it with the shadow price, then of that
    gap: FloatArray  # (free,) how far first-order conditions are from being met
    lost: FloatArray  # (free,)
    back: FloatArray  # (free,) value won back
    quantity: FloatArray  # (free,)
    next_price: FloatArray  # (free,)
    bounded: FloatArray  # (free,) the same within a factor of the present one
    per_unit: FloatArray  # (free,)
    shadow: FloatArray  # (pools,)
    stock: FloatArray  # (pools,) capacity per customer
    unit: FloatArray  # (pools,) of shadow prices
    slack: FloatArray  # (pools,) how far complementary slackness is violated
    used: FloatArray  # (pools,)
    total: FloatArray  # (pools,) predicted use
    fall: FloatArray  # (pools,) its slope
    next_shadow: FloatArray  # (pools,)


class Course(NamedTuple):
    """Where the search is, and the last differences of points and gaps, in a ring."""

    x: FloatArray  # (n,) prices as they enter utility, then shadow prices in units of their scale
    image: FloatArray  # (n,)
    last_image: FloatArray  # (n,)
    gap: FloatArray  # (n,) image less x
    last_x: FloatArray  # (n,)
    last_gap: FloatArray  # (n,)
    going: FloatArray  # (n,) the step
    best: FloatArray  # (n,) point with the least residual
    trial: FloatArray  # (n,) that of an attempt
    unit: FloatArray  # (depth, n) differences of gaps, of length 1
    step: FloatArray  # (depth, n) what goes with them: differences of points and of gaps
    gram: FloatArray  # (depth, depth) products of `unit`
    root: FloatArray  # (depth, depth) room to solve them
    weights: FloatArray  # (depth,)
    held: FloatArray  # (n,) the point that Newton's method is at
    held_gap: FloatArray  # (n,) there
    slopes: FloatArray  # (n, n) of gaps, if n is not too large for it


class Room(NamedTuple):
    """Room for the search in one market, to be used again for the next."""

    lists: Lists
    market: Market
    at: Reference
    demand: Demand
    trade: Trade
    course: Course
