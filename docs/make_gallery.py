"""Draw the gallery: every figure, made from the shipped scenarios, and the page that shows them.

    python docs/make_gallery.py [REPLICATES]

Rewrites docs/gallery.md and the pictures of docs/images/.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.analysis import compare_files
from sim.analysis.compare import of_results
from sim.figures import FIGURES
from sim.figures.decision import decision
from sim.figures.saving import alt_text, write
from sim.figures.scenarios import fan, scenarios
from sim.run.pictures import context_of, source_of, source_of_all, titles
from sim.run.results import Result

DOCS = Path(__file__).parent
DPI = 130
SCENARIOS = ("no-controls", "baseline", "open-world")
HEAD = """\
# Gallery

Made by `make gallery` from the shipped scenarios, {runs} runs each; do not edit. `aimarkets run` draws the figures of
a run into its folder, with the plotted numbers (CSV) and the words (TXT) beside each; `aimarkets report` puts them
into one page. In Python each is a function that takes tidy frames and gives a matplotlib figure:

```python
from sim.figures.adoption import adoption_open

adoption_open(result.market, width="column")  # 3.15 inches; "page": 6.5, "slide": 10
```
"""


class Entry(NamedTuple):
    """A figure of the gallery: file name, what makes it, and the figure."""

    name: str
    how: str
    figure: Figure


def entries(results: dict[str, Result]) -> Iterator[Entry]:
    """Every figure that the shipped scenarios can show."""
    baseline = results["baseline"]
    context, known = context_of(baseline), titles(baseline.scenario.scenario)
    for name, drawing in FIGURES.items():
        function = f"sim.figures.{drawing.module}.{drawing.function}"
        yield Entry(name, f"`aimarkets run baseline`; `{function}`", drawing(baseline.tables, context))
    reasons = decision(baseline.decisions, lab="alibaba", source=source_of(baseline), names=known)
    yield Entry("decision", "`sim.figures.decision.decision`", reasons)
    pair = of_results(results["no-controls"], baseline)
    yield Entry(
        "comparison", "`aimarkets compare no-controls baseline --out FOLDER`; `sim.figures.paired.paired`",
        compare_files.draw(pair),
    )  # fmt: skip
    market = pd.concat([result.market.assign(scenario=name) for name, result in results.items()])
    options = context.options() | {"source": source_of_all(list(results.values()))}
    for function in (fan, scenarios):
        how = f"`aimarkets report {' '.join(results)}`; `sim.figures.scenarios.{function.__name__}`"
        yield Entry(function.__name__, how, function(market, **options))


def main(replicates: int) -> None:
    """Simulate, draw, write."""
    results = {name: sim.simulate(sim.load(name), replicates=replicates, workers=2) for name in SCENARIOS}
    parts = [HEAD.format(runs=replicates)]
    for entry in entries(results):
        write(entry.figure, DOCS / "images" / f"{entry.name}.png", "png", dpi=DPI)
        parts.append(f"## {entry.name}\n\n![{alt_text(entry.figure)}](images/{entry.name}.png)\n\n{entry.how}\n")
    (DOCS / "gallery.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
