"""The waterfall: bars carry on from each other, words fit, and the title says what the numbers say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.figures.waterfall import effects, waterfall

CHANNELS = ("training", "capacity", "cost", "availability", "spillover", "domestic")
LABELS = (
    "training FLOP", "serving capacity", "serving cost", "trust, availability", "pooled spillover", "domestic supply",
)  # fmt: skip
MEASURES = (
    ("open_propensity", "probability of opening a flagship", "probability"),
    ("open_token_share", "open share of tokens", "share"),
    ("lab_token_share", "share of world tokens, own labs' models", "share"),
    ("lag", "behind the frontier (months)", "months"),
    ("margin_closed", "gross margin, closed models", "share of revenue"),
    ("margin_open", "gross margin, own open models", "share of revenue"),
)


def table(parts=(0.03, -0.01, 0.02, 0.0, 0.005, -0.002), reach: float = 0.01, seeds: int = 4) -> pd.DataFrame:
    rows = []
    for column, indicator, unit in MEASURES:
        scale = 100.0 if unit == "months" else 1.0
        for channel, label, part in (
            *zip(CHANNELS, LABELS, parts, strict=True), ("whole", "whole effect", float(np.sum(parts))),
        ):  # fmt: skip
            rows.append({
                "column": column, "indicator": indicator, "unit": unit, "window": "since the rule",
                "channel": channel, "label": label, "acts": channel != "availability", "part": part * scale,
                "low": (part - reach) * scale, "high": (part + reach) * scale, "seeds": seeds,
            })  # fmt: skip
    return pd.DataFrame(rows)


def words(figure, gid: str) -> str:
    said = next(text.get_text() for text in figure.texts if text.get_gid() == gid)
    return said.replace("\n", " ").replace("\u00a0", " ")


@pytest.mark.parametrize("width", ["column", "page", "slide"])
def test_words_fit_and_do_not_meet(width: str, assert_tidy) -> None:
    figure = waterfall(table(), width=width, rule="A800, H800 barred", source="Source: aimarkets. " * 9)
    assert_tidy(figure)
    assert len(figure.axes) == (3 if width == "slide" else len(MEASURES))
    assert min(text.get_fontsize() for text in figure.texts) >= 7


@pytest.mark.parametrize(
    "parts",
    [
        table().iloc[:0],
        table(parts=(np.nan,) * 6),
        table(parts=(0.0,) * 6, reach=0.0, seeds=1),
        table(reach=np.nan, seeds=1),
        table(parts=(40.0, -90.0, 0.1, 0.0, 1e-9, 50.0)),
    ],
    ids=["no rows", "holes", "nothing", "one seed", "large"],
)
def test_other_numbers(parts: pd.DataFrame, assert_tidy) -> None:
    figure = waterfall(parts)
    assert_tidy(figure)
    said = " ".join(text.get_text() for text in figure.texts)
    assert "nan" not in said
    assert "inf" not in said


def test_names_that_are_hostile(assert_tidy) -> None:
    names = {"china": "The People's Republic of China & its $islands$ <b>"}
    assert_tidy(waterfall(table(), names=names, rule="W" * 200, source="$a$ " * 200))


def test_each_bar_begins_where_the_one_before_ends() -> None:
    for effect in effects(table()):
        *parts, whole = effect.bars
        assert parts[0].start == 0.0
        assert [bar.start for bar in parts[1:]] == [bar.end for bar in parts[:-1]]
        assert (whole.start, whole.end) == pytest.approx((0.0, parts[-1].end))


def test_shares_are_told_in_points_and_lags_in_months() -> None:
    found = {effect.column: effect for effect in effects(table())}
    assert (found["lab_token_share"].unit, found["lag"].unit) == ("points", "months")
    assert found["lab_token_share"].bars[0].end == pytest.approx(3.0)
    assert found["lag"].bars[0].end == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            (0.03, -0.01, 0.02, 0.0, 0.005, -0.002),
            "Rule: Chinese labs' lag behind the frontier rises by 4.3 months, mostly through training FLOP; their "
            "share of world tokens rises by 4.3 points, mostly through training FLOP; their probability of opening "
            "rises by 4.3 points, mostly through training FLOP",
        ),
        (
            (-0.01, -0.01, -0.01, 0.0, -0.01, 0.0),
            "Rule: Chinese labs' lag behind the frontier falls by 4.0 months; their share of world tokens falls by "
            "4.0 points; their probability of opening falls by 4.0 points",
        ),
        (
            (0.004, 0.0, 0.0, 0.0, 0.0, 0.0),
            "Rule: Chinese labs' lag behind the frontier, share of world tokens and probability of opening do not "
            "clearly change",
        ),
        ((np.nan,) * 6, "The effect of rule by channel"),
    ],
)
def test_title(parts, said: str) -> None:
    assert words(waterfall(table(parts=parts), rule="rule"), "title") == said


def test_title_tells_the_clear_before_the_unclear() -> None:
    some = table()
    some.loc[some["column"] != "lag", ["low", "high"]] = -0.5, 0.5
    assert words(waterfall(some, rule="rule"), "title") == (
        "Rule: Chinese labs' lag behind the frontier rises by 4.3 months, mostly through training FLOP; their share "
        "of world tokens and probability of opening do not clearly change"
    )


def test_subtitle_says_what_does_not_act_and_how_many_seeds() -> None:
    said = words(waterfall(table()), "subtitle")
    assert "since the rule" in said
    assert said.endswith(
        "mean of 4 seeds, lines hold its 90 % interval. –: rules of this kind do not act there."
    )
    assert "one seed." in words(waterfall(table(seeds=1).assign(acts=True)), "subtitle")
