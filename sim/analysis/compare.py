"""Two scenarios side by side, paired by seed: what the difference between them does, and how surely.

Both scenarios share every draw that both make, so the difference of a pair is the effect of what differs in
the files, and its spread over seeds is much smaller than that of either scenario.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sim.record import WORLD
from sim.run.errors import RunError
from sim.run.results import Result
from sim.run.simulate import Progress, Source, resolved, simulate
from sim.run.summary import aligned, write

CONFIDENCE = 0.90


class Indicator(NamedTuple):
    """What is compared: a column of the table `market` in the world or in the region in focus."""

    column: str
    label: str
    form: str
    world: bool = False


INDICATORS = (
    Indicator("open_labs", "labs whose newest flagship is open", "{:.3f}"),
    Indicator("open_propensity", "probability of opening a flagship", "{:.3f}"),
    Indicator("lab_token_share", "share of world tokens, own labs' models", "{:.3f}"),
    Indicator("capability", "best model (ECI)", "{:.2f}"),
    Indicator("lag", "behind the frontier (months)", "{:.2f}"),
    Indicator("margin_closed", "gross margin, closed models", "{:.3f}"),
    Indicator("margin_open", "gross margin, own open models", "{:.3f}"),
    Indicator("margin_clouds", "gross margin, clouds on others' open models", "{:.3f}"),
    Indicator("open_token_share", "open share of tokens", "{:.3f}", world=True),
    Indicator("open_spending_share", "open share of spending", "{:.3f}", world=True),
    Indicator("margin_closed", "gross margin, closed models", "{:.3f}", world=True),
    Indicator("margin_open", "gross margin, labs' own open models", "{:.3f}", world=True),
    Indicator("margin_clouds", "gross margin, clouds on others' open models", "{:.3f}", world=True),
)


def last_month(series: NDArray[np.float64]) -> float:
    """Value at the end."""
    return float(series[-1])


def whole_span(series: NDArray[np.float64]) -> float:
    """Mean over the months that have a value; NaN if none has."""
    known = series[np.isfinite(series)]
    return float(known.mean()) if known.size else math.nan


Window = Callable[[NDArray[np.float64]], float]
WINDOWS: dict[str, Window] = {"last month": last_month, "all months": whole_span}


@dataclass(frozen=True, repr=False)
class Comparison:
    """Paired differences of two scenarios.

    Attributes
    ----------
    a, b
        Results, replicate by replicate with the same seeds.
    region
        Region in focus.
    table
        One row an indicator and window: `region`, `indicator`, `window`, means `a` and `b`, `difference`
        (b - a), `standard_error`, `low` and `high` (90 % interval of the mean difference, Student's t),
        `pairs` (seeds in which both scenarios have a value).
    """

    a: Result
    b: Result
    region: str
    table: pd.DataFrame

    def __repr__(self) -> str:
        names, seeds = (self.a.scenario.name, self.b.scenario.name), self.a.seeds
        lines = [
            f"{names[1]} against {names[0]}: {len(seeds)} pairs, seeds {seeds[0]} to {seeds[-1]}",
            f"difference = {names[1]} - {names[0]}, mean over pairs with standard error and 90 % interval",
        ]
        forms = {indicator.label: indicator.form for indicator in INDICATORS}
        for (region, window), rows in self.table.groupby(["region", "window"], sort=False):
            cells = [["", names[0], names[1], "difference", "s.e.", "90 % interval", "pairs"]]
            cells += [_cells(row, forms[row["indicator"]]) for _, row in rows.iterrows()]
            lines += ["", f"{region}, {window}", *aligned(cells)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, escape=True, float_format="{:.4g}".format, border=0)


def _cells(row: pd.Series, form: str) -> list[str]:
    signed = form.replace("{:", "{:+")
    interval = f"{write(row['low'], signed)} to {write(row['high'], signed)}"
    return [
        row["indicator"], write(row["a"], form), write(row["b"], form), write(row["difference"], signed),
        write(row["standard_error"], form), interval, str(row["pairs"]),
    ]


def compare(
    a: Source,
    b: Source,
    *,
    region: str = "china",
    seed: int = 1,
    replicates: int = 16,
    uncertainty: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> Comparison:
    """Run two scenarios on the same seeds and compare them pair by pair.

    Parameters
    ----------
    a, b
        Scenarios as `sim.simulate` takes them; differences are b - a.
    region
        Region whose labs, prices and margins are compared, beside the world's.
    seed, replicates, uncertainty, workers, progress
        As in `sim.simulate`.

    Returns
    -------
    Comparison
        The differences as a frame, and both results.

    Raises
    ------
    RunError
        If a scenario lacks the region, or as in `sim.simulate`.
    """
    pair = [resolved(a), resolved(b)]
    for loaded in pair:
        if region not in loaded.scenario.regions:
            allowed = ", ".join(loaded.scenario.regions)
            raise RunError(f"region: '{region}', which '{loaded.name}' does not have; allowed: {allowed}")
    first, second = (
        simulate(
            loaded, seed=seed, replicates=replicates, uncertainty=uncertainty, workers=workers,
            progress=_half(progress, i),
        )
        for i, loaded in enumerate(pair)
    )
    return Comparison(first, second, region, differences(first, second, region))


def _half(progress: Progress | None, i: int) -> Progress | None:
    """Progress of the first or second of two equal parts as progress of the whole."""
    return None if progress is None else lambda done, total: progress(i * total + done, 2 * total)


def differences(a: Result, b: Result, region: str) -> pd.DataFrame:
    """The table of a `Comparison`, from two results with the same seeds."""
    rows = []
    for indicator in INDICATORS:
        where = WORLD if indicator.world else region
        first, second = (_series(result, indicator.column, where) for result in (a, b))
        for window, measure in WINDOWS.items():
            values = np.array([[measure(s) for s in first], [measure(s) for s in second]])
            rows.append({"region": where, "indicator": indicator.label, "window": window, **paired(*values)})
    return pd.DataFrame(rows)


def _series(result: Result, column: str, region: str) -> list[NDArray[np.float64]]:
    """A column of `market` in one region, an array a replicate."""
    rows = result.market[result.market["region"] == region].sort_values(["replicate", "month"])
    return [group.to_numpy(dtype=float) for _, group in rows.groupby("replicate")[column]]


def paired(a: NDArray[np.float64], b: NDArray[np.float64]) -> dict[str, float]:
    """Mean paired difference b - a with its standard error and 90 % interval.

    Pairs in which either value does not exist are left out; means are those of the pairs that count. One pair
    has no standard error.
    """
    both = np.isfinite(a) & np.isfinite(b)
    a, b, pairs = a[both], b[both], int(both.sum())
    if pairs == 0:
        missing = ("a", "b", "difference", "standard_error", "low", "high")
        return dict.fromkeys(missing, math.nan) | {"pairs": 0}
    difference = float((b - a).mean())
    error = float((b - a).std(ddof=1)) / math.sqrt(pairs) if pairs > 1 else math.nan
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, pairs - 1)) * error if pairs > 1 else math.nan
    return {
        "a": float(a.mean()), "b": float(b.mean()), "difference": difference, "standard_error": error,
        "low": difference - reach, "high": difference + reach, "pairs": pairs,
    }
