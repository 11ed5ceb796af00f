"""Records as tidy frames."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest

from sim.market import Market
from sim.record import COMPONENTS, MODES, TABLES
from sim.run.frames import Frames, concatenate, frames
from sim.run.results import Result
from sim.scenario import Resolved


@pytest.fixture(scope="module")
def market(tiny: Resolved) -> Market:
    return Market(tiny.scenario, 1).run()


@pytest.fixture(scope="module")
def found(market: Market) -> Frames:
    return frames(market.record, market.setting, replicate=3, seed=1)


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_those_declared(found: Frames, name: str) -> None:
    assert list(found[name].columns) == [column.name for column in TABLES[name].columns]


@pytest.mark.parametrize("name", TABLES)
def test_kinds_are_those_declared(found: Frames, name: str) -> None:
    keys = {column.name for column in TABLES[name].keys}
    kinds = {"number": "float64", "month": "datetime64[us]", "count": "int64", "flag": "bool", "text": "str"}
    for column in TABLES[name].columns:
        expected = "category" if column.kind == "text" and column.name in keys else kinds[column.kind]
        assert str(found[name][column.name].dtype) == expected, column.name


@pytest.mark.parametrize("name", ["market", "labs", "clouds", "usage"])
def test_keys_identify_a_row(found: Frames, name: str) -> None:
    keys = [column.name for column in TABLES[name].keys]
    assert not found[name].duplicated(keys).any()


def test_every_month_and_entity_has_a_row(market: Market, found: Frames) -> None:
    months = len(market.months)
    assert len(found["market"]) == months * (len(market.setting.regions) + 1)
    assert len(found["labs"]) == months * len(market.setting.labs)
    assert len(found["clouds"]) == months * len(market.setting.clouds)


def test_months_are_first_days(market: Market, found: Frames) -> None:
    expected = pd.date_range("2023-01-01", periods=len(market.months), freq="MS")
    assert list(found["market"]["month"].unique()) == list(expected)


@pytest.mark.parametrize("name", ["market", "labs", "clouds"])
def test_values_stand_beside_their_keys(market: Market, found: Frames, name: str) -> None:
    entity = {"market": "region", "labs": "lab", "clouds": "cloud"}[name]
    arrays = getattr(market.record, name)
    for column in TABLES[name].values:
        wide = found[name].pivot(index="month", columns=entity, values=column.name)
        np.testing.assert_array_equal(wide.to_numpy(), arrays[column.name])


def test_homes_are_those_of_the_scenario(tiny: Resolved, found: Frames) -> None:
    homes = found["labs"].drop_duplicates("lab").set_index("lab")["region"]
    assert {name: homes[name] for name in tiny.scenario.labs} == {
        name: lab.region for name, lab in tiny.scenario.labs.items()
    }


def test_usage_keeps_what_is_used(market: Market, found: Frames) -> None:
    usage = found["usage"]
    assert (usage["customers"] > 0).all()
    for column in ("customers", "tokens", "spending"):
        assert usage[column].sum() == pytest.approx(market.record.usage[column].sum())
    by_region = usage.groupby("region", observed=True)["tokens"].sum()
    for i, region in enumerate(market.setting.regions):
        assert by_region[region] == pytest.approx(market.record.usage["tokens"][:, i].sum())


def test_usage_knows_the_group_of_a_segment(tiny: Resolved, found: Frames) -> None:
    pairs = found["usage"][["segment", "group"]].drop_duplicates()
    assert dict(zip(pairs["segment"], pairs["group"], strict=True)) == {
        name: segment.group for name, segment in tiny.scenario.segments.items()
    }


def test_an_event_keeps_its_month_and_lacks_what_was_not_weighed(market: Market) -> None:
    row = {
        "month": 2, "lab": "leader", "region": "north", "rule": "history", "previous": "closed",
        "taken": "open", "forced": True, "capability": 120.0, "frontier_gap": 0.0,
    }
    record = copy.copy(market.record)
    record.decisions = [row]
    decisions = frames(record, market.setting, replicate=0, seed=1)["decisions"]
    assert decisions.loc[0, "month"] == pd.Timestamp("2023-03-01")
    assert decisions.loc[0, [f"{mode}_{part}" for mode in MODES for part in COMPONENTS]].isna().all()


def test_stacking_keeps_order_and_categories(market: Market, found: Frames) -> None:
    second = frames(market.record, market.setting, replicate=4, seed=2)
    stacked = concatenate([found, second])
    for name, frame in stacked.items():
        assert list(frame["replicate"].unique()) == ([3, 4] if len(found[name]) else [])
        assert list(frame.index) == list(range(2 * len(found[name])))
        assert dict(frame.dtypes) == dict(found[name].dtypes)


def test_stacking_unites_categories() -> None:
    def part(lab: str) -> Frames:
        return {
            name: pd.DataFrame({
                column.name: pd.Categorical([lab]) if column in table.keys and column.kind == "text" else [0]
                for column in table.columns
            })
            for name, table in TABLES.items()
        }

    labs = concatenate([part("a"), part("b")])["labs"]["lab"]
    assert list(labs) == ["a", "b"]
    assert list(labs.cat.categories) == ["a", "b"]


def test_a_result_numbers_its_replicates(result: Result) -> None:
    pairs = result.market[["replicate", "seed"]].drop_duplicates()
    assert pairs.to_numpy().tolist() == [[0, 1], [1, 2]]
