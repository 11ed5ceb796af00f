"""Indicators on tables whose answers are known by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.facts.indicators import monthly

DAYS = np.array(["2023-01-01", "2023-02-01", "2023-03-01"], dtype="datetime64[us]")


def table(columns: str, *rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns.split())
    frame["month"] = DAYS[frame["month"].to_numpy()]
    return frame


def test_shares_divide_sums_and_unused_rows_count_as_nothing():
    usage = table(
        "month region group openness tokens spending",
        (0, "us", "developer", "open", 30.0, 3.0), (0, "us", "developer", "closed", 70.0, 70.0),
        (0, "us", "enterprise", "closed", 100.0, 90.0), (1, "us", "developer", "closed", 10.0, 10.0),
    )  # fmt: skip
    found = monthly(
        {"usage": usage}, "use.tokens", {"group": ["developer"], "openness": ["open"]}, DAYS,
        over={"group": ["developer"]},
    )  # fmt: skip
    assert found[:2] == pytest.approx([0.3, 0.0])
    assert np.isnan(found[2])  # nobody used anything


def test_price_is_paid_over_used_and_ratios_compare_rows():
    usage = table(
        "month openness tokens spending", (0, "open", 20.0, 2.0), (0, "closed", 10.0, 8.0), (1, "closed", 5.0, 5.0)
    )
    assert monthly({"usage": usage}, "use.price", {}, DAYS)[:2] == pytest.approx([1 / 3, 1.0])
    ratio = monthly({"usage": usage}, "use.price", {"openness": ["open"]}, DAYS, over={"openness": ["closed"]})
    assert ratio[0] == pytest.approx(0.125)
    assert np.isnan(ratio[1:]).all()


def test_what_is_not_known_stays_unknown():
    market = table("month region capability", (0, "china", np.nan), (1, "china", 112.0), (0, "us", 115.0))
    found = monthly({"market": market}, "market.capability", {"region": ["china"]}, DAYS)
    assert np.array_equal(found, [np.nan, 112.0, np.nan], equal_nan=True)
    less = monthly(
        {"market": market}, "market.capability", {"region": ["china"]}, DAYS, minus={"region": ["us"]}
    )
    assert np.isnan(less).all()


@pytest.fixture
def labs() -> pd.DataFrame:
    """One opens in February and closes again, one is open throughout, one never releases."""
    rows = [
        (0, "turner", 0.0, 8.0, 0.0), (1, "turner", 3.0, 6.0, 2.0), (2, "turner", 1.0, 9.0, 1.0),
        (0, "open", 2.0, 1.0, 3.0), (1, "open", 2.0, 1.0, 3.0), (2, "open", 3.0, 1.0, 4.0),
        (0, "silent", np.nan, 0.0, 0.0), (1, "silent", np.nan, 0.0, 0.0), (2, "silent", np.nan, 0.0, 0.0),
    ]  # fmt: skip
    return table("month lab mode tokens tokens_hosted", *rows)


def test_modes(labs):
    frames = {"labs": labs}
    everyone = {"lab": ["turner", "open", "silent"]}
    assert monthly(frames, "modes.open", everyone, DAYS) == pytest.approx([0.5, 1.0, 0.5])
    assert monthly(frames, "modes.opened", everyone, DAYS).tolist() == [1, 2, 2]
    assert monthly(frames, "modes.closed_again", everyone, DAYS).tolist() == [0, 0, 1]


def test_tokens_by_who_serves_them(labs):
    frames = {"labs": labs}
    assert monthly(frames, "labs.own_serving", {"lab": ["open"]}, DAYS) == pytest.approx([0.25, 0.25, 0.2])
    assert np.isnan(monthly(frames, "labs.own_serving", {"lab": ["silent"]}, DAYS)).all()
    # while closed, turner's hosted tokens are those of its older weights
    assert monthly(frames, "labs.open_tokens", {"lab": ["turner"]}, DAYS) == pytest.approx([0.0, 8.0, 1.0])
    assert monthly(frames, "labs.all_tokens", {}, DAYS) == pytest.approx([12.0, 12.0, 15.0])


def test_best_models_of_some_labs_are_running_bests():
    """The best of one counts on when its lab brings out a weaker one; what the others have does not."""
    rows = [
        (0, "one", 120.0, np.nan), (1, "one", 118.0, 110.0), (2, "one", 118.0, 110.0),
        (0, "two", np.nan, np.nan), (1, "two", 119.0, 115.0), (2, "two", 125.0, 115.0),
        (0, "other", 140.0, 139.0), (1, "other", 141.0, 139.0), (2, "other", 142.0, 139.0),
    ]  # fmt: skip
    frames, some = {"labs": table("month lab capability capability_open", *rows)}, {"lab": ["one", "two"]}
    assert monthly(frames, "capability.best", some, DAYS).tolist() == [120.0, 120.0, 125.0]
    opened = monthly(frames, "capability.best_open", some, DAYS)
    assert np.array_equal(opened, [np.nan, 115.0, 115.0], equal_nan=True)
    gap = monthly(frames, "capability.open_gap", some, DAYS)
    assert np.array_equal(gap, [np.nan, 5.0, 10.0], equal_nan=True)
    assert monthly(frames, "capability.best", {"lab": ["one"]}, DAYS).tolist() == [120.0, 120.0, 120.0]


def test_largest_run_is_a_running_best():
    models = table("month region mode flop", (0, "us", "closed", 5.0), (2, "us", "open", 3.0), (2, "us", "closed", 8.0))
    assert monthly({"models": models}, "models.largest_run", {}, DAYS).tolist() == [5.0, 5.0, 8.0]
    opened = monthly({"models": models}, "models.largest_run", {"mode": ["open"]}, DAYS)
    assert np.array_equal(opened, [np.nan, np.nan, 3.0], equal_nan=True)
    assert monthly({"models": models}, "models.released", {}, DAYS).tolist() == [1, 1, 3]
