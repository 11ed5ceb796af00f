"""Tables on disk."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sim.record import TABLES
from sim.run.results import Result
from sim.run.simulate import simulate
from sim.run.tables import read_tables, schema, write_tables
from sim.scenario import Resolved


def test_every_declared_column_has_unit_and_meaning() -> None:
    missing = [
        f"{table.name}.{column.name}"
        for table in TABLES.values()
        for column in table.columns
        if not (column.unit.strip() and column.meaning.strip())
    ]
    assert missing == []


@pytest.mark.parametrize("name", TABLES)
def test_files_carry_unit_and_meaning(result: Result, tmp_path: Path, name: str) -> None:
    write_tables(result.tables, tmp_path)
    stored = pq.read_schema(tmp_path / f"{name}.parquet")
    assert stored.equals(schema(TABLES[name]), check_metadata=True)
    for column in TABLES[name].columns:
        about = stored.field(column.name).metadata
        assert about[b"unit"].decode() == column.unit
        assert about[b"meaning"].decode() == column.meaning
    assert stored.metadata[b"row"].decode() == TABLES[name].row


def test_frames_come_back_as_they_were(result: Result, tmp_path: Path) -> None:
    write_tables(result.tables, tmp_path)
    back = read_tables(tmp_path)
    assert list(back) == list(result.tables)
    for name, frame in result.tables.items():
        pd.testing.assert_frame_equal(back[name], frame)


def test_a_rerun_gives_the_same_bytes(tiny: Resolved, result: Result, tmp_path: Path) -> None:
    again = simulate(tiny, seed=1, replicates=2)
    for folder, frames in (("first", result.tables), ("second", again.tables)):
        (tmp_path / folder).mkdir()
        write_tables(frames, tmp_path / folder)
    for file in sorted((tmp_path / "first").iterdir()):
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes(), file.name


def test_empty_tables_come_back(result: Result, tmp_path: Path) -> None:
    empty = {name: frame.iloc[:0] for name, frame in result.tables.items()}
    write_tables(empty, tmp_path)
    for name, frame in read_tables(tmp_path).items():
        assert frame.dtypes.map(str).equals(empty[name].dtypes.map(str)), name
        assert frame.empty
