"""A rule's effect by channel: the parts add up, and the whole is that of two ordinary runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.analysis.channel_files import KIND
from sim.analysis.channel_worlds import MEASURES, WINDOWS
from sim.analysis.channels import LABELS, WHOLE, Channels, channels
from sim.market import Market
from sim.run.errors import RunError, SimulationError
from sim.run.simulate import simulate
from sim.scenario import Resolved, load
from sim.world.ablation import CHANNELS

ROOT = Path(__file__).parents[1]
RULE = "strong-chips"


@pytest.fixture(scope="module")
def lively() -> Resolved:
    ban = {
        "name": "a-ban", "kind": "vendor_ban", "date": "2023-03", "source": "invented", "region": "west",
        "segments": ["public"], "origin": "east", "coverage": 0.5,
    }  # fmt: skip
    market = load(ROOT / "market" / "lively.yaml", ["end=2023-07"])
    events = [event.model_dump(mode="json", exclude_none=True) for event in market.scenario.events]
    return market.with_values({"events": [*events, ban]})


@pytest.fixture(scope="module")
def found(lively: Resolved) -> Channels:
    return channels(lively, [RULE], region="east", seed=5, replicates=2)


@pytest.fixture(scope="module")
def tiny() -> Resolved:
    return load(ROOT / "run" / "tiny.yaml")


def of(table: pd.DataFrame, column: str, window: str) -> pd.DataFrame:
    rows = table[(table["column"] == column) & (table["window"] == window)]
    return rows.set_index("channel")


def test_parts_add_up_to_the_whole(found: Channels) -> None:
    for _, rows in found.table.groupby(["region", "indicator", "window"]):
        parts = rows.set_index("channel")["part"]
        if np.isfinite(parts[WHOLE]):
            assert parts[list(CHANNELS)].sum() == pytest.approx(parts[WHOLE], abs=1e-9)
    assert (found.table.query("channel == 'whole'")["part"].abs() > 0).any()


def test_the_whole_is_the_difference_of_two_ordinary_runs(lively: Resolved, found: Channels) -> None:
    events = [e.model_dump(mode="json", exclude_none=True) for e in lively.scenario.events if e.name != RULE]
    both = (simulate(s, seed=5, replicates=2) for s in (lively, lively.with_values({"events": events})))
    ruled, free = (result.market[result.market["region"] == "east"] for result in both)
    for column in ("lab_token_share", "lag", "open_propensity"):
        difference = (ruled.groupby("seed")[column].last() - free.groupby("seed")[column].last()).mean()
        row = of(found.table, column, "last month").loc[WHOLE]
        assert row["part"] == pytest.approx(difference, abs=1e-12)
        assert row["with"] == pytest.approx(ruled.groupby("seed")[column].last().mean())
        since = ruled[ruled["month"] >= "2023-04"].groupby("seed")[column].mean().mean()
        assert of(found.table, column, "since the rule").loc[WHOLE, "with"] == pytest.approx(since)


def test_a_channel_that_does_not_act_is_exactly_nothing(found: Channels) -> None:
    idle = found.table[found.table["channel"] == "availability"]
    assert not idle["acts"].any()
    assert (idle.loc[idle["seeds"] > 0, ["part", "alone", "last"]] == 0.0).all(axis=None)
    assert found.acting == tuple(channel for channel in CHANNELS if channel != "availability")


def test_every_set_of_acting_channels_is_run_once_a_seed(found: Channels) -> None:
    runs = found.worlds.groupby(["seed", *CHANNELS], sort=False)
    assert len(runs) == 2 * 32
    assert (runs.size() == len(MEASURES) * len(WINDOWS)).all()


def test_alone_and_last_are_those_of_the_runs(found: Channels) -> None:
    worlds = found.worlds.query("indicator == 'lab_token_share' and window == 'last month'")
    on = worlds[["training", "capacity", "cost", "spillover", "domestic"]].sum(axis=1)
    value = worlds.assign(on=on).set_index("seed")
    none, alone = value[value["on"] == 0]["value"], value[(value["on"] == 1) & value["cost"]]["value"]
    every, but = value[value["on"] == 5]["value"], value[(value["on"] == 4) & ~value["cost"]]["value"]
    row = of(found.table, "lab_token_share", "last month").loc["cost"]
    assert row["alone"] == pytest.approx((alone - none).mean())
    assert row["last"] == pytest.approx((every - but).mean())


def test_intervals_are_those_of_the_mean_over_seeds(found: Channels) -> None:
    rows = found.table[found.table["seeds"] == 2]
    np.testing.assert_allclose(
        rows["high"] - rows["part"], 6.3138 * rows["standard_error"], rtol=1e-4, atol=1e-15
    )
    np.testing.assert_allclose(rows["part"] - rows["low"], rows["high"] - rows["part"], atol=1e-12)


def test_a_ban_acts_by_availability(lively: Resolved) -> None:
    short = lively.with_values({"end": "2023-05", "mechanisms.open_spillover": False})
    found = channels(short, ["a-ban"], region="east", replicates=1)
    assert found.acting == ("availability",)
    row = of(found.table, "lab_token_share", "last month")
    assert row.loc["availability", "part"] == row.loc[WHOLE, "part"]
    assert row.loc[WHOLE, "part"] < 0.0
    assert np.isnan(row.loc[WHOLE, "low"])
    assert "32" not in repr(found)


def test_rules_together_are_split_together(lively: Resolved) -> None:
    short = lively.with_values({"end": "2023-04", "mechanisms.open_spillover": False})
    found = channels(short, ["a-ban", RULE, "a-ban"], region="east", replicates=1)
    assert found.rules == ("a-ban", RULE)
    assert set(found.acting) == set(CHANNELS) - {"spillover"}
    parts = of(found.table, "lab_token_share", "last month")["part"]
    assert parts[list(CHANNELS)].sum() == pytest.approx(parts[WHOLE], abs=1e-9)


def test_a_rule_that_touches_nothing_does_nothing(tiny: Resolved) -> None:
    harmless = [{
        "name": "harmless", "kind": "export_rule", "date": "2023-02", "source": "s", "region": "south",
        "predicate": "tpp >= 1e9",
    }]  # fmt: skip
    table = channels(tiny.with_values({"events": harmless, "end": "2023-04"}), ["harmless"], region="south",
                     replicates=1).table  # fmt: skip
    assert (table.loc[table["seeds"] > 0, "part"] == 0.0).all()


@pytest.mark.slow
def test_workers_change_nothing(tiny: Resolved) -> None:
    short = tiny.with_values({"end": "2023-06"})
    one, two = (
        channels(short, ["entry-of-a-rule"], region="south", replicates=1, workers=workers)
        for workers in (1, 2)
    )
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.worlds, two.worlds)


def test_progress_runs_once_from_start_to_end(tiny: Resolved) -> None:
    seen: list[tuple[int, int]] = []
    short = tiny.with_values({"end": "2023-05", "mechanisms.open_spillover": False})
    channels(short, ["entry-of-a-rule"], region="south", replicates=1, progress=lambda *at: seen.append(at))
    assert seen == [(5 * (i + 1), 5 * 16) for i in range(16)]


def test_text_has_a_row_a_measure_and_says_what_was_not_separated(found: Channels) -> None:
    text = repr(found)
    lines = text.splitlines()
    assert lines[0] == "lively: effect of strong-chips, 2 seeds, 5 to 6"
    assert [line for line in lines if line.startswith("east, ")] == [f"east, {window}" for window in WINDOWS]
    assert sum("  behind the frontier (months)" in line for line in lines) == 2
    assert max(map(len, lines)) <= 145
    assert lines[-3:] == [f"- {note}" for note in found.notes]
    assert (
        found.notes[0] == "trust, availability: zero by construction, for rules of this kind do not act there"
    )
    assert "two sides of one purchase" in found.notes[1]


class TestFolder:
    def test_holds_tables_figure_and_provenance(self, found: Channels, tmp_path: Path) -> None:
        folder = found.save(tmp_path / "out", command="aimarkets channels")
        about = json.loads((folder / KIND.about).read_text())
        assert set(about["files"]) == {
            "channels.csv", "worlds.csv", "scenario.yaml", "waterfall.png", "waterfall.svg",
        }  # fmt: skip
        assert (about["rules"], about["seeds"], about["region"]) == ([RULE], [5, 6], "east")
        assert about["scenario_hash"] == load(folder / "scenario.yaml").hash
        table = pd.read_csv(folder / "channels.csv")
        pd.testing.assert_series_equal(table["part"], found.table["part"].reset_index(drop=True))
        assert list(table["label"].unique()) == [*LABELS.values(), "whole effect"]

    def test_is_replaced_by_force_only_and_only_if_ours(self, found: Channels, tmp_path: Path) -> None:
        folder = found.save(tmp_path / "out")
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        with pytest.raises(RunError) as refused:
            found.save(folder)
        assert str(refused.value) == (
            f"{folder} holds a split effect already; --force replaces it, --out names another folder"
        )
        found.save(folder, force=True)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("words")
        with pytest.raises(RunError, match="holds something that is not a split effect and is kept"):
            found.save(tmp_path / "mine", force=True)


class TestRefusals:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            (
                {"without": ["entry-of-rule"]},
                "rule: 'entry-of-rule', which 'tiny' does not have; allowed: entry-of-a-rule "
                "(did you mean 'entry-of-a-rule'?)",
            ),
            (
                {"region": "china"},
                "region: 'china', which 'tiny' does not have; allowed: north, south",
            ),
            ({"replicates": 0}, "replicates: 0; allowed: 1 to 100000"),
        ],
    )
    def test_of_what_is_not_there(self, tiny: Resolved, settings, message: str) -> None:
        about = {"without": ["entry-of-a-rule"], "region": "south"} | settings
        with pytest.raises(RunError) as refused:
            channels(tiny, **about)
        assert str(refused.value) == message

    def test_of_events_that_act_through_no_channel(self, tiny: Resolved) -> None:
        money = [{
            "name": "money", "kind": "subsidy", "date": "2023-02", "source": "s", "region": "south",
            "target": "compute", "rate": 0.1,
        }]  # fmt: skip
        with pytest.raises(RunError) as refused:
            channels(tiny.with_values({"events": money}), ["money"], region="south")
        assert str(refused.value) == (
            "rule: 'money' is of kind subsidy, which acts through none of the channels; allowed: none"
        )

    def test_of_rules_after_the_end(self, tiny: Resolved) -> None:
        with pytest.raises(RunError) as refused:
            channels(tiny.with_values({"end": "2023-04"}), ["entry-of-a-rule"], region="south")
        assert (
            str(refused.value) == "rule: 'entry-of-a-rule' begins in 2023-05, after the last month (2023-04)"
        )

    def test_a_failure_says_in_which_world(self, tiny: Resolved, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(market: Market) -> None:
            if "cost" not in market.ablation.off:
                raise FloatingPointError("prices diverge")
            market.running = False

        monkeypatch.setattr(Market, "step", fail)
        with pytest.raises(SimulationError) as failed:
            channels(tiny, ["entry-of-a-rule"], region="south", seed=7, replicates=1)
        assert str(failed.value) == (
            "seed 7, channels off: training, capacity, spillover, domestic: FloatingPointError: prices diverge"
        )
