"""How labs release in the end, and why they chose so last."""

from __future__ import annotations

import pandas as pd

from sim.figures import wording
from sim.figures.decision import MODE_WORDS, Reasons, last_choice, why
from sim.record import MODES
from sim.report.content import Table
from sim.run.pictures import titles
from sim.run.results import Result

MOST = 30


def table(result: Result) -> Table | str:
    """One row a lab: how its newest family is released over the runs, and its last choice in the first run."""
    names = titles(result.scenario.scenario)
    ends = end_modes(result)
    rows = []
    for lab in ends.index[:MOST]:
        found = last_choice(result.decisions, str(lab))
        rows.append([wording.name(str(lab), names), _modes(ends.loc[lab]), *_choice(found)])
    if not rows:
        return "No lab released anything."
    runs = len(result.seeds)
    note = (
        "Last choice: in the run with the first seed; choices that history or a government made do not count."
    )
    head = ["lab", "newest family" if runs == 1 else f"newest family, share of {runs} runs"]
    return Table([*head, "last choice", "chance", "instead of", "mainly for"], rows, note)


def end_modes(result: Result) -> pd.DataFrame:
    """Share of runs in which the newest family of a lab at work has a mode, labs with most tokens first."""
    last = result.labs[(result.labs["month"] == result.labs["month"].max()) & (result.labs["active"] == 1)]
    last = last[last["mode"].notna()]
    size = last.assign(use=last["tokens"].fillna(0) + last["tokens_hosted"].fillna(0))
    order = size.groupby("lab", observed=True)["use"].mean().sort_values(ascending=False, kind="stable").index
    modes = last["mode"].astype(int).map(dict(enumerate(MODES)))
    counts = pd.crosstab(last["lab"].astype(str), modes).reindex([str(lab) for lab in order])
    return counts.div(counts.sum(axis=1), axis=0)


def _modes(shares: pd.Series) -> str:
    """The modes of a lab, the most frequent one first."""
    there = shares[shares > 0].sort_values(ascending=False, kind="stable")
    if len(there) == 1:
        return MODE_WORDS[str(there.index[0])]
    return ", ".join(f"{MODE_WORDS[str(mode)]} {wording.share(float(part))}" for mode, part in there.items())


def _choice(found: Reasons | None) -> list[str]:
    if found is None:
        return ["none of its own", "", "", ""]
    reason = "the luck of the draw" if found.bars[-1].part < 0 else why(found)
    return [
        f"{MODE_WORDS[found.taken]}, {found.month}", wording.share(found.chances[found.taken]),
        MODE_WORDS[found.other], reason,
    ]  # fmt: skip
