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
from sim.choice.compiled.layout import Ahead, Family, Markets, Today, World
from sim.economics.compiled import jit
from sim.economics.compiled.batch import solve
from sim.economics.compiled.calls import Bare, at_address, inner, making_arrays
from sim.economics.compiled.layout import Rules, empty
from sim.economics.compiled.room import Blocks
from sim.world import setting
from sim.world.setting import Array, Flags, Ints


class Entries(NamedTuple):
    """What each does stands with `evaluate` below, or the function of that name in `rivals` and `buyers`."""

    evaluate: Callable[..., tuple[float, float]]
    joint: Callable[..., Array]
    set_buyers: Callable[..., None]


_empty, _solve = inner(empty), at_address(solve)


def _entries(sources: int) -> Entries:
    """The entries.

    The cache on disk notices changes of this file only; that the functions close over `sources`, a checksum of all
    files that their code comes from, makes it notice the others.
    """

    @making_arrays
    def evaluate(
        of_run: Bare,
        of_month: Bare,
        of_days: Bare,
        markets: Bare,
        of_lab: Bare,
        lab: int,
        allowed: Flags,
        capability: Array,
        bytes_: Array,
        funding: float,
        learns: bool,
        of_search: Bare,
        room: Bare,
        solver: int,
        out: Array,
    ) -> tuple[float, float]:
        """Adds payoffs to `out`; the largest revenue and the largest residual, NaN where a market is not solved.

        The first are `World`, `Today`, `Ahead`, `Markets` and `Family`; `of_search` and `room` `Rules` and `Blocks`.
        """
        assert sources >= 0
        world, today, ahead, cases = World(*of_run), Today(*of_month), Ahead(*of_days), Markets(*markets)
        family, rules, space = Family(*of_lab), Rules(*of_search), Blocks(*room)
        scene, game, numbers = imagined.imagine(
            world, today, ahead, cases, family, lab, allowed, capability, bytes_
        )
        number, offers, cohorts = numbers.quality.shape
        prices = _empty(game, number, offers, cohorts)
        if _solve(solver, numbers, game, rules, prices, space) < number:
            return np.nan, np.nan
        found = earned.earn(
            world, ahead, scene, cases.mode, cases.horizon, numbers.cost, prices, lab, funding
        )
        revenue = residual = 0.0
        for k in range(number):
            revenue, residual = max(revenue, found.revenue[k]), max(residual, prices.residual[k])
        parts, learned = found.parts, found.parts[:0]
        if learns:
            mode, horizon = earned.of_last(cases.mode, cases.last), earned.of_last(cases.horizon, cases.last)
            numbers = imagined.practise(world, today.labs, ahead, cases, scene, numbers, prices, found, lab)
            prices = _empty(game, cases.plain, offers, cohorts)
            if _solve(solver, numbers, game, rules, prices, space) < cases.plain:
                return np.nan, np.nan
            found = earned.earn(world, ahead, scene, mode, horizon, numbers.cost, prices, lab, funding)
            learned = found.parts
        earned.add_up(ahead, cases, parts, learned, out)
        return revenue, residual

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

    return Entries(evaluate, joint, set_buyers)


_FILES = [
    *sorted(Path(__file__).parent.glob("*.py")),
    *sorted(Path(jit.__file__).parent.glob("*.py")),
    *(Path(str(module.__file__)) for module in (constants, record, setting)),
]
"""Where the code comes from, and the constants in it."""
evaluate, joint, set_buyers = _entries(zlib.adler32(b"".join(path.read_bytes() for path in _FILES)))
