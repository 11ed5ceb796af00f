"""`aimarkets discover`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

FILES = {
    "discovery-boxes.csv", "discovery-boxes.parquet", "discovery-limits.csv", "discovery-limits.parquet",
    "discovery.json",
}  # fmt: skip
POINTS = "design: latin-hypercube\npoints: 200\n"


def test_finds_the_box_and_writes_it(aimarkets, known_sweep) -> None:
    folder: Path = known_sweep(POINTS)
    where = "choice.intensity > 6 and community.flywheel <= 0.5"
    done = aimarkets("discover", "out", "--where", where)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    design = pd.read_parquet(folder / "design.parquet")
    met = (design["choice.intensity"] > 6) & (design["community.flywheel"] <= 0.5)
    assert lines[0] == f"{where}: {met.mean():.0%} of 200 points (400 runs)"
    assert re.fullmatch(
        r"box 1: coverage (9\d|100)%, density (9\d|100)%; on points left out coverage \d+%, density \d+%", lines[2]
    )
    assert [line.split()[:2] for line in lines[4:6]] == [["choice.intensity", ">"], ["community.flywheel", "<="]]
    assert lines[-1] == "out/analysis: discovery-boxes and discovery-limits, .csv and .parquet"
    assert {path.name for path in (folder / "analysis").iterdir()} == FILES
    limits = pd.read_parquet(folder / "analysis" / "discovery-limits.parquet").set_index("factor")["at"]
    assert limits["choice.intensity"] == pytest.approx(6, abs=0.5)
    assert limits["community.flywheel"] == pytest.approx(0.5, abs=0.05)
    assert json.loads((folder / "analysis" / "discovery.json").read_text())["density"] == 0.7


def test_a_failed_run_is_left_out(aimarkets, known_sweep) -> None:
    known_sweep(POINTS)
    done = aimarkets("discover", "out", "--where", "not (share < 3)", "--resamples", "0")
    assert done.exit_code == 0
    assert "of 200 points (399 runs); 1 runs failed or have no value and are left out\n" in done.stdout


def test_nothing_dense_is_an_answer(aimarkets, known_sweep) -> None:
    known_sweep(POINTS)
    done = aimarkets("discover", "out", "--where", "share > 3.5", "--density", "1", "--resamples", "0")
    assert done.exit_code == 0
    assert "no box has a density of 1 or more that is not chance" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--where", "shar > 3"),
            "where: 'shar > 3', column 1: found 'shar'; allowed: a field: choice.intensity, community.flywheel, lag, "
            "share, status (did you mean 'share'?)\n",
        ),
        (
            ("--where", "lag > 4"),
            "where: 'lag > 4', met by 0 of 399 runs; allowed: a condition that at least 5 points meet and 5 do not; "
            "lag goes from 3 to 3\n",
        ),
        (("--where", "share > 3", "--density", "0"), "density: 0; allowed: above 0, at most 1\n"),
    ],
)
def test_what_cannot_be_done_is_said(aimarkets, known_sweep, arguments: tuple[str, ...], said: str) -> None:
    folder = known_sweep(POINTS)
    refused = aimarkets("discover", "out", *arguments)
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, "", said)
    assert not (folder / "analysis").exists()


def test_a_condition_must_be_given(aimarkets) -> None:
    refused = aimarkets("discover", "out")
    assert refused.exit_code == 2
    assert "--where" in refused.stderr
