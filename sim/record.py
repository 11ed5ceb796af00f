"""What a run writes down: every column with its unit and meaning, and the arrays that hold it.

The tables below are the one place where an output column is declared. The Parquet schema, `docs/outputs.md`
and the recorder are made from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MODES = ("closed", "open_lagged", "open_restricted", "open")
COMPONENTS = (
    "api",
    "cloud",
    "complement",
    "royalty",
    "funding",
    "spillover",
    "learning",
    "secrecy",
    "change",
    "conviction",
    "example",
    "policy",
)
WORLD = "world"


class Column(NamedTuple):
    """One column of a table."""

    name: str
    unit: str
    meaning: str
    kind: str = "number"  # number, text, month, count or flag


class Table(NamedTuple):
    """One table: what a row is, the columns that identify it, the columns that it measures."""

    name: str
    row: str
    keys: tuple[Column, ...]
    values: tuple[Column, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns in order."""
        return (*RUN, *self.keys, *self.values)


RUN = (
    Column("replicate", "count", "Number of the replicate within the result", "count"),
    Column("seed", "count", "Seed of the replicate", "count"),
)
MONTH = Column("month", "date", "First day of the month", "month")
LAB = Column("lab", "name", "Lab", "text")

MARKET = Table(
    "market",
    "month x region, and the world as a whole",
    (MONTH, Column("region", "name", "Region, or world", "text")),
    (
        Column("adoption", "share", "Adopters among potential customers, weighted by spending"),
        Column("tokens", "Mtok/month", "Tokens used by customers of the region"),
        Column("spending", "USD/month", "Spending on model use by customers of the region"),
        Column("open_token_share", "share", "Tokens from models with open weights"),
        Column("open_spending_share", "share", "Spending on models with open weights"),
        Column(
            "foreign_token_share",
            "share",
            "Tokens from models of labs of other regions (world: users abroad)",
        ),
        Column("lab_token_share", "share", "World tokens from models of this region's labs"),
        Column("price_closed", "USD/Mtok", "Mean price paid for closed models"),
        Column("price_open", "USD/Mtok", "Mean price paid for open models, self-hosting included"),
        Column("price_flagship", "USD/Mtok", "Price of the most capable model on sale in the region"),
        Column(
            "price_fixed", "USD/Mtok", "Lowest price of a model of GPT-4's capability or better (ECI 126.1)"
        ),
        Column("concentration", "0-1", "Herfindahl index of labs in the region's spending"),
        Column(
            "consumer_surplus", "USD/month", "Surplus of the region's adopters over not using AI, in money"
        ),
        Column("served", "share", "Demanded tokens that capacity let through"),
        Column("capability", "ECI", "Most capable model released by the region's labs"),
        Column("capability_open", "ECI", "Most capable open-weight model of the region's labs"),
        Column("capability_closed", "ECI", "Most capable closed model of the region's labs"),
        Column("lag", "months", "Time since the world frontier was where the region's best model is now"),
        Column("lag_open", "months", "Time since the region's frontier was where its best open model is now"),
        Column("labs", "count", "Labs at work in the region"),
        Column("open_labs", "share", "Labs of the region whose newest flagship has open weights"),
        Column(
            "open_propensity",
            "probability",
            "Mean probability of opening the flagship (open or restricted) in choices of the last 12 months",
        ),
        Column(
            "margin_closed", "share of revenue", "Gross margin of the region's labs on models that are closed"
        ),
        Column(
            "margin_open", "share of revenue", "Gross margin of the region's labs on their own open models"
        ),
        Column(
            "margin_clouds", "share of revenue", "Gross margin of the region's clouds on others' open models"
        ),
        Column(
            "profit_labs", "USD/month", "Gross profit of the region's labs from model use, royalties included"
        ),
        Column("profit_clouds", "USD/month", "Gross profit of the region's clouds from others' open models"),
        Column(
            "chip_spending",
            "USD/month",
            "Spending on AI compute by firms of the region (income of chip makers)",
        ),
        Column(
            "compute_training",
            "thousand H100e",
            "Training compute of the region's firms, offshore rental included",
        ),
        Column("compute_serving", "thousand H100e by bandwidth", "Serving compute of the region's firms"),
        Column("compute", "thousand H100e", "Compute in the region's firms' hands, by dense FLOP/s"),
        Column("compute_smuggled", "thousand H100e", "Of it smuggled"),
        Column("compute_domestic", "thousand H100e", "Of it from chip makers of the region"),
        Column("compute_offshore", "thousand H100e", "Of it rented abroad"),
        Column("capacity_use", "share", "Used part of the region's firms' serving compute"),
        Column("flop_price", "USD per PFLOP/s", "Price of training compute at the best chip on sale, BF16"),
        Column("bandwidth_price", "USD per TB/s", "Price of serving compute at the best chip on sale"),
        Column(
            "price_residual",
            "share of unit cost",
            "Largest distance of the month's prices from their first-order conditions (the same in all rows)",
        ),
        Column(
            "shortfall",
            "share",
            "Training compute that the region's money did not buy, against the world's best price",
        ),
    ),
)

LABS = Table(
    "labs",
    "month x lab",
    (MONTH, LAB, Column("region", "name", "Home region", "text")),
    (
        Column("active", "0 or 1", "Whether the lab is at work"),
        Column("mode", "0 closed, 1 open_lagged, 2 open_restricted, 3 open", "Mode of its newest family"),
        Column("capability", "ECI", "Its newest flagship"),
        Column("capability_open", "ECI", "Its best model with open weights"),
        Column("algorithm", "orders of magnitude", "Algorithmic level against GPT-4's"),
        Column("compute_training", "thousand H100e", "Training compute"),
        Column("compute_serving", "thousand H100e by bandwidth", "Serving compute"),
        Column("capacity_use", "share", "Used part of its serving compute"),
        Column("price_flagship", "USD/Mtok", "Price of its flagship in its own service"),
        Column("price_small", "USD/Mtok", "Price of its small model in its own service"),
        Column("cost_flagship", "USD/Mtok", "Cost of serving its flagship"),
        Column("tokens", "Mtok/month", "Tokens served by itself from its own models"),
        Column(
            "tokens_hosted", "Mtok/month", "Tokens served by others, or by customers, from its open models"
        ),
        Column("revenue", "USD/month", "Revenue from its own service of its own models"),
        Column("revenue_hosting", "USD/month", "Revenue of its cloud from others' open models"),
        Column("serving_cost", "USD/month", "Cost of revenue at the full cost of compute"),
        Column("gross_margin", "share of revenue", "Gross margin on both revenues"),
        Column("royalties_received", "USD/month", "Royalties from hosts of its open models"),
        Column("royalties_paid", "USD/month", "Royalties that its cloud pays"),
        Column("complement_profit", "USD/month", "Profit elsewhere in the firm from use of its models"),
        Column("funding", "USD/month", "Outside or parent money"),
        Column("capex", "USD/month", "Spending on compute"),
        Column("staff", "USD/month", "Staff and other operating cost"),
        Column("cash", "USD", "Cash at the end of the month"),
    ),
)

CLOUDS = Table(
    "clouds",
    "month x cloud (cash and capex are the owner's where a lab owns it)",
    (MONTH, Column("cloud", "name", "Cloud", "text"), Column("region", "name", "Home region", "text")),
    (
        Column("hosted", "count", "Models of other labs on offer (flagship and small count apart)"),
        Column("tokens", "Mtok/month", "Tokens served from others' models"),
        Column("revenue", "USD/month", "Revenue from others' models"),
        Column("serving_cost", "USD/month", "Full cost of serving them"),
        Column("royalties_paid", "USD/month", "Royalties paid to labs"),
        Column("bring_up_cost", "USD/month", "Cost of bringing up models"),
        Column("gross_margin", "share of revenue", "Gross margin on others' models, royalties as a cost"),
        Column("compute_serving", "thousand H100e by bandwidth", "Serving compute of the firm"),
        Column("capacity_use", "share", "Used part of the firm's serving compute"),
        Column("cash", "USD", "Cash of the firm at the end of the month"),
    ),
)

MODELS = Table(
    "models",
    "release of a model family",
    (MONTH, LAB, Column("region", "name", "Home region of the lab", "text")),
    (
        Column("model", "name", "Name of the family", "text"),
        Column("mode", "release mode", "How it was released", "text"),
        Column("forced", "yes/no", "Whether history or a government decided the mode", "flag"),
        Column("base", "name", "Lab whose open model it was built on; empty: trained from scratch", "text"),
        Column("capability", "ECI", "Flagship"),
        Column("capability_small", "ECI", "Small tier"),
        Column("flop", "FLOP", "Training compute of the final run"),
        Column("algorithm", "orders of magnitude", "Algorithmic level of the lab at release"),
        Column("bytes_per_token", "bytes", "Memory traffic of the flagship per token served"),
        Column(
            "frontier_gap", "ECI", "Distance to the best model of the world at release; negative: ahead of it"
        ),
    ),
)

DECISIONS = Table(
    "decisions",
    "choice of a release mode",
    (MONTH, LAB, Column("region", "name", "Home region", "text")),
    (
        Column("rule", "name", "Decision rule", "text"),
        Column("previous", "release mode", "Mode of the family before", "text"),
        Column("taken", "release mode", "Mode taken", "text"),
        Column("forced", "yes/no", "Whether history or a government decided", "flag"),
        Column("capability", "ECI", "Flagship to be released"),
        Column("frontier_gap", "ECI", "Distance to the best rival at the choice; negative: ahead of it"),
        Column(
            "price_residual",
            "share of unit cost",
            "Largest distance of the imagined markets' prices from their first-order conditions",
        ),
        Column("scale", "USD/month", "The firm's own revenue scale, by which payoffs are divided"),
        *(
            Column(f"{mode}_{component}", "USD/month, discounted mean", f"Payoff of {mode}: {component}")
            for mode in MODES
            for component in COMPONENTS
        ),
        *(
            Column(f"{mode}_payoff", "USD/month, discounted mean", f"Payoff of {mode}, all parts")
            for mode in MODES
        ),
        *(Column(f"{mode}_probability", "probability", f"Probability of {mode}") for mode in MODES),
    ),
)

USAGE = Table(
    "usage",
    "month x segment x region x offer group, where used",
    (
        MONTH,
        Column("region", "name", "Region of the customers", "text"),
        Column("segment", "name", "Buyer type", "text"),
        Column("group", "name", "Group of the buyer type", "text"),
        Column("openness", "closed or open", "Whether the model's weights are open", "text"),
        Column("origin", "name", "Region of the lab that made the model", "text"),
        Column(
            "channel",
            "api, hosted or self",
            "Lab's own service, another firm's cloud, or the customer",
            "text",
        ),
    ),
    (
        Column("customers", "customers", "Customers on these offers"),
        Column("tokens", "Mtok/month", "Tokens"),
        Column("spending", "USD/month", "Spending"),
    ),
)

TABLES = {table.name: table for table in (MARKET, LABS, CLOUDS, MODELS, DECISIONS, USAGE)}

Array = NDArray[np.float64]
Row = dict[str | tuple[str, ...], Array | list[float] | float]
"""Values of a table in a month, (rows,), by column; or (columns, rows), by names of several columns."""


@dataclass
class Record:
    """Arrays of one run, filled month by month.

    `market`, `labs` and `clouds` map a column to an array of shape (months, rows); `usage` maps a column to
    (months, regions, segments, openness, origins, channels); `models` and `decisions` are lists of rows, one
    an event. `whole` has the same numbers by table, (columns, months, ...), so that a month can be written at once.
    """

    months: int
    regions: Sequence[str]
    labs_names: Sequence[str]
    cloud_names: Sequence[str]
    segments: Sequence[str]
    market: dict[str, Array] = field(init=False)
    labs: dict[str, Array] = field(init=False)
    clouds: dict[str, Array] = field(init=False)
    usage: dict[str, Array] = field(init=False)
    whole: dict[str, Array] = field(init=False, repr=False)
    models: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.whole = {}

        def columns(table: Table, *rows: int, empty: float = np.nan) -> dict[str, Array]:
            whole = self.whole[table.name] = np.full((len(table.values), self.months, *rows), empty)
            return dict(zip((column.name for column in table.values), whole, strict=True))

        self.market = columns(MARKET, len(self.regions) + 1)
        self.labs = columns(LABS, len(self.labs_names))
        self.clouds = columns(CLOUDS, len(self.cloud_names))
        r, s = len(self.regions), len(self.segments)
        self.usage = columns(USAGE, r, s, 2, r, 3, empty=0.0)

    def write(self, table: Table, month: int, row: Row) -> None:
        """Write columns of a month; those that are not in `row` stay as they are."""
        whole = self.whole[table.name]
        for names, values in row.items():
            whole[_places(table.name, names), month] = values


@cache
def _places(table: str, names: str | tuple[str, ...]) -> int | slice | list[int]:
    """Where the column of that name stands in a table, or those of several names."""
    places = {column.name: place for place, column in enumerate(TABLES[table].values)}
    if isinstance(names, str):
        return places[names]
    found = [places[name] for name in names]
    together = found == list(range(found[0], found[0] + len(found)))
    return slice(found[0], found[0] + len(found)) if together else found
