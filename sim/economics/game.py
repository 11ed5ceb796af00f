"""A pricing game as the kernel sees it: its structure, the numbers of a batch of markets, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.economics.nests import BoolArray, FloatArray, Nests
from sim.economics.ownership import Claims, Pools


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

    @property
    def prices_end(self) -> bool:
        """Whether every price has an end for sure, see `sim.economics.existence`."""
        return not self.log_price or float(self.sensitivity.min()) + self.usage_elasticity > 1.0


@dataclass(frozen=True, eq=False)
class State:
    """The numbers of a batch of markets, each array with a leading axis of length `markets` or 1."""

    quality: FloatArray  # (m, offers, segments) divided by the inner scale of the nests
    nowhere: FloatArray | None  # (m, offers) 1 where no customer can have the offer, None if there is none
    dead_host: FloatArray | None  # (m, host nests, segments) see `split_unavailable`
    dead_tier: FloatArray | None  # (m, tiers, segments)
    outside: FloatArray  # (m, segments)
    weights: FloatArray  # (m, segments) adding up to 1
    cost: FloatArray  # (m, offers)
    revenue: FloatArray  # (m, claims) R
    break_even: FloatArray  # (m, offers) price at which the seller keeps the unit cost
    load: FloatArray  # (m, members of pools) capacity units per unit of use
    capacity: FloatArray  # (m, pools) per customer; inf where there is no limit
    shadow_unit: FloatArray  # (m, pools) a shadow price that would be as large as a unit cost
    left: BoolArray | None = (
        None  # (m, offers) nobody can have it and its price is to stay, None if there is none
    )

    def rows(self, keep: BoolArray) -> Self:
        """The markets in `keep`."""
        split = {name: array for name, array in vars(self).items() if array is not None and len(array) > 1}
        return replace(self, **{name: array[keep] for name, array in split.items()})


class Found(NamedTuple):
    """What a search for equilibrium came to, each with a leading axis of markets."""

    h: FloatArray  # (m, offers) prices in the form of the game
    shadow: FloatArray  # (m, pools)
    residual: FloatArray  # (m,)
    evaluations: NDArray[np.intp]  # (m,) of the map
    solved: BoolArray  # (m,)
