"""Choice among offers of given prices: against the general nested logit, and one engine against the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.choice.inclusive import Nested, buyers, inclusive_values
from sim.economics import choice_shares
from sim.economics.engines import ENGINES, ENVIRONMENT

TIERS = 2


@st.composite
def markets(draw: st.DrawFn) -> tuple[np.ndarray, Nested]:
    """Utility of offers without capability, (offers, cohorts), some of them out of reach, and their nests."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    models, cohorts = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    hosts = random.integers(1, 4, models)
    value = np.sort(random.integers(0, TIERS, models))
    utility = random.normal(0.0, draw(st.sampled_from([1.0, 10.0, 200.0])), (hosts.sum(), cohorts))
    utility[random.random(utility.shape) < draw(st.sampled_from([0.0, 0.3]))] = -np.inf
    outer = draw(st.sampled_from([1.0, 0.6, 0.2]))
    inner = outer * draw(st.sampled_from([1.0, 0.7, 0.3]))
    return utility, Nested(np.repeat(np.arange(models), hosts), value, TIERS, TIERS, inner, outer)


def general(utility: np.ndarray, nested: Nested, outside: float = 0.0) -> np.ndarray:
    """Shares by the solver's own nested logit, (cohorts, offers)."""
    tier_nesting = 1.0 - nested.outer
    return choice_shares(
        utility.T,
        nests=(nested.value[nested.nest], nested.nest),
        nesting=(tier_nesting, 1.0 - nested.inner / nested.outer),
        outside=outside,
    )


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, request.param)


class TestBuyers:
    @pytest.mark.parametrize("name", ENGINES)
    @given(markets())
    def test_are_those_of_the_nested_logit(self, name, market):
        utility, nested = market
        weights = np.arange(1.0, utility.shape[1] + 1.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(ENVIRONMENT, name)
            found = buyers(utility, weights, nested)
        np.testing.assert_allclose(found, weights @ general(utility, nested), rtol=1e-10, atol=1e-30)

    def test_of_nothing(self, engine):
        nested = Nested(np.zeros(0, dtype=int), np.zeros(0, dtype=int), TIERS, TIERS, 0.5, 0.5)
        assert buyers(np.zeros((0, 3)), np.ones(3), nested).shape == (0,)


class TestInclusiveValues:
    @given(markets(), st.integers(0, 2**32))
    def test_one_offer_of_that_utility_takes_as_many_customers(self, market, seed):
        """The outside option keeps the same share beside the stand-ins as beside all the offers."""
        bare, nested = market
        random = np.random.default_rng(seed)
        offers, cohorts = bare.shape
        capability, level = random.uniform(100, 150, (2, offers)), random.uniform(100, 150, (2, cohorts))
        width, tasks = random.uniform(3, 10, cohorts), random.uniform(0, 20, cohorts)
        own = len(nested.value) - 1  # the last model counts for itself
        value = nested.value.copy()
        value[own] = TIERS
        split = nested._replace(value=value, values=TIERS + 1)
        found = inclusive_values(bare, capability, level, width, tasks, split)
        for case in range(2):
            ability = 1.0 / (1.0 + np.exp((level[case] - capability[case][:, None]) / width))
            shares = general(bare + tasks * ability, nested)
            tiers = np.array([*range(TIERS), nested.value[own]])
            order = np.argsort(tiers, kind="stable")
            beside = nested._replace(nest=np.arange(TIERS + 1), value=tiers[order])
            together = general(found[case][order], beside)
            np.testing.assert_allclose(together.sum(axis=1), shares.sum(axis=1), rtol=1e-9)

    def test_where_there_is_nothing_it_is_worth_nothing(self):
        nested = Nested(np.zeros(1, dtype=int), np.ones(1, dtype=int), TIERS, TIERS, 0.5, 0.5)
        bare = np.array([[0.0, -np.inf]])
        one = np.ones(2)
        found = inclusive_values(bare, np.full((1, 1), 120.0), np.full((1, 2), 120.0), one, one, nested)
        assert np.isneginf(found[0, 0]).all()
        assert np.isfinite(found[0, 1, 0])
        assert np.isneginf(found[0, 1, 1])
