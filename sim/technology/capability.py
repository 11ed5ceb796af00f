"""Training and the growth of knowledge: from compute to capability, and from leaders to followers."""

from __future__ import annotations

from math import inf
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.technology.units import SECONDS_PER_MONTH, TERA

Array = NDArray[np.float64]
Number = TypeVar("Number", float, Array)
"""A number, or many: a lab trains by numbers, for which NumPy's functions of arrays are slow."""


def _log10(x: Number) -> Number:
    """Orders of magnitude, -inf of nothing. NumPy's for numbers too: those of `math` may differ in the last bit."""
    if isinstance(x, float):
        return float(np.log10(x)) if x > 0.0 else -inf
    with np.errstate(divide="ignore"):
        return np.log10(x)


def _at_least(x: Number, least: float) -> Number:
    if isinstance(x, float):
        return max(x, least)
    return np.maximum(x, least)


def run_flop(tflops: Number, utilisation: float, months: float, final_share: Number) -> Number:
    """FLOP of a final training run.

    Parameters
    ----------
    tflops
        Training TFLOP/s that the lab owns or rents.
    utilisation
        Part of the peak that training reaches.
    months
        Length of the run.
    final_share
        Part of research compute that goes to the final run (10-30 %, Epoch AI).
    """
    return tflops * TERA * utilisation * final_share * months * SECONDS_PER_MONTH


def capability(
    flop: Number, algorithm: Number, *, per_order: float, reference: float, reference_flop: float
) -> Number:
    """ECI points of a model: reference + per_order * (log10(flop / reference_flop) + algorithm).

    `algorithm` in orders of magnitude of effective compute. With no compute the result is -inf.
    """
    return reference + per_order * (_log10(flop / reference_flop) + algorithm)


def derived_capability(base: Number, flop: Number, *, loss: float, fine_tuning: float) -> Number:
    """ECI points of a model built on another's weights: base - loss + fine_tuning per order of FLOP above 1e22."""
    return base - loss + fine_tuning * _log10(_at_least(flop / 1e22, 1.0))


def open_pool(algorithm: Array, openness: Array, *, distance: float, half: float) -> Array:
    """How full the pool of published knowledge is, in [0, 1).

    Each lab adds its openness (0 closed, 1 open flagship) times exp(-behind / distance), where `behind` is its
    distance to the leading lab in orders of magnitude; the sum n fills n / (n + half) of the pool.

    Parameters
    ----------
    algorithm
        Levels, orders of magnitude, (labs,).
    openness
        (..., labs).

    Returns
    -------
    Array (...).
    """
    n = np.sum(openness * np.exp(-(algorithm.max(initial=-np.inf) - algorithm) / distance), axis=-1)
    return np.asarray(n / (n + half))


def algorithm_growth(algorithm: Array, own: Array, *teachers: tuple[Array | float, Array | float]) -> Array:
    """Growth of algorithmic levels in a month, in orders of magnitude.

    dA = [own + sum over teachers of rate * max(0, level - A)] / 12

    A follower of one teacher who leads settles (1 - own / own_leader) / rate years behind it (verification case
    V13), and of several at one level as of their rates' sum.

    Parameters
    ----------
    algorithm
        Present levels, (labs,).
    own
        Own research, orders a year, (labs,).
    teachers
        Pairs of a rate, per year, and the level that it is learned from (-inf: from nobody), numbers or (labs,): what
        leaks from the best lab whatever it releases (papers, staff, theft, distillation), what leaks from the best
        lab of one's own region, and what open weights teach.
    """
    return np.asarray(sum((rate * np.maximum(level - algorithm, 0.0) for rate, level in teachers), own) / 12.0)


def saturating(stock: Number, half: float) -> Number:
    """Concave gain from a stock of use: stock / (stock + half), in [0, 1)."""
    return stock / (stock + half)
