"""Calibration of the tiny scenario against what it says itself at a known point."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.facts.calibrate import calibrate
from sim.facts.calibration_report import columns, fragment, markdown, notes
from sim.facts.ensemble import ensemble
from sim.facts.hazards import LEAST_ODDS
from sim.facts.members import CENTRAL_SEEDS
from sim.facts.reading import load_facts
from sim.run.errors import RunError
from tests.facts.conftest import SHARE, TINY, written

TRUE = {"technology.capability_per_order": 9.0}
CAPABILITY = (
    SHARE.replace("unit: ratio", "unit: ECI").replace("use.tokens", "market.capability")
    .replace("over: {}\n", "").replace("{openness: [open]}", "{region: [north]}").replace("0.1", "0.05")
)  # fmt: skip
OPENINGS = """
openings_end: 2023-08
openings:
  leader: {month: null, source: s}
  southern: {month: 2023-05, source: s}
"""
STUDY = """\
base: tiny.yaml
set: {mechanisms.noise: false}
design: latin-hypercube
points: 30
calibration: {facts: facts.yaml, waves: 2}
vary:
  technology.capability_per_order: {low: 5, high: 12}
  finance.later_growth: {low: 1.0, high: 1.5} # holds from 2027 on: no fact can tell
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Study, scenario, and a fact out of the scenario itself."""
    folder = tmp_path_factory.mktemp("calibration")
    shutil.copy(TINY, folder)
    path = folder / "facts.yaml"
    path.write_text(written(capability=CAPABILITY))
    facts = load_facts(path).scenario
    truth = sim.load(TINY, {**TRUE, "mechanisms.noise": False})
    june = ensemble(truth, facts, seed=1, replicates=1, workers=1).indicators["capability"][0, 5]
    known = CAPABILITY.replace("{2023-06: 0.5}", f"{{2023-06: {june:.6f}}}")
    path.write_text(written(capability=known) + OPENINGS)
    (folder / "study.yaml").write_text(STUDY)
    return folder


@pytest.fixture(scope="module")
def found(folder):
    heard = []
    result = calibrate(
        folder / "study.yaml", folder / "out", progress=lambda done, total: heard.append((done, total))
    )
    assert heard[0] == (1, 180)
    assert heard[-1] == (180, 180)
    return result


def test_the_true_value_is_found_and_the_idle_parameter_is_not_identified(found):
    rows = found.parameters.set_index("parameter")
    eta = rows.loc["technology.capability_per_order"]
    assert eta["low"] < 9.0 < eta["high"]
    assert eta["high"] - eta["low"] < 1.0
    assert eta["identified"]
    assert rows.loc["finance.later_growth", "kept"] == pytest.approx(1.0, abs=0.1)
    assert not rows.loc["finance.later_growth", "identified"]


def test_the_second_wave_lies_where_the_first_pointed_and_hits(found):
    assert found.waves["share_of_prior"].tolist()[0] == 1.0
    assert found.waves["share_of_prior"].tolist()[1] < 0.2
    assert found.waves["calibration"].tolist()[1] == 1.0
    assert found.waves["failed"].tolist() == [0, 0]


def test_dates_of_openings_are_run_and_told(found):
    rows = found.openings
    assert rows[["lab", "opened"]].to_numpy().tolist() == [["leader", False], ["leader", False], ["southern", True]]
    assert (rows["use"] == "calibration").all()
    did = np.where(rows["opened"], rows["last"], 1 - rows["last"])
    expected = -np.log(np.clip(did, LEAST_ODDS, 1 - LEAST_ODDS)).mean()
    assert found.waves["surprise"].tolist()[1] == pytest.approx(expected)
    assert found.waves["surprise_held_out"].isna().all()
    assert "| southern | 2023-02 to 2023-06 | calibration | yes | 2% | 2% |" in markdown(found)


def test_the_central_member_fits_best_in_runs_with_other_luck(found, folder):
    """Of the members that were run again, by its own runs: counted here from their files."""
    members = found.members
    assert members.points.shape == (30, 2)
    assert (np.diff(members.deviances) >= 0).all()
    assert "30 members of it were run again, each 4 times with other luck. The central member has" in repr(found)
    points = pd.read_parquet(folder / "out" / "wave-members" / "points.parquet").to_numpy()
    (place,) = np.flatnonzero((points == members.central).all(axis=1))
    files = sorted((folder / "out" / "wave-members" / "runs").glob("*.json"))
    said = np.array([json.loads(file.read_text())["values"][0] for file in files]).reshape(30, CENTRAL_SEEDS)
    target = next(iter(found.facts.scenario.facts["capability"].series.values()))
    off = np.abs(np.log(said / target) if found.facts.scenario.facts["capability"].scale == "log" else said - target)
    assert off[place].mean() < np.quantile(off.mean(axis=1), 0.5)
    assert found.parameters["central"].tolist() == [
        factor.entry(float(u)) for factor, u in zip(found.study.factors, members.central, strict=True)
    ]


def test_the_scenario_that_it_writes_draws_members_of_the_set(found, folder):
    path = folder / "calibrated.yaml"
    path.write_text(fragment(found))
    loaded = sim.load(path)
    drawn = np.array(list(columns(found).values())).T
    for scenario, row in [
        (loaded.scenario, 0), (loaded.draw(lambda _: 0.5).scenario, 15), (loaded.draw(lambda _: 0.99).scenario, 29),
    ]:  # fmt: skip
        assert [scenario.technology.capability_per_order, scenario.finance.later_growth] == drawn[row].tolist()
    expected = [factor.entry(float(u)) for factor, u in zip(found.study.factors, found.members.points[15], strict=True)]
    assert drawn[15] == pytest.approx(expected, rel=5e-5)
    assert loaded.scenario.labs.keys() == sim.load(TINY).scenario.labs.keys()
    assert "Not identified by the facts: finance.later_growth." in markdown(found)


def test_a_note_tells_the_central_value_and_the_spread(found):
    row = found.parameters.set_index("parameter").loc["finance.later_growth"]
    expected = f"{row['central']:.3g} ({row['low']:.3g} to {row['high']:.3g})"
    assert notes(found)["finance.later_growth"] == expected


def test_a_calibration_that_was_stopped_goes_on(found, folder):
    """What is there stays; what is missing is made again, to the digit."""
    gone = sorted((folder / "out" / "wave-2" / "runs").glob("*.json"))[:3]
    kept = [path.read_text() for path in gone]
    stays = folder / "out" / "wave-1" / "runs" / "000000-0.json"
    before = stays.stat().st_mtime_ns
    for path in gone:
        path.unlink()
    again = calibrate(folder / "study.yaml", folder / "out", workers=2)
    assert [path.read_text() for path in gone] == kept
    assert stays.stat().st_mtime_ns == before
    assert np.array_equal(again.set.points, found.set.points)
    assert repr(again) == repr(found)


def test_a_folder_of_something_else_is_kept(found, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    study = tmp_path / "copy" / "study.yaml"
    study.write_text(STUDY.replace("points: 30", "points: 31"))
    with pytest.raises(RunError, match=r"holds another calibration \(study differ\); name another folder"):
        calibrate(study, tmp_path / "copy" / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("words")
    with pytest.raises(RunError, match="holds something that is not a calibration and is kept"):
        calibrate(folder / "study.yaml", tmp_path / "mine")


def test_members_of_another_set_are_not_taken_for_this_ones(found, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    points = tmp_path / "copy" / "out" / "wave-members" / "points.parquet"
    frame = pd.read_parquet(points)
    frame.iloc[::-1].to_parquet(points)
    with pytest.raises(RunError, match=r"wave-members holds runs of another set; remove it, and the same command"):
        calibrate(tmp_path / "copy" / "study.yaml", tmp_path / "copy" / "out")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{low: 1.0, high: 1.5}", "[1.0, 1.2]", "vary.finance.later_growth: a list of values; allowed: a range"),
        ("calibration: {facts: facts.yaml, waves: 2}\n", "", "no 'calibration' section"),
        ("latin-hypercube", "morris", "design: found morris; allowed: random, latin-hypercube, sobol"),
    ],
)
def test_studies_that_cannot_be_calibrated_are_told(folder, tmp_path, old, new, said):
    for name in ("facts.yaml", "tiny.yaml"):
        shutil.copy(folder / name, tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY.replace(old, new))
    with pytest.raises(RunError) as refused:
        calibrate(tmp_path / "study.yaml", tmp_path / "out")
    assert said in str(refused.value)
    assert not (tmp_path / "out").exists()
