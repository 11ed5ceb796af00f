"""A rule that acts through some channels only: with none it is not there, with all it is there, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.market import Market
from sim.scenario import Resolved, Scenario
from sim.scenario.events import ExportRule, Subsidy, VendorBan
from sim.world.ablation import (
    AVAILABILITY,
    CHANNELS,
    CHIP_CHANNELS,
    Ablation,
    ChipPolicies,
    acting,
    empty_pool,
)
from sim.world.catalogue import Catalogue
from sim.world.policy import policy_of
from sim.world.setting import Setting
from sim.world.state import State
from sim.world.supply import buy, first_compute

RULE = {
    "name": "rule", "kind": "export_rule", "date": "2023-03", "source": "invented", "region": "east",
    "predicate": "tpp >= 4800",
}  # fmt: skip
BAN = {
    "name": "ban", "kind": "vendor_ban", "date": "2023-02", "source": "invented", "region": "west",
    "segments": ["public", "offices"], "origin": "east",
}  # fmt: skip
LEVY = RULE | {"name": "levy", "licensed": 1.0, "levy": 0.3}
EVERYTHING = frozenset(CHANNELS)


def scenario(lively: Resolved, *events: dict[str, Any], **values: Any) -> Scenario:
    short = {"events": list(events), "end": "2023-07", "entry.rate": 0.0}
    return lively.with_values(short | values).scenario


def run(scenario: Scenario, *rules: str, on: frozenset[str] = frozenset(), pool=None) -> Market:
    return Market(scenario, 3, Ablation(frozenset(rules), EVERYTHING - on, pool)).run()


def record(market: Market) -> list[np.ndarray]:
    blocks = (market.record.market, market.record.labs, market.record.clouds, market.record.usage)
    return [block[column] for block in blocks for column in block]


def same(one: Market, other: Market) -> bool:
    pairs = zip(record(one), record(other), strict=True)
    return (
        all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)
        and one.record.models == other.record.models
    )


@pytest.fixture(scope="module")
def ruled(lively: Resolved) -> Scenario:
    return scenario(lively, RULE)


@pytest.fixture(scope="module")
def bare(ruled: Scenario) -> Market:
    return run(ruled, "rule")


@pytest.mark.parametrize("event", [RULE, BAN, LEVY], ids=lambda event: event["name"])
def test_with_every_channel_off_the_rule_is_not_there(lively: Resolved, event: dict[str, Any]) -> None:
    ruled = scenario(lively, event)
    gone = Market(scenario(lively), 3).run()
    off = run(ruled, event["name"])
    assert same(off, gone)
    assert same(run(ruled, event["name"], pool=off.pool), gone)
    assert not same(off, Market(ruled, 3).run())


def test_with_every_channel_on_it_is_there(ruled: Scenario) -> None:
    assert same(run(ruled, "rule", on=EVERYTHING), Market(ruled, 3).run())


def test_rules_on_chips_do_not_act_by_trust(ruled: Scenario, bare: Market) -> None:
    assert same(run(ruled, "rule", on=frozenset({AVAILABILITY}), pool=bare.pool), bare)


def test_bans_act_by_trust_alone_but_for_the_pool(lively: Resolved) -> None:
    banned = scenario(lively, BAN, **{"mechanisms.open_spillover": False})
    assert same(run(banned, "ban", on=frozenset({AVAILABILITY}), pool=empty_pool(7)), Market(banned, 3).run())
    assert same(run(banned, "ban", on=CHIP_CHANNELS, pool=empty_pool(7)), run(banned, "ban"))


def test_a_rule_that_is_not_named_stays_in_every_channel(lively: Resolved) -> None:
    two = scenario(lively, RULE, LEVY | {"predicate": "bandwidth >= 3.1"})
    other = scenario(lively, LEVY | {"predicate": "bandwidth >= 3.1"})
    assert same(run(two, "rule"), Market(other, 3).run())


class TestPurchases:
    """One month's purchases with one channel on."""

    def bought(self, lively: Resolved, rule: dict[str, Any], *on: str, money: float = 3e7):
        setting = Setting(scenario(lively, rule))
        present, absent = (
            policy_of(setting, events, setting.months[4]) for events in (setting.scenario.events, [])
        )
        policies = ChipPolicies(
            *(present if c in on else absent for c in ("training", "capacity", "cost", "domestic"))
        )
        firms = len(setting.firm_region)
        amounts = np.full(firms, money), np.full(firms, money)
        return buy(Catalogue(setting), policies, State.empty(setting), 4, *amounts), setting.firm_region == 1

    def test_each_channel_changes_its_own_thing(self, lively: Resolved) -> None:
        free, east = self.bought(lively, RULE)
        full, _ = self.bought(lively, RULE, "training", "capacity", "cost", "domestic")
        for channel, name in (("training", "training"), ("domestic", "shortfall")):
            one, _ = self.bought(lively, RULE, channel)
            np.testing.assert_array_equal(getattr(one, name), getattr(full, name))
            for other in ("training", "bandwidth", "bandwidth_value", "shortfall", "bandwidth_price"):
                assert other == name or np.array_equal(getattr(one, other), getattr(free, other)), other
        assert full.training[east].sum() < free.training[east].sum()
        assert full.shortfall[1] > free.shortfall[1]

    def test_capacity_and_cost_are_quantity_and_price(self, lively: Resolved) -> None:
        levy = LEVY | {"predicate": "tpp >= 1"}
        free, east = self.bought(lively, levy)
        less, _ = self.bought(lively, levy, "capacity")
        dearer, _ = self.bought(lively, levy, "cost")
        assert (less.bandwidth[east] < free.bandwidth[east]).all()
        np.testing.assert_allclose(
            less.bandwidth_value[east] / less.bandwidth[east],
            free.bandwidth_value[east] / free.bandwidth[east],
        )
        np.testing.assert_array_equal(dearer.bandwidth, free.bandwidth)
        np.testing.assert_allclose(dearer.bandwidth_value[east], 1.3 * free.bandwidth_value[east])
        assert dearer.bandwidth_price[1] == pytest.approx(1.3 * free.bandwidth_price[1])

    @pytest.mark.parametrize("on", [("training",), ("capacity",), ("cost",), ("training", "cost")])
    def test_scarce_chips_are_sold_once(self, lively: Resolved, on: tuple[str, ...]) -> None:
        barred = RULE | {"predicate": "origin == west"}
        everyone = LEVY | {"predicate": "origin == west", "licensed": 0.0, "levy": 0.0}
        setting = Setting(scenario(lively, barred, everyone))
        present, absent = (
            policy_of(setting, events, setting.months[4])
            for events in (setting.scenario.events, setting.scenario.events[1:])
        )
        policies = ChipPolicies(
            *(present if c in on else absent for c in ("training", "capacity", "cost", "domestic"))
        )
        firms, catalogue = len(setting.firm_region), Catalogue(setting)
        got = buy(catalogue, policies, State.empty(setting), 4, *[np.full(firms, 1e9)] * 2)
        both = buy(catalogue, present, State.empty(setting), 4, *[np.full(firms, 1e9)] * 2)
        np.testing.assert_allclose(got.raw, both.raw)

    def test_where_nothing_is_sold_at_the_other_price_the_books_hold(self, lively: Resolved) -> None:
        nothing = RULE | {"predicate": "tpp >= 1"}
        setting = Setting(scenario(lively, nothing, **{"mechanisms.smuggling": False}))
        present, absent = (
            policy_of(setting, events, setting.months[4]) for events in (setting.scenario.events, [])
        )
        state, east = State.empty(setting), setting.firm_region == 1
        state.bandwidth[east], state.bandwidth_value[east] = 2.0, 5000.0
        money = [np.full(len(east), 3e7)] * 2
        got = buy(Catalogue(setting), ChipPolicies(absent, absent, present, absent), state, 4, *money)
        assert (got.bandwidth[east] > 0.0).all()
        np.testing.assert_allclose(got.bandwidth_value[east], 2500.0 * got.bandwidth[east])

    def test_first_compute_is_split_alike(self, lively: Resolved) -> None:
        setting = Setting(scenario(lively, RULE))
        present, absent = (
            policy_of(setting, events, setting.months[4]) for events in (setting.scenario.events, [])
        )
        about = (1, 4, 10.0, 0.25)
        catalogue = Catalogue(setting)
        free, full = (first_compute(catalogue, ChipPolicies.same(p), *about) for p in (absent, present))
        mixed = first_compute(catalogue, ChipPolicies(present, absent, absent, absent), *about)
        assert mixed.training == full.training
        assert (mixed.bandwidth, mixed.bandwidth_value) == (free.bandwidth, free.bandwidth_value)
        assert mixed.raw.sum() == pytest.approx(free.raw.sum())
        dearer = first_compute(catalogue, ChipPolicies(absent, absent, present, absent), *about)
        assert dearer.bandwidth == free.bandwidth
        assert dearer.bandwidth_value / dearer.bandwidth == pytest.approx(
            full.bandwidth_value / full.bandwidth
        )
        assert first_compute(catalogue, ChipPolicies.same(present), *about[:2], 0.0, 0.25) is None


def test_channels_that_kinds_of_events_reach() -> None:
    about = {"date": "2023-01", "source": "s", "region": "east"}
    chips = ExportRule(kind="export_rule", name="a", predicate="tpp >= 1", **about)
    ban = VendorBan(kind="vendor_ban", name="b", segments=["public"], **about)
    money = Subsidy(kind="subsidy", name="c", target="compute", rate=0.1, **about)
    assert acting([chips], pooled=True) == CHIP_CHANNELS | {"spillover"}
    assert acting([chips], pooled=False) == CHIP_CHANNELS
    assert acting([ban], pooled=False) == {"availability"}
    assert acting([chips, ban], pooled=True) == EVERYTHING
    with pytest.raises(KeyError):
        acting([money], pooled=True)


def test_an_unknown_channel_and_a_missing_pool_are_refused() -> None:
    with pytest.raises(ValueError, match="channel 'trust'; allowed: training, capacity"):
        Ablation(frozenset({"rule"}), frozenset({"trust"}))
    with pytest.raises(ValueError, match="the pool of the world without the rules is not given"):
        Ablation(frozenset({"rule"}), frozenset({"spillover"}))
