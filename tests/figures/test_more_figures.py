"""Figures that are not of one run's tables alone: reasons, sensitivity, phase diagrams, pairs, scenarios."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.text import Text
from pandas import DataFrame

from sim.figures.decision import PARTS, decision
from sim.figures.plotted import plotted
from sim.figures.scenarios import fan, scenarios
from sim.figures.sensitivity import sensitivity, tornado
from sim.figures.style import preset
from sim.record import COMPONENTS
from tests.figures.made_up import decisions, indices, market, paired_of, path_of, phase_of, swept

WIDTHS = ("column", "page", "slide")
HOSTILE = ("<script>alert('&')</script>", "A$AP and $x^2$ & Co", "阿里巴巴\n\tLab", "W" * 200, "\x07")


def title_of(figure: Figure) -> str:
    said = next(text.get_text() for text in figure.texts if text.get_gid() == "title")
    return said.replace("\n", " ").replace("\u00a0", " ")


def words_of(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text))


@pytest.fixture(scope="module")
def cases(make) -> dict[str, Callable[..., Figure]]:
    """Every figure on ordinary data."""
    return {
        "decision": lambda **more: decision(decisions(), **more),
        "sobol": lambda **more: sensitivity(indices(), **more),
        "morris": lambda **more: sensitivity(indices(method="morris"), **more),
        "given-data": lambda **more: sensitivity(indices(method="given_data"), **more),
        "tornado": lambda **more: tornado(indices(), **more),
        "phase-grid": lambda **more: phase_of(swept(), baseline=(0.6, 50.0), **more),
        "phase-points": lambda **more: phase_of(swept(30, grid=False), baseline=(0.6, 50.0), **more),
        "paired": lambda **more: paired_of(path_of(), **more),
        "fan": lambda **more: fan(market(make), **more),
        "scenarios": lambda **more: scenarios(market(make), **more),
    }


NAMES = (
    "decision", "sobol", "morris", "given-data", "tornado", "phase-grid", "phase-points", "paired", "fan", "scenarios",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_ordinary(name, width, cases, assert_tidy):
    figure = cases[name](width=width, source="aimarkets 0.1.0, scenario 'baseline', seeds 1 to 8")
    assert_tidy(figure)
    assert figure.get_figwidth() == preset(width).inches
    assert figure.get_figheight() < 9.5
    assert "no data" not in words_of(figure)
    assert "nan" not in words_of(figure)
    assert len(plotted(figure))


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_hostile(name, cases, assert_tidy):
    keys = (
        "alibaba",
        "open_token_share",
        "labs.lab_0.capex_in_usd",
        "scenario_0",
        "china",
        "choice.intensity",
    )
    names = dict(zip(keys, HOSTILE * 2, strict=False))
    assert_tidy(cases[name](names=names, width="column", source="$a$ " * 200))


def empty(frame: DataFrame) -> DataFrame:
    return frame.iloc[:0]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "draw",
    [
        lambda make, **more: decision(empty(decisions()), **more),
        lambda make, **more: decision(decisions(forced=True), **more),
        lambda make, **more: sensitivity(empty(indices()), **more),
        lambda make, **more: tornado(empty(indices()), **more),
        lambda make, **more: phase_of(empty(swept()), **more),
        lambda make, **more: phase_of(swept().assign(open=np.nan), **more),
        lambda make, **more: paired_of(tuple(map(empty, path_of())), **more),
        lambda make, **more: paired_of(path_of(value=np.nan), **more),
        lambda make, **more: fan(empty(market(make)), **more),
        lambda make, **more: scenarios(empty(market(make)), **more),
    ],
)
def test_nothing_to_show(draw, width, make, assert_tidy):
    figure = draw(make, width=width)
    assert_tidy(figure)
    assert "no data" in words_of(figure)
    assert "nan" not in words_of(figure)


@pytest.mark.parametrize(
    "draw",
    [
        lambda make: decision(decisions(0.0, months=1)),
        lambda make: decision(decisions(1e5)),
        lambda make: decision(decisions().assign(closed_payoff=np.nan, closed_probability=np.nan)),
        lambda make: sensitivity(indices(1)),
        lambda make: sensitivity(indices(scale=0.0)),
        lambda make: sensitivity(indices().assign(low=np.nan, high=np.nan)),
        lambda make: sensitivity(indices(40)),
        lambda make: tornado(indices(1)),
        lambda make: tornado(indices(40, scale=1e9)),
        lambda make: phase_of(swept(1)),
        lambda make: phase_of(swept(3, grid=False), baseline=(math.nan, 1.0)),
        lambda make: phase_of(swept().assign(open=0.4)),
        lambda make: phase_of(swept().assign(open=lambda f: -7e6 * f["open"])),
        lambda make: phase_of(swept().iloc[::5]),
        lambda make: paired_of(path_of(1)),
        lambda make: paired_of(path_of(reach=np.nan)),
        lambda make: paired_of(path_of(value=0.0, reach=0.0)),
        lambda make: paired_of(path_of(value=300.0)),
        lambda make: fan(market(make, 8, runs=1)),
        lambda make: fan(market(make, 2, months=1)),
        lambda make: scenarios(market(make, 8, runs=1)),
        lambda make: scenarios(market(make).assign(open_token_share=np.nan)),
    ],
)
def test_other_numbers(draw, make, assert_tidy):
    figure = draw(make)
    assert_tidy(figure)
    assert "nan" not in words_of(figure)
    assert "inf" not in words_of(figure).replace("infl", "")


def test_reasons_add_up_and_the_title_names_the_strongest():
    figure = decision(decisions(), names={"alibaba": "Alibaba"})
    assert (
        title_of(figure)
        == "Alibaba chose 'open' over 'open, restricted' in March 2025, mainly for outside funding"
    )
    numbers = plotted(figure)
    bars = numbers[numbers["panel"].str.startswith("Open less")].set_index("series")["value"]
    assert bars.to_dict() == pytest.approx({"own service": -2.0, "outside funding": 5.0, "in all": 3.0})
    assert bars.iloc[:-1].sum() == pytest.approx(bars["in all"])


def test_a_choice_against_the_payoffs_is_called_chance():
    rows = decisions()
    rows["open_payoff"] -= 1e6
    rows["open_api"] -= 1e6
    assert "by chance: it paid 97 % of its revenue less" in title_of(decision(rows))


def test_a_choice_is_found_by_lab_and_month():
    rows = pd.concat([decisions(), decisions(lab="baidu", months=6)])
    assert title_of(decision(rows, lab="alibaba", month="2025-02")).startswith("Alibaba chose 'open'")
    assert "February 2025" in title_of(decision(rows, lab="alibaba", month="2025-02-20"))
    assert "June 2025" in title_of(decision(rows))


def test_every_component_has_words():
    assert tuple(PARTS) == COMPONENTS


def test_the_strongest_parameter_is_on_top_and_in_the_title():
    mixed = indices().sample(frac=1.0, random_state=1)
    figure = sensitivity(mixed, names={"labs.lab_0.capex_in_usd": "capital of lab 0"})
    said = "Open token share depends most on capital of lab 0 (100 % of its variance), then on labs.lab_1.capex_in_usd"
    assert title_of(figure) == said
    assert plotted(figure)["series"].iloc[0] == "labs.lab_0.capex_in_usd"


def test_what_is_left_out_is_said():
    assert "25 weaker parameters are left out" in words_of(sensitivity(indices(40))).replace("\n", " ")


def test_the_title_of_a_tornado_says_which_way():
    falling = indices().replace({"measure": {"mean_low": "mean_high", "mean_high": "mean_low"}})
    for table, way in ((indices(), "raises"), (falling, "lowers")):
        said = f"labs.lab_0.capex_in_usd, from low to high, {way} open token share most: by 0.5"
        assert title_of(tornado(table)) == said


def test_a_grid_is_shown_cell_by_cell_with_its_means():
    figure = phase_of(swept(6, runs=3))
    mesh = next(item for item in figure.axes[0].collections if isinstance(item, QuadMesh))
    assert mesh.get_array().shape == (6, 6)
    numbers = plotted(figure)
    assert len(numbers) == 36
    assert numbers["value"].max() == pytest.approx(swept()["open"].max())
    assert "mean of 3 runs each" in words_of(figure)
    assert "(log scale)" in words_of(figure).replace("\u00a0", " ")


def test_titles_of_pairs_tell_what_is_sure_and_nothing_else():
    path, ends = path_of()
    unsure = ends.assign(low=ends["low"].where(ends["column"] == "lag", -1.0))
    assert title_of(paired_of((path, unsure))) == "With 'No controls' Chinese labs' lag rises by 0.1 months"
    assert title_of(paired_of((path, ends.assign(low=-1.0)))) == "'No controls': no measure clearly changes"
    falls = ends.assign(difference=-0.2, low=-0.3, high=-0.1)
    assert "Chinese labs' probability of opening falls by 20 points" in title_of(paired_of((path, falls)))


def test_zero_is_on_every_axis_of_a_comparison():
    for axes in paired_of(path_of(value=0.4)).axes:
        low, high = axes.get_ylim()
        assert low <= 0.0 <= high


def test_scenarios_keep_their_order_and_have_a_colour_each(make):
    figure = fan(market(make, 3))
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 5]
    assert len({line.get_color() for line in lines}) == 3
    assert list(dict.fromkeys(plotted(figure)["series"])) == ["Scenario 0", "Scenario 1", "Scenario 2"]
