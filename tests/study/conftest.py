"""Small studies of the tiny market, in a folder of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.study.loading import load_study
from sim.study.study import Study

ROOT = Path(__file__).parent.parent.parent
TINY = ROOT / "tests" / "run" / "tiny.yaml"

HEAD = "scenarios: {tiny: tiny.yaml}\nbase: tiny\n"
SMALL = """\
vary:
  labs.leader.capex: {low: 1.0e9, high: 4.0e9}
  choice.rule: [lookahead, myopic]
design: latin-hypercube
points: 4
replicates: 2
indicators:
  open_share: {column: open_token_share}
  south_open: {column: open_propensity, region: south, take: mean}
  path: {column: capability, lab: leader, take: series}
"""

Write = Callable[..., Path]
MakeStudy = Callable[..., Study]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that holds the tiny scenario."""
    shutil.copy(TINY, tmp_path / "tiny.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(desk: Path) -> Write:
    """Write a study of the tiny scenario, by default a small one."""

    def file(text: str = SMALL, head: str = HEAD, name: str = "small.yaml") -> Path:
        path = Path(name)
        path.write_text(head + text, encoding="utf-8")
        return path

    return file


@pytest.fixture
def study(write: Write) -> MakeStudy:
    """Load a study of the tiny scenario."""
    return lambda *arguments, **settings: load_study(write(*arguments, **settings))
