"""`aimarkets run`."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sim.cli.progress import QUIET_S
from sim.figures import FIGURES
from sim.market import Market
from sim.record import TABLES

QUICK = ("run", "tiny.yaml", "--no-figures")


def contents(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"tiny.yaml"}


def test_writes_what_it_says(aimarkets, folder: Path) -> None:
    done = aimarkets("run", "tiny.yaml", "--replicates", "2")
    assert done.exit_code == 0
    made = folder / "outputs" / "tiny"
    tables = {f"{name}.parquet" for name in TABLES}
    assert contents(made) == {"manifest.json", "scenario.yaml", "figures"} | tables
    assert {path.stem for path in (made / "figures").glob("*.png")} == set(FIGURES)
    assert done.stdout.startswith("tiny: 2 replicates (seeds 1 to 2), 2023-01 to 2023-08; last month")
    assert f"\noutputs/tiny: 6 tables, figures/ with {len(FIGURES)} plots, " in done.stdout
    assert done.stderr == ""


def test_out_seed_and_no_figures(aimarkets, folder: Path) -> None:
    assert aimarkets(*QUICK, "--seed", "5", "--out", "a/b").exit_code == 0
    manifest = json.loads((folder / "a" / "b" / "manifest.json").read_text())
    assert manifest["seeds"] == [5]
    assert not (folder / "a" / "b" / "figures").exists()
    assert contents(folder) == {"a"}


def test_set_changes_one_value(aimarkets, folder: Path) -> None:
    aimarkets(*QUICK, "--out", "plain")
    aimarkets(*QUICK, "--out", "rich", "--set", "labs.leader.cash=9e9", "--set", "labs.leader.funding=1e9")
    labs = pd.read_parquet(folder / "rich" / "labs.parquet")
    assert "cash: 9000000000" in (folder / "rich" / "scenario.yaml").read_text()
    assert not labs["cash"].equals(pd.read_parquet(folder / "plain" / "labs.parquet")["cash"])


def test_uncertainty_draws(aimarkets, folder: Path) -> None:
    uncertain = "spillovers.leakage={dist: uniform, low: 0, high: 1}"
    assert aimarkets(*QUICK, "--set", uncertain, "--uncertainty", "--replicates", "2").exit_code == 0
    assert json.loads((folder / "outputs" / "tiny" / "manifest.json").read_text())["uncertainty"] is True


def test_takes_a_shipped_name(aimarkets, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.scenario.loading.library", lambda: folder)
    assert aimarkets("run", "tiny", "--no-figures").exit_code == 0
    assert contents(folder / "outputs") == {"tiny"}


class TestExistingResult:
    def test_is_kept(self, aimarkets, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        aimarkets(*QUICK)
        before = (folder / "outputs" / "tiny" / "manifest.json").read_bytes()
        monkeypatch.setattr(Market, "step", lambda market: pytest.fail("refused before any work"))
        refused = aimarkets(*QUICK)
        assert refused.exit_code == 2
        assert refused.stderr == (
            "outputs/tiny holds a result already; --force replaces it, --out names another folder\n"
        )
        assert (folder / "outputs" / "tiny" / "manifest.json").read_bytes() == before

    def test_is_replaced_with_force(self, aimarkets, folder: Path) -> None:
        aimarkets(*QUICK)
        assert aimarkets(*QUICK, "--force", "--seed", "2").exit_code == 0
        assert json.loads((folder / "outputs" / "tiny" / "manifest.json").read_text())["seeds"] == [2]

    def test_of_another_kind_is_kept_in_spite_of_force(self, aimarkets, folder: Path) -> None:
        (folder / "thesis").mkdir()
        (folder / "thesis" / "chapter.tex").write_text("years of work")
        refused = aimarkets(*QUICK, "--out", "thesis", "--force")
        assert refused.exit_code == 2
        assert contents(folder / "thesis") == {"chapter.tex"}


class TestReplay:
    def test_gives_the_same_bytes(self, aimarkets, folder: Path) -> None:
        aimarkets("run", "tiny.yaml", "--replicates", "2", "--seed", "4", "--set", "labs.leader.cash=9e9")
        done = aimarkets("run", "outputs/tiny/manifest.json")
        assert done.exit_code == 0
        assert done.stdout.endswith("every file is the same as in outputs/tiny\n")
        first, second = folder / "outputs" / "tiny", folder / "outputs" / "tiny-replay"
        files = {path.relative_to(first) for path in first.rglob("*") if path.is_file()}
        assert files == {path.relative_to(second) for path in second.rglob("*") if path.is_file()}
        for file in files - {Path("manifest.json")}:
            assert (first / file).read_bytes() == (second / file).read_bytes(), file
        old, new = (json.loads((path / "manifest.json").read_text()) for path in (first, second))
        assert {key for key in old if old[key] != new[key]} <= {"command", "durations_s", "finished"}

    def test_of_uncertain_parameters_gives_the_same_bytes(self, aimarkets) -> None:
        uncertain = "spillovers.leakage={dist: triangular, low: 0, mode: 0.2, high: 1}"
        aimarkets(*QUICK, "--set", uncertain, "--uncertainty", "--replicates", "2")
        done = aimarkets("run", "outputs/tiny/manifest.json", "--no-figures")
        assert done.stdout.endswith("every file is the same as in outputs/tiny\n")

    def test_says_what_differs(self, aimarkets, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        aimarkets(*QUICK)
        path = folder / "outputs" / "tiny" / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["versions"]["numpy"] = "1.0"
        manifest["files"]["labs.parquet"] = "0"
        path.write_text(json.dumps(manifest))
        done = aimarkets("run", str(path), "--no-figures")
        assert done.exit_code == 1
        assert done.stderr.endswith(f"labs.parquet (numpy 1.0 then, {np.__version__} now)\n")

    @pytest.mark.parametrize(
        "option",
        [("--seed", "1"), ("--replicates", "3"), ("--uncertainty",), ("--set", "labs.leader.cash=1")],
    )
    def test_changes_nothing(self, aimarkets, folder: Path, option: tuple[str, ...]) -> None:
        aimarkets(*QUICK)
        refused = aimarkets("run", "outputs/tiny/manifest.json", *option)
        assert refused.exit_code == 2
        assert refused.stderr == (
            "outputs/tiny/manifest.json: a result is made again as it was; "
            "to change it, run its scenario.yaml\n"
        )
        assert contents(folder / "outputs") == {"tiny"}

    def test_of_a_changed_scenario_is_refused(self, aimarkets, folder: Path) -> None:
        aimarkets(*QUICK)
        path = folder / "outputs" / "tiny" / "scenario.yaml"
        path.write_text(path.read_text().replace("cash: 5000000000", "cash: 6000000000"))
        refused = aimarkets("run", "outputs/tiny/manifest.json")
        assert refused.exit_code == 2
        assert refused.stderr.startswith("outputs/tiny/scenario.yaml: not the scenario that was run: ")

    def test_of_something_else_is_refused(self, aimarkets, folder: Path) -> None:
        (folder / "package.json").write_text('{"name": "x"}')
        refused = aimarkets("run", "package.json")
        assert refused.exit_code == 2
        assert refused.stderr.startswith("package.json: not the manifest of a result (")


class TestFailure:
    def test_of_the_disk(self, aimarkets, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write = pq.write_table

        def fill(table: Any, path: Path, **settings: Any) -> None:
            if "models" in str(path):
                raise OSError(errno.ENOSPC, "No space left on device")
            write(table, path, **settings)

        monkeypatch.setattr(pq, "write_table", fill)
        failed = aimarkets(*QUICK)
        assert failed.exit_code == 1
        assert failed.stderr == "No space left on device; nothing was written\n"
        assert contents(folder / "outputs") == set()

    def test_of_the_model(self, aimarkets, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(market: Market) -> None:
            raise FloatingPointError("prices diverge")

        monkeypatch.setattr(Market, "step", fail)
        failed = aimarkets(*QUICK, "--seed", "3")
        assert failed.exit_code == 1
        assert failed.stderr == (
            "replicate 0 (seed 3), 2023-01: FloatingPointError: prices diverge\n"
            "From Python, sim.simulate with this seed shows where it happened.\n"
        )
        assert contents(folder) == set()


def test_progress_in_a_log_is_plain_lines(aimarkets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.cli.progress.EVERY_S", 0.0)
    done = aimarkets(*QUICK)
    assert done.stderr.splitlines() == [f"tiny: {month} of 8 months" for month in range(1, 9)]
    assert QUIET_S == 1.0
