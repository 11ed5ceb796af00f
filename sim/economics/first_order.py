"""The owners' first-order conditions as a map: prices to the next prices.

Let h_j be the price as it enters utility (ln p_j, or p_j), V_sj = quality_sj - b_s h_j the utility of segment
s, w_s its size, u_j = p_j^(-usage_elasticity) the use of a customer and Q_j = u_j sum_s w_s P_sj. For the
seller f of offer j, with the margins M_k = R_fk p_k - C_fk (c_k + shadow price of k's capacity) on all its
claims k,

    d profit_f / d h_j = R_fj (dp_j/dh_j) Q_j + G_j - M_j D_j = 0
    D_j = u_j sum_s w_s b_s P_sj / inner + usage_elasticity (dln p_j/dh_j) Q_j        own use lost
    G_j = sum_s w_s b_s P_sj X_s,h(j)                                                 value of what f wins
    back X_sh = (1/inner - 1/outer) Y_sh + (1/outer - 1) Z_sg(h) + W_s Y_sh = sum_{k in h} M_k u_k P_sk|h
    Z_sg = sum_{h in g} P_sh|g Y_sh      W_s = sum_g P_sg Z_sg

The margin that the condition asks for, (G_j + R_j (dp_j/dh_j) Q_j) / D_j, is the zeta markup of Morrow &
Skerlos (2011, Operations Research 59:2). With linear prices the next price is that at which the margin is
what is asked for. With log prices the part that is proportional to the own price moves to the left,

    R_j p_j (1 - Q_j/D_j) = c_j + G_j/D_j,

which is scale-free and better conditioned. The familiar p <- c - (dQ/dp)^-1 Q is not used: it cycles.

All terms are per buyer of j, so that margins keep their right limit as the share of j goes to 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from sim.economics.capacity import shadow_step
from sim.economics.demand import Dead, NestedShares, nested_shares
from sim.economics.nests import BoolArray, FloatArray, Nests
from sim.economics.ownership import Claims, Pools

# An offer with fewer buyers than this part of all customers has their mix computed from logarithms.
_FAINT = 1e-280
# No step changes a price by more than this factor (where prices must stay positive); far from the solution
# only.
_LARGEST_FACTOR = 20.0
# Beyond a price of so much of the unit cost, its inverse, rounding errors are what residuals are made of.
_PRECISION = 1e-5


@dataclass(frozen=True, eq=False)
class Game:
    """The parts of a pricing game that stay the same from call to call."""

    nests: Nests
    claims: Claims
    pools: Pools
    sensitivity: FloatArray  # (segments,) or (1,)
    log_price: bool
    usage_elasticity: float
    at_cost: BoolArray | None  # (offers,), None if every offer is priced

    @property
    def positive(self) -> bool:
        """Whether only positive prices make sense."""
        return self.log_price or self.usage_elasticity > 0


@dataclass(frozen=True, eq=False)
class State:
    """The numbers of a batch of markets, each array with a leading axis of length `markets` or 1."""

    quality: FloatArray  # (m, offers, segments) divided by the inner scale of the nests
    dead_host: FloatArray | None  # (m, host nests, segments) see `split_unavailable`
    dead_tier: FloatArray | None  # (m, tiers, segments)
    outside: FloatArray  # (m, segments)
    weights: FloatArray  # (m, segments) adding up to 1
    cost: FloatArray  # (m, offers)
    revenue: FloatArray  # (m, claims) R
    load: FloatArray  # (m, members of pools) capacity units per unit of use
    capacity: FloatArray  # (m, pools) per customer; inf where there is no limit
    shadow_unit: FloatArray  # (m, pools) a shadow price that would be as large as a unit cost

    def rows(self, keep: BoolArray) -> Self:
        """The markets in `keep`."""
        split = {name: array for name, array in vars(self).items() if array is not None and len(array) > 1}
        return replace(self, **{name: array[keep] for name, array in split.items()})


class Step(NamedTuple):
    """One evaluation of the map."""

    next_h: FloatArray  # (m, offers)
    next_shadow: FloatArray  # (m, pools)
    residual: FloatArray  # (m,)


def market_shares(h: FloatArray, state: State, game: Game) -> NestedShares:
    """Shares at prices `h`, (m, offers), in the form of the game."""
    return nested_shares(
        _utility(h, state, game), state.outside, game.nests, Dead(state.dead_host, state.dead_tier)
    )


def price_step(h: FloatArray, shadow: FloatArray, state: State, game: Game) -> Step:
    """The next prices and shadow prices, and how far the present ones are from the first-order conditions.

    The residual is the largest of two kinds. Over offers, |margin - margin asked for| relative to unit cost, with
    linear prices plus the markup of a small seller: relative to the price it would vanish as a near-monopolist's price
    explodes. Over pools, the violation of complementary slackness, |min(shadow price, spare capacity)|, relative to
    a unit cost and to capacity.

    Parameters
    ----------
    h
        (m, offers) prices in the form of the game.
    shadow
        (m, pools) shadow prices, >= 0.
    """
    claims, pools = game.claims, game.pools
    price = np.exp(h) if game.log_price else h
    shares = market_shares(h, state, game)

    # Own use lost with a rise in h, per unit of use: D_j / Q_j.
    buyers = shares.offer
    people = demand = _dot(buyers, state.weights)
    if people.min() < _FAINT:
        buyers = _mix_of_buyers(shares, people < _FAINT, h, state, game)
        people = _dot(buyers, state.weights)
    weighted = state.weights * game.sensitivity
    lost = _dot(buyers, weighted) / (people * game.nests.inner)
    use = np.ones_like(h)
    if game.usage_elasticity:
        use = price**-game.usage_elasticity
        lost += game.usage_elasticity if game.log_price else game.usage_elasticity / price

    # Value won back on the seller's claims, per unit of use lost: G_j / D_j.
    cost = state.cost
    if pools.labels:
        cost = np.array(np.broadcast_to(cost, h.shape))
        cost[:, pools.offer] += shadow[:, pools.index] * state.load
    value = claims.margins(price, cost, state.revenue) * use[:, claims.offer]
    won_back = np.vecdot(buyers * _diversion(value, shares, game), weighted[:, None, :]) / (
        people * use * lost
    )

    own = state.revenue[:, : claims.offers]
    if game.log_price:
        asked = won_back + own * price / lost
        per_unit = own * (1.0 - 1.0 / lost)
        next_price = (cost + won_back) / per_unit
        scale = np.maximum(cost, _PRECISION * own * price)
    else:
        asked = won_back + own / lost
        per_unit = own
        next_price = (cost + asked) / per_unit
        scale = cost + own / lost
    residual = np.abs(own * price - cost - asked) / scale
    next_h = price_as_utility(next_price, price, game)
    if game.at_cost is not None:
        next_h = np.where(game.at_cost, h, next_h)
        residual[:, game.at_cost] = 0.0
    worst = residual.max(axis=-1)
    if not pools.labels:
        return Step(next_h, shadow, worst)

    used = (demand * use)[:, pools.offer] * state.load
    idle = 1.0 - (used @ pools.membership) / state.capacity
    slackness = np.abs(np.minimum(shadow / state.shadow_unit, idle)).max(axis=-1)
    rise = state.load / np.broadcast_to(per_unit, h.shape)[:, pools.offer]
    now = price[:, pools.offer]
    free = next_price[:, pools.offer] - shadow[:, pools.index] * rise

    def prices(at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The members' h at these shadow prices, and its slope."""
        level = free + at[:, pools.index] * rise
        member_h = price_as_utility(level, now, game)
        return member_h, rise / np.exp(member_h) if game.log_price else rise

    next_shadow = shadow_step(
        shadow, used, lost[:, pools.offer], h[:, pools.offer], prices, state.capacity, pools
    )
    next_h[:, pools.offer] = prices(next_shadow)[0]
    return Step(next_h, next_shadow, np.maximum(worst, slackness))


def price_as_utility(price: FloatArray, now: FloatArray, game: Game) -> FloatArray:
    """Utility's h of a next price, which stays within a factor of the present one if it must be positive."""
    if not game.positive:
        return price
    bounded = np.clip(price, now / _LARGEST_FACTOR, now * _LARGEST_FACTOR)
    return np.asarray(np.log(bounded)) if game.log_price else bounded


def _utility(h: FloatArray, state: State, game: Game) -> FloatArray:
    utility = h[:, :, None] * (game.sensitivity / -game.nests.inner)
    utility = np.broadcast_to(utility, np.broadcast_shapes(utility.shape, state.quality.shape))
    return utility + state.quality


def _diversion(value: FloatArray, shares: NestedShares, game: Game) -> FloatArray:
    """X: what a seller earns on a customer who leaves an offer, by the offer left, (m, offers, segments)."""
    nests, claims = game.nests, game.claims
    within = shares.within_host
    if len(claims.offer) > claims.offers:
        within = within.take(claims.offer, axis=-2)
    by_host = claims.by_host.sum(value[:, :, None] * within)  # Y
    by_tier = claims.by_tier.sum(by_host * shares.within_tier.take(claims.host, axis=-2))  # Z
    by_owner = claims.by_owner.sum(by_tier * shares.tier.take(claims.tier, axis=-2))  # W
    total = claims.by_owner.spread(by_owner)
    if nests.outer < 1.0:
        total = total + (1.0 / nests.outer - 1.0) * by_tier
    total = claims.by_tier.spread(total)
    if nests.inner < nests.outer:
        total = total + (1.0 / nests.inner - 1.0 / nests.outer) * by_host
    return claims.by_host.spread(total)[:, : claims.offers]


def _mix_of_buyers(
    shares: NestedShares, faint: BoolArray, h: FloatArray, state: State, game: Game
) -> FloatArray:
    """Shares, those of `faint` offers scaled up so that their proportions between segments survive underflow.

    An offer that nobody can have counts as if it had the same share of every segment.
    """
    nests = game.nests
    with np.errstate(divide="ignore"):
        nest = np.log(shares.within_tier) + np.log(nests.tiers.spread(shares.tier))
        size = np.log(state.weights)[:, None, :]
    logs = _utility(h, state, game) + nests.hosts.spread(nest - shares.log_host)
    top = np.where(np.isneginf(size), -np.inf, logs).max(axis=-1, keepdims=True)
    nobody = np.isneginf(top)
    mix = np.where(nobody, 1.0, np.exp(np.minimum(logs - np.where(nobody, 0.0, top), 0.0)))
    return np.where(faint[:, :, None], mix, shares.offer)


def _dot(shares: FloatArray, weights: FloatArray) -> FloatArray:
    """Sum over segments of (m, offers, segments) times (m or 1, segments)."""
    return np.asarray((shares @ weights[:, :, None])[:, :, 0])
