"""`aimarkets calibrate`: the parameters that facts do not rule out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Workers
from sim.cli.progress import progress

STUDY_HELP = "Name of a shipped study ('aimarkets list'), or path of a file; its 'calibration' names the facts."


def calibrate(
    source: Annotated[str, typer.Argument(metavar="STUDY", help=STUDY_HELP, show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the calibration, else outputs/<study>-calibration.", show_default=False),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(help="Write the set into this scenario file, in place, its table beside.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report to this file too.", show_default=False)
    ] = None,
    workers: Workers = 1,
) -> None:
    """Find what of a study's prior the facts leave: waves of runs, an emulator, and the set that remains.

    The same command again goes on where it was stopped.
    """
    from sim.facts.calibrate import calibrate as match
    from sim.facts.calibration_report import columns, markdown, notes, samples
    from sim.facts.calibration_report import write as save
    from sim.facts.rewriting import rewrite_with_table, see_that_all_are_drawn, see_that_fits, table_name
    from sim.run.errors import RunError
    from sim.run.folder import write_whole
    from sim.study.loading import load_study

    study = load_study(source)
    table = table_name(study.name)
    if write is not None:
        keys = [key for factor in study.factors for key in factor.keys]
        see_that_fits(write, keys)
        see_that_all_are_drawn(write, table, keys, [factor.name for factor in study.factors])
    if report is not None and not report.absolute().parent.is_dir():
        raise RunError(f"{report}: no such folder; name a file in one that exists with --report")
    target = out or Path("outputs", f"{study.name}-calibration")
    command = shlex.join(["aimarkets", *sys.argv[1:]])
    try:
        with progress(study.name, "runs") as tell:
            found = match(source, target, workers=workers, progress=tell, command=command)
    except KeyboardInterrupt:
        typer.echo(f"{target}: runs that are finished are kept; the same command goes on", err=True)
        raise
    save(found, target)
    if report is not None:
        write_whole(report, markdown(found))
    if write is not None:
        beside = rewrite_with_table(write, table, columns(found), samples(found, table), notes(found))
        typer.echo(f"{write}, {beside}: written", err=True)
    typer.echo(f"{found!r}\n\n{target}: calibration.md, calibrated.yaml, set.parquet")
