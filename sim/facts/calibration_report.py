"""A calibration as text, as Markdown, and as a scenario that carries its result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import sim
from sim.facts.matching import MOST
from sim.facts.members import CENTRAL_SEEDS
from sim.facts.report import number, share, table
from sim.facts.rewriting import table_name
from sim.facts.surfaces import TUNES
from sim.facts.waves import entries_of
from sim.run.folder import write_whole
from sim.run.summary import aligned
from sim.scenario.library import library
from sim.scenario.nodes import SAMPLES, path_of
from sim.scenario.resolved import BLUEPRINT
from sim.scenario.writing import yaml_text

if TYPE_CHECKING:
    from sim.facts.calibrate import Calibration

REPORT, SCENARIO, SET = "calibration.md", "calibrated.yaml", "set.parquet"
LIKELY = 0.1
"""Odds from which a half-year without an opening is listed."""


def write(found: Calibration, folder: Path) -> None:
    """Write report, scenario and the points of the set into the folder of a calibration."""
    import pandas as pd

    rows = [entries_of(found.study, point) for point in found.set.points]
    write_whole(folder / SET, pd.DataFrame(rows).to_parquet())
    write_whole(folder / SCENARIO, fragment(found))
    write_whole(folder / REPORT, markdown(found))


def as_text(found: Calibration) -> str:
    """Waves and parameters."""
    return "\n".join([_source(found), "", *aligned(_waves(found)), "", *aligned(_parameters(found)), "", *_said(found)])


def _source(found: Calibration) -> str:
    study = f"study '{found.study.name}' {found.study.hash[:8]}, scenario '{found.base.name}' {found.base.hash[:8]}"
    return f"aimarkets {sim.__version__}, {study}, facts '{found.facts.name}' {found.facts.hash[:8]}"


def _waves(found: Calibration) -> list[list[str]]:
    rows = [
        [
            "wave", "runs", "failed", "part of the prior", "calibration facts", "held-out facts", "dates",
            "held-out dates",
        ]
    ]  # fmt: skip
    rows += [
        [
            str(row["wave"]), str(row["runs"]), str(row["failed"]), number(row["share_of_prior"]),
            share(row["calibration"]), share(row["held-out"]), number(row["surprise"]),
            number(row["surprise_held_out"]),
        ]
        for row in found.waves.to_dict("records")
    ]  # fmt: skip
    return rows


_OF_SIZES = {"part": share, "score": number, "error": number, "hit": share, "width": number}
"""Columns of the table of sizes, and how their numbers are shown."""


def _sizes(found: Calibration) -> list[str]:
    """How many runs are the set, and why."""
    if found.sizes.empty:
        return []
    rows = [
        ["runs", "part of all", "interval score", "standard error", "facts inside", "width, tolerances"],
        *(
            [str(row["runs"]), *(show(row[key]) for key, show in _OF_SIZES.items())]
            for row in found.sizes.to_dict("records")
        ),
    ]
    head = (
        "How many runs are the set: each family of calibration facts is left out in turn, and the runs that fit the "
        "others best foretell it. The interval score is the width of their 90 % interval plus twenty times the "
        "distance by which it misses, in tolerances, mean over facts. From the number of runs of least score down, as "
        "long as the score is within one standard error of it (over families, of the distance), the last one is taken."
    )
    return [head, "", *table(rows), ""]


def _parameters(found: Calibration) -> list[list[str]]:
    rows = [["parameter", "prior, 90 %", "set, 90 %", "median", "central", "left of prior", "identified"]]
    rows += [
        [
            row["parameter"], f"{number(row['prior_low'])} to {number(row['prior_high'])}",
            f"{number(row['low'])} to {number(row['high'])}", number(row["median"]),
            number(row["central"]), share(row["kept"]), "yes" if row["identified"] else "no",
        ]
        for row in found.parameters.to_dict("records")
    ]  # fmt: skip
    return rows


def _said(found: Calibration) -> list[str]:
    missed = found.fit[found.fit["least"] > MOST]["fact"].tolist()
    return [
        _size(found),
        _central(found),
        _identified(found),
        f"Met nowhere in the set: {', '.join(missed) or 'none'}.",
    ]


def _identified(found: Calibration) -> str:
    """The shorter of two lists: parameters that the facts identify, or those that they do not."""
    known = found.parameters["identified"].astype(bool)
    names, count = found.parameters["parameter"], len(known)
    if known.sum() < count / 2:
        listed = ", ".join(names[known]) or "none"
        return f"Identified by the facts: {listed}; the other {(~known).sum()} of {count} are not."
    return f"Not identified by the facts: {', '.join(names[~known]) or 'none'}."


def _size(found: Calibration) -> str:
    tuned = found.openings[found.openings["use"] == TUNES]
    if found.sizes.empty and len(tuned) and tuned["replayed"].all():
        drawn = len(np.unique(found.set.points, axis=0))
        return f"The set is a draw of {drawn} runs in proportion to the likelihood of the releases of history."
    if found.sizes.empty:
        return f"The set is what is not ruled out, {number(found.set.share)} of the prior."
    runs, scores, number_of = found.sizes["runs"], found.sizes["score"], len(found.set.points)
    own = scores[runs == number_of].iloc[0]
    return (
        f"The set is {number_of} of {runs.max()} runs: the smallest, from the best number down, that foretells "
        f"families of facts that had no part in choosing it as well, within a standard error (interval score "
        f"{number(own)}; the least {number(scores.min())}, all runs {number(scores.iloc[-1])})."
    )


def _central(found: Calibration) -> str:
    depths, failed = found.members.deviances, found.members.failed
    left_out = f" {failed} had a run that failed, and are left out." if failed else ""
    return (
        f"{len(depths) + failed} members of it were run again, each {CENTRAL_SEEDS} times with other luck."
        f"{left_out} The central member "
        f"has the least mean deviance ({number(depths[0])}; the median member {number(float(np.median(depths)))}): a "
        "scenario takes its values where nothing is drawn, else the values of a whole member."
    )


def markdown(found: Calibration) -> str:
    """The report."""
    facts = [["fact", "use", "hit by the last wave", "at the central member", "least in the set", "emulated"]]
    order = found.fit.sort_values(["hit", "at_central"], ascending=[True, False])
    facts += [
        [
            row["fact"], row["use"], share(row["hit"]), number(row["at_central"]), number(row["least"]),
            share(row["explained"]),
        ]
        for row in order.to_dict("records")
    ]  # fmt: skip
    lines = [
        "# Calibration", "", f"Written by `aimarkets calibrate`: {_source(found)}.", "",
        *(f"- {sentence}" for sentence in _said(found)), "",
        "Waves of runs, each from what the runs before did not rule out. *Facts*: the part of them inside the 90 % "
        "interval of a wave's runs, error of measurement included. *Dates*: logarithmic score of the dates of first "
        "openings, minus the mean log of the odds of what a firm did in a half-year (0 is perfect, 0.69 a coin).", "",
        *table(_waves(found)), "",
        *_sizes(found),
        "A parameter is identified if the set's 90 % interval is at most three quarters of the prior's.", "",
        *table(_parameters(found)), "",
        "Distances in standard deviations of measurement, luck and emulator together; *emulated* is the part of "
        "the runs' variance that the emulator explains.", "",
        *table(facts), "", *_openings(found),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _openings(found: Calibration) -> list[str]:
    """Half-years in which a firm opened, or in which that was likely."""
    if found.openings.empty:
        return []
    rows = [["firm", "half-year", "use", "opened", "odds, first wave", "odds, last wave"]]
    rows += [
        [
            row["lab"], f"{row['since']} to {row['until']}", row["use"], "yes" if row["opened"] else "no",
            share(row["first"]), share(row["last"]),
        ]
        for row in found.openings.to_dict("records")
        if row["opened"] or max(row["first"], row["last"]) > LIKELY
    ]  # fmt: skip
    head = f"Firms that had not opened yet: half-years in which they did, or in which the odds were over {LIKELY:.0%}."
    return [head, "", *table(rows)]


def fragment(found: Calibration) -> str:
    """A scenario that draws the calibrated parameters of the calibrated one from members of the set.

    It inherits a shipped scenario; of any other it is a whole copy, as files inherit from their own folder only.
    """
    name = table_name(f"{found.study.name}-{found.study.hash[:8]}")
    own = found.base.files[0]
    table = {SAMPLES: {name: columns(found)}}
    if own.parent != library():
        return found.base.with_values({**table, **samples(found, name)}).to_yaml()
    data: dict[str, object] = {"extends": own.stem}
    for key, value in samples(found, name).items():
        _put(data, path_of(key), value)
    return f"# From {_source(found)}\n{yaml_text(data | table)}"


def samples(found: Calibration, table: str) -> dict[str, object]:
    """Distribution of each key path: the column of a table that its factor has."""
    return {
        key: {"dist": "sample", "of": table, "column": factor.name}
        for factor in found.study.factors
        for key in factor.keys
    }


def columns(found: Calibration) -> dict[str, list[float]]:
    """Values of each factor in the members, the central one first, in five digits."""
    factors, points = found.study.factors, found.members.points
    return {
        factor.name: [float(f"{factor.entry(float(u)):.5g}") for u in points[:, place]]
        for place, factor in enumerate(factors)
    }


def notes(found: Calibration) -> dict[str, str]:
    """What each key path has in a word: the central member's value, and the set's 90 % interval."""
    rows = zip(found.study.factors, found.parameters.to_dict("records"), strict=True)
    return {
        key: f"{number(row['central'])} ({number(row['low'])} to {number(row['high'])})"
        for factor, row in rows
        for key in factor.keys
    }


def _put(data: dict[str, object], path: tuple[str, ...], value: object) -> None:
    """Set a value at a path of plain data; entries of lists such as `events` are found by name."""
    head, *rest = path
    if not rest:
        data[head] = value
        return
    if head in BLUEPRINT.named_lists:
        entries = data.setdefault(head, [])
        assert isinstance(entries, list)
        entry = next((one for one in entries if one["name"] == rest[0]), None)
        if entry is None:
            entry = {"name": rest[0]}
            entries.append(entry)
        _put(entry, tuple(rest[1:]), value)
        return
    below = data.setdefault(head, {})
    assert isinstance(below, dict)
    _put(below, tuple(rest), value)
