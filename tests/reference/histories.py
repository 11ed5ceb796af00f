"""Months that customers live through, lived through by cohorts and by customers one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from customers import OUTSIDE, WAITING, Customer, Customers, Kind, Month, Name, Offer, Segment
from numpy.typing import NDArray

from sim.economics import bass_step, choice_shares, reconsider
from sim.market import Market
from sim.market.sales import Sales
from sim.scenario.schema import Scenario
from sim.world.setting import API, Setting
from sim.world.tastes import quality, taste
from sim.world.terms import price_problem

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class History:
    """Segments, and the months that they live through."""

    segments: Sequence[Segment]
    nesting: tuple[float, float]
    months: Sequence[Month]

    @cached_property
    def names(self) -> list[Name]:
        """All offers that were ever there."""
        return list(dict.fromkeys(offer.name for month in self.months for offer in month.offers))

    @cached_property
    def kinds(self) -> list[Kind]:
        """Cohorts: segments, split into those who consider every offer and those who do not."""
        split = [
            (s.name, only, s.closed_only if only else 1 - s.closed_only)
            for s in self.segments
            for only in (False, True)
        ]
        return [(name, only) for name, only, part in split if part > 0]

    def of_cohorts(self, field: str) -> Array:
        """A number of each cohort's segment, (cohorts,)."""
        value = {segment.name: getattr(segment, field) for segment in self.segments}
        return np.array([value[name] for name, _ in self.kinds])


class Path(NamedTuple):
    """Where customers are at the end of each month.

    Attributes
    ----------
    adopted
        Part of each cohort, (months, cohorts).
    shares
        Of each cohort's adopters on each offer and, last, on the outside option, (months, cohorts, names + 1).
    """

    adopted: Array
    shares: Array


class People(NamedTuple):
    """The same, counted: (months, cohorts) and (months, cohorts, names + 1)."""

    waiting: Array
    users: Array


def by_cohorts(history: History) -> Path:
    """The solution with customers as shares of cohorts, from the functions that a run uses."""
    column = {segment.name: k for k, segment in enumerate(history.segments)}
    rows = [column[name] for name, _ in history.kinds]
    closed_only = np.array([only for _, only in history.kinds])
    sensitivity = history.of_cohorts("price_sensitivity")[:, None]
    adopted, shares = history.of_cohorts("adopted"), np.zeros((len(rows), len(history.names)))
    path: list[tuple[Array, Array]] = []
    for month in history.months:
        slots = [history.names.index(offer.name) for offer in month.offers]
        own = np.array([offer.own for offer in month.offers])
        utility = np.array(month.quality)[rows] - sensitivity * np.log(month.price)
        utility[closed_only[:, None] & ~own] = -np.inf
        choice = choice_shares(
            utility,
            nests=([offer.tier for offer in month.offers], [offer.model for offer in month.offers]),
            nesting=history.nesting,
            outside=history.of_cohorts("outside"),
        )
        before = adopted
        adopted = bass_step(
            before, history.of_cohorts("innovation"), history.of_cohorts("imitation"), 1.0 / 12.0
        )
        new = ((adopted - before) / adopted)[:, None]
        kept = reconsider(
            shares[:, slots],
            choice,
            between=history.of_cohorts("between"),
            within=history.of_cohorts("within"),
            vendor=[offer.vendor for offer in month.offers],
            available=np.isfinite(utility),
            outside=1.0 - shares.sum(axis=1),
        )
        if not shares.any():  # until the first offers nobody has chosen: all adopters do
            kept = choice
        shares = np.zeros_like(shares)
        shares[:, slots] = (1.0 - new) * kept + new * choice
        path.append((adopted, with_outside(shares)))
    return Path(*(np.array(part) for part in zip(*path, strict=True)))


def with_outside(shares: Array) -> Array:
    """Shares, and behind them what they leave."""
    return np.append(shares, 1.0 - shares.sum(axis=-1, keepdims=True), axis=-1)


def by_customers(history: History, count: int, seed: int, customer: type[Customer] = Customer) -> People:
    """The same months with one agent a customer."""
    model = Customers(history.segments, history.nesting, count, seed, customer)
    places = [*history.names, OUTSIDE]
    waiting, users = [], []
    for month in history.months:
        model.step(month)
        waiting.append([model.people[kind, WAITING] for kind in history.kinds])
        users.append([[model.people[kind, place] for place in places] for kind in history.kinds])
    model.remove_all_agents()  # Mesa keeps every model for good in the counter of its agents' numbers
    return People(np.array(waiting, dtype=float), np.array(users, dtype=float))


def written() -> History:
    """Eleven offers and ten months: an entry, a second host, an exit, a withdrawal, a price cut, a new release."""
    segments = (
        Segment("consumers", 0.3, 0.35, 0.02, 0.6, between=0.25, within=0.45, price_sensitivity=2.0, outside=0.5),
        Segment("developers", 0.3, 0.3, 0.1, 0.9, between=0.4, within=0.15, price_sensitivity=1.8),
        Segment("offices", 0.25, 0.25, 0.05, 1.2, 0.06, 0.3, price_sensitivity=1.2, closed_only=0.4),
        Segment("public", 0.15, 0.4, 0.03, 0.4, 0.1, 0.35, price_sensitivity=1.0, closed_only=0.3, outside=-0.5),
    )  # fmt: skip
    #            name                 vendor   tier     model      own    first last  price quality by segment
    rows = (
        (Offer("alpha flagship", "alpha", "large", "alpha L", True), 0, 9, 6.0, (3.6, 4.0, 3.8, 2.9)),
        (Offer("alpha small", "alpha", "small", "alpha S", True), 0, 9, 0.9, (1.0, 0.6, 0.6, 0.4)),
        (Offer("beta flagship", "beta", "large", "beta L", True), 0, 9, 5.0, (3.2, 3.3, 3.4, 2.6)),
        (Offer("beta small", "beta", "small", "beta S", True), 0, 4, 0.7, (1.1, 0.3, 0.7, 0.5)),
        (Offer("gamma flagship", "gamma", "large", "gamma L", True), 0, 9, 2.0, (1.5, 2.2, 1.4, 0.7)),
        (Offer("gamma small", "gamma", "small", "gamma S", True), 0, 9, 0.4, (-0.5, 0.1, -0.4, -0.9)),
        (Offer("gamma flagship at host", "host", "large", "gamma L", False), 0, 9, 1.8, (1.3, 2.1, 1.6, 1.0)),
        (Offer("gamma small at host", "host", "small", "gamma S", False), 0, 9, 0.4, (-0.6, 0.2, -0.1, -0.6)),
        (Offer("gamma flagship at second", "second", "large", "gamma L", False), 4, 9, 1.6, (1.0, 2.0, 1.2, 0.8)),
        (Offer("gamma small at home", "self", "small", "gamma S", False), 0, 9, 0.5, (-0.8, 0.0, 0.2, 0.6)),
        (Offer("delta flagship", "delta", "large", "delta L", True), 3, 9, 4.0, (2.8, 3.4, 2.6, 1.8)),
    )  # fmt: skip
    months = []
    for t in range(10):
        here = [row for row in rows if row[1] <= t <= row[2]]
        price = np.array([row[3] for row in here])
        quality = np.array([row[4] for row in here]).T
        name = [offer.name for offer, *_ in here]
        if t >= 5:
            quality[3, name.index("gamma flagship")] = -np.inf  # the public may not use it any more
        if t >= 6:
            price[name.index("alpha flagship")] = 3.0
        if t >= 8:
            quality[:, [offer.model == "gamma L" for offer, *_ in here]] += 1.0
        months.append(Month([offer for offer, *_ in here], quality.tolist(), price.tolist()))
    return History(segments, (0.4, 0.3), months)


class Recorder(Market):
    """A run that writes down what its customers live through."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(scenario, seed)
        self.seen: list[Month] = []
        self.path: list[tuple[Array, Array]] = []

    def trade(self) -> Sales:
        sales = super().trade()
        if not len(sales.offers):  # nothing moves then
            return sales
        setting, offers, years = self.setting, sales.offers, self.setting.years
        xi = taste(setting, self.policy, offers, self.month)
        q = quality(setting, xi, offers.capability, years[self.month] - years[0])
        q -= setting.cohorts.price_sensitivity[:, None] * np.log(sales.deal.dearer)
        nests = price_problem(setting, offers, sales.deal).game.nests
        self.nesting = (1.0 - nests.outer, 1.0 - nests.inner / nests.outer)
        hosts = nests.hosts.index
        columns = (
            offers.slots(setting),
            sales.deal.seller,
            nests.tiers.index[hosts],
            hosts,
            offers.channel == API,
        )
        served = [Offer(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
        self.seen.append(Month(served, q[first_rows(setting)].tolist(), sales.prices.tolist()))
        self.path.append((self.state.adopted.copy(), self.state.shares.copy()))
        return sales


def first_rows(setting: Setting) -> list[int]:
    """The first cohort, that of customers who consider every offer, of each segment in a region."""
    pairs = list(zip(setting.cohorts.segment, setting.cohorts.region, strict=True))
    return [i for i, pair in enumerate(pairs) if pair not in pairs[:i]]


def recorded(scenario: Scenario, seed: int) -> tuple[History, Path]:
    """What customers of a real run live through, and the run's own shares."""
    market = Recorder(scenario, seed)
    c, start = market.setting.cohorts, market.state.adopted.copy()
    market.run()
    segments: list[Segment] = []
    order: list[int] = []
    for i in first_rows(market.setting):
        same = (c.segment == c.segment[i]) & (c.region == c.region[i])
        order += sorted(np.flatnonzero(same), key=lambda row: bool(c.closed_only[row]))
        numbers = {
            "part": c.customers[same].sum() / c.customers.sum(),
            "adopted": start[i],
            "innovation": c.innovation[i],
            "imitation": c.imitation[i],
            "between": c.reconsider[i],
            "within": c.upgrade[i],
            "price_sensitivity": c.price_sensitivity[i],
            "closed_only": c.customers[same & c.closed_only].sum() / c.customers[same].sum(),
        }
        name = f"{market.setting.segments[c.segment[i]]} in {market.setting.regions[c.region[i]]}"
        segments.append(Segment(name, **{key: float(value) for key, value in numbers.items()}))
    history = History(segments, market.nesting, market.seen)
    adopted, shares = (np.array(part) for part in zip(*market.path, strict=True))
    return history, Path(adopted[:, order], with_outside(shares[:, order][..., history.names]))
