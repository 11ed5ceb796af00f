"""Searches that start where those of other markets of the batch ended."""

import numpy as np
import pytest

from sim.economics import InputError, PriceProblem
from sim.economics.start import following

MARKETS, SEGMENTS, OFFERS = 6, 5, 9
AFTER = np.array([[-1, -1], [0, -1], [0, -1], [2, 1], [-1, 0], [4, 3]])


def problem():
    """A game of three sellers with limited capacity and two levels of nests."""
    owner = np.arange(OFFERS) % 3
    return PriceProblem.build(
        OFFERS,
        price_sensitivity=np.linspace(2.0, 3.5, SEGMENTS),
        nests=(np.arange(OFFERS) % 2, np.arange(OFFERS) // 3),
        nesting=(0.3, 0.2),
        owner=owner,
        usage_elasticity=0.6,
        pool=owner,
    )


def numbers(seed=0, wide=0.1):
    """Markets that differ in two directions, as horizons and modes do; in the last some offers are absent."""
    rng = np.random.default_rng(seed)
    quality = rng.normal(1.0, 1.0, (SEGMENTS, OFFERS)) + wide * rng.normal(size=(MARKETS, SEGMENTS, OFFERS))
    quality[-1, :, 2] = quality[0, :2, 3] = -np.inf
    cost = rng.uniform(0.5, 2.0, OFFERS)
    return {
        "quality": quality,
        "cost": cost,
        "weights": rng.uniform(0.5, 2.0, SEGMENTS) * (1.0 + wide * rng.random((MARKETS, SEGMENTS))),
        "capacity": rng.uniform(0.2, 3.0, 3) * (1.0 + wide * rng.random((MARKETS, 3))),
        "start": 2.0 * cost,
        "absent": "leave",
    }


@pytest.mark.parametrize("seed", range(6))
def test_engines_agree_and_the_equilibria_are_those_of_other_starts(seed):
    game, given = problem(), numbers(seed)
    alone = game.solve(**given, tolerance=1e-12)
    plain, fast = (game.solve(**given, after=AFTER, tolerance=1e-12, engine=e) for e in ("numpy", "numba"))
    there = np.isfinite(given["quality"]).any(axis=1)
    assert (alone.shadow_prices > 0).any()
    for found in (plain, fast):
        np.testing.assert_allclose(found.prices[there], alone.prices[there], rtol=1e-9)
        np.testing.assert_allclose(found.shares, alone.shares, atol=1e-10)
        np.testing.assert_allclose(found.shadow_prices, alone.shadow_prices, atol=1e-9)
    loose = [game.solve(**given, after=AFTER, tolerance=1e-5, engine=e) for e in ("numpy", "numba")]
    np.testing.assert_array_equal(loose[0].iterations, loose[1].iterations)
    np.testing.assert_allclose(loose[0].prices, loose[1].prices, rtol=1e-10)


def test_near_markets_take_fewer_evaluations():
    game, given = problem(), numbers(wide=0.003)
    cold, warm = game.solve(**given), game.solve(**given, after=AFTER)
    assert warm.iterations[0] == cold.iterations[0]
    assert (warm.iterations[1:] < cold.iterations[1:]).all()


def test_the_way_of_another_market_is_gone_in_logarithms():
    """Two changes that multiply prices, each alone in one market and both in the last: the guess is exact."""
    base = np.array([[1.0, 1.0], [1.0, 1.0], [1.2, 3.0], [9.0, 9.0]])
    found = np.array([[1.2, 3.0], [1.5, 0.5], [1.2 * 1.5, 1.5], [0.0, 0.0]])
    after = np.array([[-1, -1], [-1, -1], [0, 1], [2, 1]])
    for positive, end in ((True, [1.8, 1.5]), (False, [1.2 + 0.5, 3.0 - 0.5])):
        own, first = following(2, base, found, after, positive=positive)
        np.testing.assert_array_equal(own, [1.2, 3.0])
        np.testing.assert_allclose(first, end)
    own, first = following(0, base, found, after, positive=True)
    np.testing.assert_array_equal(own, first)
    np.testing.assert_array_equal(first, base[0])


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_shadow_prices_to_start_from(engine):
    game, given = problem(), numbers()
    first = game.solve(**given, engine=engine)
    again = game.solve(**given | {"start": first}, engine=engine)
    table = game.solve(**given | {"start": first.prices, "shadow": first.shadow_prices}, engine=engine)
    without = game.solve(**given | {"start": first.prices}, engine=engine)
    np.testing.assert_array_equal(table.prices, again.prices)
    np.testing.assert_array_equal(table.iterations, 1)
    assert (without.iterations > 1).any()


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"after": AFTER[:2]}, r"after: found shape \(2, 2\) of int64; allowed are integers \(markets, 2\), here"),
        ({"after": AFTER + 0.5}, r"after: found shape \(6, 2\) of float64; allowed are integers"),
        ({"after": AFTER, "start": None}, "after: found without start; allowed is after with start prices"),
        (
            {"after": np.where(AFTER == 2, 3, AFTER)},
            "after: found 3 for market 3; allowed are earlier markets of the batch, and -1",
        ),
        ({"after": AFTER - 1}, "after: found -2 for market 0; allowed are earlier markets of the batch, and -1"),
        ({"shadow": [0.0, -1.0, 0.0]}, "shadow: found -1 at index 1; allowed are finite numbers >= 0"),
        ({"shadow": [0.0, 1.0]}, r"shadow: found shape \(2,\)"),
    ],
)  # fmt: skip
def test_what_is_refused(engine, change, message):
    with pytest.raises(InputError, match=message):
        problem().solve(**numbers() | change, engine=engine)
