"""`aimarkets sensitivity`."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

FILES = {
    "sensitivity.csv", "sensitivity.parquet", "sensitivity-luck.csv", "sensitivity-luck.parquet", "sensitivity.json",
}  # fmt: skip


def test_prints_a_table_and_writes_it(aimarkets, known_sweep) -> None:
    folder: Path = known_sweep("design: saltelli\npoints: 128\n")
    done = aimarkets("sensitivity", "out", "--indicator", "share")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[:3] == ["saltelli: 512 of 512 points of 2 parameters, 1024 runs, 1 of them failed", "", "share"]
    assert lines[3].split() == ["total", "order", "90", "%", "interval", "first", "order", "90", "%", "interval"]
    assert [line.split()[0] for line in lines[4:6]] == ["choice.intensity", "community.flywheel"]
    assert lines[-1] == "out/analysis: sensitivity and sensitivity-luck, .csv and .parquet"
    assert {path.name for path in (folder / "analysis").iterdir()} == FILES
    table = pd.read_parquet(folder / "analysis" / "sensitivity.parquet")
    pd.testing.assert_frame_equal(pd.read_csv(folder / "analysis" / "sensitivity.csv"), table)
    total = table[table["measure"] == "total_order"].set_index("factor")["value"]
    assert total["choice.intensity"] == pytest.approx(0.8, abs=0.1)
    assert total["community.flywheel"] == pytest.approx(0.2, abs=0.1)
    about = json.loads((folder / "analysis" / "sensitivity.json").read_text())
    assert about["files"].keys() == FILES - {"sensitivity.json"}
    assert about["runs"] == 1024


def test_again_gives_the_same_bytes(aimarkets, known_sweep) -> None:
    folder = known_sweep("design: morris\npoints: 10\n")
    assert aimarkets("sensitivity", "out").exit_code == 0
    first = {path.name: path.read_bytes() for path in (folder / "analysis").iterdir()}
    assert aimarkets("sensitivity", "out").exit_code == 0
    assert {path.name: path.read_bytes() for path in (folder / "analysis").iterdir()} == first


@pytest.mark.parametrize(
    ("design", "head"),
    [
        ("design: morris\npoints: 10\n", ["mu*", "mu", "sigma"]),
        ("design: latin-hypercube\npoints: 64\n", ["first order", "rank correlation"]),
    ],
)
def test_each_design_has_its_measures(aimarkets, known_sweep, design: str, head: list[str]) -> None:
    known_sweep(design)
    done = aimarkets("sensitivity", "out")
    assert done.exit_code == 0
    row = next(line for line in done.stdout.splitlines() if "interval" in line)
    assert [name.strip() for name in row.split("90 % interval")][:-1] == head
    assert "no measure: the same value (3) everywhere" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("out", "--indicator", "shar"), "indicator: 'shar'; allowed: share, lag (did you mean 'share'?)\n"),
        (("out", "--resamples", "1"), "resamples: 1; allowed: 2 to 100000\n"),
        (("out", "--confidence", "90"), "confidence: 90; allowed: above 0 and below 1\n"),
        (("elsewhere",), "elsewhere: no sweep here or in outputs/; 'aimarkets sweep' makes one\n"),
    ],
)
def test_what_cannot_be_done_is_said(aimarkets, known_sweep, arguments: tuple[str, ...], said: str) -> None:
    folder = known_sweep("design: morris\npoints: 4\n")
    refused = aimarkets("sensitivity", *arguments)
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, "", said)
    assert not (folder / "analysis").exists()


def test_a_file_in_the_place_of_the_folder_is_kept(aimarkets, known_sweep) -> None:
    folder = known_sweep("design: morris\npoints: 4\n")
    (folder / "analysis").write_text("mine")
    refused = aimarkets("sensitivity", "out")
    assert (refused.exit_code, refused.stderr) == (2, "out/analysis is not a folder; move it out of the way\n")
    assert (folder / "analysis").read_text() == "mine"


@pytest.mark.slow
def test_after_a_real_sweep(aimarkets, folder: Path) -> None:
    (folder / "small.yaml").write_text(
        "base: tiny.yaml\nset: {end: 2023-04}\ndesign: morris\npoints: 3\n"
        "vary:\n  labs.leader.capex: {low: 1.0e9, high: 4.0e9}\n"
        "indicators: {compute: {column: compute, region: north}}\n"
    )
    assert aimarkets("sweep", "small.yaml", "--out", "out").exit_code == 0
    done = aimarkets("sensitivity", "out")
    assert done.exit_code == 0
    table = pd.read_parquet("out/analysis/sensitivity.parquet").set_index("measure")
    assert table.loc["mu", "value"] > 0  # more money buys more compute
    assert table.loc["mean_high", "value"] > table.loc["mean_low", "value"]
