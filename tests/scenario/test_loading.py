"""Loading as users do: by path or shipped name, with the real schema."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenario import Resolved, ScenarioError, load, shipped
from sim.scenario.library import PACKAGE, library, names_in

CHILD = """\
extends: baseline
title: A child
labs: {alibaba: {capex: 3e9}}
"""


def refusal(source: object, overrides: object = ()) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(source, overrides)
    return str(caught.value)


def test_a_shipped_scenario_is_found_by_name_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load("baseline").name == "baseline"


@pytest.mark.parametrize("name", names_in(library()))
def test_every_shipped_scenario_loads_and_survives_its_yaml(name, tmp_path):
    resolved = load(name)
    (tmp_path / "again.yaml").write_text(resolved.to_yaml(), encoding="utf-8")
    assert load(tmp_path / "again.yaml").hash == resolved.hash


def test_an_installed_package_carries_its_scenarios_inside(tmp_path, monkeypatch):
    inside, beside = tmp_path / "sim" / "_scenarios", tmp_path / "scenarios"
    monkeypatch.setattr("sim.scenario.library.PACKAGE", tmp_path / "sim")
    assert library() == beside
    inside.mkdir(parents=True)
    assert library() == inside


def test_shipped_scenarios_are_listed_with_a_line_each():
    names = [name for name, _ in shipped()]
    assert "baseline" in names
    assert names == sorted(names)
    assert all(title and "\n" not in title for _, title in shipped())


def test_a_file_extends_a_shipped_scenario_and_is_named_after_itself(tmp_path):
    (tmp_path / "mine.yaml").write_text(CHILD)
    mine = load(tmp_path / "mine.yaml")
    assert (mine.name, mine.scenario.title) == ("mine", "A child")
    assert mine.scenario.labs["alibaba"].capex == 3e9
    assert mine.files[:2] == (tmp_path / "mine.yaml", library() / "baseline.yaml")


def test_a_path_may_be_text_too(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text(CHILD)
    monkeypatch.chdir(tmp_path)
    assert load("mine.yaml").hash == load("./mine.yaml").hash == load(str(tmp_path / "mine.yaml")).hash


def test_a_name_that_no_scenario_has():
    message = refusal("baselin")
    assert message.startswith(
        "baselin: no such scenario; allowed: the path of a .yaml file, or a shipped scenario: baseline, "
    )
    assert message.endswith(" (did you mean 'baseline'?)")


def test_a_path_that_leads_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refusal("mine.yaml") == "mine.yaml: no such file; allowed: a file that exists"
    assert refusal("some/where") == "some/where: no such file; allowed: a file that exists"


def test_files_in_the_working_folder_are_told_by_their_relative_path(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine.yaml").write_text(CHILD.replace("capex", "capexx"))
    monkeypatch.chdir(tmp_path)
    assert refusal(tmp_path / "sub" / "mine.yaml").startswith(
        f"sub{os.sep}mine.yaml:3: labs.alibaba.capexx: unknown name; allowed: "
    )


def test_a_scenario_crosses_to_another_process_whole():
    resolved = load("baseline")
    again = pickle.loads(pickle.dumps(resolved))
    assert again.hash == resolved.hash
    assert again.with_values({"labs.alibaba.capex": 1}).scenario.labs["alibaba"].capex == 1


def test_a_scenario_made_in_python_is_checked_and_wrapped():
    resolved = load("baseline")
    wrapped = Resolved.of(resolved.scenario, name="mine")
    assert wrapped.name == "mine"
    assert wrapped.scenario == resolved.scenario
    assert str(wrapped.provenance["labs.alibaba.capex"]) == "Python"
    broken = resolved.scenario.model_copy(update={"end": resolved.scenario.start - 1})
    with pytest.raises(ScenarioError, match=r"^Python: end: .*2022-10"):
        Resolved.of(broken)


def test_equal_draws_are_equal_and_valid():
    resolved = load("baseline")
    assert resolved.distributions
    assert resolved.draw(lambda path: 0.3).hash == resolved.draw(lambda path: 0.3).hash
    for u in (1e-9, 0.5, 1 - 1e-9):
        resolved.draw(lambda path, u=u: u)


def test_reading_scenarios_needs_none_of_the_heavy_libraries():
    """`check` and `show` answer at once: no pandas, no SciPy, no Matplotlib, no Mesa."""
    code = (
        "import sys; from sim.scenario import load; load('baseline');"
        "print(*{'pandas', 'scipy', 'matplotlib', 'mesa', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(PACKAGE).parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
