"""A scenario as arrays: nothing lost, nothing counted twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario import Resolved
from sim.world.setting import Setting, entrant_regions


def test_labs_then_slots_then_independent_clouds(setting: Setting):
    assert setting.labs == ["leader", "opener", "eastern", "modest", "entrant_1", "entrant_2", "entrant_3"]
    assert setting.clouds == ["bigcloud", "host", "eastcloud"]
    assert setting.cloud_firm.tolist() == [0, 7, 8]
    assert setting.own_cloud.tolist() == [0, -1, -1, -1, -1, -1, -1]
    assert [setting.regions[r] for r in setting.firm_region] == (
        ["west", "west", "east", "east", "west", "east", "west", "west", "east"]
    )


def test_without_entry_there_are_no_slots(lively: Resolved):
    for values in ({"mechanisms.entry": False}, {"entry.most": 0}, {"entry.regions": {"west": 0, "east": 0}}):
        assert Setting(lively.with_values(values).scenario).labs == ["leader", "opener", "eastern", "modest"]


def test_every_customer_and_dollar_is_in_one_cohort(setting: Setting):
    c = setting.cohorts
    for k, segment in enumerate(setting.scenario.segments.values()):
        for r, region in enumerate(setting.regions):
            own = (c.segment == k) & (c.region == r)
            assert c.customers[own].sum() == pytest.approx(segment.customers[region], rel=1e-14)
            assert c.spending[own].sum() == pytest.approx(segment.spending[region] / 12, rel=1e-14)
            closed = segment.closed_only
            assert c.spending[own & c.closed_only].sum() == pytest.approx(
                closed * segment.spending[region] / 12, rel=1e-14
            )


def test_without_the_mechanism_nobody_is_bound_to_makers(lively: Resolved):
    cohorts = Setting(lively.with_values({"mechanisms.closed_only": False}).scenario).cohorts
    assert not cohorts.closed_only.any()
    assert len(cohorts) == 6


def test_paths_hold_at_mid_2024_and_turn_at_the_end_of_2026(lively: Resolved):
    long = Setting(lively.with_values({"end": "2030-12", "finance.later_growth": 1.5}).scenario)
    path = long.path(np.array([12.0, 24.0]), np.array([4.0, 2.0]))
    at = {str(month): path[i] for i, month in enumerate(long.months)}
    np.testing.assert_allclose(at["2024-07"], [1.0, 2.0], rtol=1e-12)
    np.testing.assert_allclose(at["2023-07"], [0.25, 1.0], rtol=1e-12)
    np.testing.assert_allclose(at["2026-07"], [16.0, 8.0], rtol=1e-12)
    np.testing.assert_allclose(at["2027-01"], [32.0, 2.0 * 2**2.5], rtol=1e-12)
    np.testing.assert_allclose(at["2029-01"] / at["2027-01"], 2.25, rtol=1e-12)


def test_entrants_are_the_template_in_every_slot(setting: Setting):
    template = setting.scenario.entry.entrant
    assert all(setting.lab_row(i) is template for i in (4, 5, 6))
    assert setting.lab_values("capex")[4:].tolist() == [template.capex] * 3


def test_constant_arrays_cannot_be_written_to(setting: Setting):
    with pytest.raises(ValueError, match="read-only"):
        setting.lab_values("capex")[0] = 0.0


class TestSlotsOfEntrants:
    @given(st.integers(0, 40), st.lists(st.floats(0.01, 10), min_size=1, max_size=4))
    def test_in_proportion_to_the_weights(self, slots, weights):
        """D'Hondt: no region could take a seat from another at a higher weight a seat."""
        named = {f"r{i}": weight for i, weight in enumerate(weights)}
        dealt = entrant_regions(slots, named)
        seats = {name: dealt.count(name) for name in named}
        assert len(dealt) == slots
        for a in named:
            for b in named:
                if seats[a]:
                    assert named[a] / seats[a] >= named[b] / (seats[b] + 1) - 1e-12

    @given(st.integers(0, 20), st.integers(0, 20))
    def test_more_slots_leave_the_first_ones_where_they_are(self, slots, more):
        weights = {"a": 3.0, "b": 1.0, "c": 0.0}
        longer = entrant_regions(slots + more, weights)
        assert longer[:slots] == entrant_regions(slots, weights)
        assert "c" not in longer
