from __future__ import annotations

import numpy as np
import pytest

from sim.scenario.month import Month
from sim.scenario.nodes import Scalar, drop, find, leaves, plain, put, rooted, written
from sim.scenario.problems import Place

HERE = Place("x.yaml", 3)
DATA = {"a": {"b": 1}, "list": [1, 2], "events": [{"name": "one", "x": 1}, {"name": "two", "x": 2}]}


@pytest.fixture
def tree():
    return rooted(DATA, HERE)


def test_named_items_are_found_by_name_and_others_by_position(tree):
    assert find(tree, ["events", "two", "x"]).value == 2
    assert find(tree, ["list", "1"]).value == 2
    assert find(tree, ["events", "three"]) is None
    assert find(tree, ["a", "b", "c"]) is None


def test_setting_and_dropping_leave_the_tree_as_it_was(tree):
    changed = put(tree, ["events", "two", "x"], Scalar(5, HERE))
    assert plain(changed)["events"][1] == {"name": "two", "x": 5}
    assert plain(drop(tree, ["events", "one"]))["events"] == [{"name": "two", "x": 2}]
    assert plain(drop(tree, ["a", "b"]))["a"] == {}
    assert plain(tree) == DATA


def test_setting_makes_the_mappings_on_the_way(tree):
    assert plain(put(tree, ["new", "deep"], Scalar(1, HERE)))["new"] == {"deep": 1}
    assert plain(put(tree, ["a", "b", "c"], Scalar(1, HERE)))["a"] == {"b": {"c": 1}}


@pytest.mark.parametrize("path", [["nothing"], ["a", "nothing"], ["events", "three"], ["a", "b", "c"]])
def test_what_is_not_there_cannot_be_dropped(tree, path):
    with pytest.raises(KeyError):
        drop(tree, path)


def test_values_of_a_tree_come_with_their_paths(tree):
    paths = [".".join(path) for path, _ in leaves(tree)]
    assert paths == ["a.b", "list", "events.one.name", "events.one.x", "events.two.name", "events.two.x"]
    assert [path for path, _ in leaves(rooted({"a": {"dist": "uniform"}, "b": {}}, HERE))] == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing (null)"),
        (True, "true"),
        (2e9, "2e+09"),
        (0.1 + 0.2, "0.30000000000000004"),
        ("x" * 100, "'" + "x" * 57 + "...'"),
        ([], "an empty list"),
        ({}, "an empty mapping"),
        ({"dist": "uniform"}, "a distribution"),
    ],
)
def test_values_are_short_in_messages(value, text):
    assert written(rooted(value, HERE)) == text


def test_what_no_file_can_hold_is_replaced():
    data = {"title": "a\ud800b", "month": Month(2024, 2)}
    assert plain(rooted(data, HERE)) == {"title": "a?b", "month": "2024-02"}


def test_numbers_of_numpy_are_numbers():
    data = plain(rooted([np.int64(3), np.float32(0.5), np.float64(0.1)], HERE))
    assert data == [3, 0.5, 0.1]
    assert [type(number) for number in data] == [int, float, float]
