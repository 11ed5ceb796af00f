"""`aimarkets validate`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FACTS = """\
title: Two facts
facts:
  share:
    family: use
    quantity: Open share
    unit: ratio
    series: {2023-04: 0.5}
    tolerance: 0.9
    source: invented
    certainty: derived
    indicator: use.tokens
    where: {openness: [open]}
    over: {}
    use: calibration
  downloads:
    family: use
    quantity: Downloads
    unit: count
    series: {2023-04: 1000}
    source: invented
    certainty: weak
    use: unrepresented
    why: Downloads are not use
"""
SHORT = ("validate", "tiny.yaml", "--facts", "facts.yaml", "--replicates", "2")


@pytest.fixture(autouse=True)
def facts(folder: Path) -> Path:
    path = folder / "facts.yaml"
    path.write_text(FACTS)
    return path


def test_prints_the_table_and_writes_report_and_figures(aimarkets, folder: Path) -> None:
    done = aimarkets(*SHORT, "--report", "report.md")
    assert done.exit_code == 0
    assert "100% of the calibration facts lie in the model's 90 % interval.\n" in done.stdout
    made = folder / "outputs" / "tiny-validation"
    assert {path.relative_to(made).as_posix() for path in made.rglob("*")} == {
        "facts.csv", "families.csv", "figures", "figures/use.png", "figures/use.svg", "rivals.csv",
        "scenario.yaml", "validation.json", "validation.md",
    }  # fmt: skip
    report = (folder / "report.md").read_text()
    assert "| downloads | Downloads | Downloads are not use |" in report
    pictures = re.findall(r"\]\((.*)\)", report)
    assert pictures
    assert all(picture.startswith("images/report/") and (folder / picture).is_file() for picture in pictures)
    assert "![use](figures/use.png)" in (made / "validation.md").read_text()


def test_the_exit_code_gates(aimarkets, facts: Path) -> None:
    facts.write_text(FACTS.replace("tolerance: 0.9", "tolerance: 0.001").replace("0.5}", "0.987}"))
    assert aimarkets(*SHORT, "--no-rivals").exit_code == 0
    failed = aimarkets(*SHORT, "--no-rivals", "--force", "--fail-under", "0.5")
    assert failed.exit_code == 1
    assert failed.stderr == "0% of the facts lie in the interval, under 50%\n"


def test_a_wrong_file_of_facts_is_told_and_nothing_is_written(aimarkets, folder: Path, facts: Path) -> None:
    facts.write_text(FACTS.replace("use.tokens", "use.tokns"))
    refused = aimarkets(*SHORT)
    assert refused.exit_code == 2
    assert refused.stderr == (
        "facts.yaml:11: facts.share.indicator: 'use.tokns'; "
        "allowed: an indicator of docs/facts.md (did you mean 'use.tokens'?)\n"
    )
    assert {path.name for path in folder.iterdir()} == {"facts.yaml", "tiny.yaml"}


def test_keeps_what_is_there_unless_told(aimarkets, folder: Path) -> None:
    quick = (*SHORT, "--no-rivals", "--out", "mine")
    assert aimarkets(*quick).exit_code == 0
    refused = aimarkets(*quick)
    assert refused.exit_code == 2
    assert refused.stderr == (
        "mine holds a validation already; --force replaces it, --out names another folder\n"
    )
    assert aimarkets(*quick, "--force").exit_code == 0
    assert not list(folder.glob(".mine*"))


def test_a_report_without_a_folder_is_told_before_the_runs(aimarkets, folder: Path) -> None:
    refused = aimarkets(*SHORT, "--report", "gone/report.md")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "gone/report.md: no such folder; name a file in one that exists with --report\n"
    )
    assert {path.name for path in folder.iterdir()} == {"facts.yaml", "tiny.yaml"}
