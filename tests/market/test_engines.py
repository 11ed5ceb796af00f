"""A run is the same by compiled loops and by the readable paths beside them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from sim.economics.accounts import AccountError
from sim.economics.engines import ENVIRONMENT
from sim.market import Market
from sim.market.observe import observe
from sim.market.regions import FRONTIERS
from sim.market.sales import Books, Sales
from sim.market.trade import TOLERANCE, moved, serve, settle_prices
from sim.market.written import written
from sim.record import MARKET, Array
from sim.scenario import Scenario
from sim.world.listing import Listing


def test_both_engines_record_the_same(lively, monkeypatch):
    scenario = lively.with_values({"mechanisms.entry": True}).scenario
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine)
        found.append(Market(scenario, seed=5).run().record)
    compiled, plain = found
    assert [row["taken"] for row in compiled.decisions] == [row["taken"] for row in plain.decisions]
    for table in ("market", "labs", "clouds", "usage"):
        for column, values in getattr(plain, table).items():
            if column == "price_residual":  # how far from 0, to rounding
                continue
            size = np.abs(values[np.isfinite(values)]).max(initial=0.0)
            assert getattr(compiled, table)[column] == pytest.approx(
                values, rel=1e-9, abs=1e-11 * size, nan_ok=True
            ), (table, column)


@pytest.fixture(
    scope="module", params=[{}, {"mechanisms.self_hosting": False}, {"mechanisms.hosting": False}]
)
def months(lively, request) -> list[tuple[Market, Sales, Books]]:
    """A run stopped in several months after trade and before they are written down; in the first nobody sells."""
    values = {"mechanisms.entry": True, **request.param}
    return [stopped(lively.with_values(values).scenario, month) for month in (0, 1, 4, 11)]


def stopped(scenario: Scenario, month: int) -> tuple[Market, Sales, Books]:
    market = Market(scenario, seed=5)
    for _ in range(month):
        market.step()
    if not month:
        market.state.active[:] = False
    flows = market.invest()
    if month:
        market.release_models()
        market.choose_hosting()
    sales = market.trade()
    return market, sales, market.settle(flows, sales)


def written_down(market: Market, sales: Sales, books: Books, engine: str, monkeypatch) -> dict[str, Array]:
    """What either engine writes into an empty record of that month, by table."""
    monkeypatch.setenv(ENVIRONMENT, engine)
    for table, whole in market.record.whole.items():
        whole[:, market.month] = 0.0 if table == "usage" else np.nan
    observe(market, sales, books)
    return {table: whole[:, market.month].copy() for table, whole in market.record.whole.items()}


def test_a_months_columns(months, monkeypatch):
    """Every column of every table, month by month, whether or not anything is on sale."""
    assert [len(sales.offers) > 0 for _, sales, _ in months] == [False, True, True, True]
    for market, sales, books in months:
        compiled, plain = (
            written_down(market, sales, books, engine, monkeypatch) for engine in ("numba", "numpy")
        )
        assert compiled.keys() == plain.keys()
        for table, values in plain.items():
            assert compiled[table] == pytest.approx(values, rel=1e-12, abs=1e-300, nan_ok=True), table


def test_nothing_is_written_of_a_month_whose_identities_do_not_hold(months):
    """By either engine; the readable one says what is wrong."""
    market, sales, books = months[-1]
    assert sales.equilibrium is not None
    for broken in ("revenue", "royalties_paid", "tokens", "cash_before"):
        wrong = replace(books, **{broken: getattr(books, broken) * 1.01 + 1.0})
        assert not written(market, sales, wrong, sales.equilibrium), broken
        with pytest.raises(AccountError):
            observe(market, sales, wrong)
    assert written(market, sales, books, sales.equilibrium)


def test_moves_and_service(months, monkeypatch):
    """Who stays, what customers get and what keeps firms busy, where compute is scarce and where it is not."""
    rationed = []
    for market, sales, _ in months[1:]:
        setting, deal, slots = market.setting, sales.deal, sales.offers.slots(market.setting)
        quality = np.where(sales.choice > 0.0, 0.0, -np.inf).T.copy()
        market.state.bandwidth[::2] *= 0.5
        before, new = market.state.shares.copy(), np.linspace(0.0, 0.3, len(sales.choice))
        before[:, (slots[0] + 1) % before.shape[1]] += 0.01  # some of their offers are gone
        found = []
        for engine in ("numba", "numpy"):
            monkeypatch.setenv(ENVIRONMENT, engine)
            served = serve(market, deal, sales.prices, market.weights(), sales.shares)
            remembered = []
            for known in (before, np.zeros_like(before)):
                market.state.shares[:] = known
                shares = moved(market, slots, deal.seller, sales.choice, quality, new)
                remembered += [shares, market.state.shares.copy()]
            sold = Sales(**{field.name: getattr(sales, field.name) for field in fields(Sales)})
            books = sold.books(setting)
            money = [getattr(books, column.name) for column in fields(Books)]
            found.append((*remembered, sold.spent, sold.used, *money, *served))
        for compiled, plain in zip(*found, strict=True):
            assert compiled == pytest.approx(plain, rel=1e-13, abs=1e-15)
        load = found[0][-1]
        rationed.append(np.isclose(load, market.state.bandwidth) & (load > 0.0))
        assert load.shape == setting.firm_region.shape
    assert np.any(rationed)
    assert not np.all(rationed)


def test_prices_of_a_month(months, monkeypatch):
    """By the compiled game from last month's prices, and by the readable one; where nobody was on sale too."""
    for market, sales, _ in months[1:]:
        q = np.where(sales.choice > 0.0, 3.0, -np.inf).T + np.linspace(0.0, 2.0, len(sales.prices))[:, None]
        args = market.setting, Listing(sales.offers, sales.deal, q), q, market.weights()
        for last in (sales.prices, np.full(len(sales.prices), np.nan)):
            found = []
            for engine in ("numba", "numpy"):
                monkeypatch.setenv(ENVIRONMENT, engine)
                found.append(settle_prices(*args, last, market.state.bandwidth))
            compiled, plain = found
            for name in ("prices", "shares", "consumer_surplus", "shadow_prices"):
                assert getattr(compiled, name) == pytest.approx(getattr(plain, name), rel=1e-6, abs=1e-9), (
                    name
                )
            assert max(compiled.residual, plain.residual) <= TOLERANCE


def test_frontiers_that_fell_out_of_sight(months, monkeypatch):
    """Lags of a region without models, of one whose best models are no longer there, and of equals."""
    market = months[-1][0]
    market.state.capability[market.setting.lab_region == 1] = -np.inf
    market.state.open_capability[:] = -np.inf
    market.record.market["capability"][:2] = np.nan
    sales, books = months[-1][1:]
    market.state.bandwidth = np.maximum(market.state.bandwidth, sales.load)  # other tests took some of it
    compiled, plain = (
        written_down(market, sales, books, engine, monkeypatch)["market"] for engine in ("numba", "numpy")
    )
    for column, found, values in zip(MARKET.values, compiled, plain, strict=True):
        if column.name in FRONTIERS:
            assert np.array_equal(found, values, equal_nan=True), column.name
