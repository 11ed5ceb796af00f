"""A handful of figures, held against pictures.

To renew them after a change that is meant, with the folder `images` beside this file:

pytest tests/figures/test_images.py --mpl-generate-path=tests/figures/images
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.figures import FIGURES
from sim.figures.decision import decision
from sim.figures.scenarios import scenarios
from tests.figures.made_up import decisions, paired_of, path_of, phase_of, swept

TOLERANCE = 1.0
"""Root mean square of the difference in levels of 255. A band of 80 % instead of 90 % gives 2 to 3."""

picture = pytest.mark.mpl_image_compare(
    baseline_dir="images",
    tolerance=TOLERANCE,
    style="default",
    deterministic=True,
    savefig_kwargs={"dpi": 60},
)


def _wordless(figure: Figure) -> Figure:
    """The figure without its words, whose shapes depend on the machine's FreeType; other tests read them."""
    for text in figure.findobj(Text):
        text.set_visible(False)
    return figure


@picture
@pytest.mark.parametrize("name", ["adoption-open", "margins-firms", "release-modes"])
def test_figure_of_a_run(name, make, context) -> Figure:
    return _wordless(FIGURES[name](make(runs=8), replace(context, source="aimarkets")))


@picture
def test_reasons() -> Figure:
    return _wordless(decision(decisions(), source="aimarkets"))


@picture
def test_phase_diagram() -> Figure:
    return _wordless(phase_of(swept(), baseline=(0.6, 50.0), source="aimarkets", width="column"))


@picture
def test_differences() -> Figure:
    return _wordless(paired_of(path_of(), source="aimarkets", width="slide"))


@picture
def test_scenarios_side_by_side(make) -> Figure:
    market = pd.concat([make(runs=4, seed=seed)["market"].assign(scenario=f"s{seed}") for seed in (1, 2)])
    return _wordless(scenarios(market, source="aimarkets"))
