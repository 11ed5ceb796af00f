"""The markets that a lab imagines: its own offers by mode, what rivals learn, who will have chosen anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.choice.imagined import (
    CLOSED,
    OPEN,
    OPEN_LAGGED,
    OPEN_RESTRICTED,
    Imagined,
    crowds,
    imagine,
    taught,
)
from sim.choice.payoffs import funding_factor
from sim.choice.standing import Standing
from sim.economics import bass_step
from sim.market import Market
from sim.record import MODES
from sim.scenario.submodels import Finance
from sim.world.offers import current_offers
from sim.world.setting import API, FLAGSHIP, SMALL

LEADER, OPENER, EASTERN, MODEST = range(4)
FLAGSHIPS, HOSTS = [CLOSED, OPEN_LAGGED], (1, 2, 3)


def view(market: Market, lab: int, model) -> Imagined:
    setting, state, policy, month = market.setting, market.state, market.policy, market.month
    now = Standing.look(setting, state, policy, month, market.bandwidth_price)
    return imagine(setting, state, policy, lab, model, month, now, np.ones(len(MODES), dtype=bool))


def by_mode(market: Market, lab: int, model, mode: int) -> dict[tuple[int, int], tuple[float, bool]]:
    """Capability and openness of the lab's own models under a mode, by tier and channel."""
    found = view(market, lab, model)
    mine = found.offers.take(found.has[mode] & (found.offers.lab == lab))
    keys = list(zip(mine.tier.tolist(), mine.channel.tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, zip(mine.capability.tolist(), mine.open_.tolist(), strict=True), strict=True))


class TestModes:
    def test_closed_sells_alone(self, midway, family):
        market = midway()
        model = family(market, 4)
        flagship, small = model.capability
        expected = {(FLAGSHIP, API): (flagship, False), (SMALL, API): (small, False)}
        assert by_mode(market, 4, model, CLOSED) == expected

    @pytest.mark.parametrize("mode", [OPEN_RESTRICTED, OPEN])
    def test_open_weights_can_be_had_from_every_cloud_and_at_home(self, midway, family, mode):
        market = midway()
        model = family(market, EASTERN)
        found = by_mode(market, EASTERN, model, mode)
        assert set(found) == {(tier, channel) for tier in (0, 1) for channel in (API, *HOSTS, 4)}
        use, community = market.state.community[EASTERN], market.scenario.community
        better = model.capability + community.improvement * use / (use + community.half_use)
        assert use > 0
        for (tier, _), (capability, open_) in found.items():
            assert capability == pytest.approx(better[tier], abs=1e-9)
            assert open_

    def test_lagged_weights_stand_below_the_small_model_on_sale(self, midway, family):
        market = midway(**{"technology.lagged_gap": 2.5})
        model = family(market, 4)
        found = by_mode(market, 4, model, OPEN_LAGGED)
        small = model.capability[SMALL]
        assert {key: value for key, value in found.items() if key[1] == API} == {
            (FLAGSHIP, API): (model.capability[FLAGSHIP], False),
            (SMALL, API): (small, False),
        }
        assert {value for key, value in found.items() if key[1] != API} == {(small - 2.5, True)}
        assert {key for key in found if key[1] != API} == {(SMALL, channel) for channel in (*HOSTS, 4)}

    def test_a_lab_does_not_host_its_own_model_in_its_own_cloud(self, midway, family):
        market = midway()
        found = by_mode(market, LEADER, family(market, LEADER), OPEN)
        assert {channel for _, channel in found} == {API, 2, 3, 4}

    @pytest.mark.parametrize("mode", FLAGSHIPS)
    def test_weights_once_open_stay_beside_a_closed_flagship(self, midway, family, mode):
        market = midway()
        model = family(market, OPENER)
        found = by_mode(market, OPENER, model, mode)
        old = float(market.state.open_capability[OPENER, FLAGSHIP])
        gain = found[FLAGSHIP, 4][0] - old
        assert 0.0 <= gain <= market.scenario.community.improvement
        assert found[FLAGSHIP, API] == (model.capability[FLAGSHIP], False)

    def test_without_hosting_or_self_hosting(self, midway, family):
        for values, channels in (
            ({"mechanisms.hosting": False}, {API, 4}),
            ({"mechanisms.self_hosting": False}, {API, *HOSTS}),
        ):
            market = midway(**values)
            found = by_mode(market, MODEST, family(market, MODEST), OPEN)
            assert {channel for _, channel in found} == channels

    def test_what_the_lab_s_cloud_sells_of_others_is_in_every_mode(self, midway, family):
        market = midway()
        found = view(market, LEADER, family(market, LEADER))
        offers, has = found.offers, found.has
        others = (offers.lab != LEADER) & (found.deal.seller == LEADER)
        now = current_offers(market.setting, market.state)
        assert others.sum() == ((now.channel == 1) & (now.lab != LEADER)).sum() > 0
        assert (offers.channel[others] == 1).all()
        assert has[:, others].all()


class TestLessons:
    def lesson(self, market: Market, family, outlook, mode: int, horizon: int, lab: int = LEADER):
        return taught(
            market.setting, market.state, market.policy, lab, family(market, lab), mode, horizon, outlook
        )

    @pytest.fixture
    def outlook(self, midway):
        market = midway()
        return replace(market.outlook(), growth=1.5, training_flop=np.full(7, 1e25))

    def test_a_closed_model_teaches_nobody(self, midway, family, outlook):
        found = self.lesson(midway(), family, outlook, CLOSED, 24)
        assert not found.gain.any()
        assert np.isneginf(found.floor).all()

    def test_those_behind_learn_what_the_pool_gains_by_it(self, midway, family, outlook):
        """Opener (open) and eastern (restricted, 0.9) are in the pool; the leader would fill it further."""
        market = midway()
        s, level = market.scenario.spillovers, market.state.algorithm
        openness = {OPENER: 1.0, EASTERN: 0.9}
        n = sum(
            part * np.exp(-(level.max() - level[lab]) / s.pool_distance) for lab, part in openness.items()
        )
        own = np.exp(-(level.max() - level[LEADER]) / s.pool_distance)
        rise = (n + own) / (n + own + s.pool_half) - n / (n + s.pool_half)
        behind = np.maximum(level[LEADER] - level, 0.0)
        expected = 7.2 * s.open_pool * rise * 0.5 * behind
        found = self.lesson(market, family, outlook, OPEN, 6)
        np.testing.assert_allclose(found.gain, expected, rtol=1e-9)
        assert (found.gain > 0).any()

    def test_more_open_teaches_more(self, midway, family, outlook):
        market = midway()
        gains = [self.lesson(market, family, outlook, mode, 24).gain.sum() for mode in range(4)]
        assert gains == sorted(gains)
        assert len(set(gains)) == 4

    def test_rivals_may_build_on_an_open_flagship_once_they_had_time(self, midway, family, outlook):
        """Base 4 months old, its successors with 9 points a year; loss 2, and 0.5 for each of 3 orders of own FLOP."""
        market = midway()
        flagship = family(market, LEADER).capability[FLAGSHIP]
        assert np.isneginf(self.lesson(market, family, outlook, OPEN, 3).floor).all()
        floor = self.lesson(market, family, outlook, OPEN, 16).floor
        np.testing.assert_allclose(np.delete(floor, LEADER), flagship + 9.0 - 2.0 + 1.5, rtol=1e-12)
        assert np.isneginf(floor[LEADER])
        assert np.isneginf(self.lesson(market, family, outlook, OPEN_LAGGED, 16).floor).all()

    def test_a_restricted_licence_keeps_the_large_from_building_on_it(self, midway, family, outlook):
        """The licence of `eastern` ends at 100 million users; `leader` has 500, `opener` 20."""
        floor = self.lesson(midway(), family, outlook, OPEN_RESTRICTED, 16, lab=EASTERN).floor
        assert np.isneginf(floor[[LEADER, EASTERN]]).all()
        assert np.isfinite(np.delete(floor, [LEADER, EASTERN])).all()

    @pytest.mark.parametrize(("switch", "kept"), [("open_spillover", "floor"), ("derivation", "gain")])
    def test_a_channel_that_is_off_teaches_nothing(self, midway, family, outlook, switch, kept):
        off = self.lesson(midway(**{f"mechanisms.{switch}": False}), family, outlook, OPEN, 16)
        taught_by_gain, taught_by_floor = bool(off.gain.any()), bool(np.isfinite(off.floor).any())
        assert (taught_by_gain, taught_by_floor) == (kept == "gain", kept == "floor")


class TestCrowds:
    """Spending by a day to come, of everybody and of those who will have chosen anew by then."""

    def test_month_by_month(self, midway):
        """Newcomers at today's hazard, budgets that grow, and of today's customers those who did not reconsider."""
        market = midway()
        c, f = market.setting.cohorts, market.state.adopted
        everyone, anew = crowds(market.setting, market.state, np.array([0.5, 2.0]))
        for k, months in enumerate((6, 24)):
            settled, waiting, budget = f.copy(), 1.0 - f, np.ones(len(c))
            for _ in range(months):
                settled = settled * (1.0 - c.reconsider)
                waiting = waiting * np.exp(-(c.innovation + c.imitation * f) / 12)
                budget = budget * c.growth ** (1 / 12)
            np.testing.assert_allclose(everyone[k], budget * (1.0 - waiting) / f, rtol=1e-9)
            np.testing.assert_allclose(everyone[k] - anew[k], budget * settled / f, rtol=1e-9)

    def test_newcomers_are_those_of_the_bass_curve_in_the_next_months(self, midway):
        market = midway()
        c, f = market.setting.cohorts, market.state.adopted
        everyone, _ = crowds(market.setting, market.state, np.array([1 / 12]))
        grown = bass_step(f, c.innovation, c.imitation, 1 / 12) * c.growth ** (1 / 12) / f
        np.testing.assert_allclose(everyone[0] - 1.0, grown - 1.0, rtol=0.02)

    def test_this_month_those_who_reconsider(self, midway):
        market = midway()
        everyone, anew = crowds(market.setting, market.state, np.array([0.0]))
        np.testing.assert_allclose(everyone[0], 1.0, rtol=1e-12)
        np.testing.assert_allclose(anew[0], market.setting.cohorts.reconsider, rtol=1e-12)

    def test_without_inertia_all_choose_anew(self, midway):
        market = midway(**{"mechanisms.inertia": False})
        everyone, anew = crowds(market.setting, market.state, np.array([0.0, 3.0]))
        assert np.array_equal(everyone, anew)


class TestFunding:
    def finance(self, elasticity: float, on_takings: float = 0.5) -> Finance:
        return Finance(funding_per_use=elasticity, funding_on_takings=on_takings)

    def test_a_fair_share_of_use_and_takings_changes_nothing(self):
        fair = np.array([0.25])
        assert funding_factor(fair, fair, 4, self.finance(0.3, 0.7))[0] == pytest.approx(1.0)

    def test_it_is_the_geometric_mean_that_counts(self):
        """Twice the use at half the takings is the same; four times both at elasticity 0.5 doubles."""
        many = funding_factor(np.array([0.5, 1.0]), np.array([0.125, 1.0]), 4, self.finance(0.5))
        np.testing.assert_allclose(many, [1.0, 2.0], rtol=1e-12)

    def test_investors_may_look_at_takings_more(self):
        """Sixteen times the use at a fair share of takings: to the power of its weight, a quarter, twice."""
        few = funding_factor(np.array([1.0]), np.array([0.0625]), 16, self.finance(1.0, 0.75))
        np.testing.assert_allclose(few, [2.0], rtol=1e-12)

    def test_within_a_third_and_three(self):
        ends = np.array([0.0, 1.0])
        assert funding_factor(ends, ends, 100, self.finance(3.0)).tolist() == [1 / 3, 3.0]
