"""Real releases replayed up to a month, and releases forced as a lever."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.market import Market
from sim.record import MODES
from sim.scenario import Resolved

HISTORY = [
    {"date": "2023-02", "lab": "leader", "model": "L-1", "mode": "closed", "capability": 125.0, "flop": 2e25},
    {"date": "2023-02", "lab": "opener", "model": "O-1", "mode": "open_restricted", "capability": 112.0},
    {"date": "2023-05", "lab": "leader", "model": "L-2", "mode": "open_lagged", "capability": 131.0},
    {"date": "2023-07", "lab": "opener", "model": "O-2", "mode": "open"},
    {"date": "2023-10", "lab": "leader", "model": "L-3", "mode": "open", "capability": 133.0},
]


def story(*names: str) -> list[dict[str, Any]]:
    kept = [row for row in HISTORY if not names or row["model"] in names]
    return [{"name": row["model"].lower(), "kind": "forced_release", "source": "s", **row} for row in kept]


def releases(market: Market, lab: str) -> list[dict[str, Any]]:
    return [row for row in market.record.models if row["lab"] == lab]


class TestReplay:
    @pytest.fixture
    def market(self, run) -> Market:
        return run({"history": story(), "history_until": "2023-07"})

    def test_up_to_its_month_history_is_told_as_it_was(self, market: Market):
        for row in HISTORY[:4]:
            month = int(row["date"][-2:]) - 1
            (found,) = [r for r in releases(market, row["lab"]) if r["month"] == month]
            assert (found["model"], found["mode"], found["forced"]) == (row["model"], row["mode"], True)
            if "capability" in row:
                assert found["capability"] == pytest.approx(row["capability"], abs=1e-9)
                assert found["capability_small"] == pytest.approx(row["capability"] - 7.0, abs=1e-9)
            if "flop" in row:
                assert found["flop"] == row["flop"]

    def test_labs_with_a_history_release_nothing_else_until_it_ends(self, market: Market):
        for lab, expected in (("leader", [1, 4]), ("opener", [1, 6])):
            assert [r["month"] for r in releases(market, lab) if r["month"] <= 6] == expected
            later = [r for r in releases(market, lab) if r["month"] > 6]
            assert later
            assert not any(r["forced"] for r in later)

    def test_the_others_are_free_all_the_time(self, market: Market):
        early = [r for r in releases(market, "eastern") if r["month"] <= 6]
        assert early
        assert not any(r["forced"] for r in early)

    def test_choices_made_by_history_are_told_as_such(self, market: Market):
        told = [row for row in market.record.decisions if row["forced"]]
        assert len(told) == 4
        assert {row["rule"] for row in told} == {"history"}
        assert {"history"} != {row["rule"] for row in market.record.decisions if not row["forced"]}

    def test_beside_each_stands_what_the_lab_would_have_chosen(self, market: Market):
        for row in market.record.decisions:
            assert sum(row[f"{mode}_probability"] for mode in MODES) == pytest.approx(1.0)
        (told,) = [row for row in market.record.decisions if row["lab"] == "leader" and row["month"] == 4]
        assert told["taken"] == "open_lagged"
        assert told["closed_payoff"] > told["open_payoff"]

    def test_a_given_capability_says_how_good_the_lab_is(self, market: Market):
        """126.1 + 7.2 (log10(2e25 / 2.1e25) + A) = 125, and A grows from there."""
        level = (125.0 - 126.1) / 7.2 - np.log10(2e25 / 2.1e25)
        assert releases(market, "leader")[0]["algorithm"] == pytest.approx(level, abs=1e-12)
        grown = market.record.labs["algorithm"][1:4, 0]
        assert grown[0] == pytest.approx(level, abs=1e-12)
        assert (np.diff(grown) > 0).all()

    def test_without_a_capability_it_is_what_the_lab_s_training_gives(self, run):
        values = {"choice.rule": "fixed", "mechanisms.noise": False, "mechanisms.flywheel": False}
        told = run(
            values | {"history": story("O-2"), "history_until": "2023-07", "mechanisms.derivation": False}
        )
        (found,) = [r for r in releases(told, "opener") if r["forced"]]
        expected = 126.1 + 7.2 * (np.log10(found["flop"] / 2.1e25) + found["algorithm"])
        assert found["capability"] == pytest.approx(expected, abs=1e-9)
        assert found["algorithm"] == pytest.approx(told.record.labs["algorithm"][6, 1], abs=1e-12)

    def test_after_a_month_only_dates_and_modes_are_those_of_history(self, run):
        own = {f"mechanisms.{name}": False for name in ("noise", "flywheel", "derivation")}
        replay = own | {"history": story(), "history_until": "2023-07"}
        told, free = (releases(run(replay | more), "leader") for more in ({}, {"history_quality_until": "2023-04"}))
        for row, half in zip(told[:2], free[:2], strict=True):
            assert [half[key] for key in ("month", "mode", "model", "forced")] == [
                row[key] for key in ("month", "mode", "model", "forced")
            ]
        assert free[0]["capability"] == told[0]["capability"] == pytest.approx(125.0)
        trained = 126.1 + 7.2 * (np.log10(free[1]["flop"] / 2.1e25) + free[1]["algorithm"])
        assert free[1]["capability"] == pytest.approx(trained, abs=1e-9) != told[1]["capability"]

    def test_no_history_without_a_date(self, run):
        free, told = run(), run({"history": story(), "history_until": None})
        assert free.record.models == told.record.models

    def test_history_after_the_date_is_not_told(self, run):
        market = run({"history": story(), "history_until": "2023-04"})
        assert [r["model"] for r in market.record.models if r["forced"]] == ["L-1", "O-1"]

    def test_a_lab_begins_work_with_its_first_real_release(self, run):
        values = {"labs.leader.enters": "2023-06", "history": story("L-1"), "history_until": "2023-02"}
        market = run(values)
        assert market.record.labs["active"][:3, 0].tolist() == [0, 1, 1]
        assert releases(market, "leader")[0]["model"] == "L-1"
        assert market.record.labs["cash"][0, 0] == 0.0


class TestLever:
    def test_a_forced_release_is_one_whatever_the_lab_would_have_chosen(self, run):
        leak = {"name": "leak", "kind": "forced_release", "date": "2023-06", "source": "s"}
        leak |= {"lab": "leader", "model": "leaked", "mode": "open"}
        ban = {"name": "ban", "kind": "release_policy", "date": "2023-01", "source": "s", "region": "west"}
        ban |= {"modes": ["open", "open_restricted", "open_lagged"], "stance": "forbid"}
        free, forced = run({"events": [ban]}), run({"events": [ban, leak]})
        assert {row["mode"] for row in releases(free, "leader")} == {"closed"}
        (found,) = [row for row in releases(forced, "leader") if row["forced"]]
        assert (found["month"], found["model"], found["mode"]) == (5, "leaked", "open")
        assert {row["mode"] for row in releases(forced, "leader") if not row["forced"]} == {"closed"}

    def test_weights_once_open_stay_open(self, run, lively: Resolved):
        leak = {"name": "leak", "kind": "forced_release", "date": "2023-04", "source": "s"}
        leak |= {"lab": "leader", "model": "leaked", "mode": "open", "capability": 130.0}
        record = run({"choice.rule": "fixed", "events": [leak]}).record.labs
        assert record["mode"][-1, 0] == MODES.index("closed")
        assert np.isnan(record["capability_open"][:3, 0]).all()
        assert (record["capability_open"][3:, 0] == 130.0).all()
        assert record["tokens_hosted"][-1, 0] > 0


def test_labs_told_in_one_month_do_not_see_each_other_s_models(run):
    market = run({"history": story("L-1", "O-1"), "history_until": "2023-02"})
    gaps = [row["frontier_gap"] for row in market.record.models if row["forced"]]
    assert len(gaps) == 2
    assert np.isnan(gaps).all()
