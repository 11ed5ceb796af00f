"""The functions that Python calls; each is machine code with all that it calls."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim import record
from sim.choice import imagined as constants
from sim.choice.compiled import buyers, earned, imagined, rivals
from sim.choice.compiled.layout import Ahead, Family, Found, Markets, Scene, Today, World
from sim.economics.compiled import jit
from sim.economics.compiled.calls import making_arrays
from sim.economics.compiled.layout import Numbers, Results, Structure
from sim.world import setting
from sim.world.setting import Array, Flags, Ints


class Entries(NamedTuple):
    """What each does stands with the function of that name in `imagined`, `earned`, `rivals` and `buyers`."""

    imagine: Callable[..., tuple[Scene, Structure, Numbers]]
    practise: Callable[..., tuple[Found, Numbers]]
    add_up: Callable[..., Array]
    joint: Callable[..., Array]
    set_buyers: Callable[..., None]


def _entries(sources: int) -> Entries:
    """The entries.

    The cache on disk notices changes of this file only; that the functions close over `sources`, a checksum of all
    files that their code comes from, makes it notice the others.
    """

    @making_arrays
    def imagine(
        world: World,
        today: Today,
        ahead: Ahead,
        cases: Markets,
        family: Family,
        lab: int,
        allowed: Flags,
        capability: Array,
        bytes_: Array,
    ) -> tuple[Scene, Structure, Numbers]:
        assert sources >= 0
        return imagined.imagine(world, today, ahead, cases, family, lab, allowed, capability, bytes_)

    @making_arrays
    def practise(
        world: World,
        labs: Array,
        ahead: Ahead,
        cases: Markets,
        scene: Scene,
        numbers: Numbers,
        prices: Results,
        lab: int,
        funding: float,
    ) -> tuple[Found, Numbers]:
        assert sources >= 0
        mode, horizon = cases.mode, cases.horizon
        found = earned.earn(world, ahead, scene, mode, horizon, numbers.cost, prices, lab, funding)
        return found, imagined.practise(world, labs, ahead, cases, scene, numbers, prices, found, lab)

    @making_arrays
    def add_up(
        world: World,
        ahead: Ahead,
        cases: Markets,
        scene: Scene,
        parts: Array,
        cost: Array,
        prices: Results,
        lab: int,
        funding: float,
    ) -> Array:
        assert sources >= 0
        mode, horizon = earned.of_last(cases.mode, cases.last), earned.of_last(cases.horizon, cases.last)
        found = earned.earn(world, ahead, scene, mode, horizon, cost, prices, lab, funding)
        return earned.add_up(ahead, cases, parts, found.parts)

    @making_arrays
    def joint(bare: Array, first: Ints, scale: float) -> Array:
        assert sources >= 0
        out, peak = np.empty((len(first) - 1, bare.shape[1])), np.empty(bare.shape[1])
        rows = np.arange(len(bare))
        for m in range(len(out)):
            rivals.set_joint(bare, rows[first[m] : first[m + 1]], scale, m, peak, out)
        return out

    @making_arrays
    def set_buyers(
        utility: Array,
        weights: Array,
        nest: Ints,
        value: Ints,
        tiers: int,
        inside: float,
        outside: float,
        out: Array,
    ) -> None:
        assert sources >= 0
        buyers.set_buyers(utility, weights, nest, value, tiers, inside, outside, out)

    return Entries(imagine, practise, add_up, joint, set_buyers)


_FILES = [
    *sorted(Path(__file__).parent.glob("*.py")),
    *sorted(Path(jit.__file__).parent.glob("*.py")),
    *(Path(str(module.__file__)) for module in (constants, record, setting)),
]
"""Where the code comes from, and the constants in it."""
imagine, practise, add_up, joint, set_buyers = _entries(
    zlib.adler32(b"".join(path.read_bytes() for path in _FILES))
)
