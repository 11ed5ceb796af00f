"""What changes during a run, as arrays. Agents read and write their own rows; nobody else's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.record import MODES
from sim.technology.chips import CHANNELS
from sim.world.setting import TIERS, Array, Flags, Ints, Setting

NEVER = -1_000_000
"""A month index that lies before every other."""
OPEN_FLAGSHIP = MODES.index("open_restricted")
"""Modes from this one on open the flagship."""


@dataclass
class State:
    """State of all labs, firms, clouds and customers.

    Shapes: L labs, F firms, C clouds, S cohorts, tiers flagship and small, n = L x tiers x channels slots of
    offers (a slot is a lab's model of a tier through a channel).
    """

    # labs
    active: Flags
    mode: Ints
    """Mode of the newest family, index into MODES, (L,)."""
    released: Ints
    """Month index of the newest family; NEVER: none yet, (L,)."""
    first_released: Ints
    """Month index of the first family; NEVER: none yet, (L,)."""
    next_release: Ints
    algorithm: Array
    capability: Array
    """Newest family, ECI, (L, tiers); -inf: none."""
    bytes_: Array
    """Bytes per token of the newest family, (L, tiers)."""
    open_capability: Array
    """Best open weights of the lab at their release, (L, tiers); -inf: none."""
    open_bytes: Array
    open_since: Ints
    open_restricted: Flags
    """Whether those weights came under the restricted licence, (L, tiers)."""
    data: Array
    """Smoothed share of the world's tokens that the lab serves from its models: feeds the flywheel, (L,)."""
    community: Array
    """Smoothed share of the world's tokens on the lab's open models, whoever serves them, (L,)."""
    attraction: Array
    """Experience-weighted attractions of modes, (L, modes)."""
    experience: Array
    tokens: Array
    """Mtok of each lab's models last month, by anyone, (L,)."""
    counted: Array
    """What a lab counts of a dollar of its own service's sales when it sets next month's prices, (L,)."""
    funding_response: Array
    """Factor on a lab's funding path from the use of its models, (L,)."""
    # firms
    cash: Array
    broke: Ints
    """Months without cash."""
    training: Array
    """Usable training TFLOP/s, (F,)."""
    raw_flops: Array
    """Dense BF16 TFLOP/s by channel of purchase, (F, 4)."""
    bandwidth: Array
    """Serving TB/s, (F,)."""
    bandwidth_value: Array
    """What the serving chips cost, USD, (F,)."""
    use: Array
    """Used part of serving compute last month, (F,)."""
    scarcity: Array
    """Shadow price of serving compute last month, USD per TB/s, (F,); 0 where some was to spare."""
    profit: Array
    """Gross profit last month, USD, (F,)."""
    revenue: Array
    """Revenue and complement profit last month, USD, (F,): the scale by which payoffs are divided."""
    # clouds
    hosted: Flags
    """(C, L, tiers)."""
    hosted_since: Ints
    # customers
    adopted: Array
    shares: Array
    """Share of each cohort's adopters on each slot, (S, n)."""
    price: Array
    """Last price of each slot, USD/Mtok, (n,); NaN: not on offer last month."""
    shortfall: Array
    """Smoothed share of wanted chips that a region could not buy, (regions,)."""

    @classmethod
    def empty(cls, setting: Setting) -> State:
        """All at rest: no models, no compute, nobody adopted."""
        labs, clouds, cohorts = len(setting.labs), len(setting.clouds), len(setting.cohorts)
        firms, slots = len(setting.firm_region), labs * TIERS * setting.channels
        return cls(
            active=np.zeros(labs, dtype=bool),
            mode=np.array([MODES.index(setting.lab_row(i).initial_mode) for i in range(labs)]),
            released=np.full(labs, NEVER),
            first_released=np.full(labs, NEVER),
            next_release=np.zeros(labs, dtype=np.int64),
            algorithm=setting.lab_values("initial_algorithm").copy(),
            capability=np.full((labs, TIERS), -np.inf),
            bytes_=np.full((labs, TIERS), np.nan),
            open_capability=np.full((labs, TIERS), -np.inf),
            open_bytes=np.full((labs, TIERS), np.nan),
            open_since=np.full((labs, TIERS), NEVER),
            open_restricted=np.zeros((labs, TIERS), dtype=bool),
            data=np.zeros(labs),
            community=np.zeros(labs),
            attraction=np.zeros((labs, len(MODES))),
            experience=np.ones(labs),
            tokens=np.zeros(labs),
            counted=np.ones(labs),
            funding_response=np.ones(labs),
            cash=np.zeros(firms),
            broke=np.zeros(firms, dtype=np.int64),
            training=np.zeros(firms),
            raw_flops=np.zeros((firms, len(CHANNELS))),
            bandwidth=np.zeros(firms),
            bandwidth_value=np.zeros(firms),
            use=np.full(firms, 0.7),
            scarcity=np.zeros(firms),
            profit=np.zeros(firms),
            revenue=np.zeros(firms),
            hosted=np.zeros((clouds, labs, TIERS), dtype=bool),
            hosted_since=np.full((clouds, labs, TIERS), NEVER),
            adopted=np.ones(cohorts)
            if not setting.scenario.mechanisms.diffusion
            else setting.cohorts.adopted.copy(),
            shares=np.zeros((cohorts, slots)),
            price=np.full(slots, np.nan),
            shortfall=np.zeros(len(setting.regions)),
        )

    def opens_flagship(self) -> Flags:
        """Whether the newest family on sale has open weights, (L,); lagged weights are not those on sale."""
        return np.asarray((self.mode >= OPEN_FLAGSHIP) & (self.released > NEVER))
