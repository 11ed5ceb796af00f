"""What each release mode is worth to a lab: the market solved again at horizons ahead, with this mode, others fixed.

All modes and horizons, and the markets in which rivals have learned from the opened weights, are one batch of
the price equilibrium; the firm's earnings are added up part by part. A second batch starts from its prices: the
markets in which the lab's own models have gained by their use.
"""

from __future__ import annotations

from math import fsum
from typing import NamedTuple

import numpy as np

from sim.choice.cases import Cases, Days, discounts
from sim.choice.imagined import (
    CLOSED,
    OPEN_RESTRICTED,
    Imagined,
    Model,
    Outlook,
    imagine,
    practised,
    taught,
)
from sim.economics.engines import chosen
from sim.economics.equilibrium import Equilibrium, EquilibriumError
from sim.record import COMPONENTS, MODES
from sim.scenario.submodels import Finance
from sim.world.policy import Policy
from sim.world.setting import API, Array, Flags, Ints, Setting
from sim.world.state import State
from sim.world.tastes import worth
from sim.world.terms import Terms, claims, first_prices, known_game, pool_capacity

LOOK_TOLERANCE = 1e-7


class Payoffs(NamedTuple):
    """Discounted mean payoffs, USD a month."""

    parts: Array
    """(modes, components) in the order of `sim.record.COMPONENTS`; change and policy still 0."""
    revenue: float
    """Largest revenue (complement included) over the modes: a scale for labs that have none yet."""
    residual: float
    """Largest residual of the imagined equilibria, in unit costs."""


class Asked(NamedTuple):
    """What `evaluate` was asked, its cases and days."""

    setting: Setting
    state: State
    policy: Policy
    lab: int
    model: Model
    month: int
    outlook: Outlook
    funding: float
    cases: Cases
    days: Days
    ahead: bool
    allowed: Flags


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
    funding: float,
    ahead: bool,
    allowed: Flags,
) -> Payoffs:
    """Payoffs of the modes for a lab that is about to release `model`.

    Parameters
    ----------
    funding
        Outside funding of the lab a month, before its response to use, USD.
    ahead
        Whether to look at the scenario's horizons, or at today's market only: no progress, nobody learns.
    allowed
        Modes worth computing, (modes,); the others get 0.
    """
    cases = setting.once((allowed.tobytes(), ahead), lambda: Cases.of(setting, allowed, ahead))
    days = outlook.once(ahead, lambda: Days.ahead(setting, state, month, outlook, cases.months))
    asked = Asked(setting, state, policy, lab, model, month, outlook, funding, cases, days, ahead, allowed)
    if chosen(None) == "numba":
        from sim.choice.compiled import engine  # numba takes a while to import

        found = engine.evaluated(asked)
        if found is not None:
            return found
    return evaluated(asked)


def evaluated(asked: Asked) -> Payoffs:
    """Payoffs on the readable path."""
    setting, state, policy, lab, model, month, outlook, _, cases, days, ahead, allowed = asked
    s = setting.scenario
    imagined = imagine(setting, state, policy, lab, model, month, outlook.standing, allowed)
    serving = days.serving(lab)

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
        mode: Ints,
        horizon: Ints,
        q: Array,
        imagined: Imagined,
        start: Array,
        shadow: Array | None,
        after: Ints,
    ) -> tuple[Earnings, Equilibrium]:
        royalty = np.where(imagined.new & (mode != OPEN_RESTRICTED)[:, None], 0.0, imagined.deal.royalty)
        numbers = q, days.choosing[horizon], serving[horizon], start, shadow, after
        found = _solved(setting, imagined, royalty, *numbers)
        return _earnings(asked, imagined, royalty, found, horizon), found

    q = utilities(setting, imagined, cases.mode, mine[cases.horizon], theirs)
    start = first_prices(imagined.deal, state.price[imagined.offers.slots(setting)])
    found, prices = earned(cases.mode, cases.horizon, q, imagined, start, None, cases.after)
    discount = discounts(setting, cases)
    total = _discounted(cases, found.parts, discount)
    if ahead and s.mechanisms.learning_foresight:
        last = cases.last
        mode, horizon = cases.mode[last], cases.horizon[last]
        wiser = practised(
            setting, state, lab, imagined, found.own[last], found.opened[last], cases.months[horizon]
        )
        better = worth(setting, wiser.offers.capability + days.progress[horizon, None], days.since[horizon])
        q = utilities(setting, wiser, mode, better, theirs[last])
        shadow = prices.shadow_prices[last] if s.mechanisms.serving_capacity else None
        gained, _ = earned(mode, horizon, q, wiser, prices.prices[last], shadow, cases.after_last)
        gain = (gained.parts - found.parts[last]).sum(axis=-1).reshape(-1, len(discount))
        total[cases.modes, COMPONENTS.index("learning")] = gain @ discount
    return Payoffs(total, float(found.revenue.max(initial=0.0)), float(prices.residual.max(initial=0.0)))


def utilities(setting: Setting, imagined: Imagined, mode: Ints, mine: Array, theirs: Array) -> Array:
    """Utility before price, (cases, cohorts, offers); -inf where the mode does not have the offer.

    Parameters
    ----------
    mode
        (cases,).
    mine
        Utils that customers find in the capability of offers, (cases, offers, cohorts).
    theirs
        Utility of what stands for rivals, the last offers, (cases, stand-ins, cohorts).
    """
    licensed = imagined.new & (imagined.offers.channel != API)
    by_offer = np.where(imagined.has[mode][:, :, None], mine + imagined.taste, -np.inf)
    by_offer[np.ix_(mode == OPEN_RESTRICTED, licensed)] -= setting.scenario.demand.licence_friction
    by_offer[:, by_offer.shape[1] - theirs.shape[1] :] = theirs
    return np.ascontiguousarray(np.swapaxes(by_offer, -1, -2))


def _solved(
    setting: Setting,
    imagined: Imagined,
    royalty: Array,
    q: Array,
    weights: Array,
    bandwidth: Array,
    start: Array,
    shadow: Array | None,
    after: Ints,
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
            shadow=shadow,
            after=after,
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
    at_home = np.flatnonzero(deal.at_home)
    shares, price = found.shares[:, :, at_home], found.prices[:, at_home]
    cheap, dear = weights * deal.dear**-usage, weights * deal.dear ** (1.0 - usage)
    tokens[:, at_home] = (cheap[row][:, None, :] @ shares)[:, 0] * price**-usage
    spent[:, at_home] = (dear[row][:, None, :] @ shares)[:, 0] * price ** (1.0 - usage)
    return tokens, spent


def _earnings(
    asked: Asked, imagined: Imagined, royalty: Array, found: Equilibrium, horizon: Ints
) -> Earnings:
    """What the firm earns at these prices, part by part."""
    setting, state, lab, days = asked.setting, asked.state, asked.lab, asked.days
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
    today = max(asked.outlook.spending, 1e-300)
    n = len(offers) - imagined.rivals.nested.values
    world = tokens[:, :n].sum(axis=1) + spent[:, n:].sum(axis=1) * (fsum(state.tokens) / today)
    use = np.ones((3, len(tokens)))
    used = np.array([tokens @ made, tokens @ (sold & made), tokens @ (made & offers.open_)])
    np.divide(used, world, out=use, where=world > 0.0)
    takings = revenue / (today * days.size[horizon])
    parts[:, put("funding")] = _funding(setting, state, use[0], takings, asked.funding)
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
    return np.minimum(np.maximum(attention**finance.funding_per_use, 1 / 3), 3.0)
