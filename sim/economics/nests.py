"""Nests of offers: labels turned into index arrays and 0/1 matrices."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.economics.checks import InputError, label_rows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
Labels = Sequence[Hashable] | NDArray[np.generic]
LabelRows = Labels | Sequence[Labels]

# Above it the offers of a nest are near perfect substitutes, and zeta iterations slow down without bound.
LARGEST_NESTING = 0.9


@dataclass(frozen=True, eq=False)
class Groups:
    """A partition of items, its groups numbered in the order of first appearance."""

    index: IntArray  # (items,) the group of each item
    count: int
    membership: FloatArray  # (groups, items) 1 where the item belongs to the group

    @classmethod
    def of(cls, labels: Iterable[Hashable]) -> Groups:
        """Groups of the items with equal labels."""
        numbers: dict[Hashable, int] = {}
        index = np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.intp)
        membership = np.zeros((len(numbers), len(index)))
        membership[index, np.arange(len(index))] = 1.0
        return cls(index, len(numbers), membership)

    @property
    def singletons(self) -> bool:
        """Whether every item is alone in its group: sums and gathers are then the identity."""
        return self.count == len(self.index)

    def sum(self, items: FloatArray) -> FloatArray:
        """Sums by group over axis -2: (..., items, n) to (..., groups, n)."""
        return items if self.singletons else self.membership @ items

    def spread(self, groups: FloatArray) -> FloatArray:
        """Each item's group value along axis -2: (..., groups, n) to (..., items, n)."""
        return groups if self.singletons else groups.take(self.index, axis=-2)

    def maximum(self, items: FloatArray) -> FloatArray:
        """Maxima by group over axis -2."""
        order = np.argsort(self.index, kind="stable")
        starts = np.searchsorted(self.index[order], np.arange(self.count))
        return np.maximum.reduceat(items.take(order, axis=-2), starts, axis=-2)


@dataclass(frozen=True, eq=False)
class Nests:
    """Two levels of nests: offers into host nests, host nests into tiers."""

    hosts: Groups  # of offers
    tiers: Groups  # of host nests
    inner: float  # scale of utility among the hosts of one nest
    outer: float  # scale of utility among the nests of one tier

    @classmethod
    def build(cls, offers: int, labels: LabelRows | None = None, nesting: ArrayLike = 0.0) -> Nests:
        """Nests from labels.

        Parameters
        ----------
        offers
            Number of offers.
        labels
            None (no nests), one label per offer, or two rows of labels: tiers, then host nests. A host label
            is read within its tier, so the same word in two tiers means two nests.
        nesting
            One value, or with two rows of labels a pair (tier, host); each in [0, 0.9]. 0 makes the level
            irrelevant.

        Raises
        ------
        InputError
            If labels and nesting do not fit together, or a nesting is out of range.
        """
        rows = label_rows("nests", labels, offers)
        values = np.atleast_1d(np.asarray(nesting, dtype=float))
        if not rows:
            if values.any():
                raise InputError(
                    f"nesting: found {values.max():g} without nests; give nests, or leave nesting at 0"
                )
            rows, values = [["all"] * offers], np.zeros(1)
        if values.shape != (len(rows),):
            allowed = "one value" if len(rows) == 1 else "a pair (tier, host)"
            raise InputError(
                f"nesting: found {values.size} value(s) for {len(rows)} row(s) of nests; allowed is {allowed}"
            )
        if not ((values >= 0) & (values <= LARGEST_NESTING)).all():
            bad = values[~((values >= 0) & (values <= LARGEST_NESTING))][0]
            raise InputError(f"nesting: found {bad:g}; allowed are values from 0 to {LARGEST_NESTING:g}")

        of_tier, of_host = float(values[0]), float(values[1]) if len(rows) == 2 else 0.0
        tier: list[Hashable] = rows[0]
        host: list[Hashable] = list(zip(*rows, strict=True)) if len(rows) == 2 else rows[0]
        # A level with nesting 0 has no effect; without it the sums are smaller.
        if of_tier == of_host == 0.0:
            tier = host = ["all"] * offers
        elif of_host == 0.0:
            host = tier
        elif of_tier == 0.0:
            tier = host
        tier_of_host = dict(zip(host, tier, strict=True))  # in the order of first appearance, as in Groups
        outer = 1.0 - of_tier
        return cls(Groups.of(host), Groups.of(tier_of_host.values()), outer * (1.0 - of_host), outer)
