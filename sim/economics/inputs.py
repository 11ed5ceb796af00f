"""The numbers of a pricing game: checked, brought to one batch axis, and laid out for the kernel."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.checks import InputError, fits, numbers
from sim.economics.demand import qualities, split_unavailable
from sim.economics.equilibrium import Equilibrium
from sim.economics.existence import check_finite_prices
from sim.economics.game import Game, State
from sim.economics.nests import FloatArray, IntArray

_NOTHING_BEFORE: IntArray = np.empty((0, 2), dtype=np.intp)


class Arguments(NamedTuple):
    """Arguments of `PriceProblem.solve` that are numbers, as they were given."""

    quality: ArrayLike
    cost: ArrayLike
    weights: ArrayLike | None
    capacity: ArrayLike | Mapping[Hashable, ArrayLike] | None
    load: ArrayLike
    complement: ArrayLike | None
    royalty: ArrayLike | None
    stake: ArrayLike | None
    outside: ArrayLike
    start: ArrayLike | Equilibrium | None
    shadow: ArrayLike | None = None
    after: ArrayLike | None = None


class Raw(NamedTuple):
    """The same as tables: a leading axis of markets, or of 1 for all alike; (0, ...) where nothing was given."""

    quality: FloatArray  # (markets, segments, offers)
    cost: FloatArray  # (m, offers)
    weights: FloatArray  # (m, segments)
    outside: FloatArray  # (m, segments)
    load: FloatArray  # (m, offers)
    royalty: FloatArray  # (m, offers)
    complement: FloatArray  # (m, offers)
    stake: FloatArray  # (m, stakes)
    capacity: FloatArray  # (m, pools)
    start: FloatArray  # (m or 0, offers) prices
    shadow: FloatArray  # (m or 0, pools) shadow prices
    after: IntArray  # (markets or 0, 2) earlier markets that the search starts from, see `start.following`


@dataclass(frozen=True, eq=False)
class Inputs:
    """Numbers of one call in shape."""

    batch: tuple[int, ...]  # batch axes of the results
    raw: Raw

    @property
    def markets(self) -> int:
        """How many markets there are."""
        return len(self.raw.quality)

    @classmethod
    def quick(cls, game: Game, given: Arguments) -> Self | None:
        """Numbers that have the usual shapes, not checked further; None if they need a closer look."""
        quality = np.asarray(given.quality, dtype=float)
        if quality.ndim not in (2, 3) or quality.shape[-1] != game.claims.offers or not quality.size:
            return None
        batch = quality.shape[:-2]
        segments, offers = quality.shape[-2:]
        if len(game.sensitivity) not in (1, segments) or not game.prices_end:
            return None
        stock, start, shadow = given.capacity, given.start, given.shadow
        after = _NOTHING_BEFORE if given.after is None else np.asarray(given.after)
        if given.after is not None and (after.dtype.kind != "i" or after.shape != (math.prod(batch), 2)):
            return None
        if isinstance(stock, Mapping) or (game.pools.per_offer and stock is not None):
            stock = game.pools.capacity(stock, offers)
        if isinstance(start, Equilibrium):
            if start.pools != game.pools.labels or game.pools.per_offer:
                return None
            shadow, start = start.shadow_prices if shadow is None else shadow, start.prices
        pools = len(game.pools.labels)
        rows = (
            (given.cost, offers, 0.0),
            (given.weights, segments, 1.0),
            (given.outside, segments, 0.0),
            (given.load, offers, 1.0),
            (given.royalty, offers, 0.0),
            (given.complement, offers, 0.0),
            (given.stake, len(game.claims.stake), 0.0),
            (stock, pools, np.inf),
            (start, offers, None),
            (shadow, pools, None),
        )
        tables = []
        for values, length, default in rows:
            table = _table(values, length, batch, default)
            if table is None:
                return None
            tables.append(table)
        after = after.astype(np.intp, copy=False)
        return cls(batch, Raw._make((quality.reshape(-1, segments, offers), *tables, after)))

    @classmethod
    def check(cls, game: Game, given: Arguments) -> Self:
        """Check arguments of `sim.economics.prices.solve_prices`; raises `InputError`."""
        offers, pools, claims = game.claims.offers, game.pools, game.claims
        q = np.atleast_2d(qualities("quality", given.quality))
        segments = q.shape[-2]
        if q.shape[-1] != offers:
            raise InputError(f"quality: found {q.shape[-1]} offers, shape {q.shape}; allowed are {offers}")
        fits("price_sensitivity", game.sensitivity, ["segments"], [segments])
        c = numbers("cost", given.cost, least=0.0)
        fits("cost", c, ["offers"], [offers])
        if game.positive and c.size and c.min() == 0:
            raise InputError(
                "cost: found 0; allowed are numbers > 0, since with log prices or a usage elasticity "
                "no positive price of an offer without cost is optimal"
            )
        w = np.ones(segments) if given.weights is None else numbers("weights", given.weights, least=0.0)
        fits("weights", w, ["segments"], [segments])
        out = numbers("outside", given.outside)
        fits("outside", out, ["segments"], [segments])
        loads = numbers("load", given.load, least=0.0, strictly=True)
        fits("load", loads, ["offers"], [offers])
        revenue = claims.revenue(given.royalty, given.complement, given.stake)  # to check it
        stock = pools.capacity(given.capacity, offers)

        batches = [array.shape[:-1] for array in (c, w, out, loads, revenue, stock)]
        try:
            batch = np.broadcast_shapes(q.shape[:-2], *(shape for shape in batches if shape))
        except ValueError:
            names = ["quality", "cost", "weights", "outside", "load", "royalty or stakes", "capacity"]
            axes = zip(names, [q.shape[:-2], *batches], strict=True)
            found = ", ".join(f"{name} {shape}" for name, shape in axes if shape)
            raise InputError(f"batch axes: found {found}; allowed are shapes that broadcast") from None

        def flat(values: ArrayLike | None, *axes: int) -> FloatArray:
            array = np.asarray(0.0 if values is None else values, dtype=float)
            if array.ndim <= len(axes):
                return np.broadcast_to(array, axes)[None]
            return np.broadcast_to(array, (*batch, *axes)).reshape(math.prod(batch), *axes)

        start, shadow = _start(game, given.start, batch)
        if given.shadow is not None:
            first = numbers("shadow", given.shadow, least=0.0)
            fits("shadow", first, ["pools"], [len(pools.labels)])
            shadow = _of_batch(first, batch, len(pools.labels)).reshape(-1, len(pools.labels))
        raw = Raw(
            quality=np.broadcast_to(q, (*batch, segments, offers)).reshape(-1, segments, offers),
            cost=flat(c, offers),
            weights=flat(w, segments),
            outside=flat(out, segments),
            load=flat(loads, offers),
            royalty=flat(given.royalty, offers),
            complement=flat(given.complement, offers),
            stake=flat(given.stake, len(claims.stake)),
            capacity=flat(stock, len(pools.labels)),
            start=start,
            shadow=shadow,
            after=_after(given.after, math.prod(batch), len(start) > 0),
        )
        inputs = cls(batch, raw)
        if not game.prices_end:
            inputs.state(game)
        return inputs

    def state(self, game: Game, leave_absent: bool = False) -> State:
        """The numbers as the readable path knows them; raises `InputError` if a price has no end."""
        raw, pools, nests = self.raw, game.pools, game.nests
        offers, segments = game.claims.offers, raw.quality.shape[1]
        layout = np.ascontiguousarray(np.swapaxes(raw.quality, -1, -2))
        alive, dead = split_unavailable(layout, nests)
        # Shares do not depend on how many customers there are; where there are none, prices are those for the
        # first ones.
        people = raw.weights.sum(axis=-1, keepdims=True)
        people = np.where(people > 0, people, np.nan)
        shares_of = np.where(np.isnan(people), 1.0 / segments, raw.weights / people)
        sold = (layout > -np.inf) & (shares_of > 0)[:, None, :]
        nowhere = (~sold.any(axis=-1)).astype(float)
        unit_cost = raw.cost if game.log_price else raw.cost + 1.0 / game.sensitivity.mean()
        revenue = game.claims.revenue(raw.royalty, raw.complement, raw.stake)
        loads = raw.load[:, pools.offer]
        state = State(
            quality=alive / nests.inner,
            nowhere=nowhere if nowhere.any() else None,
            dead_host=dead.host,
            dead_tier=dead.tier,
            outside=raw.outside,
            weights=shares_of,
            cost=raw.cost,
            revenue=revenue,
            break_even=raw.cost / revenue[:, :offers],
            load=loads,
            capacity=np.where(np.isnan(people), np.inf, raw.capacity / people),
            shadow_unit=pools.least(unit_cost[:, pools.offer] / loads),
            left=nowhere > 0 if leave_absent and nowhere.any() else None,
        )
        check_finite_prices(game, layout, state)
        return state


def _table(
    values: ArrayLike | None, length: int, batch: tuple[int, ...], default: float | None
) -> FloatArray | None:
    """Numbers of a usual shape as (markets or 1, length), `default` for None, or nothing; None of another shape."""
    if values is None:
        return np.empty((0, length)) if default is None else np.full((1, length), default)
    array = np.asarray(values, dtype=float)
    if array.ndim == 0:
        return np.full((1, length), float(array)) if default is not None else None
    if array.shape[-1] != length or (array.ndim > 1 and array.shape[:-1] != batch):
        return None
    return array[None] if array.ndim == 1 else array


def _start(
    game: Game, start: ArrayLike | Equilibrium | None, batch: tuple[int, ...]
) -> tuple[FloatArray, FloatArray]:
    """First prices and shadow prices, (markets, ...), without rows where none were given."""
    offers, pools, markets = game.claims.offers, game.pools, math.prod(batch)
    shadow = np.empty((0, len(pools.labels)))
    if start is None:
        return np.empty((0, offers)), shadow
    if isinstance(start, Equilibrium):
        known = {label: start.shadow_prices[..., r] for r, label in enumerate(start.pools)}
        shadow = np.zeros((markets, len(pools.labels)))
        for r, label in enumerate(pools.labels):
            if label in known:
                shadow[:, r] = _of_batch(known[label], batch).reshape(-1)
        start = start.prices
    first = numbers("start", start, least=0.0 if game.positive else -np.inf, strictly=game.positive)
    fits("start", first, ["offers"], [offers])
    return _of_batch(first, batch, offers).reshape(-1, offers), shadow


def _after(after: ArrayLike | None, markets: int, started: bool) -> IntArray:
    """Markets that others start from, (markets, 2), without rows where none were given."""
    if after is None:
        return _NOTHING_BEFORE
    table = np.asarray(after)
    if table.dtype.kind != "i" or table.shape != (markets, 2):
        raise InputError(
            f"after: found shape {table.shape} of {table.dtype}; allowed are integers (markets, 2), "
            f"here ({markets}, 2)"
        )
    if not started:
        raise InputError("after: found without start; allowed is after with start prices")
    wrong = (table < -1) | (table >= np.arange(markets)[:, None])
    if wrong.any():
        m, k = np.argwhere(wrong)[0]
        raise InputError(
            f"after: found {table[m, k]} for market {m}; allowed are earlier markets of the batch, and -1"
        )
    return table.astype(np.intp)


def _of_batch(array: FloatArray, batch: tuple[int, ...], *axes: int) -> FloatArray:
    """The array with all batch axes."""
    try:
        return np.broadcast_to(array, (*batch, *axes))
    except ValueError:
        found = array.shape[: array.ndim - len(axes)]
        raise InputError(
            f"start: found batch axes {found}; allowed are those of the other arguments, {batch}"
        ) from None
