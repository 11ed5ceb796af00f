"""What of a run a fact can be held against: from tables to one number a month.

An indicator takes rows of a table of the run, chosen by their keys, and gives a value for each month, or NaN
where it is not defined. Every column of `market` and `labs` is one (``market.capability``); the others are
functions below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.record import LABS, MARKET, MODES, Table

Array = NDArray[np.float64]
Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]
Rows = Mapping[str, Sequence[str]]
Frames = Mapping[str, pd.DataFrame]

OPEN_FLAGSHIP = MODES.index("open_restricted")
USAGE_KEYS = ("region", "segment", "group", "openness", "origin", "channel")


@dataclass(frozen=True)
class Indicator:
    """What a fact can be held against.

    Attributes
    ----------
    unit, meaning
        Of its values.
    columns
        Keys by which rows may be chosen.
    compute
        From the tables of one run, the chosen rows and the months to a value for each month.
    """

    unit: str
    meaning: str
    columns: tuple[str, ...]
    compute: Callable[[Frames, Rows, Days], Array]


def monthly(
    frames: Frames, name: str, where: Rows, days: Days, *,
    over: Rows | None = None, minus: Rows | None = None,
) -> Array:
    """An indicator by month.

    Parameters
    ----------
    frames
        Tables of one run.
    name
        Key of `INDICATORS`.
    where, over, minus
        Rows that count, that divide, and that are taken off.
    days
        First days of the months.

    Returns
    -------
    Array of shape (months,); NaN where it is not defined.
    """
    compute = INDICATORS[name].compute
    found = compute(frames, where, days)
    if over is not None:
        found = _ratio(found, compute(frames, over, days))
    if minus is not None:
        found = found - compute(frames, minus, days)
    return found


@dataclass(frozen=True, eq=False)
class Chosen:
    """Rows of a table whose keys are among those asked for; its columns are arrays, made when they are asked for."""

    frame: pd.DataFrame
    keep: Flags

    @classmethod
    def of(cls, frame: pd.DataFrame, where: Rows) -> Chosen:
        """Choose rows."""
        keep = np.ones(len(frame), dtype=bool)
        for column, names in where.items():
            key = frame[column].array
            if isinstance(key, pd.Categorical):  # far faster by the codes
                keep &= key.categories.isin(names)[key.codes]
            else:
                keep &= frame[column].isin(list(names)).to_numpy()
        return cls(frame, keep)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """A column, (rows,)."""
        return self.frame[column].to_numpy()[self.keep]

    def by_month(self, values: NDArray[Any], days: Days) -> Array:
        """The sum of the values of a month that are known; NaN in months without any."""
        total, count = self._sums(values, days)
        return np.where(count > 0, total, np.nan)

    def mean_by_month(self, values: NDArray[Any], days: Days) -> Array:
        """Their mean."""
        return _ratio(*self._sums(values, days))

    def _sums(self, values: NDArray[Any], days: Days) -> tuple[Array, Array]:
        """Sum and number of the known values of each month."""
        months = self["month"]
        at = np.minimum(np.searchsorted(days, months), len(days) - 1)
        known = ~np.isnan(values) & (days[at] == months)
        total = np.bincount(at[known], values[known], len(days))
        return np.asarray(total, dtype=float), np.bincount(at[known], minlength=len(days)).astype(float)


def _ratio(part: Array, whole: Array) -> Array:
    """NaN where there is no whole."""
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole != 0))


def _column(table: Table, column: str) -> Callable[[Frames, Rows, Days], Array]:
    def compute(frames: Frames, where: Rows, days: Days) -> Array:
        rows = Chosen.of(frames[table.name], where)
        return rows.by_month(rows[column], days)

    return compute


def _best(column: str) -> Callable[[Frames, Rows, Days], Array]:
    """The largest value of any chosen lab so far."""

    def compute(frames: Frames, where: Rows, days: Days) -> Array:
        rows = Chosen.of(frames["labs"], where)
        best, when = np.full(len(days), np.nan), rows["month"]
        at = np.minimum(np.searchsorted(days, when), len(days) - 1)
        known = days[at] == when
        np.fmax.at(best, at[known], rows[column][known])
        return np.asarray(np.fmax.accumulate(best))

    return compute


def _open_gap(frames: Frames, where: Rows, days: Days) -> Array:
    return _best("capability")(frames, where, days) - _best("capability_open")(frames, where, days)


def _legal(frames: Frames, where: Rows, days: Days) -> Array:
    rows = Chosen.of(frames["market"], where)
    other = rows["compute_domestic"] + rows["compute_smuggled"] + rows["compute_offshore"]
    return rows.by_month(rows["compute"] - other, days)


def _used(column: str) -> Callable[[Frames, Rows, Days], Array]:
    """Something used; 0 where there is no such row, as the table leaves out what nobody uses."""

    def compute(frames: Frames, where: Rows, days: Days) -> Array:
        rows = Chosen.of(frames["usage"], where)
        return np.nan_to_num(rows.by_month(rows[column], days))

    return compute


def _price(frames: Frames, where: Rows, days: Days) -> Array:
    rows = Chosen.of(frames["usage"], where)
    return _ratio(rows.by_month(rows["spending"], days), rows.by_month(rows["tokens"], days))


def _all_tokens(frames: Frames, where: Rows, days: Days) -> Array:
    rows = Chosen.of(frames["labs"], where)
    return rows.by_month(rows["tokens"] + rows["tokens_hosted"], days)


def _open_tokens(frames: Frames, where: Rows, days: Days) -> Array:
    rows = Chosen.of(frames["labs"], where)
    own = rows["tokens"] * (rows["mode"] >= OPEN_FLAGSHIP)
    return rows.by_month(own + rows["tokens_hosted"], days)


def _own_serving(frames: Frames, where: Rows, days: Days) -> Array:
    rows = Chosen.of(frames["labs"], where)
    return _ratio(rows.by_month(rows["tokens"], days), _all_tokens(frames, where, days))


def _lab_compute(frames: Frames, where: Rows, days: Days) -> Array:
    rows = Chosen.of(frames["labs"], where)
    return rows.by_month(rows["compute_training"] + rows["compute_serving"], days)


def _open_flagships(frames: Frames, where: Rows, days: Days) -> Array:
    rows = Chosen.of(frames["labs"], where)
    modes = rows["mode"]
    return rows.mean_by_month(np.where(np.isnan(modes), np.nan, modes >= OPEN_FLAGSHIP), days)


def first_openings(labs: pd.DataFrame) -> pd.Series:
    """Month in which each lab first had an open flagship; labs that never had one are left out."""
    opened = labs[labs["mode"] >= OPEN_FLAGSHIP]
    return opened.groupby(opened["lab"].astype(str))["month"].min()


def _opened(frames: Frames, where: Rows, days: Days) -> Array:
    labs = frames["labs"]
    first = first_openings(labs[Chosen.of(labs, where).keep]).to_numpy()
    return np.array([(first <= day).sum() for day in days], dtype=float)


def _closed_again(frames: Frames, where: Rows, days: Days) -> Array:
    labs = frames["labs"]
    rows = labs[Chosen.of(labs, where).keep].sort_values("month", kind="stable")
    opened = (rows["mode"] >= OPEN_FLAGSHIP).astype(int)
    change = opened.groupby(rows["lab"].astype(str)).diff()
    when = rows["month"][change < 0].to_numpy()
    return np.array([(when <= day).sum() for day in days], dtype=float)


def _largest_run(frames: Frames, where: Rows, days: Days) -> Array:
    rows = Chosen.of(frames["models"], where)
    when, flop = rows["month"], rows["flop"]
    return np.array([np.fmax.reduce(flop[when <= day], initial=np.nan) for day in days], dtype=float)


def _releases(frames: Frames, where: Rows, days: Days) -> Array:
    when = Chosen.of(frames["models"], where)["month"]
    return np.array([(when <= day).sum() for day in days], dtype=float)


LAB_KEYS, MODEL_KEYS = ("lab", "region"), ("lab", "region", "mode")
_OPENED_MEANING = "Labs that have had an open flagship (open or restricted), so far"

INDICATORS: dict[str, Indicator] = {
    **{
        f"market.{column.name}": Indicator(
            column.unit, column.meaning, ("region",), _column(MARKET, column.name)
        )
        for column in MARKET.values
    },
    **{
        f"labs.{column.name}": Indicator(column.unit, column.meaning, LAB_KEYS, _column(LABS, column.name))
        for column in LABS.values
    },
    "capability.open_gap": Indicator(
        "ECI", "Best model of any of the labs so far less their best open one", LAB_KEYS, _open_gap
    ),
    "capability.best": Indicator("ECI", "Best model of any of the labs so far", LAB_KEYS, _best("capability")),
    "capability.best_open": Indicator(
        "ECI", "Best model with open weights of any of the labs so far", LAB_KEYS, _best("capability_open")
    ),
    "compute.legal": Indicator(
        "thousand H100e", "Compute from foreign chips that were bought legally and stand at home", ("region",), _legal
    ),
    "use.tokens": Indicator("Mtok/month", "Tokens used", USAGE_KEYS, _used("tokens")),
    "use.spending": Indicator("USD/month", "Spending on model use", USAGE_KEYS, _used("spending")),
    "use.price": Indicator("USD/Mtok", "Mean price paid", USAGE_KEYS, _price),
    "labs.all_tokens": Indicator(
        "Mtok/month", "Tokens from the labs' models, whoever serves them", LAB_KEYS, _all_tokens
    ),
    "labs.open_tokens": Indicator(
        "Mtok/month", "Tokens from the labs' open models, whoever serves them", LAB_KEYS, _open_tokens
    ),
    "labs.own_serving": Indicator(
        "share", "Part of the tokens of the labs' models that they serve themselves", LAB_KEYS, _own_serving
    ),
    "labs.compute": Indicator(
        "thousand H100e", "Training and serving compute together", LAB_KEYS, _lab_compute
    ),
    "modes.open": Indicator(
        "share", "Labs whose newest flagship is open or restricted", LAB_KEYS, _open_flagships
    ),
    "modes.opened": Indicator("count", _OPENED_MEANING, LAB_KEYS, _opened),
    "modes.closed_again": Indicator(
        "count", "Times that a lab followed an open flagship with a closed one, so far", LAB_KEYS, _closed_again
    ),
    "models.largest_run": Indicator(
        "FLOP", "Largest final training run so far", MODEL_KEYS, _largest_run
    ),
    "models.released": Indicator("count", "Model families released so far", MODEL_KEYS, _releases),
}
"""By the name that a fact gives; `docs/facts.md` lists them."""
