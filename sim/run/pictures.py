"""The figures of a result: what the figures need to know of the run, and the folder that they go to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sim
from sim.figures import Context, Event, draw_all, save
from sim.run.observed import observed_values
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.run.results import Result


def draw(result: Result, folder: Path) -> list[Path]:
    """Draw every figure of a result as PNG and SVG, with its numbers (CSV) and its words (TXT) beside it.

    Parameters
    ----------
    result
        What was simulated.
    folder
        Where the figures go; it is made.

    Returns
    -------
    Files written.
    """
    folder.mkdir(parents=True)
    context = context_of(result)
    metadata = {"Source": context.source}
    written: list[Path] = []
    for name, figure in draw_all(result.tables, context):
        written += save(figure, folder / name, metadata=metadata, numbers=True)
    return written


def context_of(result: Result) -> Context:
    """Events, titles and source line for the figures; nothing in it depends on the day of the run."""
    scenario = result.scenario.scenario
    history = scenario.history_until
    return Context(
        events=[Event(event.date.date(), event.label) for event in scenario.events if event.label],
        source=source_of(result),
        history_until=None if history is None else history.date(),
        names=titles(scenario),
        observed=observed_values(list(scenario.regions)),
    )


def source_of(result: Result) -> str:
    """Program, scenario and seeds in one line."""
    count = len(result.seeds)
    runs = seeds_said(result.seeds) if count == 1 else f"{count} runs, {seeds_said(result.seeds)}"
    scenario = f"scenario '{result.scenario.name}' {result.scenario.hash[:8]}"
    return f"aimarkets {sim.__version__}, {scenario}, {runs}"


def source_of_all(results: Sequence[Result]) -> str:
    """Program, scenarios and seeds in one line."""
    if len(results) == 1:
        return source_of(results[0])
    scenarios = ", ".join(f"'{result.scenario.name}' {result.scenario.hash[:8]}" for result in results)
    seeds = "; ".join(dict.fromkeys(seeds_said(result.seeds) for result in results))
    return f"aimarkets {sim.__version__}, scenarios {scenarios}, {seeds}"


def seeds_said(seeds: Sequence[int]) -> str:
    """Seeds in words: seed 1; seeds 1 to 8."""
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"


def titles(scenario: Scenario) -> dict[str, str]:
    """Printed names of regions, labs and clouds that have one."""
    found: dict[str, str] = {}
    for section in (scenario.regions, scenario.clouds, scenario.labs):
        found |= {name: entry.title for name, entry in section.items()}
    return {name: title for name, title in found.items() if title}
