"""Choice among offers whose prices are given: what customers find in nests of them, and how many take each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.economics.engines import chosen
from sim.world.setting import Array, Ints


class Nested(NamedTuple):
    """Nests of offers: hosts of one model, models of one tier.

    Attributes
    ----------
    nest
        Model of each offer, ascending, (offers,).
    value
        Which value each model counts for, (models,): that of its tier below `tiers`, else one of its own.
    tiers, values
        Number of tiers, and of values in all.
    inner, outer
        Scale of utility among the hosts of a model, and among the models of a tier.
    """

    nest: Ints
    value: Ints
    tiers: int
    values: int
    inner: float
    outer: float


def inclusive_values(
    bare: Array, capability: Array, level: Array, width: Array, tasks: Array, nested: Nested
) -> Array:
    """Utility of one offer that is worth as much as all offers of a nest.

    Of a tier outer * ln sum_models (sum_hosts exp(u / inner)) ** (inner / outer); of a model by itself
    inner * ln sum_hosts exp(u / inner), with u = bare + tasks / (1 + exp((level - capability) / width)).

    Parameters
    ----------
    bare
        Utility of offers before capability, (offers, cohorts).
    capability
        ECI points, (cases, offers).
    level
        Difficulty of the cohorts' tasks, ECI, (cases, cohorts).
    width, tasks
        ECI points over which ability rises, and utils that all tasks are worth, (cohorts,).

    Returns
    -------
    Values (cases, values, cohorts): of tiers, then of models by themselves; -inf where there is no offer.
    """
    out = np.full((len(capability), nested.values, len(width)), -np.inf)
    if not len(bare):
        return out
    nest, value, tiers, values, inner, outer = nested
    hosts = np.flatnonzero(np.diff(nest, prepend=-1))
    counted = value[nest[hosts]]
    power = np.where(counted < tiers, inner / outer, 1.0)[:, None]
    for case, row in enumerate(out):
        with np.errstate(over="ignore"):
            behind = np.exp((level[case] - capability[case][:, None]) / width)
        utility = bare + tasks / (1.0 + behind)
        peak = np.maximum(utility.max(axis=0), -1e6)
        by_model = np.add.reduceat(np.exp((utility - peak) / inner), hosts, axis=0) ** power
        for v in range(values):
            with np.errstate(divide="ignore"):
                row[v] = (outer if v < tiers else inner) * np.log(by_model[counted == v].sum(axis=0)) + peak
    return out


def buyers(utility: Array, weights: Array, nested: Nested) -> Array:
    """Customers of each offer, (offers,), among these offers and an outside option of utility 0.

    The nested logit of `sim.economics.demand.choice_shares`, for offers sorted by model and without the shares of
    single cohorts.

    Parameters
    ----------
    utility
        (offers, cohorts); -inf where the cohort cannot have the offer.
    weights
        Customers of each cohort, (cohorts,).
    nested
        Every model counts for its tier.
    """
    out = np.zeros(len(utility))
    if not len(utility):
        return out
    nest, value, tiers, _, inner, outer = nested
    if chosen(None) == "numba":
        from sim.choice.compiled.entries import set_buyers  # numba takes a while to import
        from sim.economics.compiled.calls import kept

        kept(set_buyers, utility, weights, nest, value, tiers, inner, outer, out)
        return out
    hosts = np.flatnonzero(np.diff(nest, prepend=-1))
    counted = value[nest[hosts]]
    peak = np.maximum(utility.max(axis=0), -1e6)
    u = np.exp((utility - peak) / inner)
    of_model = np.add.reduceat(u, hosts, axis=0)
    in_tier = of_model ** (inner / outer)
    of_tier = np.array([in_tier[counted == t].sum(axis=0) for t in range(tiers)])
    total = (of_tier**outer).sum(axis=0) + np.exp(np.minimum(-peak, 700.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        of_each = weights * of_tier ** (outer - 1.0) / total
        each = np.where(of_model > 0.0, in_tier / of_model * of_each[counted], 0.0)
    return np.asarray((u * np.repeat(each, np.diff([*hosts, len(u)]), axis=0)).sum(axis=1))
