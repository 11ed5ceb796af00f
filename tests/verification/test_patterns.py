"""Patterns of MODEL.md that a single choice shows: the same market, one thing changed at a time.

Those that need many runs (P3 to P10) are held against the baseline by `benchmarks/patterns.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.choice.imagined import OPENNESS, OPENS_FLAGSHIP
from sim.choice.payoffs import evaluate
from sim.choice.rules import logit
from sim.market import Market
from sim.record import COMPONENTS, MODES
from sim.scenario import load

DECEMBER_2024 = 25
LABS = ["openai", "anthropic", "google", "meta", "xai", "zhipu", "deepseek", "alibaba", "tencent", "baidu"]
"""Labs of all kinds, with and without a complement."""


@pytest.fixture(scope="module")
def market() -> Market:
    """The baseline before its models of January 2025 are out."""
    found = Market(load("baseline").scenario, seed=1)
    while found.month < DECEMBER_2024:
        found.step()
    return found


def chance_of_opening(market: Market, name: str, gap: float) -> float:
    """Chance that a lab opens its flagship if that is `gap` ECI points behind the best of all others.

    By what it would earn alone: no conviction, no cost of changing course, all modes allowed.
    """
    i = market.setting.labs.index(name)
    lab, state, choice = market._labs[i], market.state, market.scenario.choice
    model = lab.train()
    best = max(float(state.capability[:, 0].max()), float(state.open_capability.max()))
    model = replace(model, capability=model.capability - model.capability[0] + best - gap)
    everything = np.ones(len(MODES), dtype=bool)
    found = evaluate(
        market.setting, state, market.policy, i, model, market.month, market.outlook(),
        funding=lab.funding, ahead=True, allowed=everything,
    )  # fmt: skip
    scale = max(float(state.revenue[i]), found.revenue)
    parts = found.parts.copy()
    parts[:, COMPONENTS.index("secrecy")] = -lab._secrets(model) * scale * OPENNESS
    return float(logit(parts.sum(axis=1) / scale, choice.intensity, everything)[OPENS_FLAGSHIP].sum())


class TestP1LaggardsOpenLeadersStayClosed:
    def test_most_stay_closed_well_ahead_of_all_others(self, market):
        """All but two of ten at the calibrated values: Meta and xAI."""
        chances = np.array([chance_of_opening(market, name, -4.0) for name in LABS])
        assert (chances < 0.1).mean() >= 0.75

    def test_most_open_more_readily_behind(self, market):
        ahead = np.array([chance_of_opening(market, name, -2.0) for name in LABS])
        behind = np.array([chance_of_opening(market, name, 4.0) for name in LABS])
        assert (behind > ahead).mean() >= 0.75
        assert np.mean(behind - ahead) > 0.2


class TestP11TheDataFlywheel:
    def test_openness_is_not_monotone_in_its_strength(self, market, monkeypatch):
        """Somebody opens most readily at a middling strength: the reverse of the U that theory has (docs/odd.md)."""
        community = market.scenario.community
        strengths, chances = [0.0, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0], []
        for strength in strengths:
            with monkeypatch.context() as patch:
                patch.setitem(community.__dict__, "flywheel", strength)
                market.setting.forget()  # what it has made of the scenario
                chances.append([chance_of_opening(market, name, 2.0) for name in LABS])
        market.setting.forget()
        found = np.array(chances)
        between = found[1:-1].max(axis=0)
        assert (between - np.maximum(found[0], found[-1])).max() > 0.05
        assert (np.abs(found[-1] - found[0]) > 0.05).any()  # a flywheel that does nothing would be monotone too
