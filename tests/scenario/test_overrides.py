from __future__ import annotations

import pytest


def test_a_value_from_the_command_line_holds_and_says_where_it_came_from(desk):
    resolved = desk.load("base", ["labs.alibaba.capex=2.5e9", "market.open=false", "start=2023-01"])
    assert resolved.scenario.labs["alibaba"].capex == 2.5e9
    assert resolved.scenario.market.open is False
    assert str(resolved.scenario.start) == "2023-01"
    assert str(resolved.provenance["labs.alibaba.capex"]) == "--set labs.alibaba.capex=2.5e9"


def test_lists_mappings_and_distributions_are_written_in_flow_style(desk):
    resolved = desk.load(
        "base",
        [
            "labs.openai.sells_in=[us, china]",
            "labs.alibaba.trust={china: 1}",
            "labs.openai.capex={dist: uniform, low: 1e9, high: 3e9}",
        ],
    )
    assert resolved.scenario.labs["openai"].sells_in == ["us", "china"]
    assert resolved.scenario.labs["alibaba"].trust == {"us": 0.25, "china": 1}
    assert resolved.distributions["labs.openai.capex"].support == (1e9, 3e9)


def test_an_event_is_addressed_by_its_name(desk):
    resolved = desk.load("base", ["events.controls.share=0.1"])
    assert resolved.scenario.events[0].share == 0.1


def test_the_last_of_two_overrides_holds(desk):
    assert desk.load("base", ["market.inertia=0.1", "market.inertia=0.2"]).scenario.market.inertia == 0.2


def test_values_from_python_by_key_path(desk):
    resolved = desk.load("base", {"labs.alibaba.capex": 3, "labs.alibaba.sells_in": ["us"]})
    assert resolved.scenario.labs["alibaba"].capex == 3
    assert str(resolved.provenance["labs.alibaba.capex"]) == "set labs.alibaba.capex"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("labs", "not an override; allowed: a key path and a value, such as labs.alibaba.capex=2e9"),
        ("=3", "not an override; allowed: a key path and a value, such as labs.alibaba.capex=2e9"),
        ("labs..capex=3", "not an override; allowed: a key path and a value, such as labs.alibaba.capex=2e9"),
        ("labs.alibabba.capex=3", "labs.alibabba: unknown name; allowed: openai, alibaba; or a new entry, "
         "with region too (did you mean 'alibaba'?)"),
        ("labs.alibaba.capexx=3", "labs.alibaba.capexx: unknown name; allowed: region, capex, growth, staff, "
         "mode, parent, cap, sells_in, trust (did you mean 'capex'?)"),
        ("markt.inertia=0.1", "markt: unknown name; allowed: title, start, end, market, labs, events "
         "(did you mean 'market'?)"),
        ("events.control.share=0", "events.control: unknown name; allowed: controls, device_ban "
         "(did you mean 'controls'?)"),
        ("market.inertia=", "market.inertia: found nothing (null); allowed: a number >= 0 and < 1"),
        ("market.inertia=0,1", "market.inertia: found '0,1'; allowed: a number >= 0 and < 1"),
        ("market.inertia=[", "market.inertia: not YAML: expected the node content, but found '<stream end>'"),
        ("market.inertia=&a 1", "market.inertia: anchor &a; allowed: plain values; "
         "'extends' inherits from another file"),
        ("market.inertia.x=1", "market.inertia: found a mapping; allowed: a number >= 0 and < 1"),
        ("extends=other", "extends: unknown name; allowed: title, start, end, market, labs, events"),
    ],
)
def test_an_override_that_cannot_be(desk, override, message):
    assert desk.refusal("base", [override]) == [f"--set {override}: {message}"]


def test_problems_of_several_overrides_are_told_at_once_after_those_of_the_file(desk):
    overrides = ["market.inertia=2", "labs.openai.staff=0", "events.control.share=1"]
    messages = desk.problems("extends: base\nend: never\n", overrides)
    assert messages[0].startswith("x.yaml:2: end: ")
    assert {message.partition("=")[0] for message in messages[1:]} == {
        "--set market.inertia",
        "--set labs.openai.staff",
        "--set events.control.share",
    }
