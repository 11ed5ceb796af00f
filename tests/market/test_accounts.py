"""Money and tokens: every identity of every month, from the tables alone, and what happens when one breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.economics.accounts import AccountError, require_at_most, require_equal
from sim.market import Market
from sim.market.sales import Books, Flows, Sales
from sim.scenario import Resolved

API, HOSTED, SELF = range(3)
POOR = {
    "labs.modest.cash": 0.0,
    "labs.modest.funding": 0.0,
    "finance.patience": 2,
    "labs.opener.own_complement": 0.2,
    "labs.eastern.complement": 0.1,
    "clouds.eastcloud.parent": True,
}


class Ledger(Market):
    """Remembers each month's cash before and after, what was sold and the books."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.months_seen: list[tuple[np.ndarray, Sales, Books, np.ndarray]] = []

    def settle(self, flows: Flows, sales: Sales) -> Books:
        before = self.state.cash.copy()
        books = super().settle(flows, sales)
        self.months_seen.append((before, sales, books, self.state.cash.copy()))
        return books


@pytest.fixture(scope="module", params=["fixed", "lookahead", "poor"])
def ledger(request, lively: Resolved) -> Ledger:
    values = POOR | {"choice.rule": "fixed"} if request.param == "poor" else {"choice.rule": request.param}
    market = Ledger(lively.with_values(values).scenario, seed=3)
    market.run()
    return market


class TestMoney:
    def test_cash_changes_by_what_comes_in_and_goes_out(self, ledger: Ledger):
        """Item by item from offers, not from the books that the market keeps."""
        setting = ledger.setting
        labs, firms = len(setting.labs), len(setting.firms)
        for month, (before, sales, books, after) in enumerate(ledger.months_seen):
            change = books.funding - books.capex - books.staff - books.bring_up
            spent, tokens = sales.spending.sum(axis=0), sales.tokens.sum(axis=0)
            for j, (seller, lab) in enumerate(zip(sales.deal.seller, sales.offers.lab, strict=True)):
                royalty = sales.deal.royalty[j] * spent[j]
                row = setting.lab_row(lab)
                change[lab] += royalty + row.complement * spent[j]
                if seller >= 0:
                    change[seller] += spent[j] - royalty - sales.deal.running[j] * tokens[j]
                    if seller < labs:
                        change[seller] += setting.lab_row(seller).own_complement * spent[j]
            scale = np.abs(before).max() + np.abs(change).max()
            np.testing.assert_allclose(after - before, change, atol=1e-9 * scale, err_msg=str(month))
            assert len(before) == firms

    def test_profit_is_revenue_less_royalties_and_the_full_cost_of_serving(self, ledger: Ledger):
        """What is reinvested and imitated; of the last month, as the state remembers it."""
        _, sales, _, _ = ledger.months_seen[-1]
        setting, state = ledger.setting, ledger.state
        revenue, profit = np.zeros(len(setting.firms)), np.zeros(len(setting.firms))
        spent, tokens = sales.spending.sum(axis=0), sales.tokens.sum(axis=0)
        for j, (seller, lab) in enumerate(zip(sales.deal.seller, sales.offers.lab, strict=True)):
            royalty = sales.deal.royalty[j] * spent[j]
            earned = royalty + setting.lab_row(lab).complement * spent[j]
            revenue[lab] += earned
            profit[lab] += earned
            if seller >= 0:
                own = setting.lab_row(seller).own_complement if seller < len(setting.labs) else 0.0
                revenue[seller] += (1.0 + own) * spent[j]
                profit[seller] += (1.0 + own) * spent[j] - royalty - sales.deal.cost[j] * tokens[j]
        scale = revenue.max()
        np.testing.assert_allclose(state.revenue, revenue, rtol=1e-9, atol=1e-12 * scale)
        np.testing.assert_allclose(state.profit, profit, rtol=1e-9, atol=1e-12 * scale)

    def test_what_customers_spend_is_what_firms_take_and_what_self_hosting_costs(self, ledger: Ledger):
        record = ledger.record
        alone = [i for i, cloud in enumerate(ledger.scenario.clouds.values()) if cloud.owner is None]
        for t in range(len(ledger.months)):
            spent = record.usage["spending"][t]
            taken = np.nansum(record.labs["revenue"][t] + record.labs["revenue_hosting"][t])
            taken += np.nansum(record.clouds["revenue"][t][alone])
            assert taken + spent[..., SELF].sum() == pytest.approx(spent.sum(), rel=1e-9, abs=1e-6)
            assert record.market["spending"][t, -1] == pytest.approx(spent.sum(), rel=1e-9, abs=1e-6)
            assert record.market["spending"][t, :-1].sum() == pytest.approx(spent.sum(), rel=1e-9, abs=1e-6)
            hosted = np.nansum(record.clouds["revenue"][t])
            assert hosted == pytest.approx(spent[..., HOSTED].sum(), rel=1e-9, abs=1e-6)

    def test_royalties_paid_are_royalties_received(self, ledger: Ledger):
        record = ledger.record
        for t in range(len(ledger.months)):
            paid = np.nansum(record.clouds["royalties_paid"][t])
            assert paid == pytest.approx(np.nansum(record.labs["royalties_received"][t]), rel=1e-9, abs=1e-9)

    def test_nobody_but_a_parent_puts_money_in_beyond_the_path(self, ledger: Ledger):
        plans = ledger.plans
        for month, (_, _, books, after) in enumerate(ledger.months_seen):
            highest = plans.funding[month] * 3.0
            assert (books.funding[~plans.parent] <= highest[~plans.parent] * (1 + 1e-9)).all()
            backed = plans.parent & (books.funding > highest * (1 + 1e-9))
            np.testing.assert_allclose(after[backed], plans.reserve[backed], rtol=1e-9)


class TestTokens:
    def test_sold_is_bought(self, ledger: Ledger):
        record = ledger.record
        for t in range(len(ledger.months)):
            bought = record.usage["tokens"][t]
            served = np.nansum(record.labs["tokens"][t]) + np.nansum(record.clouds["tokens"][t])
            assert served + bought[..., SELF].sum() == pytest.approx(bought.sum(), rel=1e-9, abs=1e-9)
            made = np.nansum(record.labs["tokens"][t] + record.labs["tokens_hosted"][t])
            assert made == pytest.approx(bought.sum(), rel=1e-9, abs=1e-9)
            assert record.market["tokens"][t, :-1].sum() == pytest.approx(bought.sum(), rel=1e-9, abs=1e-9)

    def test_compute_used_is_within_the_stock(self, ledger: Ledger):
        for (_, sales, _, _), t in zip(ledger.months_seen, range(len(ledger.months)), strict=True):
            tokens, used = sales.tokens.sum(axis=0), np.zeros(len(ledger.setting.firms))
            sold = sales.deal.seller >= 0
            np.add.at(used, sales.deal.seller[sold], (tokens * sales.deal.load)[sold])
            np.testing.assert_allclose(used, sales.load, rtol=1e-9, atol=1e-12)
            stock = ledger.record.labs["compute_serving"][t] * 3.35 * 1000
            assert (used[: len(stock)] <= stock * (1 + 1e-9)).all()


class TestShares:
    def test_with_the_outside_option_they_add_up_to_one(self, ledger: Ledger):
        for _, sales, _, _ in ledger.months_seen:
            assert sales.shares.min(initial=0.0) >= 0.0
            assert sales.shares.sum(axis=1).max(initial=0.0) <= 1.0 + 1e-12
            assert sales.choice.sum(axis=1).max(initial=0.0) < 1.0  # some customers always choose none

    def test_customers_are_adopters(self, ledger: Ledger):
        c = ledger.setting.cohorts
        for t in range(len(ledger.months)):
            here = ledger.record.usage["customers"][t]
            assert here.sum() <= (c.customers.sum() * (1 + 1e-9))
        grown = np.diff(ledger.record.market["adoption"], axis=0)
        assert (grown >= 0).all()


def broken(lively: Resolved, month: int, spoil: Callable[[Market, Any], Any], where: str) -> Market:
    """A market in which one method's result is spoilt in one month."""

    class Broken(Market):
        pass

    def method(self: Market, *args: Any) -> Any:
        found = getattr(Market, where)(self, *args)
        return spoil(self, found) if self.month == month else found

    setattr(Broken, where, method)
    return Broken(lively.with_values({"choice.rule": "fixed"}).scenario, seed=1)


def firm(market: Market, name: str) -> int:
    return market.setting.firms.index(name)


class TestBroken:
    """An identity that does not hold stops the run, and the error names what, who and when."""

    def raises(self, market: Market, message: str) -> None:
        with pytest.raises(AccountError) as error:
            market.run()
        assert str(error.value).startswith(message)
        assert market.running

    def test_shares_of_more_than_everybody(self, lively: Resolved):
        def spoil(market: Market, sales: Sales) -> Sales:
            shares = sales.shares.copy()
            makers_east = [
                i
                for i, (segment, region) in enumerate(
                    zip(market.setting.cohorts.segment, market.setting.cohorts.region, strict=True)
                )
                if market.setting.segments[segment] == "makers" and market.setting.regions[region] == "east"
            ]
            shares[makers_east] += 1.0
            return replace(sales, shares=shares)

        self.raises(
            broken(lively, 4, spoil, "trade"), "2023-05: shares add up to more than 1 for makers in east: "
        )

    def test_compute_that_is_not_there(self, lively: Resolved):
        def spoil(market: Market, sales: Sales) -> Sales:
            load = sales.load.copy()
            load[firm(market, "eastcloud")] = 2.0 * market.state.bandwidth[firm(market, "eastcloud")]
            return replace(sales, load=load)

        self.raises(
            broken(lively, 6, spoil, "trade"), "2023-07: serving compute beyond stock for eastcloud: "
        )

    def test_money_from_nowhere(self, lively: Resolved):
        def spoil(market: Market, books: Books) -> Books:
            market.state.cash[firm(market, "modest")] += 1e4
            return books

        self.raises(
            broken(lively, 11, spoil, "settle"), "2023-12: cash change = flows does not hold for modest: "
        )

    @pytest.mark.parametrize(
        ("field", "message"),
        [
            (
                "revenue",
                "2023-04: customers' spending = revenue + self-hosting does not hold for the market: ",
            ),
            ("tokens", "2023-04: tokens bought = tokens sold + self-hosted does not hold for the market: "),
            ("royalties_paid", "2023-04: royalties paid = received does not hold for the market: "),
        ],
    )
    @pytest.mark.parametrize("factor", [1.001, np.nan])
    def test_books_that_do_not_balance(self, lively: Resolved, field, message, factor):
        def spoil(market: Market, books: Books) -> Books:
            return replace(
                books, **{field: getattr(books, field) * factor + (1.0 if factor == 1.001 else 0.0)}
            )

        self.raises(broken(lively, 3, spoil, "settle"), message)


class TestRequire:
    def test_equal_within_a_hundred_millionth_of_the_scale(self):
        ok = np.array([1e9, 5.0])
        require_equal("x", ["a", "b"], "2023-01", ok, ok + 5.0, scale=1e9)
        with pytest.raises(AccountError, match=r"^2023-01: x does not hold for b: "):
            require_equal("x", ["a", "b"], "2023-01", ok, np.array([1e9, 20.0]), scale=1e9)

    def test_at_most_the_stock(self):
        require_at_most("use", ["a", "b"], "2023-01", np.array([1.0, 0.0]), np.array([1.0, 0.0]))
        with pytest.raises(AccountError, match=r"^2023-01: use for b: "):
            require_at_most("use", ["a", "b"], "2023-01", np.array([1.0, 1e-6]), np.array([1.0, 0.0]))

    def test_what_is_no_number_is_an_error(self):
        with pytest.raises(AccountError, match="for a"):
            require_at_most("use", ["a"], "2023-01", np.array([np.nan]), np.array([1.0]))
