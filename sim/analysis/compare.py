"""Two scenarios side by side, paired by seed: what the difference between them does, and how surely.

Both scenarios share every draw that both make, so the difference of a pair is the effect of what differs in
the files, and its spread over seeds is much smaller than that of either scenario.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sim.analysis.flips import flips, lines_of
from sim.record import WORLD
from sim.run.errors import RunError
from sim.run.results import Result
from sim.run.simulate import Source, resolved, simulate
from sim.run.summary import aligned, write
from sim.run.tally import Progress

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
    Indicator("concentration", "concentration of labs in spending (Herfindahl)", "{:.3f}", world=True),
    Indicator("margin_closed", "gross margin, closed models", "{:.3f}", world=True),
    Indicator("margin_open", "gross margin, labs' own open models", "{:.3f}", world=True),
    Indicator("margin_clouds", "gross margin, clouds on others' open models", "{:.3f}", world=True),
)


def last_month(series: NDArray[np.float64]) -> float:
    """Value at the end."""
    return float(series[-1])


def last_year(series: NDArray[np.float64]) -> float:
    """Mean over the last 12 months, of those that have a value; NaN if none has."""
    return whole_span(series[-12:])


def whole_span(series: NDArray[np.float64]) -> float:
    """Mean over the months that have a value; NaN if none has."""
    known = series[np.isfinite(series)]
    return float(known.mean()) if known.size else math.nan


Window = Callable[[NDArray[np.float64]], float]
LAST_YEAR = "last 12 months"
WINDOWS: dict[str, Window] = {"last month": last_month, LAST_YEAR: last_year, "all months": whole_span}


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
        One row an indicator and window: `region`, `column`, `indicator`, `window`, means `a` and `b`, `difference`
        (b - a), `standard_error`, `low` and `high` (90 % interval of the mean difference, Student's t),
        `pairs` (seeds in which both scenarios have a value).
    path
        The same month by month: `month` in the place of `window`.
    flips
        Each lab's first decision that differs, pair by pair; see `sim.analysis.flips.flips`.
    """

    a: Result
    b: Result
    region: str
    table: pd.DataFrame
    path: pd.DataFrame
    flips: pd.DataFrame

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
        return "\n".join([*lines, "", *lines_of(self.flips, len(seeds))])

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, escape=True, float_format="{:.4g}".format, border=0)

    def save(self, folder: str | Path, *, force: bool = False, command: str | None = None) -> Path:
        """Write tables, figure and provenance into a folder; see `sim.analysis.compare_files.save`."""
        from sim.analysis.compare_files import save  # matplotlib is slow to import

        return save(self, Path(folder), force=force, command=command)


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
    return of_results(first, second, region)


def of_results(a: Result, b: Result, region: str = "china") -> Comparison:
    """Compare two results with the same seeds.

    Raises
    ------
    RunError
        If their seeds differ.
    """
    if a.seeds != b.seeds:
        raise RunError(f"'{a.scenario.name}' and '{b.scenario.name}' have different seeds and cannot be paired")
    return Comparison(a, b, region, differences(a, b, region), path(a, b, region), flips(a, b))


def _half(progress: Progress | None, i: int) -> Progress | None:
    """Progress of the first or second of two equal parts as progress of the whole."""
    return None if progress is None else lambda done, total: progress(i * total + done, 2 * total)


def differences(a: Result, b: Result, region: str) -> pd.DataFrame:
    """The table of a `Comparison`, from two results with the same seeds."""
    rows = []
    for head, first, second in _indicators(a, b, region):
        for window, measure in WINDOWS.items():
            values = np.array([[measure(s) for s in first], [measure(s) for s in second]])
            rows.append({**head, "window": window, **paired(*values)})
    return pd.DataFrame(rows)


def path(a: Result, b: Result, region: str) -> pd.DataFrame:
    """Paired differences month by month, over the months that both results have."""
    months = [np.sort(result.market["month"].unique()) for result in (a, b)]
    shared = np.intersect1d(months[0], months[1])
    places = [np.searchsorted(of_one, shared) for of_one in months]
    rows = []
    for head, *series in _indicators(a, b, region):
        values = [np.stack(of_one)[:, place] for of_one, place in zip(series, places, strict=True)]
        for k, month in enumerate(shared):
            rows.append({**head, "month": month, **paired(values[0][:, k], values[1][:, k])})
    return pd.DataFrame(rows)


def _indicators(a: Result, b: Result, region: str) -> Iterator[tuple[dict[str, str], list[Series], list[Series]]]:
    """What is compared: its region and names, and the series of both results, replicate by replicate."""
    for indicator in INDICATORS:
        where = WORLD if indicator.world else region
        head = {"region": where, "column": indicator.column, "indicator": indicator.label}
        yield head, _series(a, indicator.column, where), _series(b, indicator.column, where)


Series = NDArray[np.float64]


def _series(result: Result, column: str, region: str) -> list[Series]:
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
