"""Patterns of MODEL.md that a single choice shows: the same market, one thing changed at a time.

Those that need many runs (P3 to P10) are held against the baseline by `benchmarks/patterns.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.agents.lab import Known
from sim.choice.imagined import OPENNESS, OPENS_FLAGSHIP
from sim.choice.payoffs import evaluate
from sim.market import Market
from sim.record import COMPONENTS, MODES
from sim.scenario import load
from sim.world.setting import Array

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


def gain_of_opening(market: Market, name: str, gap: float) -> float:
    """What a lab gains by opening its flagship if that is `gap` ECI points behind the best of all others.

    As a share of its revenue scale, by what it would earn alone: no conviction, no cost of changing course, all modes
    allowed; and whatever the weight of payoffs in its choice (`choice.intensity`).
    """
    i = market.setting.labs.index(name)
    lab, state = market._labs[i], market.state
    model = lab.train()
    best = max(float(state.capability[:, 0].max()), float(state.open_capability.max()))
    model = replace(model, capability=model.capability - model.capability[0] + best - gap)
    found = evaluate(
        market.setting, state, market.policy, i, model, market.month, market.outlook(),
        funding=lab.funding, ahead=True, allowed=np.ones(len(MODES), dtype=bool),
    )  # fmt: skip
    scale = max(float(state.revenue[i]), found.revenue)
    parts = found.parts.copy()
    parts[:, COMPONENTS.index("secrecy")] = -lab._secrets(model, Known.of(market)) * scale * OPENNESS
    payoff = parts.sum(axis=1) / scale
    return float(payoff[OPENS_FLAGSHIP].max() - payoff[~OPENS_FLAGSHIP].max())


def gains(market: Market, gap: float) -> Array:
    return np.array([gain_of_opening(market, name, gap) for name in LABS])


class TestP1LaggardsOpenLeadersStayClosed:
    def test_most_gain_by_staying_closed_well_ahead_of_all_others(self, market):
        assert (gains(market, -4.0) < 0.0).mean() >= 0.75

    def test_opening_costs_everybody_less_the_further_behind(self, market):
        """Well behind less than half of what it costs well ahead; half of them gained with earlier central values."""
        found = np.array([gains(market, gap) for gap in (-4.0, 0.0, 4.0, 8.0, 12.0)])
        assert (np.diff(np.median(found, axis=1)) > 0.0).all()
        assert (found[3] > found[0]).all()
        assert np.median(found[3]) > 0.5 * np.median(found[0])

    def test_most_gain_more_by_opening_behind_than_ahead(self, market):
        difference = gains(market, 4.0) - gains(market, -2.0)
        assert (difference > 0.0).mean() >= 0.75
        assert difference.mean() > 0.05


class TestP11TheDataFlywheel:
    def test_openness_is_not_monotone_in_its_strength(self, market, monkeypatch):
        """Somebody gains most by opening at a middling strength: the reverse of the U that theory has (docs/odd.md)."""
        community = market.scenario.community
        strengths, gained = [0.0, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0], []
        for strength in strengths:
            with monkeypatch.context() as patch:
                patch.setitem(community.__dict__, "flywheel", strength)
                market.setting.forget()  # what it has made of the scenario
                gained.append(gains(market, 2.0))
        market.setting.forget()
        found = np.array(gained)
        between = found[1:-1].max(axis=0)
        assert (between - np.maximum(found[0], found[-1])).max() > 0.01
        assert (np.abs(found[-1] - found[0]) > 0.01).any()  # a flywheel that does nothing would be monotone too
