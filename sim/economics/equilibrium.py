"""What a pricing game comes out at, and the error where it does not."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.economics.nests import BoolArray, FloatArray


class EquilibriumError(RuntimeError):
    """No equilibrium was found to the tolerance asked for.

    Attributes
    ----------
    equilibrium
        The best point found, with `converged` False where it is none.
    residual
        How far it is from the first-order conditions, relative to prices.
    """

    def __init__(self, message: str, equilibrium: Equilibrium) -> None:
        super().__init__(message, equilibrium)  # both as args, so that the error survives pickling
        self.equilibrium = equilibrium
        self.residual = equilibrium.residual

    def __str__(self) -> str:
        return str(self.args[0])


class EquilibriumWarning(RuntimeWarning):
    """As `EquilibriumError`, where the caller asked for a warning."""


@dataclass(frozen=True, eq=False, repr=False)
class Equilibrium:
    """Prices at which no owner gains by changing its own, and what follows from them.

    Every array may have batch axes in front, written `...` below.
    """

    prices: FloatArray  # (..., offers) money per unit
    shares: FloatArray  # (..., segments, offers) of the segment's customers; the outside option has the rest
    quantities: FloatArray  # (..., offers) sum_s weights_s shares_sj p_j^(-usage_elasticity)
    profits: FloatArray  # (..., owners) money
    owners: tuple[Hashable, ...]  # labels of the last axis of `profits`, sorted
    consumer_surplus: FloatArray  # (..., segments) per customer, see `sim.economics.demand.consumer_surplus`
    shadow_prices: FloatArray  # (..., pools) money per unit of capacity; without pools (..., offers)
    pools: tuple[Hashable, ...]  # labels of the last axis of `shadow_prices`
    at_ceiling: BoolArray  # (..., offers) the seller would rather not sell it, see `first_order.CEILING`
    iterations: NDArray[np.intp]  # (...) evaluations of the first-order conditions
    residual: FloatArray  # (...) of the first-order conditions, relative to prices
    converged: BoolArray  # (...)

    def profit(self, owner: Hashable) -> FloatArray:
        """The profit of one owner, (...)."""
        if owner not in self.owners:
            raise KeyError(f"owner: found {owner!r}; allowed are {', '.join(map(repr, self.owners))}")
        return np.asarray(self.profits[..., self.owners.index(owner)])

    @property
    def outside_share(self) -> FloatArray:
        """Share of the outside option, (..., segments)."""
        return np.asarray(1.0 - self.shares.sum(axis=-1))

    def __repr__(self) -> str:
        segments, offers = self.shares.shape[-2:]
        counts = ((offers, "offer"), (len(self.owners), "owner"), (segments, "segment"))
        size = ", ".join(_count(n, noun) for n, noun in counts)
        if self.residual.ndim:
            size = f"{self.residual.size} markets of {size}"
        low, high = self.prices.min(), self.prices.max()
        facts = [f"prices {low:.4g} to {high:.4g}", f"outside share {self.outside_share.mean():.3f}"]
        binding = int((self.shadow_prices > 0).sum())
        if binding:
            facts.append(f"{_count(binding, 'shadow price')} above 0")
        ended = int(self.at_ceiling.sum())
        if ended:
            facts.append(f"{_count(ended, 'price')} at the ceiling")
        failed = int((~self.converged).sum())
        state = f"{failed} NOT CONVERGED" if failed else "converged"
        effort = _count(int(self.iterations.max()), "iteration")
        return (
            f"Equilibrium({size}: {', '.join(facts)}; "
            f"{state} in {effort}, residual {self.residual.max():.1e})"
        )


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
