"""The whole search for equilibrium, compiled: `first_order`, `capacity` and `fixed_point` market by market.

The equations, names and safeguards are those of the readable path; what differs is how exponentials are had.
Around reference prices h0 the utilities of offers, nests and tiers are taken once relative to the best of
their own nest, tier and segment,

    E_sj = exp((V_sj(h0) - max of nest) / inner),   K_sh, K_sg the same for nests in tiers and tiers in all,

and from then on prices enter by exp(-b_s (h_j - h0_j) / inner) alone, which segments with the same price
sensitivity share. A share below 1e-300 of its nest comes out as 0, as in the readable path, and if prices
leave the neighbourhood in which that holds, the reference moves with them. Loops run over segments inside.

All of it is in one file because the cache on disk only notices changes of the file with the compiled entry.
"""

from __future__ import annotations

from typing import NamedTuple

from sim.economics.nests import BoolArray, FloatArray, IntArray

# The reference moves when a utility has moved by more than this since, in units of the inner scale.
_NEIGHBOURHOOD = 100.0


class Structure(NamedTuple):
    """A `Game` as index arrays."""

    host: IntArray  # (offers,) host nest
    tier: IntArray  # (host nests,) tier
    tiers: int
    claim_offer: IntArray  # (claims,)
    claim_group: IntArray  # (claims,) pair of host nest and owner
    group_host: IntArray  # (groups,) of such pairs: the host nest
    group_pair: IntArray  # (groups,) pair of tier and owner
    pair_tier: IntArray  # (pairs,)
    pair_owner: IntArray  # (pairs,)
    owners: int
    member: IntArray  # (members of pools,) offer
    pool: IntArray  # (members of pools,)
    at_cost: BoolArray  # (offers,)
    inner: float
    outer: float
    usage: float
    log_price: bool


class Numbers(NamedTuple):
    """A `State`, every array with a leading axis of markets or 1; `dead_*` empty where nothing is dead."""

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


class Scratch(NamedTuple):
    """Arrays of one market, used again for the next."""

    segment: IntArray  # (live,) segments with customers, those of one sensitivity in a row
    kind: IntArray  # (live,) which sensitivity
    b: FloatArray  # (live,) price sensitivity
    w: FloatArray  # (live,) weight
    sensitivity: FloatArray  # (kinds,)
    has: BoolArray  # (offers,) whether E is above 0 anywhere
    h0: FloatArray  # (offers,) reference prices
    e: FloatArray  # (offers, live) E
    log_k_host: FloatArray  # (hosts, live)
    k_host: FloatArray  # (hosts, live) K
    log_k_tier: FloatArray  # (tiers, live)
    k_tier: FloatArray  # (tiers, live)
    k_outside: FloatArray  # (live,)
    factor: FloatArray  # (kinds,)
    u: FloatArray  # (offers, live) E at present prices
    s_host: FloatArray  # (hosts, live) sum of it
    in_tier: FloatArray  # (hosts, live) share of a host nest in its tier
    s_tier: FloatArray  # (tiers, live)
    in_all: FloatArray  # (tiers, live) share of a tier
    s_all: FloatArray  # (live,)
    per_u: FloatArray  # (hosts, live) weight times share of an offer per unit of `u`
    y: FloatArray  # (groups, live) Y, then X
    z: FloatArray  # (pairs, live) Z, then what X has of it and W
    won_by_owner: FloatArray  # (owners, live) W
    price: FloatArray  # (offers,)
    unit_cost: FloatArray  # (offers,)
    use: FloatArray  # (offers,)
    lost: FloatArray  # (offers,)
    quantity: FloatArray  # (offers,)
    next_price: FloatArray  # (offers,)
    per_unit: FloatArray  # (offers,)
    mix: FloatArray  # (live,)
    used: FloatArray  # (pools,)
    fall: FloatArray  # (pools,)
