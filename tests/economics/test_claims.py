"""Royalties, complements and stakes: who earns on an offer, and what that does to prices."""

import numpy as np
import pytest

from sim.economics import InputError, PriceProblem, solve_prices
from sim.economics.nests import Nests
from sim.economics.ownership import Claims

# A lab sells its own model; a cloud hosts the lab's open model and one of its own.
QUALITY, COST = [1.0, 0.6, 0.5], [1.0, 0.8, 0.9]
LAB_AND_CLOUD = {
    "price_sensitivity": 1.6,
    "usage_elasticity": 1.0,
    "nests": ["large", "large", "small"],
    "nesting": 0.4,
    "owner": ["lab", "cloud", "cloud"],
    "tolerance": 1e-12,
}


def solve(**keywords):
    return solve_prices(QUALITY, COST, **(LAB_AND_CLOUD | keywords))


def test_a_royalty_that_leaves_the_market_only_raises_the_price():
    with_royalty = solve(royalty=[0.0, 0.2, 0.0])
    assert with_royalty.prices[1] > solve().prices[1]
    sold = with_royalty.prices * with_royalty.quantities
    paid = 0.2 * sold[1]
    margins = (with_royalty.prices - COST) * with_royalty.quantities
    np.testing.assert_allclose(with_royalty.profit("cloud"), margins[1:].sum() - paid, rtol=1e-12)
    np.testing.assert_allclose(with_royalty.profit("lab"), margins[0], rtol=1e-12)


def test_who_receives_a_royalty_prices_more_softly():
    nobody = solve(royalty=[0.0, 0.2, 0.0])
    lab = solve(royalty=[0.0, 0.2, 0.0], royalty_to=["", "lab", None])
    assert lab.prices[0] > nobody.prices[0]
    revenue = lab.prices[1] * lab.quantities[1]
    own = (lab.prices[0] - COST[0]) * lab.quantities[0]
    np.testing.assert_allclose(lab.profit("lab"), own + 0.2 * revenue, rtol=1e-12)


def test_a_royalty_paid_to_oneself_is_none():
    one = solve(royalty=0.2, royalty_to=LAB_AND_CLOUD["owner"])
    np.testing.assert_allclose(one.prices, solve().prices, rtol=1e-10)


def test_royalties_and_complements_are_stakes():
    simple = solve(
        royalty=[0.0, 0.2, 0.1],
        royalty_to=[None, "lab", "elsewhere"],
        complement=[0.3, 0.1, 0.2],
        complement_to=[None, "lab", "cloud"],
    )
    stakes = {
        "lab": [0.3, 0.2 + 0.1, 0.0],
        "cloud": [0.0, -0.2, -0.1 + 0.2],
        "elsewhere": [0.0, 0.0, 0.1],
    }
    general = solve(stake=stakes)
    assert simple.owners == general.owners == ("cloud", "elsewhere", "lab")
    np.testing.assert_allclose(general.prices, simple.prices, rtol=1e-11)
    np.testing.assert_allclose(general.profits, simple.profits, rtol=1e-11)


def test_an_owner_may_earn_without_selling():
    equilibrium = solve(complement=0.25, complement_to=["fund"] * 3)
    np.testing.assert_allclose(equilibrium.prices, solve().prices, rtol=1e-10)
    spent = (equilibrium.prices * equilibrium.quantities).sum()
    np.testing.assert_allclose(equilibrium.profit("fund"), 0.25 * spent, rtol=1e-12)


def test_a_complement_lowers_the_price_below_cost_if_it_is_large():
    prices = [solve(complement=[m, 0.0, 0.0]).prices[0] for m in (0.0, 0.5, 3.0)]
    assert (np.diff(prices) < 0).all()
    assert prices[-1] < COST[0]


def test_a_complement_on_offers_of_others_softens_the_own_price():
    """A lab that earns wherever its open model is used wants less of its customers back."""
    alone = solve(complement=[0.5, 0.0, 0.0])
    hosted = solve(complement=[0.5, 0.5, 0.0], complement_to=["lab", "lab", None])
    assert hosted.prices[0] > alone.prices[0]


def test_claims_on_an_offer_at_cost_count():
    keywords = {"at_cost": [False, True, False], "owner": ["lab", "user", "cloud"]}
    none = solve(**keywords)
    earned = solve(**keywords, complement=[0.0, 0.4, 0.0], complement_to=[None, "lab", None])
    assert earned.prices[1] == none.prices[1] == COST[1]
    assert earned.prices[0] > none.prices[0]
    spent = earned.prices[1] * earned.quantities[1]
    own = (earned.prices[0] - COST[0]) * earned.quantities[0]
    np.testing.assert_allclose(earned.profit("lab"), own + 0.4 * spent, rtol=1e-12)
    assert earned.profit("user") == 0


def test_claims_of_a_batch_are_those_of_each_market():
    royalty = np.array([[0.0, 0.0, 0.0], [0.0, 0.3, 0.0]])
    stake = {"lab": np.array([[0.0, 0.1, 0.0], [0.0, 0.0, 0.2]])}
    batch = solve(royalty=royalty, royalty_to=[None, "lab", None], stake=stake)
    for k in range(2):
        one = solve(royalty=royalty[k], royalty_to=[None, "lab", None], stake={"lab": stake["lab"][k]})
        np.testing.assert_allclose(batch.prices[k], one.prices, rtol=1e-12)
        np.testing.assert_allclose(batch.profits[k], one.profits, rtol=1e-12)


def test_labels_that_do_not_compare_are_sorted_by_their_text():
    claims = Claims.build(Nests.build(3), [2, "a", 10])
    assert claims.owners == (10, 2, "a")
    assert Claims.build(Nests.build(2), [10, 2]).owners == (2, 10)


@pytest.mark.parametrize(
    ("build", "numbers", "message"),
    [
        ({"stakes": [("x", 5)]}, {}, "stakes: found offer 5; allowed are 0 to 1"),
        (
            {"stakes": [("x", 0)]},
            {"stake": [0.1, 0.2]},
            "stake: found shape (2,); allowed is a number or (..., stakes), here (..., 1)",
        ),
        ({"royalty_to": ["x"]}, {}, "royalty_to: found 1 labels; allowed is one per offer, here 2"),
        (
            {"complement_to": [["x", "y"], ["x", "y"]]},
            {},
            "complement_to: found 2 rows of labels; allowed is one",
        ),
    ],
)
def test_messages(build, numbers, message):
    with pytest.raises(InputError) as error:
        PriceProblem.build(2, price_sensitivity=1.5, **build).solve([1.0, 1.0], [1.0, 1.0], **numbers)
    assert str(error.value) == message
