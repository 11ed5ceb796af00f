"""What is in force: dates, repeals, and what each kind of event changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.record import MODES
from sim.scenario import Resolved
from sim.scenario.events import OffshoreRental
from sim.scenario.month import Month
from sim.world.policy import Policy, in_force, policy_of
from sim.world.setting import Setting

START = Month(2023, 1)


def event(kind: str, date: str = "2023-02", **fields: Any) -> dict[str, Any]:
    return {"name": kind.replace("_", "-"), "kind": kind, "date": date, "source": "invented", **fields}


def policy(lively: Resolved, month: int, *events: dict[str, Any], **values: Any) -> Policy:
    named = [{**e, "name": f"{e['name']}-{i}"} for i, e in enumerate(events)]
    setting = Setting(lively.with_values({"events": named, **values}).scenario)
    return policy_of(setting, setting.scenario.events, setting.months[month])


def bare(p: Policy) -> dict[str, Any]:
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(p).items()}


class TestDates:
    def test_an_event_holds_from_its_month_until_the_month_it_ends(self, lively: Resolved):
        rental = event("offshore_rental", "2023-03", until="2023-05", region="east", allowed=False)
        holds = [not policy(lively, month, rental).offshore[1] for month in range(6)]
        assert holds == [False, False, True, True, False, False]

    def test_a_repeal_ends_a_rule_that_began_before(self, lively: Resolved):
        rule = event("export_rule", "2023-03", region="east", predicate="tpp >= 1")
        repeal = event("repeal", "2023-05", rule="export-rule-0")
        assert [len(policy(lively, month, rule, repeal).rules) for month in range(7)] == [0, 0, 1, 1, 0, 0, 0]

    def test_a_rule_made_after_the_repeal_holds(self, lively: Resolved):
        rule = event("export_rule", "2023-06", region="east", predicate="tpp >= 1")
        repeal = event("repeal", "2023-05", rule="export-rule-0")
        assert [len(policy(lively, month, rule, repeal).rules) for month in (4, 5, 6)] == [0, 1, 1]

    @given(st.integers(0, 11), st.integers(0, 11), st.integers(1, 12))
    def test_nothing_else_holds(self, today, begins, lasts):
        rental = rental_ban(begins, begins + lasts)
        assert bool(in_force([rental], START + today)) == (begins <= today < begins + lasts)

    def test_before_any_event_the_world_is_as_the_actors_say(self, lively: Resolved):
        all_kinds = [
            event("api_withdrawal", labs=["leader"], region="east"),
            event("licence_change", lab="eastern", threshold=1.0, royalty=0.5),
            event("subsidy", region="east", target="compute", rate=0.5),
        ]
        assert bare(policy(lively, 0, *all_kinds)) == bare(policy(lively, 0))


def rental_ban(begins: int, ends: int) -> OffshoreRental:
    return OffshoreRental(
        kind="offshore_rental",
        name="x",
        date=START + begins,
        until=START + ends,
        source="invented",
        region="east",
        allowed=False,
    )


class TestKinds:
    def test_a_lab_sells_where_it_says_and_leaves_where_it_withdraws(self, lively: Resolved):
        leaves = event("api_withdrawal", labs=["leader"], region="east")
        found = policy(lively, 3, leaves, **{"labs.opener.sells_in": ["west"]}).withdrawn
        assert np.argwhere(found).tolist() == [[0, 1], [1, 1]]

    def test_licence_terms(self, lively: Resolved):
        found = policy(
            lively,
            3,
            event("licence_change", lab="eastern", threshold=7.0),
            event("licence_change", lab="opener", royalty=0.3),
        )
        assert found.threshold[:4].tolist() == [700.0, 700.0, 7.0, 700.0]
        assert found.royalty[:4].tolist() == [0.1, 0.3, 0.1, 0.1]

    def test_subsidies_add_up_where_they_are_paid(self, lively: Resolved):
        found = policy(
            lively,
            3,
            event("subsidy", region="east", target="domestic_chips", rate=0.2),
            event("subsidy", region="east", target="domestic_chips", rate=0.3),
            event("subsidy", region="west", target="compute", rate=0.1),
            event("subsidy", region="east", target="open_release", rate=0.4),
        )
        assert found.chip_subsidy.tolist() == [0.0, 0.5]
        assert found.compute_subsidy.tolist() == [0.1, 0.0]
        assert found.open_subsidy.tolist() == [0.0, 0.4]

    def test_content_rules_add_burdens_and_take_the_longest_delay(self, lively: Resolved):
        one = event("content_rule", region="east", segments=["makers"], foreign_penalty=1.0, delay=2)
        everywhere = event("content_rule", region="east", home_penalty=0.5, foreign_penalty=0.5, delay=1)
        found = policy(lively, 3, one, everywhere)
        assert found.foreign_burden.tolist() == [[0.0, 0.0, 0.0], [0.5, 1.5, 0.5]]
        assert found.home_burden.tolist() == [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
        assert found.delay.tolist() == [[0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]

    @pytest.mark.parametrize(
        ("switch", "row"),
        [
            ("content_rules", event("content_rule", region="east", foreign_penalty=1.0)),
            ("export_rules", event("export_rule", region="east", predicate="tpp >= 1")),
        ],
    )
    def test_a_mechanism_that_is_off_ignores_its_events(self, lively: Resolved, switch, row):
        off = {f"mechanisms.{switch}": False}
        assert bare(policy(lively, 3, row)) != bare(policy(lively, 3))
        assert bare(policy(lively, 3, row, **off)) == bare(policy(lively, 3))


class TestModes:
    def modes(
        self, lively: Resolved, *events: dict[str, Any], region: str = "east", capability: float = 130.0
    ):
        allowed, rates = policy(lively, 3, *events).modes_for(region, capability)
        return [mode for mode, ok in zip(MODES, allowed, strict=True) if ok], rates.tolist()

    def test_all_are_allowed_and_free(self, lively: Resolved):
        assert self.modes(lively) == (list(MODES), [0.0] * 4)

    def test_forbidden_to_the_region_s_labs_only(self, lively: Resolved):
        ban = event("release_policy", region="east", modes=["open", "open_restricted"], stance="forbid")
        assert self.modes(lively, ban)[0] == ["closed", "open_lagged"]
        assert self.modes(lively, ban, region="west")[0] == list(MODES)

    def test_from_a_capability_upwards(self, lively: Resolved):
        ban = event("release_policy", region="east", modes=["open"], stance="forbid", above=130.0)
        assert "open" not in self.modes(lively, ban, capability=130.0)[0]
        assert "open" in self.modes(lively, ban, capability=129.99)[0]

    def test_taxes_and_subsidies_add_up(self, lively: Resolved):
        found = self.modes(
            lively,
            event("release_policy", region="east", modes=["open", "closed"], stance="tax", rate=0.2),
            event("release_policy", region="east", modes=["open"], stance="subsidise", rate=0.5),
        )
        assert found == (list(MODES), [-0.2, 0.0, 0.0, pytest.approx(0.3)])
