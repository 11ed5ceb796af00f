"""Tables of samples: one draw takes one row for all parameters of a table."""

from __future__ import annotations

import json
from functools import partial

import pytest

from sim.randomness import uniform
from sim.scenario.jsonschema import json_schema
from sim.scenario.nodes import plain
from sim.scenario.reading import read_text
from sim.study.variants import Variants

ROWS = [(3e9, 0.3, 7), (1e9, 0.1, 9), (2e9, 0.2, 8), (4e9, 0.3, 9)]
CSV = "labs.openai.capex,inertia,staff\n" + "".join(f"{a:g},{b:g},{c}\n" for a, b, c in ROWS)
TAKEN = """\
market: {inertia: {dist: sample, of: fitted, column: inertia}}
labs:
  openai: {capex: {dist: sample, of: fitted, column: labs.openai.capex}}
  alibaba: {staff: {dist: sample, of: fitted, column: staff}}
"""
FROM_FILE = f"extends: base\nsamples: {{fitted: x.csv}}\n{TAKEN}"
INLINE = f"""\
extends: base
samples:
  fitted:
    labs.openai.capex: [3e9, 1e9, 2e9, 4e9]
    inertia: [0.3, 0.1, 0.2, 0.3]
    staff: [7, 9, 8, 9]
{TAKEN}"""


def row(scenario) -> tuple[float, float, int]:
    return scenario.labs["openai"].capex, scenario.market.inertia, scenario.labs["alibaba"].staff


@pytest.fixture
def fitted(desk):
    desk.write("x.csv", CSV)
    return desk.read(FROM_FILE)


def test_the_first_row_holds_where_no_uncertainty_is_asked_for(fitted):
    assert row(fitted.scenario) == ROWS[0]


def test_every_draw_is_a_row_and_every_row_is_drawn_alike(fitted):
    assert set(map(fitted.distributions["market.inertia"].keyed, ("a", "b"))) == {"samples.fitted"}
    drawn = [row(fitted.draw({"samples.fitted": (k + 0.5) / 8}.__getitem__).scenario) for k in range(8)]
    assert drawn == [one for one in ROWS for _ in range(2)]


def test_a_table_in_a_file_says_the_same_as_one_in_the_scenario(desk, fitted):
    inline = desk.read(INLINE)
    assert inline.hash == fitted.hash
    assert inline.distributions == fitted.distributions
    assert [file.name for file in fitted.files] == ["x.yaml", "base.yaml", "x.csv"]


def test_it_loads_back_to_the_same_hash_and_draws(desk, fitted):
    again = desk.load(desk.write("again.yaml", fitted.to_yaml()))
    assert again.hash == fitted.hash
    assert list(fitted.samples["fitted"]) == ["inertia", "labs.openai.capex", "staff"]  # sorted
    assert again.to_yaml().partition("\n")[2] == fitted.to_yaml().partition("\n")[2]
    draw = partial(uniform, 5, "parameters")
    assert again.draw(draw).hash == fitted.draw(draw).hash


def test_the_hash_knows_the_values_and_their_order_but_no_column_that_nobody_takes(desk, fitted):
    desk.write("x.csv", CSV.replace("1e+09", "1.1e+09"))
    changed = desk.read(FROM_FILE)
    desk.write("x.csv", "\n".join([CSV.splitlines()[0], *reversed(CSV.splitlines()[1:])]))
    turned = desk.read(FROM_FILE)
    head, *rows = CSV.split()
    desk.write("x.csv", "\n".join([f"{head},idle", *(f"{line},1" for line in rows)]))
    assert len({fitted.hash, changed.hash, turned.hash}) == 3
    assert desk.read(FROM_FILE).hash == fitted.hash


def test_a_number_in_place_of_one_leaves_the_rest_of_the_row(fitted):
    changed = fitted.with_values({"market.inertia": 0.5})
    assert set(changed.distributions) == {"labs.openai.capex", "labs.alibaba.staff"}
    capex, inertia, staff = row(changed.draw(lambda _: 0.4).scenario)
    assert (capex, inertia, staff) == (ROWS[1][0], 0.5, ROWS[1][2])
    ended = changed.with_values({"labs.openai.capex": 1e9, "labs.alibaba.staff": 1})
    assert ended.samples == {}
    assert "samples" not in ended.to_yaml()


def test_a_child_has_a_table_of_its_own_beside_the_parents(desk, fitted):
    """Tables are drawn apart, and may have other numbers of rows; one of the same name replaces the parent's whole."""
    desk.write("parts/own.csv", "staff\n1\n2\n3\n4\n5\n")
    desk.write("parent.yaml", FROM_FILE)
    child = desk.read(
        "extends: parent.yaml\nsamples: {own: parts/own.csv}\n"
        "labs: {alibaba: {staff: {dist: sample, of: own, column: staff}}}\n"
    )
    drawn = child.draw({"samples.own": 0.99, "samples.fitted": 0.3}.__getitem__).scenario
    assert row(drawn) == (*ROWS[1][:2], 5)
    assert desk.problems("extends: parent.yaml\nsamples: {fitted: parts/own.csv}\n") == [
        "parent.yaml:3: market.inertia.column: unknown column 'inertia'; allowed: staff",
        "parent.yaml:5: labs.openai.capex.column: unknown column 'labs.openai.capex'; allowed: staff",
    ]


def test_variants_draw_the_same_rows(tmp_path):
    """On the baseline, whose sections a study builds by themselves."""
    import sim

    (tmp_path / "own.csv").write_text("size,theft\n" + "".join(f"{k},{k / 100}\n" for k in range(4, 11)))
    (tmp_path / "own.yaml").write_text(
        "extends: baseline\nsamples: {own: own.csv}\n"
        "technology: {small_gap: {dist: sample, of: own, column: size}}\n"
        "spillovers: {theft: {dist: sample, of: own, column: theft}}\n"
    )
    base = sim.load(tmp_path / "own.yaml")
    assert base.scenario.technology.small_gap == 4
    seen = set()
    for seed in range(6):
        drawn = Variants(base).drawn({}, seed)
        assert drawn == base.draw(partial(uniform, seed, "parameters")).scenario
        assert drawn.spillovers.theft == pytest.approx(drawn.technology.small_gap / 100)
        seen.add(drawn.spillovers.theft)
        varied = Variants(base).drawn({"technology.small_gap": 5.5}, seed)
        assert (varied.technology.small_gap, varied.spillovers.theft) == (5.5, drawn.spillovers.theft)
    assert len(seen) > 2


def test_by_itself_it_is_a_distribution_of_rising_quantiles(fitted):
    alone = fitted.distributions["labs.openai.capex"].alone
    assert [alone.quantile(u) for u in (0.1, 0.4, 0.6, 0.9)] == [1e9, 2e9, 3e9, 4e9]


FORMS = "the name of a .csv file beside this one, or columns: a mapping of names to lists of numbers"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("of: fitted, column: inertia", "of: fited, column: inertia",
         "x.yaml:7: market.inertia.of: unknown table 'fited'; allowed: fitted (did you mean 'fitted'?)"),
        ("column: inertia", "column: inertai", "x.yaml:7: market.inertia.column: unknown column 'inertai'; "
         "allowed: labs.openai.capex, inertia, staff (did you mean 'inertia'?)"),
        ("column: inertia", "columns: inertia", "x.yaml:7: market.inertia.column: missing; allowed: text\n"
         "x.yaml:7: market.inertia.columns: unknown name; allowed: dist, of, column (did you mean 'column'?)"),
        ("inertia: [0.3, 0.1, 0.2, 0.3]", "inertia: [0.3, 0.1, 0.2]",
         "x.yaml:5: samples.fitted.inertia: 3 values; allowed: 4, as 'labs.openai.capex' has"),
        ("inertia: [0.3, 0.1, 0.2, 0.3]", "inertia: []",
         "x.yaml:5: samples.fitted.inertia: found an empty list; allowed: a list of numbers"),
        ("[0.3, 0.1, 0.2, 0.3]", "[0.3, some, 0.2, 0.3]",
         "x.yaml:5: samples.fitted.inertia: found 'some'; allowed: a number"),
        ("[0.3, 0.1, 0.2, 0.3]", "[0.3, .nan, 0.2, 0.3]",
         "x.yaml:5: samples.fitted.inertia: found nan; allowed: a number"),
        ("[0.3, 0.1, 0.2, 0.3]", "[0.3, 0.1, 1.2, 0.3]",
         "x.yaml:7: market.inertia: 1.2 in row 3 of column 'inertia'; allowed: a number >= 0 and < 1"),
        ("[7, 9, 8, 9]", "[7, 9, 8.5, 9]",
         "x.yaml:10: labs.alibaba.staff: 8.5 in row 3 of column 'staff'; allowed: a whole number >= 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_told_once(desk, old, new, message):
    assert "\n".join(desk.problems(INLINE.replace(old, new))) == message


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("y.csv", "no such file 'y.csv'; allowed: a file that exists, seen from . (did you mean 'x.csv'?)"),
        ("../x.csv", "'../x.csv', outside the scenario's folder; allowed: a file below ."),
        ("link.csv", "'link.csv', outside the scenario's folder; allowed: a file below ."),
        ("x.tsv", f"found 'x.tsv'; allowed: {FORMS}"),
        ("3", f"found 3; allowed: {FORMS}"),
    ],
)
def test_a_file_that_cannot_be_a_table(desk, table, message):
    desk.write("x.csv", CSV)
    (desk.here.parent / "x.csv").write_text(CSV)
    (desk.here / "link.csv").symlink_to("../x.csv")
    assert desk.problems(f"extends: base\nsamples:\n  fitted: {table}\n") == [f"x.yaml:3: samples.fitted: {message}"]


def test_tables_that_are_none(desk):
    assert desk.problems("extends: base\nsamples: x.csv\n") == [
        f"x.yaml:2: samples: found 'x.csv'; allowed: a mapping of tables, each {FORMS}"
    ]
    assert desk.problems("extends: base\n", ["samples.fitted=x.csv"]) == [
        "--set samples.fitted=x.csv: samples.fitted: found 'x.csv'; allowed: a mapping of names to lists of numbers; "
        "a .csv file is named in a scenario file only"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,x\n", "x.csv:3: b: found 'x'; allowed: a number"),
        ("a,b\n1,2\n\n3,\n", "x.csv:4: b: found nothing (null); allowed: a number"),
        ("a,b\n1,2\n3\n", "x.csv:3: 1 cells; allowed: 2, as the first line has"),
        ("a,a\n1,2\n", "x.csv:1: column 'a' a second time; allowed: a name of its own for each column"),
        ("a,\n1,2\n", "x.csv:1: no name of column 2; allowed: a name of its own for each column"),
        ("a,b\n", "x.csv: no rows; allowed: names of columns in the first line, then numbers"),
        ("", "x.csv: no rows; allowed: names of columns in the first line, then numbers"),
        ('a,b\n1,"2\n', "x.csv:2: not CSV: unexpected end of data; allowed: cells separated by commas"),
        ("a,b\n1,inf\n", "x.csv:2: b: found 'inf'; allowed: a number"),
        ("a,b\n1,1e999\n", "x.csv:2: b: found inf; allowed: a number"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(desk, text, message):
    desk.write("x.csv", text)
    assert desk.problems("extends: base\nsamples: {fitted: x.csv}\n") == [message]


def test_an_editor_knows_tables_and_samples(world):
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.Draft7Validator(json.loads(json.dumps(json_schema(world))))

    def errors(text: str) -> int:
        return len(list(checker.iter_errors(plain(read_text(text, "x.yaml")))))

    assert errors(FROM_FILE) == errors(INLINE) == 0
    assert errors(FROM_FILE.replace("x.csv", "x.txt")) == 1
    assert errors(INLINE.replace("column: staff", "row: 3")) == 1
