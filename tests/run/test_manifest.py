"""What made a result."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import sim
from sim.run.errors import RunError
from sim.run.manifest import Manifest, commit, describe, holds_manifest, read_manifest, versions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "figures").mkdir()
    (tmp_path / "a.parquet").write_bytes(b"a")
    (tmp_path / "figures" / "b.png").write_bytes(b"b")
    manifest(tmp_path).write(tmp_path)
    return tmp_path


def manifest(folder: Path) -> Manifest:
    return describe(
        folder, name="tiny", scenario_hash="abc", seeds=(3, 4), uncertainty=True, durations_s=(0.5, 0.25),
        command="aimarkets run tiny",
    )


def test_comes_back_as_written(folder: Path) -> None:
    found = read_manifest(folder / "manifest.json")
    assert found.files == {
        "a.parquet": hashlib.sha256(b"a").hexdigest(),
        "figures/b.png": hashlib.sha256(b"b").hexdigest(),
    }
    assert (found.name, found.scenario_hash, found.seeds, found.uncertainty) == ("tiny", "abc", (3, 4), True)
    assert (found.durations_s, found.command) == ((0.5, 0.25), "aimarkets run tiny")
    assert found.finished.tzinfo is not None


def test_lists_every_version_that_matters() -> None:
    assert versions()["aimarkets"] == sim.__version__
    assert {"python", "numpy", "scipy", "mesa", "pandas", "pyarrow"} <= set(versions())


def test_commit_is_that_of_a_checkout_or_none() -> None:
    found = commit()
    assert found is None or len(found.commit) == 40


def test_no_commit_outside_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim, "__file__", str(tmp_path / "site-packages" / "sim" / "__init__.py"))
    assert commit.__wrapped__() is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "another"}, "format: Input should be 'aimarkets result'"),
        ({"format_version": 2}, "format_version: Input should be 1"),
        ({"seeds": []}, "seeds: Tuple should have at least 1 item after validation, not 0"),
        ({"seeds": [1, 5]}, "Value error, seeds are not consecutive"),
    ],
)
def test_another_format_is_refused(folder: Path, change: dict[str, object], reason: str) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RunError) as refused:
        read_manifest(path)
    assert str(refused.value) == f"{path}: not the manifest of a result ({reason})"


def test_a_missing_manifest(tmp_path: Path) -> None:
    with pytest.raises(RunError) as refused:
        read_manifest(tmp_path / "manifest.json")
    assert str(refused.value) == f"{tmp_path / 'manifest.json'}: cannot be read: No such file or directory"
    assert not holds_manifest(tmp_path)


def test_a_huge_manifest_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(RunError, match="too large"):
        read_manifest(path)
