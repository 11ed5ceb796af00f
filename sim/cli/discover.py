"""`aimarkets discover`: where among its parameters a sweep ends as asked."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from sim.cli.options import SweepFolder
from sim.cli.progress import progress

WHERE_HELP = "What is looked for, in terms of indicators and parameters: 'cn_open_share > 0.5 and lag < 6'."


def discover(
    folder: SweepFolder,
    where: Annotated[str, typer.Option(metavar="CONDITION", show_default=False, help=WHERE_HELP)],
    density: Annotated[float, typer.Option(help="Part of a box that must be what is looked for.")] = 0.7,
    resamples: Annotated[
        int, typer.Option(help="How often points are drawn again, to see which limits come back.")
    ] = 200,
) -> None:
    """Find the boxes of parameters in which a condition holds, with coverage, density and doubtful limits."""
    from sim.analysis.discovery import discover as found_in
    from sim.analysis.study_files import analysis_folder, save_tables
    from sim.run.folder import folder_of
    from sim.study.results import load_results

    folder = folder_of(folder, "sweep", "sweep")
    target = analysis_folder(folder)
    results = load_results(folder)
    with progress(f"boxes in {results.study.name}", "resamples") as tell:
        found = found_in(results, where, least_density=density, resamples=resamples, progress=tell)
    about = {
        "study": results.study.name,
        "study_hash": results.study.hash,
        "runs": len(results.runs),
        "where": where,
        "density": density,
        "resamples": resamples,
        "command": shlex.join(["aimarkets", *sys.argv[1:]]),
    }
    tables = {"discovery-boxes": found.boxes, "discovery-limits": found.limits}
    save_tables(target, "discovery", tables, about)
    typer.echo(f"{found!r}\n\n{target}: discovery-boxes and discovery-limits, .csv and .parquet")
