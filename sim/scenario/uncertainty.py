"""Distributions that may stand in a scenario file in place of a number.

``{dist: triangular, low: 0.2, mode: 0.5, high: 0.9}``. Each has a quantile function, so that one uniform
number keyed by the parameter's path draws it, and a central value, which holds where no uncertainty is asked
for. Quantile functions are closed forms, exact to rounding. A `Sample` is the exception: its values stand in a table
of the scenario (`sim.scenario.samples`), and all parameters of one table take the same row.
"""

from __future__ import annotations

import bisect
import itertools
import math
from abc import abstractmethod
from statistics import NormalDist
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import override

from sim.scenario.nodes import SAMPLES
from sim.scenario.parameters import Entry

MIN_KEPT = 1e-9
"""Least probability that truncation must leave: below it, the bounds and the distribution contradict."""

_STANDARD = NormalDist()


def refused(found: str, allowed: str) -> PydanticCustomError:
    """An error that tells what was found and what is allowed."""
    about = {"reason": found, "allowed": allowed}
    return PydanticCustomError("distribution", "{reason}; allowed: {allowed}", about)


class Distribution(Entry):
    """What all distributions have in common."""

    dist: str

    @abstractmethod
    def keyed(self, path: str) -> str:
        """What keys the random number that draws the parameter at a path."""

    @property
    def alone(self) -> Distribution:
        """The same values for one parameter alone, whatever is drawn with it; its quantiles rise."""
        return self

    @property
    @abstractmethod
    def central(self) -> float:
        """Value that stands in where no uncertainty is asked for."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""

    @property
    def atoms(self) -> tuple[float, ...]:
        """Values that have a probability of their own; none for a continuous distribution."""
        return ()

    @abstractmethod
    def quantile(self, u: float) -> float:
        """Value below which a share `u` of the probability lies; `u` strictly between 0 and 1."""


class _Single(Distribution):
    """A distribution that is drawn by itself.

    Parameters with one name in `together` are drawn by one random number: what a calibration found for several of
    them at once, a scenario draws at once.
    """

    together: str | None = Field(None, min_length=1, max_length=60)

    def keyed(self, path: str) -> str:
        return self.together or path


class Triangular(_Single):
    """Triangle from `low` to `high` with its top at `mode`, which is its central value."""

    dist: Literal["triangular"]
    low: float
    mode: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.mode <= self.high or self.low == self.high:
            found = f"low {self.low:g}, mode {self.mode:g}, high {self.high:g}"
            raise refused(found, "low <= mode <= high, low < high")
        return self

    @property
    def central(self) -> float:
        return self.mode

    @property
    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def quantile(self, u: float) -> float:
        width, left, right = self.high - self.low, self.mode - self.low, self.high - self.mode
        if u * width < left:
            return self.low + math.sqrt(u * width * left)
        return self.high - math.sqrt((1 - u) * width * right)


class _Interval(_Single):
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise refused(f"low {self.low:g}, high {self.high:g}", "low < high")
        return self

    @property
    def support(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def central(self) -> float:
        return self.quantile(0.5)


class Uniform(_Interval):
    """Every value from `low` to `high` alike; central value in the middle."""

    dist: Literal["uniform"]

    def quantile(self, u: float) -> float:
        return self.low + u * (self.high - self.low)


class LogUniform(_Interval):
    """Every order of magnitude from `low` to `high` alike; central value the geometric mean."""

    dist: Literal["loguniform"]
    low: float = Field(gt=0)

    def quantile(self, u: float) -> float:
        return math.exp(math.log(self.low) + u * math.log(self.high / self.low))


class _Truncated(_Single):
    """A function of a normal number, kept between `low` and `high`."""

    low: float | None = None
    high: float | None = None

    @abstractmethod
    def _standardised(self, value: float) -> float:
        """Standard normal number that corresponds to a value."""

    @abstractmethod
    def _value(self, z: float) -> float:
        """Value that corresponds to a standard normal number."""

    @property
    @abstractmethod
    def _natural_support(self) -> tuple[float, float]:
        """Support where nothing is cut off."""

    @model_validator(mode="after")
    def _centred(self) -> Self:
        low, high = self.support
        if not low < high or not low <= self.central <= high:
            found = f"low {low:g}, centre {self.central:g}, high {high:g}"
            raise refused(found, "low <= centre <= high, low < high")
        lower, upper = self._cut
        if _below(upper) - _below(lower) < MIN_KEPT:
            raise refused(f"{low:g} to {high:g}, which keeps almost nothing", "bounds that keep more of it")
        return self

    @property
    def support(self) -> tuple[float, float]:
        low, high = self._natural_support
        return low if self.low is None else self.low, high if self.high is None else self.high

    @property
    def _cut(self) -> tuple[float, float]:
        lower = -math.inf if self.low is None else self._standardised(self.low)
        upper = math.inf if self.high is None else self._standardised(self.high)
        return lower, upper

    def quantile(self, u: float) -> float:
        lower, upper = self._cut
        below, above = _below(lower), _below(-upper)
        if u < 0.5:
            z = _STANDARD.inv_cdf(below + u * (1 - below - above))
        else:
            z = -_STANDARD.inv_cdf(above + (1 - u) * (1 - below - above))
        low, high = self.support
        return min(max(self._value(z), low), high)


class Normal(_Truncated):
    """Normal with `mean` and `sd`, cut off at `low` and `high` if given; central value `mean`."""

    dist: Literal["normal"]
    mean: float
    sd: float = Field(gt=0)

    @property
    def central(self) -> float:
        return self.mean

    @property
    def _natural_support(self) -> tuple[float, float]:
        return -math.inf, math.inf

    def _standardised(self, value: float) -> float:
        return (value - self.mean) / self.sd

    def _value(self, z: float) -> float:
        return self.mean + self.sd * z


class LogNormal(_Truncated):
    """Number whose natural logarithm is normal with sd `sigma`; central value `median`."""

    dist: Literal["lognormal"]
    median: float = Field(gt=0)
    sigma: float = Field(gt=0, le=10)

    @property
    def central(self) -> float:
        return self.median

    @property
    def _natural_support(self) -> tuple[float, float]:
        return 0.0, math.inf

    def _standardised(self, value: float) -> float:
        return math.log(value / self.median) / self.sigma if value > 0 else -math.inf

    def _value(self, z: float) -> float:
        return self.median * math.exp(self.sigma * z)


class Discrete(_Single):
    """One of `values`, with probabilities in proportion to `weights` (alike if not given).

    The central value is the likeliest, of equals the first.
    """

    dist: Literal["discrete"]
    values: list[float] = Field(min_length=1, max_length=10_000)
    weights: list[Annotated[float, Field(ge=0)]] | None = None

    @model_validator(mode="after")
    def _matched(self) -> Self:
        if self.weights is not None:
            if len(self.weights) != len(self.values):
                found = f"{len(self.weights)} weights for {len(self.values)} values"
                raise refused(found, "a weight for each value")
            if sum(self.weights) <= 0:
                raise refused("weights that are all 0", "a weight above 0")
        return self

    @property
    def _weights(self) -> list[float]:
        return self.weights or [1.0] * len(self.values)

    @property
    def central(self) -> float:
        return self.values[self._weights.index(max(self._weights))]

    @property
    def support(self) -> tuple[float, float]:
        return min(self.atoms), max(self.atoms)

    @property
    def atoms(self) -> tuple[float, ...]:
        return tuple(value for value, weight in zip(self.values, self._weights, strict=True) if weight > 0)

    def quantile(self, u: float) -> float:
        """Smallest of the values, in ascending order, that reaches a share `u`."""
        pairs = sorted(zip(self.values, self._weights, strict=True))
        reached = list(itertools.accumulate(weight for _, weight in pairs))
        return pairs[min(bisect.bisect_left(reached, u * reached[-1]), len(pairs) - 1)][0]


class Sample(Distribution):
    """A column of a table of the scenario: one draw takes the same row for every parameter of the table.

    Rows are alike in probability; the central value is that of the first.
    """

    dist: Literal["sample"]
    of: str = Field(min_length=1)
    column: str = Field(min_length=1)
    _values: tuple[float, ...] = PrivateAttr(())

    def bound(self, values: tuple[float, ...]) -> Sample:
        """The same, knowing the values of its column."""
        bound = self.model_copy()
        bound._values = values
        return bound

    @override
    def keyed(self, path: str) -> str:
        return f"{SAMPLES}.{self.of}"

    @property
    def alone(self) -> Discrete:
        return Discrete(dist="discrete", values=list(self._values))

    @property
    def central(self) -> float:
        return self._values[0]

    @property
    def support(self) -> tuple[float, float]:
        return min(self._values), max(self._values)

    @property
    def atoms(self) -> tuple[float, ...]:
        return self._values

    def quantile(self, u: float) -> float:
        """Value in the row that `u` picks: of the table's order, not that of size."""
        return self._values[min(int(u * len(self._values)), len(self._values) - 1)]


OneDistribution = Annotated[
    Triangular | Uniform | LogUniform | Normal | LogNormal | Discrete, Field(discriminator="dist")
]
"""Any distribution that says all by itself, told apart by ``dist``."""

AnyDistribution = Annotated[
    Triangular | Uniform | LogUniform | Normal | LogNormal | Discrete | Sample, Field(discriminator="dist")
]
"""Any distribution that may stand in a scenario."""


def _below(z: float) -> float:
    """Probability that a standard normal number lies below `z`, precise far into the lower tail."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
