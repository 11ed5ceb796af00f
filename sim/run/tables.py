"""Tables on disk: Parquet files whose schema carries the unit and the meaning of every column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.record import TABLES, Column, Table

_TYPES = {
    "number": pa.float64(),
    "text": pa.string(),
    "month": pa.timestamp("us"),
    "count": pa.int64(),
    "flag": pa.bool_(),
}
_NAMES = pa.dictionary(pa.int32(), pa.string())


def schema(table: Table) -> pa.Schema:
    """Arrow schema of a table: each field with ``unit`` and ``meaning``, the whole with what a row is."""
    keys = {column.name for column in table.keys}
    fields = [
        pa.field(column.name, _arrow_type(column, column.name in keys), metadata=_about(column))
        for column in table.columns
    ]
    return pa.schema(fields, metadata={"table": table.name, "row": table.row})


def _arrow_type(column: Column, key: bool) -> pa.DataType:
    return _NAMES if key and column.kind == "text" else _TYPES[column.kind]


def _about(column: Column) -> dict[str, str]:
    return {"unit": column.unit, "meaning": column.meaning}


def file_name(table: str) -> str:
    """Name of a table's file in the folder of a result."""
    return f"{table}.parquet"


def write_tables(frames: Mapping[str, pd.DataFrame], folder: Path) -> list[str]:
    """Write each frame as a Parquet file; equal frames give equal bytes.

    Returns
    -------
    Names of the files written.
    """
    for name, frame in frames.items():
        declared = schema(TABLES[name])
        table = pa.Table.from_pandas(frame, schema=declared, preserve_index=False)
        table = table.replace_schema_metadata(declared.metadata)  # drops the version of pandas
        path = folder / file_name(name)
        pq.write_table(table, path, version="2.6", compression="zstd", compression_level=3)
    return [file_name(name) for name in frames]


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read back what `write_tables` wrote."""
    return {name: pq.ParquetFile(folder / file_name(name)).read().to_pandas() for name in TABLES}
