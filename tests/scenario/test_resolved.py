from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.checking import Blueprint
from sim.scenario.loading import load_as
from sim.scenario.problems import Flaw, ScenarioError

UNCERTAIN = """\
extends: base
title: 'A "quoted": title # not a comment'
labs:
  openai: {capex: {dist: triangular, low: 1e9, mode: 2e9, high: 6e9}}
  alibaba: {staff: {dist: discrete, values: [3, 5]}}
market: {inertia: {dist: uniform, low: 0.5, high: 0.9}}
"""


def test_the_provenance_says_which_file_and_line_set_each_value(desk):
    desk.write("parent.yaml", "extends: base\n\nlabs:\n  alibaba: {capex: 3e9}  # Reuters, 2025\n")
    resolved = desk.read("extends: parent.yaml\nend: 2028-12\n", ["market.inertia=0.5"])
    places = {path: str(place) for path, place in resolved.provenance.items()}
    base = desk.library / "base.yaml"
    assert places["end"] == "x.yaml:2"
    assert places["labs.alibaba.capex"] == "parent.yaml:4"
    assert places["labs.alibaba.region"] == f"{base}:9"
    assert places["labs.alibaba.trust.us"] == f"{base}:11"
    assert places["events.device_ban.labs"] == f"{base}:17"
    assert places["market.inertia"] == "--set market.inertia=0.5"
    assert places["labs.alibaba.growth"] == "default"
    assert resolved.provenance["labs.openai.capex"].note == "annual report, 2024"


def test_every_value_of_the_scenario_has_a_place_and_nothing_else_has(desk):
    resolved = desk.read(UNCERTAIN + "  # a comment\nevents: []\n", ["labs.openai.trust={}"])

    def leaves(data, path=""):
        if isinstance(data, dict) and data and "dist" not in data:
            for key, value in data.items():
                yield from leaves(value, f"{path}.{key}")
        elif isinstance(data, list) and data and isinstance(data[0], dict):
            for item in data:
                yield from leaves(item, f"{path}.{item['name']}")
        else:
            yield path.lstrip(".")

    assert set(resolved.provenance) == set(leaves(resolved.data))


def test_the_hash_ignores_order_files_comments_and_notation(desk):
    one = desk.read("extends: base\nlabs: {alibaba: {capex: 3e9, growth: 1.5}}\nend: 2028-12\n")
    other = desk.load("base", ["end=2028-12", "labs.alibaba.capex=3000000000"])
    reordered = "\n".join(
        [
            "labs:",
            "  openai: {capex: 5.0e+9, region: us}",
            "  alibaba: {trust: {us: 0.25}, growth: 1.50, capex: 3e9, region: china}",
            "end: '2028-12'",
            "start: 2022-11-30  # the day is dropped",
            "market: {open: true, inertia: 0.8}",
            "title: A small world",
            "events:",
            "  - {kind: rule, region: china, date: 2023-10, name: controls}",
            "  - {labs: [alibaba], name: device_ban, kind: ban, date: 2024-06}",
        ]
    )
    assert one.hash == other.hash == desk.read(reordered).hash
    assert len(one.hash) == 64


@pytest.mark.parametrize(
    "override",
    [
        "labs.alibaba.capex=2000000001",
        "labs.alibaba.cap=0",
        "market.open=false",
        "events.controls.share=0.6",
        "labs.alibaba.capex={dist: uniform, low: 1e9, high: 3e9}",  # with the same central value
    ],
)
def test_the_hash_tells_any_change_of_a_value_or_distribution(desk, override):
    assert desk.load("base").hash != desk.load("base", [override]).hash


def test_the_hash_stays_what_it_was(desk):
    """A change of this hash orphans every stored result: only on purpose, with a line in the changelog."""
    assert desk.load("base").hash == "7c39805a23d1542326a67a6ed2a05dfccd612c772a7bc5e68366c9f66bd8b9a5"


def test_yaml_loads_back_to_the_same_scenario(desk):
    resolved = desk.read(UNCERTAIN)
    again = desk.load(desk.write("again.yaml", resolved.to_yaml()))
    assert again.hash == resolved.hash
    assert again.scenario == resolved.scenario
    assert again.distributions == resolved.distributions
    assert again.to_yaml().partition("\n")[2] == resolved.to_yaml().partition("\n")[2]


TITLES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["2e9", "null", "yes", "<<", "- a", "a: b", "'", '"', " x ", "\\", "*x", "2024-12", "=", "line\nline\n"]
)


@given(TITLES, st.floats(0, allow_infinity=False, allow_nan=False))
def test_any_text_and_number_survive_the_yaml(tmp_path_factory, world, title, capex):
    folder = tmp_path_factory.mktemp("yaml")
    (folder / "x.yaml").write_text("start: 2023-01\nlabs: {a: {region: us}}\n", encoding="utf-8")
    blueprint = Blueprint(world, lambda _: ())
    resolved = load_as(blueprint, folder / "x.yaml", {"title": title, "labs.a.capex": capex}, folder)
    (folder / "y.yaml").write_text(resolved.to_yaml(), encoding="utf-8", newline="")
    again = load_as(blueprint, folder / "y.yaml", (), folder).scenario
    assert (again.title, again.labs["a"].capex) == (title, capex)


def test_a_draw_takes_each_parameter_at_its_own_quantile(desk):
    resolved = desk.read(UNCERTAIN)
    us = {"labs.openai.capex": 0.2, "labs.alibaba.staff": 0.9, "market.inertia": 0.25}
    drawn = resolved.draw(us.__getitem__)
    assert drawn.scenario.labs["openai"].capex == resolved.distributions["labs.openai.capex"].quantile(0.2)
    assert drawn.scenario.labs["alibaba"].staff == 5
    assert drawn.scenario.market.inertia == pytest.approx(0.6)
    assert drawn.distributions == {}
    assert str(drawn.provenance["market.inertia"]) == "drawn"
    assert drawn.provenance["labs.alibaba.capex"] == resolved.provenance["labs.alibaba.capex"]


def test_distributions_with_one_name_are_drawn_together(desk):
    """By one number for all of them, whatever their ranges; a scenario keeps the name when it is written."""
    resolved = desk.read(UNCERTAIN).with_values(
        {
            "labs.openai.capex": {"dist": "uniform", "together": "spending", "low": 1, "high": 3},
            "labs.alibaba.capex": {"dist": "uniform", "together": "spending", "low": 10, "high": 30},
        }
    )
    us = {"spending": 0.25, "labs.alibaba.staff": 0.9, "market.inertia": 0.25}
    labs = resolved.draw(us.__getitem__).scenario.labs
    assert (labs["openai"].capex, labs["alibaba"].capex) == (1.5, 15.0)
    assert "{dist: uniform, together: spending, low: 10, high: 30}" in resolved.to_yaml().replace(".0", "")


def test_a_draw_changes_nothing_else(desk):
    resolved = desk.read(UNCERTAIN)
    before = resolved.hash
    drawn = resolved.draw(lambda path: 0.5)
    values = {path: getattr(dist, "central", None) for path, dist in resolved.distributions.items()}
    assert drawn.with_values(values).scenario == resolved.scenario
    assert resolved.hash == before
    assert desk.load("base").draw(lambda path: 0.5).hash == desk.load("base").hash


def test_drawn_values_that_contradict_each_other_are_refused(world, tmp_path):
    def check(scenario):
        if scenario.labs["a"].capex > 2 * scenario.labs["b"].capex:
            yield Flaw(("labs", "a", "capex"), "more than twice that of b", "less")

    labs = "a: {region: us, capex: {dist: uniform, low: 1, high: 9}}, b: {region: us, capex: 3}"
    (tmp_path / "x.yaml").write_text(f"start: 2023-01\nlabs: {{{labs}}}\n")
    resolved = load_as(Blueprint(world, check), tmp_path / "x.yaml", (), tmp_path)
    assert resolved.draw(lambda path: 0.1).scenario.labs["a"].capex == pytest.approx(1.8)
    with pytest.raises(ScenarioError) as caught:
        resolved.draw(lambda path: 0.9)
    assert str(caught.value) == "drawn: labs.a.capex: more than twice that of b; allowed: less"


def test_changed_values_are_checked_and_end_a_distribution(desk):
    resolved = desk.read(UNCERTAIN)
    changed = resolved.with_values({"labs.openai.capex": 3e9, "events.controls.share": 0.1})
    assert changed.scenario.labs["openai"].capex == 3e9
    assert changed.scenario.events[0].share == 0.1
    assert set(changed.distributions) == {"labs.alibaba.staff", "market.inertia"}
    with pytest.raises(ScenarioError, match=r"set market\.inertia: market\.inertia: found 3; allowed"):
        resolved.with_values({"market.inertia": 3})
    with pytest.raises(ScenarioError, match=r"set market\.inertai: market\.inertai: unknown name"):
        resolved.with_values({"market.inertai": 0.3})


def test_it_describes_itself_in_a_line_and_in_a_notebook(desk):
    resolved = desk.read(UNCERTAIN.replace("A \"quoted\": title # not a comment", "<b>bold</b>"))
    assert repr(resolved) == f"<scenario 'x' {resolved.hash[:8]}: 2 labs, 2 events, 3 uncertain>"
    assert repr(desk.read("extends: base\nremove: [events.controls]\n")).endswith(": 2 labs, 1 event>")
    page = resolved._repr_html_()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "openai, alibaba" in page
    assert resolved.hash in page


def test_the_data_are_plain_json(desk):
    data = desk.read(UNCERTAIN).data
    assert json.loads(json.dumps(data)) == data
    capex = {"dist": "triangular", "low": 10**9, "mode": 2 * 10**9, "high": 6 * 10**9}
    assert data["labs"]["openai"]["capex"] == capex
