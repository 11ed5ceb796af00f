"""From the arrays of a record to tidy frames: one row an observation, keys first, then values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from sim.record import CLOUDS, DECISIONS, LABS, MARKET, MODELS, TABLES, USAGE, WORLD, Record, Table
from sim.scenario.month import Month
from sim.world.setting import Setting

Frames = dict[str, pd.DataFrame]
Columns = dict[str, Any]
"""Columns of a table, in any order."""
Names = pd.api.extensions.ExtensionArray
"""A column of names, as categories."""

OPENNESS = ("closed", "open")
CHANNELS = ("api", "hosted", "self")
_DTYPES = {"text": "str", "count": "int64", "flag": "bool"}


def frames(record: Record, setting: Setting, *, replicate: int, seed: int) -> Frames:
    """Every table of one replicate.

    Parameters
    ----------
    record
        Filled by a market that ran to its end.
    setting
        That of the same market: names, and which region or group each belongs to.
    replicate, seed
        Written into the first two columns.

    Returns
    -------
    Frames by the names of `sim.record.TABLES`, columns as declared there. Months are dates, keys that are
    names are categories, in the scenario's order.
    """
    keys = _Keys(setting)
    regions = {"region": keys.region([*setting.regions, WORLD])}
    found = {
        "market": _grid(MARKET, record.market, keys.months, regions),
        "labs": _grid(LABS, record.labs, keys.months, keys.labs()),
        "clouds": _grid(CLOUDS, record.clouds, keys.months, keys.clouds()),
        "models": _events(MODELS, record.models, keys),
        "decisions": _events(DECISIONS, record.decisions, keys),
        "usage": _usage(record.usage, keys),
    }
    return {name: _frame(TABLES[name], columns, replicate, seed) for name, columns in found.items()}


def _frame(table: Table, columns: Columns, replicate: int, seed: int) -> pd.DataFrame:
    """The columns of a table in their order; made in one go, since putting a column in is dear."""
    rows = len(columns["month"])
    whole = columns | {
        "replicate": np.full(rows, replicate, dtype=np.int64),
        "seed": np.full(rows, seed, dtype=np.int64),
    }
    return pd.DataFrame({column.name: whole[column.name] for column in table.columns})


def concatenate(parts: Sequence[Frames]) -> Frames:
    """Stack the frames of several replicates; categories are united where they differ."""
    return {name: _stack([part[name] for part in parts], table) for name, table in TABLES.items()}


def _stack(pieces: list[pd.DataFrame], table: Table) -> pd.DataFrame:
    if len(pieces) == 1:
        return pieces[0]
    for column in (key.name for key in table.keys if key.kind == "text"):
        united = union_categoricals([piece[column] for piece in pieces]).categories
        pieces = [piece.assign(**{column: piece[column].cat.set_categories(united)}) for piece in pieces]
    return pd.concat(pieces, ignore_index=True)


class _Keys:
    """Key columns as categories whose vocabulary is that of the scenario."""

    def __init__(self, setting: Setting) -> None:
        segments = setting.scenario.segments
        self.setting = setting
        self.months = dates(setting.months)
        self.groups = [segments[name].group for name in setting.segments]
        self.words: dict[str, Sequence[str]] = {
            "region": [*setting.regions, WORLD],
            "lab": setting.labs,
            "cloud": setting.clouds,
            "segment": setting.segments,
            "group": list(dict.fromkeys(self.groups)),
            "openness": OPENNESS,
            "origin": setting.regions,
            "channel": CHANNELS,
        }

    def column(self, key: str, values: Sequence[str]) -> Names:
        words = {word: code for code, word in enumerate(self.words[key])}
        codes = np.array([words[value] for value in values], dtype=np.int64)
        return pd.Categorical.from_codes(codes, categories=pd.Index(list(words)))

    def region(self, values: Sequence[str]) -> Names:
        return self.column("region", values)

    def labs(self) -> dict[str, Names]:
        homes = [self.setting.regions[r] for r in self.setting.lab_region]
        return {"lab": self.column("lab", self.setting.labs), "region": self.region(homes)}

    def clouds(self) -> dict[str, Names]:
        homes = [self.setting.regions[r] for r in self.setting.cloud_region]
        return {"cloud": self.column("cloud", self.setting.clouds), "region": self.region(homes)}


def dates(months: Sequence[Month]) -> NDArray[np.datetime64]:
    """First days of months, in the resolution of the tables."""
    return np.array([month.date() for month in months], dtype="datetime64[us]")


def _grid(
    table: Table,
    values: Mapping[str, NDArray[np.float64]],
    months: NDArray[np.datetime64],
    rows: Mapping[str, Names],
) -> Columns:
    """Table with a row for each month and each entity; arrays have shape (months, entities)."""
    entities = len(next(iter(rows.values())))
    entity = np.tile(np.arange(entities), len(months))
    columns: Columns = {"month": np.repeat(months, entities)}
    columns |= {key: names.take(entity) for key, names in rows.items()}
    columns |= {column.name: values[column.name].ravel() for column in table.values}
    return columns


def _events(table: Table, rows: Sequence[Mapping[str, Any]], keys: _Keys) -> Columns:
    """Table with a row for each thing that happened; numbers that a row lacks are missing."""
    columns: Columns = {}
    for column in (*table.keys, *table.values):
        if column.kind == "number":
            name = column.name
            columns[name] = np.array([row.get(name, np.nan) for row in rows], dtype=float)
            continue
        values = [row[column.name] for row in rows]
        if column.kind == "month":
            columns[column.name] = keys.months[np.array(values, dtype=np.int64)]
        elif column.name in keys.words:
            columns[column.name] = keys.column(column.name, values)
        else:
            columns[column.name] = pd.Series(values, dtype=_DTYPES[column.kind])
    return columns


def _usage(values: Mapping[str, NDArray[np.float64]], keys: _Keys) -> Columns:
    """Table of the offer groups that have customers; arrays as in `Record.usage`."""
    used = np.nonzero(values["customers"] > 0.0)
    codes = dict(zip(("month", "region", "segment", "openness", "origin", "channel"), used, strict=True))
    columns: Columns = {"month": keys.months[codes.pop("month")]}
    for key, code in codes.items():
        columns[key] = keys.column(key, keys.words[key]).take(code)
    columns["group"] = keys.column("group", keys.groups).take(codes["segment"])
    columns |= {column.name: values[column.name][used] for column in USAGE.values}
    return columns
