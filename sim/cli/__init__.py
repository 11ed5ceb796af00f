"""The command line: thin commands, one module each, over what Python users call directly.

A module of a command imports what it needs inside its function, so that `--help` answers at once.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer

import sim
from sim.cli import (
    calibrate,
    channels,
    check,
    claims,
    compare,
    discover,
    explain,
    listing,
    new,
    report,
    run,
    schema,
    sensitivity,
    show,
    sweep,
    validate,
)
from sim.cli.shell import Shell

app = typer.Typer(
    name="aimarkets",
    cls=Shell,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"aimarkets {sim.__version__}")
        raise typer.Exit


@app.callback()
def aimarkets(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Simulate markets in which open and closed AI models compete.

    Start with: aimarkets run baseline
    """


app.command()(run.run)
app.command()(compare.compare)
app.command()(channels.channels)
app.command()(report.report)
app.command()(explain.explain)
app.command()(sensitivity.sensitivity)
app.command()(discover.discover)
app.command()(sweep.sweep)
app.command()(claims.claims)
app.command()(validate.validate)
app.command()(calibrate.calibrate)
app.command()(check.check)
app.command()(show.show)
app.command("list")(listing.list_scenarios)
app.command()(new.new)
app.command()(schema.schema)


def main() -> NoReturn:
    """Entry point of `aimarkets` and of `python -m sim`."""
    signal.signal(signal.SIGTERM, _terminate)
    app(prog_name="aimarkets")
    sys.exit()


def _terminate(signum: int, _frame: FrameType | None) -> NoReturn:
    """Leave like an error would, so that temporary folders are removed."""
    raise SystemExit(128 + signum)
