"""What a release mode would earn: the market solved again under each mode, others' modes as they are.

A lab imagines the market at a few horizons ahead (`sim.choice.imagined`). Everybody, itself included, will have
moved up by the progress that it expects: a mode is a course, and its next models will follow it. If it opens its
weights, rivals will have gained what those teach them and let them build. All modes and horizons are one batch
of the price equilibrium; the firm's earnings are added up part by part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import NamedTuple

import numpy as np

from sim.choice.imagined import CLOSED, OPEN_RESTRICTED, Model, Outlook, Rivals, crowds, imagine, taught
from sim.economics.equilibrium import EquilibriumError
from sim.record import COMPONENTS, MODES
from sim.world.offers import Offers
from sim.world.policy import Policy
from sim.world.setting import API, TIERS, Array, Flags, Setting
from sim.world.state import State
from sim.world.tastes import quality, taste
from sim.world.terms import Terms, claims, first_prices, pool_capacity, price_problem, terms

LOOK_TOLERANCE = 1e-6
HOST_FREES = 0.5
"""Part of its serving compute that a lab expects a host to free for a new model that pays better (judgement)."""


@dataclass(frozen=True)
class Payoffs:
    """Discounted mean payoffs, USD a month."""

    parts: Array
    """(modes, components) in the order of `sim.record.COMPONENTS`; change and policy still 0."""
    revenue: float
    """Largest revenue (complement included) over the modes: a scale for labs that have none yet."""
    residual: float
    """Largest residual of the imagined equilibria, in unit costs."""


class Case(NamedTuple):
    """One market of the batch: a mode, a horizon, and whether rivals learn from what the mode opens."""

    mode: int
    horizon: int
    taught: bool


def evaluate(
    setting: Setting,
    state: State,
    policy: Policy,
    lab: int,
    model: Model,
    month: int,
    outlook: Outlook,
    *,
    ahead: bool,
    allowed: Flags,
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
    cases = _cases(setting, allowed, ahead)
    years = np.array([case.horizon / 12.0 for case in cases])
    modes = np.array([case.mode for case in cases])

    standing = outlook.standing
    offers, has = imagine(setting, state, lab, model, month, standing.offers if standing else None)
    new = (offers.lab == lab) & (offers.since == month)
    xi = taste(setting, policy, replace(offers, restricted=offers.restricted & ~new), month)
    reachable = np.flatnonzero(np.isfinite(xi).any(axis=0) & has[allowed].any(axis=0))
    offers, has, xi, new = offers.take(reachable), has[:, reachable], xi[:, reachable], new[reachable]
    deal = terms(setting, state, policy, offers, outlook.bandwidth_price)
    xi = xi - cohorts.price_sensitivity[:, None] * np.log(deal.dearer)
    elapsed = setting.years[month] - setting.years[0]
    progress = s.choice.expected_progress * years * ahead
    q = quality(setting, xi, offers.capability + progress[:, None], elapsed + years)
    licensed = (modes == OPEN_RESTRICTED)[:, None] & new & (offers.channel != API)
    q = q - s.demand.licence_friction * licensed[:, None, :]
    q = np.where(has[modes][:, None, :], q, -np.inf)

    rivals = Rivals.look(setting, state, policy, lab, month, outlook)
    lessons = [
        taught(setting, state, policy, lab, model, case.mode, case.horizon, outlook) if case.taught else None
        for case in cases
    ]
    q = np.concatenate([q, rivals.worth(setting, progress, elapsed + years, lessons)], axis=-1)
    offers, deal = rivals.beside(setting, offers, deal)

    unlicensed = np.append(new, np.zeros(TIERS, dtype=bool)) & (modes != OPEN_RESTRICTED)[:, None]
    royalty = np.where(unlicensed, 0.0, deal.royalty)
    everyone, anew = crowds(setting, state, years)
    choosing = outlook.weights * anew
    problem = price_problem(setting, offers, deal)
    paid, complement = claims(offers, deal, royalty)
    own = np.arange(len(state.bandwidth)) == lab
    spare = state.bandwidth * np.where(own, 1.0, np.maximum(1.0 - state.use, HOST_FREES))
    # Capacity serves all customers of that day; those who choose anew get their part of it.
    crowd = (choosing.sum(axis=1) / np.maximum((outlook.weights * everyone).sum(axis=1), 1e-300))[:, None]
    try:
        result = problem.solve(
            q,
            deal.cost,
            weights=choosing,
            capacity=pool_capacity(problem, spare * outlook.growth ** years[:, None] * crowd),
            load=deal.load,
            complement=complement,
            royalty=paid,
            start=first_prices(deal, state.price[offers.slots(setting)]),
            tolerance=LOOK_TOLERANCE,
        )
    except EquilibriumError as error:
        result = error.equilibrium  # the best point; how far off is recorded with the choice
    parts, revenue, tokens = _earnings(
        setting, lab, offers, deal, royalty, result.prices, result.shares, choosing
    )
    size = choosing.sum(axis=1) / max(float(outlook.weights.sum()), 1e-300)
    world = fsum(state.tokens) * size
    use = np.where(world > 0.0, tokens / np.where(world > 0.0, world, 1.0), 1.0)
    takings = revenue / np.maximum(outlook.weights.sum() * size, 1e-300)
    parts[:, COMPONENTS.index("funding")] = _funding(setting, state, use, takings, outlook.funding)
    total = _discounted(cases, parts, np.exp(-s.choice.discount * years))
    return Payoffs(total, float(revenue.max(initial=0.0)), float(result.residual.max(initial=0.0)))


def _cases(setting: Setting, allowed: Flags, ahead: bool) -> list[Case]:
    """Markets to solve: without the spillover first, then with it where the mode opens anything."""
    choice = setting.scenario.choice
    foresight = ahead and setting.scenario.mechanisms.spillover_foresight
    horizons = list(choice.horizons) if ahead else [0]
    modes = [mode for mode in range(len(MODES)) if allowed[mode]]
    plain = [Case(mode, h, False) for mode in modes for h in horizons]
    return plain + [Case(mode, h, True) for mode in modes for h in horizons if foresight and mode != CLOSED]


def _discounted(cases: list[Case], parts: Array, discount: Array) -> Array:
    """Discounted means over the horizons, (modes, components); the spillover is what is lost when rivals learn."""
    total, weight = np.zeros((len(MODES), len(COMPONENTS))), np.zeros(len(MODES))
    plain: dict[tuple[int, int], Array] = {}
    for case, part, factor in zip(cases, parts, discount, strict=True):
        if not case.taught:
            plain[case.mode, case.horizon] = part
            total[case.mode] += factor * part
            weight[case.mode] += factor
        else:
            loss = (part - plain[case.mode, case.horizon]).sum()
            total[case.mode, COMPONENTS.index("spillover")] += factor * loss
    return np.asarray(total / np.where(weight > 0, weight, 1.0)[:, None])


def _earnings(
    setting: Setting,
    lab: int,
    offers: Offers,
    deal: Terms,
    royalty: Array,
    prices: Array,
    shares: Array,
    weights: Array,
) -> tuple[Array, Array, Array]:
    """Components of the firm's monthly earnings, its revenue and its models' tokens (Mtok), by case."""
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
    return parts, revenue, tokens[:, made].sum(axis=1)


def _funding(setting: Setting, state: State, use: Array, takings: Array, funding: float) -> Array:
    """Worth of the funding that use and revenue attract beyond its path, USD a month, (cases,).

    `use` and `takings` are the firm's shares of the market's tokens and spending.
    """
    s = setting.scenario
    if funding <= 0.0 or not s.mechanisms.funding_response:
        return np.zeros_like(use)
    factor = funding_factor(use, takings, int(state.active.sum()), s.finance.funding_per_use)
    return np.asarray(s.choice.funding_value * funding * (factor - 1.0))


def funding_factor(use: Array, takings: Array, labs: int, elasticity: float) -> Array:
    """Response of funding to attention: the geometric mean of shares of use and of spending, against an equal share.

    (labs * sqrt(use * takings)) ** elasticity, within 1/3 and 3: investors look at both, so that a lab whose
    models many use and few pay for is funded too.
    """
    attention = labs * np.sqrt(np.maximum(use, 1e-12) * np.maximum(takings, 1e-12))
    return np.asarray(np.clip(attention**elasticity, 1 / 3, 3.0))
