"""The PDF: the same words, figures as vectors, fonts embedded, the same bytes every time."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise

import pytest
from pypdf import PdfReader

from sim.figures.text import plain
from sim.report import files, pdf


@pytest.fixture(scope="module")
def report(folders):
    return files.read([str(folders["wild"]), str(folders["rich"])])


@pytest.fixture(scope="module")
def data(report) -> bytes:
    return files.written(report, "pdf")


@pytest.fixture(scope="module")
def words(data) -> str:
    pages = PdfReader(BytesIO(data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_it_holds_every_section_and_the_answer(report, words) -> None:
    places = [words.find(plain(section.heading)) for section in report.sections]
    assert min(places) >= 0
    assert all(a < b for a, b in pairwise(places[-3:]))
    for sentence in report.answer:
        assert " ".join(plain(sentence).replace("\u00a0", " ").split())[:60] in words.replace("\u00a0", " ")


def test_names_stay_words(words) -> None:
    assert "<script>alert('x')</script> &" in words


def test_every_figure_is_on_a_page_as_text_and_lines(report, words) -> None:
    figure = report.pictures[0].draw("page")
    title = next(text.get_text() for text in figure.texts if text.get_gid() == "title")
    assert " ".join(title.replace("\u00a0", " ").split())[:40] in words.replace("\u00a0", " ")


def test_fonts_are_embedded_and_nothing_is_a_bitmap_of_a_figure(data) -> None:
    pages = PdfReader(BytesIO(data)).pages
    assert len(pages) > 3
    fonts = [
        font.get_object()
        for page in pages
        for font in (page["/Resources"].get("/Font") or {}).values()
    ]
    assert fonts
    assert all(font["/Subtype"] != "/Type3" for font in fonts)
    assert b"/FontFile2" in data
    assert not any(page.images for page in pages)


def test_the_same_report_gives_the_same_bytes(report, data) -> None:
    assert pdf.pdf(report) == data


def test_figures_lie_within_their_page(report) -> None:
    for picture in report.pictures[:3]:
        place = pdf._place(picture.draw("page"), report.about)
        assert place.width <= pdf.WIDE + 1e-6
        assert place.height <= pdf.HIGH
