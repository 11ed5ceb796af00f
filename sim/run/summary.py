"""A result in a few lines: where the market stands in the last month, by region."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import pandas as pd

from sim.record import WORLD


class Headline(NamedTuple):
    """A column of the table `market` that sums a result up, and how its values are written."""

    column: str
    label: str
    form: str


HEADLINES = (
    Headline("adoption", "adoption", "{:.0%}"),
    Headline("open_token_share", "open share of tokens", "{:.0%}"),
    Headline("open_spending_share", "open share of spending", "{:.0%}"),
    Headline("margin_closed", "gross margin, closed models", "{:.0%}"),
    Headline("margin_open", "gross margin, labs' own open models", "{:.0%}"),
    Headline("margin_clouds", "gross margin, clouds on others' models", "{:.0%}"),
    Headline("capability", "best model (ECI)", "{:.1f}"),
    Headline("lag", "behind the frontier (months)", "{:.1f}"),
    Headline("open_labs", "labs whose flagship is open", "{:.0%}"),
)


def end_state(market: pd.DataFrame) -> pd.DataFrame:
    """Median over replicates of each headline in the last month: headlines as rows, regions as columns."""
    last = market[market["month"] == market["month"].max()]
    columns = [headline.column for headline in HEADLINES]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a region without a value has no median
        medians = last.groupby("region", observed=True, sort=True)[columns].median()
    regions = sorted(medians.index, key=lambda region: region != WORLD)  # the world first
    labels = [headline.label for headline in HEADLINES]
    return pd.DataFrame({region: medians.loc[region].to_numpy() for region in regions}, index=labels)


def written(table: pd.DataFrame) -> pd.DataFrame:
    """The numbers of `end_state` as text, with a dash for what does not exist."""
    forms = {headline.label: headline.form for headline in HEADLINES}
    rows = [[write(value, forms[label]) for value in table.loc[label]] for label in table.index]
    return pd.DataFrame(rows, index=table.index, columns=[str(name) for name in table.columns])


def write(value: float, form: str) -> str:
    """A number by a format; a dash if it is not one."""
    return form.format(value) if math.isfinite(value) else "-"


def as_text(title: str, market: pd.DataFrame) -> str:
    """Title and end state as plain text."""
    table = written(end_state(market))
    rows = [[str(label), *map(str, row)] for label, row in zip(table.index, table.to_numpy(), strict=True)]
    return "\n".join([title, *aligned([["", *table.columns], *rows])])


def as_html(title: str, market: pd.DataFrame) -> str:
    """Title and end state as HTML, everything escaped."""
    return f"<p>{escape(title)}</p>{written(end_state(market)).to_html(escape=True, border=0)}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines: the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[name.ljust(widths[0]), *map(str.rjust, cells, widths[1:])] for name, *cells in rows]
    return ["  " + "  ".join(line) for line in lines]
