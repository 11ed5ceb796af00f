"""The report of a sweep: what moves the outcomes, phase diagrams, failures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pandas.api.types import is_numeric_dtype

from sim.analysis.effects import Bootstrap
from sim.analysis.sensitivity import ENDS, Sensitivity, sensitivity
from sim.figures import wording
from sim.figures.phase import phase
from sim.figures.sensitivity import sensitivity as bars
from sim.figures.sensitivity import tornado
from sim.report.content import Block, Picture, Points, Report, Section, Table
from sim.run.errors import RunError
from sim.study.results import StudyResults, load_results
from sim.study.store import DONE, Manifest, Store

OPENNESS = "open"
MOST = 6
"""Outcomes that get figures of their own."""
RESAMPLES = 500


def holds_sweep(folder: Path) -> bool:
    """Whether a folder is that of a sweep."""
    try:
        Store(folder).manifest()
    except RunError:
        return False
    return True


def report(folder: Path) -> Report:
    """Put the report of a sweep together.

    Raises
    ------
    RunError
        If the folder holds no sweep, a damaged one, or one without a finished run.
    """
    made, results = Store(folder).manifest(), load_results(folder)
    done = results.runs[results.runs["status"] == DONE]
    if not len(done):
        raise RunError(f"{folder}: no run of this sweep has finished")
    outcomes = _ordered([indicator.name for indicator in results.study.indicators], done)
    shown = outcomes[:MOST]
    found = sensitivity(results, shown, bootstrap=Bootstrap(RESAMPLES))
    study = f"study '{made.name}' {made.study_hash[:8]}"
    source = f"aimarkets {made.versions.get('aimarkets', '')}, {study}, {len(done)} runs"
    sections = [_moves(found, name, source) for name in shown]
    phases = _phases(results, done, shown, source)
    sections += [Section("Two parameters at a time", phases)] if phases else []
    sections += [
        Section("The outcomes", [_spread(done, outcomes)]),
        Section("What was varied", [_factors(results)]),
        Section("Runs that failed", [_failures(results)]),
        Section("Known limits", [Points(_limits(results, found))]),
        Section("Where the numbers come from", [_provenance(made, results)]),
    ]
    pictures = [block for section in sections for block in section.blocks if isinstance(block, Picture)]
    overview = next((each for each in pictures if each.name.startswith("phase")), None) or (
        pictures[0] if pictures else Picture("outcomes", partial(_nothing, source))
    )
    return Report(
        title=results.study.title or results.study.name, asked=_asked(results),
        answer=_answer(results, done, shown, found),
        sections=sections, overview=overview,
        about={
            "Version": made.versions.get("aimarkets", "not known"),
            "Scenario": study,
            "Seeds": f"from {results.study.seed}, {results.study.replicates} a point",
        },
    )  # fmt: skip


def _ordered(names: list[str], done: pd.DataFrame) -> list[str]:
    """Outcomes that vary, those about openness first."""
    varied = [name for name in names if done[name].nunique(dropna=True) > 1]
    return sorted(varied, key=lambda name: OPENNESS not in name) or names


def _moves(found: Sensitivity, outcome: str, source: str) -> Section:
    table = found.table[found.table["indicator"] == outcome]
    blocks: list[Block] = []
    if (table["method"] != ENDS).any():
        blocks.append(Picture(f"sensitivity-{outcome}", partial(_bars, table, source)))
    if (table["method"] == ENDS).any():
        blocks.append(Picture(f"tornado-{outcome}", partial(_tornado, table, source)))
    blocks.append(Points(found.notes[outcome]) if found.notes[outcome] else "Every point has a value.")
    return Section(f"What moves {wording.sentence(outcome.replace('_', ' '))}", blocks)


def _bars(table: pd.DataFrame, source: str, width: str) -> Figure:
    return bars(table, source=source, width=width)


def _tornado(table: pd.DataFrame, source: str, width: str) -> Figure:
    return tornado(table, source=source, width=width)


def _nothing(source: str, width: str) -> Figure:
    return tornado(pd.DataFrame(columns=["indicator", "method", "factor", "measure", "value", "low", "high"]),
                   source=source, width=width)  # fmt: skip


def _phases(results: StudyResults, done: pd.DataFrame, outcomes: list[str], source: str) -> list[Block]:
    """A diagram of the first outcome for each pair of the parameters, where there are few of them."""
    names = [factor.name for factor in results.study.factors]
    numbers = [name for name in names if is_numeric_dtype(done[name]) and done[name].nunique() > 1]
    if not outcomes or not 2 <= len(numbers) <= 4:
        return []
    return [
        Picture(
            f"phase-{outcome}-{place}",
            partial(_phase, done, x, y, outcome, _base(results, x, y), source),
        )
        for outcome in outcomes[:2]
        for place, (x, y) in enumerate(combinations(numbers, 2))
    ]


def _phase(
    done: pd.DataFrame,
    x: str,
    y: str,
    outcome: str,
    base: tuple[float, float] | None,
    source: str,
    width: str,
) -> Figure:
    return phase(done, x=x, y=y, value=outcome, baseline=base, source=source, width=width)


def _base(results: StudyResults, x: str, y: str) -> tuple[float, float] | None:
    """The values of the scenario that the points change, where both are numbers."""
    data = next(iter(results.study.bases.values())).data
    values = [_value(data, path) for path in (x, y)]
    return None if values[0] is None or values[1] is None else (values[0], values[1])


def _value(data: object, path: str) -> float | None:
    for key in path.split("."):
        if not isinstance(data, Mapping) or key not in data:
            return None
        data = data[key]
    if isinstance(data, Mapping):
        data = data.get("mode")
    return float(data) if isinstance(data, int | float) and not isinstance(data, bool) else None


def _asked(results: StudyResults) -> list[str]:
    study = results.study
    factors = wording.listed([factor.name for factor in study.factors])
    runs = f"{len(results.design)} points, {study.replicates} runs each"
    return [f"What do {factors} do in '{next(iter(study.bases))}'? A {study.design} design: {runs}."]


def _answer(results: StudyResults, done: pd.DataFrame, outcomes: list[str], found: Sensitivity) -> list[str]:
    planned = len(results.design) * results.study.replicates
    said = [] if results.complete else [f"So far {len(results.runs):,} of {planned:,} runs are there."]
    for name in outcomes[:3]:
        values = done.groupby("point")[name].mean().dropna()
        if not len(values):
            continue
        low, high = (f"{value:.3g}" for value in np.quantile(values, [0.05, 0.95]))
        table = found.table
        ends = table[(table["indicator"] == name) & (table["method"] == ENDS)]
        wide = ends.pivot_table(index="factor", columns="measure", values="value")
        sentence = f"Over the points, {name.replace('_', ' ')} runs from {low} to {high} (90 % of them)"
        if {"mean_low", "mean_high"} <= set(wide.columns) and len(wide):
            spans = wide["mean_high"] - wide["mean_low"]
            most = str(spans.abs().idxmax())
            way = "raises" if spans[most] > 0 else "lowers"
            sentence += f"; from low to high, {most} {way} it most, by {abs(spans[most]):.3g}"
        said.append(f"{sentence}.")
    return said if done[outcomes[:3]].notna().any(axis=None) else [*said, "No outcome has values."]


def _spread(done: pd.DataFrame, outcomes: list[str]) -> Table:
    rows = []
    for name in outcomes:
        values = done[name].dropna()
        cells = (
            [f"{value:.4g}" for value in np.quantile(values, [0.05, 0.5, 0.95])] if len(values) else ["–"] * 3
        )
        rows.append([name, *cells, str(len(values))])
    return Table(["outcome", "5 % of runs below", "median", "95 % below", "runs"], rows, numbers=True)


def _factors(results: StudyResults) -> Table:
    rows = []
    for factor in results.study.factors:
        values = results.design[factor.name]
        numeric = is_numeric_dtype(values)
        what = (
            f"{values.min():.4g} to {values.max():.4g}"
            if numeric
            else ", ".join(sorted(map(str, values.unique())))
        )
        rows.append([factor.name, what, str(values.nunique())])
    return Table(["parameter", "values", "different ones"], rows)


def _failures(results: StudyResults) -> Block:
    failed = results.runs[results.runs["status"] != DONE]
    if not len(failed):
        return "No run failed."
    counts = failed.groupby(["stage", "error"], dropna=False).size().sort_values(ascending=False).head(20)
    rows = [
        [str(row["stage"]), str(row["error"]), str(row[0])] for row in counts.reset_index().to_dict("records")
    ]
    return Table(["stage", "error", "runs"], rows)


def _limits(results: StudyResults, found: Sensitivity) -> list[str]:
    said = ["Indices hold for the ranges that were swept, and for these ranges alone."]
    if not results.complete:
        said.append("The sweep is not finished; the points that have run are shown.")
    if results.study.replicates == 1:
        said.append("There is one run a point, so luck counts as an effect of the parameters.")
    left = len(results.study.indicators) - len(found.notes)
    return [*said, *([f"{left} further outcomes are in the table only."] if left > 0 else [])]


def _provenance(made: Manifest, results: StudyResults) -> Table:
    commit = "not known" if made.git is None else made.git.commit[:12]
    scenarios = "; ".join(f"{name} {value[:12]}" for name, value in made.scenarios.items())
    rows = [
        ["study", made.name], ["study hash", made.study_hash], ["scenarios", scenarios],
        ["runs", f"{len(results.runs)} of {made.runs}"], ["aimarkets", made.versions.get("aimarkets", "not known")],
        ["commit", commit], ["started", f"{made.started:%Y-%m-%d %H:%M} UTC"],
        ["command", made.command or "from Python"],
    ]  # fmt: skip
    return Table(["", made.name], rows)
