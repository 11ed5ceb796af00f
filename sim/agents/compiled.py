"""Loops of `sim.agents` as machine code; the readable paths are there."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.choice.compiled import buyers
from sim.economics.compiled import jit
from sim.economics.compiled.calls import Bare, inner, making_arrays
from sim.economics.compiled.jit import exp, log
from sim.world.setting import Array, Flags, Ints


class Demand(NamedTuple):
    """What customers are in a month."""

    level: Array  # (tasks,) ECI points of difficulty
    width: Array  # (tasks,)
    value: Array  # (tasks,) utils
    of: Ints  # (cohorts,) tasks of each
    sensitivity: Array  # (cohorts,) to prices
    weights: Array  # (cohorts,) USD of those who choose
    inner: float  # scale of utility among the hosts of a model
    outer: float  # among the models of a tier
    usage: float  # elasticity of use


class Hosted(NamedTuple):
    """Offers in a market where all clouds host all models, hosts of one model together: (offers,) but for tastes."""

    lab: Ints
    tier: Ints
    channel: Ints
    open_: Flags
    newest: Flags
    capability: Array
    seller: Ints  # -1: customers themselves
    cost: Array
    royalty: Array
    own_margin: Array
    last: Array  # last month's price, NaN for none
    taste: Array  # (offers, cohorts)


@inner
def _priced(offers: Hosted, markup: float) -> Array:
    """Prices as `sim.agents.cloud.imagined_market` has them, (offers,)."""
    price = np.empty(len(offers.cost))
    for j in range(len(price)):
        cost, last = offers.cost[j], offers.last[j]
        if offers.seller[j] < 0:
            price[j] = cost
        elif offers.channel[j] == 0 and np.isfinite(last):
            price[j] = max(last, cost)
        else:
            price[j] = cost / (1.0 + offers.own_margin[j] - offers.royalty[j]) * markup
    return price


@inner
def _models(offers: Hosted) -> Ints:
    """Model of each offer, counted from 0."""
    model = np.zeros(len(offers.lab), np.intp)
    for j in range(1, len(model)):
        same = offers.lab[j] == offers.lab[j - 1] and offers.tier[j] == offers.tier[j - 1]
        same = same and offers.open_[j] == offers.open_[j - 1] and offers.newest[j] == offers.newest[j - 1]
        model[j] = model[j - 1] if same else model[j - 1] + 1
    return model


@inner
def _utilities(offers: Hosted, model: Ints, price: Array, demand: Demand) -> Array:
    """Utilities as `sim.agents.cloud.imagined_market` has them, (offers, cohorts)."""
    utility, worth = np.empty(offers.taste.shape), np.empty(len(demand.value))
    for j in range(len(model)):
        dearness = log(price[j])
        if j == 0 or model[j] != model[j - 1]:
            for k in range(len(worth)):
                behind = (demand.level[k] - offers.capability[j]) / demand.width[k]
                worth[k] = demand.value[k] / (1.0 + exp(behind))
        for s in range(len(demand.of)):
            bare = worth[demand.of[s]] + offers.taste[j, s]
            utility[j, s] = bare - dearness * demand.sensitivity[s]
    return utility


@inner
def _drop_worst(margins: Array, hosted: Flags, cost: float, wanted: Flags) -> None:
    """Want no more the model that pays least, of equal ones the last, (labs, tiers) each."""
    lab, tier, least = 0, 0, np.inf
    for i in range(wanted.shape[0]):
        for t in range(wanted.shape[1]):
            value = margins[i, t] - (0.0 if hosted[i, t] else cost)
            if wanted[i, t] and value <= least:
                lab, tier, least = i, t, value
    wanted[lab, tier] = False


@making_arrays
def take_up(
    margins: Array,
    hosted: Flags,
    since: Ints,
    firm: Ints,
    bring_up: Array,
    cost: float,
    catalogue: int,
    month: int,
) -> None:
    """As `sim.agents.cloud.review`.

    Parameters
    ----------
    margins, hosted, since
        (clouds, labs, tiers); the last two are written to.
    firm
        That of each cloud, (clouds,).
    bring_up
        USD for new models, added to, (firms,).
    cost, catalogue
        USD a new model, models that a cloud serves at most.
    """
    clouds, labs, tiers = margins.shape
    wanted = np.empty(margins.shape, np.bool_)
    for c in range(clouds):
        number = 0
        for i in range(labs):
            for t in range(tiers):
                wanted[c, i, t] = margins[c, i, t] > (0.0 if hosted[c, i, t] else cost)
                number += wanted[c, i, t]
        for _ in range(number - catalogue):
            _drop_worst(margins[c], hosted[c], cost, wanted[c])
        new = 0
        for i in range(labs):
            for t in range(tiers):
                if wanted[c, i, t] and not hosted[c, i, t]:
                    since[c, i, t] = month
                    new += 1
                hosted[c, i, t] = wanted[c, i, t]
        bring_up[firm[c]] += cost * new


def _entry(sources: int) -> Callable[[Bare, Bare, float, int, int, int], Array]:
    """The entry; that it closes over `sources` makes the cache on disk notice changes of other files."""

    @making_arrays
    def margins(hosted: Bare, customers: Bare, markup: float, clouds: int, labs: int, tiers: int) -> Array:
        """As `sim.agents.cloud.expected_margins` of a month, USD, (clouds, labs, tiers); NaN: cannot be had.

        The first are `Hosted` and `Demand`.
        """
        assert sources >= 0
        offers, demand = Hosted(*hosted), Demand(*customers)
        price, model = _priced(offers, markup), _models(offers)
        utility = _utilities(offers, model, price, demand)
        value, people = np.empty(model[len(model) - 1] + 1, np.intp), np.empty(len(model))
        for j in range(len(model)):
            value[model[j]] = offers.tier[j]
        buyers.set_buyers(utility, demand.weights, model, value, tiers, demand.inner, demand.outer, people)
        out = np.full((clouds, labs, tiers), np.nan)
        for j in range(len(model)):
            if offers.channel[j] != 0 and offers.seller[j] >= 0:
                keeps = 1.0 + offers.own_margin[j] - offers.royalty[j]
                tokens = people[j] * price[j] ** -demand.usage
                earned = (keeps * price[j] - offers.cost[j]) * tokens
                out[offers.channel[j] - 1, offers.lab[j], offers.tier[j]] = earned
        return out

    return margins


_FILES = [Path(str(module.__file__)) for module in (buyers, jit)]
margins = _entry(zlib.adler32(b"".join(path.read_bytes() for path in _FILES)))
