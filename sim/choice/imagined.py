"""The markets that a lab imagines before a release: its own offers under each mode, and what it expects of others.

The lab re-solves prices of what a mode would change: its own offers, the hosts of the model that it is about to
open, and whatever else its firm sells. Everybody else's offers enter at the prices of the day, improved by what
the lab expects of rivals (`sim.choice.rivals`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from sim.choice.rivals import Lesson, Rivals
from sim.choice.standing import Standing
from sim.record import MODES
from sim.technology.capability import derived_capability, open_pool, saturating
from sim.world.offers import Offers, with_community
from sim.world.policy import Policy
from sim.world.setting import API, FLAGSHIP, SMALL, Array, Flags, Ints, Setting
from sim.world.state import NEVER, State
from sim.world.tastes import Tastes
from sim.world.terms import Terms, agreed

T = TypeVar("T")

CLOSED, OPEN_LAGGED, OPEN_RESTRICTED, OPEN = range(len(MODES))
RELEASES = np.array([[False, False], [False, True], [True, True], [True, True]])
"""Tiers in which a mode releases weights, (modes, tiers); `open_lagged` a model below the small one on sale."""
OPENS_FLAGSHIP = RELEASES[:, FLAGSHIP]
OPENNESS = np.array([0.0, 0.3, 0.9, 1.0])
"""What a mode adds to the pool of published knowledge, against fully open weights (judgement)."""


@dataclass(frozen=True)
class Model:
    """A family about to be released: ECI and bytes per token by tier, training FLOP, who made the base."""

    capability: Array
    bytes_: Array
    flop: float
    algorithm: float
    """Algorithmic level of the lab that trained it, orders of magnitude."""
    base: int
    """Lab whose open model it was built on; -1: trained from scratch."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """What all labs know that decide this month, besides the state.

    Attributes
    ----------
    standing
        The market as it stands.
    weights
        USD a month that each cohort's adopters would spend, (cohorts,).
    growth
        Expected growth of everybody's serving compute, factor a year.
    training_flop
        What each lab's next run would take, FLOP, (labs,).
    """

    standing: Standing
    weights: Array
    growth: float
    training_flop: Array
    _made: dict[Hashable, Any] = field(init=False, repr=False, default_factory=dict)

    @cached_property
    def spending(self) -> float:
        """What all adopters would spend, USD a month."""
        return float(self.weights.sum())

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made when it is first asked for: the same for all labs of the month."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made


@dataclass(frozen=True, eq=False)
class Prospects:
    """What a lab's next family could be on offer as, under any mode; the same in every month.

    Attributes
    ----------
    offers
        Its own service with closed weights and with open ones, open weights through every host, and lagged
        weights; what the model itself decides is filled in by `imagine`.
    below
        ECI points below the tier's model, (offers,): lagged weights are weaker.
    has
        Whether a mode has the offer, (modes, offers).
    taste
        What customers think of them but for capability, price and licence, (offers, cohorts).
    """

    offers: Offers
    below: Array
    has: Flags
    taste: Array

    @classmethod
    def of(cls, setting: Setting, lab: int) -> Prospects:
        """Prospects of a lab: no mode has it host its own models in its own cloud."""
        own = int(setting.own_cloud[lab])
        tier, channel, open_, newest, has = setting.once(("kinds", own), lambda: _kinds(setting, own))
        n = len(tier)
        offers = Offers(
            lab=np.full(n, lab),
            tier=tier,
            channel=channel,
            capability=np.zeros(n),
            bytes_=np.zeros(n),
            since=np.zeros(n, dtype=np.int64),
            first=np.full(n, NEVER),
            hosted_since=np.full(n, NEVER),
            open_=open_,
            newest=newest,
            restricted=np.ones(n, dtype=bool),
        )
        below = np.where(newest, 0.0, setting.scenario.technology.lagged_gap)
        return cls(offers, below, has, np.zeros((n, 0)))

    def reachable(self, allowed: Flags, tastes: Tastes) -> Prospects:
        """Those that some customer can have under some allowed mode, with what customers think of them."""
        taste = tastes.family(int(self.offers.lab[0]), self.offers.channel, self.offers.open_)
        kept = np.flatnonzero((taste.max(axis=1) > -np.inf) & self.has[allowed].any(axis=0))
        return Prospects(self.offers.take(kept), self.below[kept], self.has[:, kept], taste[kept])


def _kinds(setting: Setting, own_cloud: int) -> tuple[Ints, Ints, Flags, Flags, Flags]:
    """Tier, channel, openness and newness of prospects, and which modes have them; -1: the lab has no cloud."""
    m = setting.scenario.mechanisms
    hosts = [c for c in range(len(setting.clouds)) if m.hosting and c != own_cloud]
    channels = [1 + c for c in hosts] + ([setting.self_hosting] if m.self_hosting else [])
    both = [FLAGSHIP, SMALL]
    opens, lags = OPENS_FLAGSHIP, RELEASES[:, SMALL] & ~OPENS_FLAGSHIP
    parts = [
        ([API], both, False, True, ~opens),
        ([API], both, True, True, opens),
        (channels, both, True, True, opens),
        (channels, [SMALL], True, False, lags),
    ]
    rows = [
        (tier, channel, open_, newest, modes)
        for through, tiers, open_, newest, modes in parts
        for tier in tiers
        for channel in through
    ]
    tier, channel, open_, newest, modes = map(np.array, zip(*rows, strict=True))
    return tier, channel, open_, newest, modes.T


class Imagined(NamedTuple):
    """The offers that the firm prices or that a mode brings about; last those that stand for rivals.

    Attributes
    ----------
    offers, deal
        The offers and their money terms.
    has
        Whether each mode has them, (modes, offers).
    taste
        What customers think of them but for capability, price and a new licence, (offers, cohorts); 0 for
        stand-ins, whose utility `rivals` has.
    new
        Which are of the family about to be released, (offers,).
    """

    offers: Offers
    deal: Terms
    has: Flags
    taste: Array
    new: Flags
    rivals: Rivals


def imagine(
    setting: Setting,
    state: State,
    policy: Policy,
    lab: int,
    model: Model,
    month: int,
    now: Standing,
    allowed: Flags,
) -> Imagined:
    """What would be on offer if the lab released `model` in a mode that is allowed.

    First what its own cloud serves of rivals, then its older open weights, which a mode that opens the tier
    replaces, then the new family, then rivals.
    """
    theirs = now.offers.lab != lab
    served = np.flatnonzero(theirs & (now.deal.seller == lab))
    old = np.flatnonzero(~theirs & (now.offers.channel != API))
    rows = np.concatenate([served, old])
    rivals = Rivals.of(lab, now)
    others, at_one = rivals.stand_ins(setting)

    every = setting.once(("prospects", lab), lambda: Prospects.of(setting, lab))
    prospects = now.tastes.once((lab, allowed.tobytes()), lambda: every.reachable(allowed, now.tastes))
    new = prospects.offers
    new = with_community(
        setting,
        state,
        replace(
            new,
            capability=model.capability[new.tier] - prospects.below,
            bytes_=model.bytes_[new.tier],
            since=np.full(len(new), month),
        ),
    )
    deal = agreed(setting, policy, new, now.costs)
    first, last = len(rows), len(rows) + len(new)
    has = np.ones((len(MODES), last + len(others)), dtype=bool)
    has[:, len(served) : first] = ~RELEASES[:, now.offers.tier[old]]
    has[:, first:last] = prospects.has
    taste = np.zeros((has.shape[1], len(setting.cohorts)))
    taste[:first], taste[first:last] = now.taste[rows], prospects.taste
    taste[first:last][deal.at_home] -= setting.cohorts.price_sensitivity * np.log(deal.dear)
    fresh = np.zeros(has.shape[1], dtype=bool)
    fresh[first:last] = True
    return Imagined(
        now.offers.take(rows).joined(new, others),
        now.deal.take(rows).joined(deal, at_one),
        has,
        taste,
        fresh,
        rivals,
    )


def taught(
    setting: Setting,
    state: State,
    policy: Policy,
    lab: int,
    model: Model,
    mode: ArrayLike,
    horizon: ArrayLike,
    outlook: Outlook,
) -> Lesson:
    """What rivals gain by `horizon` months from the weights that `mode` opens, a number or (cases,) each."""
    s, sp = setting.scenario, setting.scenario.spillovers
    mode, months = np.asarray(mode), np.asarray(horizon)[..., None]
    shape = (*np.broadcast_shapes(mode.shape, months.shape[:-1]), len(setting.labs))
    gain, floor = np.zeros(shape), np.full(shape, -np.inf)
    if s.mechanisms.open_spillover:
        openness = np.where(state.active & (state.released > NEVER), OPENNESS[state.mode], 0.0)
        openness = np.repeat(openness[None], len(MODES), axis=0)
        openness[:, lab] = OPENNESS
        pools = open_pool(state.algorithm, openness, distance=sp.pool_distance, half=sp.pool_half)
        rate = sp.open_pool * (pools - pools[CLOSED])[mode][..., None]
        behind = np.maximum(state.algorithm[lab] - state.algorithm, 0.0)
        gain[:] = s.technology.capability_per_order * np.minimum(rate * months / 12.0, 1.0) * behind
    if s.mechanisms.derivation:
        grown = s.choice.expected_progress * (months - sp.derivation_lag) / 12.0
        built = derived_capability(
            model.capability[FLAGSHIP] + grown,
            outlook.training_flop,
            loss=sp.adaptation_loss,
            fine_tuning=sp.fine_tuning,
        )
        large = setting.lab_values("users") > policy.threshold[lab]
        free = OPENS_FLAGSHIP[mode][..., None] & ~((mode == OPEN_RESTRICTED)[..., None] & large)
        floor = np.where(free & (months >= sp.derivation_lag), built, -np.inf)
    gain[..., lab], floor[..., lab] = 0.0, -np.inf
    return Lesson(gain, floor)


def practised(
    setting: Setting, state: State, lab: int, imagined: Imagined, own: Array, opened: Array, months: Ints
) -> Imagined:
    """The lab's new family as it will be when use has improved it: the data flywheel and the community.

    Data from what the lab serves itself make its later models better, at the pace of its releases; the community
    around its open weights improves these and makes them cheaper to serve.

    Parameters
    ----------
    own, opened
        Shares of all tokens by then on what the lab serves of its models, and on its open models, (cases,).
    months
        Until then, (cases,).

    Returns
    -------
    Imagined
        With capabilities, loads and costs by case, (cases, offers).
    """
    s, p, m = setting.scenario, setting.scenario.community, setting.scenario.mechanisms
    offers, deal = imagined.offers, imagined.deal
    reached = 1.0 - (1.0 - p.decay) ** months

    def full(stock: float, use: Array) -> tuple[float, Array]:
        later = stock + reached * (use - stock)
        return float(saturating(stock, p.half_use)), saturating(later, p.half_use)

    gain, factor = np.zeros((len(months), len(offers))), np.ones((len(months), len(offers)))
    if m.flywheel:
        today, then = full(float(state.data[lab]), own)
        renewed = np.minimum(months / setting.lab_row(lab).release_interval, 1.0)
        gain += (p.flywheel * (then - today) * renewed)[:, None] * imagined.new
    if m.community:
        today, then = full(float(state.community[lab]), opened)
        improved = imagined.new & offers.open_
        gain += (p.improvement * (then - today))[:, None] * improved
        cheaper = (1.0 - p.cheaper_serving * then) / (1.0 - p.cheaper_serving * today)
        factor = np.where(improved, cheaper[:, None], 1.0)
    floor = s.technology.cost_floor
    cost = np.where(factor != 1.0, (deal.cost - floor) * factor + floor, deal.cost)
    return imagined._replace(
        offers=replace(offers, capability=offers.capability + gain),
        deal=replace(deal, load=deal.load * factor, cost=cost),
    )


def crowds(setting: Setting, state: State, years: Array) -> tuple[Array, Array]:
    """Spending by then against today's: of all customers, and of those who will have chosen anew.

    Cohorts grow by newcomers (the Bass hazard of today) and by spending more; part of today's customers will have
    reconsidered, and every newcomer will have chosen.

    Returns
    -------
    Two arrays (cases, cohorts), factors on today's spending.
    """
    cohorts, f = setting.cohorts, state.adopted
    later = 1.0 - (1.0 - f) * still_to_adopt(setting, state, years)
    richer, stay = by_then(setting, years)
    everyone = richer * later / np.maximum(f, 1e-12)
    if not setting.scenario.mechanisms.inertia:
        return everyone, everyone
    anew = richer * (later - f * stay) / np.maximum(f, 1e-12)
    return everyone, np.maximum(anew, cohorts.reconsider)


def still_to_adopt(setting: Setting, state: State, years: Array) -> Array:
    """Part of those who have not adopted today that will not have by then, (cases, cohorts)."""
    hazard = setting.cohorts.innovation + setting.cohorts.imitation * state.adopted
    return np.asarray(np.exp(-hazard * years[:, None]))


def by_then(setting: Setting, years: Array) -> tuple[Array, Array]:
    """How much more customers spend by then, and the part of today's that will not have reconsidered, alike."""
    cohorts, later = setting.cohorts, years[:, None]
    return setting.once(
        ("by then", years.tobytes()),
        lambda: (cohorts.growth**later, (1.0 - cohorts.reconsider) ** (12.0 * later)),
    )
