"""Variants made quickly are those that the scenario's own machinery makes."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.randomness import uniform
from sim.scenario import ScenarioError
from sim.study.variants import Variants, hash_of

BASELINE = sim.load("baseline")
VARIANTS = Variants(BASELINE)

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "labs.alibaba.capex": st.floats(0, 1e12),
        "labs.alibaba.complement": st.just(2),
        "regions.china.distrust": st.fixed_dictionaries({"us": st.floats(0, 1)}),
        "spillovers.theft": st.floats(0, 0.3),
        "choice.rule": st.sampled_from(["lookahead", "myopic"]),
        "events.us-rule-2026-01.volume_cap": st.one_of(st.none(), st.floats(0, 1000)),
        "events.us-rule-2026-01.predicate": st.just("tpp >= 4800"),
        "mechanisms.entry": st.booleans(),
        "end": st.sampled_from(["2024-12", "2026-06"]),
        "entry.most": st.just(3.0),
        "labs.alibaba.sells_in": st.just(["china"]),
    },
)


@given(CHANGES)
@settings(max_examples=30)
def test_a_variant_is_what_the_whole_reading_gives(values):
    assert outcome(VARIANTS.scenario, values) == outcome(lambda v: BASELINE.with_values(v).scenario, values)


def outcome(make, values):
    """What comes of it: a scenario, or the text of its problems."""
    try:
        return make(values)
    except ScenarioError as error:
        return str(error)


@pytest.mark.parametrize(
    "values",
    [
        {"labs.alibab.capex": 1e9},
        {"labs.alibaba.capx": 1e9},
        {"labs.alibaba.capex": -1},
        {"labs.alibaba.region": "atlantis"},
        {"choice.rule": "nonsense"},
        {"nowhere": 1},
        {"end": "2020-01"},
    ],
)
def test_what_is_wrong_is_told_as_ever(values):
    with pytest.raises(ScenarioError) as expected:
        BASELINE.with_values(values)
    with pytest.raises(ScenarioError) as found:
        VARIANTS.scenario(values)
    assert str(found.value) == str(expected.value)


def test_what_stays_uncertain_is_drawn_as_in_a_simulation():
    values = {"spillovers.theft": 0.2}
    drawn = BASELINE.with_values(values).draw(partial(uniform, 7, "parameters")).scenario
    assert VARIANTS.drawn(values, 7) == drawn
    assert VARIANTS.drawn(values, 8) != drawn


def test_what_is_drawn_together_is_drawn_as_in_a_simulation():
    spread = {"dist": "uniform", "together": "convictions", "low": 0.0, "high": 0.5}
    base = BASELINE.with_values({"labs.alibaba.conviction": spread, "labs.baidu.conviction": spread})
    drawn = Variants(base).drawn({}, 7)
    assert drawn == base.draw(partial(uniform, 7, "parameters")).scenario
    assert drawn.labs["alibaba"].conviction == drawn.labs["baidu"].conviction > 0


def test_the_hash_of_a_run_knows_every_value_and_the_seed():
    base = BASELINE.scenario
    changed = VARIANTS.scenario({"labs.alibaba.capex": 1e9})
    hashes = {hash_of(base, 1), hash_of(base, 2), hash_of(changed, 1)}
    assert len(hashes) == 3
    assert hash_of(VARIANTS.scenario({}), 1) == hash_of(base, 1)
