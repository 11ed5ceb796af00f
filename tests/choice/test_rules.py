"""Decision rules, each against its equation."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.choice import rules
from sim.choice.rules import RULES, Peers, Verdict, View, find_rule, logit
from sim.record import MODES
from sim.scenario.submodels import Choice

ALL = np.ones(4, dtype=bool)
payoffs = st.lists(st.floats(-10, 10), min_size=4, max_size=4).map(np.array)
some_allowed = st.lists(st.booleans(), min_size=4, max_size=4).filter(any).map(np.array)


def met(modes: list[int], profits: list[float]) -> Callable[[], Peers]:
    return lambda: Peers(np.array(modes, dtype=int), np.array(profits, dtype=float))


def view(ahead=(0.0, 0.0, 0.0, 0.0), today=(0.0, 0.0, 0.0, 0.0), **fields: Any) -> View:
    asked = {True: np.array(ahead, dtype=float), False: np.array(today, dtype=float)}
    base: dict[str, Any] = {
        "payoffs": asked.__getitem__,
        "present": 0,
        "initial": 0,
        "allowed": ALL,
        "attraction": np.zeros(4),
        "experience": 1.0,
        "peers": met([], []),
        "own_profit": 0.0,
        "luck": 0.5,
        "parameters": Choice(),
    }
    return View(**(base | fields))


class TestLogit:
    @given(payoffs, st.floats(0, 100), some_allowed)
    def test_odds_follow_differences(self, payoff, intensity, allowed):
        p = logit(payoff, intensity, allowed)
        assert p.sum() == pytest.approx(1.0, rel=1e-12)
        assert not p[~allowed].any()
        for a, b in itertools.combinations(np.flatnonzero(allowed & (p > 1e-200)), 2):
            assert np.log(p[a] / p[b]) == pytest.approx(intensity * (payoff[a] - payoff[b]), abs=1e-9)

    @given(payoffs, st.floats(0, 100), some_allowed, st.floats(-100, 100))
    def test_only_differences_count(self, payoff, intensity, allowed, shift):
        np.testing.assert_allclose(
            logit(payoff + shift, intensity, allowed), logit(payoff, intensity, allowed), atol=1e-10
        )

    def test_nothing_overflows(self):
        assert logit(np.array([1e300, -1e300, 0.0, 1e300]), 1000.0, ALL).tolist() == [0.5, 0.0, 0.0, 0.5]


class TestForesight:
    def test_lookahead_sees_the_horizons_and_myopic_today(self):
        seen = view(ahead=[0, 0.1, 0, 0], today=[0, 0, 0.1, 0])
        assert RULES["lookahead"](seen).probability.argmax() == 1
        assert RULES["myopic"](seen).probability.argmax() == 2
        np.testing.assert_allclose(
            RULES["lookahead"](seen).probability, logit(np.array([0, 0.1, 0, 0]), 50.0, ALL)
        )

    def test_payoffs_that_nobody_asks_for_are_not_computed(self):
        def never(ahead: bool) -> Any:
            raise AssertionError(ahead)

        for name in ("fixed", "imitate"):
            RULES[name](view(payoffs=never))


class TestExperience:
    def test_of_camerer_and_ho(self):
        """N' = rho N + 1 and A' = [phi N A + (delta + (1 - delta) [taken]) payoff] / N', by hand."""
        p = Choice(ewa_forgone=0.5, ewa_memory=0.8, ewa_experience=0.6, intensity=2.0)
        seen = view(
            today=[1.0, 2.0, 3.0, 4.0],
            present=2,
            attraction=np.array([0.5, 0.0, -1.0, 0.25]),
            experience=2.0,
            parameters=p,
        )
        found = RULES["ewa"](seen)
        assert found.experience == pytest.approx(2.2)
        by_hand = np.array([1.6 * 0.5 + 0.5, 1.0, -1.6 + 3.0, 0.4 + 2.0]) / 2.2
        np.testing.assert_allclose(found.attraction, by_hand, rtol=1e-12)
        np.testing.assert_allclose(found.probability, logit(by_hand, 2.0, ALL), rtol=1e-12)

    def test_settles_at_the_payoffs_if_forgone_ones_count_in_full(self):
        """With delta 1 and phi = rho, A goes to payoff (an average with weights that add up to 1)."""
        p = Choice(ewa_forgone=1.0, ewa_memory=0.9, ewa_experience=0.9)
        payoff, attraction, experience = np.array([0.1, 0.4, 0.2, 0.3]), np.zeros(4), 1.0
        for _ in range(400):
            found = RULES["ewa"](
                view(today=payoff, attraction=attraction, experience=experience, parameters=p)
            )
            attraction, experience = found.attraction, found.experience
        np.testing.assert_allclose(attraction, payoff, rtol=1e-9)
        assert experience == pytest.approx(10.0, rel=1e-9)


class TestImitation:
    def peers(self, **fields: Any) -> np.ndarray:
        base = {"present": 1, "peers": met([3, 0], [0.5, -0.2])}
        return RULES["imitate"](view(**(base | fields))).probability

    def test_the_peer_met_is_taken_by_the_fermi_rule(self):
        """Intensity 4: one ahead by 0.3 is followed with 1 / (1 + e^-1.2), one behind by 0.4 with 1 / (1 + e^1.6)."""
        ahead = 1 / (1 + np.exp(-1.2))
        np.testing.assert_allclose(
            self.peers(own_profit=0.2, luck=0.49), [0, 1 - ahead, 0, ahead], rtol=1e-12
        )
        behind = 1 / (1 + np.exp(1.6))
        np.testing.assert_allclose(
            self.peers(own_profit=0.2, luck=0.51), [behind, 1 - behind, 0, 0], rtol=1e-12
        )

    def test_each_peer_is_met_as_often(self):
        luck = (np.arange(1000) + 0.5) / 1000
        met = [int(self.peers(own_profit=-1e3, luck=u).argmax()) for u in luck]
        assert (met.count(3), met.count(0)) == (500, 500)

    def test_alone_a_lab_keeps_its_mode(self):
        assert self.peers(peers=met([], [])).tolist() == [0, 1, 0, 0]

    def test_an_enormous_loss_does_not_overflow(self):
        assert self.peers(own_profit=-1e9, luck=0.1).tolist() == [0, 0, 0, 1]


class TestBans:
    @pytest.mark.parametrize("name", RULES)
    @pytest.mark.parametrize("allowed", [(1, 0, 0, 0), (0, 1, 0, 1), (0, 0, 0, 1), (1, 1, 0, 1)])
    def test_no_rule_takes_a_forbidden_mode(self, name, allowed):
        flags = np.array(allowed, dtype=bool)
        seen = view(
            ahead=[3, 2, 9, 1],
            today=[3, 2, 9, 1],
            present=2,
            initial=2,
            allowed=flags,
            peers=met([2], [1.0]),
        )
        p = RULES[name](seen).probability
        assert p.sum() == pytest.approx(1.0)
        assert not p[~flags].any()

    def test_a_fixed_mode_that_is_forbidden_gives_way_to_the_most_closed_one_allowed(self):
        allowed = np.array([False, True, True, False])
        assert RULES["fixed"](view(initial=3, allowed=allowed)).probability.tolist() == [0, 1, 0, 0]

    def test_fixed_keeps_the_initial_mode_whatever_it_does_now(self):
        assert RULES["fixed"](view(initial=3, present=0)).probability.tolist() == [0, 0, 0, 1]


def always_open(seen: View) -> Verdict:
    probability = np.zeros(len(MODES))
    probability[-1] = 1.0
    return Verdict(probability, seen.attraction, seen.experience)


class TestFinding:
    def test_by_name(self):
        assert all(find_rule(name) is rule for name, rule in RULES.items())

    def test_of_one_s_own(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "my_rules", sys.modules[__name__])
        assert find_rule("my_rules:always_open") is always_open

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            (
                "lokahead",
                "unknown decision rule 'lokahead'; allowed: lookahead, myopic, ewa, imitate, fixed, "
                "or package.module:callable",
            ),
            (
                "no_such_module_here:rule",
                "decision rule 'no_such_module_here:rule' cannot be imported: No module named 'no_such_module_here'",
            ),
            (
                "sim.choice.rules:nothing",
                "decision rule 'sim.choice.rules:nothing' cannot be imported: "
                "module 'sim.choice.rules' has no attribute 'nothing'",
            ),
            ("sim.choice.rules:RULES", "decision rule 'sim.choice.rules:RULES' is not callable"),
        ],
    )
    def test_what_is_none(self, name, message):
        with pytest.raises(ValueError, match="decision rule") as error:
            find_rule(name)
        assert str(error.value) == message

    def test_the_room_s_rules_are_those_of_the_scenario_s_reference(self):
        meaning = Choice.model_fields["rule"].description or ""
        assert all(name in meaning for name in rules.RULES)
