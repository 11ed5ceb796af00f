"""Customers one by one: the slow twin against which the cohorts of `sim` are held.

Every customer is a Mesa agent with a life of its own. In a month,

* one who waits adopts with the hazard of Bass: p + q F, F the part of its segment that had adopted when the
  month began, and chooses at once,
* one whose offer has vanished chooses anew at once,
* every other reconsiders the whole market with probability `between`; if it does not, and has an offer, it
  reconsiders the offers of its present vendor with probability `within`; otherwise it stays where it is.

A choice from the whole market is drawn as the two-level nested logit defines it: first a tier or the outside
option, then a model in the tier, then a host of the model. A choice inside a vendor is a choice from the whole
market that is known to have fallen on this vendor: so a segment that stands where it would choose to stand stays
there. Some customers consider only what a model's maker serves itself.

Nothing here comes from `sim`: the formulas are written down a second time, for one customer, in plain Python.
What all customers of a kind share in a month, its menu and its hazard, is worked out once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

import mesa

OUTSIDE = None
"""Where customers are who use no offer."""
WAITING = "waiting"
"""Where customers are who have not adopted."""

Name = Hashable
Kind = tuple[str, bool]
"""Segment, and whether the customer considers makers' own offers only."""


@dataclass(frozen=True)
class Segment:
    """Customers of one type.

    Attributes
    ----------
    part
        Of all customers.
    adopted
        Part that has adopted at the start; these begin with the outside option.
    innovation, imitation
        p and q of Bass, a year.
    between, within
        Part of customers that reconsiders the whole market, and the present vendor, a month.
    closed_only
        Part that considers makers' own offers only.
    outside
        Utility of the outside option.
    """

    name: str
    part: float
    adopted: float
    innovation: float
    imitation: float
    between: float
    within: float
    price_sensitivity: float
    closed_only: float = 0.0
    outside: float = 0.0


@dataclass(frozen=True)
class Offer:
    """A model that somebody serves. Customers stay with a name, whatever else changes."""

    name: Name
    vendor: Hashable
    tier: Hashable
    model: Hashable
    own: bool
    """Whether the maker of the model serves it."""


@dataclass(frozen=True, eq=False)
class Month:
    """What is on offer in a month.

    Attributes
    ----------
    quality
        Of each offer to each segment, segments x offers; -inf: not available.
    price
        Of each offer.
    """

    offers: Sequence[Offer]
    quality: Sequence[Sequence[float]]
    price: Sequence[float]


class Lottery:
    """Prizes with weights."""

    def __init__(self, weights: dict[Hashable, float]) -> None:
        self.prizes = list(weights)
        self.cumulative = list(accumulate(weights.values()))
        self.chances = {prize: weight / self.cumulative[-1] for prize, weight in weights.items()}

    def draw(self, random: Random) -> Hashable:
        return random.choices(self.prizes, cum_weights=self.cumulative)[0]


class Menu:
    """What customers of one kind can choose this month, and the odds of a nested logit."""

    def __init__(
        self, utilities: Iterable[tuple[Offer, float]], outside: float, nesting: tuple[float, float]
    ) -> None:
        outer = 1.0 - nesting[0]
        inner = outer * (1.0 - nesting[1])
        nests: dict[Hashable, dict[Hashable, dict[Name, float]]] = {}
        self.vendor: dict[Name, Hashable] = {}
        for offer, utility in utilities:
            if utility > -math.inf:
                self.vendor[offer.name] = offer.vendor
                nests.setdefault(offer.tier, {}).setdefault(offer.model, {})[offer.name] = utility

        self.hosts: dict[tuple[Hashable, Hashable], Lottery] = {}
        self.models: dict[Hashable, Lottery] = {}
        value_of_tier = {}
        for tier, models in nests.items():
            value_of_model = {}
            for model, hosts in models.items():
                odds = {name: math.exp(utility / inner) for name, utility in hosts.items()}
                self.hosts[tier, model] = Lottery(odds)
                value_of_model[model] = inner * math.log(sum(odds.values()))
            odds = {model: math.exp(value / outer) for model, value in value_of_model.items()}
            self.models[tier] = Lottery(odds)
            value_of_tier[tier] = outer * math.log(sum(odds.values()))
        self.tiers = Lottery(
            {OUTSIDE: math.exp(outside)} | {tier: math.exp(value) for tier, value in value_of_tier.items()}
        )

        # Inside a vendor: the odds that its offers have in the whole market.
        inside: dict[Hashable, dict[Name, float]] = {}
        for name, chance in self.chances().items():
            inside.setdefault(self.vendor[name], {})[name] = chance
        self.inside = {vendor: Lottery(odds) for vendor, odds in inside.items()}

    def chances(self) -> dict[Name, float]:
        """Probability of each offer in a choice from the whole market."""
        return {
            name: self.tiers.chances[tier] * self.models[tier].chances[model] * chance
            for (tier, model), hosts in self.hosts.items()
            for name, chance in hosts.chances.items()
        }

    def choose(self, random: Random) -> Name:
        """An offer, or the outside option."""
        tier = self.tiers.draw(random)
        if tier is OUTSIDE:
            return OUTSIDE
        model = self.models[tier].draw(random)
        return self.hosts[tier, model].draw(random)

    def choose_inside(self, vendor: Hashable, random: Random) -> Name:
        """One of a vendor's offers."""
        return self.inside[vendor].draw(random)


def hazard(segment: Segment, adopted: float) -> float:
    """Chance of adopting in a month for one who waits, with F = `adopted` at its start.

    From dF/dt = (p + q F) (1 - F): (p + q F) / (1 - F) grows at the rate p + q.
    """
    p, q = segment.innovation, segment.imitation
    if adopted >= 1.0 or p + q * adopted == 0.0:
        return 0.0
    ratio = (p + q * adopted) / (1.0 - adopted) * math.exp((p + q) / 12.0)
    after = (ratio - p) / (ratio + q)
    return (after - adopted) / (1.0 - adopted)


class Customer(mesa.Agent):
    """One customer."""

    def __init__(self, model: Customers, segment: Segment, closed_only: bool, waits: bool) -> None:
        super().__init__(model)
        self.segment = segment
        self.kind: Kind = (segment.name, closed_only)
        self.place: Name = WAITING if waits else OUTSIDE

    def step(self) -> None:
        """A month."""
        random, segment, menu = self.model.random, self.segment, self.model.menus[self.kind]
        if self.place is WAITING:
            if random.random() < self.model.hazards[segment.name]:
                self.arrive(menu, random)
        elif self.place is not OUTSIDE and self.place not in menu.vendor:
            self.lose(menu, random)
        elif self.model.first or random.random() < segment.between:
            self.place = menu.choose(random)
        elif self.place is not OUTSIDE and random.random() < segment.within:
            self.place = menu.choose_inside(menu.vendor[self.place], random)

    def arrive(self, menu: Menu, random: Random) -> None:
        """Adopt."""
        self.place = menu.choose(random)

    def lose(self, menu: Menu, random: Random) -> None:
        """The customer's offer is no longer there."""
        self.place = menu.choose(random)


class Customers(mesa.Model):
    """All customers, and the months that they live through.

    Parameters
    ----------
    count
        How many; segments have their parts of them.
    nesting
        Of tiers, and of the hosts of a model.
    customer
        Class of the agents.

    Attributes
    ----------
    people
        How many customers of each kind are in each place: on an offer, OUTSIDE or WAITING.
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        nesting: tuple[float, float],
        count: int,
        seed: int,
        customer: type[Customer] = Customer,
    ) -> None:
        super().__init__(seed=seed)
        self.segments, self.nesting = segments, nesting
        self.first = True  # until the first offers nobody has chosen: all adopters do
        self.menus: dict[Kind, Menu] = {}
        self.hazards: dict[str, float] = {}
        for segment in segments:
            for _ in range(round(segment.part * count)):
                closed_only = self.random.random() < segment.closed_only
                customer(self, segment, closed_only, waits=self.random.random() >= segment.adopted)
        self.count()

    def step(self, month: Month) -> None:
        """All customers live through a month; who is asked first plays no part."""
        for segment, qualities in zip(self.segments, month.quality, strict=True):
            utilities = [
                (offer, quality - segment.price_sensitivity * math.log(price))
                for offer, quality, price in zip(month.offers, qualities, month.price, strict=True)
            ]
            own = [(offer, utility) for offer, utility in utilities if offer.own]
            self.menus[segment.name, False] = Menu(utilities, segment.outside, self.nesting)
            self.menus[segment.name, True] = Menu(own, segment.outside, self.nesting)
            self.hazards[segment.name] = hazard(segment, self.adopted(segment.name))
        self.agents.do("step")
        self.first = False
        self.count()

    def count(self) -> None:
        self.people = Counter((customer.kind, customer.place) for customer in self.agents)

    def adopted(self, segment: str) -> float:
        """Part of a segment that has adopted."""
        places = [(place, n) for ((name, _), place), n in self.people.items() if name == segment]
        waiting = sum(n for place, n in places if place is WAITING)
        return 1.0 - waiting / sum(n for _, n in places)
