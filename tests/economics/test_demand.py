"""Nested-logit shares against a plain version of the textbook formula, and the laws that they obey."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.economics import InputError, choice_shares, consumer_surplus, inclusive_value
from sim.economics.demand import log_shares, nested_shares
from sim.economics.nests import Nests


def plain_shares(utility, tier, host, tier_nesting, host_nesting, outside):
    """One segment, one sum after the other, as in McFadden (1978)."""
    outer = 1 - tier_nesting
    inner = outer * (1 - host_nesting)
    nests = sorted(set(zip(tier, host, strict=True)))
    members = {n: [j for j, key in enumerate(zip(tier, host, strict=True)) if key == n] for n in nests}
    host_value = {n: inner * log(sum(exp(utility[j] / inner) for j in members[n])) for n in nests}
    tiers = sorted(set(tier))
    tier_value = {g: outer * log(sum(exp(host_value[n] / outer) for n in nests if n[0] == g)) for g in tiers}
    everything = exp(outside) + sum(exp(v) for v in tier_value.values())
    shares = []
    for j, (g, h) in enumerate(zip(tier, host, strict=True)):
        within_host = exp((utility[j] - host_value[g, h]) / inner)
        within_tier = exp((host_value[g, h] - tier_value[g]) / outer)
        shares.append(within_host * within_tier * exp(tier_value[g]) / everything)
    return np.array(shares), log(everything)


@st.composite
def markets(draw):
    offers = draw(st.integers(1, 8))
    labels = st.lists(st.sampled_from("abc"), min_size=offers, max_size=offers)
    nesting = st.floats(0, 0.9)
    return {
        "utility": np.array(draw(st.lists(st.floats(-5, 5), min_size=offers, max_size=offers))),
        "tier": draw(labels),
        "host": draw(labels),
        "nesting": (draw(nesting), draw(nesting)),
        "outside": draw(st.floats(-2, 2)),
    }


@given(markets())
def test_two_levels_agree_with_the_plain_formula(market):
    utility, tier, host, nesting, outside = market.values()
    shares, value = plain_shares(utility, tier, host, *nesting, outside)
    keywords = {"nests": (tier, host), "nesting": nesting, "outside": outside}
    np.testing.assert_allclose(choice_shares(utility, **keywords), shares, rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(inclusive_value(utility, **keywords), value, rtol=1e-12, atol=1e-12)


@given(markets())
def test_one_level_is_two_levels_without_host_nesting(market):
    utility, tier, host, (rho, _), outside = market.values()
    one = choice_shares(utility, nests=tier, nesting=rho, outside=outside)
    two = choice_shares(utility, nests=(tier, host), nesting=(rho, 0.0), outside=outside)
    np.testing.assert_allclose(one, two, rtol=1e-13)
    np.testing.assert_allclose(one, plain_shares(utility, tier, host, rho, 0.0, outside)[0], rtol=1e-10)


def test_one_level_is_the_formula_of_pyblp():
    utility, rho = np.array([0.3, -0.2, 0.8]), 0.6
    scaled = np.exp(utility / (1 - rho))
    a, b = scaled[:2].sum(), scaled[2]
    total = 1 + a ** (1 - rho) + b ** (1 - rho)
    expected = [scaled[0] / a**rho / total, scaled[1] / a**rho / total, b ** (1 - rho) / total]
    np.testing.assert_allclose(
        choice_shares(utility, nests=["x", "x", "y"], nesting=rho), expected, rtol=1e-14
    )


@given(markets())
def test_without_nesting_it_is_the_logit(market):
    utility, tier, host, _, outside = market.values()
    logit = np.exp(utility) / (np.exp(outside) + np.exp(utility).sum())
    shares = choice_shares(utility, nests=(tier, host), nesting=(0, 0), outside=outside)
    np.testing.assert_allclose(shares, logit, rtol=1e-13)


def test_host_nests_alone_do_not_need_tiers():
    utility = np.array([0.3, -0.2, 0.8, 0.1])
    tiers, hosts = ["t", "t", "t", "u"], ["a", "a", "b", "a"]
    pairs = list(zip(tiers, hosts, strict=True))
    keys = [str(pair) for pair in pairs]
    two = choice_shares(utility, nests=(tiers, hosts), nesting=(0.0, 0.5))
    np.testing.assert_allclose(two, choice_shares(utility, nests=keys, nesting=0.5), rtol=1e-14)


def test_a_host_label_is_read_within_its_tier():
    utility = np.array([0.3, -0.2, 0.8])
    same = choice_shares(utility, nests=(["t", "t", "u"], ["x", "x", "x"]), nesting=(0.3, 0.4))
    other = choice_shares(utility, nests=(["t", "t", "u"], ["x", "x", "y"]), nesting=(0.3, 0.4))
    np.testing.assert_array_equal(same, other)


@pytest.mark.parametrize("nesting", [(0.0, 0.0), (0.4, 0.3), (0.9, 0.9)])
@pytest.mark.parametrize("level", [-1e5, -800.0, 800.0, 1e5])
def test_extreme_utilities_neither_overflow_nor_divide_by_zero(level, nesting):
    utility = np.array([[0.0, level, level + 0.1, 1.0], [level, level, level, level]])
    shares = choice_shares(utility, nests=(["t", "u", "u", "t"], ["a", "b", "b", "c"]), nesting=nesting)
    assert np.isfinite(shares).all()
    assert (shares >= 0).all()
    assert (shares.sum(axis=-1) <= 1 + 1e-15).all()
    if level > 0:
        np.testing.assert_allclose(shares.sum(axis=-1), 1.0)


def test_a_nest_far_below_the_others_keeps_its_own_proportions():
    """Its shares are too small for a float, but not those within the nest."""
    nests = {"nests": ["low", "low", "high"], "nesting": 0.5}
    value = inclusive_value([-2000.0, -2001.0, 0.0], outside=-3000.0, **nests)
    np.testing.assert_allclose(value, 0.0, atol=1e-12)
    alone = inclusive_value([-2000.0, -2001.0, -9000.0], outside=-9000.0, **nests)
    np.testing.assert_allclose(alone + 2000, 0.5 * np.log(1 + np.exp(-2)), atol=1e-12)


@given(st.integers(0, 10_000))
def test_an_unavailable_offer_is_as_if_it_were_not_there(seed):
    rng = np.random.default_rng(seed)
    tier, host = rng.integers(0, 2, 6), rng.integers(0, 3, 6)
    utility = rng.normal(size=(3, 6))
    utility[rng.random((3, 6)) < 0.4] = -np.inf
    shares = choice_shares(utility, nests=(tier, host), nesting=(0.4, 0.3))
    for segment in range(3):
        there = np.isfinite(utility[segment])
        assert (shares[segment, ~there] == 0).all()
        if there.any():
            alone = choice_shares(
                utility[segment, there], nests=(tier[there], host[there]), nesting=(0.4, 0.3)
            )
            np.testing.assert_allclose(shares[segment, there], alone, rtol=1e-13)


@pytest.mark.parametrize("level", [0.0, -200.0, -2000.0])
def test_logarithms_of_shares_outlive_the_shares(level):
    nests = Nests.build(4, (["t", "t", "u", "u"], ["a", "a", "b", "c"]), (0.4, 0.3))
    utility = np.array([[1.0], [0.5], [0.2 + level], [0.3 + level]])
    logs = log_shares(utility / nests.inner, np.zeros(1), nests)
    shares = nested_shares(utility / nests.inner, np.zeros(1), nests).offer
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(np.exp(logs), shares, rtol=1e-12, atol=1e-300)
    # In the lower tier, its own proportions: those of a market that has sunk as a whole.
    sunk = np.array([[9.0], [9.0], utility[2] - level, utility[3] - level])
    alone = nested_shares(sunk / nests.inner, np.zeros(1), nests).within_tier[1:]
    np.testing.assert_allclose(np.exp(logs[3] - logs[2]), alone[1] / alone[0], rtol=1e-12)


def test_nothing_on_offer_leaves_the_outside_option():
    utility = np.full((2, 3), -np.inf)
    keywords = {"nests": (["t", "t", "u"], ["a", "b", "a"]), "nesting": (0.4, 0.3), "outside": 0.7}
    assert (choice_shares(utility, **keywords) == 0).all()
    np.testing.assert_allclose(inclusive_value(utility, **keywords), 0.7)


@pytest.mark.parametrize("sensitivity", [0.7, 4.0])
def test_the_derivative_of_consumer_surplus_is_minus_the_share(sensitivity):
    quality, price = np.array([1.0, 2.0, 0.5]), np.array([0.4, 0.6, 0.3])
    keywords = {"nests": (["t", "t", "u"], ["a", "a", "a"]), "nesting": (0.4, 0.3), "outside": 0.2}

    def surplus(p):
        return consumer_surplus(quality - sensitivity * p, sensitivity, **keywords)

    shares = choice_shares(quality - sensitivity * price, **keywords)
    for j, step in enumerate(1e-5 * np.eye(3)):
        slope = (surplus(price + step) - surplus(price - step)) / 2e-5
        np.testing.assert_allclose(slope, -shares[j], rtol=1e-8)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 3))
def test_segments_and_batches_are_independent(seed, batch, segments):
    rng = np.random.default_rng(seed)
    tier, host = rng.integers(0, 2, 5), rng.integers(0, 3, 5)
    utility = 50 * rng.normal(size=(batch, segments, 5))
    outside = rng.normal(size=(batch, segments))
    keywords = {"nests": (tier, host), "nesting": (0.4, 0.3)}
    together = choice_shares(utility, outside=outside, **keywords)
    for b in range(batch):
        for s in range(segments):
            alone = choice_shares(utility[b, s], outside=outside[b, s], **keywords)
            np.testing.assert_allclose(together[b, s], alone, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"nests": ["a", "b"]}, "nests: found 2 labels; allowed is one per offer, here 3"),
        ({"nests": "aab", "nesting": 0.95}, "nesting: found 0.95; allowed are values from 0 to 0.9"),
        ({"nests": "aab", "nesting": -0.1}, "nesting: found -0.1; allowed are values from 0 to 0.9"),
        ({"nests": "aab", "nesting": float("nan")}, "nesting: found nan; allowed are values from 0 to 0.9"),
        ({"nesting": 0.5}, "nesting: found 0.5 without nests; give nests, or leave nesting at 0"),
        (
            {"nests": "aab", "nesting": (0.1, 0.2)},
            "nesting: found 2 value(s) for 1 row(s) of nests; allowed is one value",
        ),
        (
            {"nests": (list("aab"), list("aab")), "nesting": 0.1},
            "nesting: found 1 value(s) for 2 row(s) of nests; allowed is a pair (tier, host)",
        ),
        ({"outside": np.nan}, "outside: found nan; allowed are finite numbers"),
    ],
)
def test_messages(keywords, message):
    with pytest.raises(InputError) as error:
        choice_shares([1.0, 2.0, 3.0], **keywords)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("utility", "message"),
    [
        (1.0, "utility: found shape (); allowed is (offers,) or (..., segments, offers), none of them 0"),
        (
            [1.0, np.nan],
            "utility: found NaN; allowed are finite numbers, and -inf for an offer that is not available",
        ),
        (
            [1.0, np.inf],
            "utility: found +inf; allowed are finite numbers, and -inf for an offer that is not available",
        ),
    ],
)
def test_messages_about_utility(utility, message):
    with pytest.raises(InputError) as error:
        choice_shares(utility)
    assert str(error.value) == message


def test_surplus_needs_a_positive_sensitivity():
    with pytest.raises(InputError, match=r"^price_sensitivity: found 0; allowed are finite numbers > 0$"):
        consumer_surplus([1.0], 0.0)
