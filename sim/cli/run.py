"""`aimarkets run`: a scenario, or the manifest of a result, in; a folder with tables and figures out."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Overrides, Uncertainty, Workers
from sim.cli.progress import progress

SOURCE_HELP = (
    "Name of a shipped scenario ('aimarkets list'), path of a file, "
    "or the manifest.json of a result, which is then made again."
)


def run(
    source: Annotated[
        str, typer.Argument(metavar="SCENARIO", show_default=False, help=SOURCE_HELP)
    ],
    overrides: Overrides = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the first replicate, else 1.", show_default=False)
    ] = None,
    replicates: Annotated[
        int | None, typer.Option(help="Number of runs, each with the next seed, else 1.", show_default=False)
    ] = None,
    uncertainty: Uncertainty = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result, else outputs/<name>.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a result that is there already.")] = False,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Write the tables only.")] = False,
    workers: Workers = 1,
) -> None:
    """Simulate a scenario; write tables, figures and a manifest."""
    from sim.run.errors import RunError
    from sim.run.folder import check_target
    from sim.run.replay import Plan, plan_of
    from sim.run.simulate import simulate
    from sim.scenario import load

    replayed = Path(source) if source.endswith(".json") else None
    if replayed is None:
        first, count = (1 if seed is None else seed), (1 if replicates is None else replicates)
        plan = Plan(load(source, overrides or ()), first, count, uncertainty)
        target = out or Path("outputs", plan.scenario.name)
    else:
        if overrides or uncertainty or seed is not None or replicates is not None:
            raise RunError(f"{source}: a result is made again as it was; to change it, run its scenario.yaml")
        plan = plan_of(replayed)
        target = out or replayed.absolute().parent.with_name(f"{replayed.absolute().parent.name}-replay")
    check_target(target, force=force)
    started = time.monotonic()
    with progress(plan.scenario.name) as tell:
        result = simulate(
            plan.scenario, seed=plan.seed, replicates=plan.replicates, uncertainty=plan.uncertainty,
            workers=workers, progress=tell,
        )
    command = shlex.join(["aimarkets", *sys.argv[1:]])
    result.save(target, force=force, figures=not no_figures, command=command)
    typer.echo(f"{result!r}\n")
    typer.echo(f"{_shown(target)}: {_contents(target)}, {time.monotonic() - started:.1f} s")
    if replayed is not None:
        _say_whether_equal(replayed, target)


def _shown(path: Path) -> str:
    """A path as one would type it from here."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _contents(folder: Path) -> str:
    figures = len(list(folder.glob("figures/*.png")))
    drawn = f", figures/ with {figures} plots" if figures else ""
    return f"{len(list(folder.glob('*.parquet')))} tables{drawn}"


def _say_whether_equal(manifest: Path, target: Path) -> None:
    from sim.run.manifest import read_manifest
    from sim.run.replay import changed_versions, differences

    different = differences(manifest.parent, target)
    if not different:
        typer.echo(f"every file is the same as in {_shown(manifest.absolute().parent)}")
        return
    reasons = changed_versions(read_manifest(manifest)) or ["no version changed"]
    why = "; ".join(reasons)
    typer.echo(f"not the same as in {manifest.parent}: {', '.join(different)} ({why})", err=True)
    raise typer.Exit(1)
