"""Named random streams: every draw belongs to (seed, stream, entity, month) and to nothing else.

A stream of an entity is one counter-based generator (Philox) keyed by the seed and by the names of stream and
entity; its n-th value is month n's draw. So two scenarios with one seed share every draw that both make, the
order of agents does not matter, and an entity more or less changes nobody else's luck.

Reference: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; common random numbers keyed by
event: Klein et al. 2024, arXiv 2409.02086.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


def _key(seed: int, stream: str, name: str) -> int:
    """Key of an entity's stream."""
    digest = blake2b(f"{stream}\x1f{name}".encode(), digest_size=8, key=seed.to_bytes(16, "big", signed=True))
    return int.from_bytes(digest.digest(), "big")


def uniform(seed: int, stream: str, name: str) -> float:
    """Draw one number in (0, 1) for an entity that draws once a run, such as an uncertain parameter."""
    return float(uniforms(seed, stream, [name], 1)[0, 0])


def uniforms(seed: int, stream: str, names: Sequence[str], months: int) -> NDArray[np.float64]:
    """Draw uniforms in (0, 1) for each entity and month.

    Parameters
    ----------
    seed
        Seed of the run; any integer of up to 127 bits.
    stream
        Purpose of the draws.
    names
        Entities; the value of one does not depend on which others are asked for.
    months
        Number of months; a longer run begins with the draws of a shorter one.

    Returns
    -------
    Array of shape (months, entities).
    """
    draws = np.empty((months, len(names)))
    bits = np.random.Philox(key=0)
    generator, begin = np.random.Generator(bits), bits.state
    for i, name in enumerate(names):
        # Each begins as `Philox(key=...)` does; to make a new one takes three times as long.
        begin["state"]["key"][0] = _key(seed, stream, name)
        bits.state = begin
        draws[:, i] = generator.random(months)
    return np.clip(draws, 1e-16, 1.0 - 1e-16)


def normals(seed: int, stream: str, names: Sequence[str], months: int) -> NDArray[np.float64]:
    """Draw standard normals for each entity and month, by inversion of `uniforms` (one draw a value)."""
    return np.asarray(ndtri(uniforms(seed, stream, names, months)))
