"""Where in the space of its parameters a study ends as asked: scenario discovery (Bryant and Lempert 2010).

The cases that meet a condition are described by boxes, a few limits on a few parameters each, with the part of
those cases that a box holds (coverage) and the part of the box that they make up (density). Boxes come from a
shallow tree; how far to trust each limit comes from drawing the points again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.analysis.boxes import Box, Cases, Limit, counts, inside, quasi_p
from sim.analysis.points import Array, Mask, Places, Points, as_text, is_text
from sim.analysis.trees import LEAST_POINTS, Features, Grower
from sim.run.errors import RunError
from sim.run.summary import aligned, write
from sim.scenario.predicate import Predicate, PredicateError, Vocabulary, parse

if TYPE_CHECKING:
    from sim.run.tally import Progress
    from sim.study.results import StudyResults

STATUS = "status"
"""Column that says whether a run failed; a condition may name it too: ``status == failed``."""
ALL = "all"
"""Name of the row for all boxes together."""
MAX_RESAMPLES = 10_000
CONFIDENCE = 0.9


@dataclass(frozen=True, repr=False)
class Discovery:
    """What was found.

    Attributes
    ----------
    where
        The condition.
    title
        How many cases there were and how many met it.
    boxes
        One row a box, and ``all`` for their union: `box`, `coverage`, `density`, `mass`; `coverage_left_out` and
        `density_left_out`, the same for boxes found without the points that they are measured on.
    limits
        One row a limit: `box`, `factor`, `side` (``above``, ``up to`` or ``levels``), `at`, `levels`, `quasi_p`
        (chance of so dense a box if the limit meant nothing), `recurs` (part of resamples whose closest box has
        that limit), `at_low` and `at_high` (where it then lies, 90 % interval).
    least_density
        That was asked for.
    """

    where: str
    title: str
    boxes: pd.DataFrame
    limits: pd.DataFrame
    least_density: float

    def __repr__(self) -> str:
        lines = [self.title]
        if self.boxes.empty:
            return f"{self.title}\nno box has a density of {self.least_density:g} or more that is not chance"
        for row in self.boxes.to_dict("records"):
            if row["box"] != ALL or len(self.boxes) > 2:
                name = "all boxes" if row["box"] == ALL else f"box {row['box']}"
                lines += ["", f"{name}: {_quality(row, '')}; on points left out {_quality(row, '_left_out')}"]
            limits = self.limits[self.limits["box"] == row["box"]]
            if not limits.empty:
                head = ["", "limit", "90 % interval", "recurs", "quasi-p"]
                lines += aligned([head, *map(_limit_cells, limits.to_dict("records"))])
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return "".join(
            table.to_html(index=False, escape=True, float_format="{:.4g}".format, border=0)
            for table in (self.boxes, self.limits)
        )


def _quality(row: dict[Any, Any], suffix: str) -> str:
    return ", ".join(f"{name} {write(row[name + suffix], '{:.0%}')}" for name in ("coverage", "density"))


def _limit_cells(row: dict[Any, Any]) -> list[str]:
    if row["side"] == "levels":
        limit, interval = str(row["levels"]), ""
    else:
        limit = f"{'>' if row['side'] == 'above' else '<='} {row['at']:.4g}"
        interval = f"{write(row['at_low'], '{:.4g}')} to {write(row['at_high'], '{:.4g}')}"
    return [str(row["factor"]), limit, interval, f"{row['recurs']:.0%}", f"{row['quasi_p']:.2g}"]


def discover(
    results: StudyResults,
    where: str,
    *,
    least_density: float = 0.7,
    resamples: int = 200,
    seed: int = 1,
    progress: Progress | None = None,
) -> Discovery:
    """Describe by boxes where the runs of a study meet a condition: `describe` of its runs.

    Parameters
    ----------
    results
        What `sim.load_results` gave, of a finished sweep or not.
    where, least_density, resamples, seed, progress
        As in `describe`.

    Raises
    ------
    RunError
        As `describe`.
    """
    study = results.study
    points = Points.of(results.design, [factor.name for factor in study.factors])
    return describe(
        results.runs, points, where, tuple(indicator.name for indicator in study.indicators),
        least_density=least_density, resamples=resamples, seed=seed, progress=progress,
    )


def describe(
    runs: pd.DataFrame,
    points: Points,
    where: str,
    indicators: tuple[str, ...],
    *,
    least_density: float = 0.7,
    resamples: int = 200,
    seed: int = 1,
    progress: Progress | None = None,
) -> Discovery:
    """Describe by boxes where runs meet a condition.

    A case is a run. A point counts once, and its replicates share that; points are drawn again, and left out in
    cross-validation, with all their replicates. Runs that failed or lack a value of what the condition names
    are left out: they neither meet it nor fail to.

    Parameters
    ----------
    runs
        One row a (point, replicate): `point`, `status`, and a column for each parameter and indicator.
    points
        The points of the design, those that have not run among them.
    where
        Such as ``cn_open_share > 0.5 and not (labs_at_end < 3)``; the grammar of `sim.scenario.predicate`.
    indicators
        Columns of `runs` that it may name beside the parameters and `status`.
    least_density
        Part of a box that must be of interest.
    resamples
        How often points are drawn again; 0 for never.
    seed
        For the draws.
    progress
        Called with the resamples done and all.

    Raises
    ------
    RunError
        If the condition cannot be read, or too few runs meet it or fail to.
    """
    if not 0 < least_density <= 1:
        raise RunError(f"density: {least_density:g}; allowed: above 0, at most 1")
    if not 0 <= resamples <= MAX_RESAMPLES:
        raise RunError(f"resamples: {resamples}; allowed: 0 to {MAX_RESAMPLES}")
    condition = read(where, runs, (*indicators, *points.names, STATUS))
    known = runs[_known(runs, condition)]
    place = np.searchsorted(points.labels, known["point"].to_numpy(dtype=np.int64)).astype(np.int64)
    cases = _cases(points.values[place], _meets(known, condition), place)
    _check(cases, where, known, condition)
    texts = frozenset(points.names.index(name) for name in points.texts)
    grower = Grower(Features.of(cases.values, texts), least_density, seed)
    cut = grower.cut(cases, place)
    boxes = grower.boxes(cases, cut)
    again = _again(grower, cut, cases, place, boxes, resamples, progress) if boxes else _Again.of(boxes)
    title = f"{where}: {cases.hits / cases.mass:.0%} of {len(np.unique(place))} points ({len(known)} runs)"
    if len(known) < len(runs):
        title += f"; {len(runs) - len(known)} runs failed or have no value and are left out"
    tables = _box_table(cases, boxes, again), _limit_table(cases, boxes, again, points)
    return Discovery(where, title, *tables, least_density)


def read(where: str, runs: pd.DataFrame, names: tuple[str, ...]) -> Predicate:
    """Read a condition on columns of a study's runs.

    Raises
    ------
    RunError
        With the column in the text, what stands there and what may, such as the names there are.
    """
    texts = frozenset(name for name in names if is_text(runs[name]))
    try:
        return parse(where, Vocabulary(frozenset(names) - texts, texts))
    except PredicateError as error:
        raise RunError(f"where: {where!r}, {error}") from error


def _known(runs: pd.DataFrame, condition: Predicate) -> Mask:
    """Which runs have a value of everything that the condition names."""
    return runs[sorted(condition.fields)].notna().all(axis=1).to_numpy()


def _meets(runs: pd.DataFrame, condition: Predicate) -> Mask:
    named = runs[sorted(condition.fields)]
    plain = pd.DataFrame({name: as_text(named[name]) if is_text(named[name]) else named[name] for name in named})
    rows: list[dict[Any, Any]] = plain.to_dict("records")
    return np.array([condition(row) for row in rows], dtype=np.bool_)


def _cases(values: Array, interest: Mask, place: Places) -> Cases:
    replicates = np.bincount(place)
    return Cases(values, interest, 1 / replicates[place])


def _check(cases: Cases, where: str, known: pd.DataFrame, condition: Predicate) -> None:
    """Refuse a condition that splits nothing."""
    if LEAST_POINTS <= cases.hits <= cases.mass - LEAST_POINTS:
        return
    ranges = [
        f"{name} goes from {known[name].min():.4g} to {known[name].max():.4g}"
        for name in sorted(condition.fields)
        if len(known) and not is_text(known[name])
    ]
    met = f"met by {cases.interest.sum()} of {len(known)} runs"
    needed = f"allowed: a condition that at least {LEAST_POINTS} points meet and {LEAST_POINTS} do not"
    raise RunError(f"where: {where!r}, {'; '.join([met, needed, *ranges])}")


@dataclass(frozen=True)
class _Again:
    """What came of drawing the points again: for each box, then for all together.

    Attributes
    ----------
    left_out
        Weights on points left out: of interest inside, inside, of interest; (boxes + 1, 3).
    limits
        For each box, the limits of the closest box of each resample that found any.
    resamples
        How many there were.
    """

    left_out: Array
    limits: tuple[list[Box], ...]
    resamples: int

    @classmethod
    def of(cls, boxes: list[Box], resamples: int = 0) -> _Again:
        """Before the first draw."""
        return cls(np.zeros((len(boxes) + 1, 3)), tuple([] for _ in boxes), resamples)


def _again(
    grower: Grower, cut: float, cases: Cases, place: Places, boxes: list[Box], resamples: int,
    progress: Progress | None,
) -> _Again:
    """Draw points with replacement, find boxes among them, and look at the points left out.

    Each tree is cut back as strongly as the one on all points.
    """
    again = _Again.of(boxes, resamples)
    rng, points = np.random.default_rng(grower.seed), int(place.max()) + 1
    there = np.bincount(place, minlength=points) > 0
    held = [inside(box, cases.values) for box in boxes]
    for done in range(resamples):
        drawn = rng.multinomial(int(there.sum()), there / there.sum())
        found = grower.boxes(cases.weighed(cases.weights * drawn[place]), cut)
        masks = [inside(box, cases.values) for box in found]
        rest = cases.weighed(cases.weights * (drawn[place] == 0))
        for i, mask in enumerate(held):
            near = _nearest(mask, masks, cases.weights)
            if near is not None:
                again.limits[i].append(found[near])
            _look(rest, None if near is None else masks[near], again.left_out[i])
        _look(rest, np.logical_or.reduce(masks) if masks else None, again.left_out[-1])
        if progress is not None:
            progress(done + 1, resamples)
    return again


def _nearest(mask: Mask, masks: list[Mask], weights: Array) -> int | None:
    """Which of several boxes shares most with one, as a part of what either holds; none if none shares any."""
    shared = [weights[mask & other].sum() / weights[mask | other].sum() for other in masks]
    return int(np.argmax(shared)) if shared and max(shared) > 0 else None


def _look(rest: Cases, mask: Mask | None, sums: Array) -> None:
    hits, mass = (0.0, 0.0) if mask is None else counts(rest, mask)
    sums += (hits, mass, rest.hits)


def _box_table(cases: Cases, boxes: list[Box], again: _Again) -> pd.DataFrame:
    held = [inside(box, cases.values) for box in boxes]
    rows = []
    if boxes:
        named = [*zip(map(str, range(1, len(boxes) + 1)), held, strict=True), (ALL, np.logical_or.reduce(held))]
        for (name, mask), (hits_out, mass_out, of_interest_out) in zip(named, again.left_out, strict=True):
            hits, mass = counts(cases, mask)
            rows.append({
                "box": name, "coverage": hits / cases.hits, "density": hits / mass, "mass": mass / cases.mass,
                "coverage_left_out": hits_out / of_interest_out if of_interest_out else math.nan,
                "density_left_out": hits_out / mass_out if mass_out else math.nan,
            })  # fmt: skip
    columns = ["box", "coverage", "density", "mass", "coverage_left_out", "density_left_out"]
    return pd.DataFrame(rows, columns=columns)


def _limit_table(cases: Cases, boxes: list[Box], again: _Again, points: Points) -> pd.DataFrame:
    rows = []
    for i, box in enumerate(boxes):
        for limit, chance in zip(box, quasi_p(cases, box), strict=True):
            others = [other for found in again.limits[i] for other in found if other.kind == limit.kind]
            rows.append({
                "box": str(i + 1), "factor": points.names[limit.factor], **_written(limit, points),
                "quasi_p": chance,
                "recurs": len(others) / again.resamples if again.resamples else math.nan,
                **_spread(others),
            })  # fmt: skip
    columns = ["box", "factor", "side", "at", "levels", "quasi_p", "recurs", "at_low", "at_high"]
    return pd.DataFrame(rows, columns=columns)


def _written(limit: Limit, points: Points) -> dict[str, object]:
    if limit.side != "levels":
        return {"side": limit.side, "at": limit.at, "levels": ""}
    levels = points.levels[points.names[limit.factor]]
    return {"side": limit.side, "at": math.nan, "levels": ", ".join(levels[i] for i in sorted(limit.levels))}


def _spread(others: list[Limit]) -> dict[str, float]:
    places = [limit.at for limit in others if limit.side != "levels"]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(places, [tail, 1 - tail]) if places else (math.nan, math.nan)
    return {"at_low": float(low), "at_high": float(high)}
