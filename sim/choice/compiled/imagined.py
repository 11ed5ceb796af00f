"""The markets that a lab imagines, laid out for the solver: `sim.choice.imagined` as machine code."""

from __future__ import annotations

import numpy as np

from sim.choice.compiled.game import claimed, game
from sim.choice.compiled.layout import (
    AT_HOME,
    CAPABILITY,
    CHANNEL,
    COMMUNITY,
    COST,
    CUSTOMISATION,
    DATA,
    DIFFICULTY,
    ELSEWHERE,
    GROWTH,
    LAB,
    LAB_MARGIN,
    LOAD,
    MONTHS,
    NEW,
    OPEN,
    OWN_MARGIN,
    PACE,
    PROGRESS,
    RATE,
    ROYALTY,
    SELLER,
    SINCE,
    THRESHOLD,
    TIER,
    Ahead,
    Family,
    Found,
    Markets,
    Scene,
    Today,
    World,
)
from sim.choice.compiled.rivals import beside, set_worth, stand_ins
from sim.choice.imagined import OPEN_LAGGED, OPEN_RESTRICTED
from sim.economics.compiled.calls import inner, joined
from sim.economics.compiled.jit import compiled
from sim.economics.compiled.layout import Numbers, Results, Structure
from sim.record import MODES
from sim.world.setting import API, FLAGSHIP, SMALL, TIERS, Array, Flags, Ints


@joined
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
    """The offers, the game and the numbers of all markets in which nothing has been learned by use yet."""
    value, host, values = beside(today, lab)
    theirs = stand_ins(world, today, ahead, lab, capability[FLAGSHIP], cases, value, values)
    scene = _scene(world, today, family, lab, allowed, capability, bytes_, host, value, values, theirs)
    of_game, firm = game(world, scene.offers, scene.money)
    count = scene.offers.shape[1]
    worth = np.empty((ahead.days.shape[1], count, len(world.sensitivity)))
    for h in range(len(worth)):
        _set_worths(world, ahead, h, scene, np.zeros(count), values, worth[h])
    quality = np.empty((len(cases.mode), count, len(world.sensitivity)))
    for k in range(len(quality)):
        h = cases.horizon[k]
        row = h if k < cases.plain else len(worth) + k - cases.plain
        _set_quality(world, scene, cases.mode[k], worth[h], theirs[row], quality[k])
    numbers = Numbers(
        quality,
        scene.money[COST : COST + 1].copy(),
        _by_market(ahead.choosing, cases.horizon),
        np.zeros((1, len(world.sensitivity))),
        scene.money[LOAD : LOAD + 1].copy(),
        _royalties(scene, cases.mode),
        _complements(scene),
        np.zeros((1, 0)),
        _capacity(ahead, lab, cases.horizon, firm),
        _first_prices(today, scene, world),
        np.empty((0, len(firm))),
        cases.after,
    )
    return scene, of_game, numbers


@joined
def practise(
    world: World,
    labs: Array,
    ahead: Ahead,
    cases: Markets,
    scene: Scene,
    before: Numbers,
    prices: Results,
    found: Found,
    lab: int,
) -> Numbers:
    """Numbers of the last markets with the lab's new family as use will have improved it, from their prices."""
    markets, values = len(cases.last), scene.theirs.shape[1]
    count, cohorts = scene.offers.shape[1], len(world.sensitivity)
    quality, worth, gain = np.empty((markets, count, cohorts)), np.empty((count, cohorts)), np.empty(count)
    cost, load, start = np.empty((markets, count)), np.empty((markets, count)), np.empty((markets, count))
    for i in range(markets):
        k = cases.last[i]
        mode, h = cases.mode[k], cases.horizon[k]
        by_data, by_community, factor = _improvement(
            world, labs, lab, found.own[k], found.opened[k], ahead.days[MONTHS, h]
        )
        for j in range(count):
            new, improved = scene.offers[NEW, j], scene.offers[NEW, j] and scene.offers[OPEN, j]
            gain[j] = by_data * new + by_community * improved
            dear, busy = scene.money[COST, j], scene.money[LOAD, j]
            cost[i, j] = (dear - world.cost_floor) * factor + world.cost_floor if improved else dear
            load[i, j] = busy * factor if improved else busy
            start[i, j] = prices.prices[k, j]
        _set_worths(world, ahead, h, scene, gain, values, worth)
        row = h if k < cases.plain else ahead.days.shape[1] + k - cases.plain
        _set_quality(world, scene, mode, worth, scene.theirs[row], quality[i])
    return Numbers(
        quality,
        cost,
        _by_market(before.weights, cases.last),
        before.outside,
        load,
        _by_market(before.royalty, cases.last),
        before.complement,
        before.stake,
        _by_market(before.capacity, cases.last),
        start,
        _by_market(prices.shadow, cases.last),
        cases.after_last,
    )


@compiled
def _improvement(
    world: World, labs: Array, lab: int, own: float, opened: float, months: float
) -> tuple[float, float, float]:
    """ECI points by data and by the community, and the factor on the cost of serving open models."""
    reached = 1.0 - (1.0 - world.decay) ** months
    stock = labs[DATA, lab]
    then = stock + reached * (own - stock)
    renewed = min(months / world.labs[PACE, lab], 1.0)
    by_data = world.flywheel * (_full(then, world) - _full(stock, world)) * renewed
    stock = labs[COMMUNITY, lab]
    now, then = _full(stock, world), _full(stock + reached * (opened - stock), world)
    factor = (1.0 - world.cheaper * then) / (1.0 - world.cheaper * now)
    return by_data, world.improvement * (then - now), factor


@compiled
def _full(stock: float, world: World) -> float:
    return stock / (stock + world.half_use)


@inner
def _scene(
    world: World,
    today: Today,
    family: Family,
    lab: int,
    allowed: Flags,
    capability: Array,
    bytes_: Array,
    host: Ints,
    value: Ints,
    values: int,
    theirs: Array,
) -> Scene:
    """First what the lab's cloud serves of rivals, its older open weights, the new family, then stand-ins."""
    known, known_count = _known(today, lab)
    fresh, fresh_count = _fresh(today, family, lab, allowed)
    cohorts, count = len(world.sensitivity), known_count + fresh_count + values
    offers, money = np.zeros((8, count), np.intp), np.zeros((6, count))
    has, taste = np.ones((len(MODES), count), np.bool_), np.zeros((count, cohorts))
    for i in range(known_count):
        j = known[i]
        _copy(today.offers, j, offers, i)
        for r in range(len(money)):
            money[r, i] = today.money[r, j]
        for s in range(cohorts):
            taste[i, s] = today.taste[j, s]
        if offers[LAB, i] == lab:  # older open weights, which a mode that opens the tier replaces
            for mode in range(len(has)):
                has[mode, i] = not _releases(mode, offers[TIER, i])
    for i in range(fresh_count):
        p, j = fresh[i], known_count + i
        _copy(family.offers, p, offers, j)
        _set_money(world, today, family.below[p], lab, capability, bytes_, offers, j, money)
        for mode in range(len(has)):
            has[mode, j] = family.has[mode, p]
        _set_taste(world, today, offers, j, taste)
    first = known_count + fresh_count
    for t in range(TIERS):
        offers[LAB, first + t], offers[TIER, first + t] = -1, t
    for m in range(len(value)):
        if value[m] >= TIERS:
            _copy(today.offers, host[m], offers, first + value[m])
    for j in range(first, count):
        money[LOAD, j], money[COST, j], offers[SELLER, j], offers[AT_HOME, j] = 1.0, 1.0, -1, 0
    return Scene(offers, money, has, taste, theirs)


@compiled
def _releases(mode: int, tier: int) -> bool:
    """`RELEASES` of `sim.choice.imagined`."""
    return mode >= OPEN_RESTRICTED or (mode == OPEN_LAGGED and tier == SMALL)


@inner
def _known(today: Today, lab: int) -> tuple[Ints, int]:
    """Offers of the day that the lab's firm prices beside its new family: those of rivals first."""
    known, count = np.empty(today.offers.shape[1], np.intp), 0
    for own in range(2):
        for j in range(today.offers.shape[1]):
            made, sold = today.offers[LAB, j] == lab, today.offers[SELLER, j] == lab
            if (own and made and today.offers[CHANNEL, j] != API) or (not own and sold and not made):
                known[count] = j
                count += 1
    return known, count


@inner
def _fresh(today: Today, family: Family, lab: int, allowed: Flags) -> tuple[Ints, int]:
    """Prospects that some customer can have under some allowed mode; as `Prospects.reachable`."""
    fresh, count = np.empty(family.offers.shape[1], np.intp), 0
    for p in range(len(fresh)):
        some = False
        for mode in range(len(allowed)):
            some |= allowed[mode] and family.has[mode, p]
        best = -np.inf
        for s in range(today.tastes.shape[2]):
            best = max(best, today.tastes[lab, family.offers[CHANNEL, p], s])
        if some and best > -np.inf:
            fresh[count] = p
            count += 1
    return fresh, count


@compiled
def _set_taste(world: World, today: Today, offers: Ints, j: int, taste: Array) -> None:
    """What customers think of an offer of the new family, no licence considered; as `Tastes.family`."""
    channel = offers[CHANNEL, j]
    customised, at_home = 1.0 * (offers[OPEN, j] and channel == API), 1.0 * offers[AT_HOME, j]
    for s in range(len(world.sensitivity)):
        bonus = customised * world.cohorts[CUSTOMISATION, s] - at_home * today.dearer[s]
        taste[j, s] = today.tastes[offers[LAB, j], channel, s] + bonus


@compiled
def _copy(of: Ints, j: int, to: Ints, i: int) -> None:
    for r in range(len(of)):
        to[r, i] = of[r, j]


@compiled
def _set_money(
    world: World,
    today: Today,
    below: float,
    lab: int,
    capability: Array,
    bytes_: Array,
    offers: Ints,
    j: int,
    money: Array,
) -> None:
    """Numbers of an offer of the new family, as `agreed` and `with_community` have them."""
    tier, seller = offers[TIER, j], offers[SELLER, j]
    gain = _full(today.labs[COMMUNITY, lab], world) if offers[OPEN, j] else 0.0
    money[CAPABILITY, j] = capability[tier] - below + world.improvement * gain
    money[LOAD, j] = bytes_[tier] * (1.0 - world.cheaper * gain) * world.load
    money[COST, j] = money[LOAD, j] * (today.at_home if seller < 0 else today.rent[seller]) + world.cost_floor
    money[OWN_MARGIN, j] = 0.0 if seller < 0 else world.own_complement[seller]
    money[LAB_MARGIN, j] = world.labs[ELSEWHERE, lab]
    hosted = offers[CHANNEL, j] > API and seller >= 0 and seller != lab
    pays = hosted and world.cloud_users[offers[CHANNEL, j]] > today.labs[THRESHOLD, lab]
    money[ROYALTY, j] = today.labs[RATE, lab] if pays else 0.0


@inner
def _set_worths(
    world: World, ahead: Ahead, h: int, scene: Scene, gain: Array, values: int, out: Array
) -> None:
    """Utils that customers find in offers by a day, (offers, cohorts), with gains in capability by offer."""
    level = np.empty(len(world.sensitivity))
    for s in range(len(level)):
        level[s] = world.cohorts[DIFFICULTY, s] + world.cohorts[GROWTH, s] * ahead.days[SINCE, h]
    before = np.nan
    for j in range(scene.offers.shape[1] - values):
        points = scene.money[CAPABILITY, j] + gain[j] + ahead.days[PROGRESS, h]
        if points == before:  # another host of the same model
            for s in range(len(level)):
                out[j, s] = out[j - 1, s]
        else:
            set_worth(world, points, level, out, j)
        before = points


@compiled
def _set_quality(world: World, scene: Scene, mode: int, worth: Array, theirs: Array, out: Array) -> None:
    """Utility before price in a market, (offers, cohorts); as `sim.choice.payoffs.utilities`."""
    count, cohorts = out.shape
    own = count - len(theirs)
    for j in range(own):
        licensed = scene.offers[NEW, j] and scene.offers[CHANNEL, j] != API
        less = world.friction if licensed and mode == OPEN_RESTRICTED else 0.0
        if scene.has[mode, j]:
            for s in range(cohorts):
                out[j, s] = worth[j, s] + scene.taste[j, s] - less
        else:
            for s in range(cohorts):
                out[j, s] = -np.inf
    for v in range(len(theirs)):
        for s in range(cohorts):
            out[own + v, s] = theirs[v, s]


@compiled
def royalty(scene: Scene, mode: int, j: int) -> float:
    """Rate that the seller of an offer pays: the new family's is due under the restricted licence only."""
    return 0.0 if scene.offers[NEW, j] and mode != OPEN_RESTRICTED else scene.money[ROYALTY, j]


@inner
def _royalties(scene: Scene, mode: Ints) -> Array:
    """Royalties in the form of the pricing game, (markets, offers); see `sim.world.terms.claims`."""
    out = np.zeros((len(mode), scene.offers.shape[1]))
    for j in range(out.shape[1]):
        if claimed(scene.offers, scene.money, j):
            for k in range(len(mode)):
                out[k, j] = royalty(scene, mode[k], j) - scene.money[OWN_MARGIN, j]
    return out


@inner
def _complements(scene: Scene) -> Array:
    """Complements in that form, (1, offers)."""
    out = np.empty((1, scene.offers.shape[1]))
    for j in range(out.shape[1]):
        mine = scene.offers[SELLER, j] == scene.offers[LAB, j]
        earned = mine or claimed(scene.offers, scene.money, j)
        out[0, j] = scene.money[OWN_MARGIN, j] + (scene.money[LAB_MARGIN, j] if earned else 0.0)
    return out


@inner
def _by_market(rows: Array, which: Ints) -> Array:
    out = np.empty((len(which), rows.shape[1]))
    for k in range(len(which)):
        for i in range(rows.shape[1]):
            out[k, i] = rows[which[k], i]
    return out


@inner
def _capacity(ahead: Ahead, lab: int, horizon: Ints, firm: Ints) -> Array:
    """Serving compute by pool, (markets, pools); a lab has all of its own for its new family."""
    out = np.empty((len(horizon), len(firm)))
    for k in range(len(horizon)):
        for r in range(len(firm)):
            of = ahead.all_ if firm[r] == lab else ahead.spare
            out[k, r] = max(of[horizon[k], firm[r]], 1e-9)
    return out


@inner
def _first_prices(today: Today, scene: Scene, world: World) -> Array:
    """Where the search starts, (1, offers); see `sim.world.terms.first_prices`."""
    out, channels = np.empty((1, scene.offers.shape[1])), len(world.cloud_users)
    for j in range(out.shape[1]):
        cost, last = scene.money[COST, j], np.nan
        if scene.offers[SELLER, j] >= 0:
            slot = (scene.offers[LAB, j] * TIERS + scene.offers[TIER, j]) * channels
            last = today.price[slot + scene.offers[CHANNEL, j]]
        out[0, j] = last if cost < last < 10.0 * cost else 2.0 * cost
    return out
