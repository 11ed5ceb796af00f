"""Inclusive values of nests whose offers keep their prices: what customers find in all of them together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.economics.engines import chosen
from sim.world.setting import Array, Ints


class Groups(NamedTuple):
    """Nests of offers: hosts of one model, models of one tier.

    Attributes
    ----------
    model
        Model of each offer, counted from 0 in the order of the offers, (offers,).
    value
        Which value each model counts for, (models,): that of its tier below `tiers`, else one of its own.
    tiers
        Number of tiers.
    inner, outer
        Scale of utility among the hosts of a model, and among the models of a tier.
    """

    model: Ints
    value: Ints
    tiers: int
    inner: float
    outer: float


def inclusive_values(
    bare: Array, capability: Array, level: Array, width: Array, tasks: Array, groups: Groups
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
    Values (cases, tiers and models of their own, cohorts); -inf where there is no offer.
    """
    values = max(int(groups.value.max(initial=-1)) + 1, groups.tiers)
    if chosen(None) == "numba":
        from sim.choice.compiled import inclusive

        out = np.empty((len(capability), values, len(width)))
        inclusive(bare, capability, level, width, tasks, *groups, out)
        return out
    out = np.full((len(capability), values, len(width)), -np.inf)
    if not len(bare):
        return out
    model, value, tiers, inner, outer = groups
    hosts = np.flatnonzero(np.diff(model, prepend=-1))
    models = np.flatnonzero(np.diff(value, prepend=-1))
    power = np.where(value < tiers, inner / outer, 1.0)[:, None]
    scale = np.where(value[models] < tiers, outer, inner)[:, None]
    for case, row in enumerate(out):
        with np.errstate(over="ignore"):
            behind = np.exp((level[case] - capability[case][:, None]) / width)
        utility = bare + tasks / (1.0 + behind)
        peak = np.maximum(utility.max(axis=0), -1e6)
        by_model = np.add.reduceat(np.exp((utility - peak) / inner), hosts, axis=0)
        total = np.add.reduceat(by_model**power, models, axis=0)
        with np.errstate(divide="ignore"):
            row[value[models]] = scale * np.log(total) + peak
    return out
