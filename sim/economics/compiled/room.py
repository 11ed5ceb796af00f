"""Room for the search in one market: blocks, made once by a thread, and their parts by name."""

from __future__ import annotations

import math
import threading
from operator import le
from typing import NamedTuple

import numpy as np

from sim.economics.compiled.jit import joined
from sim.economics.compiled.lanes import LANES
from sim.economics.compiled.layout import (
    Course,
    Demand,
    Lists,
    Market,
    Reference,
    Room,
    Sizes,
    Trade,
)
from sim.economics.nests import BoolArray, FloatArray, IntArray
from sim.economics.newton import MOST


class Blocks(NamedTuple):
    """What room is made of; it may be larger than a market needs, but for the number of segments.

    Made outside of compiled code, in which it would take longer to compile than to run.
    """

    numbers: IntArray
    flags: BoolArray
    by_claim: FloatArray
    by_offer: FloatArray
    by_pool: FloatArray
    by_segment: FloatArray
    by_row: FloatArray
    by_host: FloatArray
    by_tier: FloatArray
    by_group: FloatArray
    by_pair: FloatArray
    vectors: FloatArray
    rings: FloatArray
    small: FloatArray
    square: FloatArray


def _filled(length: int) -> int:
    """Length of rows that are made of whole lanes."""
    return (length + LANES - 1) // LANES * LANES


def _tables(*shapes: tuple[int, ...]) -> list[FloatArray]:
    """Tables without numbers yet, each of which begins where the machine reads lanes best."""
    sizes = [math.prod(shape) for shape in shapes]
    whole = np.empty(sum(map(_filled, sizes)) + LANES)
    at, tables = (-whole.ctypes.data // 8) % LANES, []
    for shape, size in zip(shapes, sizes, strict=True):
        tables.append(whole[at : at + size].reshape(shape))
        at += _filled(size)
    return tables


class _Kept(threading.local):
    """Blocks of a thread, made anew only for a game that they are too small for."""

    def __init__(self) -> None:
        self.kind: tuple[int, int] = 0, 0
        self.sizes = Sizes(*[0] * len(Sizes._fields))
        self.blocks: Blocks


_kept = _Kept()


def blocks(sizes: Sizes, segments: int, depth: int) -> Blocks:
    """Blocks for any market of a game of such sizes with so many segments, until the thread asks for others."""
    kind = _filled(segments), depth
    if kind != _kept.kind or not all(map(le, sizes, _kept.sizes)):
        known = _kept.sizes if kind == _kept.kind else sizes
        sizes = Sizes(*map(max, sizes, known))
        _kept.blocks, _kept.kind, _kept.sizes = _blocks(kind, sizes), kind, sizes
    return _kept.blocks


def _blocks(kind: tuple[int, int], sizes: Sizes) -> Blocks:
    """Blocks of lanes and depth as in `kind`, for games of these sizes."""
    (p, depth), (offers, hosts, tiers, claims, groups, pairs, owners, pools) = kind, sizes
    longest, n = (
        max(offers + 2, claims, groups + 1, p, hosts, tiers, owners + 1, pools),
        _filled(offers + pools),
    )
    tables = _tables(
        (2, claims),  # in the order of `Blocks`
        (25, _filled(offers)),
        (11, _filled(pools)),
        (10, p),
        (5, offers, p),
        (9, hosts, p),
        (8, tiers, p),
        (groups, p),
        (pairs, p),
        (11, n),
        (2, depth, n),
        (3, depth, depth),
        (min(offers + pools, MOST), min(offers + pools, MOST)),
    )
    return Blocks(np.empty((25, longest), dtype=np.intp), np.empty((5, longest), dtype=bool), *tables)


@joined
def room(of: Blocks) -> Room:
    """Room as named parts of the blocks. Numbers and flags may be longer than they need to be."""
    i, b, f, k, h, t = of.numbers, of.flags, of.by_offer, of.by_pool, of.by_host, of.by_tier
    s, r, v = of.by_segment, of.by_row, of.vectors
    return Room(
        Lists(
            segment=i[0], row=i[1], offer=i[2], length=i[3], host=i[4], local=i[5], tier=i[6], reach=i[7],
            claim=i[8], first=i[9], group_at=i[10], group_host=i[11], group_pair=i[12], pair_at=i[13],
            pair_tier=i[14], pair_owner=i[15], owner_at=i[16], free=i[17], pool=i[18], pools=i[19],
            missing=s[9], tally=i[20], claim_row=i[21], owner_reach=i[22], owned=i[23], first_pair=i[24],
            used=b[0], absent=b[1], some=b[2], limits=b[3], prices=b[4],
        ),
        Market(
            cost=f[0], load=f[1], break_even=f[2], price=f[3], h=f[4], use=f[5], with_shadow=f[6],
            revenue=of.by_claim[0], outside=s[0], b=s[1], w=s[2], inner_slope=s[3], outer_slope=s[4],
            capacity=k[0], shadow_unit=k[1], shadow=k[2], people=of.small[2][0],
        ),
        Reference(
            h=f[7], quality=r[3], there=r[4], raw=r[0], v=r[1], best=h[0], log_host=h[1], host=h[2],
            log_tier=t[0], tier=t[1], top=s[5], outside=s[6], empty_host=h[3], empty_tier=t[2],
            off_host=h[4], off_tier=t[3],
        ),
        Demand(
            u=r[2], earned=of.by_claim[1], of_host=h[5], per_host=h[6], in_tier=h[7], buyers=h[8], of_tier=t[4],
            per_tier=t[5], in_all=t[6], size=t[7], total=s[7], mix=s[8], y=of.by_group, z=of.by_pair,
        ),
        Trade(
            own=f[8], break_even=f[9], load=f[10], price=f[11], use=f[12], cost=f[13], change=f[14],
            lost=f[15], back=f[16], quantity=f[17], next_price=f[18], bounded=f[19], per_unit=f[20],
            people=f[21], now=f[22], after=f[23], gap=f[24],
            used=k[3], total=k[4], fall=k[5], next_shadow=k[6], shadow=k[7], stock=k[8], unit=k[9], slack=k[10],
        ),
        Course(
            x=v[0], image=v[1], last_image=v[2], gap=v[3], last_x=v[4], last_gap=v[5], going=v[6], best=v[7],
            trial=v[8], unit=of.rings[0], step=of.rings[1], gram=of.small[0], root=of.small[1],
            weights=of.small[2][1], held=v[9], held_gap=v[10], slopes=of.square,
        ),
    )  # fmt: skip
