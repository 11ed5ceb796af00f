"""A lab: trains by its equations, chooses by its rule, and changes nothing before its release is out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.agents.lab import Known, Release
from sim.market import Market
from sim.record import COMPONENTS, MODES
from sim.scenario.events import ForcedRelease
from sim.technology.units import SECONDS_PER_MONTH
from sim.world.setting import FLAGSHIP, SMALL
from sim.world.state import NEVER

LEADER, OPENER, EASTERN, MODEST = range(4)
PLAIN = {"mechanisms.noise": False, "mechanisms.flywheel": False, "mechanisms.derivation": False}


def forced(**fields: Any) -> ForcedRelease:
    base = {
        "kind": "forced_release",
        "name": "x",
        "date": "2023-08",
        "source": "s",
        "lab": "opener",
        "model": "X",
    }
    return ForcedRelease.model_validate(base | {"mode": "open"} | fields)


def snapshot(market: Market) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in vars(market.state).items()}


def changed(before: dict[str, np.ndarray], market: Market) -> set[str]:
    now = vars(market.state)
    return {k for k, v in before.items() if not np.array_equal(v, now[k], equal_nan=v.dtype.kind == "f")}


class TestTraining:
    def test_of_an_own_run(self, after, lab):
        """3 months at 40 % of peak, a fifth of compute in the final run; GPT-4 as the measure."""
        market = after(5, PLAIN)
        model, state = lab(market, "opener").train(), market.state
        flop = state.training[OPENER] * 1e12 * 0.4 * 0.2 * 3 * SECONDS_PER_MONTH
        level = state.algorithm[OPENER]
        assert model.flop == pytest.approx(flop, rel=1e-12)
        assert model.capability[FLAGSHIP] == pytest.approx(
            126.1 + 7.2 * (np.log10(flop / 2.1e25) + level), abs=1e-9
        )
        assert model.capability[FLAGSHIP] - model.capability[SMALL] == pytest.approx(7.0)
        size = market.scenario.technology.bytes_per_token * (flop / 2.1e25) ** 0.5 * 10 ** (-0.5 * level)
        np.testing.assert_allclose(model.bytes_, [size, 0.08 * size], rtol=1e-9)
        assert model.base == -1

    def test_luck_and_the_flywheel_add_points(self, after, lab):
        plain = lab(after(5, PLAIN), "opener").train().capability[FLAGSHIP]
        market = after(5, PLAIN | {"mechanisms.noise": True, "technology.timing_noise": 0.0})
        opener = lab(market, "opener")
        luck = market.luck["research"][5, OPENER]
        market.luck["research"][5, OPENER] = 0.0
        without = opener.train().capability[FLAGSHIP]
        market.luck["research"][5, OPENER] = luck
        assert opener.train().capability[FLAGSHIP] - without == pytest.approx(1.0 * luck, abs=1e-9)
        market = after(5, PLAIN | {"mechanisms.flywheel": True})
        market.state.data[OPENER] = 3.0 * market.scenario.community.half_use
        market.state.algorithm[OPENER] = after(5, PLAIN).state.algorithm[OPENER]
        fly = lab(market, "opener").train().capability[FLAGSHIP]
        level = after(5, PLAIN).state
        shift = 7.2 * np.log10(market.state.training[OPENER] / level.training[OPENER])
        assert fly - plain == pytest.approx(0.75 * 1.5 + shift, abs=1e-6)

    def test_a_lab_without_compute_trains_next_to_nothing(self, after, lab):
        market = after(5, PLAIN)
        market.state.training[OPENER] = 0.0
        assert lab(market, "opener").train().flop == 1e18


class TestDerivation:
    """The best open flagship that the licence lets a lab use, less what adaptation loses."""

    @pytest.fixture
    def market(self, after) -> Market:
        """`opener` open at 140 since month 1, `eastern` restricted at 150 since month 1; own runs are far below."""
        market = after(5, {"mechanisms.noise": False, "mechanisms.flywheel": False})
        market.state.open_capability[[OPENER, EASTERN], FLAGSHIP] = [140.0, 150.0]
        market.state.open_since[[OPENER, EASTERN], FLAGSHIP] = 1
        market.state.open_restricted[:, FLAGSHIP] = [False, False, True, False, False, False, False]
        market.state.open_bytes[[OPENER, EASTERN], FLAGSHIP] = [4e9, 5e9]
        return market

    def test_from_the_best_that_it_may_use(self, market, lab):
        model = lab(market, "modest").train()
        orders = np.log10(model.flop / 1e22)
        assert model.base == EASTERN
        assert model.capability[FLAGSHIP] == pytest.approx(150.0 - 2.0 + 0.5 * orders, abs=1e-9)
        assert model.bytes_[FLAGSHIP] == 5e9

    def test_a_licence_keeps_large_firms_out(self, market, lab):
        """The licence of `eastern` ends at 100 million users; `leader` has 500."""
        model = lab(market, "leader").train()
        assert model.base == OPENER
        assert model.bytes_[FLAGSHIP] == 4e9

    def test_a_change_of_the_licence_lets_them_in(self, market, lab):
        market.policy.threshold[EASTERN] = 500.0
        assert lab(market, "leader").train().base == EASTERN

    def test_nobody_derives_from_itself(self, market, lab):
        market.state.open_capability[OPENER, FLAGSHIP] = 160.0
        assert lab(market, "modest").train().base == OPENER
        assert lab(market, "opener").train().base == EASTERN

    def test_it_takes_its_time(self, market, lab):
        market.state.open_since[EASTERN, FLAGSHIP] = 2
        assert lab(market, "modest").train().base == OPENER  # 5 - 2 is less than 4 months

    def test_an_own_run_that_is_better_is_kept(self, market, lab):
        market.state.algorithm[MODEST] = 10.0
        assert lab(market, "modest").train().base == -1

    def test_off(self, after, lab):
        market = after(5, {"mechanisms.derivation": False})
        market.state.open_capability[OPENER, FLAGSHIP] = 300.0
        assert lab(market, "modest").train().base == -1


class TestDeciding:
    def test_nothing_changes_before_the_release(self, after, lab):
        market = after(7, {"choice.rule": "lookahead"})
        for name, told in (("eastern", None), ("opener", forced(capability=140.0, flop=1e26))):
            before = snapshot(market)
            lab(market, name).decide(told)
            assert changed(before, market) <= {"attraction", "experience"}
        assert len(market.record.models) == sum(one.families for one in market.labs)

    def test_the_mode_is_where_luck_falls_among_the_probabilities(self, after, lab):
        market = after(7, {"choice.rule": "lookahead", "choice.intensity": 0.0})
        for luck, mode in ((0.1, 0), (0.249, 0), (0.251, 1), (0.6, 2), (0.99, 3)):
            market.luck["mode"][7, EASTERN] = luck
            plan = lab(market, "eastern").decide()
            assert plan.mode == mode
            assert [plan.reasons[f"{name}_probability"] for name in MODES] == [0.25] * 4

    def test_the_parts_of_a_payoff_add_up_and_make_the_probabilities(self, after, lab):
        market = after(7, {"choice.rule": "lookahead"})
        reasons = lab(market, "eastern").decide().reasons
        payoffs = np.array([reasons[f"{mode}_payoff"] for mode in MODES])
        for mode, payoff in zip(MODES, payoffs, strict=True):
            assert payoff == pytest.approx(sum(reasons[f"{mode}_{part}"] for part in COMPONENTS), rel=1e-12)
        odds = np.exp(50.0 * (payoffs - payoffs.max()) / reasons["scale"])
        found = [reasons[f"{mode}_probability"] for mode in MODES]
        np.testing.assert_allclose(found, odds / odds.sum(), rtol=1e-9)

    def test_a_change_of_course_costs_a_share_of_the_scale(self, after, lab):
        market = after(7, {"choice.rule": "lookahead", "choice.change_cost": 0.2})
        reasons = lab(market, "eastern").decide().reasons
        cost = {mode: -reasons[f"{mode}_change"] / reasons["scale"] for mode in MODES}
        present = MODES[market.state.mode[EASTERN]]
        assert cost == {mode: 0.0 if mode == present else pytest.approx(0.2) for mode in MODES}

    def test_secrets_are_worth_what_no_open_model_of_others_tells(self, after, lab):
        """Level with the best open model of others half of them, three points ahead of it e / (1 + e)."""
        market = after(7, {"choice.rule": "lookahead", "choice.secrecy": 0.4, "choice.secrecy_width": 3.0})
        opener = 120.0
        market.state.open_capability[:, FLAGSHIP] = -np.inf
        market.state.open_capability[OPENER, FLAGSHIP] = opener
        market.state.open_capability[EASTERN, FLAGSHIP] = 125.0  # its own, which tells nothing new
        for ahead, part in ((0.0, 0.5), (3.0, np.e / (1 + np.e)), (-1e6, 0.0), (1e6, 1.0)):
            model = replace(lab(market, "eastern").train(), capability=np.array([opener + ahead, opener]))
            assert lab(market, "eastern")._secrets(model, Known.of(market)) == pytest.approx(0.4 * part)
        market = after(7, {"choice.rule": "lookahead"})
        reasons = lab(market, "eastern").decide().reasons
        lost = [reasons[f"{mode}_secrecy"] for mode in MODES]
        assert lost[0] == 0.0
        np.testing.assert_allclose(np.array(lost) / lost[-1], [0.0, 0.3, 0.9, 1.0])

    def test_conviction_speaks_for_open_flagships(self, after, lab):
        market = after(7, {"choice.rule": "lookahead", "labs.eastern.conviction": 0.25})
        reasons = lab(market, "eastern").decide().reasons
        worth = [reasons[f"{mode}_conviction"] / reasons["scale"] for mode in MODES]
        assert worth == [0.0, 0.0, pytest.approx(0.25), pytest.approx(0.25)]

    def test_the_example_of_others_at_home_counts_as_far_as_their_open_models_lead(self, after, lab):
        """Level with their best closed one half of it, two points ahead e / (1 + e); of nobody open nothing."""
        market = after(
            7, {"choice.rule": "lookahead", "choice.following": 0.4, "choice.following_width": 2.0}
        )
        state, chooser = market.state, lab(market, "eastern")
        home = market.setting.lab_region == market.setting.lab_region[EASTERN]
        opener, closed = (int(i) for i in np.flatnonzero(home & (np.arange(len(home)) != EASTERN))[:2])
        state.active[:] = False
        state.active[[EASTERN, opener, closed]] = True
        state.released[[EASTERN, opener, closed]] = 3
        state.mode[[EASTERN, opener, closed]] = [MODES.index("open"), MODES.index("open_restricted"), 0]
        state.capability[EASTERN, FLAGSHIP] = 500.0  # its own, which is no example
        for ahead, part in ((0.0, 0.5), (2.0, np.e / (1 + np.e)), (-1e6, 0.0), (1e6, 1.0)):
            state.capability[[opener, closed], FLAGSHIP] = [120.0 + ahead, 120.0]
            assert chooser._example(Known.of(market)) == pytest.approx(0.4 * part)
        state.active[closed] = False
        assert chooser._example(Known.of(market)) == pytest.approx(0.4)
        state.active[[opener, closed]] = [False, True]
        assert chooser._example(Known.of(market)) == 0.0

    def test_the_example_speaks_for_open_flagships(self, after, lab):
        market = after(7, {"choice.rule": "lookahead", "choice.following": 0.4})
        chooser = lab(market, "eastern")
        worth = chooser._example(Known.of(market))
        reasons = chooser.decide().reasons
        found = [reasons[f"{mode}_example"] / reasons["scale"] for mode in MODES]
        assert found == [0.0, 0.0, pytest.approx(worth), pytest.approx(worth)]


class TestRelease:
    def plan(self, market: Market, lab, mode: str, capability: float = 140.0) -> Release:
        return lab(market, "modest").decide(forced(lab="modest", mode=mode, capability=capability, flop=1e25))

    @pytest.mark.parametrize(
        ("mode", "weights", "restricted"),
        [
            ("closed", [-np.inf, -np.inf], False),
            ("open_lagged", [-np.inf, 130.0], False),
            ("open_restricted", [140.0, 133.0], True),
            ("open", [140.0, 133.0], False),
        ],
    )
    def test_what_becomes_open(self, after, lab, mode, weights, restricted):
        """140 and a small model of 133; lagged weights are 3 points below that."""
        market = after(5, {"technology.lagged_gap": 3.0})
        one = lab(market, "modest")
        one.release(self.plan(market, lab, mode))
        state = market.state
        np.testing.assert_allclose(state.capability[MODEST], [140.0, 133.0], rtol=1e-12)
        np.testing.assert_allclose(state.open_capability[MODEST], weights, rtol=1e-12)
        assert state.open_restricted[MODEST, SMALL] == restricted
        assert (state.open_since[MODEST] == np.where(np.isfinite(weights), 5, NEVER)).all()
        assert MODES[state.mode[MODEST]] == mode
        assert state.released[MODEST] == 5

    def test_a_weaker_lagged_release_leaves_better_open_weights(self, after, lab):
        market = after(5)
        one = lab(market, "modest")
        one.release(self.plan(market, lab, "open", 140.0))
        one.release(self.plan(market, lab, "open_lagged", 141.0))
        assert market.state.open_capability[MODEST].tolist() == [140.0, 133.0]
        assert market.state.capability[MODEST, FLAGSHIP] == pytest.approx(141.0)

    def test_a_release_touches_the_lab_s_own_rows_only(self, after, lab):
        market = after(5)
        before = snapshot(market)
        lab(market, "modest").release(self.plan(market, lab, "open"))
        for name in changed(before, market):
            now, was = vars(market.state)[name], before[name]
            rows = ((now != was) & ~((now != now) & (was != was))).reshape(len(now), -1).any(axis=1)
            assert np.flatnonzero(rows).tolist() == [MODEST], name

    def test_the_next_one_comes_after_the_interval_and_its_noise(self, after, lab):
        market = after(5, {"labs.modest.release_interval": 10})
        for luck, months in ((0.0, 10), (1.0, 13), (-2.0, 4), (-9.0, 1)):
            market.luck["timing"][5, MODEST] = luck
            lab(market, "modest").release(self.plan(market, lab, "open"))
            assert market.state.next_release[MODEST] == 5 + months

    def test_the_gap_to_the_frontier_is_to_the_best_of_the_others(self, after, lab):
        market = after(5)
        market.state.capability[:, FLAGSHIP] = [150.0, 120.0, 120.0, 155.0, -np.inf, -np.inf, -np.inf]
        market.state.open_capability[:] = -np.inf
        assert self.plan(market, lab, "open", 140.0).frontier_gap == pytest.approx(10.0)
        assert self.plan(market, lab, "open", 152.0).frontier_gap == pytest.approx(-2.0)


class TestStart:
    def test_the_first_release_comes_within_an_interval(self, lively):
        """The phase is uniform over the interval, so that releases of labs do not bunch."""
        months = []
        for seed in range(40):
            market = Market(lively.with_values({"labs.modest.release_interval": 8}).scenario, seed)
            market.invest()
            months.append(int(market.state.next_release[MODEST]))
        assert min(months) >= 1
        assert max(months) <= 8
        assert len(set(months)) == 8

    def test_initial_compute_in_the_best_chip_of_the_day(self, lively):
        """10 thousand H100e, half for training: chips of 900 TFLOP/s and 3 TB/s."""
        values = {"labs.opener.initial_compute": 10, "labs.opener.capex": 0, "technology.retirement": 0}
        market = Market(lively.with_values(values).scenario, seed=1)
        market.invest()
        chips = 10_000 * 989 / 900
        assert market.state.training[OPENER] == pytest.approx(0.5 * chips * 900, rel=1e-12)
        assert market.state.bandwidth[OPENER] == pytest.approx(0.5 * chips * 3.0, rel=1e-12)

    def test_a_lab_that_enters_later_is_not_there_before(self, after):
        market = after(4, {"labs.modest.enters": "2023-04"})
        assert market.record.labs["active"][:, MODEST].tolist()[:4] == [0, 0, 0, 1]
        assert market.record.labs["compute_training"][2, MODEST] == 0
        assert market.record.labs["compute_training"][3, MODEST] > 0
