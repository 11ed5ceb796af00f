"""The manifest of a result: what made it, so that it can be made again and checked."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import sim
from sim.run.errors import RunError

FILE = "manifest.json"
SCENARIO = "scenario.yaml"
MAX_BYTES = 10_000_000
LIBRARIES = ("mesa", "numpy", "numba", "scipy", "pandas", "pyarrow", "pydantic", "ruamel.yaml", "matplotlib")


class Commit(BaseModel):
    """State of the checkout that the package was imported from."""

    model_config = ConfigDict(frozen=True)

    commit: str
    changed: bool = Field(description="Whether files under sim/ or scenarios/ differ from the commit")


class Manifest(BaseModel):
    """What is written to ``manifest.json``.

    Only `command`, `durations_s` and `finished` differ between two runs of one thing; whatever is listed in
    `files` is the same to the byte.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal["aimarkets result"] = "aimarkets result"
    format_version: Literal[1] = 1
    name: str
    scenario_hash: str
    seeds: tuple[int, ...] = Field(min_length=1)
    uncertainty: bool
    versions: dict[str, str]
    git: Commit | None
    command: str | None
    durations_s: tuple[float, ...] = Field(description="Wall time of each replicate")
    finished: datetime
    files: dict[str, str] = Field(description="SHA-256 of each file of the result")

    @model_validator(mode="after")
    def _consecutive(self) -> Self:
        if self.seeds != tuple(range(self.seeds[0], self.seeds[0] + len(self.seeds))):
            raise ValueError("seeds are not consecutive")
        return self

    @property
    def maker(self) -> str:
        """Version and commit of the package that made the result."""
        return made_by(self.versions, self.git)

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder of its result."""
        (folder / FILE).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises
    ------
    RunError
        If the file cannot be read or is no manifest of a result.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RunError(f"{path}: too large for a manifest (more than {MAX_BYTES / 1e6:g} MB)")
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise RunError(f"{path}: not the manifest of a result ({reason})") from error


def holds_manifest(folder: Path) -> bool:
    """Whether a folder is a result of ours."""
    try:
        read_manifest(folder / FILE)
    except RunError:
        return False
    return True


def describe(
    folder: Path, *, name: str, scenario_hash: str, seeds: tuple[int, ...], uncertainty: bool,
    durations_s: tuple[float, ...], command: str | None,
) -> Manifest:
    """Manifest of a folder whose other files are all written."""
    return Manifest(
        name=name,
        scenario_hash=scenario_hash,
        seeds=seeds,
        uncertainty=uncertainty,
        versions=versions(),
        git=commit(),
        command=command,
        durations_s=durations_s,
        finished=datetime.now(UTC).replace(microsecond=0),
        files=checksums(folder),
    )


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below a folder but the manifest, by its path, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / FILE)
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def made_by(versions: Mapping[str, str], git: Commit | None) -> str:
    """Version and commit of the package, as one says them."""
    name = f"aimarkets {versions.get('aimarkets', 'of an unknown version')}"
    return name if git is None else f"{name}, commit {git.commit[:12]}{' with changes' if git.changed else ''}"


def versions() -> dict[str, str]:
    """Versions of everything that a number or a byte may depend on."""
    about = {"aimarkets": sim.__version__, "python": platform.python_version()}
    about |= {library: version(library) for library in LIBRARIES}
    return about | {"platform": f"{platform.system()}-{platform.machine()}"}


@cache
def commit() -> Commit | None:
    """Commit of the checkout that this package belongs to; none if it was installed from a wheel."""
    root = Path(sim.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", "sim", "scenarios")
    except (OSError, subprocess.SubprocessError):
        return None
    return Commit(commit=head, changed=bool(changed))


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
