"""`aimarkets list`: the scenarios, studies and claims that come with the package."""

from __future__ import annotations

import typer


def list_scenarios() -> None:
    """List the shipped scenarios, studies and claims, one line each."""
    from sim.claims.loading import FOLDER
    from sim.scenario.library import library
    from sim.scenario.loading import listing, shipped
    from sim.study.reading import shipped_studies

    kinds = {
        "": shipped(),
        "\nstudies, for 'aimarkets sweep'": shipped_studies(),
        "\nclaims, for 'aimarkets claims'": listing(library() / FOLDER, "claim"),
    }
    width = max((len(one.name) for found in kinds.values() for one in found), default=0)
    for title, found in kinds.items():
        if title:
            typer.echo(title)
        for one in found:
            typer.echo(f"{one.name:<{width}}  {one.title}".rstrip())
