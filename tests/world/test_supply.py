"""What a region's firms may buy under its rules, and what they do buy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.economics.engines import ENGINES, ENVIRONMENT
from sim.scenario import Resolved
from sim.technology.chips import DOMESTIC, LEGAL, OFFSHORE, SMUGGLED
from sim.technology.units import H100_TFLOPS
from sim.world import supply
from sim.world.catalogue import Catalogue
from sim.world.policy import policy_of
from sim.world.setting import Setting
from sim.world.state import State
from sim.world.supply import Bought, buy

WEST, EAST = 0, 1
STRONG, OLDER, WIDE, LOCAL = range(4)


def rule(**fields: Any) -> dict[str, Any]:
    base = {"name": "rule", "kind": "export_rule", "date": "2023-01", "source": "invented", "region": "east"}
    return base | {"predicate": "tpp >= 4800"} | fields


class OnSale(NamedTuple):
    """A month's offers."""

    channel: np.ndarray
    quota: np.ndarray
    quota_share: np.ndarray
    price: np.ndarray
    open_: np.ndarray


class Desk:
    """A chip market in one month, under rules of one's own."""

    def __init__(self, lively: Resolved, *rules: dict[str, Any], month: int = 3, **values: Any) -> None:
        named = [{**row, "name": f"{row['name']}-{i}"} for i, row in enumerate(rules)]
        self.setting = Setting(lively.with_values({"events": named, **values}).scenario)
        self.catalogue = Catalogue(self.setting)
        self.month = month
        self.policy = policy_of(self.setting, self.setting.scenario.events, self.setting.months[month])
        self.state = State.empty(self.setting)

    def offers(self, region: int) -> OnSale:
        rules = [r for r in self.policy.rules if r.region == self.setting.regions[region]]
        offers = self.catalogue.offers(self.policy, region, rules)
        return OnSale(
            offers.channel,
            offers.quota,
            offers.quota_share,
            offers.price[self.month],
            offers.open_[self.month],
        )

    def buy(self, training: dict[str, float], serving: dict[str, float] | None = None) -> Bought:
        firms = [*self.setting.labs, "host", "eastcloud"]
        money = [np.array([(row or {}).get(name, 0.0) for name in firms]) for row in (training, serving)]
        return buy(self.catalogue, self.policy, self.state, self.month, *money)

    def firm(self, name: str) -> int:
        return [*self.setting.labs, "host", "eastcloud"].index(name)


def same_bits(one: Bought, other: Bought) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))


SPEND = {"leader": 4e7, "opener": 1e7, "eastern": 3e7, "modest": 2e7}
SERVE = {"leader": 2e7, "host": 1e7, "eastern": 1e7, "eastcloud": 3e7}
ALONE = {"mechanisms.smuggling": False, "mechanisms.offshore_rental": False}


class TestCatalogue:
    def test_chips_are_sold_from_their_release_until_they_retire(self, lively: Resolved):
        values = {"chips.older.retired": "2023-04", "chips.local.released": "2023-03"}
        catalogue = Catalogue(Setting(lively.with_values(values).scenario))
        sold = np.array([catalogue.on_sale(month) for month in range(5)])
        assert sold[:, STRONG].all()
        assert sold[:, OLDER].tolist() == [True, True, True, False, False]
        assert sold[:, LOCAL].tolist() == [False, False, True, True, True]

    def test_a_predicate_reads_the_fields_of_the_law(self, lively: Resolved):
        catalogue = Catalogue(Setting(lively.scenario))
        assert catalogue.covered("tpp >= 4800").tolist() == [True, True, False, False]
        assert catalogue.covered("interconnect >= 900 and bandwidth > 3.1").tolist() == [
            False,
            False,
            True,
            False,
        ]
        assert catalogue.covered("name == local").tolist() == [False, False, False, True]


class TestWithoutRules:
    def test_chips_are_bought_at_home_or_legally(self, lively: Resolved):
        for region, home in (
            (WEST, [DOMESTIC, DOMESTIC, DOMESTIC, LEGAL]),
            (EAST, [LEGAL, LEGAL, LEGAL, DOMESTIC]),
        ):
            offers = Desk(lively).offers(region)
            assert offers.channel.tolist() == home
            assert (offers.quota == -1).all()

    def test_a_chip_that_is_not_supplied_to_a_region_is_not_sold_there(self, lively: Resolved):
        assert Desk(lively).offers(WEST).open_.tolist() == [True, True, True, False]

    def test_training_takes_flops_and_serving_bandwidth(self, lively: Resolved):
        """Per dollar `strong` trains best and `wide` serves best; both sell at list price less 12 % a year."""
        got = Desk(lively, month=12 - 1, end="2023-12").buy({"leader": 1e6}, {"host": 1e6})
        price_strong = 25000 * 0.88 ** (23 / 12)
        price_wide = 15000 * 0.88 ** (18 / 12)
        np.testing.assert_allclose(got.training[0], 1e6 / price_strong * 900, rtol=1e-12)
        np.testing.assert_allclose(got.bandwidth[7], 1e6 / price_wide * 3.2, rtol=1e-12)
        np.testing.assert_allclose(got.flop_price[WEST], 1000 * price_strong / 900, rtol=1e-12)
        np.testing.assert_allclose(got.bandwidth_price[WEST], price_wide / 3.2, rtol=1e-12)
        assert got.training[7] == got.bandwidth[0] == 0.0

    def test_money_spent_is_what_chips_cost(self, lively: Resolved):
        got = Desk(lively).buy(SPEND, SERVE)
        for name in ("leader", "opener", "eastern", "host", "eastcloud"):
            expected = SPEND.get(name, 0.0) + SERVE.get(name, 0.0)
            assert got.chips[Desk(lively).firm(name)] == pytest.approx(expected, rel=1e-12)


class TestBars:
    def test_a_barred_chip_cannot_be_bought(self, lively: Resolved):
        offers = Desk(lively, rule(), **ALONE).offers(EAST)
        assert offers.open_.tolist() == [False, False, True, True]
        assert Desk(lively, rule(), **ALONE).offers(WEST).open_.tolist() == [True, True, True, False]

    def test_controls_bite_on_training_and_hardly_on_serving(self, lively: Resolved):
        """P8: the best bandwidth per dollar is not covered, the best FLOP/s per dollar are."""
        free, ruled = (Desk(lively, *rules, **ALONE).buy(SPEND, SERVE) for rules in ((), (rule(),)))
        assert ruled.flop_price[EAST] > 2.0 * free.flop_price[EAST]
        assert ruled.bandwidth_price[EAST] == free.bandwidth_price[EAST]
        eastern = Desk(lively).firm("eastern")
        assert ruled.training[eastern] < 0.6 * free.training[eastern]
        assert ruled.bandwidth[eastern] == free.bandwidth[eastern]
        for name in ("leader", "opener"):
            firm = Desk(lively).firm(name)
            assert ruled.training[firm] == free.training[firm]

    def test_shortfall_is_training_compute_that_money_did_not_buy(self, lively: Resolved):
        got = Desk(lively, rule(), **ALONE).buy(SPEND)
        bought, wanted = got.training[2:4].sum(), 5e7 / (got.flop_price[WEST] / 1000)
        assert got.shortfall[WEST] == pytest.approx(0.0, abs=1e-12)
        assert got.shortfall[EAST] == pytest.approx(1 - bought / wanted, rel=1e-12)
        assert got.shortfall[EAST] > 0.4

    def test_smugglers_bring_what_is_barred_at_their_premium_and_volume(self, lively: Resolved):
        values = {"mechanisms.offshore_rental": False, "regions.east.smuggling_premium": 0.25}
        desk = Desk(lively, rule(), **values)
        offers, list_price = desk.offers(EAST), desk.catalogue.price(3)
        smuggled = offers.channel == SMUGGLED
        np.testing.assert_allclose(offers.price[smuggled], 1.25 * list_price)
        assert offers.open_[smuggled].tolist() == [True, True, False, False]
        got = desk.buy({"eastern": 1e9, "modest": 1e9})
        a_month = 4 * 1.3 ** ((3 - 18) / 12) / 12 * 1000 * H100_TFLOPS
        assert got.raw[:, SMUGGLED].sum() == pytest.approx(a_month, rel=1e-12)

    def test_nothing_is_smuggled_where_nothing_is_barred(self, lively: Resolved):
        assert not (Desk(lively).offers(EAST).channel == SMUGGLED).any()
        assert not (Desk(lively, rule(predicate="tpp >= 1e9")).offers(EAST).channel == SMUGGLED).any()

    def test_compute_abroad_trains_within_its_share_and_serves_nobody(self, lively: Resolved):
        values = {"mechanisms.smuggling": False, "regions.east.offshore_premium": 0.1}
        desk = Desk(lively, rule(), **values)
        got = desk.buy({"eastern": 1e7}, {"eastern": 1e7})
        rented = got.raw[desk.firm("eastern"), OFFSHORE]
        price = 1.1 * desk.catalogue.price(3)[STRONG]
        assert rented == pytest.approx(0.3 * 1e7 / price * 900, rel=1e-12)
        served = Desk(lively, rule(), **ALONE).buy({"eastern": 1e7}, {"eastern": 1e7})
        assert got.bandwidth[2] == pytest.approx(served.bandwidth[2], rel=1e-12)

    def test_rent_can_be_forbidden(self, lively: Resolved):
        ban = {"name": "x", "kind": "offshore_rental", "date": "2023-01", "source": "s", "region": "east"}
        offers = Desk(lively, rule(), {**ban, "allowed": False}).offers(EAST)
        assert not (offers.channel == OFFSHORE).any()

    @pytest.mark.parametrize(("switch", "channel"), [("smuggling", SMUGGLED), ("offshore_rental", OFFSHORE)])
    def test_a_channel_that_is_off_is_no_offer(self, lively: Resolved, switch, channel):
        on = Desk(lively, rule()).offers(EAST)
        off = Desk(lively, rule(), **{f"mechanisms.{switch}": False}).offers(EAST)
        assert (on.channel == channel).any()
        assert not (off.channel == channel).any()


class TestLimits:
    def test_a_licensed_share_is_the_most_of_a_budget(self, lively: Resolved):
        desk = Desk(lively, rule(licensed=0.25), **ALONE)
        got = desk.buy({"eastern": 8e6, "modest": 4e6})
        strong = desk.catalogue.price(3)[STRONG]
        for name, money in (("eastern", 8e6), ("modest", 4e6)):
            legal = 0.25 * money / strong * 900
            assert got.raw[desk.firm(name), LEGAL] >= legal * (1 - 1e-12)
            # What is left buys the best chip that is free, which is `local`, then `wide`.
            assert got.chips[desk.firm(name)] == pytest.approx(money, rel=1e-12)

    def test_a_cap_is_a_year_s_volume_shared_by_all_chips_that_it_covers(self, lively: Resolved):
        desk = Desk(lively, rule(licensed=1.0, volume_cap=0.6), **ALONE)
        got = desk.buy({"eastern": 1e8, "modest": 1e8}, {"eastcloud": 1e8})
        covered = 0.6 * 1000 / 12 * H100_TFLOPS
        wide = got.raw[:, LEGAL].sum() - covered
        # `wide` is not covered: all of the cloud's money, and of the labs' what neither cap nor `local` takes.
        spent = got.chips.sum() - covered / 900 * desk.catalogue.price(3)[STRONG]
        local = got.raw[:, DOMESTIC].sum() / 250 * desk.catalogue.price(3)[LOCAL]
        assert wide / 150 * desk.catalogue.price(3)[WIDE] == pytest.approx(spent - local, rel=1e-9)

    def test_the_strictest_of_several_rules_counts(self, lively: Resolved):
        several = [rule(licensed=0.5), rule(licensed=0.2, predicate="tpp >= 10000"), rule(licensed=1.0)]
        offers = Desk(lively, *several, **ALONE).offers(EAST)
        share = [1.0 if q < 0 else offers.quota_share[q] for q in offers.quota]
        assert share == [0.2, 0.5, 1.0, 1.0]

    def test_levies_add_up(self, lively: Resolved):
        levies = [rule(licensed=1.0, levy=0.25), rule(licensed=1.0, levy=0.1, predicate="tpp >= 10000")]
        desk = Desk(lively, *levies)
        np.testing.assert_allclose(
            desk.offers(EAST).price / desk.catalogue.price(3), [1.35, 1.25, 1.0, 1.0], rtol=1e-12
        )
        assert (desk.offers(EAST).quota == -1).all()

    def test_domestic_supply_is_shared_by_training_and_serving(self, lively: Resolved):
        desk = Desk(lively, rule(predicate="tpp >= 1 and origin == west"), **ALONE)
        got = desk.buy({"eastern": 1e9, "modest": 1e9}, {"eastcloud": 1e9})
        assert got.raw[:, DOMESTIC].sum() / 250 == pytest.approx(1000.0, rel=1e-12)
        assert got.raw[2, DOMESTIC] == pytest.approx(got.raw[3, DOMESTIC], rel=1e-12)
        assert got.bandwidth.sum() == 0.0

    def test_domestic_supply_responds_to_the_shortfall(self, lively: Resolved):
        government = {"governments.east": {"subsidise_shortfall": 1.5}}
        for values, factor in (
            ({}, 1 + 0.5 * 0.4),
            (government, 1 + 2.0 * 0.4),
            (government | {"mechanisms.reactions": False}, 1 + 0.5 * 0.4),
            (government | {"mechanisms.domestic_response": False}, 1.0),
        ):
            desk = Desk(lively, rule(predicate="origin == west"), **(ALONE | values))
            desk.state.shortfall[EAST] = 0.4
            got = desk.buy({"eastern": 1e9, "modest": 1e9}, {"eastcloud": 1e9})
            assert got.raw[:, DOMESTIC].sum() / 250 == pytest.approx(1000.0 * factor, rel=1e-12), values

    def test_subsidised_chips_are_cheaper_if_made_at_home(self, lively: Resolved):
        subsidy = {"name": "x", "kind": "subsidy", "date": "2023-01", "source": "s", "region": "east"}
        desk = Desk(lively, {**subsidy, "target": "domestic_chips", "rate": 0.3})
        for region, factors in ((EAST, [1, 1, 1, 0.7]), (WEST, [1, 1, 1, 1])):
            np.testing.assert_allclose(
                desk.offers(region).price / desk.catalogue.price(3), factors, rtol=1e-12
            )

    def test_a_chip_that_is_given_away_still_costs_something(self, lively: Resolved):
        """Subsidies that add up to the price or more: a hundredth is paid, or demand would have no end."""
        subsidy = {"name": "x", "kind": "subsidy", "date": "2023-01", "source": "s", "region": "east"}
        desk = Desk(lively, *[{**subsidy, "target": "domestic_chips", "rate": rate} for rate in (1.0, 0.5)])
        found = desk.offers(EAST).price / desk.catalogue.price(3)
        np.testing.assert_allclose(found, [1, 1, 1, 0.01], rtol=1e-12)
        got = desk.buy({"eastern": 1e9}, {"eastcloud": 1e9})
        assert got.raw[:, DOMESTIC].sum() / 250 == pytest.approx(1000.0, rel=1e-12)
        assert np.isfinite(got.training).all()


class TestEndUsers:
    def test_a_rule_binds_those_whom_it_names(self, lively: Resolved):
        desk = Desk(lively, rule(end_users=["eastern"]), **ALONE)
        free, got = Desk(lively, **ALONE).buy(SPEND, SERVE), desk.buy(SPEND, SERVE)
        eastern, modest = desk.firm("eastern"), desk.firm("modest")
        assert got.training[eastern] < 0.6 * free.training[eastern]
        assert got.training[modest] == free.training[modest]

    def test_named_firms_and_the_others_share_a_chip_s_supply(self, lively: Resolved):
        scarce = rule(predicate="origin == west")
        desk = Desk(lively, scarce, rule(end_users=["eastern"]), **ALONE)
        got = desk.buy({"eastern": 1e9, "modest": 1e9})
        assert got.raw[:, DOMESTIC].sum() / 250 <= 1000.0 * (1 + 1e-12)


class TestP12:
    """A rule that changes nothing that a firm buys changes nothing, bit for bit."""

    @pytest.mark.parametrize(
        "harmless",
        [
            rule(predicate="tpp >= 1e9"),
            rule(predicate="name == older"),
            rule(predicate="name == older", licensed=0.3, volume_cap=1.0, levy=2.0),
            rule(licensed=1.0),
            rule(region="west", predicate="origin == east"),
            rule(end_users=["leader"]),
            rule(end_users=["eastern"], predicate="name == older"),
            rule(date="2023-05"),
        ],
        ids=[
            "covers nothing",
            "not bought",
            "caps what is not bought",
            "all licensed",
            "not sold",
            "abroad",
            "nothing that the named buy",
            "later",
        ],
    )
    def test_bits(self, lively: Resolved, harmless):
        assert same_bits(Desk(lively).buy(SPEND, SERVE), Desk(lively, harmless).buy(SPEND, SERVE))


class TestEngines:
    """Compiled code buys what the readable path does, to the last bit."""

    @pytest.mark.parametrize("month", [0, 3, 11])
    @pytest.mark.parametrize(
        "rules",
        [
            (),
            (rule(),),
            (rule(licensed=0.3, levy=0.1), rule(predicate="name == older", volume_cap=2.0)),
            (rule(predicate="tpp >= 0"),),
        ],
        ids=["free", "smuggled and rented", "licensed, taxed and capped", "all barred"],
    )
    def test_bits(self, lively: Resolved, monkeypatch: pytest.MonkeyPatch, rules, month):
        monkeypatch.setattr(supply, "_compiled", counted := Counted(supply._compiled))
        for factor in (1e-3, 1.0, 1e4):  # some money goes to one chip, a lot finds all of them sold out
            found = []
            for engine in ENGINES:
                monkeypatch.setenv(ENVIRONMENT, engine)
                desk = Desk(lively, *rules, month=month)
                desk.state.shortfall[:] = [0.0, 0.4]
                spend, serve = ({name: factor * usd for name, usd in each.items()} for each in (SPEND, SERVE))
                found.append(desk.buy(spend, serve))
            assert same_bits(*found)
            assert np.isfinite(found[0].training).all()
            assert found[0].chips.sum() > 0.0
        assert counted.calls == 3

    def test_a_firm_that_a_rule_names_is_for_the_readable_path(
        self, lively: Resolved, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(supply, "_compiled", counted := Counted(supply._compiled))
        monkeypatch.setenv(ENVIRONMENT, "numba")
        Desk(lively, rule(end_users=["eastern"])).buy(SPEND, SERVE)
        assert counted.calls == 0


class Counted:
    """A function that knows how often it was called."""

    def __init__(self, function: Callable[..., Bought]) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *arguments: Any) -> Bought:
        self.calls += 1
        return self.function(*arguments)
