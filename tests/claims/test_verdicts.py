"""The rule for verdicts, as docs/claims-how.md states it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.claims.verdicts import (
    BY_MANY,
    BY_RULE,
    DIFFER,
    FAILS,
    HOLDS,
    NO_ANSWER,
    OPEN,
    UNTESTABLE,
    Answer,
    answer,
    counts,
    of_claim,
    of_part,
    opposes,
    signs,
)

EFFECTS = st.lists(st.floats(-10, 10), min_size=1, max_size=40).map(np.array)
DIRECTIONS = st.sampled_from(["up", "down", "not_up", "not_down", "none"])
MIRROR = {"up": "down", "down": "up", "not_up": "not_down", "not_down": "not_up", "none": "none"}


def said(word: str) -> Answer:
    return Answer(word, 1.0, 0.5, 1.5, 1.0, 1.0, 0.0, 10, 10)


@pytest.mark.parametrize(
    ("direction", "counted"),
    [
        ("up", [False, False, False, False, True, True]),
        ("down", [True, True, False, False, False, False]),
        ("not_up", [True, True, True, True, False, False]),
        ("not_down", [False, False, True, True, True, True]),
        ("none", [False, False, True, True, False, False]),
    ],
)
def test_what_counts(direction: str, counted: list[bool]) -> None:
    effect = np.array([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
    assert counts(effect, direction, 1.0).tolist() == counted


@given(effect=EFFECTS, direction=DIRECTIONS, smallest=st.floats(0.01, 5))
def test_a_mirror_changes_nothing(effect: np.ndarray, direction: str, smallest: float) -> None:
    """A claim of the opposite effect fares as the claim does with all effects reversed."""
    there, back = answer(effect, direction, smallest), answer(-effect, MIRROR[direction], smallest)
    for name in ("answer", "counts", "sign", "against"):
        assert getattr(there, name) == getattr(back, name)
    assert there.median == pytest.approx(-back.median)


@given(effect=EFFECTS, direction=DIRECTIONS, smallest=st.floats(0.01, 5))
def test_what_counts_has_the_sign_and_does_not_oppose(effect: np.ndarray, direction: str, smallest: float) -> None:
    counted = counts(effect, direction, smallest)
    assert not (counted & ~signs(effect, direction, smallest)).any()
    assert not (counted & opposes(effect, direction, smallest)).any()


@given(effect=EFFECTS, smallest=st.floats(0.01, 5))
def test_not_up_is_all_that_up_is_not(effect: np.ndarray, smallest: float) -> None:
    assert (counts(effect, "not_up", smallest) ^ counts(effect, "up", smallest)).all()


@pytest.mark.parametrize(
    ("strong", "answered"), [(10, HOLDS), (8, HOLDS), (7, OPEN), (3, OPEN), (2, FAILS), (0, FAILS)]
)
def test_four_fifths_hold_and_one_fifth_fails(strong: int, answered: str) -> None:
    effect = np.array([2.0] * strong + [0.5] * (10 - strong))
    found = answer(effect, "up", 1.0)
    assert found.answer == answered
    assert found.sign == 1.0
    assert found.counts == strong / 10


def test_draws_without_a_value_do_not_count_and_too_many_leave_it_open() -> None:
    few = answer(np.array([2.0] * 8 + [math.nan] * 2), "up", 1.0)
    many = answer(np.array([2.0] * 7 + [math.nan] * 3), "up", 1.0)
    none = answer(np.full(4, math.nan), "none", 1.0)
    assert [found.answer for found in (few, many, none)] == [HOLDS, OPEN, OPEN]
    assert (few.counts, few.valued, few.draws) == (1.0, 8, 10)


def test_few_draws_give_no_answer() -> None:
    assert answer(np.full(4, 2.0), "up", 1.0).answer == OPEN
    assert answer(np.full(5, 2.0), "up", 1.0).answer == HOLDS
    assert of_part(answer(np.full(4, 2.0), "up", 1.0), {"myopic": said(FAILS)}, "x") == NO_ANSWER


def test_the_interval_is_the_middle_nine_tenths() -> None:
    found = answer(np.linspace(0, 100, 101), "up", 1.0)
    assert (found.low, found.median, found.high) == pytest.approx((5.0, 50.0, 95.0))


@pytest.mark.parametrize(
    ("own", "others", "turns_on", "verdict"),
    [
        (HOLDS, [], None, HOLDS),
        (HOLDS, [HOLDS, OPEN], "x", HOLDS),
        (HOLDS, [HOLDS, FAILS], "x", BY_RULE),
        (FAILS, [FAILS, OPEN], "x", FAILS),
        (FAILS, [HOLDS], None, BY_RULE),
        (OPEN, [HOLDS, FAILS], "spillovers.theft", "depends on spillovers.theft"),
        (OPEN, [HOLDS], None, BY_MANY),
    ],
)
def test_parts(own: str, others: list[str], turns_on: str | None, verdict: str) -> None:
    tried = {str(number): said(word) for number, word in enumerate(others)}
    assert of_part(said(own), tried, turns_on) == verdict


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([HOLDS], HOLDS),
        ([HOLDS, HOLDS, UNTESTABLE], HOLDS),
        ([FAILS, FAILS], FAILS),
        ([HOLDS, FAILS], DIFFER),
        ([UNTESTABLE], UNTESTABLE),
    ],
)
def test_claims(parts: list[str], verdict: str) -> None:
    assert of_claim(parts) == verdict
