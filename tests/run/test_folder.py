"""Folders that appear when they are whole."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from sim.run.errors import RunError
from sim.run.folder import check_target, whole_folder
from sim.run.manifest import describe


def write_result(folder: Path, text: str = "new") -> None:
    """Put the least that counts as a result of ours into a folder."""
    (folder / "data").write_text(text)
    describe(
        folder, name="x", scenario_hash="0", seeds=(1,), uncertainty=False, durations_s=(0.0,), command=None
    ).write(folder)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A result that is there already."""
    folder = tmp_path / "x"
    folder.mkdir()
    write_result(folder, "old")
    return folder


def others(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir() if path != folder)


def test_nothing_shows_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "x"
    with whole_folder(target) as partial:
        write_result(partial)
        assert not target.exists()
        assert partial.parent == target.parent
        assert partial.name.startswith(".x.partial-")
    assert (target / "data").read_text() == "new"
    assert others(target) == []


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt(), SystemExit(143)])
def test_a_failure_leaves_nothing(tmp_path: Path, stop: BaseException) -> None:
    with pytest.raises(type(stop)), whole_folder(tmp_path / "x") as partial:
        (partial / "data").write_text("half")
        raise stop
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_result(old: Path) -> None:
    with pytest.raises(OSError, match="full"), whole_folder(old, force=True) as partial:
        (partial / "data").write_text("half")
        raise OSError("full")
    assert (old / "data").read_text() == "old"
    assert others(old) == []


def test_a_result_is_kept(old: Path) -> None:
    with pytest.raises(RunError) as refused, whole_folder(old):
        pytest.fail("the block must not start")
    advice = "--force replaces it, --out names another folder"
    assert str(refused.value) == f"{old} holds a result already; {advice}"
    assert (old / "data").read_text() == "old"


def test_force_replaces_a_result(old: Path) -> None:
    (old / "left over").write_text("of the old result")
    with whole_folder(old, force=True) as partial:
        write_result(partial)
    assert (old / "data").read_text() == "new"
    assert not (old / "left over").exists()
    assert others(old) == []


@pytest.mark.parametrize("manifest", [None, "", "{}", '{"format": "another tool"}', "not JSON"])
def test_force_replaces_nothing_else(tmp_path: Path, manifest: str | None) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    if manifest is not None:
        (mine / "manifest.json").write_text(manifest)
    with pytest.raises(RunError) as refused, whole_folder(mine, force=True):
        pytest.fail("the block must not start")
    reason = "holds something that is not a result and is kept"
    assert str(refused.value) == f"{mine} {reason}; name another folder"
    assert (mine / "thesis.tex").read_text() == "years of work"


def test_a_file_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("mine")
    with pytest.raises(RunError) as refused:
        check_target(file, force=True)
    assert str(refused.value) == f"{file} is not a folder; name another one with --out"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with whole_folder(tmp_path / "x") as partial:
        write_result(partial)
    assert (tmp_path / "x" / "data").exists()


def test_a_link_is_followed(tmp_path: Path, old: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(old)
    with whole_folder(link, force=True) as partial:
        write_result(partial)
    assert link.is_symlink()
    assert (old / "data").read_text() == "new"


def test_the_first_of_two_writers_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "x"
    with pytest.raises(RunError), whole_folder(target) as slow:
        write_result(slow, "slow")
        with whole_folder(target) as quick:
            write_result(quick, "quick")
    assert (target / "data").read_text() == "quick"
    assert others(target) == []


def test_folders_have_ordinary_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with whole_folder(tmp_path / "x") as partial:
        write_result(partial)
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "plain").stat().st_mode
