"""Release decisions that differ between two scenarios: which came first, and what tipped them.

Two runs of a pair share their draws, month by month. So a lab's first decision that comes out otherwise in the same
month does so because the payoffs or the rules differ, not by luck of the draw; later ones follow from other markets.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis.explain import Array, Choice, choice_of
from sim.record import COMPONENTS
from sim.run.results import Result
from sim.run.summary import aligned

FORCED, BARRED, MOVED = "forced", "not allowed", "another month"
"""Reasons beside the components of a payoff: somebody else decided, a mode was not open to the lab, or the decision
came in another month, for which the luck of the draw is another."""
COLUMNS = ("replicate", "seed", "lab", "region", "number", "month", "month_a", "month_b", "mode_a", "mode_b",
           "reason", "shift")  # fmt: skip
SHOWN = 8
LEAST = 1e-3
"""Changes of a chance that are smaller tip nothing."""
Row = Mapping[Hashable, Any]


def flips(a: Result, b: Result) -> pd.DataFrame:
    """Each lab's first decision that is not the same in both scenarios, one row a replicate and lab.

    Decisions are matched by their order: the first of a lab in one run with its first in the other, and so on.

    Parameters
    ----------
    a, b
        Results with the same seeds.

    Returns
    -------
    Frame of `replicate`, `seed`, `lab`, `region`, `number` (which of its decisions, from 0), `month` (the earlier of
    `month_a` and `month_b`), `mode_a`, `mode_b`, `reason`, `shift`. The reason is the component of the payoff that
    moved the chances most towards `mode_b` from the first scenario to the second, `shift` by how much it moved them;
    or ``forced``, ``not allowed`` or ``another month``, without a shift. Empty where no component moved them that way.
    """
    rows = []
    for (replicate, lab), (first, second) in _pairs(a, b).items():
        for number, (one, other) in enumerate(zip(first, second, strict=False)):
            if one["taken"] != other["taken"]:
                reason, shift = _reason(one, other)
                months = one["month"], other["month"]
                found = (
                    replicate, a.seeds[replicate], lab, str(one["region"]), number, min(months), *months,
                    str(one["taken"]), str(other["taken"]), reason, shift,
                )  # fmt: skip
                rows.append(dict(zip(COLUMNS, found, strict=True)))
                break
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(["replicate", "month", "lab"], ignore_index=True)


def _pairs(a: Result, b: Result) -> dict[tuple[int, str], tuple[list[Row], list[Row]]]:
    """The decisions of both scenarios in order, for each replicate and lab that has some in both."""
    one, other = _decisions(a), _decisions(b)
    return {key: (one[key], other[key]) for key in one if key in other}


def _decisions(result: Result) -> dict[tuple[int, str], list[Row]]:
    found: dict[tuple[int, str], list[Row]] = {}
    for row in result.decisions.sort_values("month", kind="stable").to_dict("records"):
        found.setdefault((int(row["replicate"]), str(row["lab"])), []).append(row)
    return found


def _reason(one: Row, other: Row) -> tuple[str, float]:
    """The component of the payoffs that tipped a decision, and by how much it moved the chance that it tipped."""
    if one["forced"] or other["forced"]:
        return FORCED, math.nan
    first, second = choice_of(one), choice_of(other)
    taken = first.chosen, second.chosen
    if any(not choice.probability[mode] > 0.0 for choice in (first, second) for mode in taken):
        return BARRED, math.nan
    if first.month != second.month:
        return MOVED, math.nan
    moved = _moved(first, second)
    if moved is None or not moved.max() >= LEAST:
        return "", math.nan
    return COMPONENTS[int(moved.argmax())], float(moved.max())


def _moved(first: Choice, second: Choice) -> Array | None:
    """What each component did to the chance that tipped, (components,); None where no logit tells.

    Labs draw from the cumulated chances of the modes in their order. So a decision moves from one mode to a later one
    when the chance of all modes up to the first falls below the draw. The part of a component is the change of that
    chance when the component alone is taken from the other scenario, the mean of both ways round.
    """
    intensities = first.intensity, second.intensity
    if intensities[0] is None or intensities[1] is None:
        return None
    one, other = first.parts / first.scale, second.parts / second.scale
    last = min(first.chosen, second.chosen)
    sign = -1.0 if second.chosen > first.chosen else 1.0
    moved = np.zeros(len(COMPONENTS))
    for here, there, intensity, way in ((one, other, intensities[0], sign), (other, one, intensities[1], -sign)):
        before = _chance_up_to(here, intensity, last)
        for k in range(len(COMPONENTS)):
            mixed = here.copy()
            mixed[:, k] = there[:, k]
            moved[k] += way * (_chance_up_to(mixed, intensity, last) - before) / 2.0
    return moved


def _chance_up_to(parts: Array, intensity: float, last: int) -> float:
    """Chance of the modes up to one in a logit of these payoffs; modes without payoffs have none."""
    value = parts.sum(axis=1)
    weight = np.where(np.isfinite(value), np.exp(intensity * (np.nan_to_num(value) - np.nanmax(value))), 0.0)
    return float(weight[: last + 1].sum() / weight.sum())


def first_of_each(found: pd.DataFrame) -> pd.DataFrame:
    """The first decision of each pair that differs; by name of the lab where several came in one month."""
    return found.drop_duplicates("replicate").reset_index(drop=True)


def by_lab(found: pd.DataFrame) -> pd.DataFrame:
    """How often each lab's decisions flip, and how: `lab`, `pairs`, `first`, `month`, `change`, `reason`.

    `pairs` is the number of pairs in which it decides otherwise at all, `first` of those in which it does so before
    all other labs; `month` is the median month, `change` and `reason` are the most frequent ones.
    """
    leaders = first_of_each(found)["lab"].value_counts()
    rows = []
    for lab, flipped in found.groupby("lab", sort=True):
        change = (flipped["mode_a"] + " to " + flipped["mode_b"]).mode()
        reason = flipped.loc[flipped["reason"] != "", "reason"].mode()
        rows.append({
            "lab": str(lab), "pairs": len(flipped), "first": int(leaders.get(lab, 0)),
            "month": flipped["month"].sort_values().iloc[(len(flipped) - 1) // 2],
            "change": str(change.iloc[0]), "reason": str(reason.iloc[0]) if len(reason) else "",
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=["lab", "pairs", "first", "month", "change", "reason"])
    return table.sort_values(["first", "pairs", "lab"], ascending=[False, False, True], ignore_index=True)


def lines_of(found: pd.DataFrame, pairs: int) -> list[str]:
    """The flips as text, the labs that lead in a line each."""
    if not len(found):
        return ["no lab decides otherwise"]
    first = first_of_each(found)
    middle = first["month"].sort_values().iloc[(len(first) - 1) // 2]
    table = by_lab(found)
    lines = [
        f"decisions that differ: in {len(first)} of {pairs} pairs; the first one in {_month(middle)} (median pair)",
        "first: pairs in which the lab is the first to decide otherwise; reason: what speaks more for the new mode",
    ]
    cells = [["", "pairs", "first", "median month", "most often", "reason"]]
    for row in table.head(SHOWN).to_dict("records"):
        cells.append(
            [str(row["lab"]), str(row["pairs"]), str(row["first"]), _month(row["month"]), row["change"],
             row["reason"] or "-"]
        )  # fmt: skip
    left = len(table) - SHOWN
    return [*lines, *aligned(cells), *([f"  and {left} labs more"] if left > 0 else [])]


def _month(when: Any) -> str:
    return f"{pd.Timestamp(when):%Y-%m}"
