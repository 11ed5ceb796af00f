"""A handful of figures, held against pictures.

To renew them after a change that is meant, with the folder `images` beside this file:

pytest tests/figures/test_images.py --mpl-generate-path=tests/figures/images
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.figure import Figure

from sim.figures import FIGURES
from sim.figures.decision import decision
from sim.figures.scenarios import scenarios
from tests.figures.made_up import decisions, paired_of, path_of, phase_of, swept

TOLERANCE = 10
"""Root mean square of the difference in grey levels: other FreeTypes move letters, a wrong band moves more."""

picture = pytest.mark.mpl_image_compare(
    baseline_dir="images",
    tolerance=TOLERANCE,
    style="default",
    deterministic=True,
    savefig_kwargs={"dpi": 60},
)


@picture
@pytest.mark.parametrize("name", ["adoption-open", "margins-firms", "release-modes"])
def test_figure_of_a_run(name, make, context) -> Figure:
    return FIGURES[name](make(runs=8), replace(context, source="aimarkets"))


@picture
def test_reasons() -> Figure:
    return decision(decisions(), source="aimarkets")


@picture
def test_phase_diagram() -> Figure:
    return phase_of(swept(), baseline=(0.6, 50.0), source="aimarkets", width="column")


@picture
def test_differences() -> Figure:
    return paired_of(path_of(), source="aimarkets", width="slide")


@picture
def test_scenarios_side_by_side(make) -> Figure:
    market = pd.concat([make(runs=4, seed=seed)["market"].assign(scenario=f"s{seed}") for seed in (1, 2)])
    return scenarios(market, source="aimarkets")
