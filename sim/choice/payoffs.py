"""What each release mode is worth to a lab: the market solved again at horizons ahead, with this mode, others fixed.

All modes and horizons, and the markets in which rivals have learned from the opened weights, are one batch of
the price equilibrium; the firm's earnings are added up part by part. A second batch starts from its prices: the
markets in which the lab's own models have gained by their use.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

import numpy as np

from sim.choice.imagined import (
    CLOSED,
    OPEN_RESTRICTED,
    Imagined,
    Model,
    Outlook,
    crowds,
    imagine,
    practised,
    taught,
)
from sim.choice.standing import Standing
from sim.economics.engines import chosen
from sim.economics.equilibrium import Equilibrium, EquilibriumError
from sim.record import COMPONENTS, MODES
from sim.scenario.submodels import Finance
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
    """Markets of a batch: every mode at every horizon, then those in which rivals learn from what is opened.

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
    last
        The market of each mode and horizon in which rivals have learned what they can, (plain,).
    """

    modes: Ints
    months: Ints
    mode: Ints
    horizon: Ints
    plain: int
    last: Ints

    @classmethod
    def of(cls, setting: Setting, allowed: Flags, ahead: bool) -> Cases:
        """Cases for the modes allowed, at the scenario's horizons or today."""
        choice = setting.scenario.choice
        modes = np.flatnonzero(allowed)
        months = np.array(choice.horizons if ahead else [0])
        foresight = ahead and setting.scenario.mechanisms.spillover_foresight
        opening = modes[modes != CLOSED] if foresight else modes[:0]
        plain = len(modes) * len(months)
        mode = np.repeat(np.concatenate([modes, opening]), len(months))
        last = np.arange(plain)
        last[np.isin(mode[:plain], opening)] = plain + np.arange(len(opening) * len(months))
        return cls(modes, months, mode, np.tile(np.arange(len(months)), len(mode) // len(months)), plain, last)


class Days(NamedTuple):
    """What the lab expects of the days that it looks at, beside models: (horizons, ...).

    Attributes
    ----------
    since
        Years since the scenario's start, (horizons,).
    progress
        ECI points that everybody gains by then, (horizons,).
    choosing
        Spending of customers who choose anew by then, USD a month, (horizons, cohorts).
    size
        Of it against today's spending, (horizons,).
    spare
        Serving compute for these customers, TB/s, (horizons, firms).
    """

    since: Array
    progress: Array
    choosing: Array
    size: Array
    spare: Array

    @classmethod
    def ahead(cls, setting: Setting, state: State, lab: int, month: int, outlook: Outlook, months: Ints) -> Days:
        """The days that lie so many months ahead."""
        years = months / 12.0
        everyone, anew = crowds(setting, state, years)
        choosing = outlook.weights * anew
        mass = choosing.sum(axis=1)
        # Capacity serves all customers of that day; those who choose anew get their part of it.
        crowd = mass / np.maximum((outlook.weights * everyone).sum(axis=1), 1e-300)
        spare = state.bandwidth * np.maximum(1.0 - state.use, HOST_FREES)
        spare[lab] = state.bandwidth[lab]
        return cls(
            since=setting.years[month] - setting.years[0] + years,
            progress=setting.scenario.choice.expected_progress * years,
            choosing=choosing,
            size=mass / max(float(outlook.weights.sum()), 1e-300),
            spare=spare * (outlook.growth**years * crowd)[:, None],
        )


class Earnings(NamedTuple):
    """What the firm earns in each market, a month.

    Attributes
    ----------
    parts
        USD by component, (cases, components).
    revenue
        USD, complement included, (cases,).
    own, opened
        The lab's share of all tokens on what it serves of its models, and on its open models whoever serves
        them, (cases,).
    """

    parts: Array
    revenue: Array
    own: Array
    opened: Array


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
        Whether to look at the scenario's horizons, or at today's market only: no progress, nobody learns.
    allowed
        Modes worth computing, (modes,); the others get 0.
    """
    s = setting.scenario
    cases = setting.once((allowed.tobytes(), ahead), lambda: Cases.of(setting, allowed, ahead))
    now = outlook.standing or Standing.look(setting, state, policy, month, outlook.bandwidth_price)
    imagined = imagine(setting, state, policy, lab, model, month, now, allowed)
    days = Days.ahead(setting, state, lab, month, outlook, cases.months)

    horizons, learning = np.arange(len(cases.months)), cases.horizon[cases.plain :]
    day = np.concatenate([horizons, learning])
    lesson = taught(
        setting,
        state,
        policy,
        lab,
        model,
        np.concatenate([np.full(len(horizons), CLOSED), cases.mode[cases.plain :]]),
        cases.months[day],
        outlook,
    )
    theirs = imagined.rivals.worth(setting, days.progress[day], days.since[day], lesson)
    theirs = np.concatenate([theirs[cases.horizon[: cases.plain]], theirs[len(horizons) :]])
    mine = worth(setting, imagined.offers.capability + days.progress[:, None], days.since)

    def earned(
        mode: Ints, horizon: Ints, q: Array, imagined: Imagined, start: Array
    ) -> tuple[Earnings, Equilibrium]:
        royalty = np.where(
            imagined.new & (mode != OPEN_RESTRICTED)[:, None], 0.0, imagined.deal.royalty
        )
        found = _solved(setting, imagined, royalty, q, days.choosing[horizon], days.spare[horizon], start)
        return _earnings(setting, state, lab, imagined, royalty, found, days, horizon, outlook), found

    q = utilities(setting, imagined, cases.mode, mine, cases.horizon, theirs)
    start = first_prices(imagined.deal, state.price[imagined.offers.slots(setting)])
    found, prices = earned(cases.mode, cases.horizon, q, imagined, start)
    discount = np.exp(-s.choice.discount * cases.months / 12.0)
    total = _discounted(cases, found.parts, discount / discount.sum())
    if ahead and s.mechanisms.learning_foresight:
        last = cases.last
        mode, horizon = cases.mode[last], cases.horizon[last]
        wiser = practised(
            setting, state, lab, imagined, found.own[last], found.opened[last], cases.months[horizon]
        )
        better = worth(setting, wiser.offers.capability + days.progress[horizon, None], days.since[horizon])
        q = utilities(setting, wiser, mode, better, np.arange(len(last)), theirs[last])
        gained, _ = earned(mode, horizon, q, wiser, prices.prices[last])
        gain = (gained.parts - found.parts[last]).sum(axis=-1).reshape(-1, len(discount))
        total[cases.modes, COMPONENTS.index("learning")] = gain @ (discount / discount.sum())
    return Payoffs(total, float(found.revenue.max(initial=0.0)), float(prices.residual.max(initial=0.0)))


def utilities(
    setting: Setting, imagined: Imagined, mode: Ints, mine: Array, row: Ints, theirs: Array
) -> Array:
    """Utility before price, (cases, cohorts, offers); -inf where the mode does not have the offer.

    Parameters
    ----------
    mode
        (cases,).
    mine
        Utils that customers find in the capability of offers, (rows, offers, cohorts).
    row
        Which of its rows a case has, (cases,).
    theirs
        Utility of what stands for rivals, the last offers, (cases, stand-ins, cohorts).
    """
    licensed = imagined.new & (imagined.offers.channel != API)
    friction = setting.scenario.demand.licence_friction
    offers, cohorts = imagined.taste.shape
    q = np.empty((len(mode), cohorts, offers))
    if chosen(None) == "numba":
        from sim.choice.compiled import set_utilities  # numba takes a while to import

        set_utilities(
            imagined.has, licensed, mode, OPEN_RESTRICTED, friction, row, mine, imagined.taste, theirs, q
        )
        return q
    by_offer = np.where(imagined.has[mode][:, :, None], mine[row] + imagined.taste, -np.inf)
    by_offer[np.ix_(mode == OPEN_RESTRICTED, licensed)] -= friction
    by_offer[:, offers - theirs.shape[1] :] = theirs
    q[:] = np.swapaxes(by_offer, -1, -2)
    return q


def _solved(
    setting: Setting, imagined: Imagined, royalty: Array, q: Array, weights: Array, bandwidth: Array, start: Array
) -> Equilibrium:
    """Prices of the markets; where none are an equilibrium, the best point: how far off is recorded."""
    offers, deal = imagined.offers, imagined.deal
    problem = known_game(setting, offers, deal)
    paid, complement = claims(offers, deal, royalty)
    try:
        return problem.solve(
            q,
            deal.cost,
            weights=weights,
            capacity=pool_capacity(problem, bandwidth),
            load=deal.load,
            complement=complement,
            royalty=paid,
            start=start,
            tolerance=LOOK_TOLERANCE,
            absent="leave",
        )
    except EquilibriumError as error:
        return error.equilibrium


def sales(
    setting: Setting, found: Equilibrium, deal: Terms, weights: Array, row: Ints
) -> tuple[Array, Array]:
    """Tokens (Mtok) and spending (USD) a month by offer, (cases, offers) each.

    Parameters
    ----------
    weights
        Spending of the cohorts, USD a month, (rows, cohorts).
    row
        Which of its rows a case has, (cases,).
    """
    usage = setting.scenario.demand.usage_elasticity
    tokens = found.quantities.copy()
    spent = tokens * found.prices
    if chosen(None) == "numba":
        from sim.choice.compiled import set_sales  # numba takes a while to import

        set_sales(tokens, spent, found.shares, found.prices, deal.at_home, weights, row, deal.dear, usage)
        return tokens, spent
    at_home = np.flatnonzero(deal.at_home)
    shares, price = found.shares[:, :, at_home], found.prices[:, at_home]
    cheap, dear = weights * deal.dear**-usage, weights * deal.dear ** (1.0 - usage)
    tokens[:, at_home] = (cheap[row][:, None, :] @ shares)[:, 0] * price**-usage
    spent[:, at_home] = (dear[row][:, None, :] @ shares)[:, 0] * price ** (1.0 - usage)
    return tokens, spent


def _earnings(
    setting: Setting,
    state: State,
    lab: int,
    imagined: Imagined,
    royalty: Array,
    found: Equilibrium,
    days: Days,
    horizon: Ints,
    outlook: Outlook,
) -> Earnings:
    """What the firm earns at these prices, part by part."""
    offers, deal = imagined.offers, imagined.deal
    tokens, spent = sales(setting, found, deal, days.choosing, horizon)
    sold, made = deal.seller == lab, offers.lab == lab
    gross = spent * (1.0 - royalty) - deal.cost * tokens
    parts = np.zeros((len(tokens), len(COMPONENTS)))
    put = COMPONENTS.index
    parts[:, put("api")] = gross @ (sold & made)
    parts[:, put("cloud")] = gross @ (sold & ~made)
    parts[:, put("complement")] = spent @ (deal.own_margin * sold + deal.lab_margin * made)
    parts[:, put("royalty")] = (royalty * spent) @ (made & ~sold)
    revenue = spent @ sold + parts[:, put("complement")] + parts[:, put("royalty")]

    # Rivals keep the prices of the day, so what is spent on them buys tokens at the mean price of the day.
    today = max(float(outlook.weights.sum()), 1e-300)
    n = len(offers) - imagined.rivals.nested.values
    world = tokens[:, :n].sum(axis=1) + spent[:, n:].sum(axis=1) * (fsum(state.tokens) / today)
    use = np.ones((3, len(tokens)))
    used = np.array([tokens @ made, tokens @ (sold & made), tokens @ (made & offers.open_)])
    np.divide(used, world, out=use, where=world > 0.0)
    takings = revenue / (today * days.size[horizon])
    parts[:, put("funding")] = _funding(setting, state, use[0], takings, outlook.funding)
    return Earnings(parts, revenue, use[1], use[2])


def _discounted(cases: Cases, parts: Array, weight: Array) -> Array:
    """Weighted means over the horizons, (modes, components); the spillover is what is lost when rivals learn."""
    total = np.zeros((len(MODES), len(COMPONENTS)))
    shape = (-1, len(cases.months), len(COMPONENTS))
    plain, learned = parts[: cases.plain].reshape(shape), parts[cases.plain :].reshape(shape)
    total[cases.modes] = weight @ plain
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
    factor = funding_factor(use, takings, int(state.active.sum()), s.finance)
    return np.asarray(s.choice.funding_value * funding * (factor - 1.0))


def funding_factor(use: Array, takings: Array, labs: int, finance: Finance) -> Array:
    """Response of funding to attention, the weighted geometric mean of shares of use and of spending.

    (labs * use ** (1 - w) * takings ** w) ** elasticity, within 1/3 and 3, w = `funding_on_takings`: investors look
    at both, so that a lab whose models many use and few pay for is funded too.
    """
    w = finance.funding_on_takings
    attention = labs * np.maximum(use, 1e-12) ** (1.0 - w) * np.maximum(takings, 1e-12) ** w
    return np.asarray(np.clip(attention**finance.funding_per_use, 1 / 3, 3.0))
