"""The offers of a month: which models can be had from whom.

An offer is a model of a lab and tier through a channel: the lab's own service, a cloud, or self-hosting. The
same functions serve the market of the month and the markets that a lab imagines before a release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.technology.capability import saturating
from sim.world.setting import API, TIERS, Array, Flags, Ints, Setting
from sim.world.state import NEVER, State


@dataclass(frozen=True, eq=False)
class Offers:
    """Offers as parallel arrays, (offers,)."""

    lab: Ints
    tier: Ints
    channel: Ints
    capability: Array
    bytes_: Array
    since: Ints
    """Month index of the model's release."""
    first: Ints
    """Month index of the lab's first release: content rules delay that one, not its successors."""
    hosted_since: Ints
    """Month index since when a cloud hosts it; NEVER elsewhere."""
    open_: Flags
    """Whether the model's weights are open."""
    newest: Flags
    """Whether it is the lab's newest family rather than older open weights."""
    restricted: Flags

    def __len__(self) -> int:
        return len(self.lab)

    def slots(self, setting: Setting) -> Ints:
        """Position of each offer among all slots, by which customers and last prices are remembered."""
        return np.asarray((self.lab * TIERS + self.tier) * setting.channels + self.channel)

    def models(self, setting: Setting) -> Ints:
        """Model of each offer, a number by which models of one tier stand together, (offers,)."""
        of_lab = (self.lab * 2 + self.newest) * 2 + self.open_
        return np.asarray(self.tier * (4 * len(setting.labs)) + of_lab)

    def take(self, which: Ints | Flags) -> Offers:
        """The offers in `which`."""
        return Offers(*(values[which] for values in self._arrays()))

    def joined(self, *others: Offers) -> Offers:
        """These offers, then the others."""
        parts = zip(*(part._arrays() for part in (self, *others)), strict=True)
        return Offers(*(np.concatenate(part) for part in parts))

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return _arrays(self)

    def sellers(self, setting: Setting) -> Ints:
        """Firm that serves each offer; -1 where the customer does."""
        return np.where(self.channel == API, self.lab, setting.firm_of_channel[self.channel])


_arrays: Callable[[Offers], tuple[NDArray[Any], ...]] = attrgetter(*(field.name for field in fields(Offers)))


def current_offers(setting: Setting, state: State) -> Offers:
    """What is on offer now, before availability by region."""
    serves = (state.bandwidth > 0)[setting.cloud_firm]
    return offered(setting, state, state.hosted & serves[:, None, None], state.hosted_since)


def offered(setting: Setting, state: State, hosts: Flags, hosted_since: Ints) -> Offers:
    """What labs serve themselves, then open weights on clouds and at customers', model by model.

    Parameters
    ----------
    hosts, hosted_since
        Which open models each cloud serves, and since when, (clouds, labs, tiers).
    """
    sells = state.active & (state.released > NEVER) & (state.bandwidth[: len(state.active)] > 0)
    served = np.flatnonzero(sells[:, None] & np.isfinite(state.capability))
    rows = np.empty((*state.capability.shape, len(hosts) + 1), dtype=bool)
    rows[..., :-1] = np.moveaxis(hosts & np.isfinite(state.open_capability), 0, -1)
    rows[..., -1] = considered(setting, state)
    opened, column = np.divmod(np.flatnonzero(rows), len(hosts) + 1)
    model = np.concatenate([served, opened])
    channel = np.concatenate([np.full(len(served), API), column + 1])
    lab, tier = np.divmod(model, TIERS)
    weights, hosted = channel != API, (channel != API) & (channel != setting.self_hosting)
    newest_open = state.opens_flagship()[lab]
    since = np.full(len(model), NEVER)
    since[hosted] = hosted_since[channel[hosted] - 1, lab[hosted], tier[hosted]]
    offers = Offers(
        lab=lab,
        tier=tier,
        channel=channel,
        capability=np.where(weights, state.open_capability[lab, tier], state.capability[lab, tier]),
        bytes_=np.where(weights, state.open_bytes[lab, tier], state.bytes_[lab, tier]),
        since=np.where(weights, state.open_since[lab, tier], state.released[lab]),
        first=state.first_released[lab],
        hosted_since=since,
        open_=weights | newest_open,
        newest=~weights | newest_open,
        restricted=state.open_restricted[lab, tier],
    )
    return with_community(setting, state, offers)


def considered(setting: Setting, state: State) -> Flags:
    """Open models that customers think of running themselves: the most capable of each tier, (labs, tiers)."""
    best = np.zeros(state.open_capability.shape, dtype=bool)
    if setting.scenario.mechanisms.self_hosting:
        order = np.argsort(-state.open_capability, axis=0, kind="stable")
        np.put_along_axis(best, order[: setting.scenario.demand.considered], True, axis=0)
    return best & np.isfinite(state.open_capability)


def with_community(setting: Setting, state: State, offers: Offers) -> Offers:
    """Add what use gives back to open models: some capability, cheaper serving."""
    better, cheaper = of_community(setting, state)
    return replace(
        offers,
        capability=offers.capability + better[offers.lab] * offers.open_,
        bytes_=offers.bytes_ * np.where(offers.open_, cheaper[offers.lab], 1.0),
    )


def of_community(setting: Setting, state: State) -> tuple[Array, Array]:
    """ECI points that use adds to a lab's open models, and factor on their bytes per token, (labs,) each."""
    p = setting.scenario.community
    on = setting.scenario.mechanisms.community
    gain = saturating(state.community, p.half_use) if on else np.zeros(len(state.community))
    return p.improvement * gain, 1.0 - p.cheaper_serving * gain
