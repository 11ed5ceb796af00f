"""Indicators of the record, made up again from the tables below them and from the month's sales."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.economics import bass_step
from sim.economics.indicators import concentration, lag_months, ratio
from sim.market import Market
from sim.market.regions import members, sums
from sim.market.sales import Sales
from sim.record import MODES
from sim.scenario import Resolved

WEST, EAST, WORLD = range(3)
CLOSED, OPEN = 0, 1
API, HOSTED, SELF = range(3)


class Watched(Market):
    """Remembers what was sold."""

    def trade(self) -> Sales:
        sales = super().trade()
        self.sold = [*getattr(self, "sold", []), sales]
        return sales


@pytest.fixture(scope="module")
def market(lively: Resolved) -> Watched:
    forced = {"name": "x", "kind": "forced_release", "date": "2023-07", "source": "s", "lab": "modest"}
    values = {"events": [forced | {"model": "m", "mode": "open"}]}
    market = Watched(lively.with_values(values).scenario, seed=1)
    market.run()
    return market


def regions(market: Market):
    """Row of the tables and which customers' regions it adds up."""
    return [(WEST, [WEST]), (EAST, [EAST]), (WORLD, [WEST, EAST])]


def close(found, expected) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


class TestDemand:
    def test_shares_and_prices_are_those_of_use(self, market: Watched):
        m, usage = market.record.market, market.record.usage
        for t in range(2, 12):
            tokens, spending = usage["tokens"][t], usage["spending"][t]
            for row, where in regions(market):
                used, paid = tokens[where], spending[where]
                close(m["tokens"][t, row], used.sum())
                close(m["open_token_share"][t, row], used[:, :, OPEN].sum() / used.sum())
                close(m["open_spending_share"][t, row], paid[:, :, OPEN].sum() / paid.sum())
                close(m["price_open"][t, row], paid[:, :, OPEN].sum() / used[:, :, OPEN].sum())
                close(m["price_closed"][t, row], paid[:, :, CLOSED].sum() / used[:, :, CLOSED].sum())
                foreign = sum(tokens[r, ..., o, :].sum() for r in where for o in (WEST, EAST) if r != o)
                close(m["foreign_token_share"][t, row], foreign / used.sum())
            for row in (WEST, EAST):
                close(m["lab_token_share"][t, row], tokens[..., row, :].sum() / tokens.sum())
            assert m["lab_token_share"][t, WORLD] == 1.0

    def test_surplus_is_that_of_those_who_choose_now(self, market: Watched):
        c, m = market.setting.cohorts, market.record.market
        for t, sales in enumerate(market.sold):
            if sales.equilibrium is None:
                assert np.isnan(m["consumer_surplus"][t]).all()
                continue
            adopters = c.spending * c.growth ** market.setting.years[t]
            for row, where in regions(market):
                own = np.isin(c.region, where)
                share = m["adoption"][t, row]
                worth = adopters * sales.equilibrium.consumer_surplus
                # Adoption differs between cohorts: by each one's own.
                adopted = adoption(market, t)
                close(m["consumer_surplus"][t, row], (worth * adopted)[own].sum())
                close(share, (adopters * adopted)[own].sum() / adopters[own].sum())

    def test_concentration_is_that_of_spending_by_lab(self, market: Watched):
        for t, sales in enumerate(market.sold[2:], start=2):
            by_lab = {}
            for lab, spent in zip(sales.offers.lab, sales.spending.sum(axis=0), strict=True):
                by_lab[lab] = by_lab.get(lab, 0.0) + spent
            shares = np.array(list(by_lab.values())) / sum(by_lab.values())
            close(market.record.market["concentration"][t, WORLD], (shares**2).sum())


def adoption(market: Market, t: int) -> np.ndarray:
    """Adopters of each cohort in a month: customers of all its offers over potential ones, by the Bass curve."""
    c, f = market.setting.cohorts, market.setting.cohorts.adopted
    sold = getattr(market, "sold", [])
    for month in range(t + 1):
        if sold[month].equilibrium is not None:
            f = bass_step(f, c.innovation, c.imitation, 1 / 12)
    return f


class TestSupply:
    def test_frontiers_are_the_best_so_far(self, market: Watched):
        m = market.record.market
        names = {
            region: [r for r in market.record.models if r["region"] == region] for region in ("west", "east")
        }
        for t in range(12):
            for row, found in ((WEST, names["west"]), (EAST, names["east"]), (WORLD, market.record.models)):
                best = max((r["capability"] for r in found if r["month"] <= t), default=np.nan)
                np.testing.assert_allclose(m["capability"][t, row], best)
                opened = max(
                    (r["capability"] for r in found if r["month"] <= t and r["mode"] in MODES[2:]),
                    default=-np.inf,
                )
                if np.isfinite(opened):
                    assert m["capability_open"][t, row] >= opened

    def test_the_lag_is_to_the_world_s_frontier(self, market: Watched):
        m = market.record.market
        frontier = m["capability"][:, WORLD]
        for t in range(2, 12):
            for row in (WEST, EAST):
                level = m["capability"][t, row]
                reached = np.flatnonzero(frontier[: t + 1] >= level)
                if np.isfinite(level) and reached[0] > 1:
                    expected = 0 if level >= frontier[t] else t - reached[0]
                    assert m["lag"][t, row] == expected
        assert (m["lag"][2:, [WEST, EAST]].min(axis=1) == 0).all()

    def test_propensity_is_the_mean_probability_of_free_choices_of_a_year(self, market: Watched):
        m = market.record.market
        for t in range(12):
            for row, region in ((WEST, "west"), (EAST, "east"), (WORLD, None)):
                odds = [
                    r["open_probability"] + r["open_restricted_probability"]
                    for r in market.record.decisions
                    if not r["forced"] and t - 12 < r["month"] <= t and region in (None, r["region"])
                ]
                np.testing.assert_allclose(m["open_propensity"][t, row], np.mean(odds) if odds else np.nan)

    def test_labs_at_work_and_open_ones(self, market: Watched):
        m, labs = market.record.market, market.record.labs
        east = np.array([market.setting.lab_region[i] == EAST for i in range(len(market.setting.labs))])
        for t in range(12):
            active = labs["active"][t] > 0
            assert m["labs"][t].tolist() == [(active & ~east).sum(), (active & east).sum(), active.sum()]
            out = active & np.isfinite(labs["mode"][t])
            opened = out & (labs["mode"][t] >= 2)
            for row, which in ((WEST, ~east), (EAST, east), (WORLD, east | ~east)):
                expected = (opened & which).sum() / (out & which).sum() if (out & which).any() else np.nan
                np.testing.assert_allclose(m["open_labs"][t, row], expected)

    def test_margins_by_role(self, market: Watched):
        m = market.record.market
        lab_region, firm_region = market.setting.lab_region, market.setting.firm_region
        for t, sales in enumerate(market.sold[2:], start=2):
            spent, tokens = sales.spending.sum(axis=0), sales.tokens.sum(axis=0)
            gross = spent * (1 - sales.deal.royalty) - sales.deal.cost * tokens
            own = sales.deal.seller == sales.offers.lab
            for row, where in regions(market):
                made = own & np.isin(lab_region[sales.offers.lab], where)
                for name, which in (("open", sales.offers.open_), ("closed", ~sales.offers.open_)):
                    part = made & which
                    expected = gross[part].sum() / spent[part].sum() if spent[part].sum() > 1 else np.nan
                    np.testing.assert_allclose(m[f"margin_{name}"][t, row], expected, rtol=1e-9)
                hosted = (sales.deal.seller >= 0) & ~own
                hosted[hosted] = np.isin(firm_region[sales.deal.seller[hosted]], where)
                np.testing.assert_allclose(
                    m["margin_clouds"][t, row], gross[hosted].sum() / spent[hosted].sum(), rtol=1e-9
                )
                close(m["profit_clouds"][t, row], gross[hosted].sum())

    def test_compute_adds_up(self, market: Watched):
        m = market.record.market
        for name in ("compute", "compute_training", "compute_serving", "compute_smuggled", "chip_spending"):
            np.testing.assert_allclose(m[name][:, WORLD], m[name][:, [WEST, EAST]].sum(axis=1), rtol=1e-9)
        parts = m["compute_smuggled"] + m["compute_domestic"] + m["compute_offshore"]
        assert (parts <= m["compute"] * (1 + 1e-9)).all()
        labs, clouds = market.record.labs, market.record.clouds
        alone = [i for i, cloud in enumerate(market.scenario.clouds.values()) if cloud.owner is None]
        serving = labs["compute_serving"].sum(axis=1) + clouds["compute_serving"][:, alone].sum(axis=1)
        np.testing.assert_allclose(m["compute_serving"][:, WORLD], serving, rtol=1e-9)


class TestMeasures:
    @given(st.integers(1, 30), st.floats(0.1, 1e9))
    def test_equal_firms(self, n, size):
        assert concentration(np.full(n, size)) == pytest.approx(1 / n, rel=1e-12)

    def test_of_nothing(self):
        assert np.isnan(concentration(np.zeros(3)))
        assert np.isnan(ratio(0.0, 0.0))

    def test_lag(self):
        frontier = np.array([np.nan, 100.0, 100.0, 104.0, 108.0])
        assert lag_months(108.0, frontier) == 0.0
        assert lag_months(120.0, frontier) == 0.0
        assert lag_months(101.0, frontier) == 1.0
        assert lag_months(104.0, frontier) == 1.0
        assert lag_months(100.0, frontier) == 3.0
        assert np.isnan(lag_months(np.nan, frontier))
        assert np.isnan(lag_months(100.0, frontier[:1]))

    def test_lag_before_the_first_month_is_dated_back(self):
        """8.3 points a year: 4.15 points below the first frontier is half a year before it."""
        assert lag_months(100.0 - 4.15, np.array([100.0, 100.0, 104.0])) == pytest.approx(2 + 6)

    @given(st.lists(st.floats(90.0, 120.0), min_size=1, max_size=6), st.integers(1, 8))
    def test_lags_side_by_side_are_those_of_each(self, levels, months):
        frontiers = np.maximum.accumulate(
            np.random.default_rng(months).uniform(95, 115, (months, len(levels)))
        )
        frontiers[: months // 3] = np.nan
        found = lag_months(levels, frontiers)
        each = [lag_months(level, frontier) for level, frontier in zip(levels, frontiers.T, strict=True)]
        np.testing.assert_array_equal(found, each)

    def test_shares_of_too_little_are_missing(self):
        np.testing.assert_array_equal(
            ratio([1.0, 2.0, 3.0], [0.5, 4.0, 0.0], least=1.0), [np.nan, 0.5, np.nan]
        )


class TestSums:
    @given(st.lists(st.tuples(st.integers(0, 2), st.floats(-1e9, 1e9)), min_size=1, max_size=30), st.data())
    def test_by_region_and_over_the_world_and_who_has_nothing_changes_no_bit(self, entities, data):
        region, value = (np.array(column) for column in zip(*entities, strict=True))
        found = sums(region, np.array([value, 2.0 * value]), 3)
        expected = members(region, 3) @ value
        np.testing.assert_allclose(found, [expected, 2.0 * expected], atol=1e-12 * np.abs(value).sum())
        where = data.draw(st.lists(st.integers(0, len(value)), max_size=40))
        idle = sums(np.insert(region, where, 1), np.insert(value, where, 0.0)[None], 3)
        np.testing.assert_array_equal(idle[0], found[0])
