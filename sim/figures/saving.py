"""Writing figures: the same bytes every time, with provenance in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from matplotlib.figure import Figure

from sim.figures.plotted import plotted
from sim.figures.style import styled

DPI = 300
FORMATS = ("png", "svg", "pdf")


def alt_text(figure: Figure) -> str:
    """What the figure says, for those who do not see it: the finding and the measure."""
    parts = {
        str(words.get_gid()): words.get_text().replace("\n", " ") for words in figure.texts if words.get_gid()
    }
    said = [parts[part].rstrip(".") for part in ("title", "subtitle") if parts.get(part)]
    return ". ".join(said).replace("\u00a0", " ") + "."


def save(
    figure: Figure,
    path_without_suffix: str | Path,
    formats: Sequence[str] = ("png", "svg"),
    metadata: Mapping[str, str] | None = None,
    *,
    numbers: bool = False,
) -> list[Path]:
    """Write a figure in some formats, at its printed size.

    Parameters
    ----------
    figure
        As the functions of this package return it.
    path_without_suffix
        Folder and name; the suffix is added.
    formats
        Of "png" (300 dots an inch), "svg" (text as text) and "pdf" (fonts embedded).
    metadata
        Scenario, runs, seed, version and the like, written into the file. No date is added, so that the same
        figure gives the same bytes.
    numbers
        Whether to write the plotted numbers (.csv) and the alternative text (.txt) beside it too.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        If a format is not one of these.
    """
    stem = Path(path_without_suffix)
    unknown = [suffix for suffix in formats if suffix not in FORMATS]
    if unknown:
        raise ValueError(f"formats: found '{unknown[0]}', allowed are {', '.join(FORMATS)}")
    written = []
    for suffix in formats:
        path = stem.with_name(f"{stem.name}.{suffix}")
        write(figure, path, suffix, metadata)
        written.append(path)
    return [*written, *_write_numbers(figure, stem)] if numbers else written


def write(
    figure: Figure,
    target: Path | IO[bytes],
    suffix: str,
    metadata: Mapping[str, str] | None = None,
    dpi: int = DPI,
) -> None:
    """Write a figure in one format to a file or a stream; see `save`. `dpi`: dots an inch of a PNG."""
    facts = {"Description": alt_text(figure), **dict(metadata or {})}
    facts.setdefault("Title", _title(figure))
    extra: dict[str, Any] = {"pil_kwargs": {"compress_level": 4}} if suffix == "png" else {}
    with styled():
        figure.savefig(target, format=suffix, dpi=dpi, metadata=_WRITERS[suffix](facts), **extra)


def _write_numbers(figure: Figure, stem: Path) -> list[Path]:
    """What the figure shows as numbers, and what it says as words, for those who cannot see it."""
    table, words = (stem.with_name(f"{stem.name}.{suffix}") for suffix in ("csv", "txt"))
    plotted(figure).to_csv(table, index=False, float_format="%.6g", lineterminator="\n")
    words.write_text(f"{alt_text(figure)}\n", encoding="utf-8")
    return [table, words]


def _title(figure: Figure) -> str:
    return next(
        (words.get_text().replace("\n", " ") for words in figure.texts if words.get_gid() == "title"), ""
    )


def _png(facts: Mapping[str, str]) -> dict[str, Any]:
    return {"Software": "aimarkets", **facts}


def _rest(facts: Mapping[str, str]) -> str:
    return "; ".join(f"{key}: {value}" for key, value in facts.items() if key not in ("Title", "Description"))


def _svg(facts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "Title": facts["Title"],
        "Description": facts["Description"],
        "Source": _rest(facts) or None,
        "Creator": "aimarkets",
        "Date": None,
    }


def _pdf(facts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "Title": facts["Title"],
        "Subject": facts["Description"],
        "Keywords": _rest(facts) or None,
        "Creator": "aimarkets",
        "Producer": None,
        "CreationDate": None,
    }


_WRITERS = {"png": _png, "svg": _svg, "pdf": _pdf}
