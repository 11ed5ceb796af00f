"""Boxes from a shallow classification tree (scikit-learn), cut back by cross-validation.

The tree sees each parameter by the rank of its value, and each level of a text as a yes or no of its own, so it
does not depend on units or scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from sklearn.tree import DecisionTreeClassifier

from sim.analysis.boxes import Box, Cases, Limit, density, inside, simplified, without_overlap
from sim.analysis.points import Array, Places

DEPTH = 6
FOLDS = 5
CUTS = 20
"""Cost-complexity cuts that are tried."""
SIGNIFICANCE = 0.05
LEAST_SHARE = 0.05
LEAST_POINTS = 5
"""A box holds at least this part of what is of interest, and at least so many points."""


@dataclass(frozen=True, eq=False)
class Features:
    """What a tree sees: columns of numbers, and what a cut in each means.

    Attributes
    ----------
    columns
        (cases, columns): ranks of values, or 0 and 1 for a level.
    meaning
        Of each column, the parameter and the level; -1 for a number.
    values
        Values of each parameter in ascending order.
    """

    columns: NDArray[np.float32]
    meaning: tuple[tuple[int, int], ...]
    values: tuple[Array, ...]

    @classmethod
    def of(cls, values: Array, texts: frozenset[int]) -> Features:
        """Features of cases; `texts` are the numbers of the parameters whose values are levels."""
        columns, meaning, found = [], [], []
        for factor in range(values.shape[1]):
            there, ranks = np.unique(values[:, factor], return_inverse=True)
            found.append(there)
            if factor not in texts:
                columns.append(ranks)
                meaning.append((factor, -1))
                continue
            for rank, level in enumerate(there):
                columns.append(ranks == rank)
                meaning.append((factor, int(level)))
        return cls(np.column_stack(columns).astype(np.float32), tuple(meaning), tuple(found))

    def limit(self, column: int, rank: float, *, above: bool) -> Limit:
        """What being on one side of a cut means."""
        factor, level = self.meaning[column]
        values = self.values[factor]
        if level < 0:
            below = int(np.floor(rank))
            at = float(values[below] + values[below + 1]) / 2
            return Limit(factor, "above" if above else "up to", at)
        levels = {level} if above else {int(other) for other in values if other != level}
        return Limit(factor, "levels", levels=frozenset(levels))


@dataclass(frozen=True)
class Grower:
    """How trees are grown, cut and read.

    Attributes
    ----------
    features
        Of all cases.
    density
        Least density of a box.
    seed
        For the folds, and for the choice between equally good cuts.
    """

    features: Features
    density: float
    seed: int = 1

    def tree(self, cases: Cases, cut: float) -> DecisionTreeClassifier:
        """Grow a tree on the cases that have a weight."""
        least = min(least_weight(cases) / cases.mass, 0.5)
        tree = DecisionTreeClassifier(
            max_depth=DEPTH, min_weight_fraction_leaf=least, ccp_alpha=cut, random_state=self.seed
        )
        return tree.fit(**self._sample(cases))

    def _sample(self, cases: Cases) -> dict[str, Any]:
        """Cases that have a weight, as scikit-learn takes them."""
        there = cases.weights > 0
        return {
            "X": self.features.columns[there],
            "y": cases.interest[there],
            "sample_weight": cases.weights[there],
        }

    def cut(self, cases: Cases, groups: Places) -> float:
        """Strength of cutting back: the strongest whose error is within a standard error of the least.

        The error is Brier's, on points left out: all cases of a group, a point, are in the same fold. Breiman et
        al. 1984, "Classification and Regression Trees", section 3.4.3.
        """
        path = self.tree(cases, 0.0).cost_complexity_pruning_path(**self._sample(cases))
        alphas = np.unique(np.maximum(path.ccp_alphas, 0.0))
        between = np.sqrt(alphas[:-1] * alphas[1:])
        tried = np.quantile(between, np.linspace(0, 1, CUTS), method="nearest") if between.size else np.zeros(1)
        tried = np.unique([*tried, alphas[-1] * 1.01])
        folds = GroupKFold(min(FOLDS, len(np.unique(groups))), shuffle=True, random_state=self.seed)
        errors = []
        for learn, test in folds.split(self.features.columns, groups=groups):
            weights = np.zeros(len(cases.weights))
            weights[learn] = cases.weights[learn]
            part = cases.weighed(weights)
            errors.append([self._error(part, cases, test, float(alpha)) for alpha in tried])
        mean, spread = np.mean(errors, axis=0), np.std(errors, axis=0, ddof=1) / np.sqrt(len(errors))
        best = int(np.argmin(mean))
        return float(tried[np.flatnonzero(mean <= mean[best] + spread[best])[-1]])

    def _error(self, part: Cases, cases: Cases, test: Places, alpha: float) -> float:
        chance = _chance(self.tree(part, alpha), self.features.columns[test])
        return float(np.average((cases.interest[test] - chance) ** 2, weights=cases.weights[test]))

    def boxes(self, cases: Cases, cut: float) -> list[Box]:
        """Dense boxes of a tree, without limits that they do not need, the one with most of interest first."""
        if not 0 < cases.hits < cases.mass:
            return []
        leaves = self._leaves(self.tree(cases, cut))
        dense = [box for box in leaves if box and density(cases, inside(box, cases.values)) >= self.density]
        simple = dict.fromkeys(simplified(cases, box, SIGNIFICANCE) for box in dense)
        kept = [box for box in simple if box and density(cases, inside(box, cases.values)) >= self.density]
        return list(without_overlap(cases, kept, least_weight(cases)))

    def _leaves(self, fitted: DecisionTreeClassifier) -> list[Box]:
        tree, found = fitted.tree_, []
        waiting: list[tuple[int, Box]] = [(0, ())]
        while waiting:
            node, box = waiting.pop()
            if tree.children_left[node] < 0:
                found.append(box)
                continue
            column, rank = int(tree.feature[node]), float(tree.threshold[node])
            for child, above in ((tree.children_left[node], False), (tree.children_right[node], True)):
                limit = self.features.limit(column, rank, above=above)
                waiting.append((int(child), narrowed(box, limit)))
        return found


def least_weight(cases: Cases) -> float:
    """Least weight of a box."""
    return max(float(LEAST_POINTS), LEAST_SHARE * cases.hits)


def narrowed(box: Box, limit: Limit) -> Box:
    """A box with one more limit, joined with the one of its kind that is there."""
    kept = {other.kind: other for other in box}
    before = kept.get(limit.kind)
    if before is not None and limit.side == "levels":
        limit = Limit(limit.factor, "levels", levels=limit.levels & before.levels)
    kept[limit.kind] = limit  # a later cut lies within an earlier one of its kind
    return tuple(kept[kind] for kind in sorted(kept))


def _chance(tree: DecisionTreeClassifier, columns: NDArray[np.float32]) -> Array:
    """Chance of interest by a tree."""
    chances = tree.predict_proba(columns)
    return np.asarray(chances[:, list(tree.classes_).index(True)]) if True in tree.classes_ else np.zeros(len(columns))
