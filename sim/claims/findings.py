"""What was found: from claims and their runs to verdicts, and to tables that have every number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.claims import verdicts
from sim.claims.claim import Claim, Part, Test
from sim.claims.effects import effects, others
from sim.claims.running import OWN, Runs, Size
from sim.claims.turning import Turn, parameters, turn
from sim.claims.verdicts import UNTESTABLE, Answer


@dataclass(frozen=True)
class PartFound:
    """What was found of one part of a claim.

    Attributes
    ----------
    part, test
        The part; it has a test.
    own, others
        Answers under the scenario's own decision rule, and under the others.
    turn
        Parameter on which the effect turns, if one stands out.
    luck
        Part of the variance of the effect over draws that is luck; NaN where that is not known.
    """

    part: Part
    test: Test
    own: Answer
    others: Mapping[str, Answer]
    turn: Turn | None
    luck: float

    @property
    def verdict(self) -> str:
        """By the rule in `verdicts`."""
        return verdicts.of_part(self.own, self.others, self.turn.parameter if self.turn is not None else None)


@dataclass(frozen=True)
class ClaimFound:
    """What was found of a claim: its parts, those that are untestable as they are."""

    claim: Claim
    parts: tuple[PartFound | Part, ...]

    @property
    def verdict(self) -> str:
        """By the rule in `verdicts`."""
        said = [part.verdict if isinstance(part, PartFound) else UNTESTABLE for part in self.parts]
        return verdicts.of_claim(said)


@dataclass(frozen=True)
class Findings:
    """What was found of all claims.

    Attributes
    ----------
    claims
        In the order in which they were asked for.
    size
        Draws and seeds.
    draws
        One row a part, rule and draw: see `sim.claims.effects.COLUMNS`.
    runs, failed
        Runs that the answers rest on, and of them those without a value because they failed.
    """

    claims: tuple[ClaimFound, ...]
    size: Size
    draws: pd.DataFrame
    runs: int
    failed: int

    @property
    def answers(self) -> pd.DataFrame:
        """One row a part and decision rule, with everything that the verdict rests on."""
        rows = [row for found in self.claims for part in found.parts for row in _rows(found, part)]
        return pd.DataFrame(rows)


def find(claims: Sequence[Claim], runs: Runs, size: Size) -> Findings:
    """The findings of some claims.

    Parameters
    ----------
    claims
        Claims.
    runs
        What `sim.claims.running.run` gave for them.
    size
        Draws and seeds that were run.
    """
    draws = effects(claims, runs)
    found = tuple(
        ClaimFound(
            claim,
            tuple(
                part if part.test is None else _part(claim, part, part.test, draws) for part in claim.parts
            ),
        )
        for claim in claims
    )
    return Findings(found, size, draws, runs.count, runs.failed)


def _part(claim: Claim, part: Part, test: Test, draws: pd.DataFrame) -> PartFound:
    rows = draws[(draws["claim"] == claim.name) & (draws["part"] == part.name)]

    def said(rule: str) -> Answer:
        effect = rows.loc[rows["rule"] == rule, "effect"].to_numpy(dtype=float)
        return verdicts.answer(effect, test.direction, test.smallest)

    own = rows[rows["rule"] == OWN]
    effect = own["effect"].to_numpy(dtype=float)
    counted = verdicts.counts(effect, test.direction, test.smallest)
    found = turn(*parameters(test, [int(draw) for draw in own["draw"]]), effect, counted)
    tried = {rule: said(rule) for rule in others(claim, test)}
    return PartFound(part, test, said(OWN), tried, found, _luck(effect, own["luck"].to_numpy(dtype=float)))


def _luck(effect: np.ndarray, luck: np.ndarray) -> float:
    """Part of the variance of effects over draws that their standard errors explain."""
    known = np.isfinite(effect) & np.isfinite(luck)
    if known.sum() < 2 or np.ptp(effect[known]) == 0:
        return float("nan")
    return min(float((luck[known] ** 2).mean() / effect[known].var(ddof=1)), 1.0)


def _rows(found: ClaimFound, part: PartFound | Part) -> list[dict[str, object]]:
    head: dict[str, object] = {
        "number": found.claim.text.number, "claim": found.claim.name, "claim_verdict": found.verdict,
    }  # fmt: skip
    if isinstance(part, Part):
        return [{**head, "part": part.name, "verdict": UNTESTABLE, "rule": "", "answer": UNTESTABLE}]
    test, where = part.test, part.turn
    head |= {
        "part": part.part.name, "verdict": part.verdict, "unit": test.unit, "effect": test.form,
        "direction": test.direction, "smallest": test.smallest, "part_of_luck": part.luck,
        "turns_on": where.parameter if where else "",
        "rank_correlation": where.correlation if where else float("nan"),
        "chance": where.chance if where else float("nan"), "turns_at": where.at if where else float("nan"),
    }  # fmt: skip
    own = test.pair.treatment.scenario.choice.rule
    answers = {own: part.own, **part.others}
    return [{**head, "rule": rule, **vars(answer)} for rule, answer in answers.items()]
