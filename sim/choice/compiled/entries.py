"""The functions that Python calls; each is machine code with all that it calls."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim import record
from sim.choice import cases as horizons
from sim.choice import imagined as constants
from sim.choice.compiled import buyers, earned, imagined
from sim.choice.compiled import day as of_day
from sim.choice.compiled.layout import Ahead, Crowds, Family, Labs, Markets, OnOffer, Today, World
from sim.economics.compiled import jit
from sim.economics.compiled.batch import solve
from sim.economics.compiled.calls import Bare, at_address, inner, making_arrays
from sim.economics.compiled.layout import Rules, empty
from sim.economics.compiled.room import Blocks
from sim.world import setting, state
from sim.world.setting import Array, Flags, Ints

_Day = tuple[bool, Ints, Array, Array, Ints, Ints, Ints, Array, Array, Array]


class Entries(NamedTuple):
    """What each does stands with `evaluate`, `day` and `days` below, or the function of that name in `buyers`."""

    evaluate: Callable[..., tuple[float, float]]
    day: Callable[..., tuple[Any, ...]]
    days: Callable[..., tuple[Array, Array, Array, Array]]
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
    def day(of_run: Bare, on_offer: Bare, known: Bare, nearness: Array, tuning: Array, pays: bool) -> _Day:
        """What `Today` has of the offers and the labs of a month, and whether hosts of one model are alike.

        Parameters
        ----------
        of_run, on_offer, known
            `World`, `OnOffer` and `Labs`.
        nearness, tuning
            As in the table of labs, (labs,).
        pays
            Whether a restricted licence asks for royalties.
        """
        assert sources >= 0
        world, offers, labs = World(*of_run), OnOffer(*on_offer), Labs(*known)
        table, money = of_day.tables(offers)
        bare, nest = of_day.bare(world, offers), of_day.nest(table)
        first = of_day.first(nest)
        models, levels, alike = of_day.models(table, offers.capability, nest, first)
        joint = of_day.joint(bare, first, world.inner)
        of_labs = of_day.of_labs(labs, world.openness, nearness, tuning, pays)
        return alike, table, money, bare, nest, models, first, levels, joint, of_labs

    @making_arrays
    def days(who: Bare, spending: float, bandwidth: Array, use: Array) -> tuple[Array, Array, Array, Array]:
        """What `sim.choice.cases.Days` has of customers and of compute; the first is `Crowds`."""
        assert sources >= 0
        choosing, size, factor = of_day.choosing(Crowds(*who), spending)
        all_, spare = of_day.serving(bandwidth, use, factor)
        return choosing, size, all_, spare

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

    return Entries(evaluate, day, days, set_buyers)


_FILES = [
    *sorted(Path(__file__).parent.glob("*.py")),
    *sorted(Path(jit.__file__).parent.glob("*.py")),
    *(Path(str(module.__file__)) for module in (constants, horizons, record, setting, state)),
]
"""Where the code comes from, and the constants in it."""
evaluate, day, days, set_buyers = _entries(zlib.adler32(b"".join(path.read_bytes() for path in _FILES)))
