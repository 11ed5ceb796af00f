"""Labels pushed apart, events in their strip, words in lines."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from sim.figures import events, scales, text
from sim.figures.context import Event
from sim.figures.gutter import End, spread, words
from sim.figures.style import WIDTHS

PAGE = WIDTHS["page"]
heights = st.floats(0.05, 0.3)
spots = st.floats(0, 2)


@given(st.lists(st.tuples(spots, heights), max_size=12))
def test_labels_never_overlap_and_keep_their_order(boxes):
    wanted, high = [box[0] for box in boxes], [box[1] for box in boxes]
    placed = spread(wanted, high, 0.0, 2.0)
    for i, j in combinations(range(len(boxes)), 2):
        assert abs(placed[i] - placed[j]) >= (high[i] + high[j]) / 2 - 1e-9
        assert wanted[i] == wanted[j] or (wanted[i] > wanted[j]) == (placed[i] > placed[j])
    if sum(high) <= 2:
        for middle, height in zip(placed, high, strict=True):
            assert middle - height / 2 >= -1e-9
            assert middle + height / 2 <= 2 + 1e-9


def test_labels_with_room_stay_where_they_are():
    assert spread([0.5, 1.5, 1.0], [0.2, 0.2, 0.2], 0, 2) == pytest.approx([0.5, 1.5, 1.0])


@settings(max_examples=20, deadline=None)
@given(st.lists(spots, min_size=2, max_size=6, unique=True))
def test_labels_move_as_little_as_possible(wanted):
    wanted = sorted(wanted)
    placed = np.array(spread(wanted, [0.25] * len(wanted), 0.0, 2.0))
    best = minimize(
        lambda y: np.sum((y - wanted) ** 2), np.linspace(0.125, 1.875, len(wanted)), method="SLSQP",
        bounds=[(0.125, 1.875)] * len(wanted),
        constraints=[{"type": "ineq", "fun": lambda y: np.diff(y) - 0.25}], options={"ftol": 1e-12},
    )  # fmt: skip
    assert np.sum((placed - wanted) ** 2) == pytest.approx(best.fun, abs=1e-5)


def test_details_go_before_names_do():
    ends = [End(0.5, "Anthropic 13 %", "#000000", None, "(9–20)") for _ in range(4)]
    line = text.height(PAGE.small)
    assert words(ends, PAGE, 5.0, 4.1 * line)[0] == ["Anthropic 13 % (9–20)"]
    assert words(ends, PAGE, 1.0, 8.1 * line)[0] == ["Anthropic 13 %", "(9–20)"]
    assert words(ends, PAGE, 1.0, 4.1 * line)[0] == ["Anthropic 13 %"]
    assert words(ends, PAGE, 0.5, 4.1 * line)[0] == ["Anthrop…"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 30)), max_size=40))
def test_event_labels_never_overlap_nor_meet_a_rule(found):
    marks = [(events.Mark(x, "m" * size), x) for x, size in found]
    placed = events.place(marks, PAGE, 0.0, 6.0)
    assert all(0 <= label.start < label.end <= 6 and 0 <= label.row < events.ROWS for label in placed)
    for one, two in combinations(placed, 2):
        if one.row == two.row:
            assert one.end < two.start or two.end < one.start
        for words_, rule in ((one, two), (two, one)):
            if rule.row >= words_.row:
                assert not words_.start < rule.x < words_.end


def test_events_of_priority_go_first_and_history_first_of_all():
    days = [f"2025-0{month}-01" for month in (1, 3, 4, 5)]
    marks = events.marks([*((day, "a" * 30) for day in days), Event("2025-02-01", "b" * 30, 2)], "2024-12-01")
    assert [mark.words[0] for mark in marks] == ["a", "p", "b", "a", "a", "a"]
    assert [mark.divider for mark in marks] == [False, True, False, False, False, False]
    placed = events.place([(mark, 1.0 + place / 100) for place, mark in enumerate(marks)], PAGE, 0.9, 3.3)
    assert {"p", "b"} < {label.mark.words[0] for label in placed}
    assert len(placed) == 3


def test_a_label_in_the_way_steps_up():
    spots = [("projection", 1.0), ("China files models", 1.2), ("A800 barred", 1.4)]
    placed = events.place([(events.Mark(x, words), x) for words, x in spots], PAGE, 0.9, 6.0)
    assert {label.mark.words: label.row for label in placed} == {
        "A800 barred": 0, "China files models": 1, "projection": 2,
    }  # fmt: skip


def test_words_wrap_and_are_cut():
    assert text.wrap("one two three", 10, 7) == ["one two three"]
    assert text.wrap("", 10, 7) == []
    assert text.wrap("one two three", text.width("one two", 7), 7) == ["one two", "three"]
    assert text.wrap("one two three", text.width("one two", 7), 7, most=1) == ["one t…"]
    assert text.balanced("aaa bbb ccc d", text.width("aaa bbb ccc", 7), 7) == ["aaa bbb", "ccc d"]
    assert text.plain(" a\n\tb\x07 漢 ") == "a b □"


@pytest.mark.parametrize(("low", "high"), [(1e-4, 30), (2, 3), (5, 5), (1, 1e14), (0.9, 11), (99, 101)])
@pytest.mark.parametrize("room", [0.6, 1.6, 3.0])
def test_log_axes_hold_the_data_and_have_ticks(low, high, room):
    ticks = scales.fit(scales.USD_LOG, low, high, room)
    assert ticks.low <= low
    assert ticks.high >= high
    assert 1 <= len(ticks.at) <= room / 0.12
    assert len(set(ticks.labels)) == len(ticks.labels)
    assert all(ticks.low <= value <= ticks.high for value in ticks.at)


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.5), (-0.3, 0.9), (-8, 0.2), (0.2, 0.2)])
def test_margins_run_to_one_hundred_per_cent(low, high):
    ticks = scales.fit(scales.MARGIN, low, high, 1.6)
    assert ticks.high == 1
    assert ticks.low == pytest.approx(max(-1, min(0, np.floor(low / 0.25) * 0.25)))
    assert 0.0 in ticks.at


@pytest.mark.parametrize(("low", "high"), [(0, 0), (3, 17), (1e-9, 2e-9), (120, 210)])
def test_linear_axes_hold_the_data(low, high):
    for scale in (scales.MONTHS, scales.ECI):
        ticks = scales.fit(scale, low, high, 1.6)
        assert ticks.low <= low <= high <= ticks.high
        assert len(ticks.at) >= 2
