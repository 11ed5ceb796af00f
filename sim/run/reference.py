"""The reference of all output columns, written from the one place where they are declared."""

from __future__ import annotations

from sim.record import RUN, TABLES, Column, Table
from sim.run.tables import file_name

HEAD = """\
# Outputs

Generated from `sim/record.py` by `make docs`; do not edit.

A result is a folder with one Parquet file a table. The unit and meaning of every column are in the files too,
as metadata of the schema's fields. Money is in US dollars of 2025, tokens in millions (Mtok), capability in
points on the Epoch Capabilities Index (ECI), compute in thousands of H100 equivalents (H100e). A number that
does not exist, such as the margin of a firm without revenue, is missing (NaN).

From Python, `sim.simulate(...)` and `sim.load_result(folder)` give the same tables as pandas frames:
`result.market` and so on.
"""


def outputs_reference() -> str:
    """Text of ``docs/outputs.md``."""
    return "\n".join([HEAD, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    keys = {column.name for column in (*RUN, *table.keys)}
    rows = [_row(column, column.name in keys) for column in table.columns]
    return "\n".join([
        f"## `{table.name}`", "",
        f"One row: {table.row}. File: `{file_name(table.name)}`. Columns in bold identify the row.", "",
        "| column | unit | meaning |", "|---|---|---|", *rows, "",
    ])


def _row(column: Column, key: bool) -> str:
    name = f"**`{column.name}`**" if key else f"`{column.name}`"
    return f"| {name} | {column.unit} | {column.meaning} |"
