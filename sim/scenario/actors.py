"""Who and what a scenario contains: labs, clouds, regions, segments, chips, governments.

Each class is one row type of a scenario file. A parameter's type, unit, bounds, default, meaning and
source are declared here and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.month import Month
from sim.scenario.parameters import Entry, parameter
from sim.scenario.predicate import Vocabulary, checked_by

Mode = Literal["closed", "open_lagged", "open_restricted", "open"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=40)]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Utils = Annotated[float, Field(ge=-20.0, le=20.0, allow_inf_nan=False)]

JUDGEMENT = "judgement"


class Lab(Entry):
    """A firm that trains models and chooses how to release them."""

    title: str = parameter("", unit="text", source=JUDGEMENT, meaning="Name as printed", role="structural")
    region: Name = parameter(
        ...,
        unit="region",
        source="firm roster",
        meaning="Home region, whose chip rules bind",
        role="structural",
    )
    enters: Month | None = parameter(
        None,
        unit="month",
        source="first LLM of the firm (Epoch AI models data)",
        meaning="Month in which the lab starts work; none: from the scenario's start",
        role="structural",
    )
    capex: float = parameter(
        1e9,
        unit="USD per year, calendar 2024",
        ge=0,
        source="judgement, set so that compute meets Epoch AI's stocks",
        meaning="Spending on AI compute systems (chips, servers, sites), owned or rented for the lab",
    )
    capex_growth: float = parameter(
        2.0,
        unit="factor per year until the end of 2026",
        gt=0,
        le=20,
        source="judgement, from year-end compute stocks (Epoch AI)",
        meaning="Growth of capex",
    )
    training_share: float = parameter(
        0.5,
        unit="share of capex",
        ge=0,
        le=1,
        source="judgement; OpenAI 2024: 5 of 7 bn USD on R&D (Epoch AI)",
        meaning="Part of capex that goes to training and research rather than serving",
    )
    run_size: float = parameter(
        1.0,
        unit="factor on technology.final_run_share",
        gt=0,
        le=20,
        source=JUDGEMENT,
        meaning="Final runs of this lab against those of others with as much compute for research",
    )
    own_use: float = parameter(
        0.0,
        unit="share of serving compute",
        ge=0,
        le=1,
        source=JUDGEMENT,
        meaning="Part of its serving compute that the firm's own products and renters keep busy if customers do not",
    )
    initial_compute: float = parameter(
        5.0,
        unit="thousand H100e at the scenario's start",
        ge=0,
        source=JUDGEMENT,
        meaning="Compute at the start, in the region's best chip of that day",
    )
    initial_algorithm: float = parameter(
        -0.5,
        unit="orders of magnitude against GPT-4 of March 2023",
        ge=-6,
        le=6,
        source="judgement, from the ECI and training FLOP of the lab's first models",
        meaning="Algorithmic level at the start",
    )
    research: float = parameter(
        0.6,
        unit="orders of magnitude per year",
        ge=0,
        le=3,
        source="judgement; ECI 10 points a year at 7.2 points per order, less compute growth",
        meaning="Own algorithmic progress, post-training included",
    )
    release_interval: float = parameter(
        8.0,
        unit="months",
        ge=1,
        le=60,
        source="release dates of the lab's flagships",
        meaning="Mean time between model families",
    )
    initial_mode: Mode = parameter(
        "closed",
        unit="release mode",
        source="release history",
        meaning="Release mode at the start",
        role="structural",
    )
    complement: float = parameter(
        0.0,
        unit="USD of profit per USD spent on use of its models",
        ge=0,
        le=10,
        source=JUDGEMENT,
        meaning="Complement margin: what use of its models, whoever serves them, earns the firm elsewhere",
    )
    own_complement: float = parameter(
        0.0,
        unit="USD of profit per USD spent on its own service",
        ge=0,
        le=10,
        source=JUDGEMENT,
        meaning="Complement margin on use served by the firm itself (cloud, subscriptions, ads)",
    )
    conviction: float = parameter(
        0.0,
        unit="share of own revenue scale",
        ge=-5,
        le=5,
        source=JUDGEMENT,
        meaning="Worth to the lab of opening its flagship beyond what it earns; negative: it holds that to be wrong",
    )
    parent: bool = parameter(
        False,
        unit="yes/no",
        source="ownership",
        meaning="A parent company covers the deficit",
        role="structural",
    )
    cash: float = parameter(
        1e9, unit="USD at the start", ge=0, source=JUDGEMENT, meaning="Cash when the lab starts work"
    )
    funding: float = parameter(
        0.0,
        unit="USD per year, calendar 2024",
        ge=0,
        source="funding rounds; judgement where not reported",
        meaning="Outside funding of a lab without a parent",
    )
    funding_growth: float = parameter(
        1.5,
        unit="factor per year until the end of 2026",
        gt=0,
        le=20,
        source=JUDGEMENT,
        meaning="Growth of funding",
    )
    staff: float = parameter(
        3e8,
        unit="USD per year, calendar 2024",
        ge=0,
        source="judgement; R&D staff 29-49 % of model cost (Epoch AI)",
        meaning="Staff and other operating cost; grows with capex",
    )
    users: float = parameter(
        0.0,
        unit="million monthly users of the firm's products",
        ge=0,
        source="company reports; judgement",
        meaning="Size of the firm's products, held against licence thresholds",
    )
    licence_threshold: float = parameter(
        700.0,
        unit="million monthly users",
        ge=0,
        source="Llama 2 licence, July 2023",
        role="lever",
        meaning="Users above which the lab's restricted licence asks for an agreement",
    )
    royalty: float = parameter(
        0.1,
        unit="share of a host's revenue from the model",
        ge=0,
        le=0.9,
        role="lever",
        source="judgement; Meta takes a share of hosts' Llama revenue, rate undisclosed (TechCrunch, 2025)",
        meaning="Rate that hosts above the threshold pay under the restricted licence",
    )
    sells_in: list[Name] = parameter(
        [],
        unit="regions",
        source="availability of the API",
        role="lever",
        meaning="Regions in which the lab's own API is sold; empty: all",
    )
    brand: float = parameter(
        0.0,
        unit="utils",
        ge=-10,
        le=10,
        source=JUDGEMENT,
        meaning="What customers value in the vendor beyond capability, price and trust",
    )
    rule: str = parameter(
        "",
        unit="name of a decision rule",
        source=JUDGEMENT,
        role="structural",
        meaning="Decision rule of this lab; empty: the scenario's",
    )


class Cloud(Entry):
    """A firm that serves other firms' open models."""

    title: str = parameter("", unit="text", source=JUDGEMENT, meaning="Name as printed", role="structural")
    region: Name = parameter(
        ..., unit="region", source="firm roster", meaning="Home region", role="structural"
    )
    owner: Name | None = parameter(
        None,
        unit="lab",
        source="ownership",
        meaning="The lab that is the same firm; none: independent",
        role="structural",
    )
    serves: list[Name] = parameter(
        [],
        unit="regions",
        source="availability of the cloud",
        meaning="Regions served; empty: all",
        role="lever",
    )
    capex: float = parameter(
        5e8,
        unit="USD per year, calendar 2024",
        ge=0,
        source="judgement; part of the company's capital spending",
        meaning="Spending on compute for serving others' models",
    )
    capex_growth: float = parameter(
        1.8,
        unit="factor per year until the end of 2026",
        gt=0,
        le=20,
        source=JUDGEMENT,
        meaning="Growth of capex",
    )
    initial_compute: float = parameter(
        2.0,
        unit="thousand H100e at the scenario's start",
        ge=0,
        source=JUDGEMENT,
        meaning="Serving compute at the start",
    )
    cash: float = parameter(5e8, unit="USD at the start", ge=0, source=JUDGEMENT, meaning="Cash at the start")
    parent: bool = parameter(
        False,
        unit="yes/no",
        source="ownership",
        meaning="A parent company covers the deficit",
        role="structural",
    )
    users: float = parameter(
        0.0,
        unit="million monthly users of the firm's products",
        ge=0,
        source="company reports; judgement",
        meaning="Size of the firm's products, held against licence thresholds",
    )
    reach: float = parameter(
        0.0,
        unit="utils",
        ge=-10,
        le=10,
        source=JUDGEMENT,
        meaning="What customers value in this host beyond the model and its price",
    )
    hosts: float = parameter(
        1.0,
        unit="hosts",
        ge=1,
        le=1000,
        source=JUDGEMENT,
        meaning="Alike hosts that this entry stands for, each an alternative to customers",
    )


class Region(Entry):
    """A jurisdiction: chip rules, trust, hardware market."""

    title: str = parameter("", unit="text", source=JUDGEMENT, meaning="Name as printed", role="structural")
    distrust: dict[Name, Utils] = parameter(
        {},
        unit="utils",
        source="judgement; static logits need a trust gap of 0.5-2 once inertia is in",
        meaning="Loss of utility when a vendor of the named region serves a customer of this one",
    )
    smuggling: float = parameter(
        0.0,
        unit="thousand H100e per year, 2024",
        ge=0,
        source="CNAS 2025: 140,000 chips in 2024 (10,000 to several 100,000)",
        meaning="Controlled chips that enter in spite of the rules",
    )
    smuggling_growth: float = parameter(
        1.3,
        unit="factor per year",
        gt=0,
        le=10,
        source="judgement; 12,500 chips a year in 2022-23 (CNAS)",
        meaning="Growth of the smuggled volume",
    )
    smuggling_premium: float = parameter(
        0.5,
        unit="share of list price",
        ge=0,
        le=5,
        source="Reuters 2023: A100 at twice list; FT 2024: H100 near list",
        meaning="Price premium of smuggled chips",
    )
    offshore_share: float = parameter(
        0.0,
        unit="share of training budget",
        ge=0,
        le=1,
        source="judgement; Alibaba and ByteDance train in South-East Asia (FT, November 2025)",
        meaning="Most that a lab moves to rented compute abroad while domestic chips are dearer",
    )
    offshore_premium: float = parameter(
        0.6,
        unit="share of list price",
        ge=0,
        le=5,
        source=JUDGEMENT,
        meaning="Rent abroad above the cost of owning the same chip",
    )
    domestic_response: float = parameter(
        0.5,
        unit="elasticity",
        ge=0,
        le=5,
        source="R&D of sanctioned firms +49 % (Liu et al., CEPR DP20690)",
        meaning="Response of domestic chip supply to unmet demand",
    )
    running_cost: float = parameter(
        1.0,
        unit="factor",
        gt=0,
        le=10,
        source=JUDGEMENT,
        meaning="Power and site cost of running compute, against the US",
    )


class Segment(Entry):
    """A buyer type; crossed with every region in which it has customers."""

    title: str = parameter("", unit="text", source=JUDGEMENT, meaning="Name as printed", role="structural")
    group: Literal["consumer", "developer", "enterprise"] = parameter(
        "enterprise",
        unit="group",
        source=JUDGEMENT,
        meaning="Group for tables and figures",
        role="structural",
    )
    customers: dict[Name, Amount] = parameter(
        ...,
        unit="customers",
        source="judgement",
        role="structural",
        meaning="Potential customers by region; results depend on total spending only",
    )
    spending: dict[Name, Amount] = parameter(
        ...,
        unit="USD per year, all potential customers, level of 2024",
        source=JUDGEMENT,
        meaning="Potential spending on model use when everyone has adopted, by region",
    )
    spending_growth: float = parameter(
        1.25, unit="factor per year", gt=0, le=5, source=JUDGEMENT, meaning="Growth of potential spending"
    )
    adopted: float = parameter(
        0.01,
        unit="share of potential customers",
        ge=0,
        le=1,
        source=JUDGEMENT,
        meaning="Adopters at the start",
    )
    innovation: float = parameter(
        0.03, unit="per year", ge=0, le=2, source="Bass diffusion, meta-analytic mean 0.03", meaning="Bass p"
    )
    imitation: float = parameter(
        0.8,
        unit="per year",
        ge=0,
        le=5,
        source="Bass diffusion, meta-analytic mean 0.38; faster for AI (judgement)",
        meaning="Bass q",
    )
    price_sensitivity: float = parameter(
        1.5,
        unit="utils per log point of price",
        gt=0,
        le=10,
        source="base value 1.5 (1-2.5) from API and host margins",
        meaning="Coefficient of log price (epsilon)",
    )
    capability_value: float = parameter(
        6.0,
        unit="utils",
        ge=0,
        le=40,
        source=JUDGEMENT,
        meaning="Worth of a model that can do all tasks (beta)",
    )
    difficulty: float = parameter(
        122.0,
        unit="ECI points at the start",
        ge=50,
        le=300,
        source=JUDGEMENT,
        meaning="Capability at which a model can do half of the segment's tasks",
    )
    difficulty_growth: float = parameter(
        6.0,
        unit="ECI points per year",
        ge=0,
        le=40,
        source="judgement; frontier gained 8-15 points a year (Epoch AI)",
        meaning="Rise of the difficulty as new uses appear",
    )
    difficulty_width: float = parameter(
        6.0,
        unit="ECI points",
        gt=0,
        le=50,
        source=JUDGEMENT,
        meaning="Spread of difficulty over tasks (logistic scale)",
    )
    reconsider: float = parameter(
        0.01,
        unit="share per month",
        ge=0,
        le=1,
        source="Menlo 2025: 11 % of enterprise teams switched vendor in a year",
        meaning="Customers that reconsider the whole market",
    )
    upgrade: float = parameter(
        0.09,
        unit="share per month",
        ge=0,
        le=1,
        source="Menlo 2025: 66 % a year upgraded within their vendor",
        meaning="Customers that reconsider within their present vendor",
    )
    closed_only: float = parameter(
        0.0,
        unit="share of customers",
        ge=0,
        le=1,
        source="judgement; 20-50 % of demand in closed-only segments",
        meaning="Customers who buy from a model's maker only, never from hosts or for self-hosting",
    )
    trust: float = parameter(
        1.0, unit="factor", ge=0, le=10, source=JUDGEMENT, meaning="Weight of the region's distrust"
    )
    sovereignty: float = parameter(
        0.0,
        unit="utils",
        ge=-10,
        le=10,
        source=JUDGEMENT,
        meaning="Worth of keeping data at home by self-hosting",
    )
    support: float = parameter(
        1.0,
        unit="utils",
        ge=-10,
        le=10,
        source="judgement; gap of 0.5-2 utils to open models once inertia is in",
        meaning="Worth of the maker's own service: a finished product, support, tooling, indemnity",
    )
    customisation: float = parameter(
        0.0,
        unit="utils",
        ge=-10,
        le=10,
        source=JUDGEMENT,
        meaning="Worth of open weights for adaptation to the customer's own data",
    )


class Chip(Entry):
    """An AI accelerator. Fields are those that export rules are written in."""

    title: str = parameter("", unit="text", source=JUDGEMENT, meaning="Name as printed", role="structural")
    vendor: Name = parameter(..., unit="firm", source="maker", meaning="Maker", role="structural")
    origin: Name = parameter(
        ..., unit="region", source="maker", meaning="Region of the maker", role="structural"
    )
    released: Month = parameter(
        ...,
        unit="month",
        source="Epoch AI hardware data; trade press",
        meaning="First volume month",
        role="structural",
    )
    retired: Month | None = parameter(
        None, unit="month", source="trade press", meaning="Month in which sales end", role="structural"
    )
    bf16: float = parameter(
        ...,
        unit="TFLOP/s dense BF16",
        gt=0,
        source="Epoch AI hardware data",
        meaning="Arithmetic speed",
        role="structural",
    )
    tpp: float = parameter(
        ...,
        unit="total processing performance (TOPS x bits)",
        gt=0,
        source="data sheets, BIS definition",
        meaning="The law's performance measure",
        role="structural",
    )
    density: float | None = parameter(
        None,
        unit="TPP per mm2",
        ge=0,
        source="TPP over die area; die areas from the trade press",
        meaning="Performance density",
        role="structural",
    )
    memory: float = parameter(
        ..., unit="GB", gt=0, source="Epoch AI hardware data", meaning="Memory size", role="structural"
    )
    bandwidth: float = parameter(
        ..., unit="TB/s", gt=0, source="Epoch AI hardware data", meaning="Memory bandwidth", role="structural"
    )
    interconnect: float = parameter(
        ..., unit="GB/s", gt=0, source="data sheets", meaning="Chip-to-chip bandwidth", role="structural"
    )
    price: float = parameter(
        ...,
        unit="USD at release",
        gt=0,
        source="Epoch AI annual prices; trade press",
        meaning="Price per chip",
    )
    price_decline: float = parameter(
        0.12,
        unit="share per year",
        ge=0,
        lt=1,
        source="H100: 36.7k (2022) to 23.2k (2025), Epoch AI",
        meaning="Fall of the price after release",
    )
    efficiency: float = parameter(
        1.0,
        unit="factor on training speed",
        gt=0,
        le=1,
        source="judgement; Ascend MFU 25-35 % against 45-55 % for H100",
        meaning="Training speed that software and interconnect leave, against an H100 cluster",
    )
    supply: dict[Name, Amount] = parameter(
        {},
        unit="thousand chips per year in the first year",
        source="shipments (Epoch AI, trade press); judgement",
        meaning="Most that can be bought in a region; a region not named is not limited",
    )
    supply_growth: float = parameter(
        1.0, unit="factor per year", gt=0, le=10, source=JUDGEMENT, meaning="Growth of the supply"
    )


ChipPredicate = Annotated[str, checked_by(Vocabulary.of(Chip, "name"))]
"""A condition on chip fields, in the small grammar of `sim.scenario.predicate`."""


class Government(Entry):
    """How a region's government reacts to the market, beyond its timeline of events. All off by default."""

    tighten_below_lag: float | None = parameter(
        None,
        unit="months",
        ge=0,
        le=120,
        source=JUDGEMENT,
        role="lever",
        meaning="Tightens chip exports to `rival` once the rival's best model lags less than this",
    )
    rival: Name | None = parameter(
        None,
        unit="region",
        source=JUDGEMENT,
        meaning="Region whose lag and chips the reaction concerns",
        role="lever",
    )
    tighten_rule: ChipPredicate = parameter(
        "tpp >= 1600",
        unit="predicate over chip fields",
        source=JUDGEMENT,
        role="lever",
        meaning="Chips that the reaction bars",
    )
    restrict_open_above: float | None = parameter(
        None,
        unit="ECI points",
        ge=50,
        le=400,
        source=JUDGEMENT,
        role="lever",
        meaning="Forbids its labs to open flagships of this capability or more",
    )
    encourage_open_above_lag: float | None = parameter(
        None,
        unit="months",
        ge=0,
        le=120,
        source=JUDGEMENT,
        role="lever",
        meaning="Subsidises open release while its best model lags more than this",
    )
    encouragement: float = parameter(
        0.05,
        unit="share of a lab's revenue scale",
        ge=0,
        le=2,
        source=JUDGEMENT,
        role="lever",
        meaning="Size of that subsidy",
    )
    subsidise_shortfall: float = parameter(
        0.0,
        unit="elasticity",
        ge=0,
        le=5,
        source=JUDGEMENT,
        role="lever",
        meaning="Addition to the response of domestic chip supply to unmet demand",
    )
    ban_foreign_above: float | None = parameter(
        None,
        unit="share of public-sector use",
        ge=0,
        le=1,
        source=JUDGEMENT,
        role="lever",
        meaning="Bans vendors of `rival` in public services once their share passes this",
    )
