"""The numbers of a pricing game: checked, brought to one batch axis, and laid out for the kernel."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.checks import InputError, fits, numbers
from sim.economics.demand import qualities, split_unavailable
from sim.economics.existence import check_finite_prices
from sim.economics.game import Game, State
from sim.economics.nests import FloatArray


@dataclass(frozen=True, eq=False)
class Inputs:
    """Checked numbers of one call."""

    batch: tuple[int, ...]  # batch axes of the results
    markets: int  # their product
    weights: FloatArray  # (markets or 1, segments)
    state: State

    @classmethod
    def check(
        cls,
        game: Game,
        quality: ArrayLike,
        cost: ArrayLike,
        *,
        weights: ArrayLike | None,
        capacity: ArrayLike | Mapping[Hashable, ArrayLike] | None,
        load: ArrayLike,
        complement: ArrayLike | None,
        royalty: ArrayLike | None,
        stake: ArrayLike | None,
        outside: ArrayLike,
    ) -> Self:
        """Check arguments of `sim.economics.prices.solve_prices`; raises `InputError`."""
        offers, nests, pools = game.claims.offers, game.nests, game.pools
        q = np.atleast_2d(qualities("quality", quality))
        segments = q.shape[-2]
        if q.shape[-1] != offers:
            raise InputError(f"quality: found {q.shape[-1]} offers, shape {q.shape}; allowed are {offers}")
        fits("price_sensitivity", game.sensitivity, ["segments"], [segments])
        c = numbers("cost", cost, least=0.0)
        fits("cost", c, ["offers"], [offers])
        if game.positive and c.size and c.min() == 0:
            raise InputError(
                "cost: found 0; allowed are numbers > 0, since with log prices or a usage elasticity "
                "no positive price of an offer without cost is optimal"
            )
        w = np.ones(segments) if weights is None else numbers("weights", weights, least=0.0)
        fits("weights", w, ["segments"], [segments])
        out = numbers("outside", outside)
        fits("outside", out, ["segments"], [segments])
        loads = numbers("load", load, least=0.0, strictly=True)
        fits("load", loads, ["offers"], [offers])
        revenue = game.claims.revenue(royalty, complement, stake)
        stock = pools.capacity(capacity, offers)

        batches = [array.shape[:-1] for array in (c, w, out, loads, revenue, stock)]
        try:
            batch = np.broadcast_shapes(q.shape[:-2], *(shape for shape in batches if shape))
        except ValueError:
            names = ["quality", "cost", "weights", "outside", "load", "royalty or stakes", "capacity"]
            axes = zip(names, [q.shape[:-2], *batches], strict=True)
            found = ", ".join(f"{name} {shape}" for name, shape in axes if shape)
            raise InputError(f"batch axes: found {found}; allowed are shapes that broadcast") from None
        markets = math.prod(batch)

        def flat(array: FloatArray, *axes: int) -> FloatArray:
            if array.ndim <= len(axes):
                return (array if array.shape == axes else np.broadcast_to(array, axes))[None]
            if array.shape != (*batch, *axes):
                array = np.broadcast_to(array, (*batch, *axes))
            return array.reshape(markets, *axes)

        w, c, loads = flat(w, segments), flat(c, offers), flat(loads, offers)[:, pools.offer]
        layout = np.ascontiguousarray(np.swapaxes(flat(q, segments, offers), -1, -2))
        alive, dead = split_unavailable(layout, nests)
        # Shares do not depend on how many customers there are; where there are none, prices are those for the
        # first ones.
        people = w.sum(axis=-1, keepdims=True)
        people = np.where(people > 0, people, np.nan)
        shares_of = np.where(np.isnan(people), 1.0 / segments, w / people)
        sold = layout > -np.inf
        if not shares_of.all():
            sold &= (shares_of > 0)[:, None, :]
        nowhere = (~sold.any(axis=-1)).astype(float)
        unit_cost = c if game.log_price else c + 1.0 / game.sensitivity.mean()
        state = State(
            quality=alive / nests.inner,
            nowhere=nowhere if nowhere.any() else None,
            dead_host=dead.host,
            dead_tier=dead.tier,
            outside=flat(out, segments),
            weights=shares_of,
            cost=c,
            revenue=flat(revenue, len(game.claims.offer)),
            break_even=c / flat(revenue, len(game.claims.offer))[:, :offers],
            load=loads,
            capacity=np.where(np.isnan(people), np.inf, flat(stock, len(pools.labels)) / people),
            shadow_unit=pools.least(unit_cost[:, pools.offer] / loads),
        )
        check_finite_prices(game, layout, state)
        return cls(batch, markets, w, state)
