"""What every command shares when something goes wrong: a message on stderr, a code, no traceback."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

REFUSED = 2
FAILED = 1
INTERRUPTED = 130


class Shell(TyperGroup):
    """A group of commands that turns errors into messages and exit codes.

    2: what was asked cannot be done as it stands (scenario, option, target). 1: it could, but failed (the
    model, the disk). 130: Ctrl-C. Anything else is a mistake of ours and keeps its traceback.
    """

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            typer.echo("interrupted; nothing is left half written", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader, such as `head`, has enough. Python would complain when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None
        except TyperException as error:
            command = getattr(getattr(error, "ctx", None), "command_path", ctx.command_path)
            said = error.format_message().replace("Value error, ", "")
            typer.echo(f"{said}\nTry '{command} --help'.", err=True)
            raise typer.Exit(error.exit_code) from None
        except Exception as error:
            code = exit_code(error)
            if code is None:
                raise
            typer.echo(message(error), err=True)
            raise typer.Exit(code) from None


def exit_code(error: Exception) -> int | None:
    """Code with which an error ends a command; none if nobody expected it."""
    from sim.run.errors import RunError, SimulationError
    from sim.scenario import ScenarioError

    if isinstance(error, ScenarioError | RunError):
        return REFUSED
    return FAILED if isinstance(error, SimulationError | OSError) else None


def message(error: Exception) -> str:
    """Text of an error, with what to do where that is not in it."""
    from sim.run.errors import SimulationError

    if isinstance(error, SimulationError):
        return f"{error}\nFrom Python, sim.simulate with this seed shows where it happened."
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}; nothing was written"
    return str(error)
