"""Whether prices that maximise profit exist."""

from __future__ import annotations

import numpy as np

from sim.economics.checks import InputError
from sim.economics.game import Game, State
from sim.economics.nests import FloatArray


def check_finite_prices(game: Game, quality: FloatArray, state: State) -> None:
    """Refuse demand so inelastic that a seller would raise a price without end.

    With log prices the elasticity of an offer in segment s tends to usage_elasticity + b_s / scale as its
    price rises without end. The scale is `inner` if its host nest holds, for that segment, an offer that its
    seller does not price; else `outer` if its tier does; else 1. Where the limit is not above 1, revenue
    never falls, and no finite price is optimal. With linear prices elasticities grow without bound, and there
    is nothing to check.

    Parameters
    ----------
    quality
        (m, offers, segments), -inf where not available. The price of an offer that nobody can have is a limit
        too, and it counts as if every segment could.

    Raises
    ------
    InputError
        Naming the first offer and segment.
    """
    b, usage, nests, claims = game.sensitivity, game.usage_elasticity, game.nests, game.claims
    if game.prices_end:
        return
    offers = claims.offers
    priced = np.ones(offers, dtype=bool) if game.at_cost is None else ~game.at_cost
    available = np.isfinite(quality)
    nowhere = ~available.any(axis=-1, keepdims=True)
    sold = (available & (state.weights > 0)[:, None, :]) | nowhere

    seller = np.where(priced, claims.seller, len(claims.owners) + np.arange(offers))
    others = seller[:, None] != seller
    host = nests.hosts.index
    tier = nests.tiers.index[host]
    rival_in_host = ((host[:, None] == host) & others).astype(float) @ available > 0
    rival_in_tier = ((tier[:, None] == tier) & others).astype(float) @ available > 0
    scale = np.where(rival_in_host, nests.inner, np.where(rival_in_tier, nests.outer, 1.0))
    limit = usage + b / scale

    endless = (limit <= 1.0) & sold & priced[:, None]
    if not endless.any():
        return
    market, offer, segment = (int(i) for i in np.argwhere(endless)[0])
    where = f"segment {segment}" + (f" of market {market}" if len(endless) > 1 else "")
    sensitivity = np.broadcast_to(b, endless.shape[-1:])[segment]
    raise InputError(
        f"price_sensitivity: found {sensitivity:g} for {where}, with usage_elasticity {usage:g}; "
        f"there the elasticity of offer {offer} falls to {limit[market, offer, segment]:g} as its price "
        "rises, so that no finite price is optimal; allowed are limits above 1"
    )
