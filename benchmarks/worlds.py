"""Worlds to be timed: the baseline with more customers or more labs, and a fixed piece of work to compare with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import sim
from sim.economics import bass_step, choice_shares, reconsider
from sim.scenario import Scenario

MONEY = ("capex", "staff", "funding", "cash", "initial_compute")
"""What the copies of a lab share, so that a market of many labs is not larger in all."""
RATES = ("adopted", "innovation", "imitation", "between", "within", "outside")
HORIZON = "2024-10"
"""Last of the 24 months in which markets of many labs are timed."""


def baseline(**values: Any) -> Scenario:
    """The baseline with some values changed."""
    return sim.load("baseline").with_values(values).scenario


def many_customers(times: float) -> Scenario:
    """The baseline with so many customers for each; they spend as much in all."""
    data = sim.load("baseline").scenario.model_dump(mode="json")
    for segment in data["segments"].values():
        segment["customers"] = {region: times * n for region, n in segment["customers"].items()}
    return Scenario.model_validate(data)


def customers(scenario: Scenario) -> float:
    """Potential customers of all segments and regions."""
    return sum(sum(segment.customers.values()) for segment in scenario.segments.values())


def many_labs(count: int, end: str = HORIZON) -> Scenario:
    """The baseline with `count` labs: its own, which share their money with their copies; no entrants.

    Copies decide for themselves, by looking ahead as all labs do, and draw their own luck.
    """
    data = sim.load("baseline", [f"end={end}"]).scenario.model_dump(mode="json")
    data["mechanisms"]["entry"] = False
    own = list(data["labs"].items())[:count]
    copies = {name: 1 for name, _ in own}
    labs = dict(own)
    for number in range(count - len(own)):
        name, row = own[number % len(own)]
        copies[name] += 1
        labs[f"{name}_{copies[name]}"] = dict(row)
    for name, row in labs.items():
        of = name if name in copies else name.rsplit("_", 1)[0]
        for key in MONEY:
            row[key] = row[key] / copies[of]
    data["labs"] = {name: dict(row) for name, row in labs.items()}
    return Scenario.model_validate(data)


def calibration() -> float:
    """A fixed piece of work like a month's: many operations on small arrays, and some plain Python."""
    rng = np.random.default_rng(1)
    quality, price = rng.normal(size=(42, 120)), np.exp(rng.normal(size=120))
    total, known = 0.0, {}
    for turn in range(2_000):
        value = np.exp(quality - 1.5 * np.log(price))
        shares = value / (1.0 + value.sum(axis=1, keepdims=True))
        price = 0.9 * price + 0.1 * (1.0 + shares.mean(axis=0))
        by_owner = np.bincount(np.arange(120) % 20, shares.sum(axis=0))
        for owner, share in enumerate(by_owner.tolist()):
            known[owner] = known.get(owner, 0.0) + share / (turn + 1.0)
        total += float(shares[:, 0].sum())
    return total + sum(known.values())


class Lived(NamedTuple):
    """A month as cohorts live through it, as arrays."""

    slots: np.ndarray
    utility: np.ndarray
    tiers: np.ndarray
    models: np.ndarray
    vendors: np.ndarray


def as_arrays(history: Any) -> list[Lived]:
    """The months of a `History` of tests/reference, in the form in which a run has them."""
    column = {segment.name: k for k, segment in enumerate(history.segments)}
    rows = [column[name] for name, _ in history.kinds]
    closed_only = np.array([only for _, only in history.kinds])[:, None]
    sensitivity = history.of_cohorts("price_sensitivity")[:, None]
    slot = {name: k for k, name in enumerate(history.names)}
    months = []
    for month in history.months:
        utility = np.array(month.quality)[rows] - sensitivity * np.log(month.price)
        utility[closed_only & ~np.array([offer.own for offer in month.offers])] = -np.inf
        columns = ([getattr(offer, name) for offer in month.offers] for name in ("tier", "model", "vendor"))
        slots = np.array([slot[offer.name] for offer in month.offers])
        months.append(Lived(slots, utility, *(np.array(c) for c in columns)))
    return months


def live(history: Any, months: list[Lived]) -> np.ndarray:
    """Shares of cohorts at the end, as `by_cohorts` of tests/reference gets them, from months as arrays."""
    of = {name: history.of_cohorts(name) for name in RATES}
    adopted, shares = of["adopted"], np.zeros((len(history.kinds), len(history.names)))
    for month in months:
        choice = choice_shares(
            month.utility, nests=(month.tiers, month.models), nesting=history.nesting, outside=of["outside"]
        )
        before = adopted
        adopted = bass_step(before, of["innovation"], of["imitation"], 1.0 / 12.0)
        new = ((adopted - before) / adopted)[:, None]
        kept = choice  # until the first offers nobody has chosen: all adopters do
        if shares.any():
            kept = reconsider(
                shares[:, month.slots], choice, between=of["between"], within=of["within"],
                vendor=month.vendors, available=np.isfinite(month.utility), outside=1.0 - shares.sum(axis=1),
            )  # fmt: skip
        shares = np.zeros_like(shares)
        shares[:, month.slots] = (1.0 - new) * kept + new * choice
    return shares
