"""`aimarkets report`: files that are whole, formats, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def result(aimarkets, folder: Path) -> Path:
    assert aimarkets("run", "tiny.yaml", "--no-figures", "--replicates", "2").exit_code == 0
    return folder / "outputs" / "tiny"


@pytest.mark.parametrize(
    ("options", "name", "begins"),
    [
        ((), "outputs/tiny-report.html", b"<!DOCTYPE html>"),
        (("--out", "deep/er/tiny.svg"), "deep/er/tiny.svg", b"<?xml"),
        (("--format", "png", "--out", "picture"), "picture", b"\x89PNG"),
    ],
)
def test_a_report_is_one_file(aimarkets, result: Path, folder: Path, options, name, begins) -> None:
    done = aimarkets("report", "tiny", *options)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{name}: ")
    file = folder / name
    assert file.read_bytes().startswith(begins)
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_is_there_is_kept_unless_asked(aimarkets, result: Path, folder: Path) -> None:
    target = folder / "mine.svg"
    target.write_text("kept")
    refused = aimarkets("report", "outputs/tiny", "--out", "mine.svg")
    assert refused.exit_code == 2
    assert refused.stderr == "mine.svg is there already; --force replaces it, --out names another file\n"
    assert target.read_text() == "kept"
    assert aimarkets("report", "outputs/tiny", "--out", "mine.svg", "--force").exit_code == 0
    assert target.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing",), "nothing: no result or sweep here or in outputs/; results in outputs/: tiny; 'aimarkets run'"),
        (("tinny",), "did you mean 'tiny'"),
        (("tiny", "--out", "outputs"), "outputs is a folder; name a file with --out"),
        (("tiny", "--format", "docx"), "Invalid value for '--format': 'docx' is not one of"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_written(aimarkets, result, folder, arguments, said) -> None:
    before = sorted(folder.rglob("*"))
    refused = aimarkets("report", *arguments)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_disk_that_is_full_leaves_nothing(aimarkets, result, folder, monkeypatch) -> None:
    def full(self, data):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    done = aimarkets("report", "tiny", "--format", "svg")
    assert done.exit_code == 1
    assert done.stderr.endswith("No space left on device; nothing was written\n")
    assert not list((folder / "outputs").glob("*report*"))
