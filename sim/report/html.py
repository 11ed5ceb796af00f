"""A report as one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from sim.figures.plotted import plotted
from sim.figures.saving import alt_text, write
from sim.report.content import Picture, Points, Report, Table

NARROW = "column"
"""The width preset for screens too narrow for a page's figure."""


def html(report: Report, progress: Callable[[int, int], None] | None = None) -> str:
    """Write a report as HTML; every name in it is escaped.

    Parameters
    ----------
    report
        What to write.
    progress
        Called with the figures drawn and all.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.tests["picture"] = lambda block: isinstance(block, Picture)
    environment.tests["table"] = lambda block: isinstance(block, Table)
    environment.tests["points"] = lambda block: isinstance(block, Points)
    drawn: dict[str, dict[str, Any]] = {}
    pictures = report.pictures
    for done, picture in enumerate(pictures):
        drawn[picture.name] = _drawn(picture, report.about)
        if progress is not None:
            progress(done + 1, len(pictures))
    return environment.get_template("report.html").render(report=report, drawn=drawn)


def _drawn(picture: Picture, about: dict[str, str]) -> dict[str, Any]:
    """A figure as text for the page: both widths, alternative text, numbers."""
    wide, narrow = picture.draw("page"), picture.draw(NARROW)
    numbers = StringIO()
    plotted(wide).to_csv(numbers, index=False, float_format="%.6g", lineterminator="\n")
    return {
        "wide": _uri("image/svg+xml", _svg(wide, about)),
        "narrow": _uri("image/svg+xml", _svg(narrow, about)),
        "size": tuple(round(96 * inches) for inches in wide.get_size_inches()),
        "alt": alt_text(wide),
        "csv": _uri("text/csv", numbers.getvalue().encode()),
    }


def _svg(figure: Figure, about: dict[str, str]) -> bytes:
    data = BytesIO()
    write(figure, data, "svg", about)
    return data.getvalue()


def _uri(kind: str, data: bytes) -> Markup:
    """A data address; its letters need no escaping."""
    return Markup(f"data:{kind};base64,{base64.b64encode(data).decode()}")
