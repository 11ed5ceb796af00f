"""Parameters of the submodels: mechanisms on or off, technology, spillovers, demand, choice, finance, entry."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.scenario.actors import JUDGEMENT, Lab, Name
from sim.scenario.parameters import Entry, parameter


def switch(meaning: str) -> bool:
    """Declare one mechanism's switch."""
    default: bool = parameter(
        True, unit="on/off", source="MODEL section 4", meaning=meaning, role="structural"
    )
    return default


class Mechanisms(Entry):
    """Every submodel can be switched off alone."""

    export_rules: bool = switch("Export rules bind what a region can buy")
    smuggling: bool = switch("Controlled chips enter illegally")
    offshore_rental: bool = switch("Labs rent compute abroad")
    domestic_response: bool = switch("Domestic chip supply responds to unmet demand")
    serving_capacity: bool = switch("Serving is limited by compute; scarce capacity has a shadow price")
    leakage: bool = switch("Algorithmic knowledge leaks through papers and staff")
    distillation: bool = switch("Labs learn from the outputs of a better model's API")
    open_spillover: bool = switch("Labs learn from the pool of open models")
    theft: bool = switch("Closed weights are stolen")
    derivation: bool = switch("Labs may start from the best open model")
    community: bool = switch("Use of open weights improves them")
    flywheel: bool = switch("Closed use improves its owner's models")
    hosting: bool = switch("Clouds serve others' open models")
    self_hosting: bool = switch("Customers may run open models themselves")
    royalties: bool = switch("Hosts above the threshold pay under a restricted licence")
    trials: bool = switch("Hosts give a free trial when they bring up a model")
    inertia: bool = switch("Customers reconsider rarely; off: all, every month")
    diffusion: bool = switch("Customers arrive by a Bass process; off: all are there from the start")
    closed_only: bool = switch("Part of some segments buys from the makers of models only")
    trust: bool = switch("Customers discount vendors of distrusted countries")
    spillover_foresight: bool = switch("Labs foresee what their open weights teach rivals")
    learning_foresight: bool = switch("Labs foresee how use improves their own models")
    funding_response: bool = switch("Use of a lab's models attracts funding")
    bankruptcy: bool = switch("Firms without cash stop, then exit")
    entry: bool = switch("New labs enter")
    reactions: bool = switch("Governments react to the market")
    content_rules: bool = switch("Content rules burden and delay models")
    noise: bool = switch("Research outcomes and release dates are random")


class Technology(Entry):
    """Training, capability and serving."""

    capability_per_order: float = parameter(
        7.2,
        unit="ECI points per order of magnitude of effective compute",
        gt=0,
        le=30,
        source="Epoch AI capabilities index against training FLOP; 5-12.5",
        meaning="eta",
    )
    reference_capability: float = parameter(
        126.1,
        unit="ECI points",
        gt=0,
        le=400,
        source="GPT-4 of March 2023 (Epoch AI)",
        meaning="Capability at the reference compute and algorithmic level zero",
        role="structural",
    )
    reference_flop: float = parameter(
        2.1e25,
        unit="FLOP",
        gt=0,
        source="GPT-4 of March 2023 (Epoch AI)",
        meaning="Reference training compute",
        role="structural",
    )
    utilisation: float = parameter(
        0.4,
        unit="share of peak FLOP/s",
        gt=0,
        le=1,
        source="H100 clusters 0.35-0.55; judgement",
        meaning="Utilisation in training",
    )
    run_months: float = parameter(
        3.0,
        unit="months",
        gt=0,
        le=24,
        source="frontier runs about 3 months (Epoch AI)",
        meaning="Length of a run",
    )
    final_run_share: float = parameter(
        0.2,
        unit="share of training compute",
        gt=0,
        le=1,
        source="Epoch AI 2026: 10-30 %",
        meaning="Part of research compute that goes to the final run",
    )
    early_research: float = parameter(
        1.0,
        unit="share",
        gt=0,
        le=5,
        source="judgement; the frontier rose by 8.3 ECI points a year until April 2024, by 15.5 since (Epoch AI)",
        meaning="Labs' own algorithmic progress before April 2024, as a part of what it has been since",
    )
    capability_noise: float = parameter(
        1.0,
        unit="ECI points (standard deviation)",
        ge=0,
        le=20,
        source=JUDGEMENT,
        meaning="Luck of a training run",
    )
    timing_noise: float = parameter(
        0.3,
        unit="share of the release interval (standard deviation)",
        ge=0,
        le=1,
        source=JUDGEMENT,
        meaning="Spread of the time between families",
    )
    small_gap: float = parameter(
        7.0,
        unit="ECI points",
        ge=0,
        le=50,
        source="judgement; GPT-4o-mini, Haiku, Flash against their flagships",
        meaning="Distance of the small tier below the flagship",
    )
    small_size: float = parameter(
        0.08,
        unit="share of the flagship's bytes per token",
        gt=0,
        le=1,
        source="GPT-4o-mini 0.26 against GPT-4o 4.4 USD/Mtok",
        meaning="Size of the small tier",
    )
    lagged_gap: float = parameter(
        3.0,
        unit="ECI points",
        ge=0,
        le=50,
        source="gpt-oss-120b 139.8 against GPT-5 150.0 (Epoch AI), less the small gap",
        meaning="Distance below the small tier of the weights that open_lagged releases",
    )
    bytes_per_token: float = parameter(
        2e10,
        unit="bytes of memory traffic per token, GPT-4 of March 2023",
        gt=0,
        source="derived: gives DeepSeek-V3 about 6e8 bytes; it serves at 7e8 (open-infra-index)",
        meaning="Serving load of the reference model",
    )
    size_exponent: float = parameter(
        0.5,
        unit="orders of bytes per order of FLOP",
        ge=0,
        le=1,
        source="compute-optimal scaling: size as root of FLOP",
        meaning="Growth of a model's serving load with its training compute",
    )
    serving_progress: float = parameter(
        0.5,
        unit="orders of bytes per order of algorithmic progress",
        ge=0,
        le=2,
        source="judgement; DeepSeek-V3 serves at 7e8 bytes a token (open-infra-index)",
        meaning="Part of algorithmic progress that makes serving cheaper",
    )
    cost_floor: float = parameter(
        0.01,
        unit="USD per Mtok",
        ge=0,
        le=10,
        source="judgement; cheapest list prices 0.02-0.05 USD/Mtok",
        meaning="Cost of a token that no progress removes: network, billing, support",
    )
    serving_utilisation: float = parameter(
        0.35,
        unit="share of memory bandwidth",
        gt=0,
        le=1,
        source=JUDGEMENT,
        meaning="Average use of serving chips",
    )
    system_cost: float = parameter(
        1.8,
        unit="factor on chip price",
        ge=1,
        le=5,
        source="capital cost 2.2-2.5 times chips with sites; judgement",
        meaning="Servers, network and site per dollar of chips",
    )
    chip_life: float = parameter(
        48.0,
        unit="months",
        gt=0,
        le=240,
        source="accounting lives of 4-6 years",
        meaning="Amortisation of compute",
    )
    running_share: float = parameter(
        0.35,
        unit="share of the amortised cost",
        ge=0,
        le=3,
        source="judgement; power and operations",
        meaning="Power and operations of running compute",
    )
    retirement: float = parameter(
        0.1,
        unit="share per year",
        ge=0,
        le=1,
        source="judgement; attrition 1 % a year and replacement",
        meaning="Compute taken out of service",
    )
    self_hosting_cost: float = parameter(
        3.0,
        unit="factor on a cloud's cost",
        ge=1,
        le=100,
        source="judgement; low utilisation and own staff",
        meaning="Cost of a token to a customer who runs the model itself",
    )


class Spillovers(Entry):
    """What a follower learns, per year, of its distance to the leader (kappa)."""

    leakage: float = parameter(
        0.25,
        unit="per year",
        ge=0,
        le=5,
        source="7 months' lag of China gives about 0.32 in all",
        meaning="Papers, staff, shared suppliers",
    )
    neighbours: float = parameter(
        0.0,
        unit="per year",
        ge=0,
        le=5,
        source="judgement; knowledge is localised (Jaffe, Trajtenberg & Henderson 1993)",
        meaning="Staff and talk within a region, beside leakage: of the distance to the best lab there",
    )
    distillation: float = parameter(
        0.15,
        unit="per year",
        ge=0,
        le=5,
        source=JUDGEMENT,
        meaning="Learning from the outputs of a better model on sale in the lab's region (or open)",
    )
    open_pool: float = parameter(
        0.6,
        unit="per year at a full pool",
        ge=0,
        le=5,
        source="judgement; kappa 0.2-2 in all",
        meaning="Learning from open weights and the methods published with them",
    )
    pool_half: float = parameter(
        1.5,
        unit="frontier-equivalent open labs",
        gt=0,
        le=50,
        source=JUDGEMENT,
        meaning="Open labs at the frontier that fill half the pool",
    )
    pool_distance: float = parameter(
        1.0,
        unit="orders of magnitude",
        gt=0,
        le=10,
        source=JUDGEMENT,
        meaning="Distance behind the leader at which an open lab's contribution falls to 1/e",
    )
    theft: float = parameter(
        0.05,
        unit="per year",
        ge=0,
        le=5,
        source=JUDGEMENT,
        meaning="Learning from stolen weights and secrets",
    )
    adaptation_loss: float = parameter(
        2.0,
        unit="ECI points",
        ge=0,
        le=50,
        source=JUDGEMENT,
        meaning="What a model built on another's weights loses",
    )
    fine_tuning: float = parameter(
        0.5,
        unit="ECI points per order of magnitude of own compute above 1e22 FLOP",
        ge=0,
        le=10,
        source=JUDGEMENT,
        meaning="What own training adds to a base",
    )
    derivation_lag: int = parameter(
        4,
        unit="months",
        ge=0,
        le=36,
        source=JUDGEMENT,
        meaning="Age of a base before a model built on it is ready",
    )


class Community(Entry):
    """What use gives back to a model."""

    improvement: float = parameter(
        0.3,
        unit="ECI points",
        ge=0,
        le=20,
        source="judgement; a little: community fine-tunes rarely pass the base on general benchmarks",
        meaning="Most that a community adds to an open model",
    )
    half_use: float = parameter(
        0.1,
        unit="share of the world's tokens",
        gt=0,
        le=1,
        source=JUDGEMENT,
        meaning="Use at which half of that is reached, and half of the flywheel's gain",
    )
    decay: float = parameter(
        0.1,
        unit="share per month",
        ge=0,
        le=1,
        source="judgement; data stocks decay (Hagiu & Wright)",
        meaning="Decay of the stock of contributions and of data",
    )
    cheaper_serving: float = parameter(
        0.1,
        unit="share of serving cost",
        ge=0,
        lt=1,
        source=JUDGEMENT,
        meaning="Most that a community saves in serving",
    )
    flywheel: float = parameter(
        1.5,
        unit="ECI points",
        ge=0,
        le=40,
        source=JUDGEMENT,
        meaning="Most that a lab's own use adds to its next model",
    )


class Demand(Entry):
    """Choice among offers, common to all segments."""

    usage_elasticity: float = parameter(
        1.0,
        unit="elasticity",
        ge=0,
        le=3,
        source="spend per token flat while prices fell; judgement",
        meaning="Fall of tokens per customer with price; at 1 spending per customer is fixed",
    )
    price_foresight: float = parameter(
        0.0,
        unit="share",
        ge=0,
        le=1,
        source="Klemperer 1995; Farrell & Klemperer 2007; value: judgement",
        meaning="How much a lab counts, when it sets prices, that customers won stay and that those who stay can be "
        "harvested; 0: this month's market of free choice only",
    )
    tier_nesting: float = parameter(
        0.4,
        unit="nesting parameter",
        ge=0,
        le=0.9,
        source="base value 0.4 (0.2-0.6)",
        meaning="Likeness of models of one capability tier",
    )
    host_nesting: float = parameter(
        0.3,
        unit="nesting parameter within the tier",
        ge=0,
        le=0.9,
        source="base value 0.3 (0-0.6); host margins 45-50 %",
        meaning="Likeness of the hosts of one model",
    )
    weights_distrust: float = parameter(
        0.3,
        unit="factor",
        ge=0,
        le=1,
        source=JUDGEMENT,
        meaning="Part of the distrust that stays when a trusted party serves the model",
    )
    licence_friction: float = parameter(
        0.2,
        unit="utils",
        ge=0,
        le=10,
        source=JUDGEMENT,
        meaning="What a restricted licence costs those who host or run the model (lawyers, limits of use)",
    )
    host_support: float = parameter(
        0.8,
        unit="share",
        ge=0,
        le=1,
        source=JUDGEMENT,
        meaning="Part of the worth of a maker's own service that a cloud's service has",
    )
    considered: int = parameter(
        5,
        unit="models a tier",
        ge=0,
        le=1000,
        source="judgement; consideration sets are small",
        meaning="Open models, the most capable first, that customers consider running themselves",
    )


class Hosting(Entry):
    """When clouds bring up others' open models."""

    bring_up_cost: float = parameter(
        5e5, unit="USD", ge=0, source=JUDGEMENT, meaning="Cost of bringing up a model"
    )
    payback: float = parameter(
        12.0,
        unit="months",
        gt=0,
        le=120,
        source=JUDGEMENT,
        meaning="Months of margin that must cover the cost",
    )
    review: int = parameter(
        3,
        unit="months",
        ge=1,
        le=24,
        source=JUDGEMENT,
        meaning="Time between a cloud's reviews of what it hosts",
    )
    catalogue: int = parameter(
        8,
        unit="models",
        ge=0,
        le=1000,
        source="judgement; a firm promotes and keeps warm a few models at a time",
        meaning="Most models of other labs that a cloud serves at once (tiers count apart)",
    )
    trial_months: int = parameter(
        1, unit="months", ge=0, le=24, source=JUDGEMENT, role="lever", meaning="Length of a free trial"
    )
    trial_value: float = parameter(
        0.3,
        unit="utils",
        ge=0,
        le=10,
        source=JUDGEMENT,
        role="lever",
        meaning="What the trial is worth to a customer",
    )
    first_mover: float = parameter(
        0.2,
        unit="utils",
        ge=0,
        le=10,
        source=JUDGEMENT,
        meaning="What customers value in the first host of a model while it is new (six months)",
    )


RULES = ("lookahead", "myopic", "ewa", "imitate", "fixed")
"""Decision rules that come with the model (`sim.choice.rules`)."""


class Choice(Entry):
    """How labs choose a release mode."""

    rule: str = parameter(
        "lookahead",
        unit="name of a decision rule",
        source=JUDGEMENT,
        role="structural",
        meaning="lookahead, myopic, ewa, imitate, fixed, or package.module:Rule",
    )
    intensity: float = parameter(
        50.0,
        unit="per unit of own revenue scale",
        ge=0,
        le=1000,
        source="judgement; payoffs of modes differ by 1-13 % of revenue",
        meaning="Weight of payoffs in the logit (lambda)",
    )
    horizons: list[Annotated[int, Field(ge=0, le=120)]] = parameter(
        [6, 24],
        unit="months ahead",
        source=JUDGEMENT,
        meaning="Times at which the market is solved again",
        role="structural",
    )
    discount: float = parameter(0.15, unit="per year", ge=0, le=2, source=JUDGEMENT, meaning="Discount rate")
    change_cost: float = parameter(
        0.05,
        unit="share of own revenue scale",
        ge=0,
        le=5,
        source=JUDGEMENT,
        meaning="Cost of changing the mode",
    )
    secrecy: float = parameter(
        0.1,
        unit="share of own revenue scale",
        ge=0,
        le=5,
        source=JUDGEMENT,
        meaning="Cost of opening know-how that nobody has opened yet, beyond what rivals gain by the horizons",
    )
    secrecy_width: float = parameter(
        3.0,
        unit="ECI points",
        gt=0,
        le=50,
        source=JUDGEMENT,
        meaning="Lead over the best open model of others at which 73 % of that cost is due; level with it, half",
    )
    following: float = parameter(
        0.0,
        unit="share of own revenue scale",
        ge=0,
        le=5,
        source="judgement; four Chinese labs opened in the eight months around DeepSeek-R1",
        meaning="Worth of opening the flagship where the best model of the other labs of the region is open",
    )
    following_width: float = parameter(
        2.0,
        unit="ECI points",
        gt=0,
        le=50,
        source=JUDGEMENT,
        meaning="Lead of their best open flagship over their best closed one at which 73 % of that worth is due",
    )
    expected_progress: float = parameter(
        9.0,
        unit="ECI points per year",
        ge=0,
        le=60,
        source="frontier 8-15 points a year (Epoch AI)",
        meaning="Progress that a lab expects of everybody, itself included",
    )
    funding_value: float = parameter(
        0.2,
        unit="USD per USD",
        ge=0,
        le=10,
        source="judgement; funding is paid for in ownership",
        meaning="Worth to a lab of a dollar of funding that use attracts",
    )
    ewa_forgone: float = parameter(
        0.5,
        unit="share",
        ge=0,
        le=1,
        source="Camerer & Ho 1999: delta about 0.5",
        meaning="Weight of forgone payoffs",
    )
    ewa_memory: float = parameter(
        0.9, unit="share", ge=0, le=1, source="Camerer & Ho 1999: phi 0.8-1", meaning="Memory of attractions"
    )
    ewa_experience: float = parameter(
        0.9,
        unit="share",
        ge=0,
        le=1,
        source="Camerer & Ho 1999: rho up to phi",
        meaning="Memory of experience",
    )
    imitation: float = parameter(
        4.0,
        unit="per unit of relative profit",
        ge=0,
        le=100,
        source=JUDGEMENT,
        meaning="Intensity of Fermi imitation",
    )


class Finance(Entry):
    """Budgets after the paths of the actors."""

    later_growth: float = parameter(
        1.25,
        unit="factor per year from 2027",
        gt=0,
        le=5,
        source=JUDGEMENT,
        meaning="Growth of capex, funding and staff",
    )
    reinvestment: float = parameter(
        0.3,
        unit="share of operating profit",
        ge=0,
        le=1,
        source=JUDGEMENT,
        meaning="Profit that a lab without a parent adds to capex",
    )
    funding_per_use: float = parameter(
        0.3,
        unit="elasticity",
        ge=0,
        le=3,
        source="judgement; DeepSeek, Moonshot, Mistral raised on adoption",
        meaning="Response of funding to the use of a lab's models, against its fair share",
    )
    funding_on_takings: float = parameter(
        0.75,
        unit="share",
        ge=0,
        le=1,
        source="judgement; valuations of 2023-2025 are multiples of revenue, early rounds follow adoption",
        meaning="Weight of a lab's share of spending, against its share of tokens, in what attracts funding",
    )
    reserve: float = parameter(
        3.0,
        unit="months of staff cost",
        ge=0,
        le=60,
        source=JUDGEMENT,
        meaning="Cash that is not spent on compute",
    )
    patience: int = parameter(
        6, unit="months", ge=0, le=60, source=JUDGEMENT, meaning="Months without cash before a firm exits"
    )
    capacity_response: float = parameter(
        1.0,
        unit="elasticity",
        ge=0,
        le=5,
        source=JUDGEMENT,
        meaning="Response of the serving part of capex to the use of capacity",
    )


class Entry_(Entry):
    """New labs (the war of a hundred models)."""

    rate: float = parameter(
        4.0,
        unit="entrants per year and region at full attraction",
        ge=0,
        le=100,
        source="judgement; 64 Chinese models from January to July 2023 (CCID), most small",
        meaning="Base rate of entry",
    )
    most: int = parameter(
        8,
        unit="labs",
        ge=0,
        le=2000,
        source=JUDGEMENT,
        meaning="Slots for entrants over the run",
        role="structural",
    )
    regions: dict[Name, Annotated[float, Field(ge=0.0)]] = parameter(
        {"us": 1.0, "china": 1.0}, unit="weight", source=JUDGEMENT, meaning="Where entrants come from"
    )
    base_distance: float = parameter(
        8.0,
        unit="ECI points",
        gt=0,
        le=100,
        source=JUDGEMENT,
        meaning="Distance of the best open base behind the frontier at which its attraction falls to 1/e",
    )
    profit_weight: float = parameter(
        0.5,
        unit="share",
        ge=0,
        le=1,
        source=JUDGEMENT,
        meaning="Part of the attraction that comes from margins, the rest from the open base",
    )
    entrant: Lab = parameter(
        ...,
        unit="lab",
        source=JUDGEMENT,
        meaning="The lab that an entrant is, at its entry",
        role="structural",
    )
