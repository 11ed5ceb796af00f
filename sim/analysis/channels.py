"""The effect of rules, split by the channels through which they act (`sim.world.ablation` says what each is).

For each seed the scenario runs once for every set of channels that are on: with all of them it is the scenario
itself, with none the world without the rules. All share their draws. The part of a channel is its Shapley value:
what switching it on changes, on average over the orders in which channels may be switched on. So the parts add up
to the whole effect exactly, seed by seed, and what several channels do together is shared among them.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis.channel_worlds import MEASURES, WINDOWS, World, run_worlds
from sim.analysis.compare import Indicator, paired
from sim.analysis.shapley import Array, shapley_values
from sim.record import MARKET, WORLD
from sim.run.errors import RunError
from sim.run.simulate import Source, check_numbers, resolved
from sim.run.summary import aligned, write
from sim.run.tally import Progress, Tally
from sim.scenario import Resolved
from sim.scenario.events import AnyEvent
from sim.scenario.problems import did_you_mean, listed
from sim.world.ablation import CHANNELS, REACH, Ablation, acting

LABELS = dict(
    zip(
        CHANNELS,
        ("training FLOP", "serving capacity", "serving cost", "trust, availability", "pooled spillover",
         "domestic supply"),
        strict=True,
    )
)  # fmt: skip
HEADS = dict(zip(CHANNELS, ("training", "capacity", "cost", "trust", "pool", "domestic"), strict=True))
WHOLE = "whole"
UNITS = {column.name: column.unit for column in MARKET.values}


@dataclass(frozen=True, repr=False)
class Channels:
    """The effect of rules by channel.

    Attributes
    ----------
    scenario
        With the rules.
    rules
        Names of the events whose effect this is.
    region
        Whose labs are looked at.
    seeds
        One a replicate.
    acting
        Channels through which rules of this kind can act at all; the parts of the others are zero by construction.
    worlds
        Every run: `seed`, a flag for each channel, `indicator`, `region`, `window`, `value`. Runs that differ
        in channels only that do not act are one.
    table
        One row a measure, window and channel, the last channel being `whole`: `acts` (whether rules of this kind
        act there), `part` (of the effect: with the rules less without them, mean over seeds), `standard_error`,
        `low` and `high` (90 % interval of the mean, Student's t), `alone` (effect if this channel is switched on
        first), `last` (if it is switched on last), `seeds` (that have a value in every run), `without` and `with`
        (means of the measure itself).
    """

    scenario: Resolved
    rules: tuple[str, ...]
    region: str
    seeds: tuple[int, ...]
    acting: tuple[str, ...]
    worlds: pd.DataFrame
    table: pd.DataFrame

    @property
    def label(self) -> str:
        """The rules as one says them: by their labels, else by their names."""
        said = {event.name: event.label or event.name for event in self.scenario.scenario.events}
        return " and ".join(said[name] for name in self.rules)

    @property
    def notes(self) -> list[str]:
        """What to bear in mind when reading the parts."""
        idle = [LABELS[channel] for channel in CHANNELS if channel not in self.acting]
        said = (
            [f"{', '.join(idle)}: zero by construction, for rules of this kind do not act there"]
            if idle
            else []
        )
        if {"capacity", "cost"} <= set(self.acting):
            said.append(
                "serving capacity and serving cost are two sides of one purchase: bytes/s, and what they cost in "
                "the books"
            )
        if "spillover" in self.acting:
            said.append(
                "pooled spillover: what the rules change in the pool of published knowledge through all that labs "
                "do, by holding it at its path without them"
            )
        return said

    def __repr__(self) -> str:
        count, first, last = len(self.seeds), self.seeds[0], self.seeds[-1]
        seeds = f"seed {first}" if count == 1 else f"{count} seeds, {first} to {last}"
        lines = [
            f"{self.scenario.name}: effect of {', '.join(self.rules)}, {seeds}",
            "effect = with - without; parts are Shapley values of the channels and add up to it; mean over seeds"
            + ("" if count == 1 else ", below it half the width of the 90 % interval"),
        ]
        for window in WINDOWS:
            rows = self.table[self.table["window"] == window]
            cells = [["", "without", "with", "effect", *HEADS.values()]]
            for _, parts in rows.groupby(["region", "indicator"], sort=False):
                cells += _lines({str(row["channel"]): row for row in parts.to_dict("records")}, count > 1)
            lines += ["", f"{self.region}, {window}", *aligned(cells)]
        return "\n".join([*lines, "", *(f"- {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, escape=True, float_format="{:.4g}".format, border=0)

    def save(self, folder: str | Path, *, force: bool = False, command: str | None = None) -> Path:
        """Write tables, figure and provenance into a folder; see `sim.analysis.channel_files.save`."""
        from sim.analysis.channel_files import save  # matplotlib is slow to import

        return save(self, Path(folder), force=force, command=command)


def _lines(parts: dict[str, dict[Hashable, Any]], intervals: bool) -> list[list[str]]:
    """A measure as one row of cells, and one with the intervals' half widths where there are some."""
    whole, order = parts[WHOLE], [WHOLE, *CHANNELS]
    form = next(measure.form for measure in MEASURES if measure.label == whole["indicator"])
    means = [write(parts[channel]["part"], form.replace("{:", "{:+")) for channel in order]
    lines = [[whole["indicator"], write(whole["without"], form), write(whole["with"], form), *means]]
    if intervals:
        reach = [write(parts[channel]["high"] - parts[channel]["part"], form) for channel in order]
        lines.append(["", "", "", *reach])
    return lines


def channels(
    scenario: Source,
    without: Sequence[str],
    *,
    region: str = "china",
    seed: int = 1,
    replicates: int = 4,
    workers: int = 1,
    progress: Progress | None = None,
) -> Channels:
    """Split the effect of rules on a region's labs by channel.

    Parameters
    ----------
    scenario
        As `sim.simulate` takes it; the rules are among its events.
    without
        Names of the rules: export rules, bans of renting abroad, API withdrawals, vendor bans, content rules.
    region
        Region whose labs are looked at.
    seed, replicates, workers
        As in `sim.simulate`. A replicate is up to 64 runs, 32 for rules on chips.
    progress
        Called with months simulated and months in all.

    Returns
    -------
    Channels
        Parts of the effect as a frame, and the value of every run.

    Raises
    ------
    RunError
        If there is no such rule or region, or a number is out of range.
    SimulationError
        If the model fails in a run.
    """
    loaded = resolved(scenario)
    check_numbers(loaded, seed, replicates, False, workers)
    values = loaded.scenario
    if region not in values.regions:
        allowed = ", ".join(values.regions)
        raise RunError(f"region: '{region}', which '{loaded.name}' does not have; allowed: {allowed}")
    names = tuple(dict.fromkeys(without))
    rules = [_rule(loaded, name) for name in names]
    reach = acting(rules, pooled=values.mechanisms.open_spillover)
    acts = tuple(channel for channel in CHANNELS if channel in reach)
    since = max(min(rule.date for rule in rules) - values.start, 0)
    seeds = tuple(range(seed, seed + replicates))

    def world(number: int, on: frozenset[str], pool: Array | None) -> World:
        return World(
            values, number, Ablation(frozenset(names), frozenset(CHANNELS) - on, pool), region, since
        )

    # A channel that does not act is on with the others: switched off it would only cost a second policy.
    idle = frozenset(CHANNELS) - reach
    sets = [frozenset(c for i, c in enumerate(acts) if on >> i & 1) for on in range(1 << len(acts))]
    months = Tally(progress, len(seeds) * len(sets) * (values.end - values.start + 1))

    def count(world: World) -> None:
        months.add(world.months)

    bare = run_worlds([world(number, sets[0], None) for number in seeds], workers, count)
    rest = [
        world(number, on | idle, found.pool)
        for number, found in zip(seeds, bare, strict=True)
        for on in sets[1:]
    ]
    found = np.array([each.values for each in run_worlds(rest, workers, count)])
    shape = (len(seeds), len(sets) - 1, len(MEASURES), len(WINDOWS))
    worth = np.concatenate([[[each.values] for each in bare], found.reshape(shape)], axis=1)
    return Channels(
        loaded, names, region, seeds, acts, _worlds(worth, sets, seeds, region), _table(worth, acts, region)
    )


def _rule(loaded: Resolved, name: str) -> AnyEvent:
    """The event of this name, if its effect can be split."""
    events = {event.name: event for event in loaded.scenario.events}
    possible = [event.name for event in events.values() if type(event) in REACH]
    if name not in events:
        hint = did_you_mean(name, possible)
        raise RunError(
            f"rule: '{name}', which '{loaded.name}' does not have; allowed: {listed(possible)}{hint}"
        )
    event = events[name]
    if type(event) not in REACH:
        raise RunError(
            f"rule: '{name}' is of kind {event.kind}, which acts through none of the channels; "
            f"allowed: {listed(possible)}"
        )
    if event.date > loaded.scenario.end:
        raise RunError(f"rule: '{name}' begins in {event.date}, after the last month ({loaded.scenario.end})")
    return event


def _where(measure: Indicator, region: str) -> str:
    return WORLD if measure.world else region


def _worlds(worth: Array, sets: list[frozenset[str]], seeds: tuple[int, ...], region: str) -> pd.DataFrame:
    """The value of every run, as a tidy frame."""
    return pd.DataFrame(
        {
            "seed": number, **{channel: channel in on for channel in CHANNELS},
            "indicator": measure.column, "region": _where(measure, region), "window": window,
            "value": float(worth[i, k, m, w]),
        }
        for i, number in enumerate(seeds)
        for k, on in enumerate(sets)
        for m, measure in enumerate(MEASURES)
        for w, window in enumerate(WINDOWS)
    )  # fmt: skip


def _table(worth: Array, acts: tuple[str, ...], region: str) -> pd.DataFrame:
    """The table of `Channels`, from the worth of all sets of acting channels, (seeds, sets, measures, windows)."""
    rows = []
    for w, window in enumerate(WINDOWS):
        for m, measure in enumerate(MEASURES):
            value = worth[:, :, m, w]
            value = value[np.isfinite(value).all(axis=1)]
            none, every = value[:, 0], value[:, -1]
            about = {
                "region": _where(measure, region), "indicator": measure.label, "column": measure.column,
                "unit": UNITS[measure.column], "window": window,
            }  # fmt: skip
            levels = {"without": _mean(none), "with": _mean(every)}
            parts = dict(zip(acts, shapley_values(value).T, strict=True))
            for channel in CHANNELS:
                bit = 1 << acts.index(channel) if channel in acts else 0
                first, last = value[:, bit] - none, every - value[:, (value.shape[1] - 1) & ~bit]
                part = _estimate(parts.get(channel, np.zeros(len(value))))
                ends = {"alone": _mean(first), "last": _mean(last)}
                who = {"channel": channel, "label": LABELS[channel], "acts": channel in acts}
                rows.append({**about, **who, **part, **ends, **levels})
            whole = _mean(every - none)
            who, ends = (
                {"channel": WHOLE, "label": "whole effect", "acts": True},
                {"alone": whole, "last": whole},
            )
            rows.append({**about, **who, **_estimate(every - none), **ends, **levels})
    return pd.DataFrame(rows)


def _estimate(part: Array) -> dict[str, float]:
    """Mean over seeds with its standard error and 90 % interval."""
    found = paired(np.zeros_like(part), part)
    kept = {key: found[key] for key in ("standard_error", "low", "high")}
    return {"part": found["difference"], **kept, "seeds": found["pairs"]}


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else math.nan
