"""All that is written down of a month, in one call; the readable path is `sim.market.observe`."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

from sim.economics import accounts, indicators
from sim.economics.compiled.calls import Bare, inner, making_arrays
from sim.market.compiled import firms, identities, regions
from sim.market.compiled.layout import (
    Columns,
    Customers,
    Labs,
    Markets,
    Money,
    Places,
    Sold,
    Stocks,
    Tables,
)
from sim.technology import chips, units
from sim.world import state
from sim.world.setting import Array, Ints


@inner
def _write(table: Array, month: int, columns: Ints, rows: Array) -> None:
    """Put `rows`, (columns, rows), into the month of a table."""
    for k in range(len(columns)):
        for r in range(rows.shape[1]):
            table[columns[k], month, r] = rows[k, r]


@inner
def _write_all(table: Array, month: int, rows: Array) -> None:
    """Put all columns of a table."""
    for k in range(len(rows)):
        for r in range(rows.shape[1]):
            table[k, month, r] = rows[k, r]


def _entry(sources: int) -> Callable[..., bool]:
    """The entry; that it closes over `sources` makes the cache on disk notice changes of other files."""

    @making_arrays
    def write_down(
        month: int,
        limited: bool,
        reference: float,
        some_revenue: float,
        where: Bare,
        in_table: Bare,
        who: Bare,
        what: Bare,
        labs: Bare,
        stock: Bare,
        books: Bare,
        of_markets: Bare,
        whole: Bare,
    ) -> bool:
        """Whether the month's identities hold; if so, all its indicators are in `tables`, else none.

        Parameters
        ----------
        where, ..., whole
            `Places`, `Columns`, `Customers`, `Sold`, `Labs`, `Stocks`, `Money`, `Markets` and `Tables`.
        limited
            Whether firms serve no more than they have compute for.
        reference, some_revenue
            Capability from which on an offer counts for the lowest price; USD up to which there is no revenue to
            speak of a margin.
        """
        assert sources >= 0
        places, columns, customers, sold = Places(*where), Columns(*in_table), Customers(*who), Sold(*what)
        of_labs, stocks, money = Labs(*labs), Stocks(*stock), Money(*books)
        markets, tables = Markets(*of_markets), Tables(*whole)
        if not identities.hold(customers.shares, limited, sold, stocks, money):
            return False
        _write_all(tables.labs, month, firms.lab_rows(of_labs, stocks, money, sold))
        _write_all(tables.clouds, month, firms.cloud_rows(of_labs.hosted, places.firm, stocks, money, sold))
        regions.set_usage(customers, sold, places, tables.usage[:, month])
        demand = regions.demand_rows(customers, sold, places, reference)
        frontiers = regions.frontier_rows(of_labs, places, month, tables.market, columns.frontiers)
        supply = regions.supply_rows(sold, places, stocks, money, some_revenue)
        _write(tables.market, month, columns.demand, demand)
        _write(tables.market, month, columns.frontiers, frontiers)
        _write(tables.market, month, columns.supply, supply)
        _write(tables.market, month, columns.markets, regions.market_rows(markets))
        return True

    return write_down


_FILES = [
    Path(str(module.__file__))
    for module in (accounts, indicators, firms, identities, regions, chips, units, state)
]
write_down = _entry(zlib.adler32(b"".join(path.read_bytes() for path in _FILES)))
