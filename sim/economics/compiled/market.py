"""One market of a batch laid out for the search: its numbers checked, and lists of what there is."""

from __future__ import annotations

import math

import numpy as np

from sim.economics.compiled.jit import compiled, joined, size
from sim.economics.compiled.lanes import LANES, highest, lanes, part, put, put_part, row, total, where_less
from sim.economics.compiled.layout import (
    Counts,
    Lists,
    Market,
    Numbers,
    Reference,
    Room,
    Rules,
    Structure,
    Trade,
)
from sim.economics.nests import FloatArray


@joined
def lay_out(
    numbers: Numbers, m: int, game: Structure, rules: Rules, before: Counts, room: Room
) -> tuple[bool, Counts]:
    """Lay out market m. False where a number is not allowed: `sim.economics.inputs` then says which.

    Parameters
    ----------
    before
        Counts of the market before it. Where the same customers can have the same offers, its lists serve for this.
    """
    market, lists, at = room.market, room.lists, room.at
    p = len(market.w)
    fine = _take_money(numbers, m, game, market)
    fine &= _take_customers(numbers, m, game, market)
    fine &= _take_limits(numbers, m, game, market)
    allowed, same = _take_availability(numbers, m, game, rules, market, lists, at)
    same = same and m > 0
    rows, multi_rows, hosts, multi_hosts = before.rows, before.multi_rows, before.hosts, before.multi_hosts
    groups, pairs, owners = before.groups, before.pairs, before.owners
    if not same:
        _order_segments(numbers.quality.shape[2], game, lists)
        hosts, multi_hosts = _number_hosts(game, lists)
        rows, multi_rows = _number_rows(game, multi_hosts, lists)
    _set_customers(numbers, m, game, market, lists)
    _set_raw(p, rows, multi_rows, game, lists, at)
    free = _list_free(game, rules, market, lists, room.trade)
    pools = _list_pools(game, free, market, lists, room.trade)
    if not same:
        _set_lengths(p, rows, lists, at)
        _mark_groups(game, lists)
        groups, pairs, owners = _list_groups(game, lists)
        _list_claims(game, groups, lists)
        _list_owned(pairs, owners, lists)
    count = Counts(p, rows, multi_rows, hosts, multi_hosts, groups, pairs, owners, free, pools)
    if not same:
        _set_empty(game, count, lists, at)
    return fine and allowed, count


@compiled
def _of(array: FloatArray, m: int) -> int:
    """The row that market m has in an array."""
    return m if len(array) > 1 else 0


@compiled
def _take_money(numbers: Numbers, m: int, game: Structure, market: Market) -> bool:
    """Costs, loads and the parts of revenue."""
    offers, fine, revenue = len(game.host), True, market.revenue
    at_cost, at_load = _of(numbers.cost, m), _of(numbers.load, m)
    at_royalty, at_complement = _of(numbers.royalty, m), _of(numbers.complement, m)
    for k in range(len(game.claim_offer)):
        revenue[k] = 0.0
    for j in range(offers):
        cost, load = numbers.cost[at_cost, j], numbers.load[at_load, j]
        fine &= 0.0 <= cost < np.inf and 0.0 < load < np.inf and (cost > 0.0 or not game.positive)
        market.cost[j], market.load[j] = cost, load
        revenue[j] = 1.0 - numbers.royalty[at_royalty, j]
    for i in range(len(game.royalty_claim)):
        revenue[game.royalty_claim[i]] += numbers.royalty[at_royalty, game.royalty_offer[i]]
    for j in range(offers):
        revenue[game.complement_claim[j]] += numbers.complement[at_complement, j]
    at_stake = _of(numbers.stake, m)
    for i in range(len(game.stake_claim)):
        revenue[game.stake_claim[i]] += numbers.stake[at_stake, i]
    for k in range(len(game.claim_offer)):
        fine &= math.isfinite(revenue[k]) and (k >= offers or revenue[k] > 0.0)
    for j in range(offers):
        market.break_even[j] = market.cost[j] / revenue[j]
    return fine


@compiled
def _take_customers(numbers: Numbers, m: int, game: Structure, market: Market) -> bool:
    """Checks of segments' numbers, how many customers there are, and their mean price sensitivity."""
    segments, fine, people, mean = numbers.quality.shape[2], True, 0.0, 0.0
    at_weight, at_outside = _of(numbers.weights, m), _of(numbers.outside, m)
    for s in range(segments):
        weight = numbers.weights[at_weight, s]
        fine &= 0.0 <= weight < np.inf and math.isfinite(numbers.outside[at_outside, s])
        people += weight
        market.w[s] = weight
    for s in range(len(game.sensitivity)):
        mean += game.sensitivity[s]
    market.people[0], market.people[1] = people, mean / len(game.sensitivity)
    for s in range(len(market.w)):  # without customers everybody counts
        weight = market.w[s] if people > 0.0 else 1.0
        market.w[s] = weight if s < segments else 0.0
    return fine


@compiled
def _take_limits(numbers: Numbers, m: int, game: Structure, market: Market) -> bool:
    """Capacity per customer and the scale of its shadow price. Where there are no customers it is not limited."""
    fine, people, k = True, market.people[0], _of(numbers.capacity, m)
    for r in range(game.pools):
        stock = numbers.capacity[k, r]
        fine &= not stock <= 0.0
        limited = people > 0.0 and not math.isnan(stock)
        market.capacity[r] = stock / people if limited else np.inf
        market.shadow_unit[r] = np.inf
    for j in range(len(game.host)):
        r = game.pool[j]
        if r >= 0:
            cost = market.cost[j] if game.log_price else market.cost[j] + 1.0 / market.people[1]
            market.shadow_unit[r] = min(market.shadow_unit[r], cost / market.load[j])
    return fine


@compiled
def _take_availability(
    numbers: Numbers, m: int, game: Structure, rules: Rules, market: Market, lists: Lists, at: Reference
) -> tuple[bool, bool]:
    """Which offers can be had: whether all qualities are numbers or -inf, and whether it is as in the market before.

    Where the prices of absent offers are looked for it counts as other than there.
    """
    offers, segments, quality = len(game.host), numbers.quality.shape[2], at.quality
    for j in range(offers):
        for s in range(segments):
            quality[j, s] = numbers.quality[m, j, s]
    missing, refused, changed, same = lists.missing, lanes(0.0), lanes(0.0), True
    for s in range(0, len(missing), LANES):
        put_part(missing, s, 0.0)
    for j in range(offers):
        for s in range(segments, len(missing)):
            quality[j, s] = -np.inf
        best = customers = lanes(-np.inf)
        for s in range(0, len(missing), LANES):
            here, lacking = row(quality, j, s), part(missing, s)
            refused = where_less(here, np.inf, refused, 1.0)
            there = where_less(-np.inf, here, lanes(1.0), 0.0)
            changed = changed + size(there - row(at.there, j, s))
            put(at.there, j, s, there)
            put_part(missing, s, where_less(-np.inf, here, lacking, lacking + 1.0))
            best = where_less(best, here, here, best)
            bought = where_less(0.0, part(market.w, s), here, -np.inf)
            customers = where_less(customers, bought, bought, customers)
        lists.some[j] = highest(best) > -np.inf
        absent = highest(customers) == -np.inf
        same &= lists.absent[j] == absent
        lists.absent[j] = absent
    lists.limits[: game.tiers] = False
    for j in range(offers):
        if lists.absent[j] and not game.at_cost[j] and not rules.leave_absent:
            lists.limits[game.tier[game.host[j]]] = True
            same = False
    return bool(total(refused) == 0.0), bool(same and total(changed) == 0.0)


@compiled
def _order_segments(segments: int, game: Structure, lists: Lists) -> None:
    """Segments that can have most offers first; what fills up the last lanes repeats the last."""
    offers, tally = len(game.host), lists.tally
    tally[: offers + 2] = 0
    for s in range(segments):
        tally[int(lists.missing[s]) + 1] += 1
    for c in range(offers + 1):
        tally[c + 1] += tally[c]
    for s in range(segments):
        c = int(lists.missing[s])
        lists.segment[tally[c]] = s
        tally[c] += 1
    for k in range(segments, len(lists.missing)):
        lists.segment[k] = lists.segment[segments - 1]


@compiled
def _set_customers(numbers: Numbers, m: int, game: Structure, market: Market, lists: Lists) -> None:
    """Numbers of segments in their order."""
    segments, people, steepest = numbers.quality.shape[2], market.people[0], 0.0
    at_weight, at_outside = _of(numbers.weights, m), _of(numbers.outside, m)
    for k in range(len(market.w)):
        s = lists.segment[k]
        b = game.sensitivity[s if len(game.sensitivity) > 1 else 0]
        weight = numbers.weights[at_weight, s] / people if people > 0.0 else 1.0 / segments
        market.w[k] = weight if k < segments else 0.0
        market.b[k], market.inner_slope[k], market.outer_slope[k] = b, b / game.inner, b / game.outer
        market.outside[k] = numbers.outside[at_outside, s]
        steepest = max(steepest, market.inner_slope[k])
    market.people[2] = steepest


@compiled
def _number_hosts(game: Structure, lists: Lists) -> tuple[int, int]:
    """Number the nests with rows, those with several first: how many there are, and of these."""
    count, hosts = lists.tally, len(game.tier)
    count[:hosts] = 0
    for j in range(len(game.host)):
        lists.row[j] = 0 if lists.some[j] or lists.limits[game.tier[game.host[j]]] else -1
        count[game.host[j]] += lists.row[j] + 1
    number = multi = 0
    for several in (True, False):
        for g in range(hosts):
            if (several and count[g] > 1) or (not several and count[g] == 1):
                lists.local[g], lists.tier[number] = number, game.tier[g]
                number += 1
        multi = number if several else multi
    for g in range(hosts):
        if count[g] == 0:
            lists.local[g] = -1
    return number, multi


@compiled
def _number_rows(game: Structure, multi_hosts: int, lists: Lists) -> tuple[int, int]:
    """Number the rows; how many there are, and how many in nests with several."""
    offers, tally = len(game.host), lists.tally
    tally[: offers + 2] = 0
    for j in range(offers):
        if lists.row[j] >= 0:
            tally[lists.local[game.host[j]] + 1] += 1
    for c in range(offers + 1):
        tally[c + 1] += tally[c]
    rows, multi_rows = tally[offers + 1], tally[multi_hosts]
    for j in range(offers):
        if lists.row[j] >= 0:
            g = lists.local[game.host[j]]
            r = tally[g]
            tally[g] += 1
            lists.row[j], lists.offer[r], lists.host[r] = r, j, g
    return rows, multi_rows


@compiled
def _set_raw(p: int, rows: int, multi_rows: int, game: Structure, lists: Lists, at: Reference) -> None:
    """Set qualities of rows."""
    for r in range(rows):
        j = lists.offer[r]
        per_scale = 1.0 / (game.inner if r < multi_rows else game.outer)
        for k in range(p):
            at.raw[r, k] = at.quality[j, lists.segment[k]] * per_scale


@compiled
def _set_lengths(p: int, rows: int, lists: Lists, at: Reference) -> None:
    """Set how far rows and their nests reach."""
    for r in range(rows):
        lists.reach[lists.host[r]] = 0
    for r in range(rows):
        lists.length[r] = p if lists.limits[lists.tier[lists.host[r]]] else _reach(r, p, at)
        lists.reach[lists.host[r]] = max(lists.reach[lists.host[r]], lists.length[r])


@compiled
def _reach(r: int, p: int, at: Reference) -> int:
    """How far down the list of segments the offer of a row can be had, in whole lanes."""
    end = p
    while end > LANES and highest(row(at.raw, r, end - LANES)) == -np.inf:
        end -= LANES
    return end


@compiled
def _mark_groups(game: Structure, lists: Lists) -> None:
    """Mark groups with claims on offers with a row, of owners who look for a price."""
    lists.used[: len(game.group_host)] = False
    for k in range(len(game.claim_offer)):
        if _counts(k, game, lists):
            lists.used[game.claim_group[k]] = True


@compiled
def _counts(k: int, game: Structure, lists: Lists) -> bool:
    """Whether a claim is on an offer with a row, and of an owner who looks for a price."""
    return bool(lists.row[game.claim_offer[k]] >= 0 and lists.prices[game.claim_owner[k]])


@compiled
def _list_free(game: Structure, rules: Rules, market: Market, lists: Lists, trade: Trade) -> int:
    """List offers whose price is looked for, and mark their sellers; how many there are."""
    number = 0
    lists.prices[: game.owners] = False
    for j in range(len(game.host)):
        if not game.at_cost[j] and not (lists.absent[j] and rules.leave_absent):
            lists.free[number] = j
            trade.own[number], trade.load[number] = market.revenue[j], market.load[j]
            trade.break_even[number] = market.break_even[j]
            number += 1
            lists.prices[game.claim_owner[j]] = True
    return number


@compiled
def _list_claims(game: Structure, groups: int, lists: Lists) -> None:
    """List the claims that count, group by group."""
    first = lists.first
    first[: groups + 1] = 0
    for k in range(len(game.claim_offer)):
        if _counts(k, game, lists):
            first[lists.group_at[game.claim_group[k]] + 1] += 1
    for i in range(groups):
        first[i + 1] += first[i]
    claims = first[groups]
    for k in range(len(game.claim_offer) - 1, -1, -1):
        if _counts(k, game, lists):
            i = lists.group_at[game.claim_group[k]] + 1
            first[i] -= 1
            lists.claim[first[i]], lists.claim_row[first[i]] = k, lists.row[game.claim_offer[k]]
    for i in range(groups):
        first[i] = first[i + 1]
    first[groups] = claims


@compiled
def _list_groups(game: Structure, lists: Lists) -> tuple[int, int, int]:
    """Number the groups marked, their pairs of tier and owner, and owners: how many there are of each."""
    groups = pairs = owners = 0
    lists.pair_at[: len(game.pair_tier)] = -1
    lists.owner_at[: game.owners] = -1
    for i in range(len(game.group_host)):
        if lists.used[i]:
            pair = game.group_pair[i]
            if lists.pair_at[pair] < 0:
                owner = game.pair_owner[pair]
                if lists.owner_at[owner] < 0:
                    lists.owner_at[owner], lists.owner_reach[owners] = owners, 0
                    owners += 1
                lists.pair_at[pair] = pairs
                lists.pair_tier[pairs], lists.pair_owner[pairs] = game.pair_tier[pair], lists.owner_at[owner]
                pairs += 1
            g, k = lists.local[game.group_host[i]], lists.pair_at[pair]
            lists.group_at[i], lists.group_host[groups], lists.group_pair[groups] = groups, g, k
            f = lists.pair_owner[k]
            lists.owner_reach[f] = max(lists.owner_reach[f], lists.reach[g])
            groups += 1
    return groups, pairs, owners


@compiled
def _list_owned(pairs: int, owners: int, lists: Lists) -> None:
    """List pairs owner by owner."""
    first = lists.first_pair
    first[: owners + 1] = 0
    for k in range(pairs):
        first[lists.pair_owner[k]] += 1
    for f in range(owners):
        first[f + 1] += first[f]
    for k in range(pairs - 1, -1, -1):
        f = lists.pair_owner[k]
        first[f] -= 1
        lists.owned[first[f]] = k


@compiled
def _list_pools(game: Structure, free: int, market: Market, lists: Lists, trade: Trade) -> int:
    """List limited pools with customers; the shadow price of others is 0."""
    number, place = 0, lists.tally
    place[: game.pools] = -1
    for f in range(free):
        j = lists.free[f]
        r = game.pool[j]
        if r >= 0 and place[r] < 0 and not lists.absent[j] and market.capacity[r] < np.inf:
            place[r] = 0
    for r in range(game.pools):
        if place[r] == 0:
            place[r], lists.pools[number] = number, r
            trade.stock[number], trade.unit[number] = market.capacity[r], market.shadow_unit[r]
            number += 1
    for f in range(free):
        r = game.pool[lists.free[f]]
        lists.pool[f] = place[r] if r >= 0 else -1
    return number


@compiled
def _set_empty(game: Structure, count: Counts, lists: Lists, at: Reference) -> None:
    """Where nothing can be had in a nest or tier.

    Where the prices of absent offers are looked for, qualities are 0 there and the nest or tier as a whole is off
    the market, as in `sim.economics.demand.split_unavailable`; else the nest's sum is 1 and its worth nothing.
    """
    p = count.width
    for g in range(count.hosts):
        for s in range(0, p, LANES):
            put(at.empty_host, g, s, 1.0)
            put(at.off_host, g, s, 0.0)
    for t in range(game.tiers):
        for s in range(0, p, LANES):
            put(at.empty_tier, t, s, 1.0)
            put(at.off_tier, t, s, 0.0)
    for r in range(count.rows):
        g = lists.host[r]
        for s in range(0, lists.length[r], LANES):
            put(at.empty_host, g, s, where_less(-np.inf, row(at.raw, r, s), 0.0, row(at.empty_host, g, s)))
    for g in range(count.hosts):
        t = lists.tier[g]
        for s in range(0, p, LANES):
            put(at.empty_tier, t, s, where_less(row(at.empty_host, g, s), 0.5, 0.0, row(at.empty_tier, t, s)))
    for g in range(count.hosts):
        t = lists.tier[g]
        if lists.limits[t]:
            for k in range(p):
                if at.empty_host[g, k] == 1.0 and at.empty_tier[t, k] == 0.0:
                    at.off_host[g, k] = -np.inf
                at.empty_host[g, k] = 0.0
    for r in range(count.rows):
        g = lists.host[r]
        t = lists.tier[g]
        if lists.limits[t]:
            for k in range(p):
                if at.off_host[g, k] == -np.inf or at.empty_tier[t, k] == 1.0:
                    at.raw[r, k] = 0.0
    for t in range(game.tiers):
        if lists.limits[t]:
            for k in range(p):
                at.off_tier[t, k] = -np.inf if at.empty_tier[t, k] == 1.0 else 0.0
                at.empty_tier[t, k] = 0.0
