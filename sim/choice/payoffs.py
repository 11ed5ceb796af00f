"""What each release mode is worth to a lab: the market solved again at horizons ahead, with this mode, others fixed.

All modes and horizons, and the markets in which rivals have learned from the opened weights, are one batch of
the price equilibrium; the firm's earnings are added up part by part.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

import numpy as np

from sim.choice.imagined import CLOSED, OPEN_RESTRICTED, Model, Outlook, crowds, imagine, taught
from sim.choice.standing import Standing
from sim.economics.equilibrium import Equilibrium, EquilibriumError
from sim.record import COMPONENTS, MODES
from sim.world.offers import Offers
from sim.world.policy import Policy
from sim.world.setting import API, Array, Flags, Ints, Setting
from sim.world.state import State
from sim.world.tastes import worth
from sim.world.terms import Terms, claims, first_prices, known_game, pool_capacity

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


class Cases(NamedTuple):
    """Markets of the batch: every mode at every horizon, then those in which rivals learn from what is opened.

    Attributes
    ----------
    modes
        Modes worth computing, ascending.
    months
        The horizons.
    mode, horizon
        Mode of each market and index of its horizon, (cases,).
    plain
        How many of them come before rivals learn.
    """

    modes: Ints
    months: Ints
    mode: Ints
    horizon: Ints
    plain: int

    @classmethod
    def of(cls, setting: Setting, allowed: Flags, ahead: bool) -> Cases:
        """Cases for the modes allowed, at the scenario's horizons or today."""
        choice = setting.scenario.choice
        modes = np.flatnonzero(allowed)
        months = np.array(choice.horizons if ahead else [0])
        foresight = ahead and setting.scenario.mechanisms.spillover_foresight
        opening = modes[modes != CLOSED] if foresight else modes[:0]
        horizons = np.arange(len(months))
        return cls(
            modes,
            months,
            np.repeat(np.concatenate([modes, opening]), len(months)),
            np.tile(horizons, len(modes) + len(opening)),
            len(modes) * len(months),
        )


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
    cases = setting.once((allowed.tobytes(), ahead), lambda: Cases.of(setting, allowed, ahead))
    now = outlook.standing or Standing.look(setting, state, policy, month, outlook.bandwidth_price)
    offers, deal, has, taste, new, rivals = imagine(
        setting, state, policy, lab, model, month, now, allowed
    )
    years = cases.months / 12.0
    since = setting.years[month] - setting.years[0] + years
    progress = s.choice.expected_progress * years
    learning = cases.horizon[cases.plain :]
    lesson = taught(
        setting,
        state,
        policy,
        lab,
        model,
        np.concatenate([np.full(len(years), CLOSED), cases.mode[cases.plain :]]),
        np.concatenate([cases.months, cases.months[learning]]),
        outlook,
    )
    ahead_of = np.concatenate([np.arange(len(years)), learning])
    theirs = rivals.worth(setting, progress[ahead_of], since[ahead_of], lesson)

    n = len(offers) - theirs.shape[1]
    own = worth(setting, offers.capability[:n] + progress[:, None], since) + taste[:n]
    q = np.empty((len(cases.mode), *taste.shape))
    q[:, :n] = np.where(has[cases.mode, :n, None], own[cases.horizon], -np.inf)
    q[np.ix_(cases.mode == OPEN_RESTRICTED, new & (offers.channel != API))] -= s.demand.licence_friction
    q[: cases.plain, n:] = theirs[cases.horizon[: cases.plain]]
    q[cases.plain :, n:] = theirs[len(years) :]

    royalty = np.where(new & (cases.mode != OPEN_RESTRICTED)[:, None], 0.0, deal.royalty)
    everyone, anew = crowds(setting, state, years)
    choosing = outlook.weights * anew
    mass = choosing.sum(axis=1)
    # Capacity serves all customers of that day; those who choose anew get their part of it.
    crowd = mass / np.maximum((outlook.weights * everyone).sum(axis=1), 1e-300)
    spare = state.bandwidth * np.maximum(1.0 - state.use, HOST_FREES)
    spare[lab] = state.bandwidth[lab]
    spare = spare * (outlook.growth**years * crowd)[:, None]
    choosing = choosing[cases.horizon]
    result = _solved(setting, state, offers, deal, royalty, q, choosing, spare[cases.horizon])

    parts, revenue, tokens = _earnings(setting, lab, offers, deal, royalty, result, choosing)
    size = mass[cases.horizon] / max(float(outlook.weights.sum()), 1e-300)
    world = fsum(state.tokens) * size
    use = np.where(world > 0.0, tokens / np.where(world > 0.0, world, 1.0), 1.0)
    takings = revenue / np.maximum(outlook.weights.sum() * size, 1e-300)
    parts[:, COMPONENTS.index("funding")] = _funding(setting, state, use, takings, outlook.funding)
    total = _discounted(cases, parts, np.exp(-s.choice.discount * years))
    return Payoffs(total, float(revenue.max(initial=0.0)), float(result.residual.max(initial=0.0)))


def _solved(
    setting: Setting,
    state: State,
    offers: Offers,
    deal: Terms,
    royalty: Array,
    q: Array,
    weights: Array,
    bandwidth: Array,
) -> Equilibrium:
    """Prices of the markets; where none are an equilibrium, the best point: how far off is recorded."""
    problem = known_game(setting, offers, deal)
    paid, complement = claims(offers, deal, royalty)
    try:
        return problem.solve(
            np.swapaxes(q, -1, -2),
            deal.cost,
            weights=weights,
            capacity=pool_capacity(problem, bandwidth),
            load=deal.load,
            complement=complement,
            royalty=paid,
            start=first_prices(deal, state.price[offers.slots(setting)]),
            tolerance=LOOK_TOLERANCE,
        )
    except EquilibriumError as error:
        return error.equilibrium


def _earnings(
    setting: Setting,
    lab: int,
    offers: Offers,
    deal: Terms,
    royalty: Array,
    found: Equilibrium,
    weights: Array,
) -> tuple[Array, Array, Array]:
    """Components of the firm's monthly earnings, its revenue and its models' tokens (Mtok), by case."""
    usage = setting.scenario.demand.usage_elasticity
    tokens = found.quantities.copy()
    spent = tokens * found.prices
    at_home = np.flatnonzero(deal.at_home)
    if len(at_home):
        shares, price = found.shares[:, :, at_home], found.prices[:, at_home]
        cheap, dear = weights * deal.dear**-usage, weights * deal.dear ** (1.0 - usage)
        tokens[:, at_home] = (cheap[:, None, :] @ shares)[:, 0] * price**-usage
        spent[:, at_home] = (dear[:, None, :] @ shares)[:, 0] * price ** (1.0 - usage)
    sold, made = deal.seller == lab, offers.lab == lab
    gross = spent * (1.0 - royalty) - deal.cost * tokens
    parts = np.zeros((len(tokens), len(COMPONENTS)))
    put = COMPONENTS.index
    parts[:, put("api")] = gross @ (sold & made)
    parts[:, put("cloud")] = gross @ (sold & ~made)
    parts[:, put("complement")] = spent @ (deal.own_margin * sold + deal.lab_margin * made)
    parts[:, put("royalty")] = (royalty * spent) @ (made & ~sold)
    revenue = spent @ sold + parts[:, put("complement")] + parts[:, put("royalty")]
    return parts, revenue, tokens @ made


def _discounted(cases: Cases, parts: Array, discount: Array) -> Array:
    """Discounted means over the horizons, (modes, components); the spillover is what is lost when rivals learn."""
    total = np.zeros((len(MODES), len(COMPONENTS)))
    shape = (-1, len(cases.months), len(COMPONENTS))
    plain, learned = parts[: cases.plain].reshape(shape), parts[cases.plain :].reshape(shape)
    weight = discount / discount.sum()
    total[cases.modes] = np.einsum("h,mhc->mc", weight, plain)
    if len(learned):
        opening = cases.modes != CLOSED
        lost = (learned - plain[opening]).sum(axis=-1)
        total[cases.modes[opening], COMPONENTS.index("spillover")] = lost @ weight
    return total


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
