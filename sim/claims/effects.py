"""Effects: treatment against control in one draw of what is uncertain, over seeds that both share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.claims.claim import Claim, Pair, Test
from sim.claims.running import OWN, Runs
from sim.scenario import Resolved

Array = NDArray[np.float64]

COLUMNS = ("claim", "part", "rule", "draw", "effect", "luck", "replicates")


class Effect(NamedTuple):
    """The effect in one draw.

    Attributes
    ----------
    value
        Mean difference over seeds, or ratio of means less 1.
    luck
        Its standard error, which more seeds would make smaller; NaN with one seed.
    replicates
        Seeds in which all worlds have a value.
    """

    value: float
    luck: float
    replicates: int


def effects(claims: Sequence[Claim], runs: Runs) -> pd.DataFrame:
    """The effect of every part, rule and draw: columns `COLUMNS`, one row each."""
    rows = [
        (claim.name, part.name, rule, draw, *effect)
        for claim in claims
        for part, test in claim.tests()
        for rule in (OWN, *others(claim, test))
        for draw, effect in by_draw(test, runs, rule)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def others(claim: Claim, test: Test) -> tuple[str, ...]:
    """Decision rules under which a part is tried beside the scenario's own."""
    return tuple(rule for rule in claim.rules if rule != test.pair.treatment.scenario.choice.rule)


def by_draw(test: Test, runs: Runs, rule: str) -> Iterator[tuple[int, Effect]]:
    """The effect in each draw that was run under a rule."""
    pairs = [test.pair] if test.beside is None else [test.pair, test.beside]
    sides = [_sides(test, pair, runs, rule) for pair in pairs]
    draws = set.intersection(*(set(side.index) for pair in sides for side in pair))
    for draw in sorted(draws):
        yield int(draw), _effect(test, [(treated.loc[draw], control.loc[draw]) for treated, control in sides])


def _sides(test: Test, pair: Pair, runs: Runs, rule: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Treatment and control: values by draw (rows) and seed (columns)."""
    treated = _values(test, pair.treatment, runs, rule)
    if isinstance(pair.control, Resolved):
        return treated, _values(test, pair.control, runs, rule)
    return treated, treated * 0.0 + pair.control


def _values(test: Test, world: Resolved, runs: Runs, rule: str) -> pd.DataFrame:
    table = runs.of(world, rule)
    columns = {name: table[measure.name].to_numpy(dtype=float) for name, measure in test.measures.items()}
    return pd.Series(test.value.of(columns), index=table.index).unstack()


def _effect(test: Test, sides: list[tuple[pd.Series, pd.Series]]) -> Effect:
    """One effect from values by seed of treatment and control, one or two pairs."""
    pairs = [(treated.to_numpy(dtype=float), control.to_numpy(dtype=float)) for treated, control in sides]
    known = np.logical_and.reduce([np.isfinite(side) for pair in pairs for side in pair])
    replicates = int(known.sum())
    if not replicates:
        return Effect(math.nan, math.nan, 0)
    total, spread = 0.0, np.zeros(replicates)
    for sign, (treated, control) in zip((1.0, -1.0), ((t[known], c[known]) for t, c in pairs), strict=False):
        if test.form == "difference":
            total += sign * float((treated - control).mean())
            spread += sign * (treated - control)
        else:
            base = float(control.mean())
            if base == 0.0:
                return Effect(math.nan, math.nan, replicates)
            ratio = float(treated.mean()) / base
            total += sign * (ratio - 1.0)
            spread += sign * (treated - ratio * control) / base
    luck = float(spread.std(ddof=1)) / math.sqrt(replicates) if replicates > 1 else math.nan
    return Effect(total, luck, replicates)
