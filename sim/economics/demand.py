"""Nested-logit demand: shares, inclusive values and consumer surplus.

Offers are grouped twice: into *tiers* (models of one capability class) and, within a tier, into *host nests*
(the hosts of one model). With V the utility of an offer, `inner` = (1 - tier nesting) (1 - host nesting) and
`outer` = 1 - tier nesting,

    I_h = inner ln sum_{j in h} exp(V_j / inner)        inclusive value of a host nest
    I_g = outer ln sum_{h in g} exp(I_h / outer)        inclusive value of a tier
    W   = ln(exp(outside) + sum_g exp(I_g))             expected utility of the choice
    P_j = exp((V_j - I_h) / inner) exp((I_h - I_g) / outer) exp(I_g - W)

Nesting is given in increments, so `inner <= outer <= 1` and the model is always consistent with random
utility (McFadden 1978). The public functions take utilities as (..., segments, offers); `nested_shares` works
on the transposed layout, (..., offers, segments), in which sums over nests are matrix products and gathers
copy whole rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.checks import InputError, numbers
from sim.economics.nests import FloatArray, Groups, LabelRows, Nests

# A nest whose exponentials add up to less than this is summed again around its own maximum (see
# `grouped_softmax`).
_FAINT = 1e-250


class NestedShares(NamedTuple):
    """Choice probabilities by level, in the layout (..., offers or nests, segments)."""

    within_host: FloatArray  # (..., offers, segments) of an offer among the hosts of its nest
    within_tier: FloatArray  # (..., host nests, segments) of a host nest in its tier
    tier: FloatArray  # (..., tiers, segments) of a tier among everything, the outside option included
    offer: FloatArray  # (..., offers, segments) of an offer among everything
    expected_utility: FloatArray  # (..., segments)


class Dead(NamedTuple):
    """Nests in which nothing can be had: 0 where alive, -inf where dead (see `split_unavailable`)."""

    host: FloatArray | None = None  # (..., host nests, segments)
    tier: FloatArray | None = None  # (..., tiers, segments)


NONE_DEAD = Dead()


def grouped_softmax(utility: FloatArray, groups: Groups) -> tuple[FloatArray, FloatArray]:
    """Shares within each group and log-sums by group, over axis -2 of (..., items, segments).

    Exponentials are taken around the segment's maximum, which costs one pass. Where a group lies so far below
    it that its sum underflows, the markets concerned are taken again around each group's own maximum: never
    0/0.
    """
    if groups.singletons:
        return np.ones_like(utility), utility
    shift = utility.max(axis=-2, keepdims=True)
    exponential = utility - shift
    np.exp(exponential, out=exponential)
    total = groups.sum(exponential)
    if total.min() < _FAINT:
        faint = (total < _FAINT).any(axis=(-1, -2), keepdims=True)
        shift = np.where(faint, groups.maximum(utility), shift)
        exponential = np.exp(utility - groups.spread(shift))
        total = groups.sum(exponential)
    exponential /= groups.spread(total)
    return exponential, shift + np.log(total)


def nested_shares(
    scaled_utility: FloatArray, outside: FloatArray, nests: Nests, dead: Dead = NONE_DEAD
) -> NestedShares:
    """Two-level nested-logit probabilities.

    Parameters
    ----------
    scaled_utility
        V / inner, (..., offers, segments). -inf is allowed where the nest has a finite utility in the
        segment.
    outside
        Utility of the outside option, broadcastable to (..., segments).
    dead
        Penalties of nests without any available offer, from `split_unavailable`.
    """
    within_host, log_host = grouped_softmax(scaled_utility, nests.hosts)
    log_nest = _plus(log_host * (nests.inner / nests.outer), dead.host)
    within_tier, log_tier = grouped_softmax(log_nest, nests.tiers)
    value = _plus(log_tier * nests.outer, dead.tier)
    expected = _log_sum(value, outside)
    tier = np.exp(value - expected[..., None, :])
    offer = within_host * nests.hosts.spread(within_tier * nests.tiers.spread(tier))
    return NestedShares(within_host, within_tier, tier, offer, expected)


def log_shares(
    scaled_utility: FloatArray, outside: FloatArray, nests: Nests, dead: Dead = NONE_DEAD
) -> FloatArray:
    """Logarithms of the shares of offers, exact where shares underflow; arguments as in `nested_shares`."""
    _, log_host = grouped_softmax(scaled_utility, nests.hosts)
    log_nest = _plus(log_host * (nests.inner / nests.outer), dead.host)
    _, log_tier = grouped_softmax(log_nest, nests.tiers)
    value = _plus(log_tier * nests.outer, dead.tier)
    nest = log_nest + nests.tiers.spread(value - log_tier) - _log_sum(value, outside)[..., None, :]
    return scaled_utility + nests.hosts.spread(nest - log_host)


def _plus(values: FloatArray, penalty: FloatArray | None) -> FloatArray:
    return values if penalty is None else values + penalty


def _log_sum(value: FloatArray, outside: FloatArray) -> FloatArray:
    """Log-sum over the tiers and the outside option, (..., segments)."""
    top = np.maximum(value.max(axis=-2), outside)
    total = np.exp(value - top[..., None, :]).sum(axis=-2) + np.exp(outside - top)
    return np.asarray(top + np.log(total))


def split_unavailable(quality: FloatArray, nests: Nests) -> tuple[FloatArray, Dead]:
    """Qualities in which every nest has a finite one, and the penalties of the nests that are dead.

    An offer with quality -inf is the limit of quality -T, T to infinity, the same T for all. In a nest with
    another offer its share is 0. In a nest where nothing is available the shares *within* the nest have a
    limit too; it is found by setting the qualities of that nest to 0 and taking the nest as a whole off the
    market, so that no share is 0/0.

    Parameters
    ----------
    quality
        (..., offers, segments), finite or -inf.
    """
    available = quality > -np.inf
    if available.all():
        return quality, NONE_DEAD
    dead_host = nests.hosts.sum(available.astype(float)) == 0
    if not dead_host.any():
        return quality, NONE_DEAD
    dead_tier = nests.tiers.sum(1.0 - dead_host) == 0
    host = np.where(dead_host & np.logical_not(nests.tiers.spread(dead_tier)), -np.inf, 0.0)
    tier = np.where(dead_tier, -np.inf, 0.0)
    return np.where(nests.hosts.spread(dead_host), 0.0, quality), Dead(host, tier)


def choice_shares(
    utility: ArrayLike,
    *,
    nests: LabelRows | None = None,
    nesting: ArrayLike = 0.0,
    outside: ArrayLike = 0.0,
) -> FloatArray:
    """Nested-logit shares of each offer.

    Parameters
    ----------
    utility
        (offers,) or (..., segments, offers); -inf where the offer is not available.
    nests, nesting
        None; one label per offer and one nesting; or two rows of labels (tier, host) and a pair of nestings.
        See `sim.economics.nests.Nests.build`.
    outside
        Utility of the outside option: a number, or (..., segments).

    Returns
    -------
    array
        Of the shape of `utility`. The outside option has the rest.

    Raises
    ------
    InputError
        For NaN, +inf, labels that do not fit, or a nesting out of range.

    Examples
    --------
    >>> choice_shares([0.0, 0.0], nests=["large", "large"], nesting=0.5).round(4)
    array([0.2929, 0.2929])
    """
    levels, squeeze = _evaluate(utility, nests, nesting, outside)
    shares = np.swapaxes(levels.offer, -1, -2)
    return shares[0] if squeeze else shares


def inclusive_value(
    utility: ArrayLike,
    *,
    nests: LabelRows | None = None,
    nesting: ArrayLike = 0.0,
    outside: ArrayLike = 0.0,
) -> FloatArray:
    """Expected utility of the best choice, W = ln(exp(outside) + sum_g exp(I_g)), up to Euler's constant.

    Parameters as in `choice_shares`. Returns (..., segments), or a 0-d array for a one-dimensional `utility`.
    """
    levels, squeeze = _evaluate(utility, nests, nesting, outside)
    return levels.expected_utility[0] if squeeze else levels.expected_utility


def consumer_surplus(
    utility: ArrayLike,
    price_sensitivity: ArrayLike,
    *,
    nests: LabelRows | None = None,
    nesting: ArrayLike = 0.0,
    outside: ArrayLike = 0.0,
) -> FloatArray:
    """Consumer surplus per customer, W / price_sensitivity (Small & Rosen 1981).

    With utility linear in price it is money, and its derivative in a price is minus the share. With utility
    in log price it is in log points of price: 0.01 is worth as much as a fall of all inside prices by one per
    cent to a customer who always buys, and the derivative in ln p_j is minus the share.

    Parameters as in `choice_shares`; `price_sensitivity` a number or (segments,). Returns (..., segments).
    """
    sensitivity = numbers("price_sensitivity", price_sensitivity, least=0.0, strictly=True)
    return np.asarray(inclusive_value(utility, nests=nests, nesting=nesting, outside=outside) / sensitivity)


def qualities(name: str, values: ArrayLike) -> FloatArray:
    """An array (offers,) or (..., segments, offers) of finite numbers and -inf."""
    array = np.asarray(values, dtype=float)
    if array.ndim == 0 or 0 in array.shape:
        allowed = "(offers,) or (..., segments, offers), none of them 0"
        raise InputError(f"{name}: found shape {array.shape}; allowed is {allowed}")
    if not array.max() < np.inf:
        found = "NaN" if np.isnan(array).any() else "+inf"
        allowed = "finite numbers, and -inf for an offer that is not available"
        raise InputError(f"{name}: found {found}; allowed are {allowed}")
    return array


def _evaluate(
    utility: ArrayLike,
    nests: LabelRows | None,
    nesting: ArrayLike,
    outside: ArrayLike,
) -> tuple[NestedShares, bool]:
    values = qualities("utility", utility)
    structure = Nests.build(values.shape[-1], nests, nesting)
    layout = np.ascontiguousarray(np.swapaxes(np.atleast_2d(values), -1, -2)) / structure.inner
    alive, dead = split_unavailable(layout, structure)
    return nested_shares(alive, numbers("outside", outside), structure, dead), values.ndim == 1
