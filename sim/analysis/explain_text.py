"""Choices of release modes as text: all of a lab in a line each, or one with payoffs, chances and what ifs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.analysis.explain import Change, Choice, changes, even_intensity, greatest_chance
from sim.record import COMPONENTS, MODES
from sim.run.summary import aligned, write

MILLION = 1e6


def lines_of_all(choices: Sequence[Choice]) -> list[str]:
    """A line a choice: when, what, with which chance, and the best alternative by payoff."""
    cells = [["month", "model", "before", "taken", "chance", "best other", "chance", "pays more by", "rule"]]
    for choice in choices:
        other = choice.next_best
        cells.append([
            str(choice.month), choice.model, choice.previous, choice.taken,
            write(_chance(choice, choice.chosen), "{:.0%}"),
            "-" if other is None else MODES[other],
            "-" if other is None else write(_chance(choice, other), "{:.0%}"),
            "-" if other is None else write(_gap(choice, other) / choice.scale, "{:+.1%}"),
            choice.rule,
        ])  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = {cells[0].index("chance"), 6, cells[0].index("pays more by")}
    lines = [
        "  ".join(
            cell.rjust(widths[i]) if i in right else cell.ljust(widths[i]) for i, cell in enumerate(row)
        )
        for row in cells
    ]
    return [*map(str.rstrip, lines), "", "pays more by: taken less best other, share of the revenue scale"]


def lines_of(choice: Choice, name: str) -> list[str]:
    """One choice, told in full; `name` says which lab, and where in the result."""
    gap = abs(choice.gap)
    rival = (
        f"{gap:.1f} {'below' if choice.gap > 0 else 'above'} the best rival"
        if math.isfinite(gap)
        else "no rival"
    )
    lines = [
        f"{name}, {choice.month}: {choice.model} came as {choice.taken}, the family before as {choice.previous}",
        f"flagship {choice.capability:.1f} ECI, {rival}; decision rule {choice.rule}",
    ]
    if np.isnan(choice.payoff).all():
        chances = [f"{mode} {write(_chance(choice, k), '{:.1%}')}" for k, mode in enumerate(MODES)]
        said = "this rule looks at no payoffs, so there is nothing to compare"
        return [*lines, "", f"probabilities: {', '.join(chances)}", said]
    lines += [
        "",
        f"share of the firm's revenue scale, {_usd(choice.scale)} a month",
        *_table(choice, choice.scale),
    ]
    lines += ["", "million USD a month, discounted mean over the horizons", *_table(choice, MILLION)]
    other = choice.next_best
    if other is None:
        return [*lines, "", "no other mode was allowed"]
    return [*lines, "", *_what_if(choice, other)]


def _table(choice: Choice, unit: float) -> list[str]:
    """Payoffs by mode and component, in this unit; chances below them where the unit is the scale."""
    form = "{:.4f}" if unit == choice.scale else "{:,.2f}"
    rows = [["", *MODES]]
    rows += [
        [component, *(write(float(part) / unit + 0.0, form) for part in choice.parts[:, k])]
        for k, component in enumerate(COMPONENTS)
    ]
    rows.append(["payoff", *(write(float(payoff) / unit + 0.0, form) for payoff in choice.payoff)])
    if unit == choice.scale:
        rows.append(["probability", *(write(_chance(choice, k), "{:.2%}") for k in range(len(MODES)))])
    return aligned(rows)


def _what_if(choice: Choice, other: int) -> list[str]:
    """What would have had to differ for the best other mode to pay as much, or to have an even chance."""
    rival, gap = MODES[other], _gap(choice, other)
    by = f"{_usd(abs(gap))} a month ({abs(gap) / choice.scale:.1%} of the scale)"
    if gap < 0.0:
        drawn = _chance(choice, choice.chosen) < _chance(choice, other)
        why = (
            "the draw fell on the less likely" if drawn else f"{choice.rule} goes by more than these payoffs"
        )
        lines = [f"{rival} paid {by} more; {why}", "for both to have paid the same, all else as it was:"]
    else:
        lines = [
            f"next mode by payoff: {rival}, {by} less",
            "for it to have paid as much, all else as it was:",
        ]
    found = [change for change in changes(choice, other) if change.difference or math.isfinite(change.alone)]
    cells = [["one component", f"of {rival} alone", "of every mode alike"]]
    cells += [[c.component, _relative(c.alone), _relative(c.both)] for c in found]
    lines += aligned(cells)
    least = _least(found)
    if least is not None:
        lines.append(f"the smallest: {least.component} of {rival} {_relative(least.alone)}")
    if any(math.isinf(change) for each in found for change in (each.alone, each.both)):
        lines.append("cannot: its sign would have to turn")
    return [*lines, *_intensities(choice, other)]


def _least(found: Sequence[Change]) -> Change | None:
    possible = [change for change in found if math.isfinite(change.alone)]
    return min(possible, key=lambda change: abs(change.alone)) if possible else None


def _intensities(choice: Choice, other: int) -> list[str]:
    """What another intensity of choice would have done to the chance of the other mode."""
    rival, intensity = MODES[other], choice.intensity
    if intensity is None:
        return [
            f"the probabilities are no logit in these payoffs (rule {choice.rule}): no intensity to compare with"
        ]
    lines = [f"intensity of choice: {intensity:.4g}; with these payoffs"]
    even = even_intensity(choice, other)
    if even is not None:
        return [f"{lines[0]} {rival} has a 50 % chance from an intensity of {even:.4g} on"]
    most, at = greatest_chance(choice, other)
    return [f"{lines[0]} no intensity gives {rival} a 50 % chance; the most is {most:.1%}, at {at:.3g}"]


def _gap(choice: Choice, other: int) -> float:
    return float(choice.payoff[choice.chosen] - choice.payoff[other])


def _chance(choice: Choice, mode: int) -> float:
    return float(choice.probability[mode])


def _usd(value: float) -> str:
    return f"{value / MILLION:,.1f} million USD"


def _relative(change: float) -> str:
    if math.isnan(change):
        return "-"
    if math.isinf(change):
        return "cannot"
    return f"{change:+.1%}" if change < 10.0 else f"{1.0 + change:,.0f} times"
