"""`aimarkets list`: the scenarios and studies that come with the package."""

from __future__ import annotations

import typer


def list_scenarios() -> None:
    """List the shipped scenarios and studies, one line each."""
    from sim.scenario import shipped
    from sim.study.reading import shipped_studies

    scenarios, studies = shipped(), shipped_studies()
    width = max((len(found.name) for found in (*scenarios, *studies)), default=0)
    for found in scenarios:
        typer.echo(f"{found.name:<{width}}  {found.title}".rstrip())
    typer.echo("\nstudies, for 'aimarkets sweep'")
    for found in studies:
        typer.echo(f"{found.name:<{width}}  {found.title}".rstrip())
