"""Numbers as they are printed."""

from __future__ import annotations

import pytest

from sim.figures import wording


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u2212", "-")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"), (0.284, "28 %"), (0.064, "6 %"), (0.0094, "0.9 %"), (0.0096, "1 %"),
        (0.0004, "under 0.1 %"),
        (1, "100 %"), (-0.5, "-50 %"), (12.5, "1,250 %"), (-0.0001, "under 0.1 %"),
    ],
)  # fmt: skip
def test_shares(value, text):
    assert _plain(wording.share(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0"), (0.5, "$0.5"), (0.001, "$0.001"), (0.0432, "$0.043"), (1.2, "$1.20"), (3, "$3"),
        (12.4, "$12"),
        (1000, "$1,000"), (123456, "$123,456"), (1e6, "$1 m"), (3.4e8, "$340 m"), (1.2e9, "$1.2 bn"),
        (2.5e12, "$2.5 tn"), (-4e6, "-$4 m"), (999_900, "$1 m"),
    ],
)  # fmt: skip
def test_money(value, text):
    assert _plain(wording.usd(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.05, "0.05"), (1000, "1,000"), (1.25e6, "1.2 m"), (3e9, "3 bn"), (9.96, "10")],
)
def test_counts(value, text):
    assert _plain(wording.count(value)) == text


@pytest.mark.parametrize(("value", "text"), [(1e16, "1e16"), (3.8e25, "3.8e25"), (9.99e24, "1e25")])
def test_counts_too_large_for_words(value, text):
    assert wording.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 months"), (0.4, "0.4 months"), (1.2, "1 month"), (7.4, "7 months"), (1234, "1,234 months")],
)
def test_months(value, text):
    assert _plain(wording.months(value)) == text


def test_dates_and_lists():
    assert _plain(wording.month(0)) == "January 1970"
    assert _plain(wording.month(22280, short=True)) == "Jan 2031"
    assert wording.listed(["a"]) == "a"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.listed([]) == ""
    assert wording.span(0.0004, 0.38) == "<0.1–38"


def test_names():
    assert wording.name("openai") == "OpenAI"
    assert wording.name("openai", {"openai": "Open AI"}) == "Open AI"
    assert wording.name("new_lab-2") == "New lab 2"
    assert wording.where("row") == "the rest of the world"
    assert wording.adjective("china") == "Chinese"
    assert wording.times(3.42) == "3.4-fold"
    assert wording.times(12.6) == "13-fold"


@pytest.mark.parametrize(
    ("value", "told", "tick"),
    [
        (0.15, "+0.1", "+0.15"), (3.04, "+3", "+3.04"), (-0.44, "−0.4", "−0.44"), (12.3, "+12", "+12.3"),
        (0.0, "0", "0"), (-0.01, "0", "−0.01"),
    ],
)  # fmt: skip
def test_differences(value, told, tick):
    assert (wording.change(value), wording.step(value)) == (told, tick)
