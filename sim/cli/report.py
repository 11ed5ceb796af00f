"""`aimarkets report`: results in; one file out that can be handed on as it is."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.progress import progress

PATHS_HELP = "Folder of a result or of a sweep, or its name in outputs/; several results are shown side by side."


class Format(StrEnum):
    """What a report may be written as."""

    HTML = "html"
    PDF = "pdf"
    PNG = "png"
    SVG = "svg"


def report(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help=PATHS_HELP, show_default=False)],
    form: Annotated[
        Format | None,
        typer.Option(
            "--format", show_default=False,
            help="html and pdf hold everything, png and svg the main picture. Else what --out ends with, else html.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write, else outputs/<name>-report.html.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
) -> None:
    """Write a report of results: the question, the answer, figures, choices with reasons, assumptions, limits."""
    from sim.report.files import write_report

    with progress("report", "figures") as tell:
        target = write_report(paths, out, form=form, force=force, progress=tell)
    typer.echo(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
