"""Every mechanism can be switched off alone, and off means off: measured, beside the same market with it on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.market import Market
from sim.market.sales import Sales
from sim.scenario import Resolved
from sim.scenario.submodels import Mechanisms

FIXED: dict[str, Any] = {"choice.rule": "fixed"}
TABLES = ("market", "labs", "clouds", "usage")
Run = Callable[..., Market]
Check = Callable[[Run, Resolved], None]
CHECKS: dict[str, Check] = {}


def measures(switch: str) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        CHECKS[switch] = check
        return check

    return register


def off(switch: str) -> dict[str, Any]:
    return {f"mechanisms.{switch}": False}


def bits(market: Market) -> dict[str, bytes]:
    return {f"{t}.{k}": v.tobytes() for t in TABLES for k, v in getattr(market.record, t).items()}


def same(one: Market, other: Market) -> bool:
    return bits(one) == bits(other)


def is_as(run: Run, switch: str, neutral: dict[str, Any], base: dict[str, Any]) -> None:
    """Off is, bit for bit, what a neutral value of its parameters is; on is something else."""
    assert same(run(base | off(switch)), run(base | neutral))
    assert not same(run(base), run(base | off(switch)))


@pytest.mark.parametrize("switch", Mechanisms.model_fields)
def test_runs_without(run: Run, switch):
    market = run(off(switch))
    assert market.month == len(market.months)
    assert np.isfinite(market.record.market["spending"][-1]).all()
    assert (market.record.market["spending"][-1] > 0).all()


def test_runs_without_any_of_them(run: Run):
    market = run({f"mechanisms.{name}": False for name in Mechanisms.model_fields})
    assert (market.record.market["spending"][-1] > 0).all()


@pytest.mark.parametrize("switch", Mechanisms.model_fields)
def test_off_means_off(run: Run, lively: Resolved, switch):
    CHECKS[switch](run, lively)


# --- chips -------------------------------------------------------------------------------------------------


@measures("export_rules")
def _(run: Run, lively: Resolved) -> None:
    is_as(run, "export_rules", {"events": []}, FIXED)


@measures("smuggling")
def _(run: Run, lively: Resolved) -> None:
    assert run(FIXED).record.market["compute_smuggled"][-1, 1] > 0
    assert not run(FIXED | off("smuggling")).record.market["compute_smuggled"].any()


@measures("offshore_rental")
def _(run: Run, lively: Resolved) -> None:
    assert run(FIXED).record.market["compute_offshore"][-1, 1] > 0
    assert not run(FIXED | off("offshore_rental")).record.market["compute_offshore"].any()


@measures("domestic_response")
def _(run: Run, lively: Resolved) -> None:
    """All chips from abroad barred: home makers sell all they have, and more of it if they respond."""
    bar = {"name": "bar", "kind": "export_rule", "date": "2023-03", "source": "s", "region": "east"}
    scarce = FIXED | off("smuggling") | off("offshore_rental")
    scarce |= {"events": [bar | {"predicate": "origin == west"}], "chips.local.supply.east": 1.2}
    on, without = run(scarce), run(scarce | off("domestic_response"))
    assert on.record.market["shortfall"][-1, 1] > 0.5
    # 100 chips of 250 TFLOP/s a month, in thousand H100e; with the response more by half of last month's shortfall.
    for market, elasticity in ((without, 0.0), (on, 0.5)):
        stock, shortfall = (market.record.market[k][:, 1] for k in ("compute_domestic", "shortfall"))
        bought = stock[4:] - 0.9 ** (1 / 12) * stock[3:-1]
        np.testing.assert_allclose(bought, 0.1 * 250 / 989 * (1 + elasticity * shortfall[3:-1]), rtol=1e-9)


@measures("serving_capacity")
def _(run: Run, lively: Resolved) -> None:
    few: dict[str, Any] = {f"labs.{name}.initial_compute": 0.3 for name in lively.scenario.labs}
    few |= {f"labs.{name}.capex": 1e8 for name in lively.scenario.labs}
    few |= {f"clouds.{name}.initial_compute": 0.1 for name in lively.scenario.clouds}
    few |= {f"clouds.{name}.capex": 1e7 for name in lively.scenario.clouds}
    on = watched(lively, FIXED | few)
    without = watched(lively, FIXED | few | off("serving_capacity"))
    assert on.record.labs["capacity_use"].max() == pytest.approx(1.0, rel=1e-6)
    assert on.record.labs["capacity_use"].max() <= 1.0 + 1e-8
    assert on.record.market["served"][-1].min() < 1.0
    assert any((s.equilibrium.shadow_prices > 0).any() for s in on.sales if s.equilibrium)
    assert without.record.labs["capacity_use"].max() > 1.5
    np.testing.assert_allclose(without.record.market["served"][2:], 1.0, rtol=1e-12)
    assert not any(s.equilibrium.shadow_prices.any() for s in without.sales if s.equilibrium)


# --- knowledge ---------------------------------------------------------------------------------------------

CHANNELS = ("leakage", "distillation", "open_spillover", "theft")


def levels(run: Run, *on: str) -> tuple[np.ndarray, np.ndarray]:
    """Algorithmic levels of the four labs with some channels on, and their own research a month."""
    values = FIXED | off("entry") | {"spillovers.neighbours": 0.0}
    values |= {k: v for name in CHANNELS if name not in on for k, v in off(name).items()}
    market = run(values)
    return market.record.labs["algorithm"], np.array(
        [lab.research for lab in market.scenario.labs.values()]
    ) / 12


def test_research_quickens_in_april_2024(lively: Resolved) -> None:
    """Until March it is a part of what it is afterwards."""
    changes = FIXED | off("entry") | {"technology.early_research": 0.25, "start": "2023-10", "end": "2024-09"}
    for name in CHANNELS:
        changes |= off(name)
    market = Market(lively.with_values(changes).scenario, seed=1)
    market.run()
    own = np.array([lab.research for lab in market.scenario.labs.values()])
    rates = np.where(np.arange(12)[:, None] < 6, 0.25 * own, own)
    grown = np.diff(market.record.labs["algorithm"], axis=0) * 12
    np.testing.assert_allclose(grown, rates[1:], rtol=1e-9)


def channel(switch: str, rate: float) -> Check:
    def check(run: Run, lively: Resolved) -> None:
        """With every channel off all grow by their own research; with one by its rate times the distance besides.

        Before the first models there is nothing to distil and nothing open; later somebody else's is better.
        """
        alone, own = levels(run)
        np.testing.assert_allclose(np.diff(alone, axis=0), np.broadcast_to(own, (11, 4)), rtol=1e-9)
        level, own = levels(run, switch)
        behind = level.max(axis=1, keepdims=True) - level
        gained = np.diff(level, axis=0) - own
        if switch == "open_spillover":
            opener, eastern, spread = 1, 2, lively.scenario.spillovers
            openness = np.array([0.0, 1.0, 0.9, 0.0])
            n = (openness * np.exp(-behind / spread.pool_distance)).sum(axis=1, keepdims=True)
            behind = np.maximum(level[:, [opener, eastern]].max(axis=1, keepdims=True) - level, 0.0)
            behind = behind * n / (n + spread.pool_half)
        first = 3 if switch in ("distillation", "open_spillover") else 0
        modest = 3  # the weakest, so that all others have something to teach it
        np.testing.assert_allclose(gained[first:, modest], rate / 12 * behind[first:-1, modest], rtol=1e-9)
        assert (behind[:, modest] > 0.1 * (switch != "open_spillover")).all()
        assert gained[first:, modest].min() > 1e-4

    return check


RATES = {"leakage": 0.25, "distillation": 0.15, "open_spillover": 0.6, "theft": 0.05}
for name, per_year in RATES.items():
    CHECKS[name] = channel(name, per_year)


def test_neighbours_teach_who_is_behind_them_at_home(run: Run) -> None:
    """The best lab of each region grows by its own research, the other one by the rate times its distance besides."""
    values = FIXED | off("entry") | {"spillovers.neighbours": 0.6, "spillovers.leakage": 0.0}
    for name in CHANNELS[1:]:
        values |= off(name)
    market = run(values)
    level = market.record.labs["algorithm"]
    own = np.array([lab.research for lab in market.scenario.labs.values()]) / 12
    home = market.setting.lab_region[: len(own)]
    best = np.stack([level[:, home == r].max(axis=1) for r in home], axis=1)
    gained = np.diff(level, axis=0) - own
    np.testing.assert_allclose(gained, 0.6 / 12 * (best - level)[:-1], rtol=1e-9, atol=1e-15)
    assert ((gained > 1e-4).sum(axis=1) == 2).all()
    assert same(run(FIXED | off("leakage")), run(FIXED | off("leakage") | {"spillovers.neighbours": 0.6}))


@measures("derivation")
def _(run: Run, lively: Resolved) -> None:
    eager = FIXED | {
        "spillovers.derivation_lag": 0,
        "spillovers.adaptation_loss": 0.0,
        "labs.modest.capex": 1e7,
    }
    assert {row["base"] for row in run(eager).record.models} - {""}
    assert {row["base"] for row in run(eager | off("derivation")).record.models} == {""}


@measures("community")
def _(run: Run, lively: Resolved) -> None:
    is_as(run, "community", {"community.improvement": 0.0, "community.cheaper_serving": 0.0}, FIXED)


@measures("flywheel")
def _(run: Run, lively: Resolved) -> None:
    is_as(run, "flywheel", {"community.flywheel": 0.0}, FIXED)


# --- offers and demand -------------------------------------------------------------------------------------


@measures("hosting")
def _(run: Run, lively: Resolved) -> None:
    api, hosted = 0, 1
    tokens = run(FIXED).record.usage["tokens"]
    assert tokens[..., hosted].any()
    without = run(FIXED | off("hosting")).record
    assert not without.clouds["hosted"].any()
    assert not without.usage["tokens"][..., hosted].any()
    assert without.usage["tokens"][..., api].any()


@measures("self_hosting")
def _(run: Run, lively: Resolved) -> None:
    assert run(FIXED).record.usage["tokens"][..., 2].any()
    assert not run(FIXED | off("self_hosting")).record.usage["tokens"][..., 2].any()


@measures("royalties")
def _(run: Run, lively: Resolved) -> None:
    on, without = run(FIXED).record, run(FIXED | off("royalties")).record
    assert np.nansum(on.labs["royalties_received"]) > 0
    assert np.nansum(on.clouds["royalties_paid"]) == pytest.approx(np.nansum(on.labs["royalties_received"]))
    for table, column in ((without.labs, "royalties_received"), (without.labs, "royalties_paid")):
        assert not np.nansum(table[column])


@measures("trials")
def _(run: Run, lively: Resolved) -> None:
    is_as(run, "trials", {"hosting.trial_value": 0.0}, FIXED)


@measures("inertia")
def _(run: Run, lively: Resolved) -> None:
    free = watched(lively, FIXED | off("inertia"))
    assert all(np.array_equal(s.shares, s.choice) for s in free.sales)
    slow = watched(lively, FIXED)
    assert np.abs(slow.sales[-1].shares - slow.sales[-1].choice).max() > 0.05


@measures("diffusion")
def _(run: Run, lively: Resolved) -> None:
    assert run(FIXED).record.market["adoption"].max() < 0.6
    assert (run(FIXED | off("diffusion")).record.market["adoption"] == 1.0).all()


@measures("closed_only")
def _(run: Run, lively: Resolved) -> None:
    is_as(run, "closed_only", {"segments.offices.closed_only": 0.0}, FIXED)


@measures("trust")
def _(run: Run, lively: Resolved) -> None:
    is_as(run, "trust", {"regions.east.distrust.west": 0.0}, FIXED)


# --- firms and governments ---------------------------------------------------------------------------------


@measures("spillover_foresight")
def _(run: Run, lively: Resolved) -> None:
    def foreseen(market: Market) -> list[float]:
        return [v for row in market.record.decisions for k, v in row.items() if k.endswith("_spillover")]

    assert min(foreseen(run())) < 0
    assert set(foreseen(run(off("spillover_foresight")))) == {0.0}


@measures("learning_foresight")
def _(run: Run, lively: Resolved) -> None:
    def foreseen(market: Market) -> list[float]:
        return [v for row in market.record.decisions for k, v in row.items() if k.endswith("_learning")]

    assert max(foreseen(run())) > 0
    assert set(foreseen(run(off("learning_foresight")))) == {0.0}


@measures("funding_response")
def _(run: Run, lively: Resolved) -> None:
    on, without = run(FIXED), run(FIXED | off("funding_response"))
    assert (without.state.funding_response == 1.0).all()
    assert (on.state.funding_response[:4] != 1.0).all()
    modest = 3  # without a parent: its funding is the path's
    np.testing.assert_allclose(
        without.record.labs["funding"][:, modest], without.plans.funding[:, modest], rtol=1e-12
    )


@measures("bankruptcy")
def _(run: Run, lively: Resolved) -> None:
    poor = FIXED | {"labs.modest.cash": 0.0, "labs.modest.funding": 0.0, "finance.patience": 2}
    modest = 3
    on, without = run(poor).record.labs, run(poor | off("bankruptcy")).record.labs
    assert on["active"][:, modest].tolist() == [1, 1, 1, *[0] * 9]
    assert without["active"][:, modest].all()
    assert (on["capex"][4:, modest] == 0).all()
    assert (without["capex"][:, modest] > 0).all()
    assert without["cash"][-1, modest] < 0


@measures("entry")
def _(run: Run, lively: Resolved) -> None:
    on, without = run(FIXED), run(FIXED | off("entry"))
    assert on.record.market["labs"][-1, -1] == 7
    assert without.setting.labs == list(lively.scenario.labs)
    assert (without.record.market["labs"][:, -1] == 4).all()


@measures("reactions")
def _(run: Run, lively: Resolved) -> None:
    west = {"rival": "east", "tighten_below_lag": 120.0, "restrict_open_above": 100.0}
    strict = FIXED | {"governments.west": west}
    is_as(
        run,
        "reactions",
        {"governments": {"west": west | {"tighten_below_lag": None, "restrict_open_above": None}}},
        strict,
    )


@measures("content_rules")
def _(run: Run, lively: Resolved) -> None:
    rule = {"name": "rule", "kind": "content_rule", "date": "2023-04", "source": "s", "region": "east"}
    ruled = FIXED | {"events": [rule | {"foreign_penalty": 1.0, "delay": 2}]}
    is_as(run, "content_rules", {"events": []}, ruled)


@measures("noise")
def _(run: Run, lively: Resolved) -> None:
    """Other luck in research and timing changes everything with noise, and nothing without."""
    for switch, equal in (({}, False), (off("noise"), True)):
        scenario = lively.with_values(FIXED | switch).scenario
        one, other = Market(scenario, seed=1), Market(scenario, seed=1)
        for stream in ("research", "timing"):
            other.luck[stream] = -other.luck[stream]
        assert same(one.run(), other.run()) is equal


def test_every_mechanism_is_measured():
    assert set(CHECKS) == set(Mechanisms.model_fields)


class Watched(Market):
    """Remembers what was sold."""

    sales: list[Sales]

    def trade(self) -> Sales:
        sales = super().trade()
        self.sales.append(sales)
        return sales


def watched(lively: Resolved, values: dict[str, Any]) -> Watched:
    market = Watched(lively.with_values(values).scenario, seed=1)
    market.sales = []
    market.run()
    return market
