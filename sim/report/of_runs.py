"""The report of one result, or of several side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from sim.analysis import compare_files
from sim.analysis.compare import Comparison, of_results
from sim.analysis.flips import by_lab
from sim.figures import FIGURES, Context, wording
from sim.figures.decision import MODE_WORDS, decision, last_choice, reason_said
from sim.figures.scenarios import fan, scenarios
from sim.report import answer, assumptions, choices, limits, provenance
from sim.report.content import Block, Picture, Report, Section, Table
from sim.report.provenance import Source
from sim.run.errors import RunError
from sim.run.pictures import context_of, source_of, source_of_all, titles
from sim.run.results import Result
from sim.run.summary import end_state, written
from sim.scenario import Resolved, load

BASELINE = "baseline"
FLIPPED = 12
"""Labs whose decisions differ that are listed."""
EXPLAINED = 3
"""Labs whose last choice is shown as a figure."""
GROUPS = (
    (
        "Use of open and closed models",
        ("adoption-open", "adoption-countries", "adoption-firms", "adoption-spending"),
    ),
    ("Who opens, and when", ("propensity", "release-modes")),
    ("Capability and prices", ("frontier", "prices")),
    ("Money", ("margins-roles", "margins-firms", "money-split", "money-dollars", "concentration")),
    ("Compute", ("compute", "compute-rules", "capacity")),
)


def report(sources: list[Source]) -> Report:
    """Put a report together; no figure is drawn yet.

    Parameters
    ----------
    sources
        One result, or several to be shown side by side; the first one is what the others are held against.
    """
    results = [source.result for source in sources]
    names = _names(sources)
    market = pd.concat(
        [result.market.assign(scenario=name) for name, result in zip(names, results, strict=True)],
        ignore_index=True,
    )
    pairs = _pairs(results)
    lead = results[0]
    overview = Picture("overview", partial(_overview, market, _context(results)), "Main measures.")
    fan_chart = Picture("fan", partial(_fan, market, _context(results)))
    sections: list[Section] = [_comparisons(names, pairs, overview, fan_chart)] if len(results) > 1 else []
    sections += _figures(lead) if len(results) == 1 else []
    for number, (name, result) in enumerate(zip(names, results, strict=True), start=1):
        several = f": {name}" if len(results) > 1 else ""
        sections.append(
            Section(
                f"Release choices and their reasons{several}",
                [choices.table(result), *_reasons(result, number)],
            )
        )
    sections += [
        Section("The last month in numbers", _end_states(names, results)),
        Section("Assumptions that differ", [*_assumptions(results)]),
        Section("Known limits", [limits.limits(results)]),
        Section("Where the numbers come from", [provenance.table(sources)]),
    ]
    said = answer.of_one(lead) if len(results) == 1 else answer.of_several(names, results, pairs)
    return Report(
        title=names[0] if len(results) == 1 else f"{wording.listed(names[1:])} beside {names[0]}",
        asked=_asked(sources, names), answer=said, sections=sections, overview=overview,
        about=provenance.about(sources),
    )  # fmt: skip


def _names(sources: list[Source]) -> list[str]:
    """Titles of the scenarios; names or folders where titles are the same."""
    for names in (
        [source.title for source in sources], [source.manifest.name for source in sources],
        [source.folder.name for source in sources],
    ):  # fmt: skip
        if len(set(names)) == len(names):
            return names
    return [f"{source.folder.name} ({place + 1})" for place, source in enumerate(sources)]


def _asked(sources: list[Source], names: list[str]) -> list[str]:
    said = []
    for source, name in zip(sources, names, strict=True):
        scenario = source.result.scenario.scenario
        runs = len(source.result.seeds)
        how = f"{scenario.start} to {scenario.end}, {runs} {'run' if runs == 1 else 'runs'}"
        said.append(f"{name} ({how}): {scenario.description}" if scenario.description else f"{name} ({how}).")
    if len(sources) > 1:
        said.append(f"What differs from '{names[0]}' in use, openness, lag and margins?")
    return said


def _pairs(results: list[Result]) -> list[Comparison]:
    """Each further result against the first one; none if their seeds are not the same."""
    regions = results[0].scenario.scenario.regions
    region = answer.CHINA if answer.CHINA in regions else next(iter(regions))
    try:
        return [of_results(results[0], other, region) for other in results[1:]]
    except RunError:
        return []


def _context(results: list[Result]) -> Context:
    """What the figures of one or more results are told."""
    return replace(context_of(results[0]), source=source_of_all(results))


def _overview(market: pd.DataFrame, context: Context, width: str) -> Figure:
    return scenarios(market, **replace(context, width=width).options())


def _fan(market: pd.DataFrame, context: Context, width: str) -> Figure:
    return fan(market, **replace(context, width=width).options())


def _comparisons(names: list[str], pairs: list[Comparison], overview: Picture, fan_chart: Picture) -> Section:
    blocks: list[Block] = [overview, fan_chart]
    for number, (name, pair) in enumerate(zip(names[1:], pairs, strict=False)):
        draw = partial(compare_files.draw, pair)
        blocks.append(
            Picture(f"difference-{number + 1}", draw, f"'{name}' less '{names[0]}', paired by seed.")
        )
        blocks.append(_flips(pair, name))
    return Section("The scenarios side by side", blocks)


def _flips(pair: Comparison, name: str) -> Block:
    """Which labs decide otherwise first, and why."""
    found = by_lab(pair.flips)
    if not len(found):
        return f"No lab decides otherwise in '{name}'."
    known = titles(pair.b.scenario.scenario)
    rows = [
        [
            wording.name(row["lab"], known), str(row["first"]), str(row["pairs"]), f"{row['month']:%B %Y}",
            _change(row["change"]), reason_said(row["reason"]),
        ]
        for row in found.head(FLIPPED).to_dict("records")
    ]  # fmt: skip
    head = ["lab", "first of all, pairs", "decides otherwise, pairs", "median month", "most often", "reason"]
    said = f"First decisions that differ in '{name}', of {len(pair.a.seeds)} pairs. Reasons are those most frequent."
    return Table(head, rows, said)


def _change(change: str) -> str:
    """Two modes in words."""
    before, after = change.split(" to ")
    return f"{MODE_WORDS[before]} → {MODE_WORDS[after]}"


def _figures(result: Result) -> list[Section]:
    """Every figure of a run, by subject."""
    context = context_of(result)
    grouped = {name for _, names in GROUPS for name in names}
    groups = [*GROUPS, ("More figures", tuple(name for name in FIGURES if name not in grouped))]
    return [
        Section(
            heading, [Picture(name, _drawing(name, result, context)) for name in names if name in FIGURES]
        )
        for heading, names in groups
        if names
    ]


def _drawing(name: str, result: Result, context: Context) -> Callable[[str], Figure]:
    return lambda width: FIGURES[name](result.tables, replace(context, width=width))


def _reasons(result: Result, number: int) -> list[Picture]:
    """The last choices of the labs whose models are used most, as figures."""
    labs = [str(lab) for lab in choices.end_modes(result).index]
    own = [lab for lab in labs if last_choice(result.decisions, lab) is not None]
    known, source = titles(result.scenario.scenario), source_of(result)
    return [
        Picture(
            f"decision-{number}-{lab}",
            partial(_decision, result, lab, known, source),
        )
        for lab in own[:EXPLAINED]
    ]


def _decision(result: Result, lab: str, names: dict[str, str], source: str, width: str) -> Figure:
    return decision(result.decisions, lab=lab, source=source, names=names, width=width)


def _end_states(names: list[str], results: list[Result]) -> list[Block]:
    blocks: list[Block] = []
    for name, result in zip(names, results, strict=True):
        table = written(end_state(result.market))
        rows = [
            [str(label), *map(str, row)] for label, row in zip(table.index, table.to_numpy(), strict=True)
        ]
        note = f"{name}, medians of {len(result.seeds)} runs" if len(result.seeds) > 1 else name
        blocks.append(Table(["", *map(str, table.columns)], rows, f"{note}.", numbers=True))
    return blocks


def _assumptions(results: list[Result]) -> list[Block]:
    """What each scenario changes against the shipped baseline; between the results, against the first."""
    base: Resolved = load(BASELINE) if len(results) == 1 else results[0].scenario
    others = results if len(results) == 1 else results[1:]
    blocks: list[Block] = []
    for result in others:
        found = assumptions.changed(result.scenario, base)
        if result.scenario.hash != base.hash:
            blocks.append(f"'{result.scenario.name}' against '{base.name}':")
        blocks.append(found)
    return blocks
