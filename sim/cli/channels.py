"""`aimarkets channels`: what a rule does, split by the channels through which it acts."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Overrides, ScenarioArgument, Workers
from sim.cli.progress import progress

WITHOUT_HELP = "Name of the rule whose effect is split; may be given again for several rules together."


def channels(
    source: ScenarioArgument,
    without: Annotated[list[str], typer.Option(metavar="RULE", show_default=False, help=WITHOUT_HELP)],
    overrides: Overrides = None,
    replicates: Annotated[
        int, typer.Option(help="Seeds; each takes 32 runs for a rule on chips.")
    ] = 4,
    seed: Annotated[int, typer.Option(help="First seed.")] = 1,
    region: Annotated[str, typer.Option(help="Region whose labs are looked at.")] = "china",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the result, else outputs/<name>-channels.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a result that is there already.")] = False,
    workers: Workers = 1,
) -> None:
    """Split a rule's effect on openness, use, lag and margins by channel: tables and a waterfall."""
    from sim.analysis.channel_files import KIND
    from sim.analysis.channels import channels as split
    from sim.scenario import load

    loaded = load(source, overrides or ())
    target = out or Path("outputs", f"{loaded.name}-channels")
    KIND.check(target, force=force)
    with progress(f"{loaded.name} by channel") as tell:
        found = split(
            loaded, without, region=region, seed=seed, replicates=replicates, workers=workers, progress=tell
        )
    found.save(target, force=force, command=shlex.join(["aimarkets", *sys.argv[1:]]))
    typer.echo(f"{found!r}\n\n{target}: channels.csv, worlds.csv, waterfall.png and .svg")
