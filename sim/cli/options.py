"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SCENARIO_HELP = "Name of a shipped scenario ('aimarkets list') or path of a file."

ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help=SCENARIO_HELP, show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", show_default=False,
        help="Change one value, such as labs.alibaba.capex=2e9; may be given again.",
    ),
]
Uncertainty = Annotated[
    bool, typer.Option("--uncertainty", help="Draw the parameters given as distributions, once a replicate.")
]
Workers = Annotated[int, typer.Option(help="Processes; the result does not depend on it.", min=1)]
SweepFolder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of a sweep, or its name in outputs/.", show_default=False)
]
