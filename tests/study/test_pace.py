"""Batches: not too small to be worth a message, not too large to lose, something for everyone at the end."""

from __future__ import annotations

import pytest

from sim.study import pace
from sim.study.pace import Pace


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    return now


def test_the_first_batch_only_finds_out(clock):
    assert Pace(2).batch(100) == 2
    assert Pace(2).batch(1) == 1
    assert Pace(2).left_s(10) is None


def test_a_first_run_that_loads_code_does_not_count(clock):
    found = Pace(2)
    found.learn((5.0, 0.1))
    assert found.run_s == 0.1
    assert found.left_s(100) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("run_s", "elapsed", "left", "runs"),
    [
        (0.1, 0, 10_000, 5),  # half a second
        (2.0, 0, 10_000, 1),  # more than that at once
        (0.1, 100, 10_000, 20),  # two per cent of the time so far
        (0.1, 1e6, 10_000, 200),  # at most 20 s
        (0.1, 1e6, 40, 10),  # towards the end a fair share
        (0.1, 1e6, 8, 5),  # but never less than half a second
        (0.1, 1e6, 3, 3),  # unless that is all
    ],
)
def test_the_size_of_a_batch(clock, run_s, elapsed, left, runs):
    found = Pace(2)
    found.learn((run_s,))
    clock[0] = elapsed
    assert found.batch(left) == runs
