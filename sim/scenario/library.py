"""Where the scenarios that come with the package lie, and what they are called."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def library() -> Path:
    """Folder of the shipped scenarios: inside an installed package, else beside it in a source checkout."""
    installed = PACKAGE / "_scenarios"
    return installed if installed.is_dir() else PACKAGE.parent / "scenarios"


def names_in(folder: Path) -> list[str]:
    """Names of the scenarios in a folder: those of their files, without suffix."""
    return sorted(file.stem for file in folder.glob("*.yaml"))
