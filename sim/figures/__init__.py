"""Figures that can be printed as they are: tidy frames in, matplotlib figures out.

Each function stands alone in a notebook:

    from sim.figures.adoption import adoption_open

    adoption_open(result.market, events=[("2023-10-17", "US chip rule 2")], source="aimarkets, baseline")

`draw_all` draws every figure of a run, `save` writes one. matplotlib is imported when the first figure is
drawn, through its object interface only: nothing here touches pyplot or its global state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from sim.figures.context import Context, Event

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

__all__ = ["FIGURES", "Context", "Drawing", "Event", "draw_all", "save"]


class Drawing(NamedTuple):
    """A figure of a run: the module and function that draw it, and the tables that it takes in order."""

    module: str
    function: str
    tables: tuple[str, ...]

    def __call__(self, frames: Mapping[str, DataFrame], context: Context | None = None) -> Figure:
        """Draw it.

        Raises
        ------
        KeyError
            If a table is missing.
        """
        missing = [table for table in self.tables if table not in frames]
        if missing:
            raise KeyError(
                f"{self.function}: needs table '{missing[0]}', found {', '.join(frames) or 'none'}"
            )
        draw = getattr(import_module(f"sim.figures.{self.module}"), self.function)
        figure = draw(*(frames[table] for table in self.tables), **(context or Context()).options())
        return cast("Figure", figure)


FIGURES: dict[str, Drawing] = {
    "adoption-open": Drawing("adoption", "adoption_open", ("market",)),
    "adoption-countries": Drawing("adoption", "adoption_countries", ("usage",)),
    "adoption-firms": Drawing("adoption", "adoption_firms", ("labs",)),
    "adoption-spending": Drawing("money", "adoption_spending", ("usage",)),
    "margins-roles": Drawing("margins", "margins_roles", ("market",)),
    "margins-firms": Drawing("margins", "margins_firms", ("labs",)),
    "money-split": Drawing("margins", "money_split", ("market",)),
    "money-dollars": Drawing("money", "money_dollars", ("market",)),
    "prices": Drawing("prices", "prices", ("market",)),
    "frontier": Drawing("frontier", "frontier", ("market",)),
    "release-modes": Drawing("modes", "modes_timeline", ("models", "labs")),
    "propensity": Drawing("propensity", "propensity", ("market",)),
    "compute": Drawing("compute", "compute", ("market",)),
    "compute-rules": Drawing("rules", "compute_rules", ("market",)),
    "capacity": Drawing("structure", "capacity", ("market",)),
    "concentration": Drawing("structure", "concentration", ("market",)),
}


def draw_all(
    frames: Mapping[str, DataFrame], context: Context | None = None, names: Sequence[str] | None = None
) -> Iterator[tuple[str, Figure]]:
    """Draw the figures of a run, one at a time.

    Parameters
    ----------
    frames
        Tables by name, as `sim.record.TABLES` describes them.
    context
        Events, source, where history ends, titles.
    names
        Which figures of `FIGURES`; None: all.

    Yields
    ------
    name, figure
        The name is fit for a file.
    """
    for name in FIGURES if names is None else names:
        if name not in FIGURES:
            raise KeyError(f"figure '{name}': allowed are {', '.join(FIGURES)}")
        yield name, FIGURES[name](frames, context)


def save(
    figure: Figure,
    path_without_suffix: str | Path,
    formats: Sequence[str] = ("png", "svg"),
    metadata: Mapping[str, str] | None = None,
    *,
    numbers: bool = False,
) -> list[Path]:
    """Write a figure; see `sim.figures.saving.save`."""
    from sim.figures.saving import save as write

    return write(figure, path_without_suffix, formats, metadata, numbers=numbers)
