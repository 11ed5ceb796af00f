"""Compiled choices against the readable ones: the same payoffs, market by market and switch by switch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError

import sim
from sim.choice import payoffs
from sim.choice.cases import Cases, Days
from sim.choice.compiled import engine, entries, game, tables
from sim.choice.imagined import Imagined, imagine
from sim.choice.payoffs import Asked, Payoffs, evaluate
from sim.economics.compiled import calls
from sim.economics.compiled import engine as solver
from sim.economics.compiled.batch import solve
from sim.economics.engines import ENVIRONMENT
from sim.market import Market
from sim.record import COMPONENTS, MODES
from sim.scenario import load
from sim.scenario.submodels import Mechanisms
from sim.world.setting import Setting
from sim.world.state import NEVER
from sim.world.terms import known_game

ROOT_PARTS = len(Path(sim.__file__).parts) - 2
EVERY = np.ones(len(MODES), dtype=bool)
SOME = np.array([True, False, True, False])
SWITCHES = [name for name in Mechanisms.model_fields if name != "noise"]
RICH = {
    "labs.eastern.complement": 0.2,
    "labs.leader.own_complement": 0.1,
    "labs.eastern.licence_threshold": 10,
    "labs.opener.licence_threshold": 10,
    "clouds.host.users": 50,
}


def view(market: Market, lab: int, model, *, ahead: bool = True, allowed=EVERY) -> Asked:
    setting, state, outlook = market.setting, market.state, market.outlook()
    cases = Cases.of(setting, allowed, ahead)
    days = Days.ahead(setting, state, market.month, outlook, cases.months)
    return Asked(
        setting, state, market.policy, lab, model, market.month, outlook, 3e6, cases, days, ahead, allowed
    )


def both(asked: Asked) -> tuple[Payoffs, Payoffs]:
    found = engine.evaluated(asked)
    assert found is not None
    return found, payoffs.evaluated(asked)


def assert_same(found: Payoffs, expected: Payoffs) -> None:
    scale = max(np.abs(expected.parts).max(), 1.0)
    np.testing.assert_allclose(found.parts, expected.parts, rtol=1e-9, atol=1e-9 * scale)
    assert found.revenue == pytest.approx(expected.revenue, rel=1e-9)
    assert found.residual == pytest.approx(expected.residual, abs=1e-8)  # a tenth of what a look-ahead is solved to


def working(market: Market) -> Iterator[tuple[int, object]]:
    """Labs at work with the families that they would release today."""
    for lab in market._labs:
        if market.state.active[lab.index] and market.state.released[lab.index] > NEVER:
            yield lab.index, lab.train()


class TestTheSamePayoffs:
    @pytest.mark.parametrize("switch", SWITCHES)
    def test_with_each_mechanism_off(self, midway, family, switch):
        market = midway(**RICH, **{f"mechanisms.{switch}": False})
        for lab in (0, 1, 2, 3):
            model = family(market, lab)
            assert_same(*both(view(market, lab, model)))
            assert_same(*both(view(market, lab, model, ahead=False, allowed=SOME)))

    @pytest.mark.parametrize(
        "values",
        [
            {"choice.horizons": [6]},
            {"choice.horizons": [3, 12, 36], "choice.discount": 0.4},
            {"demand.tier_nesting": 0.0},
            {"demand.host_nesting": 0.0},
            {"demand.tier_nesting": 0.0, "demand.host_nesting": 0.0},
            {"demand.usage_elasticity": 0.6},
            {"technology.small_gap": 0.0, "technology.lagged_gap": 0.0},
        ],
        ids=str,
    )
    def test_with_other_parameters(self, midway, family, values):
        market = midway(**RICH, **values)
        for lab in range(7):
            assert_same(*both(view(market, lab, family(market, lab))))

    @pytest.mark.parametrize(
        ("name", "months"), [("baseline", 30), ("baseline", 66), ("open-world", 50), ("device-bans", 50)]
    )
    def test_in_scenarios(self, name, months):
        market = Market(load(name).scenario, seed=1)
        for _ in range(months):
            market.step()
        market.enact_policies()
        count = 0
        for lab, model in working(market):
            assert_same(*both(view(market, lab, model, allowed=SOME if lab % 3 == 2 else EVERY)))
            count += 1
        assert count > 10

    def test_on_the_plain_path_throughout(self, midway, family, monkeypatch):
        market = midway(**RICH)
        for lab in (0, 2):
            asked = view(market, lab, family(market, lab))
            found = engine.evaluated(asked)
            monkeypatch.setenv(ENVIRONMENT, "numpy")
            assert_same(found, payoffs.evaluated(asked))

    def test_whoever_else_decides_this_month(self, midway, family):
        """Bit for bit: what was made for others before is the same for all."""
        market = midway(**RICH)
        alone = engine.evaluated(view(market, 3, family(market, 3)))
        market.setting.forget()
        asked = view(market, 3, family(market, 3))
        asked = asked._replace(outlook=replace(asked.outlook))
        for lab in (5, 0, 2):
            engine.evaluated(asked._replace(lab=lab, model=family(market, lab)))
        again = engine.evaluated(asked)
        np.testing.assert_array_equal(alone.parts, again.parts)
        assert (alone.revenue, alone.residual) == (again.revenue, again.residual)


@pytest.mark.parametrize("values", [{}, {"mechanisms.inertia": False}])
def test_days_ahead_are_the_same(midway, monkeypatch, values):
    """Bit for bit: sums are taken in the same order."""
    market, found = midway(**values), []
    for engine_ in ("numba", "numpy"):
        monkeypatch.setenv(ENVIRONMENT, engine_)
        months = np.array([0, 6, 18])
        found.append(Days.ahead(market.setting, market.state, market.month, market.outlook(), months))
    for compiled, plain in zip(*found, strict=True):
        np.testing.assert_array_equal(compiled, plain)
    assert (found[0].choosing > 0.0).all()


class TestTheGame:
    @pytest.mark.parametrize(
        "values",
        [
            {},
            RICH,
            {"mechanisms.serving_capacity": False},
            {"demand.host_nesting": 0.0},
            {"demand.tier_nesting": 0.0},
        ],
        ids=str,
    )
    def test_is_the_one_that_labels_give(self, midway, family, values):
        market = midway(**values)
        claims = 0
        for lab in range(7):
            asked = view(market, lab, family(market, lab))
            setting, state, policy, _, model, month, outlook, *_ = asked
            seen = imagine(setting, state, policy, lab, model, month, outlook.standing, EVERY)
            expected = solver.structure(known_game(setting, seen.offers, seen.deal).game)
            expected = expected._replace(shown=seen.deal.at_home)
            found = structure(setting, seen)
            for name in expected._fields:
                np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
            claims += len(expected.royalty_claim)
        assert claims > 0 or not values


@numba.njit
def compiled_game(world, offers, money):
    return game.game(world, offers, money)[0]


def structure(setting: Setting, seen: Imagined):
    """The game that compiled code makes of what a lab imagines."""
    offers, deal = seen.offers, seen.deal
    table = [
        offers.lab,
        offers.tier,
        offers.channel,
        offers.open_,
        offers.newest,
        deal.seller,
        deal.at_home,
        seen.new,
    ]
    money = [offers.capability, deal.load, deal.cost, deal.royalty, deal.own_margin, deal.lab_margin]
    return compiled_game(tables.world(setting), np.array(table, dtype=np.intp), np.array(money))


class TestTheReadablePathTakesOver:
    def test_where_a_market_is_not_solved(self, midway, family, monkeypatch):
        """Two evaluations are too few here; there the general root finder goes on from any number."""
        market = midway(**RICH)
        model = family(market, 2)
        expected = payoffs.evaluated(view(market, 2, model))
        monkeypatch.setattr(engine, "_RULES", solver.rules(payoffs.LOOK_TOLERANCE, 2, leave_absent=True))
        assert engine.evaluated(view(market, 2, model)) is None
        found = evaluate(
            market.setting, market.state, market.policy, 2, model, market.month, market.outlook(),
            funding=3e6, ahead=True, allowed=EVERY,
        )  # fmt: skip
        np.testing.assert_array_equal(found.parts, expected.parts)

    def test_where_hosts_of_a_model_differ(self, midway, family):
        market = midway()
        asked = view(market, 2, family(market, 2))
        now = asked.outlook.standing
        hosts = np.bincount(now.nested.nest)
        capability = now.offers.capability.copy()
        capability[np.flatnonzero(now.nested.nest == hosts.argmax())[0]] += 1.0
        assert hosts.max() > 1
        other = replace(now, offers=replace(now.offers, capability=capability))
        assert engine.evaluated(asked._replace(outlook=replace(asked.outlook, standing=other))) is None


class TestMachineCode:
    def test_is_compiled_once(self, midway, family):
        """Arrays of another kind, say read-only ones, would be compiled for anew."""
        for values in ({}, RICH, {"mechanisms.serving_capacity": False, "mechanisms.community": False}):
            market = midway(**values)
            both(view(market, 3, family(market, 3)))
            both(view(market, 3, family(market, 3), ahead=False, allowed=SOME))
        for name in entries.Entries._fields:
            assert len(getattr(entries, name).signatures) <= 1, name

    def test_is_called_by_its_address_with_the_types_that_it_knows_only(self):
        """Any others would be taken for those."""
        assert solver.solver_address() == calls.address(solve) > 0
        call = calls.at_address(solve)

        @numba.njit
        def wrong(address):
            return call(address, 1.0, 2.0, 3.0, 4.0, 5.0)

        with pytest.raises(TypingError, match="is called with"):
            wrong(0)

    def test_is_made_again_when_a_file_changes_that_it_comes_from(self):
        """The checksum covers every module of ours that one with compiled code imports, but those of types alone."""
        package, used = Path(entries.__file__).parent, set()
        for path in package.glob("*.py"):
            if path.stem not in ("engine", "tables"):  # Python
                tree = ast.parse(path.read_text(encoding="utf-8"))
                used |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        covered = {
            ".".join(path.with_suffix("").parts[-len(path.parts) + ROOT_PARTS :]) for path in entries._FILES
        }
        packages = {"sim", "sim.choice", "sim.choice.compiled", "sim.economics.compiled", "sim.world"}
        assert {module for module in used if module.startswith("sim")} - packages <= covered
        assert len(covered) > 15


def test_what_is_off_has_no_parameter_left(midway):
    """Compiled code does not ask for switches."""
    for switch, name in (
        ("community", "improvement"),
        ("community", "cheaper"),
        ("flywheel", "flywheel"),
        ("open_spillover", "pool_rate"),
        ("funding_response", "worth_of_funding"),
    ):
        on, off = midway().setting, midway(**{f"mechanisms.{switch}": False}).setting
        assert getattr(tables.world(on), name) > 0.0
        assert getattr(tables.world(off), name) == 0.0


def test_components_stand_where_the_record_has_them():
    from sim.choice.compiled import layout

    for name in ("api", "cloud", "complement", "funding", "spillover", "learning"):
        assert COMPONENTS[getattr(layout, name.upper())] == name
    assert COMPONENTS[layout.ROYALTIES] == "royalty"
