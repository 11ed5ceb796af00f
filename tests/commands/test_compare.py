"""`aimarkets compare`: text, and with --out a folder."""

from __future__ import annotations

from pathlib import Path

SETTINGS = ("--region", "south", "--replicates", "2")


def rich(folder: Path) -> str:
    """The tiny market in which the southern lab has ten times the money."""
    (folder / "rich.yaml").write_text(
        "title: Rich south\nextends: tiny.yaml\nlabs:\n  southern: {capex: 1.0e10}\n", encoding="utf-8"
    )
    return "rich.yaml"


def test_without_a_folder_nothing_is_written(aimarkets, folder: Path) -> None:
    done = aimarkets("compare", "tiny.yaml", "tiny.yaml", *SETTINGS)
    assert done.exit_code == 0
    assert done.stdout.rstrip().endswith("no lab decides otherwise")
    assert {path.name for path in folder.iterdir()} == {"tiny.yaml"}


def test_a_folder_is_whole_and_kept_unless_asked(aimarkets, folder: Path) -> None:
    asked = ("compare", "tiny.yaml", rich(folder), *SETTINGS, "--out", "pair")
    done = aimarkets(*asked)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.endswith("pair: differences.csv, path.csv, flips.csv, comparison.png and .svg\n")
    assert (folder / "pair" / "comparison.png").stat().st_size > 1000
    refused = aimarkets(*asked)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == "pair holds a comparison already; --force replaces it, --out names another folder\n"
    assert aimarkets(*asked, "--force").exit_code == 0


def test_a_folder_of_something_else_is_kept(aimarkets, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "note").write_text("kept")
    refused = aimarkets("compare", "tiny.yaml", "tiny.yaml", *SETTINGS, "--out", "mine", "--force")
    assert refused.exit_code == 2
    assert "holds something that is not a comparison and is kept" in refused.stderr
