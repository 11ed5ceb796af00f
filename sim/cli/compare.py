"""`aimarkets compare`: what the difference between two scenarios does."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import SCENARIO_HELP, Uncertainty, Workers
from sim.cli.progress import progress


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help=SCENARIO_HELP, show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="Another: differences are B - A", show_default=False)],
    replicates: Annotated[int, typer.Option(help="Pairs of runs, each pair with a seed of its own.")] = 16,
    seed: Annotated[int, typer.Option(help="Seed of the first pair.")] = 1,
    region: Annotated[str, typer.Option(help="Region to look at, beside the world.")] = "china",
    uncertainty: Uncertainty = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables and a figure; without it, text only.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a comparison that is there already.")] = False,
    workers: Workers = 1,
) -> None:
    """Compare two scenarios seed by seed: differences over time and at the end, and decisions that flip."""
    from sim.analysis.compare import compare as compare_scenarios
    from sim.analysis.compare_files import KIND

    if out is not None:
        KIND.check(out, force=force)
    with progress(f"{a} and {b}") as tell:
        comparison = compare_scenarios(
            a, b, region=region, seed=seed, replicates=replicates, uncertainty=uncertainty, workers=workers,
            progress=tell,
        )
    typer.echo(repr(comparison))
    if out is not None:
        comparison.save(out, force=force, command=shlex.join(["aimarkets", *sys.argv[1:]]))
        typer.echo(f"\n{out}: differences.csv, path.csv, flips.csv, comparison.png and .svg")
