"""Labels turned into indices, once for a game.

An array of integers is taken as it is; in it a negative number is nobody, as None and "" are in a list.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.economics.checks import InputError, label_rows, sorted_labels

IntArray = NDArray[np.intp]
Row = list[Hashable] | IntArray

_NOBODY = (None, "")
LARGEST_TABLE = 1 << 20


def row(name: str, labels: Any, offers: int) -> Row | None:
    """One label per offer, None for None."""
    if isinstance(labels, np.ndarray) and labels.ndim == 1 and labels.dtype.kind in "iu":
        if len(labels) != offers:
            raise InputError(f"{name}: found {len(labels)} labels; allowed is one per offer, here {offers}")
        return labels.astype(np.intp, copy=False)
    rows = label_rows(name, labels, offers)
    if len(rows) > 1:
        raise InputError(f"{name}: found {len(rows)} rows of labels; allowed is one")
    return rows[0] if rows else None


def rows(name: str, labels: Any, offers: int) -> list[Row]:
    """One or two rows with a label per offer, [] for None."""
    two = isinstance(labels, list | tuple) and len(labels) == 2
    if two and all(isinstance(part, list | tuple | np.ndarray) for part in labels):
        return [part for part in (row(name, part, offers) for part in labels) if part is not None]
    one = row(name, labels, offers)
    return [] if one is None else [one]


def coded(lists: Sequence[Row], *, somebody: int = 0) -> tuple[tuple[Hashable, ...], list[IntArray]]:
    """Distinct labels, sorted, and each row as indices into them, -1 for nobody.

    Parameters
    ----------
    somebody
        In so many of the first rows every label is one.
    """
    arrays = [part for part in lists if isinstance(part, np.ndarray)]
    if len(arrays) == len(lists) and all(part.min(initial=0) >= 0 for part in arrays[:somebody]):
        return _sorted(arrays)
    plain = [_plain(part, always=k < somebody) for k, part in enumerate(lists)]
    labels = sorted_labels([label for part in plain for label, known in part if known])
    number = {label: i for i, label in enumerate(labels)}
    indices = [[number[label] if known else -1 for label, known in part] for part in plain]
    return labels, [np.array(part, dtype=np.intp) for part in indices]


def _sorted(arrays: list[IntArray]) -> tuple[tuple[Hashable, ...], list[IntArray]]:
    everybody = np.concatenate(arrays)
    largest = int(everybody.max(initial=-1))
    if largest >= LARGEST_TABLE:
        distinct = np.unique(everybody[everybody >= 0])
        indices = [np.where(part >= 0, np.searchsorted(distinct, part), -1) for part in arrays]
        return tuple(distinct.tolist()), indices
    known = np.zeros(largest + 2, dtype=bool)  # at the end nobody
    known[np.maximum(everybody, -1)] = True
    known[-1] = False
    table = known.cumsum() - 1
    table[-1] = -1
    return tuple(known.nonzero()[0].tolist()), [table[np.maximum(part, -1)] for part in arrays]


def _plain(part: Row, *, always: bool) -> list[tuple[Hashable, bool]]:
    """Labels, and whether each is somebody."""
    if isinstance(part, np.ndarray):
        return [(label, always or label >= 0) for label in part.tolist()]
    return [(label, always or label not in _NOBODY) for label in part]


def numbered(codes: IntArray) -> tuple[IntArray, IntArray]:
    """Numbers for codes >= 0 in the order of first appearance, and the position of each first appearance."""
    if not len(codes):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    largest = int(codes.max())
    if largest >= LARGEST_TABLE:
        codes = np.unique(codes, return_inverse=True)[1]
        largest = len(codes)
    position = np.arange(len(codes))
    first_of = np.empty(largest + 1, dtype=np.intp)
    first_of[codes[::-1]] = position[::-1]  # the last to be written, the first in order, stays
    earliest = first_of[codes]
    is_first = earliest == position
    return (is_first.cumsum() - 1)[earliest], is_first.nonzero()[0]
