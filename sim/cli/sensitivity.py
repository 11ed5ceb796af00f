"""`aimarkets sensitivity`: which parameters of a sweep move its outcomes."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from sim.cli.options import SweepFolder
from sim.cli.progress import progress


def sensitivity(
    folder: SweepFolder,
    indicator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", show_default=False, help="Indicator to look at; may be given again. Else all are."
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(help="Resamples of the bootstrap, for the intervals.")] = 1000,
    confidence: Annotated[float, typer.Option(help="Probability that an interval is to hold.")] = 0.9,
) -> None:
    """Measure what each parameter does: Sobol and Morris indices, or what the design allows, with intervals."""
    from sim.analysis.effects import Bootstrap
    from sim.analysis.sensitivity import check_bootstrap
    from sim.analysis.sensitivity import sensitivity as measured
    from sim.analysis.study_files import analysis_folder, save_tables
    from sim.run.folder import folder_of
    from sim.study.results import load_results

    bootstrap = Bootstrap(resamples, confidence)
    check_bootstrap(bootstrap)
    folder = folder_of(folder, "sweep", "sweep")
    target = analysis_folder(folder)
    results = load_results(folder)
    with progress(f"sensitivity of {results.study.name}", "indicators") as tell:
        found = measured(results, indicator or (), bootstrap=bootstrap, progress=tell)
    about = {
        "study": results.study.name,
        "study_hash": results.study.hash,
        "runs": len(results.runs),
        "resamples": resamples,
        "confidence": confidence,
        "notes": found.notes,
        "command": shlex.join(["aimarkets", *sys.argv[1:]]),
    }
    tables = {"sensitivity": found.table, "sensitivity-luck": found.luck}
    save_tables(target, "sensitivity", tables, about)
    typer.echo(f"{found!r}\n\n{target}: sensitivity and sensitivity-luck, .csv and .parquet")
