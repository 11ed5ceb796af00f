"""Capacity: complementary slackness, the conditions of the constrained problem, and a general optimiser."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from sim.economics import InputError, PriceProblem, choice_shares, solve_prices

seeds = st.integers(0, 100_000)


class Market:
    """A random market of three sellers with pools, and its profits written down plainly."""

    def __init__(self, seed, *, form=None, tightest=0.1):
        rng = np.random.default_rng(seed)
        self.offers = int(rng.integers(2, 8))
        segments = int(rng.integers(1, 4))
        self.quality = rng.normal(0, 1, (segments, self.offers))
        self.cost = np.exp(rng.normal(0, 0.5, self.offers))
        self.load = np.exp(rng.normal(0, 0.5, self.offers))
        self.owner = rng.integers(0, 3, self.offers)
        self.weights = rng.random(segments) + 0.2
        self.sensitivity = rng.uniform(1.5, 2.5, segments)
        self.form = form or str(rng.choice(["log", "linear"]))
        self.usage = float(rng.choice([0.0, 1.0]))
        self.nests = {
            "nests": (rng.integers(0, 2, self.offers), rng.integers(0, 3, self.offers)),
            "nesting": (0.4, 0.3),
        }
        self.free = self.solve()
        used = self.load * self.free.quantities
        self.capacity = {
            int(f): float(rng.uniform(tightest, 1.3) * used[self.owner == f].sum())
            for f in np.unique(self.owner)
        }

    def solve(self, **keywords):
        return solve_prices(
            self.quality,
            self.cost,
            price_sensitivity=self.sensitivity,
            price_form=self.form,
            usage_elasticity=self.usage,
            owner=self.owner,
            weights=self.weights,
            load=self.load,
            **self.nests,
            **keywords,
        )

    def limited(self, **keywords):
        return self.solve(pool=self.owner, capacity=self.capacity, **keywords)

    def quantities(self, prices):
        h = np.log(prices) if self.form == "log" else prices
        shares = choice_shares(self.quality - self.sensitivity[:, None] * h, **self.nests)
        return self.weights @ shares * prices**-self.usage

    def profit(self, prices, owner):
        return ((prices - self.cost) * self.quantities(prices))[self.owner == owner].sum()

    def used(self, prices, owner):
        return (self.load * self.quantities(prices))[self.owner == owner].sum()


def gradient(function, at):
    result = np.zeros_like(at)
    for j in range(len(at)):
        step = np.zeros_like(at)
        step[j] = 1e-3 * at[j]
        near, far = (function(at + n * step) - function(at - n * step) for n in (1, 2))
        result[j] = (8 * near - far) / (12 * step[j])
    return result


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_the_conditions_of_the_constrained_problem_hold(seed):
    """Marginal profit = shadow price * marginal use; shadow price or spare capacity is 0, none negative."""
    market = Market(seed)
    equilibrium = market.limited()
    prices = equilibrium.prices
    assert equilibrium.pools == tuple(sorted(market.capacity))
    for pool, shadow in zip(equilibrium.pools, equilibrium.shadow_prices, strict=True):
        capacity, used = market.capacity[pool], market.used(prices, pool)
        assert shadow >= 0
        assert used <= capacity * (1 + 1e-9)
        assert shadow == pytest.approx(0, abs=1e-9) or used == pytest.approx(capacity, rel=1e-9)
        profit = gradient(lambda p, f=pool: market.profit(p, f), prices)
        use = gradient(lambda p, f=pool: market.used(p, f), prices)
        own = market.owner == pool
        scale = market.quantities(prices)[own]
        assert (np.abs(profit - shadow * use)[own] <= 1e-6 * scale + 1e-11).all()


@pytest.mark.parametrize("seed", range(8))
def test_no_seller_finds_better_prices_within_its_capacity(seed):
    """A general optimiser (SLSQP) from other prices, the rivals' fixed."""
    market = Market(seed)
    prices = market.limited().prices
    rng = np.random.default_rng(seed)
    for f, capacity in market.capacity.items():
        own = market.owner == f

        def changed(log_price, own=own):
            other = prices.copy()
            other[own] = np.exp(log_price)
            return other

        now = market.profit(prices, f)
        best = minimize(
            lambda x, f=f, changed=changed, now=now: -market.profit(changed(x), f) / now,
            np.log(prices[own]) + rng.normal(0, 0.2, own.sum()),
            method="SLSQP",
            constraints={
                "type": "ineq",
                "fun": lambda x, f=f, changed=changed, k=capacity: 1 - market.used(changed(x), f) / k,
            },
            options={"ftol": 1e-13, "maxiter": 300},
        )
        assert -best.fun <= 1 + 1e-8
        # The optimum is flat: the optimiser itself stops a part in a thousand away, as the linear algebra has it.
        np.testing.assert_allclose(np.exp(best.x), prices[own], rtol=1e-2)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_ample_capacity_is_none(seed):
    market = Market(seed)
    ample = dict.fromkeys(market.capacity, 1e9)
    equilibrium = market.solve(pool=market.owner, capacity=ample)
    np.testing.assert_allclose(equilibrium.prices, market.free.prices, rtol=1e-8)
    assert (equilibrium.shadow_prices == 0).all()


@pytest.mark.parametrize("form", ["log", "linear"])
@pytest.mark.parametrize("part", [0.5, 1e-2, 1e-4, 1e-6])
def test_capacity_may_be_very_scarce(form, part):
    for seed in range(5):
        market = Market(seed, form=form)
        capacity = {f: part * market.used(market.free.prices, f) for f in market.capacity}
        equilibrium = market.solve(pool=market.owner, capacity=capacity)
        for f, limit in capacity.items():
            assert market.used(equilibrium.prices, f) == pytest.approx(limit, rel=1e-8)


def test_less_capacity_means_higher_prices_and_a_higher_shadow_price():
    market = Market(4)
    f = next(iter(market.capacity))
    used = market.used(market.free.prices, f)
    prices, shadows = [], []
    for part in (0.9, 0.6, 0.3):
        equilibrium = market.solve(pool=market.owner, capacity={f: part * used})
        prices.append(equilibrium.prices[market.owner == f])
        shadows.append(equilibrium.shadow_prices[equilibrium.pools.index(f)])
    assert (np.diff(prices, axis=0) > 0).all()
    assert (np.diff(shadows) > 0).all()


def test_the_profit_counts_real_costs_only():
    """The shadow price is no expense: it is earned by the owner of the capacity."""
    equilibrium = solve_prices([2.0], [1.0], price_sensitivity=1.5, capacity=[0.1])
    assert equilibrium.shadow_prices[0] > 0
    assert equilibrium.profits[0] == pytest.approx(0.1 * (equilibrium.prices[0] - 1.0), rel=1e-9)


def test_capacity_of_single_offers_is_a_pool_each():
    market = Market(11)
    used = market.load * market.free.quantities
    limits = 0.5 * used
    limits[0] = np.nan
    single = market.solve(capacity=limits)
    names = ["", *range(1, market.offers)]
    pools = market.solve(pool=names, capacity={j: limits[j] for j in range(1, market.offers)})
    np.testing.assert_allclose(single.prices, pools.prices, rtol=1e-9)
    assert single.shadow_prices.shape == (market.offers,)
    assert single.shadow_prices[0] == 0
    np.testing.assert_allclose(single.shadow_prices[1:], pools.shadow_prices, rtol=1e-7)


def test_an_array_of_capacities_is_in_the_sorted_order_of_labels():
    market = Market(12)
    by_name = market.limited()
    array = np.array([market.capacity[f] for f in sorted(market.capacity)])
    by_order = market.solve(pool=market.owner, capacity=array)
    np.testing.assert_array_equal(by_order.prices, by_name.prices)


def test_a_batch_of_capacities_is_a_loop():
    market = Market(13)
    array = np.array([market.capacity[f] for f in sorted(market.capacity)])
    parts = np.array([0.4, 1.0, 100.0])
    batch = market.solve(pool=market.owner, capacity=parts[:, None] * array)
    for part, prices, shadow in zip(parts, batch.prices, batch.shadow_prices, strict=True):
        one = market.solve(pool=market.owner, capacity=part * array)
        np.testing.assert_allclose(prices, one.prices, rtol=1e-12)
        np.testing.assert_allclose(shadow, one.shadow_prices, rtol=1e-9, atol=1e-12)


def test_a_warm_start_takes_shadow_prices_along():
    market = Market(14)
    first = market.limited()
    assert (first.shadow_prices > 0).any()
    assert market.limited(start=first).iterations == 1
    assert market.limited(start=first.prices).iterations > 1


def test_load_and_capacity_have_one_unit():
    market = Market(15)
    one = market.limited()
    market.load = market.load * 1000
    market.capacity = {f: 1000 * k for f, k in market.capacity.items()}
    two = market.limited()
    np.testing.assert_allclose(two.prices, one.prices, rtol=1e-9)
    np.testing.assert_allclose(1000 * two.shadow_prices, one.shadow_prices, rtol=1e-7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"capacity": [1.0, 0.0]}, "capacity: found 0 at index 1; allowed are numbers > 0"),
        ({"capacity": [1.0]}, None),
        (
            {"capacity": [1.0] * 3},
            "capacity: found shape (3,); allowed is a number or (..., offers), here (..., 2)",
        ),
        (
            {"capacity": [1.0, 1.0], "at_cost": [True, False]},
            "capacity: offer 0 is sold at cost; allowed are offers whose seller sets a price",
        ),
        ({"capacity": {"x": 1.0}}, "capacity: found pool 'x'; allowed are the labels in pool: none"),
        (
            {"capacity": {"x": 1.0}, "pool": ["y", ""]},
            "capacity: found pool 'x'; allowed are the labels in pool: 'y'",
        ),
        (
            {"capacity": [1.0, 1.0], "pool": ["y", ""]},
            "capacity: found shape (2,); allowed is a number or (..., pools), here (..., 1)",
        ),
        (
            {"capacity": [1.0], "pool": ["y", "y"]},
            "pool: 'y' holds offers of 0 and 1; allowed is one seller for each pool",
        ),
        (
            {"capacity": [1.0], "pool": ["y", ""], "at_cost": [True, False]},
            "pool: 'y': offer 0 is sold at cost; allowed are offers whose seller sets a price",
        ),
    ],
)
def test_messages(change, message):
    if message is None:
        both = solve_prices([1.0, 2.0], [1.0, 1.0], price_sensitivity=1.5, capacity=[0.1])
        np.testing.assert_allclose(both.quantities, 0.1)
        return
    with pytest.raises(InputError) as error:
        solve_prices([1.0, 2.0], [1.0, 1.0], price_sensitivity=1.5, **change)
    assert str(error.value) == message


def test_a_problem_built_without_limits_takes_none():
    problem = PriceProblem.build(2, price_sensitivity=1.5, limited=[True, False])
    with pytest.raises(InputError) as error:
        problem.solve([1.0, 2.0], [1.0, 1.0], capacity=[1.0, 0.1])
    assert str(error.value) == "capacity: found a limit for offer 1; allowed are offers built as limited"
