"""The palette survives colour blindness, means the same everywhere, and can be read."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sim.figures import style

# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
SEEING = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip
LMS = [
    [0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]  # fmt: skip
LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]  # fmt: skip


def _distance(one: str, two: str, kind: str) -> float:
    """Distance in OKLab times 100, as seen with this kind of vision."""

    def oklab(colour: str) -> np.ndarray:
        rgb = np.array(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        seen = np.clip(np.array(SEEING[kind]) @ linear, 0, 1)
        return np.array(LAB) @ np.cbrt(np.array(LMS) @ seen)

    return float(100 * np.linalg.norm(oklab(one) - oklab(two)))


@pytest.mark.parametrize("kind", SEEING)
def test_colours_that_meet_in_a_figure_can_be_told_apart(kind):
    regions = [style.REGIONS[key] for key in ("us", "china", "row")]
    meeting = [
        (style.CLOSED, style.OPEN, style.THIRD_PARTY),
        (style.CLOSED, style.OPEN, *regions[:2]),
        (*regions, style.BLACK),
        (style.CLOSED, style.THIRD_PARTY, style.HARDWARE, style.BLACK),
        tuple(style.MODES.values()),
    ]
    for group in meeting:
        for one, two in combinations(group, 2):
            assert _distance(one, two, kind) > 7, (one, two)


def test_regions_are_not_open_nor_closed():
    for colour in (*style.REGIONS.values(), *style.MORE_REGIONS):
        for kind in SEEING:
            assert _distance(colour, style.OPEN, kind) > 9
            assert _distance(colour, style.CLOSED, kind) > 9


def test_words_have_contrast():
    for colour in (*style.FIRMS.values(), *style.REGIONS.values(), *style.MODES.values(), style.OTHER):
        rgb = np.array(to_rgb(style.ink(colour)))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 4.45


def test_unknown_names_keep_their_look_whatever_the_hash_seed():
    code = (
        "from sim.figures.style import *; "
        "print(firm_colour('novel'), firm_dash('novel'), firm_marker('novel'), region_colour('novel'))"
    )
    seen = {_python(code, PYTHONHASHSEED=seed) for seed in ("1", "2")}
    assert len(seen) == 1
    assert seen.pop().startswith(style.firm_colour("novel"))


def test_labs_of_the_baseline_differ_in_colour_or_dash():
    labs = [
        "openai", "google", "anthropic", "meta", "microsoft", "amazon", "xai", "mistral", "alibaba",
        "tencent", "baidu", "deepseek", "bytedance", "sensetime", "zhipu", "moonshot", "minimax",
    ]  # fmt: skip
    assert len({style.firm_colour(lab) for lab in labs}) == len(labs)
    assert all(style.firm_dash(lab) in style.DASHES for lab in labs)


def test_the_sheet_leaves_no_trace():
    before = dict(mpl.rcParams)
    with style.styled():
        assert mpl.rcParams["svg.fonttype"] == "none"
        assert mpl.rcParams["pdf.fonttype"] == 42
        assert mpl.rcParams["savefig.bbox"] is None
    assert dict(mpl.rcParams) == before


def test_an_unknown_width_is_named():
    with pytest.raises(ValueError, match=r"^width: found 'poster', allowed are column, page, slide$"):
        style.preset("poster")


def _python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_figures_are_imported_without_matplotlib():
    heavy = ("matplotlib", "numpy", "pandas")
    assert _python(f"import sys, sim.figures; print([m for m in {heavy} if m in sys.modules])") == "[]"


def test_drawing_does_not_touch_pyplot():
    modules = "adoption, margins, prices, frontier, modes, compute, propensity, saving"
    code = f"import sys; from sim.figures import {modules}; print('matplotlib.pyplot' in sys.modules)"
    assert _python(code) == "False"
