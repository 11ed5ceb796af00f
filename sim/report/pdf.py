"""A report as PDF: words and tables set by ReportLab, figures laid over their places as the vectors that they are."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure
from pypdf import PdfReader, PdfWriter, Transformation
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, KeepTogether, ListFlowable, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from sim.figures.saving import write
from sim.figures.style import CLOSED, MUTED, TEXT
from sim.figures.text import plain
from sim.report.content import Block, Picture, Points, Report, Table

SIDE = (A4[0] - 6.5 * inch) / 2  # figures are 6.5 inches wide
TOP, BOTTOM = 0.55 * inch, 0.65 * inch
WIDE, HIGH = A4[0] - 2 * SIDE, A4[1] - TOP - BOTTOM - 12
HALF, LEAST = 4.85 * inch, 0.92
"""Figures a little higher than half a page are made smaller, so that two stand on a page; by no more than this."""
FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"


class _Place(Flowable):  # type: ignore[misc]
    """The place of a figure; it remembers where it came to stand."""

    def __init__(self, data: bytes, wide: float, high: float) -> None:
        super().__init__()
        self.data, self.width, self.height = data, wide, high
        self.page, self.at = 0, (0.0, 0.0)

    def draw(self) -> None:
        self.page = self.canv.getPageNumber() - 1
        self.at = self.canv.absolutePosition(0, 0)


def pdf(report: Report, progress: Callable[[int, int], None] | None = None) -> bytes:
    """Write a report as PDF; the same report gives the same bytes.

    Parameters
    ----------
    report, progress
        As in `sim.report.html.html`.
    """
    _fonts()
    styles = _styles()
    places: list[_Place] = []
    story: list[Any] = [Paragraph(_words(report.title), styles["title"])]
    story += [Paragraph(_words(text), styles["asked"]) for text in report.asked]
    story += [Paragraph(_words(text), styles["answer"]) for text in report.answer]
    for section in report.sections:
        heading: list[Any] = [Paragraph(_words(section.heading), styles["heading"])]
        for block in section.blocks:
            parts = _set(block, styles, places, report)
            if isinstance(block, Picture) and progress is not None:
                progress(len(places), len(report.pictures))
            story += [KeepTogether(heading + parts[:1]), *parts[1:]] if heading else parts
            heading = []
    data = BytesIO()
    document = SimpleDocTemplate(
        data, pagesize=A4, leftMargin=SIDE, rightMargin=SIDE, topMargin=TOP, bottomMargin=BOTTOM,
        title=plain(report.title), author=f"aimarkets {report.about.get('Version', '')}", invariant=1,
    )  # fmt: skip
    foot = plain(f"aimarkets {report.about.get('Version', '')} · {report.about.get('Scenario', '')}")

    def number(canvas: Any, _: Any) -> None:
        canvas.setFont(FONT, 7)
        canvas.setFillColor(colors.HexColor(MUTED))
        canvas.drawString(SIDE, 0.4 * inch, foot[:110])
        canvas.drawRightString(A4[0] - SIDE, 0.4 * inch, str(canvas.getPageNumber()))

    document.build(story, onFirstPage=number, onLaterPages=number)
    return _laid_over(data, places, report)


def _fonts() -> None:
    """The typeface of the figures; matplotlib brings it along."""
    folder = Path(mpl.get_data_path(), "fonts", "ttf")
    for name in (FONT, BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)


def _styles() -> dict[str, ParagraphStyle]:
    body = ParagraphStyle("body", fontName=FONT, fontSize=9, leading=12.5, spaceAfter=5, textColor=TEXT)
    return {
        "body": body,
        "title": ParagraphStyle("title", body, fontName=BOLD, fontSize=17, leading=21, spaceAfter=8),
        "asked": ParagraphStyle("asked", body, textColor=MUTED),
        "answer": ParagraphStyle(
            "answer", body, fontSize=10, leading=14.5, leftIndent=10, spaceBefore=3, borderColor=CLOSED,
            backColor="#F5F7F9", borderPadding=(3, 4, 5, 4),
        ),
        "heading": ParagraphStyle(
            "heading", body, fontName=BOLD, fontSize=12, leading=15, spaceBefore=10, spaceAfter=4
        ),
        "cell": ParagraphStyle("cell", body, fontSize=7, leading=8.8, spaceAfter=0, splitLongWords=True),
        "head": ParagraphStyle("head", body, fontName=BOLD, fontSize=7, leading=8.8, spaceAfter=0),
        "note": ParagraphStyle("note", body, fontSize=7.5, leading=10, textColor=MUTED),
    }  # fmt: skip


def _words(text: str) -> str:
    """Text as ReportLab takes it: markup escaped, characters that the font lacks as boxes."""
    return escape(plain(text))


def _set(block: Block, styles: dict[str, ParagraphStyle], places: list[_Place], report: Report) -> list[Any]:
    """What a block becomes on paper."""
    if isinstance(block, Picture):
        places.append(_place(block.draw("page"), report.about))
        caption = [Paragraph(_words(block.caption), styles["note"])] if block.caption else []
        return [KeepTogether([places[-1], *caption]), Spacer(1, 10)]
    if isinstance(block, Table):
        note = [Paragraph(_words(block.note), styles["note"])] if block.note else []
        return [*note, _grid(block, styles), Spacer(1, 8)]
    if isinstance(block, Points):
        items = [Paragraph(_words(item), styles["body"]) for item in block.items]
        return [ListFlowable(items, bulletType="bullet", start="•", bulletFontName=FONT, leftIndent=12)]
    return [Paragraph(_words(block), styles["body"])]


def _place(figure: Figure, about: dict[str, str]) -> _Place:
    data = BytesIO()
    write(figure, data, "pdf", about)
    wide, high = (72 * float(inches) for inches in figure.get_size_inches())
    shrink = min(1.0, WIDE / wide, (HIGH - 40) / high)
    if HALF < high * shrink <= HALF / LEAST:
        shrink = HALF / high
    return _Place(data.getvalue(), wide * shrink, high * shrink)


def _grid(table: Table, styles: dict[str, ParagraphStyle]) -> Grid:
    """A table whose columns get room by the length of their words."""
    rows = [list(table.head), *map(list, table.rows)]
    longest = [max(min(max(len(row[i]) for row in rows), 34), 7) for i in range(len(table.head))]
    widths = [WIDE * size / sum(longest) for size in longest]
    cells = [
        [
            Paragraph(_words(cell), styles["head" if number == 0 or i == 0 else "cell"])
            for i, cell in enumerate(row)
        ]
        for number, row in enumerate(rows)
    ]
    grid = Grid(cells, colWidths=widths, repeatRows=1)
    grid.setStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.HexColor(TEXT)),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, colors.HexColor("#DDDDDD")),
        ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ])  # fmt: skip
    return grid


def _laid_over(data: BytesIO, places: list[_Place], report: Report) -> bytes:
    """Lay each figure over the place that was kept for it."""
    writer = PdfWriter(PdfReader(data))
    for place in places:
        figure = PdfReader(BytesIO(place.data)).pages[0]
        scale = place.width / float(figure.mediabox.width)
        way = Transformation().scale(scale).translate(*place.at)
        writer.pages[place.page].merge_transformed_page(figure, way)
    writer.add_metadata({"/Title": report.title, "/Creator": "aimarkets", "/Keywords": _keywords(report)})
    writer.compress_identical_objects()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _keywords(report: Report) -> str:
    return "; ".join(f"{key}: {value}" for key, value in report.about.items())
