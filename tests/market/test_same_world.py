"""What must change nothing: the same seed, the order of entries, inert firms, later months, harmless rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.market import Market
from sim.scenario import Resolved
from sim.scenario.schema import Scenario

RULES = ("lookahead", "myopic", "ewa", "imitate", "fixed")
TABLES = ("market", "labs", "clouds", "usage")
DIAGNOSTIC = {"price_residual"}
"""How near a search came to its target: the size of rounding errors, not a result."""
IDLE = {"region": "east", "enters": "2030-01", "capex": 0, "cash": 0}


def arrays(market: Market, months: int | None = None) -> dict[str, np.ndarray]:
    return {
        f"{table}.{name}": array[:months]
        for table in TABLES
        for name, array in getattr(market.record, table).items()
    }


def rows(market: Market, months: int | None = None) -> list[dict[str, Any]]:
    """Releases and choices, as text, so that NaN equals itself and every bit counts."""
    found = [*market.record.models, *market.record.decisions]
    return [{k: repr(v) for k, v in row.items()} for row in found if months is None or row["month"] < months]


def without(found: dict[str, np.ndarray], lab: int) -> dict[str, np.ndarray]:
    """The same without one lab's column."""
    return {k: np.delete(v, lab, axis=1) if k.startswith("labs.") else v for k, v in found.items()}


def different(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> list[str]:
    return [name for name, array in one.items() if not np.array_equal(array, other[name], equal_nan=True)]


def reordered(scenario: Scenario, section: str) -> Scenario:
    """The scenario with the entries of a section backwards."""
    data = scenario.model_dump(mode="json")
    data[section] = dict(reversed(data[section].items()))
    return Scenario.model_validate(data)


class TestSeeds:
    @pytest.mark.parametrize("rule", RULES)
    def test_same_seed_same_bits(self, lively: Resolved, run, rule):
        first = run({"choice.rule": rule})
        again = Market(lively.with_values({"choice.rule": rule}).scenario, seed=1).run()
        assert different(arrays(first), arrays(again)) == []
        assert rows(first) == rows(again)

    def test_seeds_differ(self, run):
        changed = set(different(arrays(run(seed=1)), arrays(run(seed=2))))
        assert {"labs.capability", "labs.algorithm", "market.spending", "clouds.tokens"} <= changed

    def test_what_no_draw_touches_is_the_same_for_all_seeds(self, run):
        """Adoption follows the Bass curve once something is on offer, chips their prices."""
        one, other = arrays(run(seed=1)), arrays(run(seed=2))
        assert np.array_equal(one["market.flop_price"], other["market.flop_price"])


class TestOrder:
    """To 1e-9: sums in another order differ in their last bits, and searches by less than their tolerance."""

    def same(self, one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
        for name, array in one.items():
            if name.split(".")[1] not in DIAGNOSTIC:
                scale = np.nanmax(np.abs(array)) if np.isfinite(array).any() else 1.0
                np.testing.assert_allclose(
                    other[name], array, rtol=1e-9, atol=1e-12 * max(scale, 1e-3), err_msg=name
                )

    def story(self, market: Market) -> list[tuple[Any, ...]]:
        """Who released what, how, on which base, and how sure it was; to ten digits, in the order of names."""
        digits = ("capability", "flop", "bytes_per_token", "frontier_gap")
        releases = [
            (r["month"], r["lab"], r["mode"], r["base"], r["forced"], *(f"{r[k]:.9g}" for k in digits))
            for r in market.record.models
        ]
        return sorted(releases)

    @pytest.mark.parametrize("rule", RULES)
    @pytest.mark.parametrize("seed", [1, 2])
    def test_of_labs(self, lively: Resolved, run, rule, seed):
        """Two labs are told by history what to release, in months in which others decide."""
        told = [
            {"name": "one", "kind": "forced_release", "date": "2023-08", "source": "s"},
            {"name": "two", "kind": "forced_release", "date": "2023-09", "source": "s"},
        ]
        told[0] |= {"lab": "opener", "model": "X", "mode": "open", "capability": 127.0}
        told[1] |= {"lab": "eastern", "model": "Y", "mode": "closed", "capability": 124.0, "flop": 1e25}
        values = {"choice.rule": rule, "events": told, "choice.imitation": 0.5}
        first = run(values, seed=seed)
        backwards = Market(reordered(first.scenario, "labs"), seed=seed).run()
        mapped = arrays(backwards)
        index = [backwards.setting.labs.index(name) for name in first.setting.labs]
        mapped = {k: v[:, index] if k.startswith("labs.") else v for k, v in mapped.items()}
        assert self.story(backwards) == self.story(first)
        propensity = mapped.pop("market.open_propensity"), arrays(first)["market.open_propensity"]
        # Imagined prices are solved to 1e-6, of which an intensity of 50 makes 5e-5.
        np.testing.assert_allclose(*propensity, atol=5e-5)
        self.same(mapped, arrays(first) | {})

    @pytest.mark.parametrize("section", ["clouds", "chips", "segments"])
    def test_of_other_entries(self, lively: Resolved, run, section):
        first = run({"choice.rule": "fixed"})
        backwards = Market(reordered(first.scenario, section), seed=1).run()
        mapped = arrays(backwards)
        if section == "clouds":
            mapped = {k: v[:, ::-1] if k.startswith("clouds.") else v for k, v in mapped.items()}
        if section == "segments":
            mapped = {k: v[:, :, ::-1] if k.startswith("usage.") else v for k, v in mapped.items()}
        assert self.story(backwards) == self.story(first)
        self.same(arrays(first), mapped)


class TestNames:
    def test_another_name_changes_its_own_draws_only(self, lively: Resolved):
        data = lively.scenario.model_dump(mode="json")
        data["labs"] = {("renamed" if k == "modest" else k): v for k, v in data["labs"].items()}
        one, other = Market(lively.scenario, seed=1), Market(Scenario.model_validate(data), seed=1)
        own = one.setting.labs.index("modest")
        for stream, draws in one.luck.items():
            changed = (draws != other.luck[stream]).any(axis=0)
            assert np.flatnonzero(changed).tolist() == [own], stream

    def test_another_name_changes_nothing_but_the_name_where_no_draw_counts(self, lively: Resolved, run):
        """Fixed modes, no noise, no entry; every lab releases in every month, so that no phase is drawn."""
        values: dict[str, Any] = {
            "choice.rule": "fixed",
            "mechanisms.noise": False,
            "mechanisms.entry": False,
        }
        values |= {f"labs.{name}.release_interval": 1 for name in lively.scenario.labs}
        first = run(values)
        data = first.scenario.model_dump(mode="json")
        data["labs"] = {("aardvark" if k == "modest" else k): v for k, v in data["labs"].items()}
        data["clouds"] = {("zebra" if k == "host" else k): v for k, v in data["clouds"].items()}
        other = Market(Scenario.model_validate(data), seed=1).run()
        assert different(arrays(first), arrays(other)) == []


class TestInertLab:
    """A lab that never begins work changes nobody's draws and not one bit of any result."""

    @pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
    @pytest.mark.parametrize("rule", RULES)
    def test_bits(self, lively: Resolved, run, rule, first):
        without_it = run({"choice.rule": rule})
        data = without_it.scenario.model_dump(mode="json")
        data["labs"] = {"idle": IDLE, **data["labs"]} if first else {**data["labs"], "idle": IDLE}
        with_it = Market(Scenario.model_validate(data), seed=1).run()
        idle = with_it.setting.labs.index("idle")
        for stream, draws in without_it.luck.items():
            assert np.array_equal(np.delete(with_it.luck[stream], idle, axis=1), draws), stream
        assert different(arrays(without_it), without(arrays(with_it), idle)) == []
        assert rows(with_it) == rows(without_it)

    def test_many_of_them(self, lively: Resolved, run):
        """With more firms than a sum adds in one go."""
        without_it = run({"choice.rule": "lookahead"})
        many = {f"labs.idle_{i}": IDLE for i in range(30)}
        with_it = run({"choice.rule": "lookahead", **many})
        found = arrays(with_it)
        idle = [i for i, name in enumerate(with_it.setting.labs) if name.startswith("idle")]
        found = {k: np.delete(v, idle, axis=1) if k.startswith("labs.") else v for k, v in found.items()}
        assert different(arrays(without_it), found) == []
        assert rows(with_it) == rows(without_it)


class TestTime:
    @pytest.mark.parametrize("rule", RULES)
    def test_a_longer_run_begins_with_the_months_of_a_shorter_one(self, run, rule):
        short, long = run({"choice.rule": rule}), run({"choice.rule": rule, "end": "2024-04"})
        months = len(short.months)
        assert len(long.months) == months + 4
        assert different(arrays(short), arrays(long, months)) == []
        assert rows(short) == rows(long, months)

    def test_nothing_foresees_an_event(self, run, lively: Resolved):
        """The months before an event are, bit for bit, those of a world in which it never comes."""
        ban = {"name": "ban", "kind": "release_policy", "date": "2023-08", "source": "s", "region": "west"}
        ban |= {"modes": ["open", "open_restricted"], "stance": "forbid"}
        rule = {"name": "rule", "kind": "export_rule", "date": "2023-08", "source": "s", "region": "east"}
        free, ruled = run({"events": []}), run({"events": [ban, rule | {"predicate": "tpp >= 100"}]})
        assert different(arrays(free, 7), arrays(ruled, 7)) == []
        assert rows(free, 7) == rows(ruled, 7)
        assert different(arrays(free), arrays(ruled))

    def test_two_scenarios_with_one_seed_share_every_draw_that_both_make(self, run):
        one = run({"choice.rule": "fixed"})
        other = run({"choice.rule": "myopic", "events": [], "entry.most": 5, "end": "2024-04"})
        assert set(one.setting.labs) < set(other.setting.labs)
        common = [other.setting.labs.index(name) for name in one.setting.labs]
        for stream, draws in one.luck.items():
            assert np.array_equal(other.luck[stream][: len(draws), common], draws)


def export_rule(**fields: Any) -> dict[str, Any]:
    base = {"name": "rule", "kind": "export_rule", "date": "2023-03", "source": "s", "region": "east"}
    return base | fields


class TestP12:
    """An export rule that changes nothing that a firm buys changes nothing in the run, bit for bit."""

    @pytest.mark.parametrize(
        "harmless",
        [
            export_rule(predicate="tpp >= 1e9"),
            export_rule(predicate="name == older"),
            export_rule(predicate="name == older", licensed=0.5, volume_cap=2.0, levy=1.0),
            export_rule(predicate="tpp >= 4800", licensed=1.0),
            export_rule(predicate="tpp >= 1", region="west", date="2030-01"),
            export_rule(predicate="name == local", region="west"),
        ],
        ids=["covers nothing", "not bought", "cap on it", "all licensed", "after the end", "not sold"],
    )
    @pytest.mark.parametrize("others", [False, True], ids=["alone", "beside a rule"])
    def test_bits(self, run, lively: Resolved, harmless, others):
        known = [export_rule(name="strong", predicate="tpp >= 4800", date="2023-02")] if others else []
        free, ruled = run({"events": known}), run({"events": [*known, harmless]})
        assert different(arrays(free), arrays(ruled)) == []
        assert rows(free) == rows(ruled)

    def test_a_rule_on_chips_in_use_bites_on_training_there_and_hardly_on_serving(self, run):
        """P8: compute bought under the rule in the east, and the price of serving it."""
        alone = {"mechanisms.smuggling": False, "mechanisms.offshore_rental": False, "choice.rule": "fixed"}
        free = run(alone | {"events": []}).record.market
        ruled = run(alone | {"events": [export_rule(predicate="tpp >= 4800")]}).record.market
        west, east, last = 0, 1, -1
        before = free["compute_training"][1, east]
        added = [m["compute_training"][last, east] - before * 0.9 ** (10 / 12) for m in (ruled, free)]
        assert 0 < added[0] < 0.6 * added[1]
        assert ruled["flop_price"][last, east] > 2.0 * free["flop_price"][last, east]
        assert ruled["bandwidth_price"][last, east] == free["bandwidth_price"][last, east]
        assert ruled["compute_serving"][last, east] == pytest.approx(
            free["compute_serving"][last, east], rel=0.05
        )
        np.testing.assert_allclose(ruled["flop_price"][:, west], free["flop_price"][:, west], rtol=1e-12)
        assert ruled["capability"][last, east] < free["capability"][last, east] - 0.5
