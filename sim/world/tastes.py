"""What customers think of offers: capability for their tasks, trust, service, promotions, bans."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from sim.world.offers import Offers
from sim.world.policy import Policy
from sim.world.setting import API, Array, Flags, Ints, Setting
from sim.world.state import NEVER

T = TypeVar("T")

HONEYMOON = 6
"""Months in which the first host of a model is still known as the first."""


@dataclass(frozen=True, eq=False)
class Tastes:
    """What customers think of a lab's models through a channel while the same rules are in force.

    Attributes
    ----------
    standing
        Utils by lab, channel and cohort, (labs, channels, cohorts): brand, trust, service, content rules and
        bans; -inf where the channel is closed to the cohort. Models that are not had from their maker have
        open weights.
    delay
        Months that a lab's first model waits before it may serve the cohort, (cohorts,).
    """

    setting: Setting
    standing: Array
    delay: Array
    _made: dict[Hashable, Any] = field(repr=False, default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made when it is first asked for while these rules are in force."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    @classmethod
    def of(cls, setting: Setting, policy: Policy) -> Tastes:
        """Tastes under the rules in force."""
        c, origin = setting.cohorts, setting.lab_region[:, None, None]
        xi, closed = (part.copy() for part in setting.once("tastes without rules", lambda: _bare(setting)))
        home, foreign = (b[c.region, c.segment] for b in (policy.home_burden, policy.foreign_burden))
        xi -= np.where(origin != c.region, foreign, home)
        xi[:, API] -= policy.ban_service.T
        xi[:, API + 1 :] -= policy.ban_weights.T[:, None]
        closed[:, API] = policy.withdrawn[:, c.region]
        xi[closed] = -np.inf
        return cls(setting, xi, policy.delay[c.region, c.segment])

    def about(self, offers: Offers, month: int) -> Array:
        """Everything that customers value but capability and price: xi, (cohorts, offers); -inf: not available."""
        s, cohorts = self.setting.scenario, self.setting.cohorts
        xi = self.standing[offers.lab, offers.channel]
        service = offers.channel == API
        opened = np.flatnonzero(offers.open_ & service)
        xi[opened] += cohorts.customisation
        bonus = _promotions(self.setting, offers, month) - s.demand.licence_friction * (
            offers.restricted & ~service
        )
        xi += bonus[:, None]
        age = month - offers.first
        longest = self.delay.max()
        if longest > 0.0 and age.min(initial=0) < longest:
            xi[age[:, None] < self.delay] = -np.inf
        return xi.T

    def family(self, lab: int, channel: Ints, open_: Flags) -> Array:
        """Xi of a new family of a lab, no licence considered, (offers, cohorts)."""
        xi: Array = self.standing[lab, channel]
        xi[open_ & (channel == API)] += self.setting.cohorts.customisation
        return xi


def taste(setting: Setting, policy: Policy, offers: Offers, month: int) -> Array:
    """Everything that customers value but capability and price: xi, (cohorts, offers); -inf: not available."""
    return Tastes.of(setting, policy).about(offers, month)


def _promotions(setting: Setting, offers: Offers, month: int) -> Array:
    """Free trials of new hosts and the renown of the first host, (offers,)."""
    s = setting.scenario
    bonus = np.zeros(len(offers))
    hosted = offers.hosted_since > NEVER
    if s.mechanisms.trials:
        bonus[hosted & (month - offers.hosted_since < s.hosting.trial_months)] = s.hosting.trial_value
    young = np.flatnonzero(
        hosted & (offers.hosted_since - offers.since <= 1) & (month - offers.since < HONEYMOON)
    )
    if len(young):
        earliest = _first_hosts(offers, young)
        bonus[young[earliest]] += s.hosting.first_mover
    return bonus


def _first_hosts(offers: Offers, young: Ints) -> Flags:
    """Which of the `young` offers are those of their model's first host or hosts."""
    model = offers.lab[young] * 2 + offers.tier[young]
    since = offers.hosted_since[young]
    first = np.full(int(model.max()) + 1, since.max())
    np.minimum.at(first, model, since)
    return np.asarray(since == first[model])


def _bare(setting: Setting) -> tuple[Array, Flags]:
    """What customers think of channels without any rule, and which are closed to them, as in `Tastes`."""
    s, c = setting.scenario, setting.cohorts
    labs, clouds = len(setting.labs), len(setting.clouds)
    origin = setting.lab_region[:, None, None]
    server = np.empty((labs, setting.channels, 1), dtype=np.int64)
    server[:, :, 0] = setting.lab_region[:, None]
    server[:, 1 : 1 + clouds, 0] = setting.cloud_region
    by_channel = np.zeros((3, setting.channels, 1))
    reach, service, at_home = by_channel
    reach[1 : 1 + clouds, 0] = setting.reach[:clouds]
    service[:, 0], service[API], service[setting.self_hosting] = s.demand.host_support, 1.0, 0.0
    at_home[setting.self_hosting] = 1.0

    xi = setting.lab_values("brand")[:, None, None] + reach + np.zeros(len(c))
    if s.mechanisms.trust:
        of_server = np.where(at_home > 0, 0.0, setting.distrust[c.region, server])
        of_origin = s.demand.weights_distrust * setting.distrust[c.region, origin]
        xi -= c.trust * np.maximum(of_server, of_origin)
    weights = np.arange(setting.channels)[:, None] != API
    xi += c.support * service + c.customisation * weights + c.sovereignty * at_home
    closed = np.zeros(xi.shape, dtype=bool)
    closed[:, 1 : 1 + clouds] = ~setting.serves[:clouds, c.region]
    closed |= weights & c.closed_only
    return xi, closed


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
    return np.swapaxes(worth(setting, capability, years) + xi.T, -1, -2)


def worth(setting: Setting, capability: Array, years: ArrayLike) -> Array:
    """Utils that customers find in a capability: beta * ability, (..., offers, cohorts); arguments as in `quality`.

    Ability is the share of the cohort's tasks that a model can do: logistic in ECI around their difficulty.
    """
    tasks = setting.tasks
    level = tasks.difficulty + tasks.growth * np.asarray(years)[..., None]
    with np.errstate(over="ignore"):
        behind = np.exp((level[..., None, :] - capability[..., None]) / tasks.width)
    return np.asarray((tasks.value / (1.0 + behind)).take(tasks.of, axis=-1))
