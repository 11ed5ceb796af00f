"""`aimarkets list`: the scenarios that come with the package."""

from __future__ import annotations

import typer


def list_scenarios() -> None:
    """List the shipped scenarios, one line each."""
    from sim.scenario import shipped

    found = shipped()
    width = max((len(scenario.name) for scenario in found), default=0)
    for scenario in found:
        typer.echo(f"{scenario.name:<{width}}  {scenario.title}".rstrip())
