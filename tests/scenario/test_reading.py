from __future__ import annotations

import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.nodes import plain
from sim.scenario.problems import ScenarioError
from sim.scenario.reading import read_file, read_text


def problems(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read_text(text, "x.yaml")
    return str(caught.value).splitlines()


def file_problems(path) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read_file(path, path.name)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e9", 2e9),
        ("1.0e9", 1e9),
        ("2E-3", 0.002),
        (".5", 0.5),
        ("5.", 5.0),
        ("-3", -3),
        ("+3", 3),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        (".inf", math.inf),
        ("true", True),
        ("no", "no"),
        ("on", "on"),
        ("null", None),
        ("~", None),
        ("''", ""),
        ("'2e9'", "2e9"),
        ("2024-12", "2024-12"),
        ("2023-10-17", "2023-10-17"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text, value):
    found = plain(read_text(f"key: {text}", "x.yaml"))["key"]
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


def test_every_value_knows_its_line():
    tree = read_text("a: 1\nb:\n  c: 2\n  d: [3, 4]\ne:\n  - f: 5\n  - 6\n", "x.yaml")
    b, e = tree.items["b"], tree.items["e"]
    assert tree.items["a"].place.line == 1
    assert b.place.line == 2
    assert b.items["c"].place.line == 3
    assert [item.place.line for item in b.items["d"].items] == [4, 4]
    assert [item.place.line for item in e.items] == [6, 7]
    assert str(b.items["c"].place) == "x.yaml:3"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a: 1  # annual report", "annual report"),
        ("a: {dist: uniform, low: 1, high: 2}  # judgement", "judgement"),
        ("a: [1, 2] # Reuters", "Reuters"),
        ("a: 'x # y'", ""),
        ("a: 'x # y'  # z", "z"),
        ("a: |\n  x # y\n", ""),
        ("a: 1", ""),
    ],
)
def test_the_comment_behind_a_value_is_kept_as_its_source(text, note):
    assert read_text(text, "x.yaml").items["a"].place.note == note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1", "x.yaml:1: a: anchor &x; allowed: plain values; 'extends' inherits from another file"),
        ("a: 1\nb: *x", "x.yaml:2: b: alias *x; allowed: the value itself; aliases hide where it was set"),
        ("<<: {a: 1}", "x.yaml:1: merge key <<; allowed: the keys themselves; "
         "'extends' inherits from another file"),
        ("a: !!python/name:os.system", "x.yaml:1: a: tag tag:yaml.org,2002:python/name:os.system; "
         "allowed: plain values, without tags"),
        ("a: !mine {b: 1}", "x.yaml:1: a: tag !mine; allowed: plain values, without tags"),
        ("a: 1\nb: 2\na: 3", "x.yaml:3: a: a second time; first at x.yaml:1; allowed: each key once"),
        ("a.b: 1", "x.yaml:1: key 'a.b'; allowed: a name without dots, which separate the keys of a path"),
        ("? [a]\n: 1", "x.yaml:1: a list or mapping as a key; allowed: a name as a key"),
        ("a: 1\n---\nb: 1", "x.yaml:2: a second document ('---'); allowed: one document a file"),
        ("%YAML 1.1\n---\na: 1", "x.yaml:2: %YAML 1.1; allowed: YAML 1.2"),
        ("a: [1, 2\nb: 3", "x.yaml:2: not YAML: expected ',' or ']', but got ':'"),
        ('a: "\\ud800"', "x.yaml:1: a: half of a character (\\ud800 to \\udfff); allowed: whole characters"),
        ("a: b: c", "x.yaml:1: not YAML: mapping values are not allowed here"),
        ("a: 1\n\tb: 2", "x.yaml:2: not YAML: found character '\\t' that cannot start any token"),
        ("a: 1\nb: \x00", "x.yaml:2: not YAML: special characters are not allowed"),
        ("a: " + "9" * 5000, "x.yaml:1: a: a number of 5000 digits; allowed: at most 40"),
    ],
)
def test_traps_of_yaml_are_refused(text, message):
    assert problems(text) == [message]


def test_all_problems_of_a_text_are_told_at_once():
    assert len(problems("a: &x 1\nb: *x\nc: !t 2\na: 3\n")) == 4


STAIRS = "\n".join("  " * step + "a:" for step in range(60))


@pytest.mark.parametrize("deep", ["[" * 100_000, "{a: " * 50_000, STAIRS])
def test_deep_nesting_is_refused_before_it_hurts(deep):
    (message,) = problems(deep)
    assert message.endswith("deep nesting; allowed: at most 20 levels")


def test_an_empty_file(tmp_path):
    (tmp_path / "x.yaml").write_text("# nothing\n")
    assert file_problems(tmp_path / "x.yaml") == [
        "x.yaml: an empty file; allowed: keys of a scenario, such as 'extends: baseline'"
    ]


@pytest.mark.parametrize(("text", "found"), [("- a\n- b\n", "a list"), ("just text", "a single value")])
def test_a_file_that_is_no_mapping(tmp_path, text, found):
    (tmp_path / "x.yaml").write_text(text)
    assert file_problems(tmp_path / "x.yaml") == [f"x.yaml:1: {found}; allowed: a mapping of keys at the top"]


def test_a_file_that_is_not_utf_8(tmp_path):
    (tmp_path / "x.yaml").write_bytes("title: ok\nname: caf\u00e9\n".encode("latin-1"))
    assert file_problems(tmp_path / "x.yaml") == [
        "x.yaml:2: byte 0xe9, which is not UTF-8; allowed: text saved as UTF-8"
    ]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbftitle: ok\n")
    assert plain(read_file(tmp_path / "x.yaml", "x.yaml")) == {"title": "ok"}


def test_a_file_of_100_megabytes_is_not_even_opened(tmp_path):
    with (tmp_path / "x.yaml").open("wb") as file:
        file.truncate(100_000_000)
    assert file_problems(tmp_path / "x.yaml") == ["x.yaml: a file of 100.0 MB; allowed: at most 1 MB"]


def test_a_missing_file(tmp_path):
    assert file_problems(tmp_path / "x.yaml") == ["x.yaml: no such file; allowed: a file that exists"]


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    assert file_problems(tmp_path) == [f"{tmp_path.name}: not a file; allowed: a YAML file"]
    assert file_problems(tmp_path / "pipe.yaml") == ["pipe.yaml: not a file; allowed: a YAML file"]


def test_a_name_that_no_file_can_have(tmp_path):
    (message,) = file_problems(tmp_path / ("x" * 300))
    assert message.endswith("cannot be read: File name too long; allowed: a readable file")


@given(st.text(max_size=60))
def test_any_text_becomes_a_tree_or_problems(text):
    try:
        told = read_text(text, "x.yaml")
    except ScenarioError as error:
        told = error.problems
    assert told
