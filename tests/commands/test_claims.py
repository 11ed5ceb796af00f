"""`aimarkets claims` as users meet it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.claims.conftest import SMALL, SPREAD

SIZE = ("--draws", "4", "--replicates", "1", "--mixed")  # others may work on the code while its tests run


@pytest.fixture
def here(folder: Path) -> Path:
    with (folder / "tiny.yaml").open("a", encoding="utf-8") as file:
        file.write(SPREAD)
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    return folder


def test_a_claim_of_ones_own(aimarkets, here: Path) -> None:
    result = aimarkets("claims", "small.yaml", *SIZE)
    assert result.exit_code == 0, result.stderr
    assert "1 claim, 2 worlds, 16 runs" in result.stderr
    assert " 1. Complements make openness." in result.stdout
    out = here / "outputs" / "claims"
    assert {path.name for path in out.iterdir()} == {
        "runs", "claims.md", "claims.json", "claims.png", "claims.svg", "claims.csv", "claims.txt",
        "claims-answers.csv", "claims-answers.parquet", "claims-draws.csv", "claims-draws.parquet",
    }  # fmt: skip
    page = (out / "claims.md").read_text()
    assert "## 1. Complements make openness" in page
    draws = pd.read_csv(out / "claims-draws.csv")
    assert draws.groupby("rule").size().to_dict() == {"own": 4, "myopic": 4}
    again = aimarkets("claims", "small.yaml", *SIZE)  # nothing is left to run
    assert again.stdout == result.stdout
    assert (out / "claims.md").read_text() == page


def test_checking_writes_nothing(aimarkets, here: Path) -> None:
    result = aimarkets("claims", "small.yaml", "--check")
    assert (result.exit_code, result.stdout) == (0, "small: no problems (1 part)\n")
    assert not (here / "outputs").exists()


def test_all_shipped_claims_are_in_order(aimarkets, here: Path) -> None:
    result = aimarkets("claims", "--check")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 18
    assert all("no problems" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("99",), "99: no such claim; allowed: the path of a .yaml file, a number, or a shipped claim: 01-"),
        (("05-open-erodes-closed-margin",), "(did you mean '05-open-erodes-closed-margins'?)"),
        (("device-bans-change-litle",), "(did you mean 'device-bans-change-little'?)"),
        (("missing.yaml",), "missing.yaml: no such file"),
        (("small.yaml", "--draws", "0"), "draws: 0; allowed: 1 to 10000"),
        (("small.yaml", "--docs", "docs"), "docs: the page is of all claims; leave out their names"),
        (("small.yaml", "--out", "."), ". holds something that is not a test of claims and is kept"),
    ],
)
def test_bad_input_is_one_message(aimarkets, here: Path, arguments: tuple[str, ...], said: str) -> None:
    before = sorted(here.rglob("*"))
    result = aimarkets("claims", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sorted(here.rglob("*")) == before


def test_other_code_is_not_mixed_in(aimarkets, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aimarkets("claims", "small.yaml", *SIZE)
    monkeypatch.setattr("sim.run.replay.versions", lambda: {"numpy": "0"})
    result = aimarkets("claims", "small.yaml", *SIZE[:-1])
    assert result.exit_code == 2
    assert "was begun by other code" in result.stderr


@pytest.mark.slow
def test_after_ctrl_c_the_same_command_goes_on(start, aimarkets, here: Path) -> None:
    many = ("claims", "small.yaml", "--draws", "24", "--replicates", "2", "--mixed")
    process = start(*many)
    runs = here / "outputs" / "claims" / "runs"
    deadline = time.monotonic() + 60
    while not list(runs.glob("*/runs/*.parquet")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "runs that are finished are kept; the same command goes on" in err
    assert "Traceback" not in err
    kept = {path: path.stat().st_mtime_ns for path in runs.glob("*/runs/*.parquet")}
    assert kept
    assert not (here / "outputs" / "claims" / "claims.md").exists()
    assert aimarkets(*many).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(pd.read_csv(here / "outputs" / "claims" / "claims-draws.csv")) == 24 + 8
