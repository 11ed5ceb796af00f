"""Equilibrium prices against numerical derivatives of profit, and what must not change them."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.economics import (
    PriceProblem,
    choice_shares,
    consumer_surplus,
    solve_prices,
)

seeds = st.integers(0, 100_000)


@dataclass
class Market:
    """A random market with everything that `solve_prices` knows, and its profits written down plainly."""

    quality: np.ndarray
    cost: np.ndarray
    keywords: dict
    revenue: np.ndarray  # (owners, offers) R
    own: np.ndarray  # (owners, offers) C

    @classmethod
    def draw(cls, seed, *, offers=None, segments=None, **fixed):
        rng = np.random.default_rng(seed)
        offers = offers or int(rng.integers(1, 9))
        segments = segments or int(rng.integers(1, 5))
        host = rng.integers(0, 4, offers)
        owner = rng.integers(0, 3, offers)
        levels = int(rng.integers(0, 3))
        quality = rng.normal(0, 1.5, (segments, offers))
        quality[rng.random(quality.shape) < 0.2] = -np.inf
        royalty_to = [None if f == 3 else int(f) for f in rng.integers(0, 4, offers)]
        complement_to = [None if f == 5 else int(f) for f in rng.integers(0, 6, offers)]
        royalty, complement = rng.uniform(0, 0.3, (2, offers))
        keywords = {
            "price_sensitivity": rng.uniform(1.3, 2.5, segments),
            "price_form": str(rng.choice(["log", "linear"])),
            "usage_elasticity": float(rng.choice([0.0, 0.5, 1.0])),
            "nests": [None, host % 2, (host % 2, host)][levels],
            "nesting": [0.0, 0.5, (0.4, 0.3)][levels],
            "owner": owner,
            "weights": rng.random(segments) + 0.1,
            "outside": rng.normal(size=segments),
            "royalty": royalty,
            "royalty_to": royalty_to,
            "complement": complement,
            "complement_to": complement_to,
            "at_cost": rng.random(offers) < 0.15,
            "stake": {1: rng.uniform(0, 0.1, offers)},
        } | fixed
        revenue, own = np.zeros((6, offers)), np.zeros((6, offers))
        for j, f in enumerate(owner):
            revenue[f, j] += 1 - royalty[j]
            own[f, j] = 1
            if royalty_to[j] is not None:
                revenue[royalty_to[j], j] += royalty[j]
            revenue[f if complement_to[j] is None else complement_to[j], j] += complement[j]
        for f, part in keywords["stake"].items():
            revenue[f] += part
        return cls(quality, np.exp(rng.normal(0, 0.5, offers)), keywords, revenue, own)

    def solve(self, **changes):
        return solve_prices(self.quality, self.cost, **(self.keywords | changes))

    def quantities(self, prices):
        k = self.keywords
        h = np.log(prices) if k["price_form"] == "log" else prices
        utility = self.quality - k["price_sensitivity"][:, None] * h
        shares = choice_shares(utility, nests=k["nests"], nesting=k["nesting"], outside=k["outside"])
        return k["weights"] @ shares * prices ** -k["usage_elasticity"]

    def profits(self, prices):
        return (self.revenue * prices - self.own * self.cost) @ self.quantities(prices)


def slope(function, at, j):
    """Derivative in element j, fourth order."""
    step = np.zeros_like(at)
    step[j] = 1e-3 * abs(at[j])
    near = function(at + step) - function(at - step)
    far = function(at + 2 * step) - function(at - 2 * step)
    return (8 * near - far) / (12 * step[j])


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_no_owner_gains_by_a_small_change_of_a_price(seed):
    """With royalties, complements, stakes, offers at cost, nests, segments, both price forms and usage."""
    market = Market.draw(seed)
    equilibrium = market.solve()
    prices, quantities = equilibrium.prices, market.quantities(equilibrium.prices)
    np.testing.assert_allclose(equilibrium.quantities, quantities, rtol=1e-12)
    for f, profit in zip(equilibrium.owners, equilibrium.profits, strict=True):
        np.testing.assert_allclose(profit, market.profits(prices)[f], rtol=1e-12, atol=1e-12)
    for j, f in enumerate(market.keywords["owner"]):
        if market.keywords["at_cost"][j]:
            assert prices[j] == market.cost[j]
        elif quantities[j] > 1e-9:
            gain = slope(lambda p, f=f: market.profits(p)[f], prices, j)
            assert abs(gain) <= 1e-7 * quantities[j] + 1e-12
            assert not equilibrium.at_ceiling[j]


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_no_owner_gains_by_a_large_change_of_its_prices(seed):
    """One segment: the first-order conditions are sufficient."""
    market = Market.draw(seed, segments=1)
    prices = market.solve().prices
    now = market.profits(prices)
    rng = np.random.default_rng(seed)
    owner, free = market.keywords["owner"], ~market.keywords["at_cost"]
    for f in range(3):
        mine = (owner == f) & free
        for _ in range(20):
            other = prices * np.where(
                mine, np.exp(rng.normal(0, rng.choice([0.02, 0.3, 1.0]), len(prices))), 1.0
            )
            assert market.profits(other)[f] <= now[f] + 1e-12 * max(1.0, abs(now[f]))


def test_consumer_surplus_is_that_of_the_demand_functions():
    market = Market.draw(6)
    k = market.keywords
    equilibrium = market.solve()
    h = np.log(equilibrium.prices) if k["price_form"] == "log" else equilibrium.prices
    utility = market.quality - k["price_sensitivity"][:, None] * h
    demand = {"nests": k["nests"], "nesting": k["nesting"], "outside": k["outside"]}
    surplus = consumer_surplus(utility, k["price_sensitivity"], **demand)
    np.testing.assert_allclose(equilibrium.consumer_surplus, surplus, rtol=1e-13)
    np.testing.assert_allclose(equilibrium.shares, choice_shares(utility, **demand), rtol=1e-13)
    np.testing.assert_allclose(equilibrium.outside_share + equilibrium.shares.sum(axis=-1), 1.0)


def assert_same(one, two, order=slice(None)):
    np.testing.assert_allclose(two.prices, one.prices[..., order], rtol=1e-8)
    np.testing.assert_allclose(two.quantities, one.quantities[..., order], rtol=1e-7, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_order_of_offers_does_not_matter(seed):
    market = Market.draw(seed, stake={})
    order = np.random.default_rng(seed).permutation(len(market.cost))
    moved = {
        name: [value[j] for j in order]
        for name, value in market.keywords.items()
        if name in ("owner", "royalty", "royalty_to", "complement", "complement_to", "at_cost")
    }
    nests = market.keywords["nests"]
    if isinstance(nests, tuple):
        moved["nests"] = tuple(labels[order] for labels in nests)
    elif nests is not None:
        moved["nests"] = nests[order]
    again = solve_prices(market.quality[:, order], market.cost[order], **(market.keywords | moved))
    assert_same(market.solve(), again, order)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_names_of_owners_do_not_matter(seed):
    market = Market.draw(seed)
    names = ["Zeta", "Alpha", "Mu", "x", "y", "z"]
    renamed = {
        name: [None if f is None else names[f] for f in market.keywords[name]]
        for name in ("owner", "royalty_to", "complement_to")
    }
    one = market.solve()
    two = market.solve(**renamed, stake={"Alpha": market.keywords["stake"][1]})
    np.testing.assert_allclose(two.prices, one.prices, rtol=1e-13)
    for f in one.owners:
        np.testing.assert_allclose(two.profit(names[f]), one.profit(f), rtol=1e-12, atol=1e-14)


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(-8, 8))
def test_the_currency_does_not_matter(seed, power):
    market, rate = Market.draw(seed), float(np.exp(power))
    k = market.keywords
    scaled = {"weights": k["weights"] * rate ** (k["usage_elasticity"])}
    if k["price_form"] == "linear":
        scaled["price_sensitivity"] = k["price_sensitivity"] / rate
        quality = market.quality
    else:
        quality = market.quality + k["price_sensitivity"][:, None] * np.log(rate)
    one, two = market.solve(), solve_prices(quality, market.cost * rate, **(k | scaled))
    np.testing.assert_allclose(two.prices, rate * one.prices, rtol=1e-8)
    np.testing.assert_allclose(two.quantities, one.quantities, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(two.profits, rate * one.profits, rtol=1e-6, atol=1e-9 * rate)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_a_segment_split_in_two_is_the_same_market(seed):
    market = Market.draw(seed)
    k = market.keywords
    twice = np.r_[0, np.arange(len(market.quality))]
    weights = k["weights"][twice].copy()
    weights[:2] *= [0.3, 0.7]
    halves = {
        "weights": weights,
        "outside": k["outside"][twice],
        "price_sensitivity": k["price_sensitivity"][twice],
    }
    assert_same(market.solve(), solve_prices(market.quality[twice], market.cost, **(k | halves)))


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_an_unavailable_offer_changes_nothing(seed):
    """Whoever owns it and whatever its nest; and it has a price."""
    market = Market.draw(seed, stake={}, royalty=None, royalty_to=None, complement=None, complement_to=None)
    k = market.keywords
    nests = k["nests"]
    if isinstance(nests, tuple):
        nests = tuple(np.r_[labels, new] for labels, new in zip(nests, (0, seed % 5), strict=True))
    elif nests is not None:
        nests = np.r_[nests, seed % 3]
    wider = {"nests": nests, "owner": np.r_[k["owner"], seed % 4], "at_cost": np.r_[k["at_cost"], False]}
    quality = np.c_[market.quality, np.full(len(market.quality), -np.inf)]
    more = solve_prices(quality, np.r_[market.cost, 0.7], **(k | wider))
    one = market.solve()
    sold = one.quantities > 0
    np.testing.assert_allclose(more.prices[:-1][sold], one.prices[sold], rtol=1e-8)
    np.testing.assert_allclose(more.quantities[:-1], one.quantities, rtol=1e-7, atol=1e-12)
    assert (more.shares[:, -1] == 0).all()
    assert more.quantities[-1] == 0
    assert 0.7 < more.prices[-1] < np.inf


@pytest.mark.parametrize("form", ["log", "linear"])
@pytest.mark.parametrize("nests", [None, list("aab"), list("abc"), list("abb")])
def test_the_price_of_an_unavailable_offer_is_the_limit_of_vanishing_quality(form, nests):
    """Also far below the smallest float: the market of the last offer shrinks, its margin does not."""
    keywords = {
        "price_sensitivity": 1.8,
        "price_form": form,
        "nests": nests,
        "nesting": 0.5 if nests else 0.0,
    }
    keywords |= {"owner": ["x", "y", "x"]}
    prices = [
        solve_prices([1.0, 0.5, low], [1.0, 0.8, 0.9], **keywords, tolerance=1e-13).prices
        for low in (-25.0, -200.0, -700.0, -3000.0, -np.inf)
    ]
    for other in prices[1:]:
        np.testing.assert_allclose(other, prices[0], rtol=1e-9)


def test_limits_with_segments_keep_the_mix_of_buyers():
    """Shares that underflow in every segment still weigh the segments as they did before."""
    keywords = {
        "price_sensitivity": [1.2, 2.0],
        "usage_elasticity": 1.0,
        "weights": [3.0, 1.0],
        "tolerance": 1e-13,
    }
    base = np.array([[1.0, 0.0], [0.5, 1.0]])
    high = solve_prices(base - [0.0, 30.0], [1.0, 1.0], **keywords)
    low = solve_prices(base - [0.0, 900.0], [1.0, 1.0], **keywords)
    assert low.quantities[1] == 0
    np.testing.assert_allclose(low.prices, high.prices, rtol=1e-11)


def test_without_customers_prices_are_those_for_the_first_ones():
    keywords = {"price_sensitivity": 1.5, "usage_elasticity": 1.0}
    none = solve_prices([1.0, 0.5], [1.0, 0.8], weights=[0.0], **keywords)
    some = solve_prices([1.0, 0.5], [1.0, 0.8], weights=[1e-30], **keywords)
    np.testing.assert_allclose(none.prices, some.prices, rtol=1e-13)
    assert (none.quantities == 0).all()
    assert (none.profits == 0).all()


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_batch_is_a_loop(seed):
    rng = np.random.default_rng(seed)
    market = Market.draw(seed, offers=6, segments=3)
    shape = (2, 3)
    quality = market.quality + rng.normal(0, 0.5, (*shape, 1, 6))
    cost = market.cost * np.exp(rng.normal(0, 0.3, (3, 6)))
    weights = rng.random((2, 1, 3)) + 0.1
    royalty = rng.uniform(0, 0.3, (3, 6))
    start = cost * 2
    k = market.keywords | {"royalty": royalty, "weights": weights, "start": start}
    batch = solve_prices(quality, cost, **k)
    assert batch.prices.shape == (2, 3, 6)
    assert batch.shares.shape == (2, 3, 3, 6)
    assert batch.residual.shape == shape
    for a in range(2):
        for b in range(3):
            one_of = {"royalty": royalty[b], "weights": weights[a, 0], "start": start[b]}
            one = solve_prices(quality[a, b], cost[b], **(k | one_of))
            np.testing.assert_allclose(batch.prices[a, b], one.prices, rtol=1e-12)
            np.testing.assert_allclose(batch.profits[a, b], one.profits, rtol=1e-11, atol=1e-13)
            assert batch.iterations[a, b] == one.iterations


def test_a_hard_market_does_not_touch_its_neighbours():
    easy, hard = Market.draw(1, offers=5, segments=2), Market.draw(1, offers=5, segments=2)
    hard.quality = hard.quality * 8 + 500
    alone = easy.solve()
    both = solve_prices(np.stack([easy.quality, hard.quality]), easy.cost, **easy.keywords)
    np.testing.assert_allclose(both.prices[0], alone.prices, rtol=1e-12)


def test_a_warm_start_takes_fewer_iterations_to_the_same_prices():
    market = Market.draw(3, offers=8, segments=4)
    cold = market.solve()
    warm = market.solve(start=cold)
    near = market.solve(start=cold.prices * 1.001)
    assert warm.iterations == 1
    assert near.iterations < cold.iterations
    np.testing.assert_allclose(near.prices, cold.prices, rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(seeds, st.sampled_from([1e-6, 0.1, 100.0, 1e6]))
def test_the_start_matters_little(seed, factor):
    """With one segment the equilibrium is the same from far below costs and far above them."""
    market = Market.draw(seed, segments=1)
    far = market.solve(start=factor * market.cost)
    np.testing.assert_allclose(far.prices, market.solve().prices, rtol=1e-7)


def test_prices_of_a_small_seller_do_not_drift_with_costs():
    """Log price with usage elasticity is scale-free: costs a hundredth, prices a hundredth."""
    keywords = {"price_sensitivity": 1.5, "usage_elasticity": 1.0}
    now = solve_prices([1.0, 0.5], [1.0, 0.8], **keywords)
    later = solve_prices(np.array([1.0, 0.5]) + 1.5 * np.log(0.01), [0.01, 0.008], **keywords)
    np.testing.assert_allclose(later.prices / now.prices, 0.01, rtol=1e-9)


def test_an_offer_that_its_owner_would_rather_end_comes_out_at_the_ceiling():
    """A cloud keeps half of what customers spend on a hosted model and all of what they spend on its own."""
    keywords = {"price_sensitivity": 2.0, "usage_elasticity": 1.0, "owner": ["cloud", "cloud", "rival"]}
    keywords["royalty"] = [0.0, 0.7, 0.0]
    both = solve_prices([3.0, 1.0, 0.0], [1.0, 1.0, 1.0], **keywords)
    assert both.at_ceiling.tolist() == [False, True, False]
    assert both.converged
    assert both.quantities[1] < 1e-12 * both.quantities[0]
    assert "1 price at the ceiling" in repr(both)
    without = solve_prices([3.0, -np.inf, 0.0], [1.0, 1.0, 1.0], **keywords)
    np.testing.assert_allclose(both.prices[[0, 2]], without.prices[[0, 2]], rtol=1e-6)
    assert without.profit("cloud") > solve_prices(
        [3.0, 1.0, 0.0], [1.0, 1.0, 1.0], **keywords, at_cost=[False, True, False]
    ).profit("cloud")


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_an_offer_comes_out_at_the_ceiling_with_linear_prices_too(engine):
    """A random game in which the second owner earns more on customers who leave its dear offer for its cheap one."""
    market = Market.draw(31357)
    equilibrium = market.solve(engine=engine)
    assert equilibrium.at_ceiling.sum() == 1
    for j in range(len(market.cost)):
        if not equilibrium.at_ceiling[j]:
            own = market.keywords["owner"][j]
            gain = slope(lambda p, f=own: market.profits(p)[f], equilibrium.prices, j)
            assert abs(gain) <= 1e-7 * equilibrium.quantities[j] + 1e-12
    ended = np.where(equilibrium.at_ceiling, -np.inf, 0.0)
    without = solve_prices(market.quality + ended, market.cost, **market.keywords)
    sold = ~equilibrium.at_ceiling
    np.testing.assert_allclose(equilibrium.prices[sold], without.prices[sold], rtol=1e-7)


def test_one_problem_solves_many_months():
    market = Market.draw(9, stake={})
    k = dict(market.keywords)
    names = ("weights", "outside", "royalty", "complement")
    changing = {name: k.pop(name) for name in names}
    k.pop("stake")
    problem = PriceProblem.build(len(market.cost), **k, stakes=[(7, 0), (7, 0)])
    for month in range(3):
        numbers = changing | {"weights": changing["weights"] * (1 + month)}
        part = 0.05 * month * np.eye(len(market.cost))[0]
        one = problem.solve(market.quality, market.cost, **numbers, stake=[0.04 * month, 0.01 * month])
        two = solve_prices(market.quality, market.cost, **k, **numbers, stake={7: part})
        np.testing.assert_allclose(one.prices, two.prices, rtol=1e-13)
        np.testing.assert_allclose(one.profit(7), two.profit(7), rtol=1e-12)


def test_the_summary_says_what_a_reader_asks_first():
    equilibrium = solve_prices([8, 8], [1, 1], price_sensitivity=4, price_form="linear")
    assert repr(equilibrium).startswith(
        "Equilibrium(2 offers, 2 owners, 1 segment: prices 1.473 to 1.473, outside share 0.057; converged in "
    )
    batch = solve_prices([[8, 8]], [[1, 1], [2, 2]], price_sensitivity=4, price_form="linear")
    assert repr(batch).startswith("Equilibrium(2 markets of 2 offers, 2 owners, 1 segment: prices ")
    with pytest.raises(KeyError, match="owner: found 'x'; allowed are 0, 1"):
        equilibrium.profit("x")
