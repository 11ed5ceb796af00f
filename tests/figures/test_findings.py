"""Titles say what the numbers say, word for word."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.figures.adoption import adoption_countries, adoption_firms, adoption_open
from sim.figures.compute import compute
from sim.figures.frontier import frontier
from sim.figures.margins import margins_firms, margins_roles, money_split
from sim.figures.modes import modes_timeline
from sim.figures.money import adoption_spending, money_dollars
from sim.figures.prices import prices
from sim.figures.propensity import propensity
from sim.figures.rules import compute_rules
from sim.figures.structure import capacity, concentration

TIME = pd.date_range("2024-12-01", periods=25, freq="MS")


def _title(figure) -> str:
    said = next(text.get_text() for text in figure.texts if text.get_gid() == "title")
    return said.replace("\n", " ").replace("\u00a0", " ")


def _market(**columns) -> pd.DataFrame:
    """A market in which each column is one number, one a region (us, china, world), or one a month."""
    frame = pd.MultiIndex.from_product([TIME, ["us", "china", "world"]], names=["month", "region"]).to_frame(
        index=False
    )
    for name, value in columns.items():
        array = np.asarray(value, dtype=float)
        frame[name] = np.broadcast_to(array[:, None] if array.shape == (25,) else array, (25, 3)).reshape(-1)
    return frame.assign(replicate=0)


def _labs(**columns) -> pd.DataFrame:
    frame = pd.MultiIndex.from_product([TIME, ["alibaba", "openai"]], names=["month", "lab"]).to_frame(
        index=False
    )
    for name, value in columns.items():
        frame[name] = np.broadcast_to(np.asarray(value, dtype=float), (25, 2)).reshape(-1)
    return frame.assign(replicate=0)


@pytest.mark.parametrize(
    ("tokens", "money", "region", "said"),
    [
        (0.284, 0.06, "world", "Open models hold 28 % of tokens but 6 % of spending by December 2026"),
        (0.05, 0.04, "world", "Open models hold 5 % of tokens and 4 % of spending by December 2026"),
        (0.5, 0.1, "us", "Open models hold 50 % of tokens but 10 % of spending in the US by December 2026"),
        (np.nan, 0.1, "us", "Open and closed models: share of tokens and of spending"),
    ],
)
def test_open(tokens, money, region, said):
    market = _market(open_token_share=tokens, open_spending_share=money)
    assert _title(adoption_open(market, region=region)) == said


def test_the_caller_may_say_it_otherwise():
    market = _market(open_token_share=0.3, open_spending_share=0.1)
    assert _title(adoption_open(market, title="Open wins")) == "Open wins"


def test_countries():
    usage = pd.MultiIndex.from_product([TIME, ["us", "china", "row"]], names=["month", "origin"]).to_frame(
        index=False
    )
    usage = usage.assign(
        replicate=0, region="us", tokens=usage["origin"].map({"us": 60, "china": 30, "row": 10})
    )
    said = (
        "Models from US labs carry 60 % of the world's tokens in December 2026, those from Chinese labs 30 %"
    )
    assert _title(adoption_countries(usage)) == said
    assert _title(adoption_countries(usage, region="us")) == said.replace(
        "the world's tokens", "tokens in the US"
    )


def test_firms():
    labs = _labs(tokens=[1, 3], tokens_hosted=[5, 1], revenue=1)
    said = "Models from Alibaba carry 60 % of the world's tokens in December 2026, those from OpenAI 40 %"
    assert _title(adoption_firms(labs)) == said
    assert _title(adoption_firms(labs[labs["lab"] == "openai"])) == (
        "Models from OpenAI carry 100 % of the world's tokens in December 2026"
    )


def test_margins():
    market = _market(margin_closed=[0.6, 0.31, 0], margin_open=0.1, margin_clouds=0.1)
    assert _title(margins_roles(market)) == (
        "US labs earn a gross margin of 60 % on closed models, Chinese labs 31 %, "
        "in the year to December 2026"
    )
    labs = _labs(gross_margin=[-0.2, 0.5], revenue=1, revenue_hosting=0)
    assert _title(margins_firms(labs)) == (
        "Of a dollar of revenue OpenAI keeps 50 cents as gross margin, Alibaba −20 cents, "
        "in the year to December 2026"
    )


def test_money():
    market = _market(spending=100, profit_labs=30, profit_clouds=5, consumer_surplus=150, chip_spending=60)
    assert _title(money_split(market)) == (
        "Of each dollar spent on models, labs keep 30 cents, clouds 5, and serving costs 65; "
        "customers gain $1.50 beyond it"
    )


def test_money_in_dollars():
    market = _market(
        spending=4e9, profit_labs=1e9, profit_clouds=1e8, consumer_surplus=1e10, chip_spending=6e9
    )
    assert _title(money_dollars(market)) == (
        "Customers pay $4 bn a month for models and gain $10 bn beyond it; firms spend $6 bn on chips, "
        "in December 2026"
    )


def test_spending_by_maker():
    keys = [TIME, ["us", "china", "row"], ["closed", "open"]]
    usage = pd.MultiIndex.from_product(keys, names=["month", "origin", "openness"]).to_frame(index=False)
    usage = usage.assign(replicate=0, spending=usage["openness"].map({"closed": 9e8, "open": 1e8}))
    said = "The world spends $3 bn a month on models in December 2026, 10 % of it on open ones"
    assert _title(adoption_spending(usage)) == said


@pytest.mark.parametrize(
    ("shortfall", "said"),
    [
        (0.4, "Chinese labs' money buys 40 % less training compute than at the world's best price"),
        (0.0, "Chinese labs' money buys as much training compute as anybody's"),
    ],
)
def test_compute_under_rules(shortfall, said):
    market = _market(
        compute=10,
        compute_smuggled=1,
        compute_domestic=2,
        compute_offshore=0,
        flop_price=1e4,
        shortfall=shortfall,
    )
    assert _title(compute_rules(market)).startswith(said)
    assert _title(compute_rules(market)).endswith("in the year to December 2026")


def test_structure():
    market = _market(concentration=[0.5, 0.25, 0.4], capacity_use=[0.6, 0.5, 0.55], served=1)
    assert _title(concentration(market)) == (
        "Spending is as concentrated as among 2.5 equal labs in the world, 2.0 in the US and 4.0 in China, "
        "in the year to December 2026"
    )
    assert _title(capacity(market)) == (
        "US firms use 60 % of their serving compute, Chinese firms 50 % of theirs, in the year to December 2026"
    )


@pytest.mark.parametrize(
    ("best", "fixed", "said"),
    [
        (1.0, 0.1, "falls 10-fold a year, the price of the best model holds"),
        (0.5, 0.25, "falls 4.0-fold a year, the price of the best model falls 2.0-fold"),
        (2.0, 0.25, "falls 4.0-fold a year, the price of the best model rises 2.0-fold"),
    ],
)
def test_prices(best, fixed, said):
    years = np.arange(25) / 12
    market = _market(
        price_flagship=10 * best**years, price_fixed=10 * fixed**years, price_closed=1, price_open=1
    )
    assert _title(prices(market)) == f"The price of GPT-4's capability {said}"


@pytest.mark.parametrize(
    ("open_lag", "lag", "said"),
    [
        (7, 9.4, "Open models trail the world's best by 7 months and Chinese models by 9 months"),
        (
            7,
            0,
            "Open models trail the world's best by 7 months and Chinese models are level with it",
        ),
    ],
)
def test_frontier(open_lag, lag, said):
    market = _market(capability=150, capability_closed=150, capability_open=140, lag=lag, lag_open=open_lag)
    assert _title(frontier(market)) == f"{said} in the year to December 2026"


@pytest.mark.parametrize(("china", "said"), [(21, "21 %"), (200, "2.0-fold")])
def test_compute(china, said):
    market = _market(
        compute_training=[100, china, 100 + china], compute_serving=1, compute=10, compute_smuggled=1,
        compute_domestic=1, compute_offshore=1,
    )  # fmt: skip
    link = "of the compute of" if "%" in said else "the compute of"
    assert _title(compute(market)) == f"Chinese labs train on {said} {link} US labs in December 2026"


def test_propensity():
    market = _market(open_propensity=[0.2, 0.61, 0.4], open_token_share=0.3)
    assert _title(propensity(market)) == (
        "Mean probability of opening the flagship: US labs 20 % and Chinese labs 61 %, "
        "in the year to December 2026"
    )


def test_modes():
    models = pd.DataFrame(
        [("alibaba", "china", "open", 0), ("baidu", "china", "closed", 0), ("openai", "us", "open_lagged", 0),
         ("alibaba", "china", "closed", 1), ("baidu", "china", "closed", 1), ("openai", "us", "closed", 1)],
        columns=["lab", "region", "mode", "replicate"],
    ).assign(month=TIME[3], forced=False)  # fmt: skip
    one = modes_timeline(models[models["replicate"] == 0])
    assert _title(one) == "1 of 2 Chinese labs and 0 of 1 US labs open their flagship's weights in March 2025"
    both = modes_timeline(models)
    assert (
        _title(both) == "25 % of Chinese labs and 0 % of US labs open their flagship's weights in March 2025"
    )
