"""What is in force in a month: the one place where policy enters the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.record import MODES
from sim.scenario.events import (
    AnyEvent,
    ApiWithdrawal,
    ContentRule,
    ExportRule,
    LicenceChange,
    OffshoreRental,
    ReleasePolicy,
    Repeal,
    Subsidy,
    VendorBan,
)
from sim.scenario.month import Month
from sim.world.setting import Array, Flags, Setting


@dataclass
class Policy:
    """Rules in force, by region; made anew whenever an event begins or ends.

    Attributes
    ----------
    rules
        Export rules, each with its region and predicate.
    offshore
        Whether the region's firms may rent compute abroad, (regions,).
    withdrawn
        Labs that do not sell their API in a region, (labs, regions).
    ban_service, ban_weights
        Utils that vendor bans take from a lab's own service and from its models served by others, (cohorts,
        labs); inf: banned. A ban that reaches a part c of a segment takes -ln(1 - c).
    home_burden, foreign_burden, delay
        Content rules: utils lost by home and foreign models and months of delay, (regions, segments).
    chip_subsidy, compute_subsidy, open_subsidy
        Rates, (regions,).
    release
        Policies on release modes.
    threshold, royalty
        Terms of restricted licences, (labs,).
    """

    rules: list[ExportRule]
    offshore: Flags
    withdrawn: Flags
    ban_service: Array
    ban_weights: Array
    home_burden: Array
    foreign_burden: Array
    delay: Array
    chip_subsidy: Array
    compute_subsidy: Array
    open_subsidy: Array
    release: list[ReleasePolicy]
    threshold: Array
    royalty: Array

    def modes_for(self, region: str, capability: float) -> tuple[Flags, Array]:
        """Modes that a lab of `region` may take for a flagship, and what each costs (+) or earns (-).

        Returns
        -------
        Allowed modes and the net subsidy as a share of the lab's revenue scale, both (modes,).
        """
        allowed, rate = [True] * len(MODES), [0.0] * len(MODES)
        for policy in self.release:
            if policy.region != region or (policy.above is not None and capability < policy.above):
                continue
            for mode in {MODES.index(name) for name in policy.modes}:
                if policy.stance == "forbid":
                    allowed[mode] = False
                else:
                    rate[mode] += policy.rate if policy.stance == "subsidise" else -policy.rate
        return np.array(allowed), np.array(rate)


def in_force(events: Iterable[AnyEvent], month: Month) -> list[AnyEvent]:
    """Events that hold in `month`: begun, not ended and, for rules, not repealed; the latest last."""
    begun = sorted((e for e in events if e.date <= month), key=lambda e: e.date)
    repealed = {e.rule: e.date for e in begun if isinstance(e, Repeal)}
    return [
        e
        for e in begun
        if (e.until is None or month < e.until) and not (e.name in repealed and repealed[e.name] >= e.date)
    ]


def policy_of(setting: Setting, events: Iterable[AnyEvent], month: Month) -> Policy:
    """Gather the rules of `month` from events (the scenario's and those that governments added)."""
    s = setting.scenario
    regions, segments, labs = len(setting.regions), len(setting.segments), len(setting.labs)
    region = {name: i for i, name in enumerate(setting.regions)}
    lab = {name: i for i, name in enumerate(setting.labs)}
    policy = Policy(
        rules=[],
        offshore=np.ones(regions, dtype=bool),
        withdrawn=setting.once("not sold in", lambda: _not_sold_in(setting)).copy(),
        ban_service=np.zeros((len(setting.cohorts), labs)),
        ban_weights=np.zeros((len(setting.cohorts), labs)),
        home_burden=np.zeros((regions, segments)),
        foreign_burden=np.zeros((regions, segments)),
        delay=np.zeros((regions, segments)),
        chip_subsidy=np.zeros(regions),
        compute_subsidy=np.zeros(regions),
        open_subsidy=np.zeros(regions),
        release=[],
        threshold=setting.lab_values("licence_threshold").copy(),
        royalty=setting.lab_values("royalty").copy(),
    )
    subsidies = {
        "domestic_chips": policy.chip_subsidy,
        "compute": policy.compute_subsidy,
        "open_release": policy.open_subsidy,
    }
    for event in in_force(events, month):
        match event:
            case ExportRule():
                if s.mechanisms.export_rules:
                    policy.rules.append(event)
            case OffshoreRental():
                policy.offshore[region[event.region]] = event.allowed
            case ApiWithdrawal():
                policy.withdrawn[[lab[name] for name in event.labs], region[event.region]] = True
            case LicenceChange():
                if event.threshold is not None:
                    policy.threshold[lab[event.lab]] = event.threshold
                if event.royalty is not None:
                    policy.royalty[lab[event.lab]] = event.royalty
            case VendorBan():
                _ban(setting, policy, event)
            case Subsidy():
                subsidies[event.target][region[event.region]] += event.rate
            case ContentRule():
                if s.mechanisms.content_rules:
                    which = [setting.segments.index(name) for name in event.segments] or list(range(segments))
                    r = region[event.region]
                    policy.home_burden[r, which] += event.home_penalty
                    policy.foreign_burden[r, which] += event.foreign_penalty
                    policy.delay[r, which] = np.maximum(policy.delay[r, which], event.delay)
            case ReleasePolicy():
                policy.release.append(event)
    return policy


def _not_sold_in(setting: Setting) -> Flags:
    """Regions in which labs have never meant to sell, (labs, regions)."""
    sold = [setting.lab_row(i).sells_in for i in range(len(setting.labs))]
    return np.array([[bool(names) and region not in names for region in setting.regions] for names in sold])


def _ban(setting: Setting, policy: Policy, ban: VendorBan) -> None:
    """Add a vendor ban to the policy."""
    key = "banned", ban.region, tuple(ban.segments), ban.origin, tuple(ban.labs)
    bound = setting.once(key, lambda: _bound(setting, ban))
    with np.errstate(divide="ignore"):
        loss = -np.log1p(-ban.coverage)
    policy.ban_service[bound] += loss
    if ban.weights_too:
        policy.ban_weights[bound] += loss


def _bound(setting: Setting, ban: VendorBan) -> tuple[NDArray[np.intp], ...]:
    """Whom a ban binds and whose models it bars: places in arrays (cohorts, labs)."""
    cohorts = setting.cohorts
    vendors = np.isin(setting.labs, ban.labs)
    if ban.origin is not None:
        vendors |= setting.lab_region == setting.regions.index(ban.origin)
    segments = [setting.segments.index(name) for name in ban.segments]
    bound = (cohorts.region == setting.regions.index(ban.region)) & np.isin(cohorts.segment, segments)
    return np.ix_(bound, vendors)
