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
    """Check scenario and study files and report every problem, each with file, line and what is allowed."""
    from sim.run.errors import RunError
    from sim.scenario import Problem, ScenarioError, load
    from sim.study.reading import is_study

    problems: list[Problem] = []
    for source in scenarios:
        try:
            if is_study(source):
                if overrides:
                    raise RunError(f"{source}: --set is for scenarios; a study has a key 'set' of its own")
                typer.echo(_checked(source))
                continue
            loaded = load(source, overrides or ())
        except ScenarioError as error:
            problems += error.problems
        else:
            span = f"{loaded.scenario.start} to {loaded.scenario.end}"
            typer.echo(f"{source}: no problems ({span}, {loaded.hash[:8]})")
    if problems:
        raise ScenarioError(problems)


def _checked(source: str) -> str:
    """What there is to say of a study without problems, at any of its points."""
    from sim.cli.progress import progress
    from sim.study.combinations import check_points
    from sim.study.design import sample
    from sim.study.loading import load_study

    study = load_study(source)
    points = sample(study)
    with progress(source, "points") as tell:
        check_points(study, points, tell)
    runs = points.points * study.replicates
    return f"{source}: no problems ({points.points} points, {runs} runs, {study.hash[:8]})"
