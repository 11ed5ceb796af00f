"""Messages, word for word: where, what was found, what is allowed, what it may have meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.problems import ScenarioError

MODES = "allowed: one of: closed, open_lagged, open"
LAB = "region, capex, growth, staff, mode, parent, cap, sells_in, trust"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("capexx: 1", f"capexx: unknown name; allowed: {LAB} (did you mean 'capex'?)"),
        ("colour: red", f"colour: unknown name; allowed: {LAB}"),
        ("capex: many", "capex: found 'many'; allowed: a number >= 0 (USD/year)"),
        ("capex: '2e9'", "capex: found '2e9'; allowed: a number >= 0 (USD/year)"),
        ("capex: true", "capex: found true; allowed: a number >= 0 (USD/year)"),
        ("capex:", "capex: found nothing (null); allowed: a number >= 0 (USD/year)"),
        ("capex: -1", "capex: found -1; allowed: a number >= 0 (USD/year)"),
        ("capex: .inf", "capex: found inf; allowed: a number >= 0 (USD/year)"),
        ("capex: .nan", "capex: found nan; allowed: a number >= 0 (USD/year)"),
        ("capex: 1e999", "capex: found inf; allowed: a number >= 0 (USD/year)"),
        ("capex: [1, 2]", "capex: found a list of 2; allowed: a number >= 0 (USD/year)"),
        ("growth: 0", "growth: found 0; allowed: a number > 0 and <= 20"),
        ("growth: 21.5", "growth: found 21.5; allowed: a number > 0 and <= 20"),
        ("cap: -1", "cap: found -1; allowed: a number >= 0, or null"),
        ("staff: 2.5", "staff: found 2.5; allowed: a whole number >= 1"),
        ("staff: 0", "staff: found 0; allowed: a whole number >= 1"),
        ("mode: opne", f"mode: found 'opne'; {MODES} (did you mean 'open'?)"),
        ("mode: 3", f"mode: found 3; {MODES}"),
        ("parent: yes", "parent: found 'yes'; allowed: true or false (write true)"),
        ("parent: 1", "parent: found 1; allowed: true or false"),
        ("sells_in: us", "sells_in: found 'us'; allowed: a list, each item text matching ^[a-z0-9_]+$"),
        ("sells_in: [us, 3]", "sells_in.1: found 3; allowed: text matching ^[a-z0-9_]+$"),
        ("sells_in: [US]", "sells_in.0: found 'US'; allowed: text matching ^[a-z0-9_]+$"),
        ("trust: {us: 2}", "trust.us: found 2; allowed: a number >= 0 and <= 1"),
        ("trust: {US: 1}", "trust.US: found 'US'; allowed: text matching ^[a-z0-9_]+$"),
    ],
)
def test_a_wrong_value(desk, line, message):
    found = desk.problems(f"extends: base\nlabs:\n  openai:\n    {line}\n")
    assert found == [f"x.yaml:4: labs.openai.{message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("markets: {inertia: 1}", "markets: unknown name; allowed: title, start, end, market, labs, events "
         "(did you mean 'market'?)"),
        ("market: 3", "market: found 3; allowed: a mapping with keys inertia, open"),
        ("labs: [openai]", "labs: found a list of 1; allowed: a mapping of names, "
         f"each to a mapping with keys {LAB}"),
        ("events: {}", "events: found an empty mapping; allowed: a list, each item a mapping"),
        ("start: 2023-02-30", "start: found '2023-02-30', no such date (day is out of range for month); "
         "allowed: a month YYYY-MM, or a date YYYY-MM-DD"),
        ("start: 2023-13", "start: found '2023-13', no such date (month must be in 1..12); "
         "allowed: a month YYYY-MM, or a date YYYY-MM-DD"),
        ("start: soon", "start: found 'soon', not a month; allowed: a month YYYY-MM, or a date YYYY-MM-DD"),
        ("start: 2023", "start: found 2023, not a month; allowed: a month YYYY-MM, or a date YYYY-MM-DD"),
        ("end: 2020-01", "end: found 2020-01; allowed: a month not before start (2022-11)"),
    ],
)
def test_a_wrong_section_or_date(desk, text, message):
    assert desk.problems(f"extends: base\n{text}\n") == [f"x.yaml:2: {message}"]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("{kind: bann, name: e, date: 2024-01, labs: []}",
         "e.kind: found 'bann'; allowed: rule, ban (did you mean 'ban'?)"),
        ("{name: e, date: 2024-01, labs: []}", "e.kind: missing; allowed: rule, ban"),
        ("{kind: ban, date: 2024-01, labs: []}", "2.name: missing; allowed: text matching ^[a-z0-9_]+$"),
        ("{kind: ban, name: e, labs: []}", "e.date: missing; allowed: a month YYYY-MM, or a date YYYY-MM-DD"),
        ("{kind: ban, name: e, date: 2024-01, labs: [], share: 1}",
         "e.share: unknown name; allowed: name, date, kind, labs"),
        ("{kind: ban, name: e, date: 2024-01, labs: [openai, alibabba]}",
         "e.labs.1: unknown lab 'alibabba'; allowed: openai, alibaba (did you mean 'alibaba'?)"),
        ("{kind: rule, name: e, date: 2024-01, region: us, share: 2}",
         "e.share: found 2; allowed: a number >= 0 and <= 1"),
        ("{kind: rule, name: e, date: 2024-01, region: us, predicate: tpq > 3}",
         "e.predicate: found 'tpq > 3', at column 1 'tpq'; allowed: a field: density, name, tpp, vendor "
         "(did you mean 'tpp'?)"),
        ("3", "2: found 3; allowed: a mapping"),
    ],
)
def test_a_wrong_event(desk, event, message):
    assert desk.problems(f"extends: base\nevents:\n  - {event}\n") == [f"x.yaml:3: events.{message}"]


def test_a_misspelt_name_of_an_entry_is_told_as_such(desk):
    assert desk.problems("extends: base\nlabs:\n  alibabba: {capex: 2e9}\n") == [
        "x.yaml:3: labs.alibabba: unknown name; allowed: openai, alibaba; or a new entry, with region too "
        "(did you mean 'alibaba'?)"
    ]


def test_a_new_scenario_is_told_what_it_lacks(desk):
    assert desk.problems("labs:\n  first: {capex: 2e9}\n") == [
        "x.yaml:1: start: missing; allowed: a month YYYY-MM, or a date YYYY-MM-DD",
        "x.yaml:2: labs.first.region: missing; allowed: text matching ^[a-z0-9_]+$",
    ]


def test_all_problems_at_once_by_line_with_those_of_the_parents_file(desk):
    desk.write("parent.yaml", "extends: base\nmarket: {inertia: 1}\n")
    text = """\
extends: parent.yaml
remove: [labs.openia]
labs:
  openai: {capex: -1, staff: {dist: uniform, low: 1, high: 3}}
  alibaba:
    growth: fast
events:
  - {name: one, kind: ban, date: 2024-01, labs: [alibabba]}
end: 2020-01
"""
    assert desk.problems(text) == [
        "parent.yaml:2: market.inertia: found 1; allowed: a number >= 0 and < 1",
        "x.yaml:2: remove: unknown name 'labs.openia'; allowed: openai, alibaba (did you mean 'openai'?)",
        "x.yaml:4: labs.openai.staff: a uniform distribution; allowed: a discrete one of whole numbers",
        "x.yaml:4: labs.openai.capex: found -1; allowed: a number >= 0 (USD/year)",
        "x.yaml:6: labs.alibaba.growth: found 'fast'; allowed: a number > 0 and <= 20",
        "x.yaml:8: events.one.labs.0: unknown lab 'alibabba'; allowed: openai, alibaba "
        "(did you mean 'alibaba'?)",
        "x.yaml:9: end: found 2020-01; allowed: a month not before start (2022-11)",
    ]


def test_a_wrong_entry_hides_nothing_of_the_others_but_what_names_it(desk):
    text = """\
extends: base
labs:
  alibabba: {capex: 2e9}
events:
  - {name: one, kind: ban, date: 2024-13, labs: [nobody]}
  - {name: two, kind: ban, date: 2024-01, labs: [alibabba, openia]}
"""
    assert desk.problems(text) == [
        "x.yaml:3: labs.alibabba: unknown name; allowed: openai, alibaba; or a new entry, with region too "
        "(did you mean 'alibaba'?)",
        "x.yaml:5: events.one.date: found '2024-13', no such date (month must be in 1..12); "
        "allowed: a month YYYY-MM, or a date YYYY-MM-DD",
        "x.yaml:6: events.two.labs.1: unknown lab 'openia'; allowed: openai, alibaba "
        "(did you mean 'openai'?)",
    ]


def test_what_may_follow_from_a_wrong_value_is_not_told(desk):
    """The end stands before the start only because the start is misread as another century."""
    assert desk.problems("extends: base\nend: 2020-01\nstart: 2019-13\n") == [
        "x.yaml:3: start: found '2019-13', no such date (month must be in 1..12); "
        "allowed: a month YYYY-MM, or a date YYYY-MM-DD"
    ]


def test_an_empty_market(desk):
    (message,) = desk.problems("start: 2023-01\nlabs: {}\n")
    assert message == "x.yaml:2: labs: nothing; allowed: at least one lab"


ODD = [None, True, -1, 1e308, float("nan"), "x", "", [], {}, [1], [[1]], "2023-13"]
ODD += [{"dist": "uniform"}, {"dist": []}]
ODD += [{"name": "x"}, [{"name": 3}], [{"name": "a"}, {"name": "a"}]]
ODD += [{"kind": "ban"}, {"kind": ["ban"]}, {"": {}}]
PATHS = ["labs", "labs.openai", "labs.openai.capex", "labs.openai.sells_in", "labs.new", "labs.new.region"]
PATHS += ["events", "events.controls", "events.controls.kind", "events.device_ban.labs"]
PATHS += ["market", "start", "title", "new.key"]


@given(st.dictionaries(st.sampled_from(PATHS), st.sampled_from(ODD), max_size=4))
def test_whatever_stands_in_a_file_it_loads_or_is_refused(desk_of_the_session, values):
    try:
        told = [desk_of_the_session.load("base", values).hash]
    except ScenarioError as error:
        told = [problem.found for problem in error.problems]
    assert told
    assert all(told)
