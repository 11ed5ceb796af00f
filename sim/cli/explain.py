"""`aimarkets explain`: why a lab of a result released its models as it did."""

from __future__ import annotations

from typing import Annotated

import typer

RUN_HELP = "Folder of a result, or its name in outputs/."
DATE_HELP = "Month of the choice, or of the last one before: 2025-06. Else all choices, a line each."


def explain(
    run: Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP, show_default=False)],
    lab: Annotated[str, typer.Option(help="Key of the lab, as in the scenario.", show_default=False)],
    date: Annotated[str | None, typer.Option(help=DATE_HELP, show_default=False)] = None,
    replicate: Annotated[int, typer.Option(help="Number of the replicate, as in the tables.")] = 0,
) -> None:
    """Explain a lab's release modes: payoffs by component, chances, and what would have changed the choice."""
    from sim.analysis import explain as why
    from sim.analysis.explain_text import lines_of, lines_of_all
    from sim.run.folder import folder_of
    from sim.run.results import load_result

    result = load_result(folder_of(run))
    found = why.choices(result, lab, replicate)
    title = result.scenario.scenario.labs[lab].title if lab in result.scenario.scenario.labs else ""
    name = f"{title or lab} in {result.scenario.name}, replicate {replicate} (seed {result.seeds[replicate]})"
    if date is None:
        lines = [name, "", *lines_of_all(found)]
    else:
        lines = lines_of(why.explain(result, lab, date, replicate), name)
    typer.echo("\n".join(lines))
