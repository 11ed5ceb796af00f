"""Firms come and go: entry, exit, budgets, rules of one's own."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from sim.choice.rules import Verdict, View
from sim.market import Market
from sim.record import MODES
from sim.scenario import Resolved

FIXED = {"choice.rule": "fixed"}
MODEST = 3
POOR = FIXED | {"labs.modest.cash": 0.0, "labs.modest.funding": 0.0, "finance.patience": 2}


class TestExit:
    """`modest` has no cash, no funding and a staff to pay: without cash from month 0, out after 2 more months."""

    def test_a_firm_without_cash_stops_then_exits(self, run):
        market = run(POOR | {"labs.modest.release_interval": 1})
        labs = market.record.labs
        assert labs["active"][:, MODEST].tolist() == [1, 1, 1, *[0] * 9]
        assert (labs["cash"][:3, MODEST] < 0).all()
        assert not [
            row for row in market.record.models if row["lab"] == "modest"
        ]  # it would release from month 1
        assert not labs["capex"][3:, MODEST].any()
        assert not labs["staff"][3:, MODEST].any()
        assert not labs["funding"][3:, MODEST].any()

    def test_its_service_ends_and_its_open_weights_stay(self, run):
        leak = {"name": "x", "kind": "forced_release", "date": "2023-02", "source": "s", "lab": "modest"}
        leak |= {"model": "m", "mode": "open", "capability": 121.0}
        labs = run(
            POOR | {"events": [leak], "labs.modest.initial_compute": 20, "labs.modest.staff": 3e9}
        ).record.labs
        assert labs["tokens"][1, MODEST] > 0
        assert labs["active"][-1, MODEST] == 0
        assert labs["tokens"][-1, MODEST] == 0
        assert labs["tokens_hosted"][-1, MODEST] > 0

    def test_it_does_not_come_back(self, run):
        rich_later = run(POOR | {"labs.modest.complement": 10.0})
        active = rich_later.record.labs["active"][:, MODEST]
        assert (np.diff(active) <= 0).all()

    def test_a_parent_covers_the_deficit(self, run):
        labs = run(POOR | {"labs.modest.parent": True, "labs.modest.cash": 1e6}).record.labs
        assert labs["active"][:, MODEST].all()
        np.testing.assert_allclose(labs["cash"][:, MODEST], 1e6, rtol=1e-9)


class TestBudgets:
    def test_chips_are_bought_from_what_is_left_after_the_reserve(self, run):
        """The reserve is 3 months' staff. With cash of 4 and no funding `modest` spends one on chips, one on staff."""
        staff = 1e8 / 12 * 2.0**-1.5
        values = FIXED | {"labs.modest.funding": 0.0, "labs.modest.cash": 4.0 * staff}
        labs = run(values).record.labs
        assert labs["capex"][0, MODEST] == pytest.approx(staff, rel=1e-9)
        assert labs["cash"][0, MODEST] == pytest.approx(2.0 * staff, rel=1e-9)
        assert labs["capex"][1, MODEST] == 0.0

    def test_spending_follows_its_path(self, run):
        """400 million USD a year of staff and chips at the level of mid-2024, growing with capex (2 a year)."""
        labs = run(FIXED | {"labs.opener.capex": 4e8, "labs.opener.staff": 1.2e8}).record.labs
        years = (np.arange(12) - 18) / 12
        np.testing.assert_allclose(labs["capex"][:, 1], 4e8 / 12 * 2.0**years, rtol=1e-9)
        np.testing.assert_allclose(labs["staff"][:, 1], 1.2e8 / 12 * 2.0**years, rtol=1e-9)

    def test_compute_is_what_was_there_less_what_retires_and_what_was_bought(self, run):
        market = run(FIXED | {"labs.opener.training_share": 1.0, "labs.opener.initial_compute": 10.0})
        labs, prices = market.record.labs, market.record.market
        # 95 % for training (some serving compute is always bought); of what is spent 1.8 times the chips.
        added = 0.95 * labs["capex"][:, 1] / 1.8 / prices["flop_price"][:, 0] / 989  # thousand H100e
        stock, expected = 10.0, []
        for bought in added:
            stock = stock * 0.9 ** (1 / 12) + bought
            expected.append(stock)
        np.testing.assert_allclose(labs["compute_training"][:, 1], expected, rtol=1e-9)

    def test_a_third_of_profit_is_reinvested(self, lively: Resolved):
        """`leader` has no parent and much cash: its path plus 0.3 of last month's gross profit."""
        market = Market(lively.with_values(FIXED).scenario, seed=1)
        profits = [0.0]
        while market.running:
            market.step()
            profits.append(float(market.state.profit[0]))
        expected = market.plans.capex[:, 0] + 0.3 * np.maximum(profits[:-1], 0.0)
        np.testing.assert_allclose(market.record.labs["capex"][:, 0], expected, rtol=1e-9)
        assert max(profits) > 1e6

    def test_the_fuller_its_serving_compute_the_more_of_it_a_firm_buys(self, run):
        """`opener` plans half; use of last month over 0.7, to the power of 1.5, moves that within 5 and 95 %."""
        market = run(FIXED | {"finance.capacity_response": 1.5})
        labs, prices = market.record.labs, market.record.market["bandwidth_price"][:, 0]
        serving = labs["compute_serving"][:, 1] * 3.35e3  # TB/s
        use = np.concatenate([[0.7], labs["capacity_use"][:-1, 1]])
        share = np.clip(0.5 * (np.maximum(use, 0.05) / 0.7) ** 1.5, 0.05, 0.95)
        bought = labs["capex"][:, 1] / 1.8 * share / prices
        np.testing.assert_allclose(serving[1:], 0.9 ** (1 / 12) * serving[:-1] + bought[1:], rtol=1e-9)
        assert np.ptp(share) > 0.1

    def test_own_products_keep_the_plan_where_customers_do_not(self, run):
        """At 0.7, use counts as comfortable at least: never less than the planned half is spent on serving."""
        market = run(FIXED | {"labs.opener.own_use": 0.7, "labs.opener.brand": -10.0})
        labs = market.record.labs
        assert labs["capacity_use"][1:, 1].max() < 0.1
        prices = market.record.market["bandwidth_price"][:, 0]
        serving = labs["compute_serving"][:, 1] * 3.35e3  # TB/s
        bought = labs["capex"][:, 1] / 1.8 * 0.5 / prices
        np.testing.assert_allclose(serving[1:], 0.9 ** (1 / 12) * serving[:-1] + bought[1:], rtol=1e-9)

    def test_funding_follows_attention_by_a_fifth_a_month(self, lively: Resolved):
        """Towards (labs x a weighted geometric mean of shares of tokens and takings) to the power of 0.3."""
        w = lively.scenario.finance.funding_on_takings
        market = Market(lively.with_values(FIXED | {"mechanisms.entry": False}).scenario, seed=1)
        response = np.ones(4)
        while market.running:
            market.step()
            t = market.month - 1
            labs = {k: np.nan_to_num(v[t]) for k, v in market.record.labs.items()}
            if t:
                expected = market.plans.funding[t, MODEST] * response[MODEST]
                assert labs["funding"][MODEST] == pytest.approx(expected, rel=1e-9)
            made, taken = labs["tokens"] + labs["tokens_hosted"], labs["revenue"] + labs["revenue_hosting"]
            world = market.record.usage["spending"][t].sum()
            shares = made / max(made.sum(), 1e-300), taken / max(world, 1e-300)
            attention = 4 * np.maximum(shares[0], 1e-12) ** (1 - w) * np.maximum(shares[1], 1e-12) ** w
            response = response + 0.2 * (np.clip(attention**0.3, 1 / 3, 3) - response)
            np.testing.assert_allclose(market.state.funding_response, response, rtol=1e-9)
        assert np.ptp(response) > 0.2

    def test_scarcity_is_felt_by_a_fifth_of_it_a_month(self, run):
        """All chips barred from month 2 on, and none made at home: 1 - 0.8^n of all that was wanted."""
        bar = {"name": "x", "kind": "export_rule", "date": "2023-03", "source": "s", "region": "east"}
        values = FIXED | {"events": [bar | {"predicate": "tpp >= 1"}], "mechanisms.smuggling": False}
        found = run(values | {"mechanisms.offshore_rental": False}).record.market["shortfall"]
        np.testing.assert_allclose(found[:2, 1], 0.0, atol=1e-12)
        np.testing.assert_allclose(found[2:, 1], 1.0 - 0.8 ** np.arange(1, 11), rtol=1e-9)
        np.testing.assert_allclose(found[:, 0], 0.0, atol=1e-12)


class TestEntry:
    def entries(self, market: Market) -> dict[str, int]:
        active = market.record.labs["active"]
        names = market.setting.labs
        return {names[i]: int(np.argmax(active[:, i])) for i in range(4, len(names)) if active[:, i].any()}

    def test_nobody_enters_at_a_rate_of_zero(self, run):
        assert self.entries(run(FIXED | {"entry.rate": 0})) == {}

    def test_slots_of_a_region_fill_one_a_month(self, run):
        market = run(FIXED | {"entry.rate": 100, "entry.most": 6, "entry.profit_weight": 0.0})
        entries = self.entries(market)
        regions = [market.setting.regions[r] for r in market.setting.lab_region]
        for region in ("west", "east"):
            months = [m for name, m in entries.items() if regions[market.setting.labs.index(name)] == region]
            assert len(months) == 3
            assert len(set(months)) == 3

    def test_an_open_base_makes_entry_easier(self, run):
        """Without weight on margins and without any open model nobody enters."""
        values = FIXED | {"entry.profit_weight": 0.0, "entry.rate": 100}
        closed = {"labs.opener.initial_mode": "closed", "labs.eastern.initial_mode": "closed"}
        assert self.entries(run(values | closed)) == {}
        assert self.entries(run(values))

    def test_the_hazard_is_the_rate_times_weight_and_attraction(self, lively: Resolved):
        """A slot's draw of the month under 1 - exp(-rate / 12 x weight x nearness of the best open base)."""
        values = FIXED | {"entry.profit_weight": 0.0, "entry.rate": 4.0, "entry.most": 1, "end": "2023-08"}
        resolved = lively.with_values(values | {"entry.regions": {"west": 0.5, "east": 0.0}})
        entered = 0
        for seed in range(25):
            market, expected = Market(resolved.scenario, seed=seed), None
            while market.running:
                market.step()
                state, month = market.state, market.month - 1
                frontier, base = state.capability[:, 0].max(), state.open_capability[:, 0].max()
                near = np.exp(-max(frontier - base, 0.0) / 8.0) if np.isfinite(base) else 0.0
                if expected is None and market.luck["entry"][month, 4] < 1 - np.exp(-4.0 / 12 * 0.5 * near):
                    expected = month + 1
            assert market.entry_month(4) == expected
            entered += expected is not None
        assert 5 < entered < 20

    def test_an_entrant_starts_at_its_distance_behind_the_leader(self, run):
        values = FIXED | {"entry.entrant.initial_algorithm": -0.7, "mechanisms.noise": False}
        market = run(
            values
            | {f"mechanisms.{k}": False for k in ("leakage", "distillation", "theft", "open_spillover")}
        )
        entries = self.entries(market)
        assert entries
        algorithm = market.record.labs["algorithm"]
        for name, month in entries.items():
            i = market.setting.labs.index(name)
            others = np.delete(algorithm[month - 1], i)
            own = market.scenario.entry.entrant.research / 12
            assert algorithm[month, i] == pytest.approx(np.nanmax(others) - 0.7 + own, abs=1e-9)

    def test_entrants_have_the_money_of_the_template(self, run):
        market = run(
            FIXED | {"entry.entrant.parent": True, "entry.entrant.cash": 7e7, "entry.entrant.funding": 0}
        )
        for name, month in self.entries(market).items():
            assert market.record.labs["cash"][month, market.setting.labs.index(name)] == pytest.approx(7e7)


def always_open(view: View) -> Verdict:
    probability = np.zeros(len(MODES))
    probability[MODES.index("open")] = 1.0
    return Verdict(np.where(view.allowed, probability, 0.0), view.attraction, view.experience)


class TestRuleOfOnesOwn:
    @pytest.fixture(autouse=True)
    def _module(self, monkeypatch):
        module = ModuleType("somebodys_rules")
        module.always_open = always_open  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "somebodys_rules", module)

    def modes(self, market: Market, **which: Any) -> dict[str, set[str]]:
        return {
            lab: {row["mode"] for row in market.record.models if row["lab"] == lab}
            for lab in market.scenario.labs
        }

    def test_of_the_scenario(self, lively: Resolved):
        values = {"choice.rule": "somebodys_rules:always_open"}
        market = Market(lively.with_values(values).scenario, seed=1).run()
        assert self.modes(market) == {lab: {"open"} for lab in lively.scenario.labs}
        assert {row["rule"] for row in market.record.decisions} == {"somebodys_rules:always_open"}

    def test_of_one_lab(self, lively: Resolved):
        values = FIXED | {"labs.leader.rule": "somebodys_rules:always_open"}
        market = Market(lively.with_values(values).scenario, seed=1).run()
        assert self.modes(market)["leader"] == {"open"}
        assert self.modes(market)["modest"] == {"closed"}

    def test_one_that_does_not_exist(self, lively: Resolved):
        with pytest.raises(
            ValueError, match=r"unknown decision rule 'lookahed'; allowed: lookahead, myopic, ewa"
        ):
            Market(lively.with_values({"choice.rule": "lookahed"}).scenario, seed=1)
        with pytest.raises(ValueError, match=r"decision rule 'somebodys_rules:never' cannot be imported"):
            Market(lively.with_values({"labs.opener.rule": "somebodys_rules:never"}).scenario, seed=1)
