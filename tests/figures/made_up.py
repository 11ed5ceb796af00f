"""Made-up data of figures that take more than a run's tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pandas import DataFrame

from sim.figures.paired import MEASURES, paired
from sim.figures.phase import phase
from sim.record import COMPONENTS, MODES


def decisions(
    parts: float = 0.1, *, lab: str = "alibaba", forced: bool = False, months: int = 3
) -> DataFrame:
    """A lab that opens for its funding, against what its own service loses."""
    rows = []
    for month in range(months):
        row = {
            "replicate": 0, "month": pd.Timestamp("2025-01-01") + pd.DateOffset(months=month), "lab": lab,
            "region": "china", "taken": "open", "forced": forced, "scale": 1e6,
        }  # fmt: skip
        for k, mode in enumerate(MODES):
            gains = {"api": -0.2 * k * parts, "funding": 0.5 * k * parts}
            for part in COMPONENTS:
                row[f"{mode}_{part}"] = 1e6 * gains.get(part, 0.0)
            row[f"{mode}_payoff"] = 1e6 * sum(gains.values())
            row[f"{mode}_probability"] = (0.1, 0.2, 0.3, 0.4)[k]
        rows.append(row)
    return DataFrame(rows)


def indices(factors: int = 7, method: str = "sobol", scale: float = 1.0) -> DataFrame:
    """Sensitivity of one outcome, as `sim.analysis.sensitivity` gives it."""
    measures = {
        "sobol": ("first_order", "total_order"), "morris": ("mu_star", "sigma"), "given_data": ("first_order",),
        "ends": ("mean_low", "mean_high"),
    }  # fmt: skip
    return DataFrame(
        [
            {
                "indicator": "open_token_share", "method": kind, "factor": f"labs.lab_{i}.capex_in_usd",
                "measure": measure, "value": scale * 0.5 * 0.8**i * (1 + place), "low": scale * 0.4 * 0.8**i,
                "high": scale * 0.6 * 0.8**i * (1 + place),
            }
            for kind in (method, "ends")
            for i in range(factors)
            for place, measure in enumerate(measures[kind])
        ],
        columns=["indicator", "method", "factor", "measure", "value", "low", "high"],
    )  # fmt: skip


def swept(points: int = 6, runs: int = 2, *, grid: bool = True) -> DataFrame:
    """Openness that grows with a and falls with b; b spans three orders of magnitude."""
    rng = np.random.default_rng(4)
    a, b = np.linspace(0, 2, points), np.geomspace(0.1, 100, points)
    pairs = [(x, y) for x in a for y in b] if grid else list(zip(rng.permutation(a), b, strict=True))
    frame = DataFrame(pairs * runs, columns=["spillovers.open_pool", "choice.intensity"])
    return frame.assign(open=1 / (1 + np.exp(-2 * frame.iloc[:, 0] + np.log10(frame.iloc[:, 1]))))


def path_of(months: int = 60, value: float = 0.1, reach: float = 0.03) -> tuple[DataFrame, DataFrame]:
    """Differences by month and in the last year."""
    time = pd.date_range("2024-01-01", periods=months, freq="MS")
    rows = [
        {
            "column": measure.column, "region": "world" if measure.world else "china", "month": month,
            "difference": value, "low": value - reach, "high": value + reach, "pairs": 8,
        }
        for measure in MEASURES
        for month in time
    ]  # fmt: skip
    columns = ["column", "region", "month", "difference", "low", "high", "pairs"]
    path = DataFrame(rows, columns=columns)
    return path, path.drop_duplicates("column").drop(columns="month")


def phase_of(frame: DataFrame, **more) -> Figure:
    """The phase diagram of `swept`."""
    names = {"x": "spillovers.open_pool", "y": "choice.intensity", "value": "open"}
    return phase(frame, **names, measure="labs whose flagship is open", **more)


def paired_of(pair: tuple[DataFrame, DataFrame], **more) -> Figure:
    """The figure of `path_of`."""
    return paired(*pair, a="Baseline", b="No controls", **more)


def market(make, count: int = 3, months: int = 98, runs: int = 4) -> DataFrame:
    """The same market under several names."""
    frame = make(months=months, runs=runs)["market"]
    return pd.concat([frame.assign(scenario=f"scenario_{i}") for i in range(count)])
