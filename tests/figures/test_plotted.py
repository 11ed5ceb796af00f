"""The numbers beside a figure are those in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.figures import FIGURES, save
from sim.figures.plotted import plotted
from sim.figures.saving import alt_text
from sim.figures.series import Grid, Series


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_numbers(name, make, context):
    numbers = plotted(FIGURES[name](make(runs=3), context))
    assert {"panel", "series", "at", "value"} <= set(numbers.columns)
    assert numbers["value"].notna().all()


def test_lines_have_the_quantiles_of_their_runs(make, context):
    market = make(runs=8)["market"]
    numbers = plotted(FIGURES["propensity"]({"market": market}, context))
    here = numbers[numbers["series"] == "Chinese labs"]
    series = Grid(market[market["region"] == "china"]).read("open_propensity")
    np.testing.assert_allclose(here["value"], series.median)
    np.testing.assert_allclose(here[["q05", "q25", "q50", "q75", "q95"]], series.quantiles.T)
    assert here["at"].iloc[0] == "2022-11"
    assert (here["runs"] == 8).all()


def test_areas_add_up(make, context):
    numbers = plotted(FIGURES["adoption-firms"](make(runs=2), context))
    np.testing.assert_allclose(numbers.groupby(["panel", "at"])["value"].sum(), 1.0)


def test_dollars_add_up_to_what_is_spent(make, context):
    usage = make(runs=2)["usage"]
    numbers = plotted(FIGURES["adoption-spending"]({"usage": usage}, context))
    found = numbers[numbers["panel"] == "US dollars a month"].groupby("at")["value"].sum()
    np.testing.assert_allclose(found, Grid(usage).read("spending").mean)


def test_files_beside_the_figure(make, context, tmp_path):
    figure = FIGURES["frontier"](make(), context)
    files = save(figure, tmp_path / "frontier", formats=["svg"], numbers=True)
    assert [file.name for file in files] == ["frontier.svg", "frontier.csv", "frontier.txt"]
    assert (tmp_path / "frontier.txt").read_text() == f"{alt_text(figure)}\n"
    read = pd.read_csv(tmp_path / "frontier.csv")
    np.testing.assert_allclose(read["value"], plotted(figure)["value"], rtol=1e-5)


def test_a_running_mean_is_of_the_months_that_have_a_value():
    values = np.array([[1.0], [np.nan], [3.0], [5.0], [7.0]])
    smooth = Series(np.arange(5.0), values).trailing(3).values[:, 0]
    np.testing.assert_allclose(smooth, [1.0, np.nan, 2.0, 4.0, 5.0])
    whole = pd.Series(np.random.default_rng(0).normal(size=40))
    ours = Series(np.arange(40.0), whole.to_numpy()[:, None]).trailing(12).values[:, 0]
    np.testing.assert_allclose(ours, whole.rolling(12, min_periods=1).mean())
