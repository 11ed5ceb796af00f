"""The market's closed forms, V1 to V9, V11 and V12 of the model's list of what must be reproduced exactly.

Linear-price logit with u = (a - p) / mu, an outside option of utility 0 and a market of size 1, unless said
otherwise.
"""

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from scipy.special import lambertw

from sim.economics import (
    EquilibriumError,
    bass_adoption,
    bass_hazard,
    bass_peak,
    bass_step,
    choice_shares,
    consumer_surplus,
    reconsider,
    solve_prices,
)

A, C, MU = 2.0, 1.0, 0.25

attraction = st.floats(-1, 6)
cost = st.floats(0.1, 3)
scale = st.floats(0.05, 2)


def lambert(x):
    return float(lambertw(x).real)


def linear(a, c, mu=MU, **keywords):
    """Equilibrium of the linear-price logit."""
    a, c = np.atleast_1d(np.asarray(a, dtype=float)), np.atleast_1d(np.asarray(c, dtype=float))
    keywords = {"tolerance": 1e-13} | keywords
    return solve_prices(a / mu, c, price_sensitivity=1 / mu, price_form="linear", **keywords)


class TestV1Duopoly:
    def test_nash(self):
        equilibrium = linear([A, A], [C, C])
        np.testing.assert_allclose(equilibrium.prices, 1.472926660, atol=5e-10)
        np.testing.assert_allclose(equilibrium.shares, 0.471376809, atol=5e-10)
        np.testing.assert_allclose(equilibrium.profits, 0.222926660, atol=5e-10)

    def test_joint(self):
        equilibrium = linear([A, A], [C, C], owner=["both", "both"])
        np.testing.assert_allclose(equilibrium.prices, 1.924980915, atol=5e-10)


class TestV2Monopoly:
    def test_number(self):
        np.testing.assert_allclose(linear(A, C).prices, 1.801985008, atol=5e-10)

    @given(attraction, cost, scale)
    def test_lambert(self, a, c, mu):
        expected = c + mu * (1 + lambert(np.exp((a - c) / mu - 1)))
        np.testing.assert_allclose(linear(a, c, mu).prices, expected, rtol=1e-10)


class TestV3AgainstAnOpenModelAtCost:
    @given(attraction, cost, attraction, cost, scale)
    def test_lambert(self, a, c, a_open, c_open, mu):
        equilibrium = linear([a, a_open], [c, c_open], mu, at_cost=[False, True])
        inside = np.exp((a - c) / mu - 1) / (1 + np.exp((a_open - c_open) / mu))
        np.testing.assert_allclose(equilibrium.prices[0], c + mu * (1 + lambert(inside)), rtol=1e-10)
        assert equilibrium.prices[1] == c_open

    def test_the_open_model_disciplines_the_price(self):
        prices = [linear([A, a], [C, C], at_cost=[False, True]).prices[0] for a in (-9.0, 1.0, 2.0, 3.0)]
        assert (np.diff(prices) < 0).all()


class TestV4ManyFirms:
    @pytest.mark.parametrize(("n", "margin"), [(2, 0.4729), (3, 0.3702), (10, 0.2776), (100, 0.2525)])
    def test_margins(self, n, margin):
        equilibrium = linear([A] * n, [C] * n)
        np.testing.assert_allclose(equilibrium.prices - C, margin, atol=5e-5)

    def test_the_limit_is_mu(self):
        np.testing.assert_allclose(linear([A] * 2000, [C] * 2000).prices - C, MU, rtol=1e-3)


class TestV5ManyProducts:
    @settings(deadline=None)
    @given(st.lists(st.tuples(attraction, cost, st.sampled_from("xyz")), min_size=1, max_size=8), scale)
    def test_equal_absolute_margins(self, offers, mu):
        a, c, owner = (np.array(column) for column in zip(*offers, strict=True))
        equilibrium = linear(a, c, mu, owner=owner)
        for firm in set(owner):
            own = owner == firm
            expected = mu / (1 - equilibrium.shares[0, own].sum())
            np.testing.assert_allclose((equilibrium.prices - c)[own], expected, rtol=1e-8)


class TestV6Lerner:
    @settings(deadline=None)
    @given(
        st.lists(st.floats(-3, 3), min_size=1, max_size=6),
        st.floats(1.2, 4),
        st.sampled_from([0.0, 0.5, 1.0]),
    )
    def test_log_price(self, quality, eps, usage):
        keywords = {"price_sensitivity": eps, "usage_elasticity": usage, "tolerance": 1e-12}
        equilibrium = solve_prices(quality, 1.0, **keywords)
        elasticity = usage + eps * (1 - equilibrium.shares[0])
        np.testing.assert_allclose(1 - 1 / equilibrium.prices, 1 / elasticity, rtol=1e-9)

    @settings(deadline=None)
    @given(
        st.lists(st.tuples(st.floats(-3, 3), st.sampled_from("xyz")), min_size=1, max_size=6),
        st.floats(1.2, 4),
        st.floats(0, 0.9),
        st.sampled_from([0.0, 1.0]),
    )
    def test_nested(self, offers, eps, rho, usage):
        quality, nest = zip(*offers, strict=True)
        keywords = {"price_sensitivity": eps, "nests": list(nest), "nesting": rho, "usage_elasticity": usage}
        try:
            equilibrium = solve_prices(quality, 1.0, **keywords, tolerance=1e-12)
        except EquilibriumError:
            reject()  # near-monopoly at the edge of finite prices may not be found: said, never silent
        share = equilibrium.shares[0]
        in_nest = share / [sum(s for s, n in zip(share, nest, strict=True) if n == own) for own in nest]
        elasticity = usage + eps * (1 / (1 - rho) - rho / (1 - rho) * in_nest - share)
        np.testing.assert_allclose(1 - 1 / equilibrium.prices, 1 / elasticity, rtol=1e-9)

    def test_the_base_values_of_the_literature(self):
        """At eps 1.5 and tier nesting .4 a model with .4 of its tier and .2 of the market has e = 1.80."""
        elasticity = 1.5 * (1 / 0.6 - 0.4 / 0.6 * 0.4 - 0.2)
        assert elasticity == pytest.approx(1.80)

    def test_a_complement_margin_scales_the_price(self):
        """Price = c / (1 + m) * e / (e - 1)."""
        equilibrium = solve_prices([1.0], [0.7], price_sensitivity=1.5, usage_elasticity=1.0, complement=0.4)
        e = 1.0 + 1.5 * (1 - equilibrium.shares[0, 0])
        np.testing.assert_allclose(equilibrium.prices, 0.7 / 1.4 * e / (e - 1), rtol=1e-9)


class TestV7BindingCapacity:
    @given(st.floats(0.01, 0.99))
    def test_price(self, part):
        k = part * linear(A, C).shares[0, 0]
        equilibrium = linear(A, C, capacity=[k])
        np.testing.assert_allclose(equilibrium.prices, A - MU * np.log(k / (1 - k)), rtol=1e-10)
        assert equilibrium.shadow_prices[0] > 0

    def test_shadow_price(self):
        """Price = c + shadow price + mu / (1 - k)."""
        equilibrium = linear(A, C, capacity=[0.3])
        expected = equilibrium.prices[0] - C - MU / 0.7
        np.testing.assert_allclose(equilibrium.shadow_prices[0], expected, rtol=1e-9)

    def test_ample_capacity_does_not_bind(self):
        equilibrium = linear(A, C, capacity=[0.7])
        np.testing.assert_allclose(equilibrium.prices, 1.801985008, atol=5e-10)
        assert equilibrium.shadow_prices[0] == 0


class TestV8HostsOfOneModel:
    @pytest.mark.parametrize("form", ["linear", "log"])
    def test_their_margin_vanishes_as_they_become_alike(self, form):
        """The margin of n hosts is that of the nested formula, and falls in proportion to 1 - rho."""
        nestings = np.array([0.0, 0.3, 0.6, 0.8, 0.9])
        margins = []
        for rho in nestings:
            equilibrium = solve_prices(
                [8.0] * 4,
                [C] * 4,
                price_sensitivity=1 / MU,
                price_form=form,
                nests=(["tier"] * 4, ["model"] * 4),
                nesting=(0.0, rho),
                tolerance=1e-12,
            )
            share, price = equilibrium.shares[0], equilibrium.prices
            elasticity = 1 / (1 - rho) - rho / (1 - rho) * 0.25 - share
            margin = (price - C) if form == "linear" else (price - C) / price
            np.testing.assert_allclose(margin, MU / elasticity, rtol=1e-8)
            margins.append(margin[0])
        assert (np.diff(margins) < 0).all()
        # Towards rho = 1 the elasticity is (1 - 1/n) / (1 - rho).
        np.testing.assert_allclose(margins[-1] / (MU * 0.1 / 0.75), 1.0, rtol=0.02)


class TestV9ConsumerSurplus:
    @given(st.lists(st.floats(-3, 3), min_size=1, max_size=6))
    def test_log_sum(self, utility):
        expected = MU * np.log(1 + np.exp(utility).sum())
        np.testing.assert_allclose(consumer_surplus(utility, 1 / MU), expected, rtol=1e-12)

    @given(st.lists(attraction, min_size=1, max_size=5), st.data())
    def test_derivative(self, a, data):
        a = np.array(a)
        price = np.array(data.draw(st.lists(st.floats(0.5, 3), min_size=len(a), max_size=len(a))))
        shares = choice_shares((a - price) / MU)
        for j, step in enumerate(1e-4 * np.eye(len(a))):
            low, high = (consumer_surplus((a - price + sign * step) / MU, 1 / MU) for sign in (1, -1))
            np.testing.assert_allclose((high - low) / 2e-4, -shares[j], atol=1e-7)

    def test_of_an_equilibrium(self):
        equilibrium = linear([A, A], [C, C])
        expected = MU * np.log(1 + 2 * np.exp((A - 1.472926660) / MU))
        np.testing.assert_allclose(equilibrium.consumer_surplus, expected, atol=1e-8)


class TestV11Inertia:
    @given(st.floats(0.01, 1), st.integers(0, 10_000))
    def test_only_the_pace_changes(self, phi, seed):
        rng = np.random.default_rng(seed)
        now, logit = rng.dirichlet(np.ones(5), (2, 3))[..., :-1]
        new = reconsider(now, logit, between=phi)
        np.testing.assert_allclose(new, (1 - phi) * now + phi * logit, atol=1e-15)

    def test_months_to_the_steady_state(self):
        now, logit = np.array([[0.9, 0.0]]), np.array([[0.2, 0.5]])
        shares = now
        for _ in range(12):
            shares = reconsider(shares, logit, between=0.1)
        np.testing.assert_allclose(shares, logit + 0.9**12 * (now - logit), rtol=1e-12)


class TestV12Bass:
    @pytest.mark.parametrize("steps", [1, 12, 365])
    def test_closed_form_at_any_step(self, steps):
        adopted = 0.0
        for k in range(1, 10 * steps + 1):
            adopted = bass_step(adopted, 0.03, 0.38, 1 / steps)
            np.testing.assert_allclose(adopted, bass_adoption(k / steps, 0.03, 0.38), rtol=1e-12)

    def test_peak(self):
        assert bass_peak(0.03, 0.38) == pytest.approx(6.1926, abs=5e-5)

    def test_arrivals_are_most_at_the_peak(self):
        year = np.linspace(0, 20, 200_001)
        f = bass_adoption(year, 0.03, 0.38)
        arrivals = (1 - f) * bass_hazard(f, 0.03, 0.38, 1e-4)
        assert year[np.argmax(arrivals)] == pytest.approx(float(bass_peak(0.03, 0.38)), abs=5e-4)
