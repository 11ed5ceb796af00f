"""The owners' first-order conditions as a map: prices to the next prices.

Let h_j be the price as it enters utility, ln p_j or p_j, and p'_j = dp_j/dh_j, that is p_j or 1. Segment s of
size w_s has utility V_sj = quality_sj - b_s h_j; a customer uses u_j = p_j^(-usage_elasticity), so that
Q_j = u_j sum_s w_s P_sj. With margins M_k = R_fk p_k - C_fk (c_k + shadow price of k's capacity) on all its
claims k, the seller f of offer j wants

    0 = d profit_f / dh_j = R_fj p'_j Q_j + G_j - M_j D_j

    D_j  = u_j sum_s w_s b_s P_sj / inner + usage_elasticity Q_j p'_j / p_j      use that a rise of h_j loses
    G_j  = sum_s w_s b_s P_sj X_s,h(j)                                           value of it that f wins back
    X_sh = (1/inner - 1/outer) Y_sh + (1/outer - 1) Z_sg(h) + W_s
    Y_sh = sum_{k in h} M_k u_k P_sk|h,   Z_sg = sum_{h in g} P_sh|g Y_sh,   W_s = sum_g P_sg Z_sg

The margin that this asks for, (G_j + R_fj p'_j Q_j) / D_j, is the zeta markup of Morrow & Skerlos (2011,
Operations Research 59:2). With linear prices the next price is the one at which the margin is what is asked
for. With log prices the part that is proportional to the own price moves to the left,

    R_fj p_j (1 - Q_j / D_j) = c_j + G_j / D_j,

which is scale-free and better conditioned. The familiar p <- c - (dQ/dp)^-1 Q is not used: it cycles.

All terms are per buyer of j, so that margins keep their right limit as the share of j goes to 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.economics.capacity import shadow_step
from sim.economics.demand import Dead, NestedShares, log_shares, nested_shares
from sim.economics.game import Game, State
from sim.economics.nests import FloatArray

# Where prices must be positive none is more than this multiple of unit cost over the part of revenue that the seller
# keeps, with linear prices plus the markup of a small seller.
# With a usage elasticity near 1 customers spend a fixed budget, and an owner may do best to end an offer on
# which it keeps less than on its others: its price has no end, and at the ceiling it sells next to nothing.
CEILING = 1e6
# An offer with fewer buyers than this part of all customers has their mix computed from logarithms.
FAINT = 1e-280
# Where prices must be positive no step changes one by more than this factor; far from the solution only.
LARGEST_FACTOR = 20.0
# A price that is not further above break-even than this part of it is there: exp(ln p) need not be p.
ROUNDING = 1e-12
# At prices of more than the inverse of this, in unit costs, residuals are made of rounding errors.
PRECISION = 1e-5


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

    The residual is the largest of two kinds. Over offers, |margin - margin asked for| relative to unit cost,
    with linear prices plus the markup of a small seller: relative to the price it would vanish as a
    near-monopolist's price explodes. Over pools, the violation of complementary slackness, |min(shadow price,
    spare capacity)|, relative to a unit cost and to capacity.

    Parameters
    ----------
    h
        (m, offers) prices in the form of the game.
    shadow
        (m, pools) shadow prices, >= 0.
    """
    price = np.exp(h) if game.log_price else h
    shares = market_shares(h, state, game)
    response = _response(h, price, shares, state, game)
    cost = unit_cost(shadow, state, game)
    won_back = _won_back(price, cost, shares, response, state, game)
    next_price, per_unit, gap = _zeta(price, cost, won_back, response.lost, state, game)
    if game.positive:
        ceiling = ceiling_price(cost, state, game)
        gap = np.where(next_price > ceiling, np.abs(price / ceiling - 1.0), gap)
        next_price = np.minimum(next_price, ceiling)
    next_h = _bounded(next_price, price, state.break_even, game)
    if game.at_cost is not None:
        next_h = np.where(game.at_cost, h, next_h)
        gap[:, game.at_cost] = 0.0
    if state.left is not None:
        gap[np.broadcast_to(state.left, gap.shape)] = 0.0
    step = Step(next_h, shadow, gap.max(axis=-1))
    if game.pools.labels:
        step = _within_capacity(step, h, price, next_price, per_unit, response, state, game)
    return step if state.left is None else step._replace(next_h=np.where(state.left, h, step.next_h))


def unit_cost(shadow: FloatArray, state: State, game: Game) -> FloatArray:
    """Cost of a unit with the shadow price of the capacity that it takes, (m, offers)."""
    if not game.pools.labels:
        return state.cost
    cost = np.array(np.broadcast_to(state.cost, (len(shadow), game.claims.offers)))
    cost[:, game.pools.offer] += shadow[:, game.pools.index] * state.load
    return cost


def ceiling_price(cost: FloatArray, state: State, game: Game) -> FloatArray:
    """Highest price at these unit costs, (m, offers)."""
    least = cost / state.revenue[:, : game.claims.offers]
    return CEILING * (least if game.log_price else least + 1.0 / game.sensitivity.mean())


class _Response(NamedTuple):
    """How the buyers of each offer react to its price."""

    buyers: FloatArray  # (m, offers, segments) P, or for a vanishing offer numbers in proportion to it
    people: FloatArray  # (m, offers) sum over segments of weight and `buyers`
    lost: FloatArray  # (m, offers) D / Q
    use: FloatArray  # (m, offers) u
    quantity: FloatArray  # (m, offers) Q per customer


def _response(h: FloatArray, price: FloatArray, shares: NestedShares, state: State, game: Game) -> _Response:
    buyers = shares.offer if state.nowhere is None else shares.offer + state.nowhere[:, :, None]
    demand = people = _dot(buyers, state.weights)
    if people.min() < FAINT:
        faint = people < FAINT
        buyers = np.where(faint[:, :, None], _proportions(h, state, game), buyers)
        people = _dot(buyers, state.weights)
    if state.nowhere is not None:
        demand = demand * (1.0 - state.nowhere)
    lost = _dot(buyers, state.weights * game.sensitivity) / (people * game.nests.inner)
    use = np.ones_like(price)
    if game.usage_elasticity:
        use = price**-game.usage_elasticity
        lost += game.usage_elasticity if game.log_price else game.usage_elasticity / price
    return _Response(buyers, people, lost, use, demand * use)


def _proportions(h: FloatArray, state: State, game: Game) -> FloatArray:
    """Shares of each offer up to a factor of its own, whatever their size, (m, offers, segments)."""
    dead = Dead(state.dead_host, state.dead_tier)
    logs = log_shares(_utility(h, state, game), state.outside, game.nests, dead)
    top = np.where(state.weights[:, None, :] > 0, logs, -np.inf).max(axis=-1, keepdims=True)
    return np.asarray(np.exp(np.minimum(logs - np.maximum(top, np.finfo(float).min), 0.0)))


def _won_back(
    price: FloatArray, cost: FloatArray, shares: NestedShares, response: _Response, state: State, game: Game
) -> FloatArray:
    """Value that comes back to the seller on its claims per unit of use lost, G / D, (m, offers)."""
    value = game.claims.margins(price, cost, state.revenue) * response.use[:, game.claims.offer]
    leaving = response.buyers * (state.weights * game.sensitivity)[:, None, :]
    total = np.vecdot(leaving, _diversion(value, shares, game))
    return np.asarray(total / (response.people * response.use * response.lost))


def _zeta(
    price: FloatArray, cost: FloatArray, won_back: FloatArray, lost: FloatArray, state: State, game: Game
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Next prices, what they rise with unit cost is the inverse of, and relative gaps, all (m, offers)."""
    own = state.revenue[:, : game.claims.offers]
    if game.log_price:
        asked = won_back + own * price / lost
        per_unit = own * (1.0 - 1.0 / lost)
        next_price = (cost + won_back) / per_unit
        scale = np.maximum(cost, PRECISION * own * price)
    else:
        asked = won_back + own / lost
        per_unit = np.broadcast_to(own, price.shape)
        next_price = (cost + asked) / per_unit
        scale = cost + own / lost
    return next_price, per_unit, np.abs(own * price - cost - asked) / scale


def _within_capacity(
    step: Step,
    h: FloatArray,
    price: FloatArray,
    next_price: FloatArray,
    per_unit: FloatArray,
    response: _Response,
    state: State,
    game: Game,
) -> Step:
    """The step with new shadow prices, and prices that go with them."""
    pools, shadow = game.pools, step.next_shadow
    member = pools.offer
    used = response.quantity[:, member] * state.load
    idle = 1.0 - (used @ pools.membership) / state.capacity
    slackness = np.abs(np.minimum(shadow / state.shadow_unit, idle)).max(axis=-1)

    slope = state.load / per_unit[:, member]
    slope_h = slope / np.exp(step.next_h[:, member]) if game.log_price else slope
    rise = step.next_h[:, member] - h[:, member]
    next_shadow = shadow_step(shadow, used, response.lost[:, member], rise, slope_h, state.capacity, pools)
    after = next_price[:, member] + (next_shadow - shadow)[:, pools.index] * slope
    step.next_h[:, member] = _bounded(after, price[:, member], state.break_even[:, member], game)
    return Step(step.next_h, next_shadow, np.maximum(step.residual, slackness))


def _bounded(price: FloatArray, now: FloatArray, break_even: FloatArray, game: Game) -> FloatArray:
    """A next price as it enters utility, where it must be positive within a factor of the present one.

    From above break-even the first step below it ends there: prices far apart make the buyers of the dearer
    offer look worthless, and deep below costs the map hardly moves.
    """
    if not game.positive:
        return price
    low = now / LARGEST_FACTOR
    low = np.where(now > break_even * (1.0 + ROUNDING), np.maximum(low, break_even), low)
    within = np.clip(price, low, now * LARGEST_FACTOR)
    return np.asarray(np.log(within)) if game.log_price else within


def _utility(h: FloatArray, state: State, game: Game) -> FloatArray:
    """V / inner, (m, offers, segments)."""
    return np.asarray(state.quality - h[:, :, None] * (game.sensitivity / game.nests.inner))


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


def _dot(shares: FloatArray, weights: FloatArray) -> FloatArray:
    """Sum over segments of (m, offers, segments) times (m or 1, segments)."""
    return np.asarray((shares @ weights[:, :, None])[:, :, 0])
