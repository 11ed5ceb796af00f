"""Rivals taken together as one offer a tier: the same market as with every rival's offer in it.

Two games are solved. In the short one everybody else is one offer a tier (`Rivals`); in the long one every
rival's offer is there, held at its price. Prices and shares of the lab's own offers have to be the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from sim.choice.imagined import (
    CLOSED,
    OPEN_RESTRICTED,
    Model,
    Outlook,
    crowds,
    imagine,
    taught,
)
from sim.choice.payoffs import evaluate
from sim.choice.rivals import Lesson, Rivals
from sim.choice.standing import Standing
from sim.economics import solve_prices
from sim.economics.equilibrium import Equilibrium
from sim.market import Market
from sim.record import COMPONENTS, MODES
from sim.world.offers import Offers, current_offers
from sim.world.tastes import quality, taste
from sim.world.terms import Terms, claims, pool_capacity, price_problem, terms

LABS = range(7)
"""The cloud of the first hosts rivals' models beside other hosts."""
TIGHT = 1e-12


class Own(NamedTuple):
    """What the lab prices under a mode, and its utility before price."""

    offers: Offers
    deal: Terms
    q: np.ndarray


class Grown(NamedTuple):
    """What use has done to a new family: ECI points on all of it, on its open weights, and their size."""

    by_data: float = 0.0
    by_community: float = 0.0
    size: float = 1.0


NOTHING = Grown()


def own_offers(
    market: Market, lab: int, model: Model, mode: int, years: float, progress: float, grown: Grown = NOTHING
) -> Own:
    setting, state = market.setting, market.state
    now = Standing.look(setting, state, market.policy, market.month, market.bandwidth_price)
    every = np.ones(len(MODES), dtype=bool)
    offers, _, has, _, new, rivals = imagine(
        setting, state, market.policy, lab, model, market.month, now, every
    )
    mine = np.arange(len(offers)) < len(offers) - rivals.nested.values
    has = has & mine
    offers = replace(
        offers,
        capability=offers.capability + new * (grown.by_data + grown.by_community * offers.open_),
        bytes_=offers.bytes_ * np.where(new & offers.open_, grown.size, 1.0),
    )
    offers = replace(offers, restricted=np.where(new, mode == OPEN_RESTRICTED, offers.restricted))
    offers = offers.take(has[mode])
    xi = taste(setting, market.policy, offers, market.month)
    seen = np.isfinite(xi).any(axis=0)
    offers, xi = offers.take(seen), xi[:, seen]
    deal = terms(setting, state, market.policy, offers, market.bandwidth_price)
    q = quality(setting, xi, offers.capability + progress, elapsed(market) + years)
    return Own(offers, deal, q - setting.cohorts.price_sensitivity[:, None] * np.log(deal.dearer))


def today(market: Market) -> Outlook:
    labs = len(market.setting.labs)
    return replace(market.outlook(), growth=1.5, training_flop=np.full(labs, 1e25))


def elapsed(market: Market) -> float:
    return float(market.setting.years[market.month] - market.setting.years[0])


def short(market: Market, lab: int, own: Own, weights, spare, years, progress, lesson=None) -> Equilibrium:
    setting = market.setting
    now = Standing.look(setting, market.state, market.policy, market.month, market.bandwidth_price)
    rivals = Rivals.of(lab, now)
    labs = len(setting.labs)
    lesson = lesson or Lesson(np.zeros(labs), np.full(labs, -np.inf))
    lesson = Lesson(lesson.gain[None], lesson.floor[None])
    worth = rivals.worth(setting, np.array([progress]), np.array([elapsed(market) + years]), lesson)
    others, at_one = rivals.stand_ins(setting)
    offers, deal = own.offers.joined(others), own.deal.joined(at_one)
    problem = price_problem(setting, offers, deal)
    royalty, complement = claims(offers, deal, deal.royalty)
    return problem.solve(
        np.concatenate([own.q, worth[0].T], axis=-1),
        deal.cost,
        weights=weights,
        capacity=pool_capacity(problem, spare),
        load=deal.load,
        royalty=royalty,
        complement=complement,
        tolerance=TIGHT,
    )


def long(market: Market, lab: int, own: Own, weights, spare, years, progress, lesson=None) -> Equilibrium:
    setting, state, demand = market.setting, market.state, market.scenario.demand
    now = current_offers(setting, state)
    others = now.take((now.lab != lab) & (now.sellers(setting) != lab))
    xi = taste(setting, market.policy, others, market.month)
    deal = terms(setting, state, market.policy, others, market.bandwidth_price)
    seen = state.price[others.slots(setting)]
    price = np.where(np.isfinite(seen), seen, 2.0 * deal.cost)
    capability = others.capability + progress
    if lesson is not None:
        small_gap = market.scenario.technology.small_gap
        built = lesson.floor[others.lab] - np.where(others.tier == 1, small_gap, 0.0)
        better = np.maximum(capability + lesson.gain[others.lab], built)
        capability = np.where(others.newest, better, capability)
    q = quality(setting, xi, capability, elapsed(market) + years)
    q = q - setting.cohorts.price_sensitivity[:, None] * np.log(deal.dearer)

    everything = own.offers.joined(others)
    m = len(others)
    names = zip(everything.lab, everything.tier, everything.open_, everything.newest, strict=True)
    seller = [f"firm {f}" if f >= 0 else f"self {j}" for j, f in enumerate(own.deal.seller)]
    limited = market.scenario.mechanisms.serving_capacity
    royalty, complement = claims(own.offers, own.deal, own.deal.royalty)
    mine = (own.deal.seller != own.offers.lab) & ((own.deal.royalty > 0) | (own.deal.lab_margin > 0))
    to = [f"firm {f}" if claim else None for f, claim in zip(own.offers.lab, mine, strict=True)]
    pool = [s if s.startswith("firm") and limited else None for s in seller]
    return solve_prices(
        np.concatenate([own.q, q], axis=-1),
        np.concatenate([own.deal.cost, price]),
        price_sensitivity=setting.cohorts.price_sensitivity,
        nests=(everything.tier.tolist(), [str(name) for name in names]),
        nesting=(demand.tier_nesting, demand.host_nesting),
        owner=[*seller, *(f"rival {j}" for j in range(m))],
        usage_elasticity=demand.usage_elasticity,
        at_cost=[*(own.deal.seller < 0), *[True] * m],
        weights=weights,
        pool=[*pool, *[None] * m] if limited else None,
        capacity={p: spare[int(p.split()[1])] for p in pool if p} if limited else None,
        load=np.concatenate([own.deal.load, np.ones(m)]),
        royalty=np.concatenate([royalty, np.zeros(m)]),
        royalty_to=[*to, *[None] * m],
        complement=np.concatenate([complement, np.zeros(m)]),
        complement_to=[*to, *[None] * m],
        tolerance=TIGHT,
    )


def same_market(
    market: Market, lab: int, model: Model, mode: int, years: float, progress: float, lesson=None
):
    own = own_offers(market, lab, model, mode, years, progress)
    weights, spare = market.weights(), np.maximum(0.6 * market.state.bandwidth, 1.0)
    args = (market, lab, own, weights, spare, years, progress, lesson)
    one, all_ = short(*args), long(*args)
    n = len(own.offers)
    np.testing.assert_allclose(one.prices[:n], all_.prices[:n], rtol=1e-9)
    np.testing.assert_allclose(one.shares[:, :n], all_.shares[:, :n], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.consumer_surplus, all_.consumer_surplus, rtol=1e-9)
    assert all_.shares[:, n:].sum() > 1e-3  # the rivals count


class TestOneOfferATier:
    @pytest.mark.parametrize("mode", range(len(MODES)), ids=MODES)
    @pytest.mark.parametrize("lab", LABS)
    def test_today(self, midway, family, lab, mode):
        market = midway()
        same_market(market, lab, family(market, lab), mode, 0.0, 0.0)

    @pytest.mark.parametrize("nesting", [(0.0, 0.0), (0.6, 0.0), (0.2, 0.6)])
    def test_at_any_nesting(self, midway, family, nesting):
        market = midway(**{"demand.tier_nesting": nesting[0], "demand.host_nesting": nesting[1]})
        same_market(market, 2, family(market, 2), 3, 0.0, 0.0)

    def test_later_with_lessons_learned(self, midway, family):
        """Rivals are at different distances: one gains nothing, others by the pool or by building on it."""
        market = midway()
        floor = np.full(len(market.setting.labs), -np.inf)
        floor[[2, 3]] = 125.0
        lesson = Lesson(np.array([0.3, 0.0, 0.9, 1.2, 0.0, 0.5, 2.0]), floor)
        same_market(market, 1, family(market, 1), 3, 2.0, 18.0, lesson)

    def test_without_inertia_capacity_or_usage(self, midway, family):
        market = midway(**{"mechanisms.serving_capacity": False, "demand.usage_elasticity": 0.5})
        same_market(market, 1, family(market, 1), 0, 0.0, 0.0)


def earned(*args, **options) -> dict[str, float]:
    """Monthly earnings by part at a horizon, made up by hand from the long game."""
    return worked_out(*args, **options)[0]


def worked_out(
    market: Market,
    lab: int,
    model: Model,
    mode: int,
    months: int = 0,
    funding: float = 0.0,
    lesson: Lesson | None = None,
    grown: Grown | None = None,
) -> tuple[dict[str, float], float, float]:
    """Earnings by part; and shares of all tokens on own service of own models, and on own open models."""
    setting, state, scenario = market.setting, market.state, market.scenario
    years = months / 12
    progress = scenario.choice.expected_progress * years
    own = own_offers(market, lab, model, mode, years, progress, grown or NOTHING)
    everyone, anew = (factor[0] for factor in crowds(setting, state, np.array([years])))
    weights = market.weights() * anew
    crowd = weights.sum() / (market.weights() * everyone).sum()
    here = np.arange(len(state.bandwidth)) == lab
    spare = state.bandwidth * np.where(here, 1.0, np.maximum(1.0 - state.use, 0.5)) * 1.5**years * crowd
    all_ = long(market, lab, own, weights, np.maximum(spare, 1e-9), years, progress, lesson)
    parts, revenue, used = dict.fromkeys(COMPONENTS, 0.0), 0.0, 0.0
    served = opened = 0.0
    world = (weights @ all_.shares)[len(own.offers) :].sum() * state.tokens.sum() / market.weights().sum()
    for j in range(len(own.offers)):
        deal, dear = own.deal, own.deal.dearer[:, j]
        buyers = weights * all_.shares[:, j]  # usage elasticity 1: each spends a fixed budget
        spent = buyers.sum()
        tokens = (buyers / dear).sum() / all_.prices[j]
        mine, made = deal.seller[j] == lab, own.offers.lab[j] == lab
        world += tokens
        if mine:
            parts["api" if made else "cloud"] += spent * (1.0 - deal.royalty[j]) - deal.cost[j] * tokens
            parts["complement"] += deal.own_margin[j] * spent
            revenue += (1.0 + deal.own_margin[j]) * spent
        if made:
            used += tokens
            served += tokens * mine
            opened += tokens * own.offers.open_[j]
            parts["complement"] += deal.lab_margin[j] * spent
            parts["royalty"] += deal.royalty[j] * spent * (not mine)
            revenue += (deal.lab_margin[j] + deal.royalty[j] * (not mine)) * spent
    size = weights.sum() / market.weights().sum()
    attention = used / world, revenue / (market.weights().sum() * size)
    w = scenario.finance.funding_on_takings
    fair = float(attention[0] ** (1 - w) * attention[1] ** w) * int(state.active.sum())
    response = np.clip(fair**scenario.finance.funding_per_use, 1 / 3, 3)
    parts["funding"] = scenario.choice.funding_value * funding * (response - 1.0)
    return parts, served / world, opened / world


def payoffs(
    market: Market, lab: int, model: Model, mode: int, outlook: Outlook, *, ahead: bool, funding: float = 0.0
) -> np.ndarray:
    allowed = np.arange(len(MODES)) == mode
    found = evaluate(
        market.setting,
        market.state,
        market.policy,
        lab,
        model,
        market.month,
        outlook,
        funding=funding,
        ahead=ahead,
        allowed=allowed,
    )
    assert not found.parts[~allowed].any()
    return found.parts[mode]


def same_parts(found: np.ndarray, expected: dict[str, float]) -> None:
    by_hand = np.array([expected[name] for name in COMPONENTS])
    scale = np.abs(by_hand).max()
    assert scale > 1e4
    np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=1e-5 * scale)


class TestPayoffs:
    """Earnings by part from the long game, made up by hand, are those of `evaluate`."""

    @pytest.mark.parametrize("mode", range(len(MODES)), ids=MODES)
    @pytest.mark.parametrize("lab", LABS)
    def test_of_today_s_market(self, midway, family, lab, mode):
        market = midway(**VALUES)
        model = family(market, lab)
        found = payoffs(market, lab, model, mode, today(market), ahead=False, funding=3e6)
        same_parts(found, earned(market, lab, model, mode, funding=3e6))

    @pytest.mark.parametrize("mode", range(len(MODES)), ids=MODES)
    @pytest.mark.parametrize("lab", [2, 5])
    def test_of_markets_ahead(self, midway, family, lab, mode):
        """Six months and two years ahead, discounted by 30 % a year; what rivals learn is counted apart."""
        market = midway(
            **VALUES,
            **{
                "choice.discount": 0.3,
                "choice.horizons": [6, 24],
                "mechanisms.learning_foresight": False,
            },
        )
        model, outlook = family(market, lab), today(market)
        found = payoffs(market, lab, model, mode, outlook, ahead=True)
        expected, weight = dict.fromkeys(COMPONENTS, 0.0), 0.0
        for months in (6, 24):
            factor = np.exp(-0.3 * months / 12)
            plain = earned(market, lab, model, mode, months)
            weight += factor
            for name, part in plain.items():
                expected[name] += factor * part
            if mode:
                lesson = taught(
                    market.setting, market.state, market.policy, lab, model, mode, months, outlook
                )
                wiser = earned(market, lab, model, mode, months, lesson=lesson)
                expected["spillover"] += factor * (sum(wiser.values()) - sum(plain.values()))
        same_parts(found, {name: part / weight for name, part in expected.items()})
        assert (expected["spillover"] < 0) == (mode > 0)

    @pytest.mark.parametrize("mode", range(len(MODES)), ids=MODES)
    def test_what_use_will_do_for_the_lab_s_own_models(self, midway, family, mode):
        """Data and community move towards the use of that day; what they add is earned once rivals have learned."""
        months, lab = 24, 2
        market = midway(**VALUES, **{"choice.horizons": [months], "labs.eastern.release_interval": 30})
        model, outlook = family(market, lab), today(market)
        args = (market.setting, market.state, market.policy, lab, model, mode, months, outlook)
        lesson = taught(*args) if mode else None
        before, own, opened = worked_out(market, lab, model, mode, months, lesson=lesson)
        p, state = market.scenario.community, market.state
        reached = 1.0 - (1.0 - p.decay) ** months

        def full(stock: float) -> float:
            return stock / (stock + p.half_use)

        data, crowd = float(state.data[lab]), float(state.community[lab])
        data_then, crowd_then = data + reached * (own - data), crowd + reached * (opened - crowd)
        grown = Grown(
            p.flywheel * (full(data_then) - full(data)) * months / 30,
            p.improvement * (full(crowd_then) - full(crowd)),
            (1 - p.cheaper_serving * full(crowd_then)) / (1 - p.cheaper_serving * full(crowd)),
        )
        after = earned(market, lab, model, mode, months, lesson=lesson, grown=grown)
        found = payoffs(market, lab, model, mode, outlook, ahead=True)
        by_hand = sum(after.values()) - sum(before.values())
        assert abs(by_hand) > 1e-4 * sum(before.values())
        assert found[COMPONENTS.index("learning")] == pytest.approx(by_hand, rel=1e-3)

    def test_without_foresight_use_does_nothing(self, midway, family):
        market = midway(**VALUES, **{"mechanisms.learning_foresight": False})
        found = payoffs(market, 2, family(market, 2), CLOSED, today(market), ahead=True)
        assert found[COMPONENTS.index("learning")] == 0.0

    def test_without_foresight_rivals_learn_nothing(self, midway, family):
        market = midway(**VALUES, **{"mechanisms.spillover_foresight": False})
        model = family(market, 2)
        found = payoffs(market, 2, model, OPEN_RESTRICTED, today(market), ahead=True)
        assert found[COMPONENTS.index("spillover")] == 0.0


VALUES = {
    "labs.eastern.complement": 0.2,
    "labs.leader.own_complement": 0.1,
    "labs.eastern.licence_threshold": 10,
    "labs.opener.licence_threshold": 10,
    "clouds.host.users": 50,
}
