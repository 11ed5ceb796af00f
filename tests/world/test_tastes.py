"""What customers think of offers, one cause at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.economics import choice_shares
from sim.world.offers import Offers, current_offers
from sim.world.policy import policy_of
from sim.world.setting import API, FLAGSHIP, Setting
from sim.world.tastes import quality, taste

LEADER, OPENER, EASTERN, MODEST = range(4)
WEST, EAST = 0, 1

View = tuple[Setting, Offers, np.ndarray]


@pytest.fixture
def look(world) -> Callable[..., View]:
    """Offers and tastes, with all open models hosted everywhere, under some values and events."""

    def view(*events: dict[str, Any], month: int = 3, hosted_since: int = 0, **values: Any) -> View:
        named = [{"name": f"e-{i}", "date": "2023-01", "source": "s", **e} for i, e in enumerate(events)]
        setting, state, _ = world({"events": named, **values})
        policy = policy_of(setting, setting.scenario.events, setting.months[month])
        state.hosted[:, [OPENER, EASTERN]] = True
        state.hosted_since[:, [OPENER, EASTERN]] = hosted_since
        offers = current_offers(setting, state)
        return setting, offers, taste(setting, policy, offers, month)

    return view


PLAIN = {
    "mechanisms.trials": False,
    "mechanisms.closed_only": False,
    "hosting.first_mover": 0.0,
    "demand.licence_friction": 0.0,
}


def rows(setting: Setting, region: int | None = None, segment: str | None = None):
    c = setting.cohorts
    found = np.ones(len(c), dtype=bool)
    if region is not None:
        found &= c.region == region
    if segment is not None:
        found &= c.segment == setting.segments.index(segment)
    return found


class TestBans:
    def ban(self, **fields: Any) -> dict[str, Any]:
        return {"kind": "vendor_ban", "region": "east", "segments": ["makers"], "origin": "west"} | fields

    def test_full_coverage_takes_the_offers_away(self, look):
        setting, offers, free = look(**PLAIN)
        _, _, banned = look(self.ban(), **PLAIN)
        bound = rows(setting, EAST, "makers")
        hit = np.isin(offers.lab, [LEADER, OPENER]) & (offers.channel == API)
        assert np.isneginf(banned[np.ix_(bound, hit)]).all()
        assert np.array_equal(banned[~bound], free[~bound])
        assert np.array_equal(banned[:, ~hit], free[:, ~hit])

    def test_weights_too(self, look):
        setting, offers, _ = look(**PLAIN)
        _, _, banned = look(self.ban(weights_too=True), **PLAIN)
        western = np.isin(offers.lab, [LEADER, OPENER])
        bound = rows(setting, EAST, "makers")
        assert np.array_equal(np.isneginf(banned[bound]).all(axis=0), western)

    def test_named_labs(self, look):
        setting, offers, free = look(**PLAIN)
        _, _, banned = look(self.ban(origin=None, labs=["modest"]), **PLAIN)
        changed = banned != free
        assert np.array_equal(
            changed, np.outer(rows(setting, EAST, "makers"), (offers.lab == MODEST) & (offers.channel == API))
        )

    @pytest.mark.parametrize("coverage", [0.2, 0.75])
    def test_part_coverage_scales_the_odds(self, look, coverage):
        """Odds of a banned offer against any other offer, and against none at all, fall to 1 - coverage."""
        setting, offers, free = look(**PLAIN)
        _, _, banned = look(self.ban(coverage=coverage), **PLAIN)
        bound = rows(setting, EAST, "makers")
        hit = np.isin(offers.lab, [LEADER, OPENER]) & (offers.channel == API)
        odds = []
        for xi in (free, banned):
            shares = choice_shares(xi[bound])
            odds.append(shares / (1.0 - shares.sum(axis=1, keepdims=True)))
        np.testing.assert_allclose(odds[1][:, hit] / odds[0][:, hit], 1.0 - coverage, rtol=1e-12)
        np.testing.assert_allclose(odds[1][:, ~hit] / odds[0][:, ~hit], 1.0, rtol=1e-12)


class TestAvailability:
    def test_a_withdrawn_api_is_no_offer_but_its_weights_are(self, look):
        setting, offers, free = look(**PLAIN)
        _, _, gone = look({"kind": "api_withdrawal", "labs": ["opener"], "region": "east"}, **PLAIN)
        lost = np.outer(rows(setting, EAST), (offers.lab == OPENER) & (offers.channel == API))
        assert np.isneginf(gone[lost]).all()
        assert np.array_equal(gone[~lost], free[~lost])

    def test_a_lab_s_first_model_waits_for_its_filing(self, look):
        """First models are of months 0 to 2; with a delay of 2 months in the east those of month 2 wait in month 3."""
        rule = {"kind": "content_rule", "region": "east", "delay": 2}
        setting, offers, free = look(**PLAIN)
        _, _, ruled = look(rule, **PLAIN)
        waiting = np.outer(rows(setting, EAST), np.isin(offers.lab, [LEADER, EASTERN]))
        assert np.isneginf(ruled[waiting]).all()
        assert np.array_equal(ruled[~waiting], free[~waiting])
        _, _, later = look(rule, month=4, **PLAIN)
        assert np.array_equal(np.isneginf(later), np.isneginf(free))

    def test_its_successors_do_not(self, world):
        rule = {
            "name": "e",
            "kind": "content_rule",
            "date": "2023-01",
            "source": "s",
            "region": "east",
            "delay": 2,
        }
        setting, state, policy = world(PLAIN | {"events": [rule]}, month=8)
        state.released[:4] = 8
        offers = current_offers(setting, state)
        assert np.isfinite(taste(setting, policy, offers, 8)).all()

    def test_burdens_on_home_and_foreign_models(self, look):
        rule = {"kind": "content_rule", "region": "east", "home_penalty": 0.25, "foreign_penalty": 1.5}
        setting, offers, free = look(**PLAIN)
        _, _, ruled = look(rule, **PLAIN)
        home = np.isin(offers.lab, [EASTERN, MODEST])
        lost = np.where(rows(setting, EAST)[:, None], np.where(home, 0.25, 1.5), 0.0)
        np.testing.assert_allclose(free - ruled, lost, atol=1e-12)

    def test_clouds_serve_their_regions(self, look):
        setting, offers, xi = look(**PLAIN, **{"clouds.host.serves": ["west"]})
        unserved = np.outer(rows(setting, EAST), offers.channel == 2)
        assert np.array_equal(np.isneginf(xi), unserved)

    def test_some_buy_from_the_maker_only(self, look):
        setting, offers, xi = look(**(PLAIN | {"mechanisms.closed_only": True}))
        assert setting.cohorts.closed_only.any()
        assert np.array_equal(np.isneginf(xi), np.outer(setting.cohorts.closed_only, offers.channel != API))


class TestTrust:
    def test_a_trusted_host_leaves_a_part_of_the_distrust_and_self_hosting_too(self, look):
        """The east distrusts the west by 0.4; of it 0.3 stay whoever serves."""
        off = {"mechanisms.trust": False}
        setting, offers, xi = look(**PLAIN)
        _, _, blind = look(**PLAIN, **off)
        eastern = rows(setting, EAST)
        lost = (blind - xi)[eastern]
        made_west = np.isin(offers.lab, [LEADER, OPENER])
        # bigcloud and host are western, eastcloud is not, and at home nobody has to be trusted.
        served_west = (made_west & (offers.channel == API)) | np.isin(offers.channel, [1, 2])
        expected = np.where(served_west, 0.4, np.where(made_west, 0.3 * 0.4, 0.0))
        np.testing.assert_allclose(lost, np.broadcast_to(expected, lost.shape), atol=1e-12)
        western = rows(setting, WEST)
        assert np.array_equal(blind[western], xi[western])

    def test_off_is_as_no_distrust(self, look):
        _, _, blind = look(**{"mechanisms.trust": False})
        _, _, friends = look(**{"regions.east.distrust.west": 0.0})
        assert np.array_equal(blind, friends)


class TestPromotions:
    def test_a_trial_in_a_host_s_first_month(self, look):
        _, offers, plain = look(hosted_since=3, **PLAIN)
        values = PLAIN | {"mechanisms.trials": True, "hosting.trial_months": 2, "hosting.trial_value": 0.7}
        for since, months_worth in ((3, 0.7), (2, 0.7), (1, 0.0)):
            _, _, xi = look(hosted_since=since, **values)
            hosted = (offers.channel > API) & (offers.channel < 4)
            expected = np.broadcast_to(np.where(hosted, months_worth, 0.0), xi.shape)
            np.testing.assert_allclose(xi - plain, expected, atol=1e-12)

    def test_the_first_host_of_a_new_model_is_known_as_such(self, world):
        setting, state, policy = world(PLAIN | {"hosting.first_mover": 0.9})
        state.hosted[:, OPENER, FLAGSHIP] = True
        state.hosted_since[:, OPENER, FLAGSHIP] = [2, 1, 2]  # the model is of month 1
        offers = current_offers(setting, state)
        plain = taste(*world(PLAIN)[::2], offers, 3)
        gains = {}
        for month in (3, 6, 7):
            gain = taste(setting, policy, offers, month) - plain
            hosts = (offers.lab == OPENER) & (offers.tier == FLAGSHIP) & np.isin(offers.channel, [1, 2, 3])
            gains[month] = gain[1][hosts].round(12).tolist()
            assert not gain[:, ~hosts].any()
        assert gains == {3: [0.0, 0.9, 0.0], 6: [0.0, 0.9, 0.0], 7: [0.0, 0.0, 0.0]}


class TestService:
    def test_what_is_served_by_whom(self, look):
        values = {
            "segments.makers.support": 2.0,
            "segments.makers.sovereignty": 0.7,
            "demand.host_support": 0.5,
        }
        base = {"segments.makers.support": 0.0, "segments.makers.sovereignty": 0.0}
        custom = {"segments.makers.customisation": 0.3}
        setting, offers, xi = look(**PLAIN, **values, **custom)
        _, _, none = look(**PLAIN, **base, **{"segments.makers.customisation": 0.0})
        worth = (
            np.where(offers.channel == API, 2.0, np.where(offers.channel == 4, 0.7, 1.0)) + 0.3 * offers.open_
        )
        found = (xi - none)[rows(setting, segment="makers")]
        np.testing.assert_allclose(found, np.broadcast_to(worth, found.shape), atol=1e-12)

    def test_brand_goes_with_the_model_and_reach_with_the_host(self, look):
        _, offers, plain = look(**PLAIN)
        _, _, xi = look(**PLAIN, **{"labs.opener.brand": 0.5, "clouds.host.reach": 0.25})
        expected = 0.5 * (offers.lab == OPENER) + 0.25 * (offers.channel == 2)
        np.testing.assert_allclose(xi - plain, np.broadcast_to(expected, xi.shape), atol=1e-12)

    def test_an_entry_for_many_alike_hosts_is_chosen_as_often_as_all_of_them(self, look):
        """A model at its maker, at one host and at three others alike, against those three as one entry."""
        values = {"demand.tier_nesting": 0.3, "demand.host_nesting": 0.4}
        _, offers, one = look(**PLAIN, **values)
        _, _, three = look(**PLAIN, **values, **{"clouds.host.hosts": 3})
        more = (three - one)[0]
        assert (more[offers.channel != 2] == 0.0).all()
        gain = more[offers.channel == 2]
        nests, scales = [["large"] * 5, ["model"] * 5], (0.3, 0.4)
        apart = choice_shares([0.2, -0.1, 0.4, 0.4, 0.4], nests=nests, nesting=scales)
        together = choice_shares(
            [0.2, -0.1, 0.4 + gain[0]], nests=[row[:3] for row in nests], nesting=scales
        )
        np.testing.assert_allclose(together, [*apart[:2], apart[2:].sum()], rtol=1e-12)
        np.testing.assert_allclose(gain, gain[0], rtol=1e-12)

    def test_a_restricted_licence_costs_those_who_host_it(self, look):
        _, offers, plain = look(**PLAIN)
        _, _, xi = look(**(PLAIN | {"demand.licence_friction": 0.4}))
        lost = 0.4 * ((offers.lab == EASTERN) & (offers.channel != API))
        np.testing.assert_allclose(plain - xi, np.broadcast_to(lost, xi.shape), atol=1e-12)


class TestQuality:
    def test_half_the_tasks_at_the_difficulty(self, setting: Setting):
        c = setting.cohorts
        years = np.array([0.0, 2.0])
        level = c.difficulty[0] + c.difficulty_growth[0] * years
        xi = np.zeros((len(c), 1))
        found = quality(setting, xi, level[:, None], years)
        assert found.shape == (2, len(c), 1)
        np.testing.assert_allclose(found[:, 0, 0], 0.5 * c.capability_value[0], rtol=1e-12)

    @given(st.floats(50, 300), st.floats(0, 30), st.floats(0, 5))
    def test_more_capability_is_worth_more_up_to_the_worth_of_all_tasks(
        self, setting_once, capability, gain, years
    ):
        c = setting_once.cohorts
        xi = np.zeros((len(c), 2))
        low, high = quality(setting_once, xi, np.array([capability, capability + gain]), years).T
        assert (low <= high).all()
        assert (low >= 0).all()
        assert (high <= c.capability_value).all()


@pytest.fixture(scope="module")
def setting_once(lively) -> Setting:
    return Setting(lively.scenario)
