"""Files: the same bytes every time, text as text, fonts embedded, provenance inside."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from PIL import Image

from sim.figures import FIGURES, draw_all, save
from sim.figures.saving import alt_text

FACTS = {"Scenario": "baseline", "Seed": "1", "Version": "0.1.0"}


@pytest.fixture(scope="module")
def twice(make, context, tmp_path_factory):
    """Every figure drawn and saved two times, the second time under another style and place."""
    folders = [tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")]
    rude = {
        "axes.grid": True,
        "font.family": "serif",
        "lines.linewidth": 9,
        "savefig.dpi": 20,
        "axes.facecolor": "red",
    }
    for folder, settings in zip(folders, ({}, rude), strict=True):
        with mpl.rc_context(settings):
            for name, figure in draw_all(make(runs=2), context):
                save(figure, folder / name, metadata=FACTS)
    return folders


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_reruns_are_identical_whatever_the_caller_has_set(name, suffix, twice):
    one, two = (folder / f"{name}.{suffix}" for folder in twice)
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("name", FIGURES)
def test_svg_has_text_as_text_and_no_date(name, twice):
    source = (twice[0] / f"{name}.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(source)
    words = " ".join("".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "Source: aimarkets 0.1.0" in words
    assert "Scenario: baseline; Seed: 1; Version: 0.1.0" in source
    assert not re.search(r"<dc:date>", source)
    assert "'DejaVu Sans', 'Verdana'" in source
    assert len(source) < 400_000


@pytest.mark.parametrize("name", FIGURES)
def test_png_has_its_printed_size_and_provenance(name, twice):
    with Image.open(twice[0] / f"{name}.png") as image:
        assert image.width == 1950
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert image.info["Scenario"] == "baseline"
        assert image.info["Description"].startswith(image.info["Title"].replace("\u00a0", " "))


def test_pdf_embeds_truetype_and_repeats(make, context, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        figure = FIGURES["adoption-open"](make(), context)
        save(figure, tmp_path / folder / "x.y", formats=["pdf"], metadata=FACTS)
    data = (tmp_path / "a" / "x.y.pdf").read_bytes()
    assert data == (tmp_path / "b" / "x.y.pdf").read_bytes()
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    assert b"CreationDate" not in data


def test_saving_twice_and_drawing_between_changes_nothing(make, context, tmp_path):
    figure = FIGURES["frontier"](make(), context)
    first = save(figure, tmp_path / "one")
    figure.draw_without_rendering()
    second = save(figure, tmp_path / "two")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert [path.name for path in first] == ["one.png", "one.svg"]


def test_alt_text_is_the_finding_and_the_measure(make, context):
    said = alt_text(FIGURES["prices"](make(), context))
    assert re.fullmatch(
        r"The price of GPT-4's capability falls [\d.]+-fold a year, "
        r"the price of the best model \w+( [\d.]+-fold)?\. "
        r"Prices of model use in the world, Nov 2022 to Dec 2030\. One run\.",
        said,
    )


def test_an_unknown_format_is_named(make, context, tmp_path):
    figure = FIGURES["prices"](make(), replace(context, width="column"))
    with pytest.raises(ValueError, match=r"^formats: found 'jpeg', allowed are png, svg, pdf$"):
        save(figure, tmp_path / "x", formats=["png", "jpeg"])
    assert not list(tmp_path.iterdir())


def test_figures_stay_light(make, context):
    for name, figure in draw_all(make(runs=8), context):
        assert len(figure.findobj()) < 450, name
