"""Loops of `sim.market.trade`; the readable paths are there."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sim.choice.compiled import game as of_game
from sim.choice.compiled import layout
from sim.choice.compiled.game import claimed, game
from sim.choice.compiled.layout import COST, LAB, LAB_MARGIN, LOAD, OWN_MARGIN, ROYALTY, SELLER, World
from sim.economics.compiled import adoption
from sim.economics.compiled import layout as of_prices
from sim.economics.compiled.adoption import set_resettled
from sim.economics.compiled.batch import solve
from sim.economics.compiled.calls import Bare, at_address, inner, making_arrays
from sim.economics.compiled.layout import Numbers, Rules, Structure, empty
from sim.economics.compiled.room import Blocks
from sim.world.setting import Array, Flags, Ints

LEAST_CAPACITY = 1e-9
"""TB/s that a firm has at least when prices are looked for."""

_Found = tuple[Array, Array, Array, Array, float, bool]
_Settle = Callable[[Bare, Ints, Array, Array, Array, Array, Array, Bare, Bare, int], _Found]
_Move = Callable[[Array, Ints, Array, Array, Array, Array, Array, Ints, bool], Array]


_empty, _solve = inner(empty), at_address(solve)


@inner
def _game_of(
    world: World, offers: Ints, money: Array, last: Array, bandwidth: Array, quality: Array, weights: Array
) -> tuple[Structure, Numbers]:
    """The month's game and its numbers; arguments are those of `settle`.

    Royalties and complements are as `sim.world.terms.claims` has them, first prices as `first_prices` has them, and
    capacity as `pool_capacity` has it.
    """
    count, cohorts = quality.shape
    of_game, firm = game(world, offers, money)
    royalty, complement, start = np.zeros((1, count)), np.empty((1, count)), np.empty((1, count))
    for j in range(count):
        complement[0, j], cost, shared = money[OWN_MARGIN, j], money[COST, j], claimed(offers, money, j)
        if shared or offers[SELLER, j] == offers[LAB, j]:
            complement[0, j] += money[LAB_MARGIN, j]
        if shared:
            royalty[0, j] = money[ROYALTY, j] - money[OWN_MARGIN, j]
        known = offers[SELLER, j] >= 0 and cost < last[j] < 10.0 * cost
        start[0, j] = last[j] if known else 2.0 * cost
    capacity = np.empty((1, len(firm)))
    for p in range(len(firm)):
        capacity[0, p] = max(bandwidth[firm[p]], LEAST_CAPACITY)
    return of_game, Numbers(
        quality.reshape((1, count, cohorts)),
        money[COST].copy().reshape((1, count)),
        weights.reshape((1, cohorts)),
        np.zeros((1, cohorts)),
        money[LOAD].copy().reshape((1, count)),
        royalty,
        complement,
        np.zeros((1, 0)),
        capacity,
        start,
        np.zeros((0, len(firm))),
        np.zeros((0, 2), np.intp),
    )


def _entries(sources: int) -> tuple[_Settle, _Move]:
    """Entries that call code of other files; that they close over `sources` makes the cache notice changes there."""

    @making_arrays
    def settle(
        of_run: Bare,
        offers: Ints,
        money: Array,
        last: Array,
        bandwidth: Array,
        quality: Array,
        weights: Array,
        of_search: Bare,
        room: Bare,
        solver: int,
    ) -> _Found:
        """The month's prices, shares, surplus and shadow prices, their residual, and whether they are an equilibrium.

        Parameters
        ----------
        offers, money
            Tables as in `sim.choice.compiled.layout`.
        last
            Last month's prices, (offers,).
        bandwidth
            TB/s, (firms,).
        quality
            Utility before price, (offers, cohorts).
        weights
            USD by cohort, (cohorts,).
        of_run, of_search, room, solver
            `World`; how to search, `Rules`, room for it, `Blocks`, and the address of the compiled solver.
        """
        assert sources >= 0
        world, rules, space = World(*of_run), Rules(*of_search), Blocks(*room)
        of_game, numbers = _game_of(world, offers, money, last, bandwidth, quality, weights)
        found = _empty(of_game, 1, *quality.shape)
        done = _solve(solver, numbers, of_game, rules, found, space) == 1
        return found.prices[0], found.shares[0], found.surplus[0], found.shadow[0], found.residual[0], done

    @making_arrays
    def move(
        remembered: Array,
        slots: Ints,
        quality: Array,
        choice: Array,
        new: Array,
        reconsider: Array,
        upgrade: Array,
        vendor: Ints,
        inertia: bool,
    ) -> Array:
        """As `sim.market.trade.moved`; `quality` is (offers, cohorts)."""
        assert sources >= 0
        cohorts, offers = choice.shape
        taken = np.zeros(remembered.shape[1], np.bool_)
        for s in range(cohorts):
            for slot in range(len(taken)):
                taken[slot] |= remembered[s, slot] > 0.0
        old, number = np.empty(len(taken), np.intp), 0  # slots with customers: few
        for slot in range(len(taken)):
            if taken[slot]:
                old[number] = slot
                number += 1
        stayed, shares = np.empty((cohorts, offers)), np.empty((cohorts, offers))
        outside, vendors = np.empty(cohorts), 0
        for j in range(offers):
            vendors = max(vendors, vendor[j] + 1)
        for s in range(cohorts):
            settled = 0.0
            for k in range(number):
                settled += remembered[s, old[k]]
            outside[s] = 1.0 - settled
            for j in range(offers):
                stayed[s, j] = remembered[s, slots[j]] if quality[j, s] > -np.inf else 0.0
                shares[s, j] = choice[s, j]
        stays = inertia and number > 0
        if stays:
            room = np.empty((2, vendors))
            set_resettled(stayed, choice, reconsider, upgrade, outside, vendor, True, room, shares)
        for s in range(cohorts):
            for k in range(number):
                remembered[s, old[k]] = 0.0
            part = new[s] if stays else 0.0
            for j in range(offers):
                shares[s, j] = (1.0 - part) * shares[s, j] + part * choice[s, j]
                remembered[s, slots[j]] = shares[s, j]
        return shares

    return settle, move


_FILES = [Path(str(module.__file__)) for module in (of_game, layout, of_prices, adoption)]
settle, move = _entries(zlib.adler32(b"".join(path.read_bytes() for path in _FILES)))


@making_arrays
def serve(
    shares: Array,
    weights: Array,
    use: Array,
    prices: Array,
    at_home: Flags,
    dear: Array,
    use_at_home: Array,
    seller: Ints,
    load: Array,
    bandwidth: Array,
    limited: bool,
) -> tuple[Array, Array, Array, Array]:
    """As `sim.market.trade.serve`: tokens, spending, demanded tokens and busy TB/s.

    Parameters
    ----------
    shares
        (cohorts, offers).
    use
        Mtok that a USD of weight buys of each offer; of those at home times `use_at_home`, (cohorts,).
    limited
        Whether firms serve no more than their `bandwidth` can.
    """
    cohorts, offers = shares.shape
    tokens, spending = np.empty((cohorts, offers)), np.empty((cohorts, offers))
    asked, busy, part = np.zeros(offers), np.zeros(len(bandwidth)), np.ones(len(bandwidth))
    for s in range(cohorts):
        for j in range(offers):
            each = weights[s] * shares[s, j] * use[j]
            tokens[s, j] = each * use_at_home[s] if at_home[j] else each
            asked[j] += tokens[s, j]
    for j in range(offers):
        if seller[j] >= 0:
            busy[seller[j]] += asked[j] * load[j]
        asked[j] = 0.0
    if limited:
        for i in range(len(part)):
            part[i] = max(min(1.0, bandwidth[i] / max(busy[i], 1e-300)), 1e-12)
            busy[i] *= part[i]
    for s in range(cohorts):
        for j in range(offers):
            through = part[seller[j]] if seller[j] >= 0 else 1.0
            tokens[s, j] *= through
            paid = tokens[s, j] * prices[j]
            spending[s, j] = paid * dear[s] if at_home[j] else paid
            asked[j] += tokens[s, j] / through
    return tokens, spending, asked, busy


@making_arrays
def by_firm(
    spent: Array,
    used: Array,
    seller: Ints,
    lab: Ints,
    open_: Flags,
    cost: Array,
    running: Array,
    royalty: Array,
    own_margin: Array,
    lab_margin: Array,
    firms: int,
    labs: int,
) -> tuple[Array, Array]:
    """As `sim.market.sales.Sales.books`; arguments are of offers.

    Returns
    -------
    The first columns of `Books`, (columns, firms), and its use by lab, (3, labs).
    """
    out, made, use = np.zeros((8, firms)), np.zeros(firms), np.zeros((3, labs))
    for j in range(len(seller)):
        owed, firm = royalty[j] * spent[j], seller[j]
        out[4, lab[j]] += owed
        made[lab[j]] += lab_margin[j] * spent[j]
        use[0, lab[j]] += used[j] if firm == lab[j] else 0.0
        use[1, lab[j]] += used[j]
        use[2, lab[j]] += used[j] if open_[j] else 0.0
        if firm >= 0:
            out[0, firm] += spent[j]
            out[1, firm] += spent[j] if firm == lab[j] else 0.0
            out[2, firm] += cost[j] * used[j]
            out[3, firm] += running[j] * used[j]
            out[5, firm] += owed
            out[6, firm] += own_margin[j] * spent[j]
            out[7, firm] += used[j]
    for i in range(firms):
        out[6, i] += made[i]
    return out, use
