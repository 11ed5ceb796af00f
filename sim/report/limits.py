"""What a reader must know before using a number of a report."""

from __future__ import annotations

from sim.report.content import Points
from sim.run.results import Result

FEW = 16
ALWAYS = (
    "Results say what follows from the scenario's assumptions in this model. They are no forecast.",
    "Parameters are calibrated to facts of 2023 to 2025 or are judgement, and many of them the facts cannot tell; read "
    "differences between scenarios rather than levels.",
    "Every offer has one price worldwide; there are no tariffs, no discounts and no exchange rates for tokens.",
    "Labs decide how to release, not how much to train or when. Compute follows the money that the scenario gives.",
    "A month is the smallest step, a cohort of customers the smallest buyer.",
)


def limits(results: list[Result]) -> Points:
    """Limits of the model, and those of these runs."""
    fewest = min(len(result.seeds) for result in results)
    said = list(ALWAYS)
    if fewest == 1:
        said.append("There is one run a scenario, so what is luck in it cannot be told.")
    elif fewest < FEW:
        said.append(f"There are {fewest} runs a scenario; ranges that hold 90 % of so few runs are rough.")
    if any(result.uncertainty for result in results):
        said.append("Uncertain parameters were drawn anew in each run, so ranges hold their uncertainty too.")
    else:
        said.append("Uncertain parameters stand at their central values; ranges hold luck only.")
    return Points(said)
