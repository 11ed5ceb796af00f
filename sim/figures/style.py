"""The look of every figure: one style sheet, one palette, three widths.

Colours are fixed by meaning, so that open and closed, a region, a release mode or a firm look the same in
every figure. Closed, open, third party, hardware and black survive the common kinds of colour blindness, and
so do the regions beside them; a test simulates that. Dash and marker are the second channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any
from zlib import crc32

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb

CLOSED, OPEN, THIRD_PARTY, HARDWARE, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"
TEXT, MUTED, RULE, GRID, OTHER = "#222222", "#555555", "#B5B5B5", "#E6E6E6", "#B0B0B0"

MODE_NAMES = ("closed", "open_lagged", "open_restricted", "open")
MODES = dict(zip(MODE_NAMES, (CLOSED, "#8FC3E4", "#F4B183", OPEN), strict=True))

REGIONS = {"us": "#332288", "china": "#8B1A1A", "row": "#DDAA33", "world": BLACK}
MORE_REGIONS = ("#00BFE6", "#59003C", "#806065", "#4C00E6", "#7CA68A", "#594359")

# US firms in cool colours, Chinese firms in warm ones, others in olive and sand: a hint, never the only one.
FIRMS = {
    "openai": "#10454F", "google": "#2F7FC1", "google_deepmind": "#2F7FC1", "anthropic": "#6A51A3",
    "meta": "#35978F", "microsoft": "#7FB7BE", "amazon": "#40608A", "xai": "#6E6E6E", "mistral": "#B8860B",
    "alibaba": "#E07B00", "tencent": "#B5179E", "baidu": "#C9302C", "deepseek": "#8B1A1A",
    "bytedance": "#E5679A", "sensetime": "#9C6644", "zhipu": "#D9A400", "moonshot": "#5E0B3D",
    "minimax": "#F28E6B", "azure": "#7FB7BE", "aws": "#40608A", "google_cloud": "#2F7FC1",
    "alibaba_cloud": "#E07B00", "tencent_cloud": "#B5179E", "volcano_engine": "#E5679A",
    "baidu_ai_cloud": "#C9302C", "independent_hosts": THIRD_PARTY,
}  # fmt: skip
MORE_FIRMS = (
    "#4E79A7", "#A0713C", "#59A14F", "#AF7AA1", "#76B7B2", "#C44E52", "#8C8C3F", "#5B5EA6", "#D37295",
    "#3A7D44",
)  # fmt: skip
SCENARIOS = (BLACK, "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8C6D31", "#5B5EA6", "#6E6E6E")
Dash = str | tuple[float, tuple[float, ...]]
DASHES: tuple[Dash, ...] = ("solid", (0, (5, 1.5)), (0, (1.6, 1.2)), (0, (7, 1.5, 1.5, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")

# matplotlib brings DejaVu Sans along, so every machine measures alike; where a reader of an SVG lacks it,
# Verdana has nearly the same widths.
FONTS = ["DejaVu Sans", "Verdana", "Geneva", "sans-serif"]
RC: dict[str, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": FONTS,
    "font.size": 9.0,
    "text.parse_math": False,  # a firm may be called "A$AP"; two dollar signs must not start a formula
    "text.hinting": "none",
    "axes.unicode_minus": True,
    "axes.linewidth": 0.6,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": BLACK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": TEXT,
    "ytick.labelcolor": TEXT,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.bbox": None,  # the canvas is the page: tight boxes would change the printed size
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "aimarkets",
    "path.simplify": True,
}
_LOCK = RLock()


@dataclass(frozen=True)
class Width:
    """A size preset: inches, and type sizes in points."""

    inches: float
    title: float
    base: float
    small: float
    line: float
    panel: float  # height of a panel in inches, where a figure does not say otherwise
    height: float | None = None  # None: as tall as the panels need
    columns: int = 1  # most panels side by side


WIDTHS = {
    "column": Width(3.15, 9.5, 8.0, 7.0, 1.2, 1.25),
    "page": Width(6.5, 11.0, 8.5, 7.0, 1.4, 1.6),
    "slide": Width(10.0, 18.0, 13.0, 11.0, 2.2, 2.5, height=5.625, columns=3),
}


def preset(width: str) -> Width:
    """The size preset of this name.

    Raises
    ------
    ValueError
        If there is no such preset.
    """
    if width not in WIDTHS:
        raise ValueError(f"width: found '{width}', allowed are {', '.join(WIDTHS)}")
    return WIDTHS[width]


# The sheet stands on matplotlib's own defaults, not on what a notebook has set; what is about screens stays.
_SCREEN = (
    "backend",
    "interactive",
    "toolbar",
    "webagg",
    "tk",
    "macosx",
    "keymap",
    "timezone",
    "date",
    "figure.hooks",
)
_SHEET: Any = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(_SCREEN)} | RC


@contextmanager
def styled() -> Iterator[None]:
    """Put the style sheet in force, over whatever the caller's matplotlib is set to."""
    with _LOCK, mpl.rc_context(_SHEET):
        yield


def region_colour(region: str) -> str:
    """The colour of a region, the same in every figure; unknown names draw from a fixed cycle by name."""
    return REGIONS.get(region) or MORE_REGIONS[crc32(region.encode()) % len(MORE_REGIONS)]


def firm_colour(firm: str) -> str:
    """The colour of a firm, the same in every figure; unknown names draw from a fixed cycle by name."""
    return FIRMS.get(firm) or MORE_FIRMS[crc32(firm.encode()) % len(MORE_FIRMS)]


def firm_dash(firm: str) -> Dash:
    """The dash of a firm's line, the second channel beside its colour."""
    known = list(FIRMS)
    place = known.index(firm) if firm in FIRMS else crc32(firm.encode()) // len(MORE_FIRMS)
    return DASHES[place % len(DASHES)]


def firm_marker(firm: str) -> str:
    """The marker of a firm's points, the second channel beside its colour."""
    return MARKERS[(list(FIRMS).index(firm) if firm in FIRMS else crc32(firm.encode())) % len(MARKERS)]


def tint(colour: str, share: float) -> str:
    """A colour mixed with white; `share` is what remains of the colour."""
    red, green, blue = (1 - share * (1 - part) for part in to_rgb(colour))
    return to_hex((red, green, blue))


def ink(colour: str) -> str:
    """The colour for words: darkened until it reads on white (contrast 4.5 to 1, WCAG 2.1)."""
    rgb = to_rgb(colour)
    while _contrast(rgb) < 4.5:
        rgb = (rgb[0] * 0.96, rgb[1] * 0.96, rgb[2] * 0.96)
    return to_hex(rgb)


def _contrast(rgb: tuple[float, float, float]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
