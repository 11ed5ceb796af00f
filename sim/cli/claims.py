"""`aimarkets claims`: what people say, tested; each world is run once, and what is there is not run again."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import Workers
from sim.cli.progress import progress

if TYPE_CHECKING:
    from sim.claims.claim import Claim
    from sim.claims.findings import Findings
    from sim.claims.worlds import Worlds
    from sim.study.driver import Watch

IDS_HELP = "Numbers or names of shipped claims, or paths of files; all shipped claims if none is given."
DOCS_HELP = "Write the page and its figure into this folder too; needs all claims."
MIXED_HELP = "Go on with runs that another version of the code began."
TOLD = 5
"""Most failures that are told one by one."""


def claims(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="CLAIM", help=IDS_HELP, show_default=False)
    ] = None,
    replicates: Annotated[int, typer.Option(help="Seeds of each draw.")] = 16,
    draws: Annotated[int, typer.Option(help="Draws of everything that is uncertain.")] = 32,
    workers: Workers = 1,
    out: Annotated[Path, typer.Option(help="Folder for runs, tables, figure and page.")] = Path("outputs/claims"),
    docs: Annotated[Path | None, typer.Option(metavar="DIR", help=DOCS_HELP, show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Check the files, run nothing.")] = False,
    mixed: Annotated[bool, typer.Option("--mixed", help=MIXED_HELP)] = False,
) -> None:
    """Test what people say about open and closed AI: effects with intervals, and verdicts by a fixed rule.

    The same command again goes on where it was stopped.
    """
    from sim.claims.files import save, save_page
    from sim.claims.findings import find
    from sim.claims.loading import load_claims
    from sim.claims.running import Size, errands, run
    from sim.claims.worlds import Worlds
    from sim.run.errors import RunError

    size, worlds = Size(draws, replicates), Worlds()
    if docs is not None and ids:
        raise RunError("docs: the page is of all claims; leave out their names")
    paths = _paths(ids)
    asked = load_claims(paths, worlds)
    if check:
        _tell_checked(asked)
        return
    _check_target(out)
    todo = errands(asked, size, _sharing(paths, worlds))
    total = sum(errand.runs for errand in todo)
    worlds_of_all = {errand.world.hash for errand in todo}
    what = "1 claim" if len(asked) == 1 else f"{len(asked)} claims"
    typer.echo(f"{what}, {len(worlds_of_all)} worlds, {total} runs", err=True)
    command = shlex.join(["aimarkets", *sys.argv[1:]])
    with _watching(out) as watch:
        runs = run(todo, out / "runs", workers=workers, mixed=mixed, command=command, watch=watch)
    found = find(asked, runs, size)
    save(found, out, command=command)
    if docs is not None:
        save_page(found, docs)
    typer.echo("\n".join(_summary(found)))
    typer.echo(f"\n{out}: claims.md, claims-answers and claims-draws (.csv, .parquet), claims.png and .svg")


def _paths(ids: list[str] | None) -> list[Path]:
    """Files of the claims that are asked for."""
    from sim.claims.loading import path_of_claim, shipped_claims

    return list(dict.fromkeys(map(path_of_claim, ids))) if ids else shipped_claims()


def _sharing(paths: list[Path], worlds: Worlds) -> list[Claim]:
    """Shipped claims that are not asked for, if they may share worlds with those that are."""
    from sim.claims.loading import load_claims, shipped_claims
    from sim.scenario.library import library

    shared = any(library() in file.parents for world in worlds.all.values() for file in world.files)
    asked = {path.resolve() for path in paths}
    return load_claims([path for path in shipped_claims() if path.resolve() not in asked], worlds) if shared else []


def _check_target(out: Path) -> None:
    """Refuse a folder that holds something else."""
    from sim.run.errors import RunError

    ours = out.is_dir() and ((out / "claims.json").is_file() or (out / "runs").is_dir() or not any(out.iterdir()))
    if out.exists() and not ours:
        raise RunError(f"{out} holds something that is not a test of claims and is kept; name another with --out")


def _tell_checked(asked: list[Claim]) -> None:
    for claim in asked:
        tests, parts = len(list(claim.tests())), len(claim.parts)
        missing = f", {parts - tests} of them untestable" if tests < parts else ""
        typer.echo(f"{claim.name}: no problems ({parts} {'part' if parts == 1 else 'parts'}{missing})")


@contextmanager
def _watching(out: Path) -> Iterator[Watch]:
    """Show how it goes; after Ctrl-C, say what is kept."""
    from sim.study.driver import Watch
    from sim.study.worker import Failure

    with progress("claims", "runs") as tell:

        class Told(Watch):
            failures = 0

            def progressed(self, done: int, total: int) -> None:
                tell(done, total)

            def failed(self, failure: Failure) -> None:
                self.failures += 1
                if self.failures <= TOLD:
                    typer.echo(f"failed: seed {failure.seed}, {failure.stage}: {failure.error}", err=True)

        watch = Told()
        try:
            yield watch
        except (KeyboardInterrupt, SystemExit):
            typer.echo(f"{out}: runs that are finished are kept; the same command goes on", err=True)
            raise
    if watch.failures:
        typer.echo(f"{watch.failures} runs failed; they have no part in the answers", err=True)


def _summary(found: Findings) -> Iterator[str]:
    """Verdicts and effects, one line each."""
    from sim.claims.findings import PartFound
    from sim.claims.page import claim_said, effect_said, part_said

    for claim in found.claims:
        yield f"{claim.claim.text.number:>2}. {claim.claim.text.claim.strip()}  {claim_said(claim).upper()}"
        for part in claim.parts:
            if isinstance(part, PartFound):
                yield f"    {part.part.sentence}  {effect_said(part)}: {part_said(part)}"
            else:
                yield f"    {part.sentence}  untestable"
