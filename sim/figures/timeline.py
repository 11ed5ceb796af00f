"""Release modes by month and firm, as shares of runs, from the tables of releases and of labs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from sim.figures.series import Array
from sim.figures.style import MODE_NAMES

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Timeline:
    """Who released how, by month.

    days : first days of the months since 1970, shape (months,).
    firms, regions : names, by firm.
    shares : share of runs in which the newest family of a firm at work has a mode; (modes, months, firms).
    releases, forced : share of runs with a release, or with a forced one, in a month; (months, firms).
    runs : how many runs.
    """

    days: Array
    firms: list[str]
    regions: list[str]
    shares: Array
    releases: Array
    forced: Array
    runs: int

    @property
    def openness(self) -> Array:
        """Share of a firm's months and runs with open flagship weights, shape (firms,)."""
        there = self.shares.sum(axis=(0, 1))
        opened = self.shares[2:].sum(axis=(0, 1))
        return np.asarray(np.divide(opened, there, out=np.zeros_like(there), where=there > 0))


def timeline(models: DataFrame, labs: DataFrame | None = None) -> Timeline:
    """Read the tables `models` and `labs`; without `labs` the last month is that of the last release."""
    stamp, run_name = _stamps(models), _runs(models)
    stamps, run_names = stamp, run_name
    if labs is not None:
        stamps = np.concatenate([stamps, _stamps(labs)])
        run_names = np.concatenate([run_names, _runs(labs)])
    if not len(stamps):
        nothing = np.zeros((0, 0))
        return Timeline(np.zeros(0), [], [], np.zeros((len(MODE_NAMES), 0, 0)), nothing, nothing, 0)
    first, runs = int(stamps.min()), np.unique(run_names)
    firms, firm = np.unique(models["lab"].to_numpy(dtype=str), return_inverse=True)
    month, run = stamp - first, np.searchsorted(runs, run_name)
    mode = np.array([MODE_NAMES.index(name) for name in models["mode"]], dtype=np.int64)

    state = np.full((int(stamps.max()) - first + 1, len(runs), len(firms)), -1)
    for row in np.argsort(month, kind="stable"):
        state[month[row] :, run[row], firm[row]] = mode[row]
    if labs is not None:
        gone = labs[(labs["active"] == 0).to_numpy() & labs["lab"].isin(firms).to_numpy()]
        places = np.searchsorted(runs, _runs(gone)), np.searchsorted(firms, gone["lab"].to_numpy(dtype=str))
        state[_stamps(gone) - first, *places] = -1

    weight = np.full(len(models), 1 / len(runs))
    forced = models["forced"].to_numpy(dtype=bool, na_value=False)
    releases, by_force = np.zeros((2, len(state), len(firms)))
    np.add.at(releases, (month, firm), weight)
    np.add.at(by_force, (month, firm), weight * forced)
    home = dict(zip(models["lab"].astype(str), models["region"].astype(str), strict=True))
    return Timeline(
        np.arange(first, first + len(state))
        .astype("datetime64[M]")
        .astype("datetime64[D]")
        .astype(np.float64),
        [str(key) for key in firms],
        [home[str(key)] for key in firms],
        np.array([(state == code).mean(axis=1) for code in range(len(MODE_NAMES))]),
        releases,
        by_force,
        len(runs),
    )


def _stamps(frame: DataFrame) -> Whole:
    """Months since 1970."""
    return pd.to_datetime(frame["month"]).to_numpy().astype("datetime64[M]").astype(np.int64)


def _runs(frame: DataFrame) -> Whole:
    return (
        frame["replicate"].to_numpy(dtype=np.int64)
        if "replicate" in frame
        else np.zeros(len(frame), np.int64)
    )
