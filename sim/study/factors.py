"""A factor: what varies between the points of a study, and which value it takes at a quantile."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.scenario.uncertainty import Distribution

SCENARIO = "scenario"
"""Name of the factor whose levels are whole scenarios."""
DRAW = "draw"
"""Name of the factor whose levels number draws of all that is uncertain and that no other factor sets."""

Value = object
"""A plain value: number, text, switch, or list or mapping of them."""

Kind = Literal["range", "values", "distribution", "scenario"]


@dataclass(frozen=True)
class Factor:
    """One thing that varies.

    Attributes
    ----------
    name
        Its column in the design: the key path, a name that stands for several, or ``scenario``.
    kind
        ``"range"`` (`low`, `high`, `scale`), ``"values"`` and ``"scenario"`` (`values`), ``"distribution"``
        (`distribution`).
    keys
        Key paths that it sets; none for whole scenarios and for draws.
    low, high, scale, steps
        Of a range; `steps` is how many values a grid takes.
    whole
        Whether the parameter is a whole number.
    values
        Levels, in the order of the file.
    distribution
        As in a scenario.
    """

    name: str
    kind: Kind
    keys: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    steps: int | None = None
    whole: bool = False
    values: tuple[Value, ...] = ()
    distribution: Distribution | None = None

    @property
    def levels(self) -> tuple[int | float | str | bool, ...]:
        """Values as they stand in the design's column; empty for a range or a distribution."""
        numbers = [v for v in self.values if isinstance(v, int | float) and not isinstance(v, bool)]
        switches = [v for v in self.values if isinstance(v, bool)]
        same = next((kind for kind in (numbers, switches) if len(kind) == len(self.values)), None)
        return tuple(map(_label, self.values)) if same is None else tuple(same)

    @property
    def dtype(self) -> pa.DataType:
        """Arrow type of the column."""
        if self.kind in ("range", "distribution"):
            return pa.int64() if self.whole else pa.float64()
        levels = self.levels
        if all(isinstance(level, bool) for level in levels):
            return pa.bool_()
        if all(isinstance(level, int) for level in levels):
            return pa.int64()
        return pa.string() if any(isinstance(level, str) for level in levels) else pa.float64()

    def column(self, quantiles: NDArray[np.float64]) -> list[int | float | str | bool]:
        """Entries of the design's column for numbers from 0 to 1."""
        return [self.entry(float(u)) for u in quantiles]

    def entry(self, u: float) -> int | float | str | bool:
        """Entry of the design's column at a quantile."""
        if self.kind in ("values", "scenario"):
            return self.levels[min(int(u * len(self.values)), len(self.values) - 1)]
        value = self._number(u)
        return round(value) if self.whole else value

    def value(self, entry: object) -> Value:
        """What a scenario is given for an entry of the design's column."""
        if self.kind in ("range", "distribution"):
            return entry
        return next(value for value, level in zip(self.values, self.levels, strict=True) if level == entry)

    def grid(self) -> tuple[int | float | str | bool, ...]:
        """Entries that a grid takes, in order: levels, or `steps` values of a range."""
        if self.kind in ("values", "scenario"):
            return self.levels
        if self.distribution is not None:
            return tuple(dict.fromkeys(sorted(self.distribution.atoms)))
        return tuple(dict.fromkeys(self.entry(float(u)) for u in np.linspace(0.0, 1.0, self.steps or 0)))

    def _number(self, u: float) -> float:
        if self.distribution is not None:
            return self._quantile(self.distribution, u)
        assert self.low is not None
        assert self.high is not None
        if self.whole:  # every whole number alike
            return min(math.floor(self.low + u * (self.high - self.low + 1)), math.floor(self.high))
        if u in (0.0, 1.0):  # exact where rounding would miss the end by an ulp
            return self.high if u else self.low
        if self.scale == "log":
            return math.exp(math.log(self.low) + u * math.log(self.high / self.low))
        return self.low + u * (self.high - self.low)

    @staticmethod
    def _quantile(distribution: Distribution, u: float) -> float:
        low, high = distribution.support
        if u <= 0.0 and math.isfinite(low):
            return low
        if u >= 1.0 and math.isfinite(high):
            return high
        return distribution.quantile(min(max(u, 1e-12), 1.0 - 1e-12))


def _label(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
