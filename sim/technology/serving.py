"""What a token costs to serve, and how much serving compute it takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.technology.capability import Number
from sim.technology.units import SECONDS_PER_MONTH, TERA

Array = NDArray[np.float64]


def bytes_per_token(
    flop: Number,
    algorithm: Number,
    *,
    reference: float,
    reference_flop: float,
    size_exponent: float,
    progress: float,
) -> Number:
    """Memory traffic per token of a model, in bytes.

    reference * (flop / reference_flop) ** size_exponent * 10 ** (-progress * algorithm): more training compute
    makes larger models (compute-optimal scaling), algorithmic progress makes a given capability smaller.
    """
    size: Number = (flop / reference_flop) ** size_exponent
    shrunk: Number = 10.0 ** (-progress * algorithm)
    return reference * size * shrunk


def load_per_mtok(bytes_: ArrayLike, utilisation: float) -> Array:
    """TB/s of memory bandwidth that a million tokens a month keep busy."""
    return np.asarray(np.asarray(bytes_, dtype=float) * 1e6 / (SECONDS_PER_MONTH * utilisation * TERA))


def bandwidth_rent(
    price: ArrayLike, *, system_cost: float, life: float, running_share: float, running_cost: ArrayLike
) -> Array:
    """Full cost of a TB/s for a month, in USD: amortised chips and systems plus power and operations.

    Parameters
    ----------
    price
        USD of chips per TB/s.
    system_cost
        Servers, network and site per dollar of chips.
    life
        Months of amortisation.
    running_share
        Power and operations per dollar of amortised cost, at `running_cost` 1.
    running_cost
        Regional factor on it.
    """
    amortised = np.asarray(price, dtype=float) * system_cost / life
    return np.asarray(amortised * (1.0 + running_share * np.asarray(running_cost)))
