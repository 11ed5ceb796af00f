"""One scenario, some seeds."""

from __future__ import annotations

import gc
import multiprocessing
import weakref
from pathlib import Path

import pandas as pd
import pytest

from sim.market import Market
from sim.record import TABLES
from sim.run.errors import RunError, SimulationError
from sim.run.results import Result
from sim.run.simulate import LAST_SEED, Task, run_market, simulate
from sim.scenario import Resolved, ScenarioError


def assert_same(a: Result, b: Result) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(a.tables[name], b.tables[name])


def test_a_replicate_is_a_run_with_its_seed(tiny: Resolved, result: Result) -> None:
    alone = simulate(tiny, seed=2)
    for name, frame in result.tables.items():
        second = frame[frame["replicate"] == 1].assign(replicate=0).reset_index(drop=True)
        pd.testing.assert_frame_equal(alone.tables[name], second)


def test_seeds_differ(result: Result) -> None:
    first, second = (frame["capability"].to_numpy() for _, frame in result.market.groupby("replicate"))
    assert first.tolist() != second.tolist()


def test_a_worker_lets_go_of_earlier_markets(tiny: Resolved, monkeypatch: pytest.MonkeyPatch) -> None:
    """Market and agents hold each other, and Mesa counts agents by market: without help none was ever freed."""
    monkeypatch.setattr(multiprocessing, "parent_process", object)
    earlier = weakref.ref(run_market(Task(tiny.scenario, 0, 1)))
    try:
        run_market(Task(tiny.scenario, 0, 2))
    finally:
        gc.unfreeze()
    assert earlier() is None


@pytest.mark.slow
def test_workers_change_nothing(tiny: Resolved, result: Result) -> None:
    assert_same(simulate(tiny, seed=1, replicates=2, workers=2), result)


def test_takes_a_path_and_values_alone(tiny_file: Path, tiny: Resolved, result: Result) -> None:
    assert_same(simulate(str(tiny_file), replicates=2), result)
    assert_same(simulate(tiny_file, replicates=2), result)
    assert_same(simulate(tiny.scenario, replicates=2), result)


def test_result_says_what_was_run(tiny: Resolved, result: Result) -> None:
    assert result.scenario is tiny
    assert result.seeds == (1, 2)
    assert result.uncertainty is False
    assert len(result.durations_s) == 2


def test_progress_counts_months_of_all_replicates(tiny: Resolved) -> None:
    seen: list[tuple[int, int]] = []
    simulate(tiny, replicates=2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i + 1, 16) for i in range(16)]


class TestUncertainty:
    @pytest.fixture
    def uncertain(self, tiny: Resolved) -> Resolved:
        return tiny.with_values({"spillovers.leakage": {"dist": "uniform", "low": 0.0, "high": 1.0}})

    def test_without_it_the_centre_holds(self, tiny: Resolved, uncertain: Resolved) -> None:
        centre = tiny.with_values({"spillovers.leakage": 0.5})
        assert_same(simulate(uncertain), simulate(centre))

    def test_with_it_each_replicate_draws(self, uncertain: Resolved) -> None:
        drawn = simulate(uncertain, replicates=2, uncertainty=True)
        centre = simulate(uncertain, replicates=2)
        for (_, a), (_, b) in zip(drawn.labs.groupby("seed"), centre.labs.groupby("seed"), strict=True):
            assert not a["algorithm"].equals(b["algorithm"])

    def test_draws_belong_to_the_seed(self, uncertain: Resolved) -> None:
        first = simulate(uncertain, seed=1, replicates=2, uncertainty=True)
        second = simulate(uncertain, seed=2, uncertainty=True)
        alike = first.labs.query("seed == 2")["algorithm"].reset_index(drop=True)
        pd.testing.assert_series_equal(alike, second.labs["algorithm"])

    def test_is_refused_where_nothing_is_uncertain(self, tiny: Resolved) -> None:
        with pytest.raises(RunError) as refused:
            simulate(tiny, uncertainty=True)
        assert str(refused.value) == (
            "uncertainty: no parameter of 'tiny' is a distribution; "
            "give one as {dist: triangular, low: ..., mode: ..., high: ...}, or run without uncertainty"
        )


class TestRefusals:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"replicates": 0}, "replicates: 0; allowed: 1 to 100000"),
            ({"seed": -1}, f"seed: -1; allowed: 0 to {LAST_SEED - 1}"),
            ({"seed": 2**70}, f"seed: {2**70}; allowed: 0 to {LAST_SEED - 1}"),
            ({"workers": 0}, "workers: 0; allowed: 1 or more"),
        ],
    )
    def test_numbers_out_of_range(self, tiny: Resolved, settings: dict[str, int], message: str) -> None:
        with pytest.raises(RunError) as refused:
            simulate(tiny, **settings)
        assert str(refused.value) == message

    def test_an_unknown_scenario(self) -> None:
        with pytest.raises(ScenarioError):
            simulate("no-such-scenario")

    def test_seed_zero_is_a_seed(self, tiny: Resolved) -> None:
        assert simulate(tiny, seed=0).seeds == (0,)


class TestFailure:
    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        step = Market.step

        def fail_in_march(market: Market) -> None:
            if market.month == 2:
                raise FloatingPointError("prices diverge")
            step(market)

        monkeypatch.setattr(Market, "step", fail_in_march)

    @pytest.mark.usefixtures("broken")
    def test_says_where(self, tiny: Resolved) -> None:
        with pytest.raises(SimulationError) as failed:
            simulate(tiny, seed=7, replicates=2)
        assert str(failed.value) == "replicate 0 (seed 7), 2023-03: FloatingPointError: prices diverge"
        assert isinstance(failed.value.__cause__, FloatingPointError)

    def test_of_the_caller_is_not_blamed_on_the_model(self, tiny: Resolved) -> None:
        def bad(done: int, total: int) -> None:
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            simulate(tiny, progress=bad)
