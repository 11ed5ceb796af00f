"""What a sweep shows while it runs: above a bar on a terminal, in lines in a log."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from sim.cli.watching import duration, watching
from sim.study.loading import load_study
from sim.study.study import Study, Unit
from sim.study.worker import Failure

FAILURE = Failure(Unit(3, 1), 2, "2023-05", "ValueError: [no] tag")
SAID = "failed: point 3, replicate 1 (seed 2), 2023-05: ValueError: [no] tag"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def study(folder: Path) -> Study:
    text = "scenarios: {tiny: tiny.yaml}\nbase: tiny\nvary: {spillovers.theft: [0, 0.1]}\ndesign: grid\nreplicates: 5\n"
    (folder / "mine.yaml").write_text(text)
    return load_study("mine.yaml")


def test_on_a_terminal(study, monkeypatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with watching(study, Path("out")) as watch:
        watch.checked(2, 2)
        watch.planned(10, 4, 2)
        watch.estimated(75.0)
        watch.progressed(1, 6)
        watch.failed(FAILURE)
        watch.progressed(2, 6)
    shown = screen.getvalue()
    plan = "mine: 10 runs (2 points of a grid design x 5 replicates), 4 done before, 2 at a time"
    assert f"{plan}\nabout 1.2 min\n" in shown
    assert SAID in shown
    assert "2/6" in shown
    assert "/s, 1 failed" in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 2  # two bars, both closed


def test_in_a_log(study, monkeypatch, capsys) -> None:
    now = [0.0]
    monkeypatch.setattr("sim.cli.watching.time.monotonic", lambda: now[0])
    with pytest.raises(KeyboardInterrupt), watching(study, Path("out")) as watch:
        watch.planned(10, 0, 1)
        watch.progressed(1, 10)
        watch.failed(FAILURE)
        now[0] = 20.0
        watch.progressed(4, 10)
        watch.progressed(5, 10)
        raise KeyboardInterrupt
    assert capsys.readouterr().err.splitlines() == [
        "mine: 10 runs (2 points of a grid design x 5 replicates), 1 at a time",
        SAID,
        "mine: 4 of 10 runs, 0.2 a second, 30 s left, 1 failed",
        "out: 5 runs done now are kept; the same command goes on",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.114, "0.11 s"), (9.96, "10 s"), (42.4, "42 s"), (150, "2.5 min"), (1500, "25 min"), (9000, "2.5 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
