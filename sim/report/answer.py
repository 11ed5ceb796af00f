"""The answer in three sentences, each built from numbers of the results."""

from __future__ import annotations

import pandas as pd

from sim.analysis.compare import LAST_YEAR, Comparison
from sim.figures import wording
from sim.figures.paired import MEASURES, End, Measure, changes_said
from sim.record import WORLD
from sim.report.numbers import Late, last_month, late
from sim.run.results import Result

US, CHINA = "us", "china"
RANGE = "in brackets what 90 % of the runs hold"


def of_one(result: Result) -> list[str]:
    """Three sentences about one result: use of open models, who opens, who keeps the money."""
    market = result.market
    sentences = [_use(market), _openness(market), _money(market)]
    return [sentence for sentence in sentences if sentence] or ["The result has no values in its last year."]


def _use(market: pd.DataFrame) -> str:
    tokens, money = (late(market, f"open_{what}_share", WORLD) for what in ("token", "spending"))
    if not (tokens.known and money.known):
        return ""
    runs = f" ({RANGE})" if market["replicate"].nunique() > 1 else ""
    return (
        f"In the year to {last_month(market)} open models carry {tokens.said()} of the world's tokens and "
        f"{money.said()} of what is spent on models{runs}."
    )


def _openness(market: pd.DataFrame) -> str:
    chances = {region: late(market, "open_propensity", region) for region in _regions(market)}
    lag = late(market, "lag", CHINA)
    said = [
        f"{wording.adjective(region)} labs {chance.said()}"
        for region, chance in chances.items()
        if chance.known
    ]
    if not said:
        return ""
    sentence = f"The probability that a lab opens its flagship is: {wording.listed(said)}"
    trail = (
        f"; the best Chinese model is {lag.said(wording.months)} behind the world's best" if lag.known else ""
    )
    return f"{sentence}{trail}."


def _money(market: pd.DataFrame) -> str:
    spending, labs, clouds = (_sum(market, name) for name in ("spending", "profit_labs", "profit_clouds"))
    margins = {region: late(market, "margin_closed", region) for region in _regions(market)}
    if not (spending.middle > 0 and labs.known):
        return ""
    kept = f"Of each dollar spent on models labs keep {_cents(labs.middle / spending.middle)} as gross profit"
    if clouds.known:
        kept += f" and clouds {_cents(clouds.middle / spending.middle)}"
    said = [
        f"{wording.adjective(region)} labs {margin.said()}"
        for region, margin in margins.items()
        if margin.known
    ]
    return f"{kept}; the gross margin on closed models is: {wording.listed(said)}." if said else f"{kept}."


def _sum(market: pd.DataFrame, column: str) -> Late:
    return late(market, column, WORLD)


def _regions(market: pd.DataFrame) -> list[str]:
    """The two regions that the questions are about, or else all."""
    there = [str(region) for region in pd.unique(market["region"]) if region != WORLD]
    return [region for region in (US, CHINA) if region in there] or there


def _cents(part: float) -> str:
    cents = f"{100 * part:.0f}"
    return f"{cents} {'cent' if cents == '1' else 'cents'}"


def of_several(names: list[str], results: list[Result], pairs: list[Comparison]) -> list[str]:
    """Sentences about scenarios beside the first one: levels, and differences where seeds are paired."""
    tokens = [late(result.market, "open_token_share", WORLD) for result in results]
    said = [f"{value.said()} in '{name}'" for name, value in zip(names, tokens, strict=True) if value.known]
    end = last_month(results[0].market)
    what = f"In the year to {end} open models' share of the world's tokens is {wording.listed(said)}."
    sentences = [what] if said else []
    for name, pair in zip(names[1:], pairs, strict=False):
        sentences.append(_effect(name, names[0], pair))
    if not pairs:
        sentences.append("The scenarios were not run on the same seeds, so their difference holds luck too.")
    return sentences


def _effect(name: str, first: str, pair: Comparison) -> str:
    """What is sure to change, in one sentence."""
    table = pair.table[pair.table["window"] == LAST_YEAR]
    labs = f"{wording.adjective(pair.region)} labs"
    sure = [
        (measure, end) for measure in MEASURES for end in [_end(table, measure, pair.region)] if end.clear
    ]
    if not sure:
        return f"Against '{first}', '{name}' changes no main measure clearly in the last year."
    return f"Against '{first}', with '{name}' {wording.listed(changes_said(sure, labs))}."


def _end(table: pd.DataFrame, measure: Measure, region: str) -> End:
    where = WORLD if measure.world else region
    row = table[(table["column"] == measure.column) & (table["region"] == where)].iloc[0]
    return End(*(float(row[name]) * measure.factor for name in ("difference", "low", "high")))
