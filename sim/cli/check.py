"""`aimarkets check`: every problem of a scenario file."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli.options import SCENARIO_HELP, Overrides


def check(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO...", help=SCENARIO_HELP, show_default=False)
    ],
    overrides: Overrides = None,
) -> None:
    """Check scenario files and report every problem, each with file, line and what is allowed."""
    from sim.scenario import Problem, ScenarioError, load

    problems: list[Problem] = []
    for source in scenarios:
        try:
            loaded = load(source, overrides or ())
        except ScenarioError as error:
            problems += error.problems
        else:
            span = f"{loaded.scenario.start} to {loaded.scenario.end}"
            typer.echo(f"{source}: no problems ({span}, {loaded.hash[:8]})")
    if problems:
        raise ScenarioError(problems)
