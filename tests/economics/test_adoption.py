"""The Bass curve and reconsideration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.economics import InputError, bass_adoption, bass_hazard, bass_peak, bass_step, reconsider

rates = st.floats(0, 2)


@given(st.floats(0, 1), rates, rates, st.floats(0, 10), st.integers(1, 12))
def test_steps_compose(adopted, innovation, imitation, time, parts):
    whole = bass_step(adopted, innovation, imitation, time)
    step = adopted
    for _ in range(parts):
        step = bass_step(step, innovation, imitation, time / parts)
    np.testing.assert_allclose(step, whole, rtol=1e-11, atol=1e-300)
    assert adopted <= whole <= 1.0 + 1e-15


@given(st.floats(0.0, 0.999), st.floats(1e-6, 1), rates)
def test_a_short_step_follows_the_differential_equation(adopted, innovation, imitation):
    time = 1e-7
    grown = bass_step(adopted, innovation, imitation, time) - adopted
    expected = (innovation + imitation * adopted) * (1 - adopted) * time
    np.testing.assert_allclose(grown, expected, rtol=1e-5, atol=1e-15)


def test_nothing_moves_without_innovators_or_time():
    assert bass_step(0.0, 0.0, 0.5, 3.0) == 0.0
    assert bass_step(0.4, 0.0, 0.0, 3.0) == 0.4
    assert bass_step(0.4, 0.1, 0.5, 0.0) == 0.4
    assert bass_step(1.0, 0.1, 0.5) == 1.0


def test_many_segments_at_once():
    f = bass_step([0.0, 0.5], [0.03, 0.01], 0.38, 1 / 12)
    assert f.shape == (2,)
    assert f[1] == bass_step(0.5, 0.01, 0.38, 1 / 12)


def test_the_hazard_is_the_part_of_those_who_wait():
    after = bass_step(0.3, 0.03, 0.38, 0.5)
    assert bass_hazard(0.3, 0.03, 0.38, 0.5) == pytest.approx((after - 0.3) / 0.7, rel=1e-13)
    assert bass_hazard(0.0, 0.0, 0.0) == 0.0
    assert bass_hazard(0.0, 0.03, 0.38, 1e-8) == pytest.approx(3e-10, rel=1e-6)


def test_arrivals_fall_from_the_start_without_imitation():
    assert bass_peak(0.4, 0.1) == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.2, 0.1, 0.1), "adopted: found 1.2; allowed are finite numbers from 0 to 1"),
        (([0.2, np.nan], 0.1, 0.1), "adopted: found nan at index 1; allowed are finite numbers from 0 to 1"),
        ((0.2, -0.1, 0.1), "innovation: found -0.1; allowed are finite numbers >= 0"),
        ((0.2, 0.1, np.inf), "imitation: found inf; allowed are finite numbers >= 0"),
        ((0.2, 0.1, 0.1, -1.0), "time: found -1; allowed are finite numbers >= 0"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(InputError) as error:
        bass_step(*arguments)
    assert str(error.value) == message


def test_the_closed_form_needs_innovators():
    with pytest.raises(InputError, match=r"^innovation: found 0; allowed are finite numbers > 0$"):
        bass_adoption(1.0, 0.0, 0.4)


def draw(seed, segments=3, offers=6):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(offers + 1), segments)[:, :-1]
    choice = rng.dirichlet(np.ones(offers + 1), segments)[:, :-1]
    return rng, shares, choice


def plain_reconsider(shares, choice, between, within, vendor, available, outside):
    """Every group of customers, one after the other."""
    new = np.zeros_like(shares)
    for s in range(len(shares)):
        choosers = max(1.0 - outside[s] - shares[s].sum(), 0.0) + between[s] * outside[s]
        for j, here in enumerate(shares[s]):
            if not available[s, j]:
                choosers += here
                continue
            choosers += between[s] * here
            rest = (1 - between[s]) * here
            mine = [k for k in range(len(vendor)) if vendor[k] == vendor[j]]
            likely = sum(choice[s, k] for k in mine)
            new[s, j] += rest * (1 - within[s]) if likely > 0 else rest
            for k in mine:
                if likely > 0:
                    new[s, k] += rest * within[s] * choice[s, k] / likely
        new[s] += choosers * choice[s]
    return new


@given(st.integers(0, 10_000))
def test_agrees_with_groups_of_customers_one_by_one(seed):
    rng, shares, choice = draw(seed)
    available = rng.random(shares.shape) < 0.7
    choice = np.where(available, choice, 0.0)
    vendor = list(rng.integers(0, 3, shares.shape[1]))
    between, within = rng.random((2, len(shares)))
    outside = rng.random(len(shares)) * (1 - shares.sum(axis=1))
    keywords = {
        "between": between,
        "within": within,
        "vendor": vendor,
        "available": available,
        "outside": outside,
    }
    new = reconsider(shares, choice, **keywords)
    np.testing.assert_allclose(new, plain_reconsider(shares, choice, **keywords), atol=1e-14)


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_nobody_is_lost(seed, between, within):
    rng, shares, choice = draw(seed)
    vendor = list(rng.integers(0, 3, shares.shape[1]))
    new = reconsider(shares, choice, between=between, within=within, vendor=vendor)
    outside, target = 1 - shares.sum(axis=1), 1 - choice.sum(axis=1)
    expected = (1 - between) * outside + between * target
    np.testing.assert_allclose(1 - new.sum(axis=1), expected, atol=1e-14)
    assert (new >= 0).all()


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_the_logit_shares_are_a_steady_state(seed, between, within):
    rng, _, choice = draw(seed)
    vendor = list(rng.integers(0, 3, choice.shape[1]))
    np.testing.assert_allclose(
        reconsider(choice, choice, between=between, within=within, vendor=vendor), choice, atol=1e-14
    )


def test_within_leaves_the_size_of_vendors_as_it_is():
    _, shares, choice = draw(1)
    new = reconsider(shares, choice, between=0.0, within=1.0, vendor=["a", "a", "b", "b", "b", "c"])
    for part in (slice(0, 2), slice(2, 5), slice(5, 6)):
        np.testing.assert_allclose(new[:, part].sum(axis=1), shares[:, part].sum(axis=1))
        proportion = choice[:, part] / choice[:, part].sum(axis=1, keepdims=True)
        np.testing.assert_allclose(new[:, part], proportion * shares[:, part].sum(axis=1, keepdims=True))


def test_customers_of_a_vanished_offer_choose_at_once():
    shares, choice = np.array([[0.5, 0.3]]), np.array([[0.0, 0.6]])
    new = reconsider(shares, choice, between=0.0, available=[False, True])
    np.testing.assert_allclose(new, [[0.0, 0.3 + 0.5 * 0.6]])


def test_within_does_nothing_where_the_vendor_has_nothing_better():
    shares, choice = np.array([[0.5, 0.3]]), np.array([[0.0, 0.6]])
    new = reconsider(shares, choice, between=0.0, within=0.5, vendor=["a", "b"])
    np.testing.assert_allclose(new, shares)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shares": [0.5, 0.3]}, "shares: found shape (2,); allowed is (..., segments, offers)"),
        ({"shares": [[0.5, -0.3]]}, "shares: found -0.3 at index (0, 1); allowed are finite numbers >= 0"),
        ({"shares": [[0.5, 0.6]]}, "shares: found sums up to 1.1 with outside; allowed is at most 1"),
        ({"outside": [0.5]}, "shares: found sums up to 1.3 with outside; allowed is at most 1"),
        ({"between": 1.5}, "between: found 1.5; allowed are finite numbers from 0 to 1"),
        (
            {"within": [0.1, 0.2]},
            "within: found shape (2,); allowed is a number or (..., segments), here (..., 1)",
        ),
        (
            {"choice": [[0.1, 0.1, 0.1]]},
            "choice: found shape (1, 3); allowed is (..., segments, offers), here (..., 1, 2)",
        ),
        (
            {"available": [True, False]},
            "choice: found a share of an offer that is not available; allowed is 0",
        ),
        ({"within": 0.1, "vendor": ["a"]}, "vendor: found 1 labels; allowed is one per offer, here 2"),
    ],
)
def test_messages_of_reconsider(change, message):
    arguments = {"shares": [[0.5, 0.3]], "choice": [[0.2, 0.2]], "between": 0.1} | change
    with pytest.raises(InputError) as error:
        reconsider(arguments.pop("shares"), arguments.pop("choice"), **arguments)
    assert str(error.value) == message


@pytest.mark.parametrize("vendors", [None, 3])
def test_compiled_reconsideration_is_the_readable_one(monkeypatch, vendors):
    rng = np.random.default_rng(5)
    shares, choice = (part / (1.3 * part.sum(axis=1, keepdims=True)) for part in rng.random((2, 6, 9)))
    shares[:, :2] = choice[:, 3:5] = 0.0
    between, within = rng.random((2, 6))
    vendor = None if vendors is None else rng.integers(-1, vendors, 9)
    available = (rng.random((6, 9)) < 0.8) | (choice > 0.0)
    found = []
    for engine in ("numba", "numpy"):
        monkeypatch.setenv("AIMARKETS_ENGINE", engine)
        found.append(
            reconsider(shares, choice, between=between, within=within, vendor=vendor, available=available)
        )
    assert found[0] == pytest.approx(found[1], rel=1e-14)
