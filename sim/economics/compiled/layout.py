"""What the compiled search works on: the game and its numbers as plain arrays, and room for one market.

Named tuples, since compiled code takes them apart for free. Tables are `P` wide: the number of segments, rounded up
to whole lanes. What is added weighs nothing.
"""

from __future__ import annotations

import math
import threading
from operator import le
from typing import NamedTuple

import numpy as np

from sim.economics.compiled.jit import joined
from sim.economics.compiled.lanes import LANES
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
    """How to search; constants of `first_order`, `capacity`, `fixed_point`, `start` and `solver`, so named there."""

    tolerance: float
    iterations: int
    leave_absent: bool  # offers that nobody can have keep the price that they start with
    few_shares: bool  # those of offers sold at cost only are written, and nothing where others' would be
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
    claim: IntArray  # (claims,) those on offers with a row, by the group that they are in
    first: IntArray  # (those groups + 1,) where the claims of a group begin
    group_at: (
        IntArray  # (groups,) number of a group that a seller of a free offer looks at, or with such a claim
    )
    group_host: IntArray  # (those groups,)
    group_pair: IntArray  # (those groups,) number of its pair of tier and owner
    pair_at: IntArray  # (pairs,) number of a pair of such a group
    pair_tier: IntArray  # (those pairs,)
    pair_owner: IntArray  # (those pairs,) number of its owner
    owner_at: IntArray  # (owners,) number of an owner of such a pair
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
    """The numbers of one market."""

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
    raw: FloatArray  # (rows, P) quality, in units of the inner scale, where a nest has one row of the outer one
    v: FloatArray  # (rows, P) the same relative to the best of the nest, where it has one row of its tier
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

    u: FloatArray  # (rows, P) exp of utility relative to the best of the nest; 1 in a nest of one row
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
    w: FloatArray  # (owners, P) W


class Trade(NamedTuple):
    """What sellers look at, named as in `first_order`, by free offer or by pool."""

    own: FloatArray  # (free,) part of the revenue
    break_even: FloatArray  # (free,)
    load: FloatArray  # (free,)
    price: FloatArray  # (free,)
    use: FloatArray  # (free,)
    cost: FloatArray  # (free,) with shadow prices
    change: FloatArray  # (free,) factor by which use is predicted to change
    lost: FloatArray  # (free,)
    back: FloatArray  # (free,) value won back
    quantity: FloatArray  # (free,)
    next_price: FloatArray  # (free,)
    bounded: FloatArray  # (free,) the same within a factor of the present one
    per_unit: FloatArray  # (free,)
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


class Room(NamedTuple):
    """Room for the search in one market, to be used again for the next."""

    lists: Lists
    market: Market
    at: Reference
    demand: Demand
    trade: Trade
    course: Course


class Blocks(NamedTuple):
    """What room is made of; it may be larger than a market needs, but for the number of segments.

    Made outside of compiled code, in which it would take longer to compile than to run.
    """

    numbers: IntArray
    flags: BoolArray
    by_claim: FloatArray
    by_offer: FloatArray
    by_pool: FloatArray
    by_segment: FloatArray
    by_row: FloatArray
    by_host: FloatArray
    by_tier: FloatArray
    by_group: FloatArray
    by_pair: FloatArray
    by_owner: FloatArray
    vectors: FloatArray
    rings: FloatArray
    small: FloatArray


def _filled(length: int) -> int:
    """Length of rows that are made of whole lanes."""
    return (length + LANES - 1) // LANES * LANES


def _tables(*shapes: tuple[int, ...]) -> list[FloatArray]:
    """Tables without numbers yet, each of which begins where the machine reads lanes best."""
    sizes = [math.prod(shape) for shape in shapes]
    whole = np.empty(sum(map(_filled, sizes)) + LANES)
    at, tables = (-whole.ctypes.data // 8) % LANES, []
    for shape, size in zip(shapes, sizes, strict=True):
        tables.append(whole[at : at + size].reshape(shape))
        at += _filled(size)
    return tables


class _Kept(threading.local):
    """Blocks of a thread, made anew only for a game that they are too small for."""

    def __init__(self) -> None:
        self.kind: tuple[int, int] = 0, 0
        self.sizes: tuple[int, ...] = (0,) * 8
        self.blocks: Blocks


_kept = _Kept()


def blocks(game: Structure, segments: int, depth: int) -> Blocks:
    """Blocks for any market of a game with so many segments, until the thread asks for others."""
    sizes: tuple[int, ...] = (
        len(game.host), len(game.tier), game.tiers, len(game.claim_offer),
        len(game.group_host), len(game.pair_tier), game.owners, game.pools,
    )  # fmt: skip
    kind = _filled(segments), depth
    if kind != _kept.kind or not all(map(le, sizes, _kept.sizes)):
        known = _kept.sizes if kind == _kept.kind else sizes
        sizes = tuple(map(max, sizes, known))
        _kept.blocks, _kept.kind, _kept.sizes = _blocks(kind, sizes), kind, sizes
    return _kept.blocks


def _blocks(kind: tuple[int, int], sizes: tuple[int, ...]) -> Blocks:
    """Blocks of lanes and depth as in `kind`, for games of these sizes."""
    (p, depth), (offers, hosts, tiers, claims, groups, pairs, owners, pools) = kind, sizes
    longest, n = max(offers + 2, claims, groups + 1, p, hosts, tiers, pools), _filled(offers + pools)
    tables = _tables(
        (1, claims),  # in the order of `Blocks`
        (21, offers),
        (7, pools),
        (10, p),
        (4, offers, p),
        (9, hosts, p),
        (8, tiers, p),
        (groups, p),
        (pairs, p),
        (owners, p),
        (9, n),
        (2, depth, n),
        (3, depth, depth),
    )
    return Blocks(np.empty((21, longest), dtype=np.intp), np.empty((4, longest), dtype=bool), *tables)


@joined
def room(of: Blocks) -> Room:
    """Room as named parts of the blocks. Numbers and flags may be longer than they need to be."""
    i, b, f, k, h, t = of.numbers, of.flags, of.by_offer, of.by_pool, of.by_host, of.by_tier
    s, r, v = of.by_segment, of.by_row, of.vectors
    return Room(
        Lists(
            segment=i[0], row=i[1], offer=i[2], length=i[3], host=i[4], local=i[5], tier=i[6], reach=i[7],
            claim=i[8], first=i[9], group_at=i[10], group_host=i[11], group_pair=i[12], pair_at=i[13],
            pair_tier=i[14], pair_owner=i[15], owner_at=i[16], free=i[17], pool=i[18], pools=i[19],
            missing=s[9], tally=i[20],
            used=b[0], absent=b[1], some=b[2], limits=b[3],
        ),
        Market(
            cost=f[0], load=f[1], break_even=f[2], price=f[3], h=f[4], use=f[5], with_shadow=f[6],
            revenue=of.by_claim[0], outside=s[0], b=s[1], w=s[2], inner_slope=s[3], outer_slope=s[4],
            capacity=k[0], shadow_unit=k[1], shadow=k[2], people=of.small[2][0],
        ),
        Reference(
            h=f[7], quality=r[3], raw=r[0], v=r[1], best=h[0], log_host=h[1], host=h[2], log_tier=t[0], tier=t[1],
            top=s[5], outside=s[6], empty_host=h[3], empty_tier=t[2], off_host=h[4], off_tier=t[3],
        ),
        Demand(
            u=r[2], of_host=h[5], per_host=h[6], in_tier=h[7], buyers=h[8], of_tier=t[4], per_tier=t[5],
            in_all=t[6], size=t[7], total=s[7], mix=s[8], y=of.by_group, z=of.by_pair, w=of.by_owner,
        ),
        Trade(
            own=f[8], break_even=f[9], load=f[10], price=f[11], use=f[12], cost=f[13], change=f[14],
            lost=f[15], back=f[16], quantity=f[17], next_price=f[18], bounded=f[19], per_unit=f[20],
            used=k[3], total=k[4], fall=k[5], next_shadow=k[6],
        ),
        Course(
            x=v[0], image=v[1], last_image=v[2], gap=v[3], last_x=v[4], last_gap=v[5], going=v[6], best=v[7],
            trial=v[8], unit=of.rings[0], step=of.rings[1], gram=of.small[0], root=of.small[1],
            weights=of.small[2][1],
        ),
    )  # fmt: skip
