"""Progress on a terminal, in a log, and where nothing takes long."""

from __future__ import annotations

import io
import sys

import pytest

from sim.cli.progress import progress

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
"""What a terminal is sent about its cursor."""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watch(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make stderr a terminal; not a fixture, as pytest exchanges stderr after these."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return screen


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watch(monkeypatch)
    monkeypatch.setattr("sim.cli.progress.QUIET_S", 0.0)
    with progress("tiny") as tell:
        for month in range(8):
            tell(month + 1, 8)
    assert "tiny" in terminal.getvalue()
    assert "100 %" in terminal.getvalue()


def test_what_is_quick_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watch(monkeypatch)
    with progress("tiny") as tell:
        tell(8, 8)
    assert terminal.getvalue() == ""


def test_a_log_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 5.0, 11.0, 11.0, 15.0, 40.0, 40.0])
    monkeypatch.setattr("sim.cli.progress.time.monotonic", lambda: next(now))
    with progress("tiny") as tell:
        for month in (1, 2, 3, 4):
            tell(month, 98)
    assert capsys.readouterr().err == "tiny: 2 of 98 months\ntiny: 4 of 98 months\n"


def test_an_error_closes_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watch(monkeypatch)
    monkeypatch.setattr("sim.cli.progress.QUIET_S", 0.0)
    with pytest.raises(KeyError), progress("tiny") as tell:
        tell(1, 8)
        raise KeyError
    assert terminal.getvalue().count(HIDE) == terminal.getvalue().count(SHOW) == 1
