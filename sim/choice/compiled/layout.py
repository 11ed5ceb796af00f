"""What compiled choices work on: named tuples of plain arrays, which compiled code takes apart for free.

What is switched off has a parameter of 0 here, so that loops need not ask.
"""

from __future__ import annotations

from typing import NamedTuple

from sim.record import COMPONENTS
from sim.world.setting import Array, Flags, Ints

LAB, TIER, CHANNEL, OPEN, NEWEST, SELLER, AT_HOME, NEW = range(8)
"""Rows of tables of offers, as in `Offers` and `Terms`; `NEW`: of the family about to be released."""
CAPABILITY, LOAD, COST, ROYALTY, OWN_MARGIN, LAB_MARGIN = range(6)
"""Rows of tables of their numbers."""
ALGORITHM, NEARNESS, OPENNESS, TUNING, THRESHOLD, RATE, DATA, COMMUNITY = range(8)
"""Rows of the table of labs of a month; `NEARNESS` is the weight of their models in the pool of knowledge, `TUNING` the
ECI points that they would add to another's weights, `RATE` the royalty under a restricted licence."""
DIFFICULTY, GROWTH, WIDTH, TASKS, CUSTOMISATION = range(5)
"""Rows of the table of cohorts; `TASKS` are the utils that all of them are worth."""
ELSEWHERE, USERS, PACE = range(3)
"""Rows of the table of labs of a run: margin elsewhere on spending on their models, users, months between families."""
MONTHS, SINCE, PROGRESS, SIZE, DISCOUNT = range(5)
"""Rows of the table of days, see `sim.choice.cases.Days`."""
API, CLOUD, COMPLEMENT, ROYALTIES, FUNDING, SPILLOVER, LEARNING = (
    COMPONENTS.index(name)
    for name in ("api", "cloud", "complement", "royalty", "funding", "spillover", "learning")
)
"""Columns of payoffs."""


class World(NamedTuple):
    """What stays the same during a run."""

    cohorts: Array  # (5, cohorts)
    sensitivity: Array  # (cohorts,)
    labs: Array  # (3, labs)
    own_complement: Array  # (firms,) margin elsewhere on spending on what they serve
    cloud_users: Array  # (channels,) users of the firm of a cloud
    openness: Array  # (modes,)
    inner: float
    outer: float
    friction: float
    usage: float
    small_gap: float
    load: float  # TB/s that a byte per token keeps busy
    cost_floor: float
    limited: bool  # whether serving compute is
    per_order: float
    pool_rate: float
    pool_half: float
    lag: float  # months until others can build on weights
    expected_progress: float  # ECI points a year
    flywheel: float
    improvement: float
    cheaper: float
    half_use: float
    decay: float
    worth_of_funding: float
    per_use: float
    on_takings: float


class OnOffer(NamedTuple):
    """Offers of a month, those of one model together: (offers,) but for tastes."""

    lab: Ints
    tier: Ints
    channel: Ints
    open_: Flags
    newest: Flags
    seller: Ints
    at_home: Flags
    capability: Array
    load: Array
    cost: Array
    royalty: Array
    own_margin: Array
    lab_margin: Array
    taste: Array  # (offers, cohorts)
    dearness: Array


class Labs(NamedTuple):
    """Labs of a month, as in `State` and `Policy`: (labs,) each."""

    active: Flags
    released: Ints
    mode: Ints
    algorithm: Array
    data: Array
    community: Array
    threshold: Array
    rate: Array  # royalty


class Crowds(NamedTuple):
    """What tells who will choose by the days ahead, see `sim.choice.imagined.crowds`."""

    faded: Array  # (horizons, cohorts) part of those who have not adopted that still will not have
    richer: Array  # (horizons, cohorts) spending against today's
    stay: Array  # (horizons, cohorts) part that will not have reconsidered
    weights: Array  # (cohorts,) USD a month
    adopted: Array  # (cohorts,)
    reconsider: Array  # (cohorts,)
    growth: Array  # (horizons,) of everybody's serving compute
    bound: bool  # whether customers are


class Today(NamedTuple):
    """The market as all labs find it that decide this month: `Standing`, with what is known of firms and labs."""

    offers: Ints  # (8, offers)
    money: Array  # (6, offers)
    taste: Array  # (offers, cohorts)
    tastes: Array  # (labs, channels, cohorts) as in `Tastes`
    bare: Array  # (offers, cohorts)
    nest: Ints  # (offers,) model of an offer
    models: Ints  # (8, models) of each the first offer
    first: Ints  # (models + 1,) where offers of a model begin
    levels: Array  # (models,) capability
    joint: Array  # (models, cohorts) utility of all its hosts together, before capability
    price: Array  # (slots,)
    rent: Array  # (firms,)
    dearer: Array  # (cohorts,) utils lost by those who run a model themselves
    labs: Array  # (8, labs)
    at_home: float  # rent of those who run a model themselves


class Ahead(NamedTuple):
    """The days that labs look at."""

    days: Array  # (5, horizons)
    choosing: Array  # (horizons, cohorts)
    all_: Array  # (horizons, firms)
    spare: Array  # (horizons, firms)
    light: Array  # (cohorts,) tokens of those who run a model themselves, for what others buy
    dear: Array  # (cohorts,) what they spend on it
    spending: float  # of today, USD a month
    per_dollar: float  # Mtok
    active: int  # labs at work


class Family(NamedTuple):
    """`Prospects` of a lab."""

    offers: Ints  # (8, offers)
    below: Array  # (offers,)
    has: Flags  # (modes, offers)


class Markets(NamedTuple):
    """Markets of a batch, see `sim.choice.cases.Cases`."""

    modes: Ints
    mode: Ints
    horizon: Ints
    plain: int
    last: Ints
    after: Ints
    after_last: Ints


class Scene(NamedTuple):
    """The markets that a lab imagines; the last offers stand for rivals."""

    offers: Ints  # (8, offers)
    money: Array  # (6, offers)
    has: Flags  # (modes, offers)
    taste: Array  # (offers, cohorts)
    theirs: Array  # (horizons + markets in which rivals learn, stand-ins, cohorts) utility


class Found(NamedTuple):
    """What a firm earns, as `sim.choice.payoffs.Earnings`."""

    parts: Array  # (markets, components)
    revenue: Array  # (markets,)
    own: Array  # (markets,)
    opened: Array  # (markets,)
