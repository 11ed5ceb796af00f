"""What firms buy: the cheapest first, within limits and quotas, scarce chips shared by money."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sim.technology.chips import (
    DOMESTIC,
    LEGAL,
    OFFSHORE,
    SMUGGLED,
    Offers,
    Shares,
    Shelf,
    by_firm,
    chip_price,
    purchase,
    supply_limit,
)

amounts = st.floats(0.1, 1000.0)


def on_offer(price, flops, limit, **more):
    """Chips of one month; bandwidth equals training speed, one TFLOP/s raw for each usable, no quotas."""
    n = len(price)
    arrays = {
        "price": price,
        "flops": flops,
        "raw_flops": flops,
        "bandwidth": flops,
        "limit": limit,
        "quota": [-1] * n,
        "channel": [LEGAL] * n,
        "quota_volume": [],
        "quota_share": [],
    } | more
    whole, monthly = ("quota", "channel"), ("price", "limit", "quota_volume")
    rows = {name: np.array(row, dtype=np.int64 if name in whole else float) for name, row in arrays.items()}
    return Offers(**{name: row[None] if name in monthly else row for name, row in rows.items()})


def visit(budget, offers: Offers, order: str = "to_train") -> tuple[Shares, Shelf, list[float], list[float]]:
    """What each firm gets, the shelf, and what is left on it."""
    shelf, money = offers.on(0), np.array(budget, dtype=float)
    got = purchase(float(money.sum()), shelf, getattr(shelf, order), shelf.left)
    return by_firm([got], np.zeros(len(money), dtype=np.int64), money), shelf, *got.left


def buy(budget, offers: Offers) -> Shares:
    return visit(budget, offers)[0]


@st.composite
def shelves(draw, *, volumes: bool = True) -> Offers:
    n = draw(st.integers(1, 6))
    quotas = draw(st.integers(0, 3))

    def row(values, size=n):
        return draw(st.lists(values, min_size=size, max_size=size))

    volume = st.one_of(st.just(np.inf), st.just(0.0), amounts) if volumes else st.just(np.inf)
    return on_offer(
        row(amounts),
        row(amounts),
        row(st.one_of(st.just(np.inf), st.just(0.0), amounts)),
        raw_flops=row(amounts),
        bandwidth=row(amounts),
        quota=row(st.integers(-1, quotas - 1)),
        channel=row(st.integers(0, 3)),
        quota_volume=row(volume, quotas),
        quota_share=row(st.one_of(st.just(0.0), st.just(1.0), st.floats(0.01, 1.0)), quotas),
    )


def same(found, expected, offers: Offers, money) -> None:
    """Equal up to rounding of the money that is left, in what it would buy at the most."""
    speeds = [offers.flops, offers.raw_flops, offers.bandwidth, offers.price[0]]
    rounding = 1e-13 * float(np.sum(money)) * max(float((speed / offers.price[0]).max()) for speed in speeds)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=rounding)


budgets = st.lists(st.one_of(st.just(0.0), st.floats(1.0, 1e6)), min_size=1, max_size=5)


def chips_sold(offers: Offers, budget) -> np.ndarray:
    """Chips by offer, seen from outside: each offer alone in a channel of its own, its speed in raw FLOP/s.

    The unlimited offers leave no trace in `left`, so the raw speed by channel tells them.
    """
    sold = np.zeros(len(offers.flops))
    for k in range(len(sold)):
        marked = replace(offers, channel=np.where(np.arange(len(sold)) == k, SMUGGLED, LEGAL))
        sold[k] = buy(budget, marked).raw_flops[:, SMUGGLED].sum() / offers.raw_flops[k]
    return sold


class TestConservation:
    @settings(deadline=None)
    @given(shelves(), budgets)
    def test_money_limits_and_quotas(self, offers, budget):
        got = buy(budget, offers)
        sold = chips_sold(offers, budget)
        money = float(np.sum(budget))
        assert (got.spent >= 0).all()
        assert (got.spent <= np.array(budget) * (1 + 1e-12)).all()
        same(got.spent.sum(), sold @ offers.price[0], offers, money)
        same(got.flops.sum(), sold @ offers.flops, offers, money)
        same(got.bandwidth.sum(), sold @ offers.bandwidth, offers, money)
        same(got.raw_flops.sum(), sold @ offers.raw_flops, offers, money)
        assert (sold <= offers.limit[0] * (1 + 1e-9)).all()
        for quota in range(len(offers.quota_share)):
            under = offers.quota == quota
            assert sold[under] @ offers.raw_flops[under] <= offers.quota_volume[0, quota] * (1 + 1e-9)
            assert sold[under] @ offers.price[0, under] <= offers.quota_share[quota] * money * (1 + 1e-9)

    @settings(deadline=None)
    @given(shelves(), budgets)
    def test_what_is_left_is_what_was_not_sold(self, offers, budget):
        _, _, limit, volume = visit(budget, offers)
        sold = chips_sold(offers, budget)
        scarce = np.isfinite(offers.limit[0])
        np.testing.assert_allclose(
            np.array(limit)[scarce],
            (offers.limit[0] - sold)[scarce],
            rtol=1e-9,
            atol=1e-9 * (1 + sold.max()),
        )
        for quota in np.flatnonzero(np.isfinite(offers.quota_volume[0])):
            under = offers.quota == quota
            taken = sold[under] @ offers.raw_flops[under]
            expected = offers.quota_volume[0, quota] - taken
            np.testing.assert_allclose(volume[quota], expected, atol=1e-9 * (1 + taken))

    @settings(deadline=None)
    @given(shelves(), budgets)
    def test_arguments_are_left_alone(self, offers, budget):
        before = {name: getattr(offers, name).copy() for name in ("price", "limit", "quota_volume")}
        left = deepcopy(offers.on(0).left)
        buy(budget, offers)
        assert all(np.array_equal(getattr(offers, name), array) for name, array in before.items())
        assert offers.on(0).left == left


class TestOrder:
    @settings(deadline=None)
    @given(shelves(), st.floats(1.0, 1e6))
    def test_nothing_dearer_is_bought_while_something_cheaper_is_to_be_had(self, offers, money):
        sold = chips_sold(offers, [money])
        price = offers.price[0]
        rate = price / offers.flops
        spent = sold * price
        for k in np.flatnonzero(spent > 1e-6 * money):
            for j in np.flatnonzero(rate < rate[k] * (1 - 1e-12)):
                quota = offers.quota[j]
                room = [offers.limit[0, j] - sold[j]]
                if quota >= 0:
                    under = offers.quota == quota
                    volume = offers.quota_volume[0, quota] - sold[under] @ offers.raw_flops[under]
                    cash = offers.quota_share[quota] * money - spent[under].sum()
                    room += [volume / offers.raw_flops[j], cash / price[j]]
                assert min(room) * price[j] <= 1e-6 * money

    @settings(deadline=None)
    @given(shelves(volumes=False), st.floats(1.0, 1e6))
    def test_no_other_basket_is_faster(self, offers, money):
        """Where quotas limit money only, the order of price is optimal: against a linear program."""
        got = buy([money], offers)
        price = offers.price[0]
        rows, most = [price / money], [1.0]
        for quota, share in enumerate(offers.quota_share):
            rows.append(np.where(offers.quota == quota, price, 0.0) / money)
            most.append(share)
        best = linprog(
            -offers.flops,
            A_ub=np.array(rows),
            b_ub=most,
            bounds=[(0.0, None if np.isinf(x) else x) for x in offers.limit[0]],
            method="highs",
        )
        assert best.success
        np.testing.assert_allclose(got.flops.sum(), -best.fun, rtol=1e-6, atol=1e-6)

    def test_the_use_decides_what_is_cheap(self):
        offers = on_offer([10.0, 10.0], [3.0, 2.0], [np.inf, np.inf], bandwidth=[1.0, 4.0])
        train, serve = visit([100.0], offers)[0], visit([100.0], offers, "to_serve")[0]
        assert train.flops == pytest.approx([30.0], rel=1e-15)
        assert serve.bandwidth == pytest.approx([40.0], rel=1e-15)

    def test_the_next_offer_follows_where_supply_ends(self):
        """4 chips at 10, then 2 at 12 with the 24 that are left of 64."""
        got = buy([64.0], on_offer([10.0, 12.0], [2.0, 2.0], [4.0, np.inf], channel=[DOMESTIC, OFFSHORE]))
        assert got.flops == pytest.approx([12.0], rel=1e-15)
        np.testing.assert_allclose(got.raw_flops, [[0.0, 8.0, 0.0, 4.0]], rtol=1e-15)

    def test_money_is_left_where_chips_end(self):
        got, _, limit, _ = visit([100.0], on_offer([10.0], [2.0], [4.0]))
        assert got.spent == pytest.approx([40.0], rel=1e-15)
        assert limit == [0.0]


class TestFirms:
    @settings(deadline=None)
    @given(shelves(), budgets)
    def test_a_group_buys_as_one_firm_would_and_shares_by_money(self, offers, budget):
        money = np.array(budget)
        assume(money.sum() > 0)
        got, one = buy(budget, offers), buy([money.sum()], offers)
        part = money / money.sum()
        for name in ("flops", "bandwidth", "spent"):
            same(getattr(got, name), part * getattr(one, name), offers, money)
        same(got.raw_flops, part[:, None] * one.raw_flops, offers, money)

    @given(shelves(), budgets, st.integers(0, 5))
    def test_a_firm_without_money_changes_nothing(self, offers, budget, where):
        where = min(where, len(budget))
        more = [*budget[:where], 0.0, *budget[where:]]
        got, other = buy(budget, offers), buy(more, offers)
        assert other.flops[where] == 0.0
        assert np.array_equal(np.delete(other.flops, where), got.flops)
        assert np.array_equal(np.delete(other.spent, where), got.spent)

    @given(shelves(), budgets, st.floats(0.01, 100.0))
    def test_the_currency_does_not_matter(self, offers, budget, rate):
        got = buy(budget, offers)
        other = buy(np.array(budget) * rate, replace(offers, price=offers.price * rate))
        same(other.flops, got.flops, offers, np.array(budget))
        same(other.spent / rate, got.spent, offers, np.array(budget))


class TestP12:
    @settings(deadline=None)
    @given(shelves(), budgets, st.data())
    def test_what_nobody_buys_may_go(self, offers, budget, data):
        unsold = np.flatnonzero(chips_sold(offers, budget) == 0.0)
        assume(len(unsold))
        gone = data.draw(st.sets(st.sampled_from(unsold.tolist()), min_size=1))
        barred = replace(
            offers, limit=np.where(np.isin(np.arange(len(offers.flops)), list(gone)), 0, offers.limit)
        )
        got, other = buy(budget, offers), buy(budget, barred)
        for name in ("flops", "bandwidth", "raw_flops", "spent"):
            assert np.array_equal(getattr(got, name), getattr(other, name))


class TestBest:
    @settings(deadline=None)
    @given(shelves())
    def test_a_little_money_pays_the_best_price(self, offers):
        """Of what is neither smuggled nor rented."""
        best = offers.on(0).flop_price
        offers = replace(offers, limit=np.where(offers.channel <= DOMESTIC, offers.limit, 0.0))
        got = buy([1e-9], offers)
        if np.isinf(best):
            assert got.spent[0] == 0.0
        else:
            paid = got.spent[0] / got.flops[0]
            # A quota lets only a part of a budget in, so that the last cents may pay more.
            assert paid >= best * (1 - 1e-9)
            if (offers.quota_share[offers.quota[offers.quota >= 0]] == 1.0).all():
                assert paid == pytest.approx(best, rel=1e-9)


class TestPaths:
    def test_prices_fall_by_the_decline_each_year(self):
        found = chip_price(
            np.array([100.0, 100.0, 100.0]), np.array([0.12] * 3), np.array([-5.0, 12.0, 24.0])
        )
        np.testing.assert_allclose(found, [100.0, 88.0, 77.44])

    def test_supply_grows_from_the_first_year(self):
        limits = [
            supply_limit(np.array([12.0]), np.array([3.0]), np.array([age]))[0] for age in (-4, 0, 12, 24)
        ]
        np.testing.assert_allclose(limits, [1.0, 1.0, 3.0, 9.0])

    def test_no_limit_stays_none(self):
        assert supply_limit(np.array([np.inf]), np.array([0.5]), np.array([30.0]))[0] == np.inf
