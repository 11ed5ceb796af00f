"""A government looks at last month's record, and acts by events like any others."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.government import Government, forbids_opening
from sim.market import Market

WEST, EAST = 0, 1


@pytest.fixture
def seat(after):
    """A government and its market in month 6, with last month's lags as told."""

    def build(region: str, own_lag: float, rival_lag: float, **row: object) -> tuple[Government, Market]:
        market = after(6, {"governments": {region: row}, "events": []})
        own = market.setting.regions.index(region)
        market.record.market["lag"][5, [own, 1 - own]] = [own_lag, rival_lag]
        (government,) = market.governments.select(lambda one: one.region == region)
        government.acts.clear()
        market.policy_changed = False
        return government, market

    return build


class TestTightening:
    @pytest.mark.parametrize(("lag", "acts"), [(5.9, True), (6.0, False), (np.nan, False)])
    def test_below_the_lag(self, seat, lag, acts):
        government, market = seat(
            "west", 0.0, lag, rival="east", tighten_below_lag=6.0, tighten_rule="tpp >= 9000"
        )
        government.react()
        assert ("west-tightens" in government.acts) is acts
        assert market.policy_changed is acts
        if acts:
            rule = government.acts["west-tightens"]
            assert (rule.region, str(rule.date)) == ("east", "2023-07")
            assert market.catalogue.covered(rule.predicate).tolist() == [True, False, False, False]

    def test_once_made_it_stays_as_it_was(self, seat):
        government, market = seat("west", 0.0, 1.0, rival="east", tighten_below_lag=6.0)
        government.react()
        first = government.acts["west-tightens"]
        market.policy_changed = False
        market.record.market["lag"][5, EAST] = 100.0
        government.react()
        assert government.acts["west-tightens"] is first
        assert market.policy_changed is False

    def test_it_is_in_force_the_same_month(self, seat):
        _, market = seat("west", 0.0, 1.0, rival="east", tighten_below_lag=6.0)
        market.enact_policies()
        assert [rule.name for rule in market.policy.rules] == ["west-tightens"]


class TestEncouraging:
    def test_while_the_region_lags(self, seat):
        government, market = seat("east", 7.0, 0.0, encourage_open_above_lag=6.0, encouragement=0.08)
        government.react()
        assert government.acts["east-encourages"].rate == 0.08
        assert market.policy_changed
        market.record.market["lag"][5, EAST] = 6.0
        market.policy_changed = False
        government.react()
        assert government.acts == {}
        assert market.policy_changed

    def test_it_pays_the_labs_of_the_region(self, seat):
        _, market = seat("east", 7.0, 0.0, encourage_open_above_lag=6.0, encouragement=0.08)
        market.enact_policies()
        assert market.policy.open_subsidy.tolist() == [0.0, 0.08]


class TestBanning:
    @pytest.mark.parametrize(("limit", "acts"), [(0.0, True), (1.0, False)])
    def test_above_the_share(self, seat, limit, acts):
        government, _ = seat("east", 0.0, 0.0, rival="west", ban_foreign_above=limit)
        government.react()
        assert ("east-bans" in government.acts) is acts
        if acts:
            ban = government.acts["east-bans"]
            assert (ban.region, ban.segments, ban.origin, ban.coverage) == ("east", ["public"], "west", 1.0)

    def test_the_share_is_that_of_public_spending_on_the_rival_s_models(self, seat):
        government, market = seat("east", 0.0, 0.0, rival="west", ban_foreign_above=0.5)
        spending = market.record.usage["spending"][5, EAST, 2]
        spending[:] = 0.0
        spending[:, WEST] = 3.0
        spending[:, EAST] = 1.0
        assert government.rival_public_share() == pytest.approx(0.75)


class TestNothing:
    def test_a_government_without_levers_does_nothing(self, seat):
        government, market = seat("west", 0.0, 0.0)
        government.react()
        assert government.acts == {}
        assert market.policy_changed is False


def test_a_limit_on_opening_reaches_models_from_it_upwards():
    assert forbids_opening(130.0, 130.0)
    assert not forbids_opening(130.0, 129.9)
    assert not forbids_opening(None, 500.0)
    assert not forbids_opening(130.0, float("nan"))
