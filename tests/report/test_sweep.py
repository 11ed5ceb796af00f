"""The report of a sweep."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.report import files, of_sweep
from sim.report.content import Picture
from sim.run.errors import RunError
from sim.study.loading import load_study
from sim.study.results import load_results
from sim.study.sweep import sweep
from tests.report.conftest import TINY

STUDY = """\
scenarios: {tiny: tiny.yaml}
base: tiny
vary:
  choice.intensity: [5, 20, 80]
  spillovers.open_pool: [0.0, 0.5, 1.0]
design: grid
replicates: 2
indicators:
  open_share: {column: open_token_share}
  south_open: {column: open_propensity, region: south, take: mean}
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> Path:
    """A finished sweep of nine points."""
    desk = tmp_path_factory.mktemp("desk")
    shutil.copy(TINY, desk / "tiny.yaml")
    (desk / "study.yaml").write_text(STUDY, encoding="utf-8")
    sweep(load_study(desk / "study.yaml"), desk / "grid")
    return desk / "grid"


@pytest.fixture(scope="module")
def report(swept: Path):
    return files.read([str(swept)])


def test_each_outcome_is_told_and_drawn(report) -> None:
    names = [picture.name for picture in report.pictures]
    assert {"tornado-open_share", "phase-open_share-0"} <= set(names)
    assert len(set(names)) == len(names)
    assert report.overview.name == "phase-open_share-0"
    assert any("open share runs from" in sentence for sentence in report.answer)
    assert report.asked == [
        "What do choice.intensity and spillovers.open_pool do in 'tiny'? A grid design: 9 points, 2 runs each."
    ]


def test_the_phase_diagram_shows_the_means_of_the_runs(report, swept: Path) -> None:
    from sim.figures.plotted import plotted

    picture = next(each for each in report.pictures if each.name == "phase-open_share-0")
    runs = load_results(swept).runs
    means = runs.groupby(["choice.intensity", "spillovers.open_pool"])["open_share"].mean()
    assert plotted(picture.draw("page"))["value"].tolist() == pytest.approx(means.tolist())


def test_where_the_scenario_stands_is_marked(swept: Path) -> None:
    results = load_results(swept)
    scenario = results.study.bases["tiny"].scenario
    place = of_sweep._base(results, "choice.intensity", "spillovers.open_pool")
    assert place == (scenario.choice.intensity, scenario.spillovers.open_pool)
    assert of_sweep._base(results, "choice.intensity", "choice.rule") is None


@pytest.mark.parametrize("form", ["html", "pdf", "svg"])
def test_it_is_written_in_every_format(report, form) -> None:
    data = files.written(report, form)
    assert data.startswith({"html": b"<!DOCTYPE html>", "pdf": b"%PDF-", "svg": b"<?xml"}[form])
    if form == "html":
        assert data.count(b"<figure>") == sum(isinstance(each, Picture) for each in report.pictures)


def test_a_sweep_stands_alone(swept: Path, folders) -> None:
    with pytest.raises(RunError, match="is a sweep and gets a report of its own; give it alone"):
        files.read([str(folders["tiny"]), str(swept)])
