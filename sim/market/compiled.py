"""Loops of `sim.market` as machine code; the readable paths are there."""

from __future__ import annotations

from sim.economics.compiled.jit import entry
from sim.world.setting import Array, Ints


@entry
def add_up(values: Array, place: Ints, kind: Ints, out: Array) -> None:
    """Adds values, (cohorts, offers), to the row of their cohort's place and the column of their offer's kind."""
    for s in range(len(place)):
        for j in range(len(kind)):
            out[place[s], kind[j]] += values[s, j]
