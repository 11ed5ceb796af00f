from __future__ import annotations

import pytest


def test_a_child_changes_one_number_in_one_line_and_keeps_the_rest(desk):
    base, child = desk.load("base"), desk.read("extends: base\nlabs: {alibaba: {capex: 3e9}}\n")
    assert child.scenario.labs["alibaba"].capex == 3e9
    assert child.with_values({"labs.alibaba.capex": 2e9}).hash == base.hash


def test_a_new_entry_is_added_beside_the_inherited_ones(desk):
    labs = desk.read("extends: base\nlabs: {xai: {region: us}}\n").scenario.labs
    assert list(labs) == ["openai", "alibaba", "xai"]


def test_events_append_and_other_lists_replace(desk):
    text = """\
extends: base
labs: {openai: {sells_in: [us]}}
events:
  - {name: repeal, kind: rule, date: 2026-01, region: china, share: 0}
"""
    desk.write("parent.yaml", text)
    child = desk.read("extends: parent.yaml\nlabs: {openai: {sells_in: [china]}}\n").scenario
    assert [event.name for event in child.events] == ["controls", "device_ban", "repeal"]
    assert child.labs["openai"].sells_in == ["china"]


def test_remove_drops_entries_events_and_values(desk):
    child = desk.read("extends: base\nremove: [labs.openai, events.controls, labs.alibaba.capex]\n").scenario
    assert list(child.labs) == ["alibaba"]
    assert child.labs["alibaba"].capex == 1e9  # the default again
    assert [event.name for event in child.events] == ["device_ban"]


def test_an_event_is_replaced_by_removing_it_first(desk):
    text = """\
extends: base
remove: [events.controls]
events:
  - {name: controls, kind: rule, date: 2025-01, region: china}
"""
    assert [str(event.date) for event in desk.read(text).scenario.events] == ["2024-06", "2025-01"]


def test_a_grandchild_inherits_from_both(desk):
    desk.write("parent.yaml", "extends: base\nend: 2028-12\nremove: [events.device_ban]\n")
    child = desk.read("extends: parent.yaml\nstart: 2023-01\n")
    assert (str(child.scenario.start), str(child.scenario.end)) == ("2023-01", "2028-12")
    assert [event.name for event in child.scenario.events] == ["controls"]
    assert [file.name for file in child.files] == ["x.yaml", "parent.yaml", "base.yaml"]


def test_a_distribution_replaces_another_and_a_partial_one_changes_it(desk):
    desk.write("parent.yaml", "extends: base\nmarket: {inertia: {dist: uniform, low: 0.1, high: 0.5}}\n")
    replaced = desk.read(
        "extends: parent.yaml\nmarket: {inertia: {dist: triangular, low: 0, mode: 0.2, high: 0.5}}\n"
    )
    assert replaced.distributions["market.inertia"].dist == "triangular"
    changed = desk.read("extends: parent.yaml\nmarket: {inertia: {high: 0.7}}\n")
    assert changed.distributions["market.inertia"].support == (0.1, 0.7)
    ended = desk.read("extends: parent.yaml\nmarket: {inertia: 0.3}\n")
    assert ended.distributions == {}


def test_extends_reaches_files_below_and_back_up_to_the_scenarios_folder(desk):
    desk.write("parts/parent.yaml", "extends: ../root.yaml\nend: 2027-12\n")
    desk.write("root.yaml", "extends: base\n")
    assert str(desk.read("extends: parts/parent.yaml\n").scenario.end) == "2027-12"


FILE = "a file such as baseline.yaml, or the name of a shipped scenario"


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("basse", "unknown scenario 'basse'; allowed: base (did you mean 'base'?)"),
        ("[base]", f"found a list of 1; allowed: {FILE}"),
        ("", f"found nothing (null); allowed: {FILE}"),
        ("pearent.yaml", "no such file 'pearent.yaml'; allowed: a file that exists, seen from . "
         "(did you mean 'parent.yaml'?)"),
        ("base.yaml", "no such file 'base.yaml'; allowed: a file that exists, seen from . "
         "(for the shipped scenario write 'base')"),
        ("../secret.yaml", "'../secret.yaml', outside the scenario's folder; allowed: a file below ."),
        ("../library/../secret.yaml", "'../library/../secret.yaml', outside the scenario's folder; "
         "allowed: a file below ."),
        ("/etc/hosts.yaml", "'/etc/hosts.yaml', outside the scenario's folder; allowed: a file below ."),
        ("link.yaml", "'link.yaml', outside the scenario's folder; allowed: a file below ."),
        ("loop.yaml", "a path that leads nowhere, 'loop.yaml'; allowed: a file that exists"),
        ('"a\\0.yaml"', "a path that leads nowhere, 'a\0.yaml'; allowed: a file that exists"),
        ("x.yaml", "a circle: x.yaml -> x.yaml; allowed: a chain of files that ends"),
    ],
)
def test_extends_that_leads_nowhere(desk, extends, message):
    desk.write("parent.yaml", "extends: base\n")
    (desk.here.parent / "secret.yaml").write_text("title: secret\n")
    (desk.here / "link.yaml").symlink_to("../secret.yaml")
    (desk.here / "loop.yaml").symlink_to("loop.yaml")
    assert desk.problems(f"extends: {extends}\n") == [f"x.yaml:1: extends: {message}"]


def test_a_circle_of_several_files(desk):
    desk.write("a.yaml", "title: a\nextends: b.yaml\n")
    desk.write("b.yaml", "extends: parts/../a.yaml\n")
    assert desk.problems("extends: a.yaml\n") == [
        "b.yaml:1: extends: a circle: x.yaml -> a.yaml -> b.yaml -> parts/../a.yaml; "
        "allowed: a chain of files that ends"
    ]


def test_a_chain_without_end(desk):
    for number in range(30):
        desk.write(f"{number}.yaml", f"extends: {number + 1}.yaml\n")
    (message,) = desk.refusal("0.yaml")
    assert message == "19.yaml:1: extends: a long chain; allowed: at most 20 files"


PATHS = "a list of key paths such as [labs.xai, events.h20-licence]"


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ("[labs.openia]", "unknown name 'labs.openia'; allowed: openai, alibaba (did you mean 'openai'?)"),
        ("[labs.openai.capexx]", "unknown name 'labs.openai.capexx'; allowed: region, capex "
         "(did you mean 'capex'?)"),
        ("[events.control]", "unknown name 'events.control'; allowed: controls, device_ban "
         "(did you mean 'controls'?)"),
        ("[title.x]", "unknown name 'title.x'; allowed: none"),
        ("labs.openai", f"found 'labs.openai'; allowed: {PATHS}"),
        ("[3]", f"found 3; allowed: {PATHS}"),
    ],
)
def test_remove_that_names_nothing(desk, remove, message):
    assert desk.problems(f"extends: base\nremove: {remove}\n") == [f"x.yaml:2: remove: {message}"]


def test_remove_without_anything_inherited(desk):
    (message,) = desk.problems("start: 2023-01\nlabs: {a: {region: us}}\nremove: [labs.xai]\n")
    assert message == "x.yaml:3: remove: nothing to remove from; allowed: a file with 'extends'"


def test_two_events_of_one_name(desk):
    event = "  - {name: controls, kind: rule, date: 2025-01, region: china}\n"
    assert desk.problems(f"extends: base\nevents:\n{event}") == [
        f"x.yaml:3: events.controls: the name a second time; first at {desk.library}/base.yaml:13; "
        "allowed: a name of its own, or 'remove: [events.controls]' to replace an inherited one"
    ]
