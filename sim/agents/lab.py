"""A lab: trains a model family when it is due and chooses how to release it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, compress
from math import exp, inf, nan
from typing import TYPE_CHECKING, NamedTuple

import mesa
import numpy as np

from sim.choice.imagined import CLOSED, OPENNESS, OPENS_FLAGSHIP, RELEASES, Model
from sim.choice.payoffs import evaluate
from sim.choice.rules import Peers, View, find_rule
from sim.record import COMPONENTS, MODES
from sim.scenario.events import ForcedRelease
from sim.technology.capability import capability, derived_capability, run_flop, saturating
from sim.technology.serving import bytes_per_token
from sim.world.setting import FLAGSHIP, SMALL, Array, Flags
from sim.world.state import NEVER

if TYPE_CHECKING:
    from sim.market import Market

SMALLEST_SCALE = 1e4
"""Revenue scale of a firm that has none, USD a month."""
_REASONS = [f"{mode}_{part}" for mode in MODES for part in COMPONENTS] + [f"{mode}_payoff" for mode in MODES]
_OPENS = OPENS_FLAGSHIP.tolist()
_RELEASED = [np.flatnonzero(tiers).tolist() for tiers in RELEASES]
"""Tiers whose weights a mode lets out."""
_PROBABILITIES = [f"{mode}_probability" for mode in MODES]
_POLICY = COMPONENTS.index("policy")
_OWN = slice(COMPONENTS.index("secrecy"), _POLICY)
"""Parts of payoffs that come neither from the market nor from policy: secrecy, change, conviction, example."""
_OF_MODES = np.array(
    [
        [[-OPENNESS[mode], -(mode != present), opens, opens] for mode, opens in enumerate(_OPENS)]
        for present in range(len(MODES))
    ],
    dtype=float,
)
"""How much of each of them a mode has, (present modes, modes, parts)."""


@dataclass(frozen=True)
class Release:
    """A family and how it will be released; `reasons` by column of the record's `decisions`."""

    model: Model
    mode: int
    frontier_gap: float
    """ECI points to the best rival or open model at the decision; negative: ahead of it."""
    forced: ForcedRelease | None
    reasons: dict[str, float]


class Known(NamedTuple):
    """What labs know of one another when they decide, by lab: looked at once for all that decide in a month."""

    flagship: list[float]
    """Newest flagship, ECI; -inf: none."""
    opened: list[float]
    """Best open flagship, ECI; -inf: none."""
    since: list[int]
    """Month index since when it is open."""
    restricted: list[bool]
    """Whether that came under the restricted licence."""
    threshold: list[float]
    """Users up to which such a licence is free, million a month."""
    works: list[bool]
    """Whether the lab is at work and has a model."""
    mode: list[int]

    @classmethod
    def of(cls, market: Market) -> Known:
        """What is known today."""
        state = market.state
        return cls(
            state.capability[:, FLAGSHIP].tolist(),
            state.open_capability[:, FLAGSHIP].tolist(),
            state.open_since[:, FLAGSHIP].tolist(),
            state.open_restricted[:, FLAGSHIP].tolist(),
            market.policy.threshold.tolist(),
            (state.active & (state.released > NEVER)).tolist(),
            state.mode.tolist(),
        )


class Lab(mesa.Agent):
    """A model developer.

    Attributes
    ----------
    name
        Key in the scenario, or the name of an entrant's slot.
    index
        Row in the state's arrays.
    """

    model: Market

    def __init__(self, market: Market, name: str, index: int) -> None:
        super().__init__(market)
        self.name, self.index = name, index
        self.row = market.setting.lab_row(index)
        self.region = market.setting.regions[int(market.setting.lab_region[index])]
        self.rule_name = self.row.rule or market.scenario.choice.rule
        self.rule = find_rule(self.rule_name)
        self.families = 0

    @property
    def due(self) -> bool:
        """Whether the next model is finished this month."""
        state = self.model.state
        return bool(
            state.active[self.index]
            and state.next_release[self.index] <= self.model.month
            and not (self.model.scenario.mechanisms.bankruptcy and state.broke[self.index] > 0)
        )

    def start(self) -> None:
        """Begin work: money, first compute, first release date."""
        market, i = self.model, self.index
        market.state.active[i] = True
        market.state.cash[i] = self.row.cash
        market.add_compute(i, self.row.initial_compute, self.row.training_share)
        if i >= len(market.scenario.labs):
            others = market.state.active & (np.arange(len(market.setting.labs)) != i)
            lead = market.state.algorithm[others].max(initial=-np.inf)
            if np.isfinite(lead):
                market.state.algorithm[i] = lead + self.row.initial_algorithm
        phase = float(market.luck["phase"][market.month, i]) if market.scenario.mechanisms.noise else 0.5
        market.state.next_release[i] = market.month + int(np.ceil(phase * self._interval()))

    @property
    def funding(self) -> float:
        """Outside funding this month before its response to use, USD; 0 where a parent pays."""
        return 0.0 if self.row.parent else float(self.model.plans.funding[self.model.month, self.index])

    def _interval(self) -> float:
        return float(self.row.release_interval)

    def train(self, forced: ForcedRelease | None = None, known: Known | None = None) -> Model:
        """Finish a family: the better of an own run and a model built on the best open base."""
        market, i = self.model, self.index
        tech, state, m = market.scenario.technology, market.state, market.scenario.mechanisms
        share = float(market.setting.final_run_share[i])
        flop = run_flop(float(state.training[i]), tech.utilisation, tech.run_months, share)
        flop = max(flop, 1e18)
        if forced is not None and forced.flop is not None:
            flop = forced.flop
        given = None if forced is None else forced.capability
        level = float(state.algorithm[i])
        if given is not None:
            orders = (given - tech.reference_capability) / tech.capability_per_order
            level = float(orders - np.log10(flop / tech.reference_flop))
        own = capability(
            flop,
            level,
            per_order=tech.capability_per_order,
            reference=tech.reference_capability,
            reference_flop=tech.reference_flop,
        )
        size = bytes_per_token(
            flop,
            level,
            reference=tech.bytes_per_token,
            reference_flop=tech.reference_flop,
            size_exponent=tech.size_exponent,
            progress=tech.serving_progress,
        )
        base = -1
        if given is None:
            if m.noise:
                own += tech.capability_noise * float(market.luck["research"][market.month, i])
            if m.flywheel:
                p = market.scenario.community
                own += p.flywheel * saturating(float(state.data[i]), p.half_use)
            base, built = self._best_base(flop, known or Known.of(market))
            if built > own:
                own, size = built, float(state.open_bytes[base, FLAGSHIP])
            else:
                base = -1
        return Model(
            np.array([own, own - tech.small_gap]), np.array([size, size * tech.small_size]), flop, level, base
        )

    def _best_base(self, flop: float, known: Known) -> tuple[int, float]:
        """The open model of another lab that gives the best start, and how good it would be."""
        sp = self.model.scenario.spillovers
        if not self.model.scenario.mechanisms.derivation:
            return -1, -inf
        base, best = -1, -inf
        for lab, level in enumerate(known.opened):
            if level > best and lab != self.index and self._may_use(lab, known):  # of equal ones the first
                base, best = lab, level
        if base < 0:
            return -1, -inf
        return base, derived_capability(best, flop, loss=sp.adaptation_loss, fine_tuning=sp.fine_tuning)

    def _may_use(self, lab: int, known: Known) -> bool:
        """Whether a lab's open flagship is licensed to this one, and known for long enough."""
        free = not known.restricted[lab] or self.row.users <= known.threshold[lab]
        return free and known.since[lab] <= self.model.month - self.model.scenario.spillovers.derivation_lag

    def decide(self, forced: ForcedRelease | None = None, known: Known | None = None) -> Release:
        """Train the family that is due and choose its mode. Changes nothing that others see this month.

        Of a forced release it is told too what the lab would have chosen, and why.
        """
        market, i = self.model, self.index
        known = known or Known.of(market)
        model = self.train(forced, known)
        flagship = float(model.capability[FLAGSHIP])
        best = max(_best_but(i, known.flagship), *known.opened)
        gap = best - flagship if best > -inf else nan
        allowed, rates = market.policy.modes_for(self.region, flagship)
        if market.bans_opening(self.region, flagship):
            allowed = allowed & ~OPENS_FLAGSHIP
        subsidy = float(market.policy.open_subsidy[market.setting.lab_region[i]])
        if subsidy != 0.0:
            rates = rates + subsidy * OPENS_FLAGSHIP
        if not any(allowed.tolist()):
            allowed = np.arange(len(MODES)) == CLOSED
        mode, reasons = self._choose(model, allowed, rates, known)
        return Release(model, mode if forced is None else MODES.index(forced.mode), gap, forced, reasons)

    def release(self, plan: Release) -> None:
        """Release the family as decided."""
        self._note(plan)
        self._apply(plan)

    def _choose(
        self, model: Model, allowed: Flags, rates: Array, known: Known
    ) -> tuple[int, dict[str, float]]:
        """Ask the rule and draw the mode; returns it and the reasons, by column of the record's `decisions`."""
        market, i = self.model, self.index
        state, choice = market.state, market.scenario.choice
        parts: dict[bool, Array] = {}
        payoff: dict[bool, Array] = {}
        reasons: dict[str, float] = {}
        funding, earned, present = self.funding, float(state.revenue[i]), int(state.mode[i])
        backing = choice.funding_value * funding
        scale = max(earned + backing, SMALLEST_SCALE)

        def payoffs(ahead: bool) -> Array:
            nonlocal scale
            if ahead not in parts:
                found = evaluate(
                    market.setting,
                    state,
                    market.policy,
                    i,
                    model,
                    market.month,
                    market.outlook(),
                    funding=funding,
                    ahead=ahead,
                    allowed=allowed,
                )
                reasons["price_residual"] = found.residual
                scale = max(earned + backing, found.revenue + backing, SMALLEST_SCALE)
                own = self._own_parts(model, known)
                np.multiply(_OF_MODES[present], [part * scale for part in own], out=found.parts[:, _OWN])
                found.parts[:, _POLICY] = rates * scale
                parts[ahead] = found.parts
                payoff[ahead] = found.parts.sum(axis=1)
            return np.asarray(payoff[ahead] / scale)

        verdict = self.rule(
            View(
                payoffs=payoffs,
                present=present,
                initial=MODES.index(self.row.initial_mode),
                allowed=allowed,
                attraction=state.attraction[i],
                experience=float(state.experience[i]),
                peers=self._peers,
                own_profit=float(state.profit[i]) / max(earned, SMALLEST_SCALE),
                luck=float(market.luck["peer"][market.month, i]),
                parameters=choice,
            )
        )
        state.attraction[i], state.experience[i] = verdict.attraction, verdict.experience
        probability = verdict.probability.tolist()
        reasons["scale"] = scale
        reasons |= zip(_PROBABILITIES, probability, strict=True)
        if parts:
            shown = True in parts
            values = [*parts[shown].ravel().tolist(), *payoff[shown].tolist()]
            named = zip(_REASONS, values, strict=True)
            reasons |= named if allowed.all() else compress(named, _of_modes(allowed))
        return _drawn(probability, float(market.luck["mode"][market.month, i])), reasons

    def _peers(self) -> Peers:
        """The other labs at work."""
        # By name, so that whom a lab meets does not depend on the order of the scenario's entries.
        state, known = self.model.state, self.model.setting.by_name
        others = state.active & (state.released > NEVER)
        others[self.index] = False
        who = known[others[known]]
        return Peers(state.mode[who], state.profit[who] / np.maximum(state.revenue[who], SMALLEST_SCALE))

    def _own_parts(self, model: Model, known: Known) -> tuple[float, float, float, float]:
        """Parts of payoffs in the order of `_OWN`, shares of scale; see `_OF_MODES`."""
        secrets, example = self._secrets(model, known), self._example(known)
        return secrets, self.model.scenario.choice.change_cost, self.row.conviction, example

    def _secrets(self, model: Model, known: Known) -> float:
        """Worth of keeping the flagship's weights secret, share of scale: all if well ahead of others' open models."""
        choice, others = self.model.scenario.choice, _best_but(self.index, known.opened)
        return choice.secrecy * _share((float(model.capability[FLAGSHIP]) - others) / choice.secrecy_width)

    def _example(self, known: Known) -> float:
        """Worth of opening since others at home do, share of scale: all if their best model by far is open.

        Firms of an oligopoly follow their leader (Knickerbocker 1973, Oligopolistic Reaction and Multinational
        Enterprise); here the share that is due is a logistic function of the lead of their best open flagship
        over their best closed one.
        """
        choice, setting = self.model.scenario.choice, self.model.setting
        if choice.following == 0.0:
            return 0.0
        best_open = best_closed = -inf
        for lab in setting.once(("labs at home", self.index), self._compatriots):
            if known.works[lab]:
                if _OPENS[known.mode[lab]]:
                    best_open = max(best_open, known.flagship[lab])
                else:
                    best_closed = max(best_closed, known.flagship[lab])
        if best_open == -inf:
            return 0.0
        return choice.following * _share((best_open - best_closed) / choice.following_width)

    def _compatriots(self) -> list[int]:
        """The other labs of its region, at work or not."""
        region = self.model.setting.lab_region
        return [lab for lab in np.flatnonzero(region == region[self.index]).tolist() if lab != self.index]

    def _note(self, plan: Release) -> None:
        """Write down the release and how it was chosen."""
        market, i = self.model, self.index
        state, model, forced = market.state, plan.model, plan.forced
        self.families += 1
        common = {"month": market.month, "lab": self.name, "region": self.region}
        market.record.models.append(
            {
                **common,
                "model": forced.model if forced else f"{self.row.title or self.name} {self.families}",
                "mode": MODES[plan.mode],
                "forced": forced is not None,
                "base": market.setting.labs[model.base] if model.base >= 0 else "",
                "capability": float(model.capability[FLAGSHIP]),
                "capability_small": float(model.capability[SMALL]),
                "flop": model.flop,
                "algorithm": model.algorithm,
                "bytes_per_token": float(model.bytes_[FLAGSHIP]),
                "frontier_gap": plan.frontier_gap,
            }
        )
        market.record.decisions.append(
            {
                **common,
                "rule": "history" if forced else self.rule_name,
                "previous": MODES[state.mode[i]],
                "taken": MODES[plan.mode],
                "forced": forced is not None,
                "capability": float(model.capability[FLAGSHIP]),
                "frontier_gap": plan.frontier_gap,
                **plan.reasons,
            }
        )

    def _apply(self, plan: Release) -> None:
        """Put the family on the market."""
        market, i = self.model, self.index
        state, model, mode = market.state, plan.model, plan.mode
        state.mode[i], state.released[i] = mode, market.month
        if state.first_released[i] == NEVER:
            state.first_released[i] = market.month
        state.algorithm[i] = plan.model.algorithm
        state.capability[i], state.bytes_[i] = model.capability, model.bytes_
        lagged = 0.0 if _OPENS[mode] else market.scenario.technology.lagged_gap
        for tier in _RELEASED[mode]:
            level = model.capability[tier] - lagged
            # Weights once open stay open: a weaker release does not take the better one away.
            if level > state.open_capability[i, tier] or _OPENS[mode]:
                state.open_capability[i, tier] = level
                state.open_bytes[i, tier] = model.bytes_[tier]
                state.open_since[i, tier] = market.month
                state.open_restricted[i, tier] = MODES[mode] == "open_restricted"
        wait = self._interval()
        if market.scenario.mechanisms.noise:
            wait *= 1.0 + market.scenario.technology.timing_noise * market.luck["timing"][market.month, i]
        state.next_release[i] = market.month + max(1, round(wait))


def _best_but(lab: int, levels: list[float]) -> float:
    """The best level but that of one lab; -inf: there is none."""
    return max(*levels[:lab], *levels[lab + 1 :], -inf)


def _share(lead: float) -> float:
    """Logistic function of a lead, be it infinite."""
    return 1.0 / (1.0 + exp(-min(max(lead, -500.0), 500.0)))


def _of_modes(allowed: Flags) -> list[bool]:
    """Which of `_REASONS` are of modes that are allowed."""
    may: list[bool] = allowed.tolist()
    return [each for each in may for _ in COMPONENTS] + may


def _drawn(probability: list[float], luck: float) -> int:
    """The mode that a uniform draw falls on; the likeliest where rounding leaves the draw beyond the last."""
    for mode, upto in enumerate(accumulate(probability)):
        if upto > luck:
            return mode
    return probability.index(max(probability))
