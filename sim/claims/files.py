"""What the findings leave on disk: page, tables, figure, and a note of what made them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

import sim
from sim.analysis.study_files import save_tables
from sim.claims.findings import ClaimFound, Findings, PartFound
from sim.claims.page import page
from sim.claims.verdicts import UNTESTABLE
from sim.figures.claims import claims as forest_plot
from sim.run.folder import write_whole

PAGE, FIGURE, IMAGES = "claims.md", "claims", "images"


def save(found: Findings, folder: Path, *, command: str | None = None) -> list[Path]:
    """Write `claims.md`, `claims-answers`, `claims-draws` and the figure, in the place of older ones.

    Parameters
    ----------
    found
        What `sim.claims.findings.find` gave.
    folder
        Made if it is not there.
    command
        What made them, for the note `claims.json`.

    Returns
    -------
    The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    claims = [claim.claim for claim in found.claims]
    worlds = {world.hash for claim in claims for _, test in claim.tests() for world in test.worlds}
    about: Mapping[str, object] = {
        "draws": found.size.draws, "replicates": found.size.replicates, "runs": found.runs, "command": command,
        "claims": [claim.name for claim in claims], "worlds": sorted(worlds),
    }  # fmt: skip
    tables = {"claims-answers": found.answers, "claims-draws": found.draws}
    written = save_tables(folder, "claims", tables, about)
    written += _figure(found, folder)
    return [*written, write_whole(folder / PAGE, page(found, f"{FIGURE}.svg"))]


def save_page(found: Findings, folder: Path) -> list[Path]:
    """Write the page and its figure into a folder of documents: `claims.md` and `images/claims.svg`."""
    images = folder / IMAGES
    images.mkdir(parents=True, exist_ok=True)
    written = _figure(found, images, ("svg",))
    return [*written, write_whole(folder / PAGE, page(found, f"{IMAGES}/{FIGURE}.svg"))]


def forest(found: Findings) -> pd.DataFrame:
    """The rows of the forest plot: see `sim.figures.claims.claims`."""
    return pd.DataFrame([_bar(claim, i) for claim in found.claims for i in range(len(claim.parts))])


def _bar(claim: ClaimFound, place: int) -> dict[str, object]:
    part = claim.parts[place]
    letter = chr(ord("a") + place) if len(claim.parts) > 1 else ""
    topic = claim.claim.name.lstrip("0123456789-").replace("-", " ")
    head = f"{claim.claim.text.number}{letter} {topic}:"
    if not isinstance(part, PartFound):
        nothing = dict.fromkeys(("value", "low", "high", "counts_from", "counts_to"), math.nan)
        return {"name": f"{head} {part.name.replace('_', ' ')}", "verdict": UNTESTABLE, **nothing}
    test, own = part.test, part.own
    level = test.pair.control if isinstance(test.pair.control, float) else 0.0
    unit = test.smallest or abs(level) / 10 or 1.0
    sign = -1.0 if test.direction in ("down", "not_up") else 1.0
    ends = sorted((sign * own.low / unit, sign * own.high / unit), key=lambda x: (np.isnan(x), x))
    edge = test.smallest / unit
    counts = {
        "up": (edge, math.inf), "down": (edge, math.inf), "none": (-edge, edge), "not_up": (-edge, math.inf),
        "not_down": (-edge, math.inf),
    }[test.direction]  # fmt: skip
    verdict = part.verdict if not part.verdict.startswith("depends") else "depends"
    return {
        "name": f"{head} {part.part.name.replace('_', ' ')}", "verdict": verdict, "value": sign * own.median / unit,
        "low": ends[0], "high": ends[1], "counts_from": counts[0], "counts_to": counts[1],
    }  # fmt: skip


def _figure(found: Findings, folder: Path, formats: tuple[str, ...] = ("png", "svg")) -> list[Path]:
    from sim.figures import save as save_figure

    size = found.size
    source = f"aimarkets {sim.__version__}, {size.draws} draws x {size.replicates} seeds, {found.runs} runs"
    figure = forest_plot(forest(found), source=source)
    return save_figure(figure, folder / FIGURE, formats, {"Source": source}, numbers="png" in formats)
