"""`aimarkets validate`: a scenario held against facts."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Overrides, ScenarioArgument, Workers
from sim.cli.progress import progress

FAIL_UNDER_HELP = "End with code 1 if a smaller share of the facts (0 to 1) lies in the model's interval."


def validate(
    source: ScenarioArgument = "baseline",
    overrides: Overrides = None,
    facts: Annotated[
        Path | None, typer.Option(help="File of facts, else the shipped one.", show_default=False)
    ] = None,
    replicates: Annotated[int, typer.Option(help="Runs, each with the next seed and its own draw.")] = 64,
    seed: Annotated[int, typer.Option(help="First seed.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the result, else outputs/<name>-validation.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report to this file too, its figures beside it.", show_default=False)
    ] = None,
    rivals: Annotated[
        bool, typer.Option("--rivals/--no-rivals", help="Run the model without its export rules too.")
    ] = True,
    fail_under: Annotated[
        float | None, typer.Option(min=0, max=1, help=FAIL_UNDER_HELP, show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a validation that is there already.")] = False,
    workers: Workers = 1,
) -> None:
    """Hold a scenario against sourced facts: hits and misses, scores, rivals, figures."""
    from sim.facts.files import VALIDATION, save_report
    from sim.facts.validate import validate as hold
    from sim.run.errors import RunError
    from sim.scenario import load

    loaded = load(source, overrides or ())
    target = out or Path("outputs", f"{loaded.name}-validation")
    VALIDATION.check(target, force=force)
    if report is not None and not report.absolute().parent.is_dir():
        raise RunError(f"{report}: no such folder; name a file in one that exists with --report")
    with progress(f"{loaded.name} against facts", "runs") as tell:
        found = hold(
            loaded, facts, seed=seed, replicates=replicates, workers=workers, rivals=rivals, progress=tell
        )
    found.save(target, force=force, command=shlex.join(["aimarkets", *sys.argv[1:]]))
    if report is not None:
        save_report(found, report)
    typer.echo(f"{found!r}\n\n{target}: validation.md, facts.csv, families.csv, figures/")
    if fail_under is not None and not found.score() >= fail_under:
        typer.echo(f"{found.score():.0%} of the facts lie in the interval, under {fail_under:.0%}", err=True)
        raise typer.Exit(1)
