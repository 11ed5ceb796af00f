"""Two scenarios, pair by pair."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.analysis.compare import INDICATORS, WINDOWS, Comparison, compare, of_results, paired, whole_span
from sim.record import MARKET
from sim.run.errors import RunError
from sim.run.simulate import simulate
from sim.scenario import Resolved, load

NAN = float("nan")


@pytest.fixture(scope="module")
def tiny() -> Resolved:
    return load(Path(__file__).parent.parent / "run" / "tiny.yaml")


@pytest.fixture(scope="module")
def comparison(tiny: Resolved) -> Comparison:
    """Against the same market in which the southern lab has ten times the money."""
    rich = tiny.with_values({"labs.southern.capex": 1e10})
    return compare(tiny, rich, region="south", seed=3, replicates=3)


class TestPaired:
    def test_agrees_with_the_paired_t_test(self) -> None:
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(2, 12))
        found, oracle = paired(a, b), stats.ttest_rel(b, a)
        interval = oracle.confidence_interval(0.90)
        assert found["difference"] == pytest.approx(b.mean() - a.mean())
        assert found["difference"] / found["standard_error"] == pytest.approx(oracle.statistic)
        assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))
        assert found["pairs"] == 12

    def test_what_both_share_cancels(self) -> None:
        noise = np.random.default_rng(1).normal(scale=100.0, size=20)
        assert paired(noise, noise + 1.0)["standard_error"] == pytest.approx(0.0, abs=1e-12)

    def test_leaves_out_pairs_without_a_value(self) -> None:
        found = paired(np.array([1.0, NAN, 3.0]), np.array([2.0, 5.0, NAN]))
        assert (found["pairs"], found["a"], found["b"], found["difference"]) == (1, 1.0, 2.0, 1.0)

    def test_one_pair_has_no_error(self) -> None:
        found = paired(np.array([1.0]), np.array([2.0]))
        assert found["difference"] == 1.0
        assert all(np.isnan(found[key]) for key in ("standard_error", "low", "high"))

    def test_no_pair_has_nothing(self) -> None:
        found = paired(np.array([NAN]), np.array([2.0]))
        assert found["pairs"] == 0
        assert np.isnan(found["difference"])


def test_mean_over_time_is_of_the_months_that_have_a_value() -> None:
    assert whole_span(np.array([NAN, 1.0, 3.0])) == 2.0
    assert np.isnan(whole_span(np.array([NAN, NAN])))


def test_every_indicator_is_a_column() -> None:
    assert {indicator.column for indicator in INDICATORS} <= {column.name for column in MARKET.values}


def test_rows_are_indicators_by_window(comparison: Comparison) -> None:
    table = comparison.table
    assert len(table) == len(INDICATORS) * len(WINDOWS)
    assert set(table["region"]) == {"south", "world"}
    assert (table["pairs"] <= 3).all()
    assert comparison.a.seeds == comparison.b.seeds == (3, 4, 5)


def test_differences_are_those_of_the_results(comparison: Comparison) -> None:
    markets = (result.market[result.market["region"] == "south"] for result in (comparison.a, comparison.b))
    a, b = (market.groupby("seed")["capability"].last() for market in markets)
    row = comparison.table.query("indicator == 'best model (ECI)' and window == 'last month'").iloc[0]
    assert row["pairs"] == 3
    assert row["difference"] == pytest.approx((b - a).mean())
    assert row["difference"] > 0.0


def test_a_scenario_does_not_differ_from_itself(tiny: Resolved) -> None:
    table = compare(tiny, tiny, region="north", replicates=2).table
    known = table[table["pairs"] > 1]
    assert (known["difference"] == 0.0).all()
    assert (known["standard_error"] == 0.0).all()


def test_progress_runs_once_from_start_to_end(tiny: Resolved) -> None:
    seen: list[tuple[int, int]] = []
    compare(tiny, tiny, region="north", replicates=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i + 1, 16) for i in range(16)]


def test_text_says_what_minus_what(comparison: Comparison) -> None:
    lines = repr(comparison).splitlines()
    assert lines[0] == "tiny against tiny: 3 pairs, seeds 3 to 5"
    assert lines[1] == "difference = tiny - tiny, mean over pairs with standard error and 90 % interval"
    assert [line for line in lines if line.startswith(("south", "world"))] == [
        "south, last month", "south, last 12 months", "south, all months",
        "world, last month", "world, last 12 months", "world, all months",
    ]


def test_the_path_is_the_paired_difference_of_each_month(comparison: Comparison) -> None:
    path = comparison.path.query("column == 'capability' and region == 'south'").query("pairs > 0")
    markets = (result.market[result.market["region"] == "south"] for result in (comparison.a, comparison.b))
    a, b = (market.pivot_table(index="month", columns="replicate", values="capability") for market in markets)
    np.testing.assert_allclose(path["difference"], (b - a).mean(axis=1))
    last = comparison.table.query("indicator == 'best model (ECI)' and window == 'last month'").iloc[0]
    assert path["difference"].iloc[-1] == pytest.approx(last["difference"])
    assert path["low"].iloc[-1] == pytest.approx(last["low"])


def test_results_of_other_seeds_are_not_paired(tiny: Resolved) -> None:
    one, other = (simulate(tiny, seed=seed) for seed in (1, 2))
    with pytest.raises(RunError, match=r"^'tiny' and 'tiny' have different seeds and cannot be paired$"):
        of_results(one, other, "south")


def test_a_comparison_is_saved_whole_and_not_replaced_unasked(comparison: Comparison, tmp_path: Path) -> None:
    folder = comparison.save(tmp_path / "pair", command="aimarkets compare a b")
    assert {path.name for path in folder.iterdir()} == {
        "differences.csv", "path.csv", "flips.csv", "a.yaml", "b.yaml", "comparison.json", "comparison.png",
        "comparison.svg", "comparison.csv", "comparison.txt",
    }  # fmt: skip
    about = json.loads((folder / "comparison.json").read_text())
    assert about["scenario_hashes"] == [comparison.a.scenario.hash, comparison.b.scenario.hash]
    assert pd.read_csv(folder / "differences.csv")["difference"].equals(
        pd.read_csv(StringIO(comparison.table.to_csv()))["difference"]
    )
    with pytest.raises(RunError, match="holds a comparison already; --force replaces it"):
        comparison.save(folder)
    comparison.save(folder, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["pair"]


def test_an_unknown_region_is_refused(tiny: Resolved) -> None:
    with pytest.raises(RunError) as refused:
        compare(tiny, tiny, region="atlantis")
    assert str(refused.value) == "region: 'atlantis', which 'tiny' does not have; allowed: north, south"
