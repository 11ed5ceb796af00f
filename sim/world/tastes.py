"""What customers think of offers: capability for their tasks, trust, service, promotions, bans."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.world.offers import Offers
from sim.world.policy import Policy
from sim.world.setting import API, Array, Ints, Setting
from sim.world.state import NEVER

HONEYMOON = 6
"""Months in which the first host of a model is still known as the first."""


def taste(setting: Setting, policy: Policy, offers: Offers, month: int) -> Array:
    """Everything that customers value but capability and price: xi, (cohorts, offers); -inf: not available."""
    s, cohorts = setting.scenario, setting.cohorts
    r, seg = cohorts.region[:, None], cohorts.segment[:, None]
    self_hosted = offers.channel == setting.self_hosting
    cloud = np.where((offers.channel > API) & ~self_hosted, offers.channel - 1, -1)
    origin = setting.lab_region[offers.lab]
    server = np.where(cloud >= 0, setting.cloud_region[cloud] if len(setting.clouds) else 0, origin)

    brand = setting.lab_values("brand")[offers.lab]
    xi = np.broadcast_to(
        brand + np.where(cloud >= 0, setting.reach[cloud], 0.0), (len(cohorts), len(offers))
    ).copy()
    if s.mechanisms.trust:
        of_server = np.where(self_hosted, 0.0, setting.distrust[r, server])
        of_origin = s.demand.weights_distrust * setting.distrust[r, origin]
        xi -= cohorts.trust[:, None] * np.maximum(of_server, of_origin)
    service = np.where(offers.channel == API, 1.0, np.where(self_hosted, 0.0, s.demand.host_support))
    xi += cohorts.support[:, None] * service + cohorts.customisation[:, None] * offers.open_
    xi += cohorts.sovereignty[:, None] * self_hosted
    xi -= s.demand.licence_friction * (offers.restricted & (offers.channel != API))
    xi += _promotions(setting, offers, cloud, month)
    foreign = origin != r
    xi -= np.where(foreign, policy.foreign_burden[r, seg], policy.home_burden[r, seg])

    withdrawn = policy.withdrawn[offers.lab[None, :], r] & (offers.channel == API)
    unserved = (cloud >= 0) & ~setting.serves[np.maximum(cloud, 0)].T[cohorts.region]
    early = month - offers.first < policy.delay[r, seg]
    closed_only = cohorts.closed_only[:, None] & (offers.channel != API)
    xi -= np.where(
        offers.channel == API, policy.ban_service[:, offers.lab], policy.ban_weights[:, offers.lab]
    )
    xi[withdrawn | unserved | early | closed_only] = -np.inf
    return xi


def _promotions(setting: Setting, offers: Offers, cloud: Ints, month: int) -> Array:
    """Free trials of new hosts and the renown of the first host, (offers,)."""
    s = setting.scenario
    age = month - offers.hosted_since
    hosted = cloud >= 0
    bonus = np.zeros(len(offers))
    if s.mechanisms.trials:
        bonus += np.where(hosted & (age < s.hosting.trial_months), s.hosting.trial_value, 0.0)
    known = hosted & (offers.hosted_since > NEVER)
    young = known & (offers.hosted_since - offers.since <= 1) & (month - offers.since < HONEYMOON)
    if young.any():
        first: dict[tuple[int, int], int] = {}
        for j in np.flatnonzero(young):
            key = (int(offers.lab[j]), int(offers.tier[j]))
            first[key] = min(first.get(key, int(offers.hosted_since[j])), int(offers.hosted_since[j]))
        for j in np.flatnonzero(young):
            if offers.hosted_since[j] == first[int(offers.lab[j]), int(offers.tier[j])]:
                bonus[j] += s.hosting.first_mover
    return bonus


def quality(setting: Setting, xi: Array, capability: Array, years: ArrayLike) -> Array:
    """Utility before price: beta * ability(capability) + xi.

    Parameters
    ----------
    xi
        (cohorts, offers).
    capability
        ECI points, (..., offers).
    years
        Since the scenario's start, (...): difficulty has moved up with them.

    Returns
    -------
    Array of shape (..., cohorts, offers).
    """
    cohorts = setting.cohorts
    level = (cohorts.difficulty + cohorts.difficulty_growth * np.asarray(years)[..., None])[..., None]
    z = (capability[..., None, :] - level) / cohorts.difficulty_width[:, None]
    with np.errstate(over="ignore"):
        ability = 1.0 / (1.0 + np.exp(-z))
    return np.asarray(cohorts.capability_value[:, None] * ability + xi)
