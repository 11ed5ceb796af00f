"""The offers of a month: which models can be had from whom.

An offer is a model of a lab and tier through a channel: the lab's own service, a cloud, or self-hosting. The
same functions serve the market of the month and the markets that a lab imagines before a release.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

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

    def take(self, which: Ints | Flags) -> Offers:
        """The offers in `which`."""
        return Offers(**{name: getattr(self, name)[which] for name in _FIELDS})

    def joined(self, *others: Offers) -> Offers:
        """These offers, then the others."""
        parts = (self, *others)
        return Offers(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS}
        )

    def sellers(self, setting: Setting) -> Ints:
        """Firm that serves each offer; -1 where the customer does."""
        return np.where(self.channel == API, self.lab, setting.firm_of_channel[self.channel])


_FIELDS = tuple(field.name for field in fields(Offers))


def current_offers(setting: Setting, state: State) -> Offers:
    """What is on offer now, before availability by region."""
    clouds = len(setting.clouds)
    newest_open = state.newest_is_open()
    serves = state.bandwidth > 0
    has_api = (state.active & (state.released > NEVER) & serves[: len(state.active)])[:, None]
    has_api = has_api & np.isfinite(state.capability)
    has_weights = np.isfinite(state.open_capability)
    lab, tier = np.nonzero(has_api)
    api = Offers(
        lab=lab,
        tier=tier,
        channel=np.full(len(lab), API),
        capability=state.capability[lab, tier].copy(),
        bytes_=state.bytes_[lab, tier].copy(),
        since=state.released[lab],
        first=state.first_released[lab],
        hosted_since=np.full(len(lab), NEVER),
        open_=newest_open[lab, tier],
        newest=np.ones(len(lab), dtype=bool),
        restricted=state.open_restricted[lab, tier],
    )
    hosted = (
        np.moveaxis(state.hosted & serves[setting.cloud_firm][:, None, None], 0, -1) & has_weights[..., None]
    )
    rows = np.concatenate([hosted, considered(setting, state)[..., None]], axis=-1)
    lab, tier, column = np.nonzero(rows)
    cloud = np.minimum(column, clouds - 1)
    since = state.hosted_since[cloud, lab, tier] if clouds else np.full(len(lab), NEVER)
    weights = Offers(
        lab=lab,
        tier=tier,
        channel=column + 1,
        capability=state.open_capability[lab, tier].copy(),
        bytes_=state.open_bytes[lab, tier].copy(),
        since=state.open_since[lab, tier],
        first=state.first_released[lab],
        hosted_since=np.where(column < clouds, since, NEVER),
        open_=np.ones(len(lab), dtype=bool),
        newest=newest_open[lab, tier],
        restricted=state.open_restricted[lab, tier],
    )
    return with_community(setting, state, api.joined(weights))


def considered(setting: Setting, state: State) -> Flags:
    """Open models that customers think of running themselves: the most capable of each tier, (labs, tiers)."""
    best = np.zeros(state.open_capability.shape, dtype=bool)
    if setting.scenario.mechanisms.self_hosting:
        for tier in range(TIERS):
            order = np.argsort(-state.open_capability[:, tier], kind="stable")
            best[order[: setting.scenario.demand.considered], tier] = True
    return best & np.isfinite(state.open_capability)


def with_community(setting: Setting, state: State, offers: Offers) -> Offers:
    """Add what use gives back to open models: some capability, cheaper serving."""
    if not setting.scenario.mechanisms.community:
        return offers
    p = setting.scenario.community
    gain = saturating(state.community, p.half_use)[offers.lab] * offers.open_
    return replace(
        offers,
        capability=offers.capability + p.improvement * gain,
        bytes_=offers.bytes_ * (1.0 - p.cheaper_serving * gain),
    )
