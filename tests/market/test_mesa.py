"""The market in the hands of a Mesa user: a Model with AgentSets, driven step by step."""

from __future__ import annotations

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet

from sim.agents.cloud import Cloud
from sim.agents.government import Government
from sim.agents.lab import Lab
from sim.market import Market
from sim.scenario import Resolved


@pytest.fixture
def model(lively: Resolved) -> Market:
    return Market(lively.with_values({"choice.rule": "fixed"}).scenario, seed=1)


def test_everybody_who_decides_is_a_mesa_agent(model: Market):
    assert isinstance(model, mesa.Model)
    assert all(isinstance(agent, mesa.Agent) for agent in model.agents)
    assert {type(agent) for agent in model.agents} == {Lab, Cloud, Government}
    assert len(model.agents) == 7 + 3 + 1
    for agents, names in (
        (model.labs, model.setting.labs),
        (model.clouds, model.setting.clouds),
    ):
        assert isinstance(agents, AgentSet)
        assert [agent.name for agent in agents] == names
    assert model.governments.get("region") == ["west"]


def test_a_loop_of_one_s_own_is_the_run(model: Market, run):
    seen = []
    while model.running:
        model.step()
        seen.append(model.month)
    assert seen == list(range(1, 13))
    assert model.steps == 12
    whole = run({"choice.rule": "fixed"}).record
    for table in ("market", "labs", "clouds", "usage"):
        for name, array in getattr(whole, table).items():
            assert np.array_equal(getattr(model.record, table)[name], array, equal_nan=True), name


def test_mesa_s_own_run_is_the_run(model: Market, run):
    model.run_model()
    expected = run({"choice.rule": "fixed"}).record.market["spending"]
    assert np.array_equal(model.record.market["spending"], expected, equal_nan=True)


def test_the_vocabulary_of_agent_sets(model: Market):
    for _ in range(6):
        model.step()
    state = model.state
    eastern = model.labs.select(lambda lab: lab.region == "east" and state.active[lab.index])
    assert {"eastern", "modest"} <= set(eastern.get("name"))
    assert model.labs.agg("families", sum) == len(model.record.models)
    assert model.labs.agg("families", max) >= 2
    assert (
        model.clouds.select(lambda cloud: state.hosted[cloud.index].any()).get("name") == model.setting.clouds
    )
    told: list[str] = []
    model.labs.do(lambda lab: told.append(lab.name))
    assert told == model.setting.labs


def test_a_user_may_step_in_between_months(model: Market, run):
    """Grants one lab money in mid-run: its cash is up by that much, all else is as it was that month."""
    while model.running:
        if model.month == 8:
            model.labs.select(lambda lab: lab.name == "modest").do(lambda lab: grant(lab, 1e9))
        model.step()
    plain = run({"choice.rule": "fixed"}).record.labs
    assert np.array_equal(model.record.labs["cash"][:8], plain["cash"][:8], equal_nan=True)
    assert model.record.labs["cash"][8, 3] - plain["cash"][8, 3] == pytest.approx(1e9, rel=0.1)


def grant(lab: Lab, money: float) -> None:
    lab.model.state.cash[lab.index] += money


def test_a_market_without_clouds_or_governments_has_empty_sets(lively: Resolved):
    data = lively.scenario.model_dump(mode="json") | {"clouds": {}, "governments": {}}
    model = Market(type(lively.scenario).model_validate(data), seed=1)
    assert (len(model.clouds), len(model.governments)) == (0, 0)
    model.step()
    model.run()
    assert (model.record.market["spending"][-1] > 0).all()
