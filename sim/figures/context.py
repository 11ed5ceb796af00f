"""What a run tells its figures beside the tables: events, source, where history ends, titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame

Date: TypeAlias = "date | np.datetime64 | str"


class Event(NamedTuple):
    """A policy event: where its rule stands, the words above it, and who yields where there is no room."""

    month: Date
    label: str
    priority: int = 0


class Options(TypedDict, total=False):
    """Keywords that every figure takes.

    events : months and labels of policy events, marked by thin rules.
    source : the line at the bottom: where the numbers come from.
    history_until : last month that replays history; a line stands after it.
    names : titles of firms and regions by key.
    observed : measured values as black points: a frame of indicator (a column of `market`), region, month
        and value.
    width : "column" (3.15 in), "page" (6.5 in) or "slide".
    """

    events: Sequence[Event | tuple[Date, str]]
    source: str
    history_until: Date | None
    names: Mapping[str, str]
    observed: DataFrame | None
    width: str


@dataclass(frozen=True)
class Context:
    """The options of all figures of one run; see `Options`."""

    events: Sequence[Event | tuple[Date, str]] = ()
    source: str = ""
    history_until: Date | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    observed: DataFrame | None = None
    width: str = "page"

    def options(self) -> dict[str, Any]:
        """The same as keywords."""
        return {
            "events": self.events, "source": self.source, "history_until": self.history_until,
            "names": self.names, "observed": self.observed, "width": self.width,
        }  # fmt: skip


def day(when: Date) -> float:
    """A date as days since 1970."""
    import numpy as np

    stamp: np.datetime64 = np.datetime64(when)
    return float(stamp.astype("datetime64[D]").astype(np.int64))
