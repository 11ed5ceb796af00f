"""Which models can be had from whom."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.offers import considered, current_offers
from sim.world.setting import API, FLAGSHIP, SMALL, Setting
from sim.world.state import NEVER, State

LEADER, OPENER, EASTERN, MODEST = range(4)


def keys(offers):
    return set(zip(offers.lab.tolist(), offers.tier.tolist(), offers.channel.tolist(), strict=True))


def test_own_service_hosts_and_self_hosting(setting: Setting, state: State):
    state.hosted[1, OPENER, FLAGSHIP] = True
    state.hosted[2, EASTERN, SMALL] = True
    own = {(lab, tier, API) for lab in range(4) for tier in (0, 1)}
    self_hosted = {(OPENER, 0, 4), (OPENER, 1, 4), (EASTERN, 0, 4), (EASTERN, 1, 4), (MODEST, 1, 4)}
    assert keys(current_offers(setting, state)) == own | self_hosted | {(OPENER, 0, 2), (EASTERN, 1, 3)}


def test_every_slot_is_its_own(setting: Setting, state: State):
    state.hosted[:] = True
    state.hosted[0, LEADER] = False
    slots = current_offers(setting, state).slots(setting)
    assert len(set(slots.tolist())) == len(slots)
    assert slots.max() < state.price.size == state.shares.shape[1]


def test_who_sells(setting: Setting, state: State):
    state.hosted[:, OPENER] = True
    offers = current_offers(setting, state)
    of_opener = offers.take(offers.lab == OPENER)
    seller = dict(zip(of_opener.channel.tolist(), of_opener.sellers(setting).tolist(), strict=True))
    assert seller == {0: OPENER, 1: LEADER, 2: 7, 3: 8, 4: -1}


def test_no_service_without_compute_or_after_the_end(setting: Setting, state: State):
    state.hosted[1, OPENER, FLAGSHIP] = True
    state.bandwidth[[LEADER, 7]] = 0.0
    state.active[OPENER] = False
    found = keys(current_offers(setting, state))
    assert not {key for key in found if key[0] == LEADER or key[2] == 2}
    assert not {key for key in found if key[0] == OPENER and key[2] == API}
    assert (OPENER, FLAGSHIP, 4) in found  # open weights stay


def test_lagged_weights_are_not_the_model_in_the_lab_s_own_service(setting: Setting, state: State):
    offers = current_offers(setting, state)
    modest = offers.take((offers.lab == MODEST) & (offers.tier == SMALL))
    order = np.argsort(modest.channel)
    assert modest.capability[order].tolist() == [114.0, 111.0]
    assert modest.open_[order].tolist() == [False, True]
    assert modest.newest[order].tolist() == [True, False]


def test_older_open_weights_stay_on_offer_beside_a_closed_successor(setting: Setting, state: State):
    state.mode[OPENER], state.released[OPENER], state.capability[OPENER] = 0, 5, [131.0, 124.0]
    offers = current_offers(setting, state)
    opener = offers.take((offers.lab == OPENER) & (offers.tier == FLAGSHIP))
    found = sorted(zip(opener.channel, opener.capability, opener.open_, opener.since, strict=True))
    assert found == [(0, 131.0, False, 5), (4, 126.0, True, 1)]


class TestConsideration:
    @pytest.mark.parametrize(
        ("most", "flagships", "small"), [(0, [], []), (1, [2], [2]), (2, [1, 2], [1, 2])]
    )
    def test_the_most_capable_of_each_tier(self, world, most, flagships, small):
        setting, state, _ = world({"demand.considered": most})
        found = considered(setting, state)
        assert np.flatnonzero(found[:, FLAGSHIP]).tolist() == flagships
        assert np.flatnonzero(found[:, SMALL]).tolist() == small

    def test_nothing_if_nobody_may(self, world):
        setting, state, _ = world({"mechanisms.self_hosting": False})
        assert not considered(setting, state).any()
        assert (current_offers(setting, state).channel != setting.self_hosting).all()


class TestCommunity:
    def test_use_improves_open_models_wherever_they_are_served(self, world):
        values = {"community.improvement": 2.0, "community.cheaper_serving": 0.5, "community.half_use": 0.1}
        setting, state, _ = world(values)
        plain = current_offers(setting, state)
        state.community[:] = 0.1
        used = current_offers(setting, state)
        gain = np.where(plain.open_, 0.5, 0.0)
        np.testing.assert_allclose(used.capability - plain.capability, 2.0 * gain, atol=1e-12)
        np.testing.assert_allclose(used.bytes_ / plain.bytes_, 1.0 - 0.5 * gain, rtol=1e-12)
        assert plain.open_.any()
        assert not plain.open_.all()

    def test_off(self, world):
        setting, state, _ = world({"mechanisms.community": False})
        plain = current_offers(setting, state)
        state.community[:] = 0.1
        used = current_offers(setting, state)
        assert np.array_equal(used.capability, plain.capability)
        assert np.array_equal(used.bytes_, plain.bytes_)


def test_nothing_is_on_offer_before_the_first_release(setting: Setting):
    assert len(current_offers(setting, State.empty(setting))) == 0


def test_the_state_is_not_touched(setting: Setting, state: State):
    before = {name: array.copy() for name, array in vars(state).items()}
    offers = current_offers(setting, state)
    offers.capability[:] = 0.0
    offers.bytes_[:] = 0.0
    assert all(np.array_equal(getattr(state, k), v, equal_nan=v.dtype.kind == "f") for k, v in before.items())
    assert state.released[4] == NEVER
