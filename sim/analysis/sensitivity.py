"""Which parameters of a study move an outcome: Sobol, Morris, or what any design allows, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from sim.analysis.effects import (
    MIN_POINTS,
    Bootstrap,
    Effect,
    ends,
    given_data,
    is_morris,
    morris,
    saltelli_block,
    sobol,
    whole_blocks,
)
from sim.analysis.points import Array, Luck, Mask, Points, luck
from sim.run.errors import RunError
from sim.run.summary import aligned, write
from sim.scenario.problems import did_you_mean, listed

if TYPE_CHECKING:
    from sim.run.tally import Progress
    from sim.study.results import StudyResults

METHODS = {"saltelli": "sobol", "morris": "morris"}
"""Method by design; any other design gets `given_data`."""
GIVEN = "given_data"
ENDS = "ends"
SHOWN = {
    "sobol": ("total_order", "first_order"),
    "morris": ("mu_star", "mu", "sigma"),
    GIVEN: ("first_order", "rank_correlation"),
}
"""Measures of a method that are printed; the first one gives the order of the rows."""
NAMES = {
    "total_order": "total order", "first_order": "first order", "mu_star": "mu*", "mu": "mu", "sigma": "sigma",
    "rank_correlation": "rank correlation",
}
LEAST = {"sobol": 8, "morris": 3, GIVEN: 8}
"""Fewest blocks, trajectories or points of which anything is said."""
BLOCKS = {"sobol": "blocks", "morris": "trajectories", GIVEN: "points"}
CORRELATED = 0.3
"""Rank correlation from which two parameters are said to vary together."""
MAX_WHOLE = 4
"""More indicators are printed in a line each."""
STRONGEST = 3
CONSTANT = 1e-12
"""Relative spread below which an outcome is said to be the same everywhere."""
MAX_RESAMPLES = 100_000


class Variation(NamedTuple):
    """How a study varies its parameters.

    Attributes
    ----------
    design
        Kind of design: ``saltelli``, ``morris`` or another.
    points
        All its points, those included that have not run.
    levels
        Levels of the grid of a Morris design.
    """

    design: str
    points: Points
    levels: int = 4


@dataclass(frozen=True, repr=False)
class Sensitivity:
    """What moves the outcomes of a study.

    Attributes
    ----------
    title
        What was looked at, in a line.
    method
        ``sobol``, ``morris`` or ``given_data``.
    table
        One row an indicator, parameter and measure: `indicator`, `method` (as above, or ``ends``), `factor`,
        `measure`, `value`, `low` and `high` (interval), `luck` (value of a parameter that does nothing but draw all
        luck anew), `points` (that count).
    luck
        One row an indicator: `points`, `replicates`, and the parts of its variance, as in `Luck`.
    notes
        What could not be computed, and what was done instead, by indicator.
    confidence
        Of the intervals.
    """

    title: str
    method: str
    table: pd.DataFrame
    luck: pd.DataFrame
    notes: dict[str, list[str]]
    confidence: float

    def __repr__(self) -> str:
        many = len(self.notes) > MAX_WHOLE
        return "\n".join([self.title, "", *self._summary()] if many else [self.title, *self._whole()])

    def _whole(self) -> Iterator[str]:
        for indicator, notes in self.notes.items():
            rows = self.table[self.table["indicator"] == indicator]
            yield from ("", indicator, *self._lines(rows), *(f"  {note}" for note in notes))

    def _summary(self) -> Iterator[str]:
        """The strongest parameters of each indicator, a line each."""
        width, measure = max(map(len, self.notes)), SHOWN[self.method][0]
        rows = self.table[(self.table["method"] == self.method) & (self.table["measure"] == measure)]
        rows = rows.dropna(subset=["value"])
        for indicator, notes in self.notes.items():
            first = rows[rows["indicator"] == indicator].nlargest(STRONGEST, "value")
            said = [f"{factor} {value:.2g}" for factor, value in zip(first["factor"], first["value"], strict=True)]
            yield f"  {indicator.ljust(width)}  {', '.join(said) or notes[-1]}"
        yield f"the {STRONGEST} parameters of most {NAMES[measure]}; --indicator NAME shows all of them, with intervals"

    def _lines(self, rows: pd.DataFrame) -> list[str]:
        rows, shown = rows[rows["method"] == self.method], SHOWN[self.method]
        if rows.empty:
            return []
        by_measure = {measure: rows[rows["measure"] == measure].set_index("factor") for measure in shown}
        order = by_measure[shown[0]]["value"].sort_values(ascending=False, kind="stable").index
        interval = f"{100 * self.confidence:g} % interval"
        cells = [["", *(head for measure in shown for head in (NAMES[measure], interval))]]
        for factor in order:
            found = [_cells(by_measure[measure], factor) for measure in shown]
            cells.append([str(factor), *(cell for pair in found for cell in pair)])
        return aligned(cells)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, escape=True, float_format="{:.4g}".format, border=0)


def _cells(rows: pd.DataFrame, factor: str) -> tuple[str, str]:
    if factor not in rows.index:
        return "-", ""
    value, low, high = (float(rows.loc[factor, column]) for column in ("value", "low", "high"))  # type: ignore[arg-type]
    if np.isnan(value):
        return "-", ""
    return write(value, "{:.3g}"), f"{write(low, '{:.3g}')} to {write(high, '{:.3g}')}"


def sensitivity(
    results: StudyResults,
    indicators: Sequence[str] = (),
    *,
    bootstrap: Bootstrap | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Measure what the parameters of a study do to its indicators: `measure` of its runs.

    Parameters
    ----------
    results
        What `sim.load_results` gave, of a finished sweep or not.
    indicators
        Names of those to look at; none: all that the study keeps.
    bootstrap, progress
        As in `measure`.

    Raises
    ------
    RunError
        If an indicator is unknown or a number is out of range.
    """
    study = results.study
    there = [indicator.name for indicator in study.indicators]
    for name in indicators:
        if name not in there:
            raise RunError(f"indicator: '{name}'; allowed: {listed(there)}{did_you_mean(name, there)}")
    points = Points.of(results.design, [factor.name for factor in study.factors])
    variation = Variation(study.design, points, study.morris_levels)
    return measure(results.runs, variation, indicators or there, bootstrap=bootstrap, progress=progress)


def measure(
    runs: pd.DataFrame,
    variation: Variation,
    indicators: Sequence[str],
    *,
    bootstrap: Bootstrap | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Measure what parameters do to outcomes.

    Outcomes are means over the replicates of a point. Runs that failed, or have no value of an indicator, are left
    out of that mean; a point without any makes its block (Saltelli) or trajectory (Morris) useless, which is then
    left out whole. Indices describe the parameters where the model gave a value.

    Parameters
    ----------
    runs
        One row a (point, replicate): `point`, `replicate`, `seed`, `status`, and a column for each indicator.
    variation
        How the study varies its parameters.
    indicators
        Columns of `runs` to look at.
    bootstrap
        How intervals are made.
    progress
        Called with the indicators done and all.

    Raises
    ------
    RunError
        If the points are not of the design that they are said to be, or a number is out of range.
    """
    bootstrap = bootstrap or Bootstrap()
    check_bootstrap(bootstrap)
    block = _block(variation)
    rows: list[dict[str, object]] = []
    parts: list[dict[str, object]] = []
    notes: dict[str, list[str]] = {}
    for done, indicator in enumerate(indicators):
        part = luck(runs, indicator)
        outcome = variation.points.means(runs, indicator)
        found, notes[indicator] = _of_one(variation, block, outcome, part, bootstrap)
        rows += [{"indicator": indicator, **row} for row in found]
        parts.append({"indicator": indicator, **asdict(part)})
        if progress is not None:
            progress(done + 1, len(indicators))
    columns = ["indicator", "method", "factor", "measure", "value", "low", "high", "luck", "points"]
    return Sensitivity(
        _title(runs, variation), METHODS.get(variation.design, GIVEN), pd.DataFrame(rows, columns=columns),
        pd.DataFrame(parts, columns=["indicator", *Luck.__dataclass_fields__]), notes, bootstrap.confidence,
    )


def check_bootstrap(bootstrap: Bootstrap) -> None:
    """Refuse numbers that no bootstrap can take.

    Raises
    ------
    RunError
        If one is out of range.
    """
    if not 2 <= bootstrap.resamples <= MAX_RESAMPLES:
        raise RunError(f"resamples: {bootstrap.resamples}; allowed: 2 to {MAX_RESAMPLES}")
    if not 0 < bootstrap.confidence < 1:
        raise RunError(f"confidence: {bootstrap.confidence:g}; allowed: above 0 and below 1")


def _block(variation: Variation) -> int:
    """Points that only count together: those of a block or trajectory."""
    values = variation.points.values
    if variation.design == "saltelli":
        block = saltelli_block(values)
    elif variation.design == "morris":
        block = values.shape[1] + 1 if is_morris(values) else None
    else:
        block = 1
    if block is None:
        raise RunError(
            f"design: {len(values)} points of {values.shape[1]} parameters, said to be a {variation.design} design, "
            "are not; allowed: the whole design as 'aimarkets sweep' wrote it"
        )
    return block


def _of_one(
    variation: Variation, block: int, outcome: Array, part: Luck, bootstrap: Bootstrap
) -> tuple[list[dict[str, object]], list[str]]:
    """Rows of one indicator, and what is to be said of them."""
    points, method = variation.points, METHODS.get(variation.design, GIVEN)
    whole = whole_blocks(outcome, block)
    notes = [*_missing(outcome, whole, block, method), *_of_luck(part)]
    counting = outcome.reshape(-1, block)[whole]
    if len(counting) < LEAST[method]:
        return [], [*notes, f"no measure: {len(counting)} whole {BLOCKS[method]}; needed: {LEAST[method]}"]
    if np.ptp(counting[:, [0, -1]]) <= CONSTANT * np.abs(counting).max():
        return [], [*notes, f"no measure: the same value ({counting[0, 0]:g}) everywhere"]
    estimate: Callable[[], list[Effect]]
    if method == "sobol":
        estimate = partial(sobol, points, outcome, block, bootstrap, part.of_means)
    elif method == "morris":
        luck_sd = float(np.sqrt(part.of_means * np.nanvar(outcome, ddof=1)))
        estimate = partial(morris, points, outcome, variation.levels, bootstrap, luck_sd)
    else:
        estimate = partial(given_data, points, outcome, bootstrap)
        notes += _confounded(points, outcome)
    measured = [(method, effect, counting.size) for effect in estimate()]
    if any(np.isnan(effect.value) for _, effect, _ in measured):
        there = f"{counting.size} points; needed: {MIN_POINTS}"
        notes.append(f"no {NAMES['first_order']} of parameters with more than ten values: {there}")
    measured += [(ENDS, effect, int(np.isfinite(outcome).sum())) for effect in ends(points, outcome, bootstrap)]
    return [{"method": name, **effect._asdict(), "points": size} for name, effect, size in measured], notes


def _missing(outcome: Array, whole: Mask, block: int, method: str) -> list[str]:
    missing = int(np.isnan(outcome).sum())
    if not missing:
        return []
    said = f"{missing} of {len(outcome)} points have no value"
    if block > 1:
        said += f", so {int((~whole).sum())} of {len(whole)} {BLOCKS[method]} are left out"
    return [f"{said}; the measures describe where there are values"]


def _of_luck(part: Luck) -> list[str]:
    if part.replicates < 2:
        return ["one replicate a point: luck counts as an effect of parameters, and how much is not known"]
    if np.isnan(part.parameters):
        return []
    shares = f"{part.parameters:.0%} parameters, {part.shared:.0%} seeds as such, {part.own:.0%} other luck"
    return [f"variance of a run: {shares}; of means over {part.replicates} replicates {part.of_means:.0%} is luck"]


def _confounded(points: Points, outcome: Array) -> list[str]:
    """Say which parameters vary together, so that the effect of one cannot be told from the other's."""
    known = points.values[np.isfinite(outcome)]
    varied = [i for i in range(known.shape[1]) if points.names[i] not in points.texts and np.ptp(known[:, i]) > 0]
    together = np.atleast_2d(np.corrcoef(rankdata(known[:, varied], axis=0), rowvar=False))
    return [
        f"{points.names[varied[i]]} and {points.names[varied[j]]} vary together (rank correlation "
        f"{together[i, j]:+.2f}): their effects are hard to part"
        for i, j in combinations(range(len(varied)), 2)
        if abs(together[i, j]) > CORRELATED
    ]


def _title(runs: pd.DataFrame, variation: Variation) -> str:
    points = variation.points
    ran = int(runs["point"].nunique())
    said = f"{variation.design}: {ran} of {len(points.labels)} points of {len(points.names)} parameters"
    failed = int((runs["status"] == "failed").sum())
    return f"{said}, {len(runs)} runs" + (f", {failed} of them failed" if failed else "")
