"""Decision rules: from what a lab sees to the probability of each release mode."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from math import exp, inf
from typing import NamedTuple

import numpy as np

from sim.scenario.submodels import Choice
from sim.world.setting import Array, Flags, Ints


class Peers(NamedTuple):
    """What the other labs at work do and earn."""

    mode: Ints
    """Modes, (peers,)."""
    profit: Array
    """Gross profits as a share of revenue, (peers,)."""


class View(NamedTuple):
    """What a lab sees when it chooses.

    Attributes
    ----------
    payoffs
        Called with True gives payoffs over the horizons ahead, with False those of today's market, both as a
        share of the firm's own revenue scale, (modes,). Computed when asked for.
    present
        Index of the mode of the family before.
    initial
        Index of the mode with which the scenario starts.
    allowed
        Modes that governments allow, (modes,).
    attraction, experience
        State of experience-weighted attraction: (modes,) and a number.
    peers
        The other labs at work. Looked at when asked for.
    own_profit
        The lab's own gross profit as a share of revenue.
    luck
        A uniform draw for rules that sample a peer.
    parameters
        The scenario's `choice` section.
    """

    payoffs: Callable[[bool], Array]
    present: int
    initial: int
    allowed: Flags
    attraction: Array
    experience: float
    peers: Callable[[], Peers]
    own_profit: float
    luck: float
    parameters: Choice


class Verdict(NamedTuple):
    """A rule's answer: probabilities of the modes, and the attractions to remember."""

    probability: Array
    attraction: Array
    experience: float


Rule = Callable[[View], Verdict]


def logit(payoff: Array, intensity: float, allowed: Flags) -> Array:
    """Quantal response: exp(intensity * payoff) over the allowed modes.

    Intensity 0 gives equal probabilities, infinity the best reply (verification case V14).
    """
    pairs = zip(payoff.tolist(), allowed.tolist(), strict=True)
    values = [value if may else -inf for value, may in pairs]
    best = max(values)
    if intensity == inf:
        weights = [float(value == best) for value in values]
    else:  # 0 times -inf would be no number
        weights = [exp(min(intensity * (value - best), 0.0)) if value > -inf else 0.0 for value in values]
    return np.array(weights) / sum(weights)


def lookahead(view: View) -> Verdict:
    """Logit in the payoffs of the market solved again at the horizons ahead."""
    return _answer(view, logit(view.payoffs(True), view.parameters.intensity, view.allowed))


def myopic(view: View) -> Verdict:
    """Logit in the payoffs of today's market: no rivals' progress, no spillover."""
    return _answer(view, logit(view.payoffs(False), view.parameters.intensity, view.allowed))


def ewa(view: View) -> Verdict:
    """Experience-weighted attraction (Camerer & Ho 1999, Econometrica 67): learning from taken and forgone payoffs.

    N' = rho N + 1; A' = [phi N A + (delta + (1 - delta) [taken]) payoff] / N'; logit in A'. Payoffs are today's.
    """
    p = view.parameters
    payoff = view.payoffs(False)
    weight = np.full(payoff.size, p.ewa_forgone)
    weight[view.present] = 1.0
    experience = p.ewa_experience * view.experience + 1.0
    attraction = (p.ewa_memory * view.experience * view.attraction + weight * payoff) / experience
    return Verdict(logit(attraction, p.intensity, view.allowed), attraction, experience)


def imitate(view: View) -> Verdict:
    """Fermi imitation: meet a peer at random, take its mode with probability 1 / (1 + exp(-beta (theirs - ours)))."""
    probability = np.zeros(view.allowed.size)
    probability[view.present] = 1.0
    modes, profits = view.peers()
    if modes.size:
        peer = min(int(view.luck * modes.size), modes.size - 1)
        better = np.clip(view.parameters.imitation * (profits[peer] - view.own_profit), -500.0, 500.0)
        adopt = 1.0 / (1.0 + np.exp(-better))
        probability *= 1.0 - adopt
        probability[int(modes[peer])] += adopt
    return _answer(view, _restricted(probability, view.allowed))


def fixed(view: View) -> Verdict:
    """Keep the initial mode."""
    probability = np.zeros(view.allowed.size)
    probability[view.initial] = 1.0
    return _answer(view, _restricted(probability, view.allowed))


def _restricted(probability: Array, allowed: Flags) -> Array:
    """Probabilities with forbidden modes taken out; if all of it was forbidden, the most closed mode allowed."""
    kept = np.where(allowed, probability, 0.0)
    total = kept.sum()
    if total > 0.0:
        return np.asarray(kept / total)
    kept[int(np.argmax(allowed))] = 1.0
    return np.asarray(kept)


def _answer(view: View, probability: Array) -> Verdict:
    return Verdict(probability, view.attraction, view.experience)


RULES: dict[str, Rule] = {
    "lookahead": lookahead,
    "myopic": myopic,
    "ewa": ewa,
    "imitate": imitate,
    "fixed": fixed,
}


def find_rule(name: str) -> Rule:
    """Rule by its name: one of `RULES`, or `package.module:callable` of the user's own.

    Raises
    ------
    ValueError
        If there is no such rule.
    """
    if name in RULES:
        return RULES[name]
    module, _, attribute = name.partition(":")
    if not attribute:
        raise ValueError(
            f"unknown decision rule '{name}'; allowed: {', '.join(RULES)}, or package.module:callable"
        )
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"decision rule '{name}' cannot be imported: {error}") from error
    if not callable(found):
        raise ValueError(f"decision rule '{name}' is not callable")
    rule: Rule = found
    return rule
