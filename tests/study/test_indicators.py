"""Indicators computed from the record are those that the tables of a run give."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.market import Market
from sim.run.results import Result
from sim.run.simulate import simulate
from sim.scenario import Month, Resolved, load
from sim.study.indicators import Indicator, usual

TINY = Path(__file__).parent.parent / "run" / "tiny.yaml"


@pytest.fixture(scope="module")
def tiny() -> Resolved:
    return load(TINY)


@pytest.fixture(scope="module")
def market(tiny) -> Market:
    return Market(tiny.scenario, 1).run()


@pytest.fixture(scope="module")
def result(tiny) -> Result:
    return simulate(tiny, seed=1)


def test_ends_and_means_are_those_of_the_tables(market, result, tiny):
    for one in usual(tiny.scenario.regions):
        column = result.market[result.market["region"] == one.entity][one.column]
        expected = column.iloc[-1] if one.take == "end" else column.mean()
        assert one.of(market) == pytest.approx(expected, nan_ok=True), one


@pytest.mark.parametrize(
    ("by", "entity", "table", "column"),
    [
        ("lab", "follower", "labs", "cash"),
        ("cloud", "host", "clouds", "hosted"),
        ("region", "world", "market", "tokens"),
    ],
)
def test_a_window_is_cut_out_by_its_months(market, result, by, entity, table, column):
    one = Indicator("x", column, by, entity, "series", Month(2023, 3), Month(2023, 6))
    rows = result.tables[table]
    rows = rows[(rows[by] == entity) & rows["month"].between("2023-03-01", "2023-06-01")]
    months, values = one.series(market)
    assert list(months) == list(rows["month"].to_numpy())
    assert list(values) == pytest.approx(list(rows[column]), nan_ok=True)
    mean = Indicator("x", column, by, entity, "mean", Month(2023, 3), Month(2023, 6))
    assert mean.of(market) == pytest.approx(rows[column].mean(), nan_ok=True)


def test_the_mean_of_nothing_is_missing(market):
    market.record.market["margin_open"][:, 1] = math.nan
    assert math.isnan(Indicator("x", "margin_open", "region", "south", "mean").of(market))
