"""What firms mean to spend, before anything has happened."""

from __future__ import annotations

import numpy as np
import pytest

from sim.market.plans import NOT_YET, Plans
from sim.scenario import Resolved
from sim.world.setting import Setting

JULY_2024 = 18
"""Months from the scenario's start to the date of the level of paths."""


@pytest.fixture
def planned(lively: Resolved):
    def build(**values: object) -> tuple[Setting, Plans]:
        setting = Setting(lively.with_values({"end": "2025-12", **values}).scenario)
        return setting, Plans.of(setting)

    return build


def test_a_lab_and_its_cloud_are_one_budget(planned):
    """`leader` and `bigcloud`: 1.2 and 0.6 billion a year; the cloud's is all for serving, half of the lab's."""
    values = {"labs.leader.capex": 1.2e9, "labs.leader.training_share": 0.5, "clouds.bigcloud.capex": 0.6e9}
    _, plans = planned(**values)
    assert plans.capex[JULY_2024, 0] == pytest.approx(1.5e8)
    assert plans.serving[JULY_2024, 0] == pytest.approx(1e8)
    _, alone = planned(**values | {"clouds.bigcloud.owner": None})
    assert alone.capex[JULY_2024, 0] == pytest.approx(1e8)
    assert alone.capex[JULY_2024, 7] == alone.serving[JULY_2024, 7] == pytest.approx(5e7)


def test_what_firms_expect_of_each_other_is_what_all_will_spend_in_a_year(planned):
    """Labs double and clouds grow 1.8-fold a year; a year on, whether or not the run lasts that long."""
    setting, plans = planned()
    s = setting.scenario
    labs = sum(lab.capex for lab in s.labs.values()) + setting.entrants * s.entry.entrant.capex
    clouds = sum(cloud.capex for cloud in s.clouds.values())
    years = setting.years
    now, then = (labs * 2.0**y + clouds * 1.8**y for y in (years, years + 1))
    np.testing.assert_allclose(plans.serving_growth, then / now, rtol=1e-9)
    assert len(plans.serving_growth) == 36


def test_expected_growth_is_kept_within_reason(planned):
    _, plans = planned(**{f"labs.{name}.capex_growth": 5.0 for name in ("leader", "opener", "eastern")})
    assert plans.serving_growth.max() == 2.0


def test_parents_keep_their_firms_at_the_cash_that_they_began_with(planned):
    _, plans = planned()
    assert plans.parent.tolist() == [False, True, True, False, False, False, False, True, False]
    assert plans.reserve.tolist() == [5e9, 1e9, 1e9, 4e8, 3e8, 3e8, 3e8, 5e8, 1e9]


def test_who_enters_when(planned):
    _, plans = planned(**{"labs.modest.enters": "2023-04", "labs.opener.enters": "2019-01"})
    assert plans.enters.tolist()[:4] == [0, -48, 0, 3]
    assert plans.enters.tolist()[4:] == [NOT_YET] * 3


def test_history_binds_those_that_have_one(planned):
    told = {"name": "x", "kind": "forced_release", "date": "2023-03", "source": "s", "lab": "opener"}
    late = told | {"name": "y", "date": "2024-03", "lab": "modest", "model": "Y", "mode": "open"}
    _, plans = planned(history=[told | {"model": "X", "mode": "open"}, late], history_until="2023-06")
    assert plans.free_from.tolist() == [0, 6, 0, 0, 0, 0, 0]
    assert [event.model for told in plans.told.values() for event in told.values()] == ["X"]


def test_policy_is_made_anew_where_an_event_begins_or_ends(planned):
    rental = {"name": "x", "kind": "offshore_rental", "source": "s", "region": "east", "allowed": False}
    _, plans = planned(events=[rental | {"date": "2023-02", "until": "2023-09"}])
    assert plans.event_months == {1, 8}
