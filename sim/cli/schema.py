"""`aimarkets schema`: what a scenario file may hold, for editors and for the docs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SCHEMA = "scenario.schema.json"

PARAMETERS_HEAD = """\
# Parameters

Generated from the declarations in `sim/scenario/` by `make docs`; do not edit.

Every key of a scenario file with its type, unit, default, bounds, meaning and the source of the default. A
shipped scenario gives the source of each number of its own in a comment beside it; `aimarkets show
SCENARIO` prints all values with where they were set. The role tells a policy **lever** from an
**uncertain** number, which nobody chooses, and from a **structural** one, which shapes the experiment. `*`
stands for any name. Wherever a number may stand, so may a distribution, such as `{dist: triangular, low:
0.2, mode: 0.5, high: 0.9}`. Distributions with the same `together: NAME` are drawn by one random number.

`samples: {TABLE: FILE.csv}` at the top level names a table in a file beside the scenario: names of columns in
the first line, then a line of numbers a row. `{dist: sample, of: TABLE, column: NAME}` draws from it: one draw
takes the same row for all parameters of a table, each row as often as any other. The first row holds where no
uncertainty is asked for.
"""


def schema(
    docs: Annotated[
        Path | None,
        typer.Option(
            help="Write the schema and the reference of parameters and outputs into this folder instead.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files, by which editors complete and check them."""
    if docs is None:
        typer.echo(documents()[SCHEMA], nl=False)
        return
    docs.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (docs / name).write_text(text, encoding="utf-8")
        typer.echo(docs / name)


def documents() -> dict[str, str]:
    """Files of ``docs/`` that are written from declarations, by name."""
    import json

    from sim.facts.reference import facts_reference
    from sim.run.reference import outputs_reference
    from sim.scenario import Scenario
    from sim.scenario.jsonschema import json_schema
    from sim.scenario.reference import reference

    return {
        SCHEMA: json.dumps(json_schema(Scenario), indent=1, ensure_ascii=False) + "\n",
        "parameters.md": f"{PARAMETERS_HEAD}\n{reference(Scenario)}",
        "outputs.md": outputs_reference(),
        "facts.md": facts_reference(),
    }
