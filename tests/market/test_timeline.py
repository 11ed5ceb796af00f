"""Policy in whole runs: what each lever changes from its date on, and how governments react."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.market import Market
from sim.record import MODES
from sim.scenario.events import ExportRule, Subsidy, VendorBan

WEST, EAST, WORLD = 0, 1, 2
CLOSED, OPEN = 0, 1
API, HOSTED, SELF = range(3)
FIXED = {"choice.rule": "fixed"}


def event(kind: str, date: str, **fields: Any) -> dict[str, Any]:
    return {"name": kind.replace("_", "-"), "kind": kind, "date": date, "source": "invented", **fields}


class TestLevers:
    def test_a_licence_change_asks_for_royalties_from_its_month(self, run):
        values = FIXED | {"labs.eastern.licence_threshold": 1e6}
        change = event("licence_change", "2023-07", lab="eastern", threshold=100.0, royalty=0.2)
        record = run(values | {"events": [change]}).record
        received = np.nan_to_num(record.labs["royalties_received"][:, 2])
        assert not received[:6].any()
        assert (received[6:] > 0).all()
        paid, revenue = record.clouds["royalties_paid"][6:, 0], record.clouds["revenue"][6:, 0]
        assert (paid < 0.2 * revenue).all()  # `bigcloud` hosts the open models of `opener` too

    def test_a_full_ban_ends_use_in_its_segments_only(self, run):
        ban = event(
            "vendor_ban", "2023-06", region="east", segments=["public"], origin="west", weights_too=True
        )
        tokens = run(FIXED | {"events": [ban]}).record.usage["tokens"]
        public = 2
        assert tokens[4, EAST, public, :, WEST].sum() > 0
        assert not tokens[5:, EAST, public, :, WEST].any()
        assert (tokens[5:, EAST, public, :, EAST].sum(axis=(1, 2)) > 0).all()
        assert (tokens[5:, EAST, 0, :, WEST].sum(axis=(1, 2)) > 0).all()
        assert (tokens[5:, WEST, public, :, WEST].sum(axis=(1, 2)) > 0).all()

    def test_a_ban_on_vendors_leaves_their_open_weights_in_other_hands(self, run):
        ban = event("vendor_ban", "2023-06", region="east", segments=["public"], origin="west")
        tokens = run(FIXED | {"events": [ban]}).record.usage["tokens"][5:, EAST, 2, :, WEST]
        assert not tokens[..., API].any()
        assert (tokens[:, OPEN, [HOSTED, SELF]].sum(axis=1) > 0).all()

    def test_a_part_ban_leaves_a_part(self, run):
        def western(coverage: float) -> float:
            ban = event("vendor_ban", "2023-02", region="east", segments=["public"], origin="west")
            market = run(
                FIXED
                | {"mechanisms.inertia": False, "events": [ban | {"coverage": coverage, "weights_too": True}]}
            )
            customers = market.record.usage["customers"][-1, EAST, 2]
            return float(customers[:, WEST].sum() / customers.sum())

        shares = [western(c) for c in (0.0, 0.5, 0.9, 1.0)]
        assert shares == sorted(shares, reverse=True)
        assert shares[0] > 0.2
        assert shares[3] == 0.0
        assert 0.01 < shares[2] < 0.5 * shares[0]

    def test_an_api_that_is_withdrawn_sells_nothing_there(self, run):
        leave = event("api_withdrawal", "2023-06", until="2023-09", labs=["leader", "opener"], region="east")
        tokens = run(FIXED | {"mechanisms.entry": False, "events": [leave]}).record.usage["tokens"][
            :, EAST, :, :, WEST
        ]
        by_month = tokens[..., API].sum(axis=(1, 2))
        assert (by_month[[3, 4, 8, 9]] > 0).all()
        assert not by_month[5:8].any()
        assert (tokens[5:8, ..., HOSTED].sum(axis=(1, 2)) > 0).all()

    def test_a_filing_delays_a_lab_s_first_model_where_it_applies(self, run):
        rule = event("content_rule", "2023-01", region="east", delay=3)
        free, ruled = (run(FIXED | {"events": e}).record.usage["tokens"] for e in ([], [rule]))
        first = int(np.argmax(free[:, EAST].sum(axis=(1, 2, 3, 4)) > 0))
        assert not ruled[: first + 3, EAST].any()
        assert ruled[first + 3, EAST].any()
        assert ruled[first, WEST].any()

    def test_a_compute_subsidy_makes_serving_cheaper_there(self, run):
        pay = event("subsidy", "2023-06", region="east", target="compute", rate=1.0)
        free, paid = (run(FIXED | {"events": e}).record.labs["cost_flagship"] for e in ([], [pay]))
        np.testing.assert_allclose(paid[:5], free[:5], rtol=1e-12)
        np.testing.assert_allclose(paid[5, [0, 1]], free[5, [0, 1]], rtol=1e-12)
        np.testing.assert_allclose((paid[5, 2] - 0.01) / (free[5, 2] - 0.01), 1 / 1.35, rtol=1e-9)


class TestReleasePolicies:
    def modes(self, market: Market, region: str, since: int = 0) -> set[str]:
        return {r["mode"] for r in market.record.models if r["region"] == region and r["month"] >= since}

    @pytest.mark.parametrize("rule", ["lookahead", "myopic", "ewa", "imitate", "fixed"])
    def test_a_forbidden_mode_is_not_taken(self, run, rule):
        ban = event(
            "release_policy", "2023-05", region="west", modes=["open", "open_lagged"], stance="forbid"
        )
        market = run({"choice.rule": rule, "events": [ban], "choice.intensity": 0.0})
        assert not self.modes(market, "west", since=4) & {"open", "open_lagged"}
        for row in market.record.decisions:
            if row["region"] == "west" and row["month"] >= 4:
                assert row["open_probability"] == row["open_lagged_probability"] == 0.0

    def test_if_all_is_forbidden_a_lab_stays_closed(self, run):
        ban = event("release_policy", "2023-01", region="east", modes=list(MODES), stance="forbid")
        assert self.modes(run({"events": [ban]}), "east") == {"closed"}

    def test_only_models_of_that_capability(self, run):
        limit = 122.0
        ban = event("release_policy", "2023-01", region="west", modes=["open"], stance="forbid", above=limit)
        market = run(FIXED | {"events": [ban]})
        opened = {r["mode"]: r["capability"] for r in market.record.models if r["lab"] == "opener"}
        assert set(opened) == {"open", "closed"}
        for row in market.record.models:
            if row["lab"] == "opener":
                assert (row["mode"] == "open") == (row["capability"] < limit)

    @pytest.mark.parametrize(("stance", "sign"), [("subsidise", 1), ("tax", -1)])
    def test_odds_follow_taxes_and_subsidies(self, run, stance, sign):
        """A rate of 2 % of the scale at an intensity of 50 changes log odds of open against closed by 1."""
        act = event("release_policy", "2023-01", region="west", modes=["open"], stance=stance, rate=0.02)
        first = []
        for events in ([], [act]):
            row = next(r for r in run({"events": events}).record.decisions if r["lab"] == "opener")
            first.append(np.log(row["open_probability"] / row["closed_probability"]))
            expected = sign * 0.02 * row["scale"] if events else 0.0
            assert row["open_policy"] == pytest.approx(expected, rel=1e-12)
        assert first[1] - first[0] == pytest.approx(sign * 1.0, abs=1e-6)

    def test_a_subsidy_of_open_release_pays_for_both_ways_to_open(self, run):
        pay = event("subsidy", "2023-01", region="west", target="open_release", rate=0.03)
        row = next(r for r in run({"events": [pay]}).record.decisions if r["lab"] == "opener")
        paid = {mode: row[f"{mode}_policy"] / row["scale"] for mode in MODES}
        assert paid == {
            "closed": 0,
            "open_lagged": 0,
            "open_restricted": pytest.approx(0.03),
            "open": pytest.approx(0.03),
        }


class TestReactions:
    def acts(self, market: Market, region: str) -> dict[str, Any]:
        (government,) = market.governments.select(lambda one: one.region == region)
        return government.acts

    def test_the_rival_s_chips_are_tightened_once_it_comes_near(self, run):
        limit = 9.7
        values = FIXED | {
            "events": [],
            "governments": {"west": {"rival": "east", "tighten_below_lag": limit}},
        }
        market = run(values)
        lag = market.record.market["lag"][:, EAST]
        near = int(np.flatnonzero(lag < limit)[0])
        act = self.acts(market, "west")["west-tightens"]
        assert isinstance(act, ExportRule)
        assert (act.region, act.date - market.months[0]) == ("east", near + 1)
        assert market.catalogue.covered(act.predicate).tolist() == [
            True,
            True,
            True,
            False,
        ]  # not the rival's own
        price, free = (m.record.market["flop_price"][:, EAST] for m in (market, run(FIXED | {"events": []})))
        assert np.array_equal(price[: near + 1], free[: near + 1])
        assert (price[near + 1 :] > 1.5 * free[near + 1 :]).all()

    def test_a_distant_rival_is_left_alone(self, run):
        values = FIXED | {"governments": {"west": {"rival": "east", "tighten_below_lag": 0.0}}}
        assert self.acts(run(values), "west") == {}

    def test_open_release_is_encouraged_while_the_region_lags(self, run):
        """Labs of the east get 5 % of their scale in the months after those in which it lags by more than a month."""
        market = run({"governments": {"east": {"encourage_open_above_lag": 1.0}}})
        lag = market.record.market["lag"][:, EAST]
        seen = [
            (row["month"], row["open_policy"] / row["scale"])
            for row in market.record.decisions
            if row["region"] == "east" and row["month"] > 0
        ]
        assert {round(rate, 12) for _, rate in seen} == {0.0, 0.05}
        for month, rate in seen:
            assert rate == pytest.approx(0.05 if lag[month - 1] > 1.0 else 0.0, abs=1e-12)

    def test_and_no_longer_once_it_does_not(self, run):
        market = run({"governments": {"east": {"encourage_open_above_lag": 1.0}}})
        lag = market.record.market["lag"][-2, EAST]
        held = self.acts(market, "east").get("east-encourages")
        assert (held is not None) == (lag > 1.0)
        assert held is None or isinstance(held, Subsidy)

    def test_foreign_vendors_are_banned_from_public_services_once_they_have_too_much(self, run):
        limit = 0.3
        values = FIXED | {"governments": {"east": {"rival": "west", "ban_foreign_above": limit}}}
        market = run(values)
        spending = market.record.usage["spending"][:, EAST, 2]
        share = spending[:, :, WEST].sum(axis=(1, 2)) / np.maximum(spending.sum(axis=(1, 2, 3)), 1e-300)
        passed = int(np.flatnonzero(share > limit)[0])
        act = self.acts(market, "east")["east-bans"]
        assert isinstance(act, VendorBan)
        assert act.date - market.months[0] == passed + 1
        tokens = market.record.usage["tokens"][:, EAST, 2, :, WEST, API]
        assert tokens[passed].sum() > 0
        assert not tokens[passed + 1 :].any()

    def test_opening_of_strong_models_is_restricted(self, run):
        values = FIXED | {"governments": {"west": {"restrict_open_above": 122.0}}}
        for row in run(values).record.models:
            if row["lab"] == "opener":
                assert (row["mode"] == "open") == (row["capability"] < 122.0)

    def test_scarcity_is_met_by_home_makers_that_are_paid_to(self, run):
        bar = event("export_rule", "2023-03", region="east", predicate="origin == west")
        base = FIXED | {"events": [bar], "chips.local.supply.east": 1.2, "mechanisms.smuggling": False}
        plain, paid = run(base), run(base | {"governments": {"east": {"subsidise_shortfall": 4.0}}})
        gain = (
            paid.record.market["compute_domestic"][-1, EAST]
            / plain.record.market["compute_domestic"][-1, EAST]
        )
        assert gain > 1.02
