"""A government: reacts to the state of the market, beyond its timeline of dated events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from sim.scenario.events import AnyEvent, ExportRule, Subsidy, VendorBan
from sim.scenario.month import Month

if TYPE_CHECKING:
    from sim.market import Market


class Government(mesa.Agent):
    """The government of a region. Its own reactions are events like any other, dated the month they are made."""

    model: Market

    def __init__(self, market: Market, region: str) -> None:
        super().__init__(market)
        self.region = region
        self.row = market.scenario.governments[region]
        self.acts: dict[str, AnyEvent] = {}

    def react(self) -> None:
        """Look at last month's market and add or end reactions."""
        rival = self.row.rival
        if self.row.tighten_below_lag is not None and self._lag(rival) < self.row.tighten_below_lag:
            self._add(
                ExportRule(
                    kind="export_rule",
                    name=f"{self.region}-tightens",
                    date=self._today(),
                    source="reaction",
                    label="reaction",
                    region=str(rival),
                    # Exports only: what the rival makes at home is out of reach.
                    predicate=f"origin != {rival} and ({self.row.tighten_rule})",
                )
            )
        if self.row.encourage_open_above_lag is not None:
            self._keep(
                self._lag(self.region) > self.row.encourage_open_above_lag,
                Subsidy(
                    kind="subsidy",
                    name=f"{self.region}-encourages",
                    date=self._today(),
                    source="reaction",
                    region=self.region,
                    target="open_release",
                    rate=min(self.row.encouragement, 1.0),
                ),
            )
        if self.row.ban_foreign_above is not None and self.rival_public_share() > self.row.ban_foreign_above:
            self._add(
                VendorBan(
                    kind="vendor_ban",
                    name=f"{self.region}-bans",
                    date=self._today(),
                    source="reaction",
                    region=self.region,
                    segments=[n for n in self.model.setting.segments if n == "public"],
                    origin=rival,
                )
            )

    def _lag(self, region: str | None) -> float:
        """Months by which a region was behind the world last month; NaN, which is no reason to act: not known."""
        if region is None:
            return float("nan")
        setting, record = self.model.setting, self.model.record
        return float(record.market["lag"][self.model.month - 1, setting.regions.index(region)])

    def rival_public_share(self) -> float:
        """Part of last month's public spending at home that went to the rival's models."""
        setting, record = self.model.setting, self.model.record
        if self.row.rival is None or "public" not in setting.segments:
            return 0.0
        home, rival = (setting.regions.index(name) for name in (self.region, self.row.rival))
        spent = record.usage["spending"][self.model.month - 1, home, setting.segments.index("public")]
        return float(spent[:, rival].sum() / max(float(spent.sum()), 1e-300))

    def _today(self) -> Month:
        return self.model.setting.months[self.model.month]

    def _add(self, act: AnyEvent) -> None:
        if act.name not in self.acts:
            self.acts[act.name] = act
            self.model.policy_changed = True

    def _keep(self, wanted: bool, act: AnyEvent) -> None:
        if wanted:
            self._add(act)
        elif self.acts.pop(act.name, None) is not None:
            self.model.policy_changed = True


def forbids_opening(row_limit: float | None, capability: float) -> bool:
    """Whether a government's limit on open release reaches a flagship of this capability."""
    return row_limit is not None and not np.isnan(capability) and capability >= row_limit
