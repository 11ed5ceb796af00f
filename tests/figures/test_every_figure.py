"""Every figure, on data as they come: words never overlap, nothing leaves the page, nothing warns."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from matplotlib.colors import same_color, to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from pandas import DataFrame

from sim.figures import FIGURES, draw_all
from sim.figures.style import BLACK, preset
from sim.record import TABLES

WIDTHS = ("column", "page", "slide")


def _words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def _title(figure: Figure) -> str:
    return next(text.get_text() for text in figure.texts if text.get_gid() == "title")


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("runs", [1, 8])
def test_ordinary(name, width, runs, make, context, assert_tidy):
    figure = FIGURES[name](make(runs=runs), replace(context, width=width))
    assert_tidy(figure)
    assert figure.get_figwidth() == preset(width).inches
    assert figure.get_figheight() < 9.5
    assert "no data" not in _words(figure)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_rows(name, width, make, context, assert_tidy):
    empty = {table: frame.iloc[:0] for table, frame in make().items()}
    figure = FIGURES[name](empty, replace(context, width=width))
    assert_tidy(figure)
    assert "no data" in _words(figure)
    assert "nan" not in " ".join(_words(figure))


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("runs", [1, 3])
def test_one_month(name, runs, make, context, assert_tidy):
    figure = FIGURES[name](make(months=1, runs=runs), context)
    assert_tidy(figure)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("months", [2, 14, 300])
def test_other_spans(name, months, make, context, assert_tidy):
    assert_tidy(FIGURES[name](make(months=months), context))


@pytest.fixture(scope="module")
def holed(make):
    """The maker of tables in which much is missing, whole columns too, and some is infinite; kept."""

    def with_holes(runs: int) -> dict[str, DataFrame]:
        rng = np.random.default_rng(7)
        tables = {}
        for table, frame in make(runs=runs).items():
            frame = frame.copy()
            for number, column in enumerate(TABLES[table].values):
                if column.kind == "number" and column.name != "active" and len(frame):
                    values = frame[column.name].to_numpy(dtype=float).copy()
                    values[rng.random(len(values)) < (1.0 if number % 7 == 3 else 0.3)] = np.nan
                    values[rng.random(len(values)) < 0.01] = np.inf
                    frame[column.name] = values
            tables[table] = frame
        return tables

    return cache(with_holes)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("runs", [1, 8])
def test_holes(name, runs, holed, context, assert_tidy):
    figure = FIGURES[name](holed(runs), context)
    assert_tidy(figure)
    assert "nan" not in _title(figure)
    assert "inf" not in _title(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_all_holes(name, make, context, assert_tidy):
    bare = {
        table: frame.assign(**{c.name: np.nan for c in TABLES[table].values if c.kind == "number"})
        for table, frame in make(runs=2).items()
    }
    assert_tidy(FIGURES[name](bare, context))


@pytest.mark.parametrize("name", ["adoption-firms", "margins-firms", "release-modes"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("runs", [1, 3])
def test_forty_firms(name, width, runs, make, context, assert_tidy):
    assert_tidy(FIGURES[name](make(firms=40, runs=runs), replace(context, width=width)))


@pytest.mark.parametrize("name", FIGURES)
def test_hostile_names(name, make, context, assert_tidy):
    names = {
        "openai": "<script>alert('&')</script>", "google": "A$AP and $x^2$ & Co",
        "alibaba": "阿里巴巴 Qwen\n\tLab",
        "us": "The United States of America and its outlying islands, territories and minor possessions",
        "china": "$", "meta": "\x07", "anthropic": "W" * 300,
    }  # fmt: skip
    for width in ("column",) if name != "release-modes" else ("column", "page"):
        figure = FIGURES[name](make(runs=2), replace(context, names=names, width=width, source="$a$ " * 200))
        assert_tidy(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_many_events(name, make, context, assert_tidy):
    events = [(f"{2023 + i // 12}-{i % 12 + 1:02d}-01", f"Rule number {i} of a hundred") for i in range(90)]
    assert_tidy(FIGURES[name](make(), replace(context, events=events)))


def test_losses_are_shown_and_what_is_cut_is_said(make, context, assert_tidy):
    frames = {**make(), "market": make()["market"].assign(margin_closed=-7.5, margin_clouds=-0.4)}
    figure = FIGURES["margins-roles"](frames, context)
    assert_tidy(figure)
    assert any("Lower values are cut off." in words.replace("\n", " ") for words in _words(figure))


def test_sizes_of_type_are_printable(make, context):
    for _, figure in draw_all(make(runs=2), context):
        sizes = {text.get_fontsize() for text in figure.findobj(Text) if text.get_text()}
        assert min(sizes) >= 7


def test_log_axes_say_so_and_shares_run_from_zero_to_one(make, context):
    for name, figure in draw_all(make(runs=2), context):
        words = " ".join(_words(figure)).replace("\n", " ").replace("\u00a0", " ")
        scales = [axes.get_yscale() for axes in figure.axes]
        assert words.count("(log scale)") == scales.count("log"), name
        if name in ("adoption-open", "adoption-countries", "adoption-firms", "propensity"):
            assert all(axes.get_ylim() == (0, 1) for axes in figure.axes)


def test_observed_points_are_black_and_in_the_key(make, context):
    observed = make()["market"][["month", "region"]].assign(indicator="open_token_share", value=0.25)
    observed = observed[observed["region"] == "world"].iloc[::12]
    figure = FIGURES["adoption-open"](make(), replace(context, observed=observed))
    assert "observed, of tokens" in _words(figure)
    assert "observed, of spending" not in _words(figure)
    points = [
        [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata()) > 5]
        for axes in figure.axes
    ]
    assert [len(found) for found in points] == [0, 0, 1]
    assert same_color(points[2][0].get_color(), BLACK)


def test_the_order_of_rows_changes_nothing(make, context):
    frames = make(runs=3)
    mixed = {table: frame.sample(frac=1, random_state=3) for table, frame in frames.items()}
    for name in FIGURES:
        one, two = (FIGURES[name](some, context) for some in (frames, mixed))
        assert _words(one) == _words(two), name
        for left, right in zip(one.axes, two.axes, strict=True):
            for line, same in zip(left.lines, right.lines, strict=True):
                np.testing.assert_allclose(line.get_ydata(), same.get_ydata())


def test_a_missing_table_and_an_unknown_figure_are_named(make, context):
    with pytest.raises(KeyError, match="adoption_countries: needs table 'usage', found market"):
        FIGURES["adoption-countries"]({"market": make()["market"]}, context)
    with pytest.raises(KeyError, match="figure 'adoption': allowed are adoption-open, "):
        list(draw_all(make(), context, ["adoption"]))


def test_labels_have_the_colour_of_their_line(make, context):
    figure = FIGURES["prices"](make(), context)
    labels = {text.get_text(): to_hex(text.get_color()) for text in figure.texts}
    assert labels["Closed models"] == "#0072b2"
    assert labels["Open models"].startswith("#")
    assert labels["Open models"] != labels["Closed models"]
