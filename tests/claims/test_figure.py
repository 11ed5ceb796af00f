"""The forest plot: what it says, and that what lies beyond the edge is marked."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from sim.figures.claims import EDGE, claims
from sim.figures.plotted import plotted
from sim.figures.saving import alt_text

NONE = dict.fromkeys(("value", "low", "high", "counts_from", "counts_to"), math.nan)
UP = {"counts_from": 1.0, "counts_to": math.inf}
ROWS = [
    {"name": "1a", "verdict": "holds", "value": 2.0, "low": 1.0, "high": 3.0, **UP},
    {"name": "1b", "verdict": "fails", "value": -90.0, "low": -99.0, "high": 0.0, **UP},
    {"name": "2", "verdict": "depends", "value": 0.5, "low": -2.0, "high": 2.0, "counts_from": -1.0, "counts_to": 1.0},
    {"name": "3", "verdict": "untestable", **NONE},
]


@pytest.mark.parametrize("width", ["column", "page", "slide"])
def test_a_row_a_part(width: str) -> None:
    figure = claims(pd.DataFrame(ROWS), width=width)
    assert alt_text(figure).startswith(
        "Of 4 things that are said, 1 hold, 1 fail, 1 depend on what is uncertain and 1 cannot be tested"
    )
    assert plotted(figure)["series"].tolist() == ["1a", "1b", "2"]
    (axes,) = figure.axes
    marks = {line.get_marker(): float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() in "<>"}
    assert marks == {"<": -EDGE}


def test_nothing_to_show() -> None:
    assert alt_text(claims(pd.DataFrame(columns=list(ROWS[0])))).startswith("Claims.")
