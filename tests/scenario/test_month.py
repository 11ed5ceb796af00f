from __future__ import annotations

import datetime
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sim.scenario.month import Month

MONTHS = st.builds(Month, st.integers(1900, 2100), st.integers(1, 12))


def test_a_month_is_read_and_written_as_in_scenario_files():
    assert str(Month.parse("2024-02")) == "2024-02"


def test_the_day_of_a_full_date_is_dropped():
    assert Month.parse("2023-10-17") == Month(2023, 10)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2023-02-29", "no such date (day is out of range for month)"),
        ("2023-13", "no such date (month must be in 1..12)"),
        ("0000-01", "no such date (year 0 is out of range)"),
        ("2023-1", "not a month"),
        ("2023", "not a month"),
        ("23-10", "not a month"),
        ("2023-10-17T00:00", "not a month"),
        ("٢٠٢٣-١٠", "not a month"),
        ("", "not a month"),
    ],
)
def test_what_is_not_in_the_calendar_is_refused(text, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        Month.parse(text)


def test_an_impossible_month_cannot_be_made():
    with pytest.raises(ValueError, match="no such month"):
        Month(2024, 13)


@given(MONTHS, st.integers(-600, 600))
def test_adding_months_and_counting_between_months_agree(month, count):
    assert (month + count) - month == count
    assert (month + count) - count == month


@given(MONTHS, MONTHS)
def test_order_is_that_of_time(one, other):
    assert (one < other) == (one.date() < other.date())
    assert (one - other > 0) == (one > other)


@given(MONTHS)
def test_text_and_pickle_round_trips(month):
    assert Month.parse(str(month)) == month
    assert pickle.loads(pickle.dumps(month)) == month
    assert len({month, Month(month.year, month.month)}) == 1


def test_pydantic_takes_text_dates_and_months_and_writes_text():
    adapter = TypeAdapter(Month)
    assert adapter.validate_json('"2023-10"', strict=True) == Month(2023, 10)
    assert adapter.validate_python(datetime.date(2023, 10, 17)) == Month(2023, 10)
    assert adapter.validate_python(Month(2023, 10)) == Month(2023, 10)
    assert adapter.dump_json(Month(2023, 10)) == b'"2023-10"'


@pytest.mark.parametrize("value", [2023, 2023.5, True, None, ["2023-10"]])
def test_pydantic_refuses_other_types(value):
    with pytest.raises(ValidationError, match="not a month; allowed: a month YYYY-MM"):
        TypeAdapter(Month).validate_python(value)
