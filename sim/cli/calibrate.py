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
    workers: Workers = 1,
) -> None:
    """Find what of a study's prior the facts leave: waves of runs, an emulator, and the set that remains.

    The same command again goes on where it was stopped.
    """
    from sim.facts.calibrate import calibrate as match
    from sim.facts.calibration_report import write
    from sim.study.loading import load_study

    study = load_study(source)
    target = out or Path("outputs", f"{study.name}-calibration")
    command = shlex.join(["aimarkets", *sys.argv[1:]])
    try:
        with progress(study.name, "runs") as tell:
            found = match(source, target, workers=workers, progress=tell, command=command)
    except KeyboardInterrupt:
        typer.echo(f"{target}: runs that are finished are kept; the same command goes on", err=True)
        raise
    write(found, target)
    typer.echo(f"{found!r}\n\n{target}: calibration.md, calibrated.yaml, set.parquet")
