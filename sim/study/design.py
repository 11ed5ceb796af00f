"""The points of a study: samples from libraries, turned into values by each factor's quantiles."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from sim.study.factors import Factor
from sim.study.schema import MAX_POINTS
from sim.study.study import Study

POINT = "point"
POWER_OF_TWO = frozenset({"sobol", "saltelli"})
"""Designs whose sample is balanced only at powers of two."""
ENUMERATED = frozenset({"grid", "list"})
"""Designs that take the factors' own values, and need no number of points."""
MORRIS_LEVELS = 4


@dataclass(frozen=True)
class Sample:
    """All points of a study.

    Attributes
    ----------
    table
        Columns ``point`` and one a factor; one row a point.
    quantiles
        Position of each point in the unit cube, (points, factors); none for grids and lists.
    """

    table: pa.Table
    quantiles: NDArray[np.float64] | None

    @property
    def points(self) -> int:
        """Number of points."""
        return int(self.table.num_rows)

    def entries(self, point: int) -> dict[str, Any]:
        """Entry of each factor at a point."""
        row: dict[str, Any] = self.table.slice(point, 1).to_pylist()[0]
        del row[POINT]
        return row

    @property
    def frame(self) -> pd.DataFrame:
        """The table as a frame."""
        found: pd.DataFrame = self.table.to_pandas()
        return found


def count(study: Study) -> int:
    """Number of points, without making them."""
    size, factors = study.size or 1, len(study.factors)
    match study.design:
        case "grid":
            return int(np.prod([len(factor.grid()) for factor in study.factors], dtype=object))
        case "list":
            return len(study.factors[0].values)
        case "morris":
            return size * (factors + 1)
        case "saltelli":
            return size * (2 * factors + 2 if study.second_order else factors + 2)
    return size


def sample(study: Study) -> Sample:
    """Make the points of a study; the same each time."""
    assert count(study) <= MAX_POINTS
    columns: dict[str, list[Any]]
    quantiles: NDArray[np.float64] | None = None
    if study.design == "grid":
        rows = itertools.product(*(factor.grid() for factor in study.factors))
        columns = _transposed(study.factors, rows)
    elif study.design == "list":
        columns = {factor.name: list(factor.levels) for factor in study.factors}
    else:
        quantiles = _cube(study)
        columns = {factor.name: factor.column(quantiles[:, i]) for i, factor in enumerate(study.factors)}
    return Sample(_table(study, columns), quantiles)


def schema(study: Study) -> pa.Schema:
    """Arrow schema of the design."""
    return pa.schema([pa.field(POINT, pa.int64()), *(pa.field(f.name, f.dtype) for f in study.factors)])


def _table(study: Study, columns: dict[str, list[Any]]) -> pa.Table:
    points = len(next(iter(columns.values())))
    return pa.table({POINT: list(range(points)), **columns}, schema=schema(study))


def _transposed(factors: tuple[Factor, ...], rows: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {factor.name: [] for factor in factors}
    for row in rows:
        for name, value in zip(found, row, strict=True):
            found[name].append(value)
    return found


def _cube(study: Study) -> NDArray[np.float64]:
    """Points of a sampled design in the unit cube, (points, factors)."""
    dimensions, size, seed = len(study.factors), study.size or 1, study.design_seed
    match study.design:
        case "random":
            return np.random.default_rng(seed).random((size, dimensions))
        case "latin-hypercube":
            from scipy.stats import qmc  # slow to import, as are those below

            return qmc.LatinHypercube(dimensions, rng=seed).random(size)
        case "sobol":
            from scipy.stats import qmc

            return qmc.Sobol(dimensions, rng=seed).random_base2(size.bit_length() - 1)
        case "morris":
            from SALib.sample.morris import sample as trajectories

            return np.asarray(trajectories(problem(study), size, num_levels=study.morris_levels, seed=seed))
        case "saltelli":
            from SALib.sample.sobol import sample as matrices

            made = matrices(problem(study), size, calc_second_order=study.second_order, seed=seed)
            return np.asarray(made)
    raise AssertionError(study.design)


def problem(study: Study) -> dict[str, Any]:
    """The factors as SALib wants them, in the unit cube."""
    names = [factor.name for factor in study.factors]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
