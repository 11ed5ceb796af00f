"""Laws of the whole model: V10, V13, V14 and V15 of the list of what must be reproduced exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.special import lambertw

from sim.choice.imagined import Model, Outlook
from sim.choice.payoffs import evaluate
from sim.choice.rules import RULES, Peers, View, logit
from sim.choice.standing import Standing
from sim.economics import solve_prices
from sim.market import Market
from sim.record import MODES
from sim.scenario import Resolved, load
from sim.scenario.submodels import Choice
from sim.technology.capability import algorithm_growth
from sim.world.policy import policy_of
from sim.world.setting import Setting
from sim.world.state import State

TINY = load(Path(__file__).parents[1] / "run" / "tiny.yaml")
CLOSED, OPEN = MODES.index("closed"), MODES.index("open")


class TestV10OpeningWithAComplement:
    """Closed: a monopolist's profit, mu W. Open: hosted at cost by anyone, m on each of s_o users."""

    MU, C = 0.25, 1.0

    def payoffs(self, a: float, m: float) -> tuple[float, float]:
        """Of the lab, closed and open, from the price equilibrium; m in money per unit, sold at 1."""
        keywords: dict[str, Any] = {
            "price_sensitivity": 1 / self.MU,
            "price_form": "linear",
            "tolerance": 1e-13,
        }
        closed = solve_prices([a / self.MU], [self.C], owner=["lab"], **keywords)
        at_cost = {"at_cost": [True], "complement": m / self.C, "complement_to": ["lab"]}
        opened = solve_prices([a / self.MU], [self.C], owner=["host"], **at_cost, **keywords)
        return float(closed.profit("lab")), float(opened.profit("lab"))

    def threshold(self, a: float) -> float:
        x = (a - self.C) / self.MU
        return float(self.MU * lambertw(np.exp(x - 1)).real * (1 + np.exp(-x)))

    @pytest.mark.parametrize(("a", "expected"), [(1.0, 0.1392), (2.0, 0.5621), (2.5, 0.9256)])
    def test_the_threshold(self, a, expected):
        assert self.threshold(a) == pytest.approx(expected, abs=5e-5)
        root = brentq(lambda m: np.subtract(*self.payoffs(a, m)), 1e-3, 5.0, xtol=1e-13)
        assert root == pytest.approx(self.threshold(a), rel=1e-9)

    @given(st.floats(0.0, 4.0), st.floats(0.01, 3.0))
    def test_open_pays_above_it_only(self, a, m):
        closed, opened = self.payoffs(a, m)
        gap = m - self.threshold(a)
        assert np.sign(opened - closed) == np.sign(gap) or abs(gap) < 1e-9

    def test_the_better_the_model_the_more_it_takes_to_open_it(self):
        assert (np.diff([self.threshold(a) for a in np.linspace(0, 4, 50)]) > 0).all()


class TestV10InTheMarketOfALab:
    """The same choice through `evaluate`: log prices, fixed budgets, and customers who host at the lab's own cost.

    One lab, two equal tiers (so that both sell at one price), one kind of customer, nobody else. Closed it sets
    the price that is best with the complement margin m; open it competes with its model at cost, and earns m on
    whoever uses it.
    """

    EPS, WORTH = 1.6, 1.2

    def world(self, m: float) -> tuple[Setting, State, Outlook, Model]:
        off = ("inertia", "serving_capacity", "entry", "hosting", "community", "funding_response", "trust")
        values: dict[str, Any] = {f"mechanisms.{name}": False for name in (*off, "spillover_foresight")}
        values |= {
            "technology.small_gap": 0.0,
            "technology.small_size": 1.0,
            "technology.self_hosting_cost": 1.0,
        }
        values |= {"technology.cost_floor": 0.0, "demand.tier_nesting": 0.0, "demand.host_nesting": 0.0}
        data = TINY.with_values(values).scenario.model_dump(mode="json")
        data["labs"] = {"leader": data["labs"]["leader"] | {"complement": m}}
        data |= {"clouds": {}, "events": [], "segments": {"offices": data["segments"]["offices"]}}
        neutral = {"price_sensitivity": self.EPS, "capability_value": 2 * self.WORTH, "support": 0.0}
        data["segments"]["offices"] |= neutral | {"customers": {"north": 1}, "spending": {"north": 12e6}}
        setting = Setting(type(TINY.scenario).model_validate(data))
        state = State.empty(setting)
        state.active[:] = True
        state.bandwidth[:], state.bandwidth_value[:] = 1e3, 1e3 * 6000.0
        level = setting.cohorts.difficulty[0]  # so that ability is one half
        model = Model(
            capability=np.array([level, level]),
            bytes_=np.array([1e9, 1e9]),
            flop=1e25,
            algorithm=0.0,
            base=-1,
        )
        weights = setting.cohorts.spending.copy()
        policy = policy_of(setting, [], setting.months[0])
        now = Standing.look(setting, state, policy, 0, np.full(2, 6000.0))
        return setting, state, Outlook(now, weights, 1.0, np.array([1e25])), model

    def found(self, m: float) -> tuple[float, float]:
        """Closed and open payoffs by `evaluate`, as shares of all budgets."""
        setting, state, outlook, model = self.world(m)
        policy = policy_of(setting, [], setting.months[0])
        allowed = np.array([mode in (CLOSED, OPEN) for mode in range(len(MODES))])
        parts = evaluate(
            setting, state, policy, 0, model, 0, outlook, funding=0.0, ahead=False, allowed=allowed
        ).parts.sum(axis=1)
        return float(parts[CLOSED] / 1e6), float(parts[OPEN] / 1e6)

    def expected(self, m: float) -> tuple[float, float]:
        """By maximising one price over the budgets that it wins; the cost of a token is 1."""
        setting, *_ = self.world(m)
        load = 1e9 * 1e6 / (365.25 * 86400 / 12 * setting.scenario.technology.serving_utilisation * 1e12)
        cost = load * 6000.0 * 1.8 / 48 * 1.35
        worth = np.exp(self.WORTH)

        def pull(log_price: float) -> float:
            return float(2 * worth * np.exp(-self.EPS * (log_price + np.log(cost))))

        def closed(h: float) -> float:
            mine = pull(h)
            return mine / (1 + mine) * (1 + m - np.exp(-h))

        def opened(h: float) -> float:
            mine, at_cost = pull(h), pull(0.0)
            return (mine * (1 + m - np.exp(-h)) + at_cost * m) / (1 + mine + at_cost)

        best = [
            -minimize_scalar(
                lambda h, f=f: -f(h), bounds=(-3, 8), method="bounded", options={"xatol": 1e-10}
            ).fun
            for f in (closed, opened)
        ]
        return best[0], best[1]

    @pytest.mark.parametrize("m", [0.0, 0.2, 0.6, 1.5])
    def test_payoffs(self, m):
        np.testing.assert_allclose(self.found(m), self.expected(m), rtol=1e-9)

    def test_the_threshold(self):
        m = brentq(lambda m: np.subtract(*self.expected(m)), 0.01, 9.9, xtol=1e-12)
        closed, opened = self.found(m)
        assert opened == pytest.approx(closed, rel=1e-9)
        for factor, better in ((0.98, CLOSED), (1.02, OPEN)):
            closed, opened = self.found(factor * m)
            assert (opened > closed) == (better == OPEN)


class TestV13LagOfAFollower:
    """The lag settles at (1 - g_F / g_L) / kappa years; from no lag it is (1 - (1 - kappa / 12)^n) of that."""

    @settings(deadline=None, max_examples=50)
    @given(st.floats(0.3, 1.5), st.floats(0.0, 1.0), st.floats(0.1, 2.0))
    def test_by_iteration(self, leader, part, kappa):
        level, own = np.zeros(2), np.array([leader, part * leader])
        for month in range(1, 1201):
            level = level + algorithm_growth(level, own, (kappa, level.max()))
            if month in (12, 60, 1200):
                lag = (level[0] - level[1]) / leader
                reached = 1.0 - (1.0 - kappa / 12) ** month
                assert lag == pytest.approx(reached * (1.0 - part) / kappa, rel=1e-9, abs=1e-10)

    def test_spillover_from_open_weights_shortens_it_to_the_sum_of_rates(self):
        """The leader is open: what leaks and what open weights teach add up."""
        level, own = np.zeros(2), np.array([0.6, 0.3])
        for _ in range(2000):
            level = level + algorithm_growth(level, own, (0.3, level.max()), (0.5, level[0]))
        assert (level[0] - level[1]) / 0.6 == pytest.approx(0.5 / 0.8, rel=1e-9)

    def test_in_the_market(self):
        """Leakage alone, 0.8 a year; the follower starts 0.7 orders behind and researches at 0.5 against 0.8."""
        off = ("distillation", "open_spillover", "theft", "entry", "bankruptcy", "derivation")
        values: dict[str, Any] = {f"mechanisms.{name}": False for name in off}
        values |= {"spillovers.leakage": 0.8, "choice.rule": "fixed", "end": "2024-06"}
        values |= {"labs.leader.research": 0.8, "labs.southern.research": 0.5}
        values |= {"labs.leader.initial_algorithm": 0.2, "labs.southern.initial_algorithm": -0.5}
        level = Market(TINY.with_values(values).scenario, seed=1).run().record.labs["algorithm"]
        months = np.arange(1, len(level) + 1)
        settled = (1 - 0.5 / 0.8) / 0.8
        expected = settled + (0.7 / 0.8 - settled) * (1 - 0.8 / 12) ** months
        np.testing.assert_allclose((level[:, 0] - level[:, 2]) / 0.8, expected, rtol=1e-9)


payoffs = st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(np.array)
allowed = st.lists(st.booleans(), min_size=4, max_size=4).filter(any).map(np.array)


class TestV14QuantalResponse:
    @given(payoffs, allowed)
    def test_without_intensity_all_modes_are_alike(self, payoff, flags):
        np.testing.assert_allclose(logit(payoff, 0.0, flags), flags / flags.sum(), rtol=1e-15)

    @given(payoffs, allowed)
    def test_at_infinite_intensity_it_is_the_best_reply(self, payoff, flags):
        best = flags & (payoff == payoff[flags].max())
        np.testing.assert_allclose(logit(payoff, np.inf, flags), best / best.sum(), rtol=1e-15)

    @given(payoffs, allowed)
    def test_and_it_gets_there(self, payoff, flags):
        order = np.sort(payoff[flags])
        gap = order[-1] - order[-2] if len(order) > 1 else 1.0
        if gap > 1e-6:
            found = logit(payoff, 40.0 / gap, flags)
            assert found[np.flatnonzero(flags)[payoff[flags].argmax()]] >= 1 - 4 * np.exp(-40.0)

    @given(payoffs, st.floats(0.0, 50.0), st.floats(0.1, 50.0))
    def test_the_mean_payoff_rises_with_intensity(self, payoff, intensity, more):
        low, high = (logit(payoff, x, np.ones(4, dtype=bool)) @ payoff for x in (intensity, intensity + more))
        assert high >= low - 1e-12

    @pytest.mark.parametrize("rule", ["lookahead", "myopic", "ewa"])
    def test_of_the_rules(self, rule):
        payoff = np.array([0.1, 0.4, 0.3, -0.2])

        def chosen(intensity: float) -> np.ndarray:
            return RULES[rule](
                View(
                    payoffs=lambda _: payoff,
                    present=1,
                    initial=0,
                    allowed=np.ones(4, dtype=bool),
                    attraction=np.zeros(4),
                    experience=1.0,
                    peers=lambda: Peers(np.array([], dtype=np.int64), np.array([])),
                    own_profit=0.0,
                    luck=0.5,
                    parameters=Choice(intensity=intensity),
                )
            ).probability

        assert chosen(0.0).tolist() == [0.25] * 4
        assert chosen(1000.0)[1] == pytest.approx(1.0, abs=1e-9)


def switch(name: str) -> st.SearchStrategy[dict[str, bool]]:
    return st.booleans().map(lambda on: {f"mechanisms.{name}": on})


def value(path: str, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return strategy.map(lambda found: {path: found})


MECHANISMS = tuple(type(TINY.scenario.mechanisms).model_fields)
EVENT = {"name": "extra", "date": "2023-04", "source": "s"}
EVENTS = st.sampled_from(
    [
        {
            "kind": "export_rule",
            "region": "south",
            "predicate": "tpp >= 1",
            "licensed": 0.4,
            "volume_cap": 0.2,
        },
        {"kind": "vendor_ban", "region": "south", "segments": ["makers"], "origin": "north", "coverage": 0.6},
        {"kind": "api_withdrawal", "labs": ["leader", "follower"], "region": "south"},
        {"kind": "licence_change", "lab": "southern", "threshold": 0.0, "royalty": 0.4},
        {"kind": "content_rule", "region": "south", "foreign_penalty": 1.0, "delay": 2},
        {"kind": "subsidy", "region": "south", "target": "compute", "rate": 0.8},
        {"kind": "forced_release", "lab": "leader", "model": "X", "mode": "open", "capability": 128.0},
    ]
).map(lambda row: {"events": [EVENT | row]})


@st.composite
def scenarios(draw) -> Resolved:
    """Small markets with random parameters, mechanisms and an event."""
    values: dict[str, Any] = {"hosting.bring_up_cost": 1e3, "hosting.review": 1, "clouds.host.users": 10}
    values["labs.southern.licence_threshold"] = 5
    for name in draw(st.sets(st.sampled_from(MECHANISMS), max_size=6)):
        values[f"mechanisms.{name}"] = False
    for strategy in (
        EVENTS,
        value("choice.rule", st.sampled_from(["fixed", "lookahead", "myopic", "ewa", "imitate"])),
        value("demand.tier_nesting", st.floats(0.0, 0.6)),
        value("demand.host_nesting", st.floats(0.0, 0.6)),
        value("demand.usage_elasticity", st.sampled_from([0.8, 1.0, 1.2])),
        value("segments.makers.price_sensitivity", st.floats(1.2, 2.5)),
        value("segments.makers.reconsider", st.floats(0.0, 1.0)),
        value("segments.makers.adopted", st.floats(0.0, 1.0)),
        value("segments.offices.closed_only", st.floats(0.0, 1.0)),
        value("segments.offices.adopted", st.floats(0.01, 0.9)),
        value("labs.leader.own_complement", st.floats(0.0, 0.5)),
        value("labs.follower.complement", st.floats(0.0, 1.0)),
        value("labs.southern.royalty", st.floats(0.0, 0.5)),
        value("labs.leader.cash", st.sampled_from([0.0, 1e8, 5e9])),
        value("labs.follower.initial_compute", st.floats(0.05, 50.0)),
        value("labs.southern.initial_compute", st.floats(0.05, 5.0)),
        value("clouds.host.owner", st.sampled_from([None, "leader", "southern"])),
        value("clouds.host.initial_compute", st.floats(0.05, 20.0)),
    ):
        values |= draw(strategy)
    return TINY.with_values(values)


class TestV15Identities:
    @settings(deadline=None, max_examples=40)
    @given(scenarios(), st.integers(0, 1000))
    def test_every_month_of_any_market(self, resolved, seed):
        market = Market(resolved.scenario, seed)
        limited = resolved.scenario.mechanisms.serving_capacity
        while market.running:
            adopted, stock = market.state.adopted.copy(), market.state.cash.copy()
            started = market.record.labs["active"][market.month - 1] if market.month else np.zeros(len(stock))
            market.step()
            t, state, record = market.month - 1, market.state, market.record
            assert ((state.adopted >= adopted) & (state.adopted <= 1.0)).all()
            assert (state.shares >= 0).all()
            assert (state.shares.sum(axis=1) <= 1.0 + 1e-9).all()

            tokens, spending = record.usage["tokens"][t], record.usage["spending"][t]
            clouds, labs = (
                {k: np.nan_to_num(v[t]) for k, v in table.items()} for table in (record.clouds, record.labs)
            )
            own, hosted, alone = 0, 1, 2
            near: dict[str, float] = {"rel": 1e-8, "abs": 1e-6}
            assert tokens[..., own].sum() == pytest.approx(labs["tokens"].sum(), **near)
            assert tokens[..., hosted].sum() == pytest.approx(clouds["tokens"].sum(), **near)
            assert tokens[..., hosted:].sum() == pytest.approx(labs["tokens_hosted"].sum(), **near)
            assert spending[..., own].sum() == pytest.approx(labs["revenue"].sum(), **near)
            assert spending[..., hosted].sum() == pytest.approx(clouds["revenue"].sum(), **near)
            assert clouds["royalties_paid"].sum() == pytest.approx(labs["royalties_received"].sum(), **near)
            assert (tokens >= 0).all()
            assert tokens[..., alone].any() <= resolved.scenario.mechanisms.self_hosting
            if limited:
                assert (labs["capacity_use"] <= 1 + 1e-8).all()
                assert (clouds["capacity_use"] <= 1 + 1e-8).all()

            works = (labs["active"] > 0) & (started[: len(labs["active"])] > 0)
            flows = (
                labs["revenue"]
                + labs["revenue_hosting"]
                + labs["royalties_received"]
                + labs["complement_profit"]
                + labs["funding"]
                - labs["royalties_paid"]
                - labs["capex"]
                - labs["staff"]
            )
            change = state.cash[: len(flows)] - stock[: len(flows)]
            # Besides, power and the bringing up of models are paid: no more than the full cost of serving and that.
            paid = (flows - change)[works]
            most = (labs["serving_cost"] + market.bring_up[: len(flows)])[works]
            scale = 1e-9 * (np.abs(state.cash).max() + 1.0)
            assert (paid >= -scale).all()
            assert (paid <= most + scale).all()
