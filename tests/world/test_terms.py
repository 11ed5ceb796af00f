"""The money of offers: costs from chips up, licences, and the game that sellers play."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.economics import choice_shares
from sim.technology.units import SECONDS_PER_MONTH
from sim.world.offers import Offers, current_offers
from sim.world.policy import policy_of
from sim.world.setting import API, Setting
from sim.world.state import State
from sim.world.tastes import quality, taste
from sim.world.terms import Terms, claims, first_prices, pool_capacity, price_problem, terms

LEADER, OPENER, EASTERN, MODEST = range(4)
WEST, EAST = 0, 1
CHIPS = np.array([5000.0, 8000.0])
"""USD of chips per TB/s on the market, west and east; the stocks of all firms cost twice as much."""


@pytest.fixture
def deal(world):
    """Setting, state, offers and terms with all open models hosted everywhere."""

    def build(*events: dict[str, Any], **values: Any) -> tuple[Setting, State, Offers, Terms]:
        named = [{"name": f"e-{i}", "date": "2023-01", "source": "s", **e} for i, e in enumerate(events)]
        setting, state, _ = world({"events": named, **values})
        policy = policy_of(setting, setting.scenario.events, setting.months[3])
        state.hosted[:, [OPENER, EASTERN]] = True
        offers = current_offers(setting, state)
        return setting, state, offers, terms(setting, state, policy, offers, CHIPS)

    return build


class TestCosts:
    def test_of_a_lab_s_own_service(self, deal):
        """The flagship of `leader` reads 7e10 bytes a token; its stock cost 10,000 USD per TB/s."""
        _, _, offers, found = deal()
        j = np.flatnonzero((offers.lab == LEADER) & (offers.tier == 0) & (offers.channel == API))[0]
        chips_per_mtok = 7e10 * 1e6 / (3e12 * 0.35 * SECONDS_PER_MONTH) * 3.0  # TB/s
        rent = 10_000 * 1.8 / 48 * 1.35
        assert found.load[j] == pytest.approx(chips_per_mtok, rel=1e-12)
        assert found.cost[j] == pytest.approx(chips_per_mtok * rent + 0.01, rel=1e-12)
        assert found.running[j] == pytest.approx(chips_per_mtok * rent * 0.35 / 1.35 + 0.01, rel=1e-12)

    def test_a_firm_without_chips_counts_those_of_the_market(self, world):
        setting, state, policy = world()
        now = current_offers(setting, state)
        state.bandwidth[EASTERN] = 0.0
        api = now.take((now.lab == EASTERN) & (now.channel == API))
        found = terms(setting, state, policy, api, CHIPS)
        rent = 8000 * 1.8 / 48 * 1.35
        np.testing.assert_allclose(found.cost, found.load * rent + 0.01, rtol=1e-12)

    def test_at_home_it_costs_the_chips_of_the_region(self, deal):
        """Three times a cloud's cost, 5000 USD per TB/s in the west and 8000 in the east."""
        setting, _, offers, found = deal()
        at_home = offers.channel == setting.self_hosting
        rent = 3.0 * 5000 * 1.8 / 48 * 1.35
        np.testing.assert_allclose(found.cost[at_home], found.load[at_home] * rent + 0.01, rtol=1e-12)
        eastern = setting.cohorts.region == EAST
        np.testing.assert_allclose(found.dearer[np.ix_(eastern, at_home)], 1.6, rtol=1e-12)
        np.testing.assert_allclose(found.dearer[np.ix_(~eastern, at_home)], 1.0, rtol=1e-12)
        assert (found.dearer[:, ~at_home] == 1.0).all()

    def test_a_subsidy_of_compute_pays_a_part_of_power(self, deal):
        subsidy = {"kind": "subsidy", "region": "east", "target": "compute", "rate": 0.4}
        _, _, _, free = deal()
        _, _, _, paid = deal(subsidy)
        eastern = np.isin(free.seller, [EASTERN, MODEST, 8])
        factor = np.where(eastern, (1 + 0.35 * 0.6) / 1.35, 1.0)
        sold = free.seller >= 0
        np.testing.assert_allclose(((paid.cost - 0.01) / (free.cost - 0.01))[sold], factor[sold], rtol=1e-12)
        assert np.array_equal(paid.load, free.load)


class TestRoyalties:
    """`eastern` asks hosts above 100 million users for a share; `bigcloud` has 500 through its owner, the others 0."""

    def test_who_pays(self, deal):
        _, _, offers, found = deal()
        paying = (offers.lab == EASTERN) & (offers.channel == 1)
        assert np.array_equal(found.royalty, np.where(paying, 0.1, 0.0))
        assert paying.sum() == 2

    @pytest.mark.parametrize(
        ("threshold", "payers"), [(499.9, [1]), (500.0, []), (49.9, [1, 2]), (0.0, [1, 2])]
    )
    def test_above_the_threshold_and_not_at_it(self, deal, threshold, payers):
        values = {"labs.eastern.licence_threshold": threshold, "clouds.host.users": 50}
        _, _, offers, found = deal(**values)
        assert sorted(set(offers.channel[found.royalty > 0].tolist())) == payers

    def test_new_terms(self, deal):
        change = {"kind": "licence_change", "lab": "eastern", "threshold": 0.0, "royalty": 0.3}
        _, _, offers, found = deal(change, **{"clouds.host.users": 1})
        assert set(found.royalty[(offers.lab == EASTERN) & np.isin(offers.channel, [1, 2])]) == {0.3}

    def test_none_on_open_models_nor_where_there_are_no_royalties(self, deal):
        opener = {"labs.opener.licence_threshold": 0.0, "labs.opener.royalty": 0.5}
        _, _, offers, found = deal(**opener)
        assert not found.royalty[offers.lab == OPENER].any()
        _, _, _, off = deal(**{"mechanisms.royalties": False})
        assert not off.royalty.any()

    def test_a_cloud_counts_its_owner_s_users(self, deal):
        assert deal()[0].cloud_users.tolist() == [500.0, 0.0, 0.0]
        assert deal(**{"clouds.bigcloud.users": 600})[0].cloud_users.tolist() == [600.0, 0.0, 0.0]


VALUES = {
    "labs.eastern.complement": 0.2,
    "labs.leader.own_complement": 0.1,
    "labs.opener.complement": 0.4,
    "labs.opener.own_complement": 0.15,
}


class TestClaims:
    def test_what_everybody_keeps_of_a_dollar(self, deal):
        """Seller: 1 - royalty + own complement; lab: royalty + complement; one firm that is both: the sum."""
        setting, _, offers, found = deal(**VALUES)
        royalty, complement = claims(offers, found, found.royalty)
        kept = np.zeros((len(offers), len(setting.firm_region)))
        for j in range(len(offers)):
            seller, lab = found.seller[j], offers.lab[j]
            if seller >= 0:
                kept[j, seller] += 1.0 - found.royalty[j] + found.own_margin[j]
            kept[j, lab] += found.royalty[j] + found.lab_margin[j]
        game = np.zeros_like(kept)
        paid = (found.seller != offers.lab) & ((found.royalty > 0) | (found.lab_margin > 0))
        for j in range(len(offers)):
            seller, lab = found.seller[j], offers.lab[j]
            receiver = lab if paid[j] else seller
            if seller >= 0:
                game[j, seller] += 1.0 - royalty[j]
            if receiver >= 0:
                game[j, receiver] += royalty[j] + complement[j]
        np.testing.assert_allclose(game, kept, atol=1e-14)


class TestGame:
    """One market solved, and its accounts made up again by hand."""

    @pytest.fixture
    def solved(self, deal):
        setting, state, offers, found = deal(**VALUES)
        policy = policy_of(setting, [], setting.months[3])
        xi = taste(setting, policy, offers, 3)
        cohorts = setting.cohorts
        q = quality(setting, xi, offers.capability, 0.25)
        q = q - cohorts.price_sensitivity[:, None] * np.log(found.dearer)
        royalty, complement = claims(offers, found, found.royalty)
        problem = price_problem(setting, offers, found)
        result = problem.solve(
            q,
            found.cost,
            weights=cohorts.spending,
            capacity=pool_capacity(problem, state.bandwidth * 1e4),
            load=found.load,
            complement=complement,
            royalty=royalty,
            tolerance=1e-11,
        )
        return setting, offers, found, q, result

    def test_models_of_a_tier_and_hosts_of_a_model_are_alike(self, solved):
        setting, offers, _, q, result = solved
        eps = setting.cohorts.price_sensitivity[:, None]
        models = [
            f"{lab}/{open_}/{new}"
            for lab, open_, new in zip(offers.lab, offers.open_, offers.newest, strict=True)
        ]
        hosts = [f"{tier}:{model}" for tier, model in zip(offers.tier, models, strict=True)]
        expected = choice_shares(
            q - eps * np.log(result.prices), nests=(offers.tier.tolist(), hosts), nesting=(0.4, 0.3)
        )
        np.testing.assert_allclose(result.shares, expected, rtol=1e-9, atol=1e-15)

    def test_profits_are_those_of_the_accounts(self, solved):
        setting, offers, found, _, result = solved
        buyers = (setting.cohorts.spending[:, None] * result.shares).sum(axis=0)
        tokens, spent = buyers / result.prices, buyers
        profit = np.zeros(len(setting.firm_region))
        for j in range(len(offers)):
            if found.seller[j] >= 0:
                margin = 1.0 - found.royalty[j] + found.own_margin[j]
                profit[found.seller[j]] += margin * spent[j] - found.cost[j] * tokens[j]
            profit[offers.lab[j]] += (found.royalty[j] + found.lab_margin[j]) * spent[j]
        for firm in np.flatnonzero(profit):
            (owner,) = [label for label in result.owners if str(label).isdigit() and int(label) == firm]
            assert result.profit(owner) == pytest.approx(profit[firm], rel=1e-9)

    def test_no_seller_gains_by_another_price(self, solved):
        """Each priced offer 1 % dearer or cheaper, all others as they are: the seller's profit falls."""
        setting, offers, found, q, result = solved
        eps = setting.cohorts.price_sensitivity[:, None]
        models = offers.lab * 4 + offers.open_ * 2 + offers.newest

        def profits(prices):
            shares = choice_shares(
                q - eps * np.log(prices),
                nests=(offers.tier.tolist(), (models * 2 + offers.tier).tolist()),
                nesting=(0.4, 0.3),
            )
            buyers = (setting.cohorts.spending[:, None] * shares).sum(axis=0)
            out = np.zeros(len(setting.firm_region))
            sold = found.seller >= 0
            margin = (1.0 - found.royalty + found.own_margin) * buyers - found.cost * buyers / prices
            np.add.at(out, found.seller[sold], margin[sold])
            np.add.at(out, offers.lab, (found.royalty + found.lab_margin) * buyers)
            return out

        best = profits(result.prices)
        for j in np.flatnonzero(found.seller >= 0):
            for factor in (0.99, 1.01):
                moved = result.prices.copy()
                moved[j] *= factor
                assert profits(moved)[found.seller[j]] < best[found.seller[j]]

    def test_self_hosting_is_sold_by_nobody(self, solved):
        setting, offers, found, _, result = solved
        at_home = offers.channel == setting.self_hosting
        assert np.array_equal(result.prices[at_home], found.cost[at_home])


class TestPools:
    def test_each_firm_has_its_own_capacity(self, deal):
        setting, state, offers, found = deal()
        state.bandwidth[:] = np.arange(1.0, 10.0)
        problem = price_problem(setting, offers, found)
        capacity = pool_capacity(problem, state.bandwidth)
        firms = [int(label) for label in problem.pools]
        assert firms == sorted(set(found.seller[found.seller >= 0].tolist()))
        assert capacity.tolist() == [float(firm + 1) for firm in firms]

    def test_none_without_the_mechanism(self, deal):
        setting, state, offers, found = deal(**{"mechanisms.serving_capacity": False})
        problem = price_problem(setting, offers, found)
        assert pool_capacity(problem, state.bandwidth) is None


def test_the_search_starts_at_last_month_s_prices_where_they_tell_something(deal):
    _, _, offers, found = deal()
    last = np.full(len(offers), np.nan)
    last[:3] = found.cost[:3] * [1.5, 0.9, 20.0]
    start = first_prices(found, last)
    np.testing.assert_allclose(start[0], 1.5 * found.cost[0])
    np.testing.assert_allclose(start[1:], 2.0 * found.cost[1:])
