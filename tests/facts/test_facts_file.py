"""Files of facts: the shipped one keeps its promises, others are told what is wrong."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

import pandas as pd
import pytest

from sim.facts.indicators import INDICATORS
from sim.facts.observations import comparable, observations
from sim.facts.reading import load_facts, shipped_facts
from sim.facts.schema import LAST
from sim.facts.validate import missing_names
from sim.scenario import ScenarioError, load
from tests.facts.conftest import SHARE


@pytest.fixture(scope="module")
def shipped():
    return load_facts().scenario


class TestShipped:
    def test_has_enough_facts_in_enough_families(self, shipped):
        families = Counter(fact.family for fact in comparable(shipped).values())
        assert len(comparable(shipped)) >= 60
        assert len(families) >= 8

    def test_holds_out_by_its_own_rule(self, shipped):
        for name, fact in comparable(shipped).items():
            held_out = sha256(name.encode()).hexdigest()[0] in "0123"
            assert (fact.use == "held-out") == held_out, name

    def test_uses_nothing_after_2025(self, shipped):
        assert max(one.until for one in observations(shipped)) <= LAST

    def test_names_only_what_the_baseline_has(self, shipped):
        assert missing_names(shipped, load("baseline").scenario) == {}
        assert set(shipped.openings) <= set(load("baseline").scenario.labs)

    def test_says_of_every_family_whether_the_model_claims_it(self, shipped):
        assert set(shipped.families) == {fact.family for fact in comparable(shipped).values()}
        assert all(family.why for family in shipped.families.values())

    def test_weak_sources_have_wide_tolerances(self, shipped):
        weak = [fact for fact in comparable(shipped).values() if fact.certainty == "weak"]
        assert weak
        for fact in weak:
            values = list((fact.series or {0: fact.value}).values())
            assert fact.scale == "log" or fact.tolerance >= 0.25 * min(map(abs, values))

    def test_dates_of_openings_agree_with_the_replayed_history(self, shipped):
        """The baseline's history, entered apart, has the same first open flagships."""
        first = {}
        for release in load("baseline").scenario.history:
            if release.mode in ("open", "open_restricted"):
                first[release.lab] = min(release.date, first.get(release.lab, release.date))
        for lab, opening in shipped.openings.items():
            assert first.get(lab) == opening.month, lab


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "2023-06: 0.5", "2026-01: 0.5",
            "facts.yaml:7: facts.share.series: 2026-01 with use 'calibration'; "
            "allowed: months up to 2025-12; later facts are 'unrepresented'",
        ),
        (
            "unit: ratio", "unit: share",
            "facts.yaml:6: facts.share.unit: 'share'; allowed: 'ratio', the unit of what it is held against",
        ),
        (
            "use.tokens", "use.tokns",
            "facts.yaml:11: facts.share.indicator: 'use.tokns'; "
            "allowed: an indicator of docs/facts.md (did you mean 'use.tokens'?)",
        ),
        (
            "where: {openness: [open]}", "where: {opennes: [open]}",
            "facts.yaml:12: facts.share.where.opennes: 'opennes'; allowed: of use.tokens: region, segment, "
            "group, openness, origin, channel (did you mean 'openness'?)",
        ),
        (
            "tolerance: 0.1", "tolerance: 0.1\nscale: log",
            "facts.yaml:8: facts.share.tolerance: 0.1; allowed: a factor above 1 on a log scale",
        ),
        (
            "over: {}", "value: 0.4",
            "facts.yaml:3: facts.share: both or none of 'series' and 'value'; allowed: one of them",
        ),
        (
            "tolerance: 0.1\n", "",
            "facts.yaml:3: facts.share: no tolerance; "
            "allowed: 'tolerance', the half-width of the 90 % interval of measurement",
        ),
        (
            "use: calibration", "use: unrepresented\nwhy: none",
            "facts.yaml:11: facts.share.indicator: 'use.tokens' of a fact that is not represented; "
            "allowed: no indicator",
        ),
        (
            "series: {2023-06: 0.5}", "value: 0.5\nsince: 2023-06\nuntil: 2023-03",
            "facts.yaml:9: facts.share.until: 2023-03; allowed: a month from 2023-06 on",
        ),
        (
            "over: {}", "over: {}\nstatistic: growth",
            "facts.yaml:14: facts.share.statistic: growth over one month; allowed: two months or more",
        ),
    ],
)  # fmt: skip
def test_what_is_refused_is_told(facts, old, new, said, tmp_path):
    assert old in SHARE
    with pytest.raises(ScenarioError) as refused:
        facts(share=SHARE.replace(old, new))
    assert said in str(refused.value).replace(f"{tmp_path}/", "")


def test_a_fact_that_is_not_represented_needs_a_reason_only(facts):
    text = "family: f\nquantity: q\nunit: Elo\nseries: {2026-05: 30}\nsource: s\ncertainty: weak\nuse: unrepresented\n"
    with pytest.raises(ScenarioError, match="without a reason; allowed: 'why'"):
        facts(later=text)
    assert facts(later=text + "why: another scale\n").facts["later"].why == "another scale"


def test_an_opening_after_the_end_is_refused(facts):
    tail = "openings:\n  leader: {month: 2026-02, source: s}\n"
    with pytest.raises(ScenarioError, match="2026-02; allowed: a month up to 2025-12, or null"):
        facts(tail, share=SHARE)


def test_every_indicator_tells_unit_and_meaning():
    assert all(one.unit and one.meaning and one.columns for one in INDICATORS.values())


def test_the_points_of_figures_agree_with_the_facts(shipped):
    """`observed.csv` and `facts.yaml` were entered apart; where both speak of a month they say the same."""
    rows = pd.read_csv(shipped_facts().with_name("observed.csv"))
    points = {(row.indicator, row.region, row.month): row.value for row in rows.itertuples()}
    compared = 0
    labs = load("baseline").scenario.labs
    columns = {"capability.best": "capability", "capability.best_open": "capability_open"}
    for fact in comparable(shipped).values():
        column = columns.get(fact.indicator or "", (fact.indicator or "").removeprefix("market."))
        plain = fact.series is not None and fact.window == 1 and fact.over is None and fact.minus is None
        if plain and column != fact.indicator:
            homes = {labs[name].region for name in fact.where.get("lab", [])} or set(fact.where["region"])
            home = homes.pop() if len(homes) == 1 else "world"
            for month, value in fact.series.items():
                key = (column, home, str(month))
                if key in points:
                    assert points[key] == value, key
                    compared += 1
    assert compared > 30


@pytest.mark.parametrize(
    ("families", "said"),
    [
        ("{us: {claimed: true, why: w}}", "families.us: 'us'; allowed: a family of a fact that is held against"),
        ("{other: {claimed: true, why: w}}", "families: nothing about use; allowed: every family, or none"),
        ("{use: {claimed: true}}", "families.use.why: "),
    ],
)
def test_families_are_declared_all_and_with_a_reason(facts, families, said):
    with pytest.raises(ScenarioError) as refused:
        facts(f"\nfamilies: {families}\n", share=SHARE)
    assert said in str(refused.value)
