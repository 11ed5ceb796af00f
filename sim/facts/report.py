"""A validation as text: for the terminal, and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

import sim
from sim.facts.score import RIVALS, by_fact
from sim.run.summary import aligned

if TYPE_CHECKING:
    from sim.facts.schema import Family
    from sim.facts.validate import Validation

RIVAL_NAMES = {
    "persistence": "first value stays",
    "trend": "line through first two",
    "without_rules": "model without export rules",
}
MARKS = {True: "hit", False: "miss"}


def source_of(found: Validation) -> str:
    """Program, scenario, facts and seeds in one line."""
    first, last = found.seeds
    scenario = f"scenario '{found.scenario.name}' {found.scenario.hash[:8]}"
    failed = f", {len(found.runs.failures)} failed" if found.runs.failures else ""
    drawn = ", uncertain parameters drawn" if found.scenario.distributions else ""
    facts = f"facts '{found.facts.name}' {found.facts.hash[:8]}"
    return f"aimarkets {sim.__version__}, {scenario}, {facts}, seeds {first} to {last}{drawn}{failed}"


def as_text(found: Validation) -> str:
    """Every value with the model's median and interval, then the scores."""
    lines = [source_of(found), ""]
    lines += aligned([["fact", "use", "until", "measured", "model", "90 % interval", ""], *_values(found)])
    lines += ["", *aligned([HEADS, *_scores(found)])]
    lines += ["", *verdicts(found)]
    return "\n".join(lines)


def _values(found: Validation) -> list[list[str]]:
    rows = []
    for row in found.table.to_dict("records"):
        said = ["", f"({row['status']})", ""]
        if row["status"] == "scored":
            interval = f"{number(row['low'])} to {number(row['high'])}"
            said = [number(row["median"]), interval, MARKS[bool(row["hit"])]]
        rows.append([row["fact"], row["use"], row["until"], number(row["value"]), *said])
    return rows


HEADS = [
    "family", "use", "facts", "inside", "without tolerance", "width", "width / range", "error",
]  # fmt: skip


def _scores(found: Validation) -> list[list[str]]:
    return [
        [
            row["family"], row["use"], str(row["facts"]), share(row["hit"]), share(row["strict"]),
            number(row["width"]), number(row["relative_width"]), number(row["error"]),
        ]
        for row in found.families.to_dict("records")
        if row["use"] != "all" or row["family"] == "all"
    ]  # fmt: skip


def verdicts(found: Validation) -> list[str]:
    """The findings in sentences."""
    said = []
    for use in ("calibration", "held-out"):
        score = found.score(use)
        if not math.isnan(score):
            said.append(f"{share(score)} of the {use} facts lie in the model's 90 % interval.")
    families = found.families
    whole = families[(families["family"] == "all") & (families["use"] == "all")]
    if len(whole):
        said.append(
            f"The interval is on average {number(whole['width'].iloc[0])} times as wide as the fact's own, and "
            f"{number(whole['relative_width'].iloc[0])} times the range of a series."
        )
    said += _beaten(found)
    if found.timing is not None:
        word = "better" if found.timing.better else "worse"
        said.append(
            f"Timing of openings by firm: Brier score {found.timing.model:.3f}, {word} than the "
            f"{found.timing.constant:.3f} of a constant rate ({found.timing.rate:.2f} a year)."
        )
    return said


def _beaten(found: Validation) -> list[str]:
    """On how many of the families that the model claims to explain it beats each rival, and by how much in all."""
    said = []
    for rival in RIVALS:
        claimed = [name for name, family in found.facts.scenario.families.items() if _against(family, rival)]
        rows = found.rivals[(found.rivals["rival"] == rival) & found.rivals["family"].isin(claimed)]
        if len(rows):
            ours, theirs = (np.average(rows[column], weights=rows["facts"]) for column in ("model", "theirs"))
            wins = int((rows["model"] < rows["theirs"]).sum())
            said.append(f"{RIVAL_NAMES[rival]}: {wins} of {len(rows)} (error {ours:.2f} against {theirs:.2f})")
    return [f"Families that the model claims to explain, better than each rival: {'; '.join(said)}."] if said else []


def _against(family: Family, rival: str) -> bool:
    """Whether a claim says that the model beats a rival."""
    return family.claimed and (family.rules or rival != "without_rules")


def markdown(found: Validation, pictures: Mapping[str, str] | None = None) -> str:
    """The report.

    Parameters
    ----------
    found
        A validation.
    pictures
        Paths of figures by family, relative to the report.
    """
    declared = found.facts.scenario.families
    parts = [
        ["# The model held against facts", "", f"Written by `aimarkets validate`: {source_of(found)}.", ""],
        [*(f"- {sentence}" for sentence in verdicts(found)), ""],
        [EXPLAINED, ""],
        ["## Scores", "", *table([HEADS, *_scores(found)]), ""],
        *([["## What it claims to explain", "", CLAIMS_EXPLAINED, "", *_claims(found), ""]] if declared else []),
        ["## Rivals", "", RIVALS_EXPLAINED, "", *_rivals(found), ""],
        *([] if found.timing is None else [["## When firms opened", "", *_openings(found), ""]]),
        ["## Misses", "", *_misses(found), ""],
        *_families(found, pictures or {}),
        ["## Facts that the model cannot represent", "", *_unrepresented(found), ""],
    ]
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


EXPLAINED = (
    "A value is a hit if it lies in the 90 % interval of what the model says would be measured: a run's value (its "
    "parameters drawn, its own luck) plus the error of measurement, of which 90 % lies within the fact's tolerance. "
    "That is a predictive interval, with the variances that calibration uses (there the emulator's error too). Some "
    "of the literature adds a variance for what the model leaves out; none is added here, so of a perfect model nine "
    "values in ten would hit. A series counts by the part of its values that hit. *Without tolerance*: the bare "
    "interval of the runs. *Width*: the bare interval in widths of the fact's own (twice its tolerance); *width / "
    "range*: in ranges of its series. *Error*: distance of the model's median in tolerances, at most 10."
)
RIVALS_EXPLAINED = (
    "Mean error in tolerances on the values that a rival forecasts, and on how many of the facts the model's is the "
    "smaller. The first two know the beginning of each series, the model does not."
)

CLAIMS_EXPLAINED = (
    "Brackets: not claimed. That the export rules matter is claimed where they act in the equations: on chips, and by "
    "them on capability. Whether they act on release modes, prices and use is a question (docs/claims.md), not a claim."
)

DATES_EXPLAINED = (
    "What calibration uses of these dates: in each half-year a firm that has not opened yet opens or does not. "
    "Logarithmic score: minus the mean log of the odds of what happened (0 is perfect, 0.69 a coin)."
)


def _rivals(found: Validation) -> list[str]:
    rows = [["family", "rival", "facts", "model", "rival's error", "facts won", "model better"]]
    rows += [
        [
            row["family"], RIVAL_NAMES[row["rival"]], str(row["facts"]), number(row["model"]),
            number(row["theirs"]), str(row["wins"]), "yes" if row["model"] < row["theirs"] else "no",
        ]
        for row in found.rivals.to_dict("records")
    ]  # fmt: skip
    return table(rows)


def _claims(found: Validation) -> list[str]:
    """Each family, whether the model claims it, and whether it beats each rival there; in brackets: not claimed."""
    scores = {(row["family"], row["rival"]): row["model"] < row["theirs"] for row in found.rivals.to_dict("records")}

    def mark(name: str, family: Family, rival: str) -> str:
        if (name, rival) not in scores:
            return "-"
        word = "better" if scores[name, rival] else "not better"
        return word if _against(family, rival) else f"({word})"

    rows = [["family", "claimed", "why", *(f"against: {RIVAL_NAMES[rival]}" for rival in RIVALS)]]
    rows += [
        [
            name, "yes" if family.claimed else "no", family.why,
            *(mark(name, family, rival) for rival in RIVALS),
        ]
        for name, family in found.facts.scenario.families.items()
    ]  # fmt: skip
    return table(rows)


def _openings(found: Validation) -> list[str]:
    assert found.timing is not None
    rows = [["firm", "first open flagship", "odds by then", "odds by the end", "Brier score", "constant rate"]]
    rows += [
        [
            row["lab"], row["opened"] or "none", share(row["odds_by_then"]), share(row["odds_by_end"]),
            f"{row['model']:.3f}", f"{row['constant']:.3f}",
        ]
        for row in found.timing.firms.to_dict("records")
    ]  # fmt: skip
    dated = [["use", "half-years of firms", "openings", "logarithmic score", "constant rate"]]
    dated += [
        [
            row["use"], str(row["half_years"]), str(row["openings"]), f"{row['model']:.3f}",
            f"{row['constant']:.3f}",
        ]
        for row in found.timing.half_years.to_dict("records")
    ]  # fmt: skip
    return [*table(rows), "", DATES_EXPLAINED, "", *table(dated)]


def _misses(found: Validation) -> list[str]:
    """Facts of which half of the values or more miss, the worst first."""
    facts = by_fact(found.table)
    missed = facts[facts["hit"] <= 0.5].sort_values("error", ascending=False)
    if missed.empty:
        return ["None."]
    rows = [["fact", "use", "what", "inside", "error", "remark"]]
    for row in missed.to_dict("records"):
        fact = found.facts.scenario.facts[row["fact"]]
        rows.append(
            [row["fact"], row["use"], fact.quantity, share(row["hit"]), number(row["error"]), fact.why]
        )
    return table(rows)


def _families(found: Validation, pictures: Mapping[str, str]) -> list[list[str]]:
    parts = []
    for family, rows in found.table.groupby("family", sort=False):
        picture = [f"![{family}]({pictures[str(family)]})", ""] if family in pictures else []
        lines = [["fact", "use", "month", "unit", "measured", "model", "90 % interval", "", "certainty"]]
        for row in rows.to_dict("records"):
            fact = found.facts.scenario.facts[row["fact"]]
            said = ["", row["status"], ""]
            if row["status"] == "scored":
                interval = f"{number(row['low'])} to {number(row['high'])}"
                said = [number(row["median"]), interval, MARKS[bool(row["hit"])]]
            span = row["until"] if row["since"] == row["until"] else f"{row['since']} to {row['until']}"
            lines.append(
                [row["fact"], row["use"], span, row["unit"], number(row["value"]), *said, fact.certainty]
            )
        parts.append([f"## {str(family).capitalize()}", "", *picture, *table(lines), ""])
    return parts


def _unrepresented(found: Validation) -> list[str]:
    facts = found.facts.scenario.facts
    rows = [["fact", "what", "why not"]]
    rows += [[name, facts[name].quantity, why] for name, why in found.unrepresented.items()]
    rows += [[name, facts[name].quantity, f"{why} in this scenario"] for name, why in found.absent.items()]
    return table(rows) if len(rows) > 1 else ["None."]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; the first row is its head."""
    head, *body = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    lines = [head, ["---"] * len(head), *body]
    return [f"| {' | '.join(line)} |" for line in lines]


def number(value: float) -> str:
    """Three digits; large and small ones with an exponent; a dash for none."""
    if math.isnan(value):
        return "-"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{float(f'{value:.3g}'):,.10g}"
    return f"{value:.3g}".replace("e+", "e").replace("e0", "e").replace("e-0", "e-")


def share(value: float) -> str:
    """Per cent."""
    return "-" if math.isnan(value) else f"{value:.0%}"
