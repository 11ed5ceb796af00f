"""How many of a calibration's runs are its set: chosen by how well those that fit some facts foretell others.

Few runs fit the facts that chose them closely, and others badly: they follow luck and the model's own errors. So each
family of calibration facts is left out in turn, the runs that fit the other families best are kept, and their 90 %
interval of each fact left out is scored by the interval score (Gneiting & Raftery 2007, JASA 102: width plus 2 / 0.1
times the distance by which it misses), in tolerances. From the number of runs of least mean score the smaller ones are
gone through while theirs stay within one standard error of it (Breiman et al. 1984, Classification and Regression
Trees, section 3.4.3), and the last one is taken: what families say of each other hardly tells sets of some size apart,
and what a family says of itself would narrow the set. Held-out facts have no part in it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.facts.indicators import Array
from sim.facts.observations import observations
from sim.facts.rivals import scaled, tolerance_of
from sim.facts.schema import Fact
from sim.facts.score import interval
from sim.facts.surfaces import TUNES, Surfaces
from sim.facts.waves import Said

PARTS = (0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0)
"""Parts of the runs that are tried, of those that did not fail at most all."""
FEWEST = 20
"""Runs in a set at least: its 5 and 95 % quantiles are no guess then."""
DATED = "release modes"
"""Family that openings belong to."""
FARTHEST = 30.0
"""A value counts as this many tolerances off at most, so that no single one decides a mean."""
LEVEL = 0.1
"""Part of what is expected that an interval leaves out."""


def nearest(depths: Array, number: int) -> NDArray[np.intp]:
    """The runs of least deviance, ascending."""
    return np.argsort(depths, kind="stable")[:number]


def by_likelihood(depths: Array, number: int) -> NDArray[np.intp]:
    """Runs drawn in proportion to their likelihood exp(-deviance / 2), ascending in deviance, likely ones repeatedly.

    Where runs are spread evenly over what the waves did not rule out, this is a sample of the posterior. The draw is
    systematic (Kitagawa 1996, Journal of Computational and Graphical Statistics 5(1)).

    Parameters
    ----------
    depths
        Deviance of each run, infinite of failed ones, (runs,).
    number
        Draws.
    """
    order = np.argsort(depths, kind="stable")
    cumulated = np.cumsum(np.exp((depths[order[0]] - depths[order]) / 2.0))
    places = (np.arange(number) + 0.5) / number * cumulated[-1]
    return np.asarray(order[np.searchsorted(cumulated, places)])


def left_out(said: Said, surfaces: Surfaces) -> pd.DataFrame:
    """Scores of sets of several sizes on families of facts that had no part in choosing them.

    Parameters
    ----------
    said
        Runs spread over the prior, or over what an emulator left of it.
    surfaces
        Fitted to them.

    Returns
    -------
    Frame with a row a size: runs, part of all, score, hit and width, means over facts, in tolerances, and the
    standard error (over families) of what the score lies above the least; without rows if all calibration facts
    are of one family.
    """
    facts, names = surfaces.aim.facts.facts, surfaces.aim.targets.facts
    family = np.array([facts[name].family for name in names])
    if len(set(family)) < 2:
        return pd.DataFrame(columns=["runs", "part", "score", "hit", "width", "error"])
    losses, openings = surfaces.losses(said), surfaces.of_openings(said)
    runs, sound = len(said.points), int(np.isfinite(losses).all(axis=1).sum())
    wanted = observations(surfaces.aim.facts)
    columns = [(facts[one.fact], one.value, said.values[:, k]) for k, one in enumerate(wanted)]
    rows, by_fact = [], []
    for part in PARTS:
        number = min(max(round(part * runs), FEWEST), sound)
        scores = []
        for out in dict.fromkeys(family):
            depths = losses[:, family != out].sum(axis=1) + (0.0 if out == DATED else openings)
            chosen = nearest(depths, number)
            scores += _of_family([column for column in columns if column[0].family == out], chosen)
        scored = pd.DataFrame(scores, columns=["family", "fact", "score", "hit", "width"])
        scored = scored.groupby(["family", "fact"], sort=False).mean()
        rows.append({"runs": number, "part": number / runs, **scored.mean().to_dict()})
        by_fact.append(scored["score"])
    found = pd.DataFrame(rows)
    least = by_fact[int(np.argmin(found["score"]))]
    found["error"] = [_standard_error(one - least) for one in by_fact]
    return found.drop_duplicates("runs").reset_index(drop=True)


def size(scores: pd.DataFrame) -> int:
    """Runs of the set that is taken, from what `left_out` returns.

    From the size of least score sets are made smaller while their score stays within one standard error of it. Standard
    errors grow as sets shrink, so a smaller set may be within its own again by that alone.
    """
    least = int(scores["score"].argmin())
    worse = scores["score"] - scores["score"].iloc[least] > scores["error"]
    return int(scores["runs"].iloc[max(np.flatnonzero(worse[:least]), default=-1) + 1])


def _standard_error(values: pd.Series) -> float:
    """Standard error of a mean over facts, whose families are independent and of several facts each."""
    sums = (values - values.mean()).groupby(level="family").sum() / len(values)
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)))


def _of_family(
    columns: list[tuple[Fact, float, Array]], chosen: NDArray[np.intp]
) -> list[tuple[str, int, float, bool, float]]:
    """Family, which fact, score, hit and width of each value of a family's calibration facts."""
    found = []
    for fact, value, said in columns:
        known = said[chosen]
        if fact.use == TUNES and np.isfinite(known).mean() > 0.5:
            found.append((fact.family, id(fact), *interval_score(fact, value, known)))
    return found


def interval_score(fact: Fact, value: float, said: Array) -> tuple[float, bool, float]:
    """Interval score of what runs say would be measured, whether the value lies in it, and its width, in tolerances."""
    found, target, unit = interval(fact, said, measured=True), scaled(fact, value), tolerance_of(fact)
    low, high = (np.clip((end - target) / unit, -FARTHEST, FARTHEST) for end in (found.low, found.high))
    missed = max(float(low), 0.0) + max(-float(high), 0.0)
    return float(high - low) + 2.0 / LEVEL * missed, missed == 0.0, float(high - low)
