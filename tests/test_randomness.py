"""Named streams: a draw belongs to a seed, a purpose, an entity and a month, and to nothing else."""

from __future__ import annotations

from hashlib import blake2b
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from sim.randomness import normals, uniform, uniforms

names = st.lists(st.text(max_size=8), min_size=1, max_size=6, unique=True)
seeds = st.integers(-(2**126), 2**126)


@given(seeds, names, st.data())
def test_a_draw_does_not_depend_on_who_else_is_asked_for(seed, entities, data):
    order = data.draw(st.permutations(entities))
    some = order[: data.draw(st.integers(1, len(order)))]
    everybody = uniforms(seed, "mode", entities, 5)
    expected = everybody[:, [entities.index(name) for name in some]]
    assert np.array_equal(uniforms(seed, "mode", some, 5), expected)


@given(seeds, st.integers(1, 30), st.integers(1, 30))
def test_a_longer_run_begins_with_the_draws_of_a_shorter_one(seed, months, more):
    longer = uniforms(seed, "mode", ["a", "b"], months + more)
    assert np.array_equal(longer[:months], uniforms(seed, "mode", ["a", "b"], months))


@given(seeds)
def test_a_single_draw_is_that_of_the_first_month(seed):
    assert (
        uniform(seed, "uncertainty", "labs.x.capex")
        == uniforms(seed, "uncertainty", ["labs.x.capex"], 9)[0, 0]
    )


@given(seeds, seeds, st.text(max_size=6), st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_another_seed_stream_or_name_draws_anew(seed, other_seed, stream, other_stream, name, other_name):
    keys = {(s, t, n) for s in (seed, other_seed) for t in (stream, other_stream) for n in (name, other_name)}
    keys = {key for key in keys if "\x1f" not in key[1] + key[2]}
    draws = {tuple(uniforms(s, t, [n], 3)[:, 0]) for s, t, n in keys}
    assert len(draws) == len(keys)


def test_the_border_between_stream_and_name_counts():
    assert uniform(1, "ab", "c") != uniform(1, "a", "bc")


def test_the_bits_are_those_of_the_releases_before():
    """A change here changes every result: it belongs into the changelog."""
    found = uniforms(1, "mode", ["openai", "alibaba"], 2)
    assert found.tolist() == [
        [0.13644751416065404, 0.1627438902778795],
        [0.9258205182598053, 0.10549031828623878],
    ]


@pytest.mark.parametrize("seed", [2**127, -(2**127) - 1])
def test_a_seed_beyond_127_bits_is_refused(seed):
    with pytest.raises(OverflowError):
        uniform(seed, "mode", "openai")


def test_uniforms_are_uniform_over_entities_and_over_months():
    draws = uniforms(7, "mode", [f"lab_{i}" for i in range(300)], 300)
    assert kstest(draws.ravel(), "uniform").pvalue > 1e-3
    assert kstest(draws[0], "uniform").pvalue > 1e-3
    assert kstest(draws[:, 0], "uniform").pvalue > 1e-3
    assert draws.min() > 0.0
    assert draws.max() < 1.0


def test_neighbours_are_not_correlated():
    """Entities, months, seeds and streams next to each other: |r| within 4.5 standard errors."""
    entities = [f"lab_{i}" for i in range(200)]
    one = uniforms(1, "mode", entities, 200)
    others = {
        "the next entity": (one[:, :-1], one[:, 1:]),
        "the next month": (one[:-1], one[1:]),
        "the next seed": (one, uniforms(2, "mode", entities, 200)),
        "another stream": (one, uniforms(1, "peer", entities, 200)),
    }
    for what, (a, b) in others.items():
        r = np.corrcoef(a.ravel(), b.ravel())[0, 1]
        assert abs(r) < 4.5 / np.sqrt(a.size), what


def test_normals_are_the_quantiles_of_the_uniforms():
    """One draw a value, by inversion: against the normal distribution function of the standard library."""
    flat = uniforms(3, "research", ["a", "b"], 50)
    drawn = normals(3, "research", ["a", "b"], 50)
    assert np.isfinite(drawn).all()
    np.testing.assert_allclose(np.vectorize(NormalDist().cdf)(drawn), flat, rtol=1e-12)


def test_a_stream_is_that_of_a_fresh_philox_with_the_entity_s_key():
    """Whoever is drawn for before."""
    key = int.from_bytes(
        blake2b(b"mode\x1fb", digest_size=8, key=(7).to_bytes(16, "big", signed=True)).digest(), "big"
    )
    fresh = np.random.Generator(np.random.Philox(key=key)).random(9)
    assert np.array_equal(uniforms(7, "mode", ["a", "b", "c"], 9)[:, 1], fresh)
