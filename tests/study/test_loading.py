"""Study files: what they say, and what is told about those that cannot be."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from sim.scenario import ScenarioError
from sim.scenario.library import library, names_in
from sim.study.combinations import check_points
from sim.study.design import ENUMERATED, count, sample
from sim.study.loading import load_study
from sim.study.study import Study
from sim.study.writing import STUDY, write_study

SHIPPED = names_in(library() / "studies")


def told(call) -> list[str]:
    with pytest.raises(ScenarioError) as found:
        call()
    return str(found.value).splitlines()


def test_a_study_can_be_short(tmp_path):
    file = tmp_path / "short.yaml"
    file.write_text("""\
base: baseline
vary: {labs.alibaba.capex: {low: 1.0e9, high: 4.0e9}}
design: latin-hypercube
points: 24
replicates: 2
""")
    study = load_study(file)
    assert (study.name, count(study), study.replicates) == ("short", 24, 2)
    assert [factor.name for factor in study.factors] == ["labs.alibaba.capex"]
    assert "china_open_labs_mean" in {one.name for one in study.indicators}


def test_written_out_it_is_the_same_study(study, desk):
    made = study("""\
set: {end: 2023-06}
vary:
  labs.leader.capex: {low: 1, high: 1.0e9, scale: log}
  all: {keys: [labs.*.complement], low: 0, high: 1}
  choice.rule: [lookahead, "myopic"]
  labs.leader.release_interval: {low: 2, high: 5}
  events.entry-of-a-rule.predicate: ["tpp >= 4800", "tpp >= 9000"]
  spillovers.theft: {dist: normal, mean: 0.1, sd: 0.01, low: 0, high: 1}
design: saltelli
points: 4
second_order: true
replicates: 3
seed: 5
common_seeds: false
uncertainty: true
indicators:
  one: {column: open_labs, region: south, take: mean, since: 2023-02, until: 2023-05}
  two: {column: cash, lab: leader}
  three: {column: hosted, cloud: host, take: series}
""")
    folder = desk / "written"
    folder.mkdir()
    write_study(made, folder)
    again = load_study(folder / STUDY)
    assert again.hash == made.hash
    assert sample(again).table.equals(sample(made).table)
    assert [again.name, again.title, list(again.bases)] == [made.name, made.title, list(made.bases)]


def test_prior_is_the_scenarios_own_distribution(study, desk):
    text = (desk / "tiny.yaml").read_text()
    (desk / "tiny.yaml").write_text(text + "spillovers: {theft: {dist: uniform, low: 0, high: 0.5}}\n")
    made = study("vary: {spillovers.theft: prior}\ndesign: random\npoints: 50\n")
    drawn = sample(made).frame["spillovers.theft"]
    assert 0.4 < drawn.max() <= 0.5


def test_prior_of_a_sample_is_its_column_alone(study, desk):
    text = (desk / "tiny.yaml").read_text()
    (desk / "own.csv").write_text("theft\n0.3\n0.1\n0.2\n")
    (desk / "tiny.yaml").write_text(
        f"{text}samples: {{own: own.csv}}\nspillovers: {{theft: {{dist: sample, of: own, column: theft}}}}\n"
    )
    made = study("vary: {spillovers.theft: prior}\ndesign: grid\n")
    assert sample(made).frame["spillovers.theft"].tolist() == [0.1, 0.2, 0.3]
    (desk / "out").mkdir()
    write_study(made, desk / "out")
    assert load_study(desk / "out" / STUDY).hash == made.hash


def test_whole_scenarios_are_levels(desk, write):
    text = (desk / "tiny.yaml").read_text()
    (desk / "late.yaml").write_text(text.replace("date: 2023-05", "date: 2023-07"))
    path = write(
        "vary:\n  scenario: [tiny, late]\n  spillovers.theft: [0.0, 0.1]\ndesign: grid\n",
        head="scenarios: {tiny: tiny.yaml, late: late.yaml}\n",
    )
    study = load_study(path)
    points = sample(study)
    assert points.frame["scenario"].tolist() == ["tiny", "tiny", "late", "late"]
    dates = [str(study.scenario(points.entries(i)).events[0].date) for i in range(4)]
    assert dates == ["2023-05", "2023-05", "2023-07", "2023-07"]
    assert [study.scenario(points.entries(i)).spillovers.theft for i in range(4)] == [0.0, 0.1, 0.0, 0.1]


def test_a_name_may_stand_for_several_keys_and_a_star_for_every_name(study):
    made = study("""\
vary:
  labs.*.complement: [0.25]
  two: {keys: [spillovers.theft, spillovers.leakage], values: [0.125]}
design: grid
""")
    scenario = made.scenario({"labs.*.complement": 0.25, "two": 0.125})
    assert {lab.complement for lab in scenario.labs.values()} == {0.25}
    assert (scenario.spillovers.theft, scenario.spillovers.leakage) == (0.125, 0.125)


ONE = "vary: {spillovers.theft: [0.0, 0.1]}\ndesign: grid\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "vary:\n  labs.leadr.capex: {low: 1, high: 2}\ndesign: random\npoints: 2\n",
            "bad.yaml:4: vary.labs.leadr.capex: labs.leadr: unknown name; allowed: leader, follower, southern; "
            "or a new entry, with region too (did you mean 'leader'?)",
        ),
        (
            "vary:\n  spillovers.theft: {low: 2, high: 1}\ndesign: random\npoints: 2\n",
            "bad.yaml:4: vary.spillovers.theft: low 2, high 1; allowed: low < high",
        ),
        (
            "vary:\n  spillovers.theft: {low: 0, high: 1}\ndesign: sobol\npoints: 100\n",
            "bad.yaml:6: points: found 100; allowed: a power of two for sobol, such as 64 or 128",
        ),
        (
            "vary:\n  spillovers.theft: {low: 0, high: 1}\ndesign: saltelli\npoints: 3\n",
            "bad.yaml:6: points: found 3; allowed: a power of two for saltelli, such as 2 or 4",
        ),
        (
            "vary:\n  spillovers.theft: {low: -1, high: 1}\ndesign: random\npoints: 2\n",
            "bad.yaml:4: vary.spillovers.theft.low: found -1; allowed: a number >= 0 and <= 5",
        ),
        (
            "vary:\n  choice.rule: {low: 0, high: 1}\ndesign: random\npoints: 2\n",
            "bad.yaml:4: vary.choice.rule: a range of choice.rule, which is no number; allowed: a list of values: text",
        ),
        (
            "vary:\n  choice.rule: [lookahead, looking]\ndesign: grid\n",
            "bad.yaml:4: vary.choice.rule: unknown decision rule 'looking'; "
            "allowed: lookahead, myopic, ewa, imitate, fixed, or package.module:name",
        ),
        (
            "vary:\n  spillovers.theft: {low: 0, high: 1}\ndesign: random\n",
            "bad.yaml:1: points: missing; allowed: a number of points for random",
        ),
        (
            "vary:\n  spillovers.theft: {low: 0, high: 1}\ndesign: grid\n",
            "bad.yaml:4: vary.spillovers.theft: a range without steps; "
            "allowed: a list of values, or steps: 5 beside low and high, for design: grid",
        ),
        (
            "vary:\n  spillovers.theft: [0, 0.1]\n  spillovers.leakage: [0.1]\ndesign: list\n",
            "bad.yaml:3: vary: lists of different lengths (spillovers.theft: 2, spillovers.leakage: 1); "
            "allowed: lists of one length, taken in step",
        ),
        (
            "vary:\n  spillovers.theft: prior\ndesign: random\npoints: 2\n",
            "bad.yaml:4: vary.spillovers.theft: no distribution in the scenario; allowed: a range, or one of: none",
        ),
        (
            "vary:\n  spillovers.theft: {dist: sample, of: own, column: theft}\ndesign: random\npoints: 2\n",
            "bad.yaml:4: vary.spillovers.theft.distribution.dist: found 'sample'; "
            "allowed: triangular, uniform, loguniform, normal, lognormal, discrete",
        ),
        (
            "vary:\n  spillovers.theft: priors\ndesign: random\npoints: 2\n",
            "bad.yaml:4: vary.spillovers.theft: found 'priors'; allowed: {low: ..., high: ...}, a list of values, "
            "a distribution such as {dist: uniform, ...}, or prior (did you mean 'prior'?)",
        ),
        (
            "vary:\n  spillovers.theft: [0.1]\n  both: {keys: [spillovers.theft], values: [0.2]}\ndesign: grid\n",
            "bad.yaml:5: vary.both: sets spillovers.theft, as 'spillovers.theft' does; allowed: each key once",
        ),
        (
            "vary:\n  labs.*.capx: [1]\ndesign: grid\n",
            "bad.yaml:4: vary.labs.*.capx: 'labs.*.capx' fits nothing; allowed: a key path; * is any name at its place",
        ),
        (
            "vary:\n  spillovers.theft: [0.1, 0.1]\ndesign: grid\n",
            "bad.yaml:4: vary.spillovers.theft: a value twice; allowed: each value once",
        ),
        (
            "vary: {}\ndesign: grid\n",
            "bad.yaml:3: vary: nothing; allowed: at least one factor",
        ),
        (
            ONE + "points: 5\n",
            "bad.yaml:5: points: given for a grid; allowed: none: its values are its points",
        ),
        (
            "vary: {spillovers.theft: [0.0, 0.1]}\ndesign: grids\n",
            "bad.yaml:4: design: found 'grids'; allowed: one of: grid, list, random, latin-hypercube, sobol, "
            "morris, saltelli (did you mean 'grid'?)",
        ),
        (
            ONE + "indicators:\n  x: {column: open_lab, region: south}\n",
            None,
        ),
        (
            ONE + "indicators:\n  x: {column: open_labs, region: west}\n",
            "bad.yaml:6: indicators.x.region: found 'west'; allowed: north, south, world",
        ),
        (
            ONE + "indicators:\n  x: {column: open_labs, since: 2024-01}\n",
            "bad.yaml:6: indicators.x.since: found 2024-01; allowed: a month from 2023-01 to 2023-08",
        ),
        (
            ONE + "indicators:\n  seed: {column: open_labs}\n",
            "bad.yaml:6: indicators.seed: the name of another column of the runs; allowed: another name",
        ),
        (
            ONE + "indicators:\n  x: {column: open_labs, region: south, lab: leader}\n",
            "bad.yaml:6: indicators.x: more than one of region, lab and cloud; allowed: one of them",
        ),
    ],
)
def test_a_bad_study_is_refused_with_one_message(write, text, message):
    lines = told(lambda: load_study(write(text, name="bad.yaml")))
    assert len(lines) == 1, lines
    if message is not None:
        assert lines == [message]
    else:
        assert lines[0].startswith("bad.yaml:6: indicators.x.column: found 'open_lab'; allowed: adoption, ")
        assert lines[0].endswith("(did you mean 'open_labs'?)")


def test_a_study_without_a_base_or_with_an_unknown_one(write):
    assert told(lambda: load_study(write(ONE, head="", name="bad.yaml"))) == [
        "bad.yaml:1: base: missing; allowed: a scenario, or several as values of vary.scenario"
    ]
    (line,) = told(lambda: load_study(write(ONE, head="base: baselin\n", name="bad.yaml")))
    assert line.startswith("bad.yaml:1: base: no scenario 'baselin'; allowed: the path of a .yaml file, or")
    assert line.endswith("(did you mean 'baseline'?)")


def test_a_combination_that_cannot_be_is_refused_with_its_point(study):
    made = study("vary:\n  start: [2023-01, 2023-06]\n  end: [2023-05, 2023-08]\ndesign: grid\n")
    assert told(lambda: check_points(made, sample(made), lambda *_: None)) == [
        "small.yaml, point 2 (start 2023-06, end 2023-05): end: found 2023-05; "
        "allowed: a month not before start (2023-06)"
    ]


def test_no_such_study():
    assert told(lambda: load_study("sobl")) [0].startswith("sobl: no such study; allowed: the path of a .yaml file")


@cache
def shipped(name: str) -> Study:
    return load_study(name)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_studies_are_sound_at_their_first_points(name):
    study = shipped(name)
    points = sample(study)
    assert study.title
    assert all(study.scenario(points.entries(point)) for point in range(0, points.points, 97))
    assert (study.size is None) == (study.design in ENUMERATED)


def test_the_shipped_studies():
    assert len(SHIPPED) >= 6
    sobol = [study for study in map(shipped, SHIPPED) if study.design in ("sobol", "saltelli")]
    assert any(len(study.factors) >= 12 for study in sobol)
    assert all(Path(library() / "studies" / f"{name}.yaml").read_text().startswith("# ") for name in SHIPPED)
