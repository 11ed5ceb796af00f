"""`aimarkets sweep`: a study in, a dataset of all its runs out; again, and only what is missing is run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sim.cli.progress import progress

if TYPE_CHECKING:
    from sim.study.study import Study

STUDY_HELP = "Name of a shipped study ('aimarkets list'), or path of a file."
FAIL_HELP = (
    "What a failing run does: stop the sweep (fast), or nothing but exit code 1 at the end (end), "
    "or nothing at all (never). It is recorded in any case."
)
MIXED_HELP = "Go on with a sweep that another version of the code began."


def sweep(
    source: Annotated[str, typer.Argument(metavar="STUDY", help=STUDY_HELP, show_default=False)],
    workers: Annotated[int, typer.Option(help="Processes; the dataset does not depend on it.", min=1)] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the dataset, else outputs/<study>.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Do this many runs at most, for now.", min=1, show_default=False)
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every point, show what would be run and how long it takes.")
    ] = False,
    fail: Annotated[Literal["fast", "end", "never"], typer.Option(help=FAIL_HELP)] = "end",
    backend: Annotated[
        Literal["local", "dask"], typer.Option(help="Processes of this machine, or a Dask cluster.")
    ] = "local",
    scheduler: Annotated[
        str | None, typer.Option(help="Address of the Dask scheduler: tcp://host:8786.", show_default=False)
    ] = None,
    mixed: Annotated[bool, typer.Option("--mixed", help=MIXED_HELP)] = False,
) -> None:
    """Run a study: every point and replicate once, whatever stops it on the way.

    The same command again goes on where it was stopped.
    """
    from sim.cli.watching import watching
    from sim.run.errors import RunError
    from sim.study.loading import load_study
    from sim.study.sweep import sweep as run_sweep

    if (backend == "dask") != (scheduler is not None):
        raise RunError("backend: dask goes with --scheduler tcp://host:port, and only dask")
    study = load_study(source)
    if dry_run:
        _show_plan(study, workers)
        return
    target = out or Path("outputs", study.name)
    with watching(study, target) as watch:
        summary = run_sweep(
            study, target, workers=workers, scheduler=scheduler, limit=limit, fail=fail, mixed=mixed,
            command=shlex.join(["aimarkets", *sys.argv[1:]]), watch=watch,
        )
    kept = f"{summary.folder}: {summary.present} of {summary.total} runs"
    typer.echo(f"{kept}, {summary.failed} of the {summary.done} done now failed" if summary.failed else kept)
    if summary.stopped:
        typer.echo(f"stopped: {summary.stopped}; what is done is kept, the same command goes on", err=True)
    if summary.stopped or (summary.failed and fail != "never"):
        raise typer.Exit(1)


def _show_plan(study: Study, workers: int) -> None:
    """What a sweep would do, after a check of every point and an example of its runs."""
    from sim.cli.watching import duration, plan
    from sim.study.combinations import check_points
    from sim.study.design import sample
    from sim.study.example import seconds_a_run

    points = sample(study)
    with progress(f"{study.name}: points checked", "points") as tell:
        check_points(study, points, tell)
    typer.echo(plan(study, points.points))
    run_s = seconds_a_run(study, points)
    whole = points.points * study.replicates * run_s / workers
    hands = "1 worker" if workers == 1 else f"{workers} workers"
    typer.echo(f"about {duration(run_s)} a run, {duration(whole)} in all with {hands}")
