"""Calibration of the tiny scenario against what it says itself at a known point."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.facts.calibrate import calibrate
from sim.facts.calibration_report import fragment, markdown, spreads, triangle
from sim.facts.ensemble import ensemble
from sim.facts.hazards import LEAST_ODDS
from sim.facts.reading import load_facts
from sim.run.errors import RunError
from sim.scenario.uncertainty import Triangular
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
    assert heard[0] == (1, 60)
    assert heard[-1] == (60, 60)
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


@pytest.mark.parametrize("mode", [0.2, 0.3, 0.5, 0.9, 1.0])
def test_the_triangle_has_the_quantiles_of_the_set(mode):
    low, high = triangle(0.2, mode, 1.0)
    found = Triangular(dist="triangular", low=low, mode=mode, high=high)
    if mode > 0.2:
        assert found.quantile(0.05) == pytest.approx(0.2)
    if mode < 1.0:
        assert found.quantile(0.95) == pytest.approx(1.0)


def test_spreads_stay_within_the_prior(found):
    for value in spreads(found).values():
        assert isinstance(value, dict)
    idle = spreads(found)["finance.later_growth"]
    assert 1.0 <= idle["low"] < idle["mode"] < idle["high"] <= 1.5


def test_the_scenario_that_it_writes_carries_the_set(found, folder):
    path = folder / "calibrated.yaml"
    path.write_text(fragment(found))
    loaded = sim.load(path)
    eta = loaded.distributions["technology.capability_per_order"]
    low, high = eta.support
    assert low < 9.0 < high
    assert loaded.scenario.labs.keys() == sim.load(TINY).scenario.labs.keys()
    assert "Not identified by the facts: finance.later_growth." in markdown(found)


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
