"""Nests of offers: labels turned into groups."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.economics.checks import InputError
from sim.economics.labels import LARGEST_TABLE, Row, numbered, rows

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
    first: IntArray  # (groups,) the first item of each group

    @classmethod
    def of(cls, codes: IntArray) -> Groups:
        """Groups of the items with equal codes, which are 0 or more."""
        return cls(*numbered(codes))

    @property
    def count(self) -> int:
        """How many groups."""
        return len(self.first)

    @cached_property
    def membership(self) -> FloatArray:
        """1 where the item belongs to the group, (groups, items)."""
        matrix = np.zeros((self.count, len(self.index)))
        matrix[self.index, np.arange(len(self.index))] = 1.0
        return matrix

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
        levels = rows("nests", labels, offers)
        values = np.atleast_1d(np.asarray(nesting, dtype=float))
        if not levels:
            if values.any():
                raise InputError(
                    f"nesting: found {values.max():g} without nests; give nests, or leave nesting at 0"
                )
            levels, values = [np.zeros(offers, dtype=np.intp)], np.zeros(1)
        if values.shape != (len(levels),):
            allowed = "one value" if len(levels) == 1 else "a pair (tier, host)"
            raise InputError(
                f"nesting: found {values.size} value(s) for {len(levels)} row(s) of nests; allowed is {allowed}"
            )
        if not ((values >= 0) & (values <= LARGEST_NESTING)).all():
            bad = values[~((values >= 0) & (values <= LARGEST_NESTING))][0]
            raise InputError(f"nesting: found {bad:g}; allowed are values from 0 to {LARGEST_NESTING:g}")

        of_tier, of_host = float(values[0]), float(values[1]) if len(levels) == 2 else 0.0
        tier = host = _codes(levels[0])
        if len(levels) == 2:
            host = _codes(levels[1])
            host = host + tier * (int(host.max()) + 1)
        # A level with nesting 0 has no effect; without it the sums are smaller.
        if of_tier == of_host == 0.0:
            tier = host = np.zeros(offers, dtype=np.intp)
        elif of_host == 0.0:
            host = tier
        elif of_tier == 0.0:
            tier = host
        hosts = Groups.of(host)
        outer = 1.0 - of_tier
        return cls(hosts, Groups.of(tier[hosts.first]), outer * (1.0 - of_host), outer)


def _codes(level: Row) -> IntArray:
    """Codes of labels, equal where these are, 0 or more."""
    if isinstance(level, np.ndarray):
        small = level.min() >= 0 and level.max() < LARGEST_TABLE
        return level if small else np.unique(level, return_inverse=True)[1]
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in level], dtype=np.intp)
