"""`aimarkets new`: a commented scenario to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

TEMPLATE = """\
# yaml-language-server: $schema=scenario.schema.json
# An editor that reads the line above completes keys and checks values; make the file that it names with
#   aimarkets schema > scenario.schema.json
#
#   aimarkets check {file}           every problem, with its line
#   aimarkets show {file} labs.meta  values with units and where each was set
#   aimarkets run {file}             tables and figures in outputs/{name}
#   aimarkets compare baseline {file}

title: {title}
description: What is asked, in a sentence.

# Everything that is not said here is inherited: a shipped scenario by name, or a file beside this one.
extends: baseline

# Change one number in one line. 'aimarkets show baseline' lists all that there are.
# labs:
#   alibaba:
#     capex: 2.0e9

# A number may be uncertain: drawn once a replicate with --uncertainty, else its central value.
# spillovers:
#   open_pool: {{dist: triangular, low: 0.2, mode: 0.6, high: 1.2}}

# Switch a mechanism off.
# mechanisms:
#   open_spillover: false

# Drop an entry that is inherited: here, a rule that then never comes.
# remove: [events.china-h200-bar]

# Dated events add to those inherited.
# events:
#   - name: h20-barred-again
#     kind: export_rule
#     date: 2026-03
#     source: invented for this scenario
#     label: H20 barred
#     region: china
#     predicate: bandwidth >= 3.5 and tpp >= 1600
"""


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the scenario.", show_default=False)],
) -> None:
    """Write NAME.yaml, a commented scenario that inherits from the baseline."""
    from sim.run.errors import RunError

    path = Path(f"{name.removesuffix('.yaml')}.yaml")
    title = json.dumps(path.stem.replace("-", " ").replace("_", " ").capitalize())  # in quotes
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(file=path, name=path.stem, title=title))
    except FileExistsError:
        raise RunError(f"{path} exists and stays as it is; choose another name") from None
    typer.echo(f"{path} written; next: aimarkets run {path}")
