"""What a seller counts of a dollar of sales if customers stay: it invests in new ones and harvests those it has."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.checks import InputError, numbers
from sim.economics.nests import FloatArray


def retention(leaving: ArrayLike, discount: ArrayLike) -> FloatArray:
    """Discounted months that a customer is expected to stay after this one, d / (1 - d), d = (1 - leaving) e^(-r/12).

    Parameters
    ----------
    leaving
        Part of customers that reconsiders in a month, 0 to 1.
    discount
        r per year, >= 0; where nobody leaves it must be above 0.

    Returns
    -------
    array
        Months, of the shape to which the arguments broadcast.

    Raises
    ------
    InputError
        For numbers out of bounds, and if somebody would stay for ever.

    Examples
    --------
    >>> retention(0.25, 0.0)
    array(3.)
    """
    rate = numbers("discount", discount, least=0.0)
    stay = (1.0 - numbers("leaving", leaving, least=0.0, most=1.0)) * np.exp(-rate / 12.0)
    if stay.size and stay.max() >= 1.0:
        raise InputError("discount: found 0 where nobody leaves; allowed is > 0, as customers would stay for ever")
    return np.asarray(stay / (1.0 - stay))


def counted(choosing: ArrayLike, months: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """R, what a forward-looking seller counts of a dollar of sales: above 1 it prices low to invest, below to harvest.

    A part k of those to whom it sells chooses this month, with elasticity e - 1 in price; the rest stays. Both spend a
    fixed budget. One who is won stays for K more months and earns the long-run margin 1/e in each. The seller's best
    price is then c / R times the mark-up e / (e - 1) at which all would choose anew, where

        R = k (e + K) / (1 + k (e - 1)).

    In a steady state without discounting k (1 + K) = 1, and R = 1: inertia then leaves prices where they are. In a
    growing market, and for a seller with few customers yet, R > 1; for one whose customers would choose others today,
    R < 1: bargains, then rip-offs (Klemperer 1995, Review of Economic Studies 62; Farrell & Klemperer 2007, Handbook
    of Industrial Organization 3, section 2).

    Parameters
    ----------
    choosing
        k, part of sales, 0 to 1.
    months
        K, discounted months, >= 0, see `retention`.
    elasticity
        e of use in price where all choose anew, use per customer included, > 1.

    Returns
    -------
    array
        R, of the shape to which the arguments broadcast.

    Raises
    ------
    InputError
        For numbers out of bounds.

    Examples
    --------
    >>> counted([0.1, 1.0], 9.0, 2.5)
    array([1. , 4.6])
    """
    part = numbers("choosing", choosing, least=0.0, most=1.0)
    future = numbers("months", months, least=0.0)
    e = numbers("elasticity", elasticity, least=1.0, strictly=True)
    return np.asarray(part * (e + future) / (1.0 + part * (e - 1.0)))
