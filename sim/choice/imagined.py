"""The markets that a lab imagines before a release: its own offers under each mode, and what it expects of others.

The lab re-solves prices of what a mode would change: its own offers, the hosts of the model that it is about to
open, and whatever else its firm sells. Everybody else's offers enter at the prices of the day, improved by what
the lab expects of rivals; by tier and cohort they are worth exactly one offer of a fixed price (`Rivals`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.record import MODES
from sim.technology.capability import derived_capability, open_pool
from sim.world.offers import Offers, current_offers, with_community
from sim.world.policy import Policy
from sim.world.setting import API, FLAGSHIP, SMALL, TIERS, Array, Flags, Ints, Setting
from sim.world.state import NEVER, State
from sim.world.tastes import quality, taste
from sim.world.terms import Terms, terms

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


@dataclass(frozen=True)
class Outlook:
    """What the lab knows of the month besides the state: prices, weights and plans.

    Attributes
    ----------
    bandwidth_price
        USD per TB/s by region, (regions,).
    weights
        USD a month that each cohort's adopters would spend, (cohorts,).
    funding
        Outside funding of the lab a month, before its response to use, USD.
    growth
        Expected growth of everybody's serving compute, factor a year.
    training_flop
        What each lab's next run would take, FLOP, (labs,).
    """

    bandwidth_price: Array
    weights: Array
    funding: float
    growth: float
    training_flop: Array
    standing: Standing | None = None
    """The market as it stands, if it has been looked at this month already."""


@dataclass(frozen=True, eq=False)
class Standing:
    """All offers of the day at their prices, sorted by tier and model; the same for every lab that decides."""

    offers: Offers
    sellers: Ints
    xi: Array
    """Taste less price, (cohorts, offers)."""

    @classmethod
    def look(
        cls, setting: Setting, state: State, policy: Policy, month: int, bandwidth_price: Array
    ) -> Standing:
        """The market before this month's models are out."""
        offers = current_offers(setting, state)
        offers = offers.take(np.lexsort((_model(offers), offers.tier)))
        xi = taste(setting, policy, offers, month)
        deal = terms(setting, state, policy, offers, bandwidth_price)
        last = state.price[offers.slots(setting)]
        price = np.where(np.isfinite(last), last, 2.0 * deal.cost)
        sensitivity = setting.cohorts.price_sensitivity[:, None]
        return cls(offers, deal.seller, xi - sensitivity * (np.log(price) + np.log(deal.dearer)))


def _model(offers: Offers) -> Ints:
    """A number for each model on offer: hosts of one model share it."""
    return np.asarray((offers.lab * 2 + offers.newest) * 2 + offers.open_)


def imagine(
    setting: Setting, state: State, lab: int, model: Model, month: int, now: Offers | None = None
) -> tuple[Offers, Flags]:
    """The offers that the firm prices or that a mode brings about, and whether each mode has them, (modes, offers)."""
    now = current_offers(setting, state) if now is None else now
    served = now.take((now.lab != lab) & (now.sellers(setting) == lab))
    old = now.take((now.lab == lab) & (now.channel != API))
    m = setting.scenario.mechanisms
    hosts = [c for c in range(len(setting.clouds)) if m.hosting and c != setting.own_cloud[lab]]
    channels = [1 + c for c in hosts] + ([setting.self_hosting] if m.self_hosting else [])

    def own(
        channel: list[int], tiers: list[int], *, open_: bool, newest: bool = True, below: float = 0.0
    ) -> Offers:
        tier = np.repeat(np.array(tiers, dtype=np.int64), len(channel))
        n = len(tier)
        return Offers(
            lab=np.full(n, lab),
            tier=tier,
            channel=np.tile(np.array(channel, dtype=np.int64), len(tiers)),
            capability=model.capability[tier] - below,
            bytes_=model.bytes_[tier],
            since=np.full(n, month),
            first=np.full(n, NEVER),
            hosted_since=np.full(n, NEVER),
            open_=np.full(n, open_),
            newest=np.full(n, newest),
            restricted=np.full(n, True),
        )

    both = [FLAGSHIP, SMALL]
    lagged = own(channels, [SMALL], open_=True, newest=False, below=setting.scenario.technology.lagged_gap)
    parts = {
        served: np.ones(len(MODES), dtype=bool)[:, None],
        old: ~RELEASES[:, old.tier],
        own([API], both, open_=False): ~OPENS_FLAGSHIP[:, None],
        own([API], both, open_=True): OPENS_FLAGSHIP[:, None],
        own(channels, both, open_=True): OPENS_FLAGSHIP[:, None],
        lagged: (RELEASES[:, SMALL] & ~OPENS_FLAGSHIP)[:, None],
    }
    offers = served
    for part in list(parts)[1:]:
        new = part is not old
        offers = offers.joined(with_community(setting, state, part) if new else part)
    has = np.concatenate(
        [np.broadcast_to(modes, (len(MODES), len(part))) for part, modes in parts.items()], axis=1
    )
    return offers, has


@dataclass(frozen=True)
class Rivals:
    """Offers that the lab takes as they are: everybody else's, at the prices of the day.

    Customers choose among nests by inclusive values only, so within a tier these offers together are worth one
    offer of price 1 and of utility outer * ln sum_h exp(I_h / outer), I_h the inclusive value of model h.
    """

    offers: Offers
    xi: Array
    """Taste less price, (cohorts, offers)."""

    @classmethod
    def look(
        cls, setting: Setting, state: State, policy: Policy, lab: int, month: int, outlook: Outlook
    ) -> Rivals:
        """The offers of all others but those of the lab's models and of its firm."""
        now = outlook.standing or Standing.look(setting, state, policy, month, outlook.bandwidth_price)
        others = np.flatnonzero((now.offers.lab != lab) & (now.sellers != lab))
        return cls(now.offers.take(others), now.xi[:, others])

    def worth(self, setting: Setting, progress: Array, years: Array, lessons: list[Lesson | None]) -> Array:
        """Utility of each tier's rivals taken together, (cases, cohorts, tiers); -inf where there are none.

        Parameters
        ----------
        progress
            ECI points that rivals gain by the horizon, (cases,).
        years
            Since the scenario's start, (cases,).
        lessons
            What rivals learn from the lab's open weights, by case; None: nothing.
        """
        out = np.full((len(years), len(setting.cohorts), TIERS), -np.inf)
        if not len(self.offers):
            return out
        demand = setting.scenario.demand
        outer = 1.0 - demand.tier_nesting
        inner = outer * (1.0 - demand.host_nesting)
        below = np.where(self.offers.tier == SMALL, setting.scenario.technology.small_gap, 0.0)
        tier, key = self.offers.tier, _model(self.offers)
        first = np.flatnonzero(np.diff(tier * (4 * len(setting.labs)) + key, prepend=-1))
        top = np.flatnonzero(np.diff(tier[first], prepend=-1))
        seen: dict[tuple[float, float, int], Array] = {}
        for k, lesson in enumerate(lessons):
            known = (float(progress[k]), float(years[k]), -1 if lesson is None else k)
            if known not in seen:
                capability = self.offers.capability + progress[k]
                if lesson is not None:
                    learned = np.maximum(
                        capability + lesson.gain[self.offers.lab], lesson.floor[self.offers.lab] - below
                    )
                    capability = np.where(self.offers.newest, learned, capability)
                utility = quality(setting, self.xi, capability, years[k])
                peak = np.maximum(utility.max(axis=1, keepdims=True), -1e6)
                by_model = np.add.reduceat(np.exp((utility - peak) / inner), first, axis=1)
                by_tier = np.add.reduceat(by_model ** (inner / outer), top, axis=1)
                with np.errstate(divide="ignore"):
                    seen[known] = outer * np.log(by_tier) + peak
            out[k][:, tier[first[top]]] = seen[known]
        return out

    def beside(self, setting: Setting, offers: Offers, deal: Terms) -> tuple[Offers, Terms]:
        """The lab's offers with one more for each tier's rivals, of price 1, bought from nobody."""
        mass = Offers(
            lab=np.full(TIERS, -1),  # no lab's, or these would be hosts of its closed models
            tier=np.arange(TIERS),
            channel=np.full(TIERS, setting.channels - 1),
            capability=np.zeros(TIERS),
            bytes_=np.ones(TIERS),
            since=np.full(TIERS, NEVER),
            first=np.full(TIERS, NEVER),
            hosted_since=np.full(TIERS, NEVER),
            open_=np.zeros(TIERS, dtype=bool),
            newest=np.zeros(TIERS, dtype=bool),
            restricted=np.zeros(TIERS, dtype=bool),
        )
        one, none = np.ones(TIERS), np.zeros(TIERS)
        unit = Terms(
            seller=np.full(TIERS, -1),
            load=one,
            cost=one,
            running=one,
            dearer=np.ones((len(setting.cohorts), TIERS)),
            royalty=none,
            own_margin=none,
            lab_margin=none,
        )
        return offers.joined(mass), deal.joined(unit)


@dataclass(frozen=True)
class Lesson:
    """What rivals gain from the weights that a mode opens."""

    gain: Array
    """ECI points that a lab learns, (labs,)."""
    floor: Array
    """ECI points of what it could build on the opened weights, (labs,)."""


def taught(
    setting: Setting,
    state: State,
    policy: Policy,
    lab: int,
    model: Model,
    mode: int,
    horizon: int,
    outlook: Outlook,
) -> Lesson:
    """What rivals gain by `horizon` months from the weights that `mode` opens."""
    s, sp = setting.scenario, setting.scenario.spillovers
    labs = len(setting.labs)
    gain, floor = np.zeros(labs), np.full(labs, -np.inf)
    if s.mechanisms.open_spillover:
        openness = np.where(state.active & (state.released > NEVER), OPENNESS[state.mode], 0.0)
        pools = []
        for own in (0.0, OPENNESS[mode]):
            openness[lab] = own
            pools.append(open_pool(state.algorithm, openness, distance=sp.pool_distance, half=sp.pool_half))
        behind = np.maximum(state.algorithm[lab] - state.algorithm, 0.0)
        rate = sp.open_pool * (pools[1] - pools[0])
        gain = s.technology.capability_per_order * np.minimum(rate * horizon / 12.0, 1.0) * behind
    if s.mechanisms.derivation and horizon >= sp.derivation_lag and OPENS_FLAGSHIP[mode]:
        base = model.capability[FLAGSHIP]
        successor = base + s.choice.expected_progress * (horizon - sp.derivation_lag) / 12.0
        floor[:] = derived_capability(
            successor, outlook.training_flop, loss=sp.adaptation_loss, fine_tuning=sp.fine_tuning
        )
        if mode == OPEN_RESTRICTED:
            floor[setting.lab_values("users") > policy.threshold[lab]] = -np.inf
    gain[lab], floor[lab] = 0.0, -np.inf
    return Lesson(gain, floor)


def crowds(setting: Setting, state: State, years: Array) -> tuple[Array, Array]:
    """Spending by then against today's: of all customers, and of those who will have chosen anew.

    Cohorts grow by newcomers (the Bass hazard of today) and by spending more; part of today's customers will have
    reconsidered, and every newcomer will have chosen.

    Returns
    -------
    Two arrays (cases, cohorts), factors on today's spending.
    """
    cohorts, f = setting.cohorts, state.adopted
    hazard = cohorts.innovation + cohorts.imitation * f
    later = 1.0 - (1.0 - f) * np.exp(-hazard * years[:, None])
    richer = cohorts.growth ** years[:, None]
    everyone = richer * later / np.maximum(f, 1e-12)
    if not setting.scenario.mechanisms.inertia:
        return everyone, everyone
    stay = (1.0 - cohorts.reconsider) ** (12.0 * years[:, None])
    anew = richer * (later - f * stay) / np.maximum(f, 1e-12)
    return everyone, np.maximum(anew, cohorts.reconsider)
