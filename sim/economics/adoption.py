"""Adoption and inertia: how many customers use anything yet, and how fast they move between offers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.economics import labels
from sim.economics.checks import InputError, fits, numbers
from sim.economics.engines import chosen
from sim.economics.nests import FloatArray, Labels

_ROUNDING = 1e-9


def bass_hazard(
    adopted: ArrayLike, innovation: ArrayLike, imitation: ArrayLike, time: ArrayLike = 1.0
) -> FloatArray:
    """Part of those who have not adopted that does so within some time.

    Solves dF/dt = (p + q F) (1 - F) exactly (Bass 1969, Management Science 15:5): (p + q F) / (1 - F) grows
    at the rate p + q, so that with d = e^-(p+q)t the hazard is (p + q F) (1 - d) / (p + q F + q (1 - F) d).

    Parameters
    ----------
    adopted
        F, part of the potential customers that has adopted, 0 to 1.
    innovation, imitation
        p and q, per unit of time, >= 0.
    time
        Length of the step in that unit, >= 0.

    Returns
    -------
    array
        Of the shape to which the arguments broadcast, 0 to 1.

    Raises
    ------
    InputError
        For values out of bounds.
    """
    f = numbers("adopted", adopted, least=0.0, most=1.0)
    p = numbers("innovation", innovation, least=0.0)
    q = numbers("imitation", imitation, least=0.0)
    return _hazard(f, p, q, numbers("time", time, least=0.0))


def _hazard(
    f: FloatArray,
    p: FloatArray,
    q: FloatArray,
    time: FloatArray | float,
    pace: tuple[FloatArray, FloatArray] | None = None,
) -> FloatArray:
    """`bass_hazard` of numbers that are in bounds."""
    left, gone = pace or bass_pace(p, q, time)
    now = p + q * f
    total = now + q * (1.0 - f) * left
    return np.asarray(gone * now / np.where(total > 0, total, 1.0))


def bass_step(
    adopted: ArrayLike, innovation: ArrayLike, imitation: ArrayLike, time: ArrayLike = 1.0
) -> FloatArray:
    """Part that has adopted after some time, F + (1 - F) hazard.

    Exact, so twelve months in one step or in twelve come out the same. Parameters as in `bass_hazard`.

    Examples
    --------
    >>> bass_step([0.0, 0.3], 0.03, 0.38).round(4)
    array([0.0358, 0.4058])
    """
    hazard = bass_hazard(adopted, innovation, imitation, time)
    before = np.asarray(adopted, dtype=float)
    return np.asarray(before + (1.0 - before) * hazard)


def adopters(
    adopted: FloatArray,
    innovation: FloatArray,
    imitation: FloatArray,
    time: float,
    pace: tuple[FloatArray, FloatArray] | None = None,
) -> FloatArray:
    """`bass_step` of arrays that are known to be in bounds; `pace` as in `bass_pace` of these, if that is known."""
    hazard = _hazard(adopted, innovation, imitation, time, pace)
    return np.asarray(adopted + (1.0 - adopted) * hazard)


def bass_pace(
    innovation: FloatArray, imitation: FloatArray, time: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """e^-(p+q)t, and 1 less that: what of a step does not depend on how many have adopted."""
    rate = (innovation + imitation) * time
    return np.exp(-rate), -np.expm1(-rate)


def bass_adoption(time: ArrayLike, innovation: ArrayLike, imitation: ArrayLike) -> FloatArray:
    """Adopters after `time` from none, (1 - e^-(p+q)t) / (1 + (q/p) e^-(p+q)t)."""
    p = numbers("innovation", innovation, least=0.0, strictly=True)
    q = numbers("imitation", imitation, least=0.0)
    rate = (p + q) * numbers("time", time, least=0.0)
    return np.asarray(-np.expm1(-rate) / (1.0 + q / p * np.exp(-rate)))


def bass_peak(innovation: ArrayLike, imitation: ArrayLike) -> FloatArray:
    """Time from none to the most arrivals, ln(q/p) / (p + q); 0 where they fall from the start (q <= p)."""
    p = numbers("innovation", innovation, least=0.0, strictly=True)
    q = numbers("imitation", imitation, least=0.0)
    return np.asarray(np.log(np.maximum(q / p, 1.0)) / (p + q))


def reconsider(
    shares: ArrayLike,
    choice: ArrayLike,
    *,
    between: ArrayLike,
    within: ArrayLike = 0.0,
    vendor: Labels | None = None,
    available: ArrayLike | None = None,
    outside: ArrayLike | None = None,
) -> FloatArray:
    """Shares after a period in which only some customers reconsider.

    A part `between` of all customers, those of the outside option included, looks at the whole market and
    follows `choice`. Of the others, a part `within` looks at the offers of its present vendor only and
    follows `choice` among them. The rest stays. With `within` = 0 this is s' = (1 - between) s + between
    choice: inertia rescales time and leaves steady states where they are (Calvo-type reconsideration).

    Customers of offers that vanished, and those that neither `shares` nor `outside` accounts for, choose from
    the whole market at once.

    Parameters
    ----------
    shares
        Present shares, (..., segments, offers), >= 0, with sums of at most 1.
    choice
        Shares among customers who choose now, same shape, 0 for offers that are not available.
    between, within
        Parts of customers, 0 to 1, a number or (..., segments).
    vendor
        One label per offer; by default every offer has its own, and `within` has no effect.
    available
        Whether the segment can have the offer, broadcastable to `shares`; by default it can.
    outside
        Present share of the outside option, (..., segments); by default what `shares` leaves.

    Returns
    -------
    array
        New shares, (..., segments, offers); the outside option has the rest.

    Raises
    ------
    InputError
        For shapes, values out of bounds, or shares that add up to more than 1.
    """
    now = numbers("shares", shares, least=0.0)
    target = numbers("choice", choice, least=0.0)
    if now.ndim < 2:
        raise InputError(f"shares: found shape {now.shape}; allowed is (..., segments, offers)")
    segments, offers = now.shape[-2:]
    fits("choice", target, ["segments", "offers"], [segments, offers], number=False)
    everywhere = numbers("between", between, least=0.0, most=1.0)
    inside = numbers("within", within, least=0.0, most=1.0)
    for name, part in (("between", everywhere), ("within", inside)):
        fits(name, part, ["segments"], [segments])
    kept = now if available is None else np.where(np.asarray(available, dtype=bool), now, 0.0)
    total = now.sum(axis=-1)
    none = np.maximum(1.0 - total, 0.0) if outside is None else numbers("outside", outside, least=-_ROUNDING)
    fits("outside", none, ["segments"], [segments])
    if (total + none).max() > 1.0 + _ROUNDING:
        raise InputError(
            f"shares: found sums up to {(total + none).max():g} with outside; allowed is at most 1"
        )
    if available is not None and ((target > 0.0) & ~np.asarray(available, dtype=bool)).any():
        raise InputError("choice: found a share of an offer that is not available; allowed is 0")

    index = _vendors(vendor, offers) if np.any(inside) else None
    return resettled(kept, target, everywhere, inside, none, index)


def resettled(
    kept: FloatArray,
    choice: FloatArray,
    between: FloatArray,
    within: FloatArray,
    outside: FloatArray,
    vendor: NDArray[np.intp] | None,
) -> FloatArray:
    """`reconsider` of arrays that are known to be in bounds.

    Parameters
    ----------
    kept
        Present shares on offers that are still available.
    vendor
        Number of each offer's vendor, from 0; None: nobody looks at the offers of one vendor only.
    """
    if kept.ndim == 2 and chosen(None) == "numba":
        from sim.economics.compiled.adoption import set_resettled  # numba takes a while to import
        from sim.economics.compiled.calls import kept as by_entry

        out = np.empty(kept.shape)
        every, inside, none = (part + np.zeros(len(kept)) for part in (between, within, outside))
        vendors = np.zeros(kept.shape[1], dtype=np.intp) if vendor is None else vendor
        of_vendor = np.empty((2, int(vendors.max(initial=0)) + 1))
        by_entry(
            set_resettled, kept, choice, every, inside, none, vendors, vendor is not None, of_vendor, out
        )
        return out
    settled = kept.sum(axis=-1) + outside
    choosing = between * settled + np.maximum(1.0 - settled, 0.0)
    staying = (1.0 - between) * (1.0 - within)
    updating = (1.0 - between) * within
    moved = kept if vendor is None else _choose_within_vendor(kept, choice, vendor)
    return np.asarray(staying[..., None] * kept + updating[..., None] * moved + choosing[..., None] * choice)


def _choose_within_vendor(shares: FloatArray, choice: FloatArray, index: NDArray[np.intp]) -> FloatArray:
    """Every customer of a vendor follows `choice` among its offers; if that is nowhere, it stays."""
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(index.max(initial=-1) + 1))
    customers, likely = (
        np.add.reduceat(part.take(order, axis=-1), starts, axis=-1) for part in (shares, choice)
    )
    chosen = likely > 0.0
    users = customers / np.where(chosen, likely, 1.0)
    return np.where(chosen.take(index, axis=-1), users.take(index, axis=-1) * choice, shares)


def _vendors(vendor: Labels | None, offers: int) -> NDArray[np.intp]:
    """Number of each offer's vendor, in the order of appearance."""
    found = labels.row("vendor", vendor, offers)
    if isinstance(found, np.ndarray):
        return labels.numbered(found - found.min(initial=0))[0]
    number = {label: i for i, label in enumerate(dict.fromkeys(found or range(offers)))}
    return np.array([number[label] for label in found or range(offers)], dtype=np.intp)
