"""Small claims about the tiny market, in a folder of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.claims.claim import Claim
from sim.claims.loading import load_claims

ROOT = Path(__file__).parent.parent.parent
TINY = ROOT / "tests" / "run" / "tiny.yaml"

SPREAD = "\nspillovers:\n  theft: {dist: uniform, low: 0, high: 0.5}\n  leakage: {dist: uniform, low: 0, high: 0.5}\n"
SMALL = """\
number: 1
claim: Complements make openness.
made_by: [nobody]
mechanism: Profit elsewhere.
against: No more openness.
rules: [myopic]
parts:
  use:
    sentence: The follower's complement raises the open share.
    control: {extends: tiny.yaml, labs: {follower: {complement: 0}}}
    treatment: {extends: tiny.yaml}
    measures:
      open: {column: open_token_share, take: mean}
    unit: share
    direction: up
    smallest: 0.01
"""

Write = Callable[..., Path]
Make = Callable[..., Claim]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that holds the tiny scenario, with two uncertain parameters."""
    shutil.copy(TINY, tmp_path / "tiny.yaml")
    with (tmp_path / "tiny.yaml").open("a", encoding="utf-8") as file:
        file.write(SPREAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(desk: Path) -> Write:
    """Write a claim, by default a small one; `change` replaces a text in it."""

    def file(change: tuple[str, str] | None = None, name: str = "small.yaml", text: str = SMALL) -> Path:
        if change is not None:
            assert change[0] in text
            text = text.replace(*change)
        path = Path(name)
        path.write_text(text, encoding="utf-8")
        return path

    return file


@pytest.fixture
def claim(write: Write) -> Make:
    """Load a claim about the tiny market."""
    return lambda *arguments, **settings: load_claims([write(*arguments, **settings)])[0]
