"""Which firms or regions a figure shows by name, and what becomes of the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.figures import wording
from sim.figures.panel import Area
from sim.figures.series import Series, add


def leading(parts: Mapping[str, Series], most: int) -> list[str]:
    """The keys with the largest means in the last month, largest first; none that is always zero."""
    size = {key: _late(part) for key, part in parts.items() if np.nansum(np.abs(part.values)) > 0}
    return sorted(size, key=lambda key: (-size[key], -float(np.nansum(parts[key].values)), key))[:most]


def others(parts: Mapping[str, Series], shown: Sequence[str]) -> Series | None:
    """The sum of the parts that are not shown; None where there is nothing in them."""
    rest = [part for key, part in parts.items() if key not in shown]
    total = add(rest) if rest else None
    return total if total is not None and np.nansum(total.values) > 0 else None


def shares(parts: Mapping[str, Series]) -> dict[str, Series]:
    """Each part as a share of the sum of all, run by run; a part that is not defined counts as zero."""
    if not parts:
        return {}
    whole = add(parts.values())
    return {key: part.or_zero() / whole for key, part in parts.items()}


def area(words: str, part: Series, colour: str) -> Area:
    """A share for `Panel.stack`, named with its last value and, where runs differ, with the range of 90 %."""
    if not part.known[-1:].any():
        return Area(part, words, "", colour, words)
    low, high = part.quantiles[0, -1], part.quantiles[4, -1]
    same = part.runs == 1 or wording.share(low) == wording.share(high)
    detail = "" if same else f"({wording.span(low, high)})"
    return Area(part, f"{words} {wording.share(part.mean[-1])}", detail, colour, words)


def amount(words: str, part: Series, colour: str) -> Area:
    """An amount of money for `Panel.stack`, named with its last mean."""
    if not part.known[-1:].any():
        return Area(part, words, "", colour, words)
    return Area(part, f"{words} {wording.usd(float(part.mean[-1]))}", "", colour, words)


def _late(part: Series) -> float:
    value = float(part.or_zero().mean[-1]) if len(part.days) else 0.0
    return value if math.isfinite(value) else 0.0
