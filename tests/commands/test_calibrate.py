"""`aimarkets calibrate`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sim
from tests.commands.test_validate import FACTS

STUDY = """\
name: small
base: tiny.yaml
design: random
points: 12
calibration: {facts: facts.yaml, waves: 1}
vary:
  demand.tier_nesting: {low: 0.1, high: 0.7}
"""


def test_writes_report_scenario_and_set(aimarkets, folder: Path) -> None:
    (folder / "facts.yaml").write_text(FACTS)
    (folder / "study.yaml").write_text(STUDY)
    done = aimarkets("calibrate", "study.yaml")
    assert done.exit_code == 0
    made = folder / "outputs" / "small-calibration"
    assert {"calibration.json", "calibration.md", "calibrated.yaml", "set.parquet", "wave-1", "wave-members"} == {
        path.name for path in made.iterdir()
    }
    assert "demand.tier_nesting" in done.stdout
    checked = aimarkets("check", str(made / "calibrated.yaml"))
    assert checked.exit_code == 0


def test_a_wrong_setting_is_told_with_its_line(aimarkets, folder: Path) -> None:
    (folder / "study.yaml").write_text(STUDY.replace("waves: 1", "wave: 1"))
    refused = aimarkets("calibrate", "study.yaml")
    assert refused.exit_code == 2
    assert "study.yaml:5: calibration.wave: " in refused.stderr
    assert "did you mean 'waves'?" in refused.stderr
    assert not (folder / "outputs").exists()


def test_writes_the_set_into_a_scenario_and_a_table_beside(aimarkets, folder: Path) -> None:
    (folder / "facts.yaml").write_text(FACTS)
    (folder / "study.yaml").write_text(STUDY)
    mine = folder / "mine.yaml"
    mine.write_text("# Mine\nextends: tiny.yaml\ndemand:\n  tier_nesting: 0.4 # judgement\n")
    done = aimarkets("calibrate", "study.yaml", "--write", "mine.yaml", "--report", "report.md")
    assert done.exit_code == 0
    lines = mine.read_text().splitlines()
    assert lines[:3] == ["# Mine", "extends: tiny.yaml", "demand:"]
    taken, _, note = lines[3].partition(" # ")
    assert taken == "  tier_nesting: {dist: sample, of: small, column: demand.tier_nesting}"
    assert re.fullmatch(r"calibrated: 0\.\d+ \(0\.\d+ to 0\.\d+\); judgement", note)
    assert lines[4:] == ["samples: {small: mine.small.csv} # calibrated"]
    head, *rows = (folder / "mine.small.csv").read_text().splitlines()
    assert (head, len(rows)) == ("demand.tier_nesting", 12)
    assert aimarkets("check", "mine.yaml").exit_code == 0
    loaded = sim.load(folder / "mine.yaml")
    assert loaded.scenario.demand.tier_nesting == float(rows[0]) == pytest.approx(float(note.split()[1]), abs=5e-3)
    assert {loaded.draw(lambda _, u=u: u).scenario.demand.tier_nesting for u in (0.01, 0.99)} == {
        float(rows[0]), float(rows[-1])
    }  # fmt: skip
    before = mine.read_text()
    again = aimarkets("calibrate", "study.yaml", "--write", "mine.yaml", "--report", "report.md")
    assert again.exit_code == 0
    assert mine.read_text() == before
    made = folder / "outputs" / "small-calibration" / "calibration.md"
    assert (folder / "report.md").read_text() == made.read_text()


def test_a_file_that_cannot_take_them_is_told_before_the_runs(aimarkets, folder: Path) -> None:
    (folder / "facts.yaml").write_text(FACTS)
    (folder / "study.yaml").write_text(STUDY)
    refused = aimarkets("calibrate", "study.yaml", "--write", "tiny.yaml")
    assert refused.exit_code == 2
    assert refused.stderr == "tiny.yaml: demand: no such mapping in it, so that tier_nesting cannot be set\n"
    missing = aimarkets("calibrate", "study.yaml", "--write", "gone.yaml")
    assert missing.exit_code == 2
    assert "gone.yaml: cannot be read (No such file or directory)" in missing.stderr
    assert not (folder / "outputs").exists()


def test_a_parameter_that_a_study_leaves_out_is_told_before_the_runs(aimarkets, folder: Path) -> None:
    """Its column would go with the table that is written anew."""
    (folder / "facts.yaml").write_text(FACTS)
    (folder / "study.yaml").write_text(STUDY)
    (folder / "mine.small.csv").write_text("old\n0.1\n")
    (folder / "mine.yaml").write_text(
        "extends: tiny.yaml\nsamples: {small: mine.small.csv}\ndemand:\n  tier_nesting: 0.4\n"
        "  host_nesting: {dist: sample, of: small, column: old}\n"
    )
    refused = aimarkets("calibrate", "study.yaml", "--write", "mine.yaml")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "mine.yaml: demand.host_nesting: drawn from column 'old' of 'small', which the study does not vary; "
        "give it a number or another distribution first\n"
    )
    assert not (folder / "outputs").exists()


def test_a_family_that_no_fact_is_of_is_told_before_the_runs(aimarkets, folder: Path) -> None:
    (folder / "facts.yaml").write_text(FACTS)
    (folder / "study.yaml").write_text(STUDY.replace("waves: 1", "waves: 1, families: [user]"))
    refused = aimarkets("calibrate", "study.yaml")
    assert refused.exit_code == 2
    assert "calibration.families: 'user' is no family of facts (did you mean 'use'?)" in refused.stderr
    assert not (folder / "outputs").exists()
