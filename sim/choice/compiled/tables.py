"""What compiled choices work on, from the model's own objects: once a run, a month, a family."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from typing import Any

import numpy as np

from sim.choice.cases import Cases, Days, discounts
from sim.choice.compiled.layout import Ahead, Family, Labs, Markets, OnOffer, Today, World
from sim.choice.imagined import OPENNESS, Outlook, Prospects
from sim.choice.standing import Standing
from sim.economics.compiled.calls import Bare, kept
from sim.economics.compiled.layout import Sizes
from sim.technology.capability import derived_capability
from sim.technology.serving import load_per_mtok
from sim.world.offers import Offers
from sim.world.policy import Policy
from sim.world.setting import TIERS, Array, Flags, Ints, Setting
from sim.world.state import State


def world(setting: Setting) -> World:
    """What stays the same during a run; see `World`."""
    s, m, c = setting.scenario, setting.scenario.mechanisms, setting.cohorts
    d, t, sp, p, f = s.demand, s.technology, s.spillovers, s.community, s.finance
    labs = range(len(setting.labs))
    outer = 1.0 - d.tier_nesting
    return World(
        cohorts=_floats(
            [c.difficulty, c.difficulty_growth, c.difficulty_width, c.capability_value, c.customisation]
        ),
        sensitivity=_floats(c.price_sensitivity),
        labs=_floats(
            [
                setting.lab_values("complement"),
                setting.lab_values("users"),
                [setting.lab_row(i).release_interval for i in labs],
            ]
        ),
        own_complement=_floats(setting.own_complement),
        cloud_users=_floats([0.0, *setting.cloud_users, 0.0]),
        openness=_floats(OPENNESS),
        inner=outer * (1.0 - d.host_nesting),
        outer=outer,
        friction=d.licence_friction,
        usage=d.usage_elasticity,
        small_gap=t.small_gap,
        load=float(load_per_mtok(1.0, t.serving_utilisation)),
        cost_floor=t.cost_floor,
        limited=m.serving_capacity,
        per_order=t.capability_per_order,
        pool_rate=sp.open_pool * m.open_spillover,
        pool_half=sp.pool_half,
        lag=float(sp.derivation_lag) if m.derivation else np.inf,
        expected_progress=s.choice.expected_progress,
        flywheel=p.flywheel * m.flywheel,
        improvement=p.improvement * m.community,
        cheaper=p.cheaper_serving * m.community,
        half_use=p.half_use,
        decay=p.decay,
        worth_of_funding=s.choice.funding_value * m.funding_response,
        per_use=f.funding_per_use,
        on_takings=f.funding_on_takings,
    )


def today(
    setting: Setting, world: Bare, state: State, policy: Policy, outlook: Outlook, day: Callable[..., Any]
) -> Today | None:
    """The market of the month; None if hosts of one model differ in capability, so that models are not enough.

    Nor if some customers are so little sensitive to prices that one may have no end.

    Parameters
    ----------
    world
        `World` without names.
    day
        `sim.choice.compiled.entries.day`.
    """
    if not setting.once("prices have an end", lambda: _sensitive(setting)):
        return None
    now, sp = outlook.standing, setting.scenario.spillovers
    best = state.algorithm.max(initial=-np.inf)
    nearness = np.exp(-(best - state.algorithm) / sp.pool_distance)
    tuning = derived_capability(
        np.zeros(len(setting.labs)),
        outlook.training_flop,
        loss=sp.adaptation_loss,
        fine_tuning=sp.fine_tuning,
    )
    pays = setting.scenario.mechanisms.royalties and len(setting.clouds) > 0
    alike, offers, money, bare, nest, models, first, levels, joint, labs = kept(
        day, world, tuple(_on_offer(now)), tuple(_labs(state, policy)), nearness, tuning, pays
    )
    if not alike:
        return None
    return Today(
        offers=offers,
        money=money,
        taste=_plain(now.taste),
        tastes=_plain(now.tastes.standing),
        bare=bare,
        nest=nest,
        models=models,
        first=first,
        levels=levels,
        joint=joint,
        price=_plain(state.price),
        rent=_plain(now.costs.rent),
        dearer=now.costs.dearer,
        labs=labs,
        at_home=now.costs.at_home,
    )


def _sensitive(setting: Setting) -> bool:
    """Whether all customers are so sensitive to prices that they have an end."""
    least = setting.cohorts.price_sensitivity.min() + setting.scenario.demand.usage_elasticity
    return bool(least > 1.0)


def _on_offer(now: Standing) -> OnOffer:
    offers, deal = now.offers, now.deal
    return OnOffer(
        offers.lab,
        offers.tier,
        offers.channel,
        offers.open_,
        offers.newest,
        deal.seller,
        deal.at_home,
        offers.capability,
        deal.load,
        deal.cost,
        deal.royalty,
        deal.own_margin,
        deal.lab_margin,
        now.taste,
        now.dearness,
    )


def _labs(state: State, policy: Policy) -> Labs:
    of_state = state.active, state.released, state.mode, state.algorithm, state.data, state.community
    return Labs(*of_state, policy.threshold, policy.royalty)


def ahead(setting: Setting, state: State, outlook: Outlook, cases: Cases, days: Days) -> Ahead:
    """The days that labs look at."""
    dear, usage = outlook.standing.costs.dear, setting.scenario.demand.usage_elasticity
    discount = setting.once(("discounts", cases.months.tobytes()), lambda: discounts(setting, cases))
    spending = max(outlook.spending, 1e-300)
    return Ahead(
        days=_floats([cases.months, days.since, days.progress, days.size, discount]),
        choosing=_plain(days.choosing),
        all_=_plain(days.all_),
        spare=_plain(days.spare),
        light=_plain(dear**-usage),
        dear=_plain(dear ** (1.0 - usage)),
        spending=spending,
        per_dollar=fsum(state.tokens) / spending,
        active=int(np.count_nonzero(state.active)),
    )


def markets(cases: Cases) -> Markets:
    """The markets of both batches."""
    return Markets(
        modes=_ints(cases.modes),
        mode=_ints(cases.mode),
        horizon=_ints(cases.horizon),
        plain=cases.plain,
        last=_ints(cases.last),
        after=_ints(cases.after),
        after_last=_ints(cases.after_last),
    )


def sizes(world: World, today: Today, family: Family) -> Sizes:
    """The largest game that a lab of this family may imagine: with all offers of the day and of the family."""
    return largest(world, today.offers.shape[1] + family.offers.shape[1] + TIERS + today.models.shape[1])


def largest(world: World, offers: int) -> Sizes:
    """The largest game with as many offers."""
    firms = len(world.own_complement)
    return Sizes(
        offers=offers,
        hosts=offers,
        tiers=TIERS if world.outer < 1.0 else offers,
        claims=2 * offers,
        groups=2 * offers,
        pairs=2 * offers,
        owners=offers + firms,
        pools=firms,
    )


def family(setting: Setting, lab: int) -> Family:
    """Prospects of a lab."""
    prospects = Prospects.of(setting, lab)
    seller = prospects.offers.sellers(setting)
    table = _offers(prospects.offers, seller, seller < 0, np.ones(len(seller), dtype=bool))
    return Family(table, _floats(prospects.below), np.array(prospects.has, order="C"))


def _offers(offers: Offers, seller: Ints, at_home: Flags, new: Flags) -> Ints:
    """Offers in rows as `layout` has them."""
    return _ints([offers.lab, offers.tier, offers.channel, offers.open_, offers.newest, seller, at_home, new])


def _plain(array: Any) -> Any:
    """The array as compiled code knows it: writable and in one piece. Others would be compiled for anew."""
    return array if array.flags.carray else np.array(array, order="C")


def _floats(values: Any) -> Array:
    return np.array(values, dtype=float, order="C")


def _ints(values: Any) -> Ints:
    return np.array(values, dtype=np.intp, order="C")
