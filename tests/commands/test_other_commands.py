"""`check`, `show`, `list`, `new`, `schema` and `compare`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import sim
from sim.cli.new import TEMPLATE
from sim.scenario import load, shipped
from sim.scenario.library import library
from sim.scenario.loading import listing
from sim.study.reading import shipped_studies

DOCS = Path(sim.__file__).parent.parent / "docs"


class TestCheck:
    def test_of_a_good_file(self, aimarkets) -> None:
        done = aimarkets("check", "tiny.yaml")
        assert done.exit_code == 0
        assert done.stdout == f"tiny.yaml: no problems (2023-01 to 2023-08, {load('tiny.yaml').hash[:8]})\n"

    def test_of_several_files_tells_all(self, aimarkets, folder: Path) -> None:
        (folder / "a.yaml").write_text("extends: tiny.yaml\nend: 2022-01\n")
        (folder / "b.yaml").write_text("extends: tiny.yaml\nbogus: 1\n")
        refused = aimarkets("check", "a.yaml", "tiny.yaml", "b.yaml")
        assert refused.exit_code == 2
        assert "a.yaml:2: end" in refused.stderr
        assert "b.yaml:2: bogus" in refused.stderr
        assert refused.stdout.startswith("tiny.yaml: no problems")


class TestShow:
    def test_gives_value_unit_place_and_source(self, aimarkets, folder: Path) -> None:
        child = "extends: tiny.yaml\nlabs:\n  leader:\n    brand: 0.5 # a survey, 2024\n"
        (folder / "child.yaml").write_text(child)
        lines = aimarkets("show", "child.yaml", "labs.leader").stdout.splitlines()
        rows = {cells[0]: cells[1:] for cells in (re.split("  +", line) for line in lines)}
        assert rows["labs.leader.brand"] == ["0.5", "utils", "child.yaml:4", "a survey, 2024"]
        assert rows["labs.leader.training_share"][:3] == ["0.5", "share of capex", "default"]
        assert rows["labs.leader.training_share"][3].startswith("judgement; OpenAI 2024")
        assert rows["labs.leader.cash"][2].startswith("tiny.yaml:")

    def test_distributions_are_said_in_words(self, aimarkets) -> None:
        spread = "labs.leader.cash={dist: triangular, low: 4.0e+9, mode: 5500000000, high: 7.123456789e+9}"
        line = aimarkets("show", "tiny.yaml", "labs.leader.cash", "--set", spread).stdout
        assert line.split("  ")[1] == "triangular: low 4e9, mode 5.5e9, high 7123456789"

    def test_tells_overrides(self, aimarkets) -> None:
        done = aimarkets("show", "tiny.yaml", "labs.leader.cash", "--set", "labs.leader.cash=7")
        assert done.stdout.split() == [
            "labs.leader.cash", "7", "USD", "at", "the", "start", "--set", "labs.leader.cash=7",
        ]

    def test_has_every_value_once(self, aimarkets) -> None:
        paths = [line.split()[0] for line in aimarkets("show", "tiny.yaml").stdout.splitlines()]
        assert len(paths) == len(set(paths))
        assert {"start", "mechanisms.entry", "events.entry-of-a-rule.predicate"} <= set(paths)

    def test_an_unknown_key_is_told(self, aimarkets) -> None:
        refused = aimarkets("show", "tiny.yaml", "labs.leadr")
        assert refused.exit_code == 2
        assert refused.stderr.startswith("tiny.yaml: no key 'labs.leadr'; allowed: ")
        assert refused.stderr.endswith("(did you mean 'labs.leader'?)\n")

    def test_yaml_is_the_same_scenario(self, aimarkets, folder: Path) -> None:
        (folder / "whole.yaml").write_text(aimarkets("show", "tiny.yaml", "--yaml").stdout)
        assert load("whole.yaml").hash == load("tiny.yaml").hash

    @pytest.mark.parametrize("name", [scenario.name for scenario in shipped()])
    def test_of_shipped_scenarios(self, aimarkets, name: str) -> None:
        assert aimarkets("show", name).exit_code == 0


def test_list_has_a_line_for_all_that_is_shipped(aimarkets) -> None:
    scenarios, studies, claims = (
        part.splitlines() for part in re.split(r"\n(?:studies|claims), for '.*'\n", aimarkets("list").stdout)
    )
    said = listing(library() / "claims", "claim")
    for lines, found in ((scenarios, shipped()), (studies, shipped_studies()), (claims, said)):
        assert len(lines) == len(found) > 5
        assert all(line.split()[0] == one.name and one.title in line for one, line in zip(found, lines, strict=True))


class TestNew:
    def test_writes_a_scenario_that_loads(self, aimarkets, folder: Path) -> None:
        done = aimarkets("new", "my-market")
        assert done.stdout == "my-market.yaml written; next: aimarkets run my-market.yaml\n"
        assert load(folder / "my-market.yaml").scenario.title == "My market"

    def test_its_suggestions_are_valid(self, aimarkets, folder: Path) -> None:
        aimarkets("new", "mine")
        head, body = (folder / "mine.yaml").read_text().split("extends: baseline\n")
        uncommented = [line.removeprefix("# ") for line in body.splitlines() if line.startswith("# ")]
        kept = [line for line in uncommented if line.startswith(" ") or line.partition(":")[0].isalpha()]
        (folder / "full.yaml").write_text(head + "extends: baseline\n" + "\n".join(kept))
        changed = load(folder / "full.yaml")
        assert "labs.alibaba.capex" in changed.provenance
        assert changed.scenario.mechanisms.open_spillover is False
        assert "spillovers.open_pool" in changed.distributions
        events = {event.name for event in changed.scenario.events}
        assert "h20-barred-again" in events
        assert "china-h200-bar" not in events

    def test_keeps_what_exists(self, aimarkets, folder: Path) -> None:
        before = (folder / "tiny.yaml").read_bytes()
        refused = aimarkets("new", "tiny")
        assert refused.exit_code == 2
        assert refused.stderr == "tiny.yaml exists and stays as it is; choose another name\n"
        assert (folder / "tiny.yaml").read_bytes() == before

    def test_lines_are_short(self) -> None:
        assert max(map(len, TEMPLATE.splitlines())) <= 110


class TestSchema:
    def test_is_json(self, aimarkets) -> None:
        assert json.loads(aimarkets("schema").stdout)["title"] == "aimarkets scenario"

    @pytest.mark.parametrize("name", ["scenario.schema.json", "parameters.md", "outputs.md", "facts.md"])
    def test_docs_are_fresh(self, aimarkets, folder: Path, name: str) -> None:
        aimarkets("schema", "--docs", "made")
        fresh = (folder / "made" / name).read_text()
        assert (DOCS / name).read_text() == fresh, "run 'make docs' and commit what it writes"


class TestCompare:
    def test_of_a_scenario_with_itself_is_zero(self, aimarkets) -> None:
        done = aimarkets("compare", "tiny.yaml", "tiny.yaml", "--region", "south", "--replicates", "2")
        assert done.exit_code == 0
        assert done.stdout.startswith("tiny against tiny: 2 pairs, seeds 1 to 2\n")
        rows = [line for line in done.stdout.splitlines() if "open share of tokens" in line]
        assert len(rows) == 3  # the last month, the last year, all months
        assert all("+0.000  0.000  +0.000 to +0.000" in row for row in rows)

    def test_an_unknown_region_is_told(self, aimarkets) -> None:
        refused = aimarkets("compare", "tiny.yaml", "tiny.yaml")
        assert refused.exit_code == 2
        assert refused.stderr == "region: 'china', which 'tiny' does not have; allowed: north, south\n"
