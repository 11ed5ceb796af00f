"""Claims' files: the shipped ones hold together, and what is wrong with one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.claims.loading import load_claims, path_of_claim, shipped_claims
from sim.claims.schema import PartEntry
from sim.claims.worlds import Worlds
from sim.scenario import ScenarioError, load
from tests.claims.conftest import SMALL, Make, Write


@pytest.fixture(scope="module")
def shipped() -> tuple[list, Worlds]:
    worlds = Worlds()
    return load_claims(shipped_claims(), worlds), worlds


def test_the_list_of_claims_is_whole(shipped: tuple[list, Worlds]) -> None:
    claims, _ = shipped
    assert [claim.text.number for claim in claims] == list(range(1, 19))
    assert [int(claim.name.partition("-")[0]) for claim in claims] == list(range(1, 19))
    assert all(claim.parts for claim in claims)


def test_each_world_is_made_once(shipped: tuple[list, Worlds]) -> None:
    claims, worlds = shipped
    used = [world for claim in claims for _, test in claim.tests() for world in test.worlds]
    assert {id(world) for world in used} == {id(world) for world in worlds.all.values()}
    assert len({world.hash for world in used}) == len({id(world) for world in used})


def test_a_world_that_changes_nothing_is_the_scenario_itself(shipped: tuple[list, Worlds]) -> None:
    assert load("baseline").hash in shipped[1].all


def test_measures_of_one_name_are_one_measure(shipped: tuple[list, Worlds]) -> None:
    named: dict[str, object] = {}
    for claim in shipped[0]:
        for _, test in claim.tests():
            for measure in test.measures.values():
                assert named.setdefault(measure.name, measure) == measure


@pytest.mark.parametrize("source", ["5", "05-open-erodes-closed-margins"])
def test_a_claim_is_asked_for_by_number_or_name(source: str) -> None:
    assert path_of_claim(source).name == "05-open-erodes-closed-margins.yaml"


def test_a_world_is_what_its_file_would_be(write: Write, claim: Make, desk: Path) -> None:
    Path("child.yaml").write_text("extends: tiny.yaml\nlabs: {follower: {complement: 0}}\n", encoding="utf-8")
    (_, test), *_ = claim().tests()
    assert test.pair.control.hash == load(Path("child.yaml")).hash
    assert test.pair.treatment.hash == load(Path("tiny.yaml")).hash


BARE = "treatment: {extends: tiny.yaml}"
CASES = {
    "unknown key": (("unit: share", "units: share"), "small.yaml:14: parts.use.units: unknown name"),
    "no direction": (("    direction: up\n", ""), "small.yaml:8: parts.use.direction: missing"),
    "not a direction": (("direction: up", "direction: upwards"), "small.yaml:15: parts.use.direction: found 'upwards'"),
    "zero": (("smallest: 0.01", "smallest: 0"), "small.yaml:16: parts.use.smallest: found 0; allowed: above 0"),
    "column": (("open_token_share", "open_token_shar"), "did you mean 'open_token_share'?"),
    "the same worlds": ((", labs: {follower: {complement: 0}}", ""), "the same world as the control"),
    "a lab that is not there": (("{follower: {comp", "{folower: {comp"), "(did you mean 'follower'?)"),
    "a base that is not there": ((BARE, "treatment: {extends: tinny.yaml}"), "found 'tinny.yaml'"),
    "a base elsewhere": ((BARE, "treatment: {extends: ../tiny.yaml}"), "found '../tiny.yaml'"),
    "no base": ((BARE, "treatment: {end: 2023-06}"), "parts.use.treatment.extends: missing"),
    "formula": (("    unit: share", "    value: opne\n    unit: share"), "(did you mean 'open'?)"),
    "not a formula": (("    unit: share", "    value: open ** 2\n    unit: share"), "names of measures, numbers"),
    "two measures": (
        ("take: mean}", "take: mean}\n      other: {column: adoption}"), "parts.use.value: missing; allowed: a formula",
    ),
    "series": (("take: mean}", "take: series}"), "found series; allowed: end or mean"),
    "level and control": (("    unit: share", "    level: 1\n    unit: share"), "control and level: both or neither"),
    "rule": (("[myopic]", "[myopik]"), "small.yaml:6: rules.0: found 'myopik'"),
    "untestable with a test": (("    unit: share", "    untestable: Why.\n    unit: share"), "given for a part that"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), CASES.values(), ids=CASES)
def test_what_is_wrong_is_told(write: Write, change: tuple[str, str], said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        load_claims([write(change)])
    assert said in str(error.value)


def test_all_problems_of_all_files_at_once(write: Write) -> None:
    paths = [write(("smallest: 0.01", "smallest: 0")), write(("[myopic]", "[x]"), name="other.yaml")]
    with pytest.raises(ScenarioError) as error:
        load_claims(paths)
    assert [str(problem.place) for problem in error.value.problems] == ["small.yaml:16", "other.yaml:6"]


def test_a_part_may_be_untestable(claim: Make) -> None:
    text = SMALL.partition("    control")[0] + "    untestable: No mechanism.\n"
    found = claim(text=text)
    assert (found.parts[0].test, found.parts[0].missing) == (None, "No mechanism.")
    assert list(found.tests()) == []


def test_every_key_of_a_part_is_described() -> None:
    assert [name for name, field in PartEntry.model_fields.items() if not field.description] == []
