"""Verdicts by a rule that was fixed before the first result; it is written out in docs/claims-how.md."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.claims.schema import Direction

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST, FEW = 0.8, 0.2
"""Shares of draws from which, and up to which, an effect counts for an answer."""
LEAST = 5
"""Fewer draws with a value give no answer."""
INTERVAL = (0.05, 0.95)

HOLDS, FAILS, OPEN = "holds", "fails", "open"
UNTESTABLE, DIFFER = "untestable", "parts differ"
BY_RULE, BY_MANY = "depends on how labs decide", "depends on several things"
NO_ANSWER = "no answer"


def counts(effect: Array, direction: Direction, smallest: float) -> Mask:
    """In which draws an effect is as the claim says; never where there is none."""
    match direction:
        case "up":
            found = effect >= smallest
        case "down":
            found = effect <= -smallest
        case "not_up":
            found = effect < smallest
        case "not_down":
            found = effect > -smallest
        case "none":
            found = np.abs(effect) < smallest
    return np.asarray(found & np.isfinite(effect))


def opposes(effect: Array, direction: Direction, smallest: float) -> Mask:
    """In which draws an effect goes the other way, and by enough to count."""
    match direction:
        case "up":
            return counts(effect, "down", smallest)
        case "down":
            return counts(effect, "up", smallest)
        case "not_up":
            return counts(effect, "up", smallest)
        case "not_down":
            return counts(effect, "down", smallest)
        case "none":
            return np.asarray(np.isfinite(effect) & ~counts(effect, "none", smallest))


def signs(effect: Array, direction: Direction, smallest: float) -> Mask:
    """In which draws the sign of an effect is the claim's, however small; of `none`: those in which it counts."""
    if direction in ("up", "down"):
        return np.asarray(effect > 0) if direction == "up" else np.asarray(effect < 0)
    return counts(effect, direction, smallest)


@dataclass(frozen=True)
class Answer:
    """What the draws under one decision rule say of a part.

    Attributes
    ----------
    answer
        ``holds``, ``fails`` or ``open``.
    median, low, high
        Of the effect over draws; `low` and `high` are the 5th and 95th percentile.
    sign, counts, against
        Shares of draws in which the sign is the claim's, the effect counts, and the opposite does.
    draws, valued
        Draws, and of them those with a value.
    """

    answer: str
    median: float
    low: float
    high: float
    sign: float
    counts: float
    against: float
    draws: int
    valued: int

    @property
    def enough(self) -> bool:
        """Whether enough draws have a value to say anything."""
        return self.valued >= max(MOST * self.draws, LEAST)


def answer(effect: Array, direction: Direction, smallest: float) -> Answer:
    """The answer of the draws of one part under one rule; `effect` has one value a draw, NaN where there is none."""
    known = effect[np.isfinite(effect)]
    draws, valued = len(effect), len(known)
    if not valued:
        return Answer(OPEN, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, draws, 0)
    counted = float(counts(known, direction, smallest).mean())
    said = HOLDS if counted >= MOST else FAILS if counted <= FEW else OPEN
    low, median, high = map(float, np.quantile(known, [INTERVAL[0], 0.5, INTERVAL[1]]))
    sign = float(signs(known, direction, smallest).mean())
    against = float(opposes(known, direction, smallest).mean())
    found = Answer(said, median, low, high, sign, counted, against, draws, valued)
    return found if found.enough else replace(found, answer=OPEN)


def of_part(own: Answer, others: Mapping[str, Answer], turns_on: str | None) -> str:
    """The verdict on a part.

    Parameters
    ----------
    own
        Answer under the scenario's own rule.
    others
        Answers under the other rules that were tried.
    turns_on
        Parameter on which the effect turns, if one stands out.
    """
    if not own.enough:
        return NO_ANSWER
    opposite = {HOLDS: FAILS, FAILS: HOLDS}.get(own.answer)
    if opposite is not None:
        return BY_RULE if any(other.answer == opposite for other in others.values()) else own.answer
    return f"depends on {turns_on}" if turns_on else BY_MANY


def of_claim(parts: Sequence[str]) -> str:
    """The verdict on a claim from those on its parts, those that are untestable left out."""
    tested = [verdict for verdict in parts if verdict != UNTESTABLE]
    if not tested:
        return UNTESTABLE
    return tested[0] if len(set(tested)) == 1 else DIFFER
