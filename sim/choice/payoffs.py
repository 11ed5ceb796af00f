"""What a release mode would earn: the market solved again under each mode, others' modes as they are.

A lab imagines the market at a few horizons ahead. Rivals will have moved up by what it expects of them and, if
it opens its weights, by what those teach them and let them build. It re-solves prices under each mode and adds
up what the firm would earn, part by part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.offers import (
    Offers,
    Terms,
    claims,
    cloud_users,
    current_offers,
    pool_capacity,
    price_problem,
    quality,
    taste,
    terms,
)
from sim.policy import Policy
from sim.record import COMPONENTS, MODES
from sim.setting import API, FLAGSHIP, SMALL, TIERS, Array, Flags, Setting
from sim.state import NEVER, State
from sim.technology.capability import derived_capability, open_pool

CLOSED, OPEN_LAGGED, OPEN_RESTRICTED, OPEN = range(len(MODES))
OPENS = np.array([[False, False], [False, True], [True, True], [True, True]])
"""Whose weights a mode opens, (modes, tiers)."""
OPENNESS = np.array([0.0, 0.3, 0.9, 1.0])
"""What a mode adds to the pool of published knowledge, against fully open weights (judgement)."""
LOOK_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Model:
    """A family about to be released: ECI and bytes per token by tier, training FLOP, who made the base."""

    capability: Array
    bytes_: Array
    flop: float
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


@dataclass(frozen=True)
class Payoffs:
    """Discounted mean payoffs, USD a month."""

    parts: Array
    """(modes, components) in the order of `sim.record.COMPONENTS`; change and policy still 0."""
    revenue: float
    """Largest revenue (complement included) over the modes: a scale for labs that have none yet."""


def imagine(setting: Setting, state: State, policy: Policy, lab: int, model: Model, month: int) -> tuple[Offers, Array]:
    """The offers that some mode would bring about, rivals' first, and whether each mode has them, (modes, offers)."""
    now = current_offers(setting, state)
    rivals = now.take(now.lab != lab)
    old = now.take((now.lab == lab) & (now.channel != API))
    m = setting.scenario.mechanisms
    hosts = [c for c in range(len(setting.clouds)) if m.hosting and c != setting.own_cloud[lab]]
    channels = [1 + c for c in hosts] + ([setting.self_hosting] if m.self_hosting else [])

    def own(channel: list[int], open_: bool) -> Offers:
        tier = np.repeat(np.arange(TIERS), len(channel))
        n = len(tier)
        return Offers(
            lab=np.full(n, lab), tier=tier, channel=np.tile(np.array(channel, dtype=np.int64), TIERS),
            capability=model.capability[tier], bytes_=model.bytes_[tier], since=np.full(n, month),
            hosted_since=np.full(n, NEVER), open_=np.full(n, open_), newest=np.ones(n, dtype=bool),
            restricted=np.full(n, True),
        )

    parts = [rivals, old, own([API], False), own([API], True), own(channels, True)]
    offers = parts[0]
    for part in parts[1:]:
        offers = offers.joined(part)
    start = np.cumsum([0, *map(len, parts)])
    has = np.ones((len(MODES), len(offers)), dtype=bool)
    opens = OPENS[:, offers.tier]
    has[:, start[1]:start[3]] = ~opens[:, start[1]:start[3]]
    has[:, start[3]:] = opens[:, start[3]:]
    return offers, has


def evaluate(
    setting: Setting, state: State, policy: Policy, lab: int, model: Model, month: int, outlook: Outlook, *,
    ahead: bool, allowed: Flags,
) -> Payoffs:
    """Payoffs of the modes for a lab that is about to release `model`.

    Parameters
    ----------
    ahead
        Whether to look at the scenario's horizons, or at today's market only (no progress, no spillover).
    allowed
        Modes worth computing, (modes,); the others get 0.
    """
    s, cohorts = setting.scenario, setting.cohorts
    horizons = list(s.choice.horizons) if ahead else [0]
    foresight = ahead and s.mechanisms.spillover_foresight
    offers, has = imagine(setting, state, policy, lab, model, month)
    xi = taste(setting, policy, offers, month)
    reachable = np.isfinite(xi).any(axis=0) & has[allowed].any(axis=0)
    offers, has, xi = offers.take(reachable), has[:, reachable], xi[:, reachable]
    deal = terms(setting, state, policy, offers, outlook.bandwidth_price)
    xi = xi - cohorts.price_sensitivity[:, None] * np.log(deal.dearer)

    cases = [
        (mode, h, spill)
        for mode in range(len(MODES)) if allowed[mode]
        for h in range(len(horizons))
        for spill in ((False, True) if foresight and mode != CLOSED else (False,))
    ]
    years = np.array([horizons[h] / 12.0 for _, h, _ in cases])
    capability = offers.capability + np.where(
        offers.lab == lab, 0.0, s.choice.rival_progress * (years[:, None] if ahead else 0.0)
    )
    for k, (mode, h, spill) in enumerate(cases):
        if spill:
            taught = _taught(setting, state, policy, lab, model, mode, horizons[h], outlook)
            rival = offers.newest & (offers.lab != lab)
            below = np.where(offers.tier == SMALL, s.technology.small_gap, 0.0)
            capability[k] = np.where(
                rival, np.maximum(capability[k] + taught.gain[offers.lab], taught.floor[offers.lab] - below), capability[k]
            )
    elapsed = setting.years[month] - setting.years[0]
    q = np.stack([
        quality(setting, xi, capability[k], elapsed + years[k]) for k in range(len(cases))
    ])
    modes = np.array([mode for mode, _, _ in cases])
    q = np.where(has[modes][:, None, :], q, -np.inf)
    royalty = np.where(
        (offers.lab == lab)[None, :] & (modes != OPEN_RESTRICTED)[:, None], 0.0, deal.royalty
    )
    weights = outlook.weights * _reached(setting, state, month, years)
    problem = price_problem(setting, offers, deal)
    capacity = pool_capacity(problem, state.bandwidth * outlook.growth ** years[:, None])
    paid, complement = claims(offers, deal, royalty)
    last = state.price[offers.slots(setting)]
    guess = np.where(np.isfinite(last), last, 2.0 * deal.cost)
    result = problem.solve(
        q, deal.cost, weights=weights, capacity=capacity, load=deal.load, complement=complement,
        royalty=paid, start=guess, tolerance=LOOK_TOLERANCE, on_failure="warn",
    )
    parts, revenue, tokens = _earnings(setting, lab, offers, deal, royalty, result.prices, result.shares, weights)
    parts[:, COMPONENTS.index("funding")] = _funding(setting, state, lab, tokens, outlook.funding)

    discount = np.exp(-s.choice.discount * years)
    total = np.zeros((len(MODES), len(COMPONENTS)))
    share = np.zeros(len(MODES))
    plain: dict[tuple[int, int], Array] = {}
    for k, (mode, h, spill) in enumerate(cases):
        if not spill:
            plain[mode, h] = parts[k]
            total[mode] += discount[k] * parts[k]
            share[mode] += discount[k]
        else:
            total[mode, COMPONENTS.index("spillover")] += discount[k] * (parts[k] - plain[mode, h]).sum()
    return Payoffs(total / np.where(share > 0, share, 1.0)[:, None], float(revenue.max(initial=0.0)))


@dataclass(frozen=True)
class _Taught:
    gain: Array
    """ECI points that a lab learns, (labs,)."""
    floor: Array
    """ECI points of what it could build on the opened weights, (labs,)."""


def _taught(
    setting: Setting, state: State, policy: Policy, lab: int, model: Model, mode: int, horizon: int, outlook: Outlook
) -> _Taught:
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
    if s.mechanisms.derivation and horizon >= sp.derivation_lag and OPENS[mode, FLAGSHIP]:
        base = model.capability[FLAGSHIP]
        floor[:] = derived_capability(
            base, outlook.training_flop, loss=sp.adaptation_loss, fine_tuning=sp.fine_tuning
        )
        if mode == OPEN_RESTRICTED:
            floor[setting.lab_values("users") > policy.threshold[lab]] = -np.inf
    gain[lab], floor[lab] = 0.0, -np.inf
    return _Taught(gain, floor)


def _reached(setting: Setting, state: State, month: int, years: Array) -> Array:
    """Part of each cohort that will have chosen anew by then, new customers included, (cases, cohorts)."""
    if not setting.scenario.mechanisms.inertia:
        return np.ones((len(years), len(setting.cohorts)))
    cohorts = setting.cohorts
    stay = (1.0 - cohorts.reconsider) ** (12.0 * years[:, None])
    f = state.adopted
    hazard = cohorts.innovation + cohorts.imitation * f
    later = 1.0 - (1.0 - f) * np.exp(-hazard * years[:, None])
    moved = (later - f * stay) / np.maximum(f, 1e-12)
    return np.maximum(moved, cohorts.reconsider)


def _earnings(
    setting: Setting, lab: int, offers: Offers, deal: Terms, royalty: Array, prices: Array, shares: Array, weights: Array
) -> tuple[Array, Array, Array]:
    """Components of the firm's monthly earnings, its revenue and its models' share of tokens, by case."""
    usage = setting.scenario.demand.usage_elasticity
    buyers = weights[:, :, None] * shares
    tokens = (buyers * deal.dearer**-usage).sum(axis=1) * prices**-usage
    spent = (buyers * deal.dearer ** (1.0 - usage)).sum(axis=1) * prices ** (1.0 - usage)
    sold, made = deal.seller == lab, offers.lab == lab
    gross = spent * (1.0 - royalty) - deal.cost * tokens
    parts = np.zeros((len(prices), len(COMPONENTS)))
    put = COMPONENTS.index
    parts[:, put("api")] = gross[:, sold & made].sum(axis=1)
    parts[:, put("cloud")] = gross[:, sold & ~made].sum(axis=1)
    parts[:, put("complement")] = (spent * (deal.own_margin * sold + deal.lab_margin * made)).sum(axis=1)
    parts[:, put("royalty")] = (royalty * spent)[:, made & ~sold].sum(axis=1)
    revenue = spent[:, sold].sum(axis=1) + parts[:, put("complement")] + parts[:, put("royalty")]
    share = tokens[:, made].sum(axis=1) / np.maximum(tokens.sum(axis=1), 1e-300)
    return parts, revenue, share


def _funding(setting: Setting, state: State, lab: int, share: Array, funding: float) -> Array:
    """Funding that the use of the lab's models attracts beyond its path, USD a month, (cases,)."""
    s = setting.scenario
    if funding <= 0.0 or not s.mechanisms.funding_response:
        return np.zeros_like(share)
    factor = funding_factor(share * max(int(state.active.sum()), 1), s.finance.funding_per_use)
    return np.asarray(s.choice.funding_value * funding * (factor - 1.0))


def funding_factor(use_against_fair_share: Array, elasticity: float) -> Array:
    """Response of funding to use: its ratio to an equal share, to the power of the elasticity, within 1/3 and 3."""
    return np.asarray(np.clip(np.maximum(use_against_fair_share, 1e-12) ** elasticity, 1 / 3, 3.0))


__all__ = ["CLOSED", "OPEN", "OPENNESS", "OPENS", "Model", "Outlook", "Payoffs", "cloud_users", "evaluate", "funding_factor"]
