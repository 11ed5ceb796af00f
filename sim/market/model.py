"""The market as a Mesa model: one step is one month, one named call an event, in the order of MODEL section 3."""

from __future__ import annotations

import mesa
import numpy as np
from mesa.agent import AgentSet

from sim import randomness
from sim.agents.cloud import Cloud, expected_margins, review
from sim.agents.entry import open_for_entry
from sim.agents.government import Government, forbids_opening
from sim.agents.lab import Known, Lab
from sim.choice.imagined import Outlook
from sim.choice.standing import Standing
from sim.economics.engines import chosen, settled
from sim.market.investment import invest
from sim.market.learning import learn
from sim.market.observe import observe
from sim.market.plans import NOT_YET, Plans
from sim.market.sales import Books, Flows, Sales
from sim.market.settlement import settle
from sim.market.trade import trade
from sim.record import Record
from sim.scenario.schema import Scenario
from sim.technology.capability import run_flop
from sim.world.ablation import NOTHING, Ablation, empty_pool
from sim.world.catalogue import Catalogue
from sim.world.setting import Array, Flags, Setting
from sim.world.state import State
from sim.world.supply import first_compute
from sim.world.tastes import Tastes
from sim.world.terms import Costs

STREAMS_UNIFORM = ("phase", "mode", "peer", "entry")
STREAMS_NORMAL = ("research", "timing")


class Market(mesa.Model):
    """Labs, clouds and governments in one market; customers are cohorts in arrays.

    Parameters
    ----------
    scenario
        What the run depends on.
    seed
        Seed of every random stream.
    ablation
        Rules that act through some channels only; by default all act through all.

    Attributes
    ----------
    month
        Index of the month that the next step simulates.
    state
        What changes (`sim.world.state.State`).
    policy, chip_policies
        What is in force, and what each part of the chip market faces of it.
    tastes
        What customers think of channels while it is.
    pool
        What the pool of published knowledge held: fullness and level of its best lab, (months, 2).
    record
        What has been written down (`sim.record.Record`).
    """

    def __init__(self, scenario: Scenario, seed: int = 1, ablation: Ablation = NOTHING) -> None:
        super().__init__(seed=seed)
        self.scenario, self.ablation = scenario, ablation
        self.setting = Setting(scenario)
        self.state = State.empty(self.setting)
        self.catalogue = Catalogue(self.setting)
        self.month = 0
        self.months = self.setting.months
        self.running = True
        s = self.setting
        self.record = Record(len(s.months), s.regions, s.labs, s.clouds, s.segments)
        self.luck: dict[str, Array] = {
            name: randomness.uniforms(seed, name, s.labs, len(s.months)) for name in STREAMS_UNIFORM
        } | {name: randomness.normals(seed, name, s.labs, len(s.months)) for name in STREAMS_NORMAL}
        self.plans = Plans.of(s)
        self._enters = self.plans.enters.copy()
        self._seen = np.zeros(len(s.labs), dtype=bool)
        self._labs = [Lab(self, name, i) for i, name in enumerate(s.labs)]
        self._clouds = [Cloud(self, name, i) for i, name in enumerate(s.clouds)]
        self._governments = [Government(self, region) for region in scenario.governments]
        self.policy_changed = True
        self.policy, self.chip_policies = ablation.policies(s, scenario.events, s.months[0])
        self.tastes = Tastes.of(s, self.policy)
        self.pool = empty_pool(len(s.months))
        self.bandwidth_price = np.full(len(s.regions), self.catalogue.bandwidth_price())
        self.flop_price = np.full(len(s.regions), np.nan)
        self.bring_up = np.zeros(len(s.firm_region))
        self._outlook: tuple[int, Outlook] | None = None
        self._costs: Costs | None = None
        for cloud in self._clouds:
            self._start_cloud(cloud)

    # --- the month -----------------------------------------------------------------------------------------

    def step(self) -> None:
        """Simulate one month."""
        self.enact_policies()
        flows = self.invest()
        self.learn()
        self.release_models()
        self.choose_hosting()
        sales = self.trade()
        books = self.settle(flows, sales)
        observe(self, sales, books)
        self.open_and_close()
        self.month += 1
        self.running = self.month < len(self.months)

    def run(self) -> Market:
        """Simulate every month that is left."""
        with settled(chosen(None)):
            while self.running:
                self.step()
        self.finish()
        return self

    def finish(self) -> None:
        """Let go of what only further months would need, and of Mesa's counter, which keeps every market that ran."""
        mesa.Agent._ids.pop(self, None)
        self.setting.forget()
        self._outlook = None

    def enact_policies(self) -> None:
        """1. Governments apply the events that are due, and their reactions."""
        if self.scenario.mechanisms.reactions and self.month > 0:
            for government in self._governments:
                government.react()
        today = self.months[self.month]
        if self.policy_changed or self.month in self.plans.event_months:
            acts = [act for government in self._governments for act in government.acts.values()]
            events = [*self.scenario.events, *acts]
            self.policy, self.chip_policies = self.ablation.policies(self.setting, events, today)
            self.tastes = Tastes.of(self.setting, self.policy)
            self.policy_changed = False

    def invest(self) -> Flows:
        """2. Labs and clouds receive funding, buy the chips that they may buy, and retire old ones."""
        self.reprice()
        for index in ((self._enters <= self.month) & ~self._seen).nonzero()[0]:
            self._start_lab(self._labs[index])
        return invest(self)

    def learn(self) -> None:
        """3. Algorithmic levels grow: own research, leakage, theft, distillation, the open pool."""
        learn(self)

    def release_models(self) -> None:
        """4. Labs whose model is due train it, and choose how to release it."""
        told = self.plans.told.get(self.month, {})
        for lab in self._labs if told else ():
            if lab.name in told:
                self._start_lab(lab)
        ready = (self.state.next_release <= self.month) & (self.plans.free_from <= self.month)
        due = [
            lab
            for lab, may in zip(self._labs, ready.tolist(), strict=True)
            if (may and lab.due) or (lab.name in told and self.state.active[lab.index])
        ]
        # All decide on the same market before any model is out: the order of labs plays no part.
        known = Known.of(self) if due else None
        plans = [(lab, lab.decide(told.get(lab.name), known)) for lab in due]
        for lab, plan in plans:
            lab.release(plan)

    def choose_hosting(self) -> None:
        """5. Clouds choose which open models to host, at their reviews and when new open weights appear."""
        state = self.state
        self.bring_up[:] = 0.0
        if not self.scenario.mechanisms.hosting or not len(self.setting.clouds):
            return
        news = bool((state.open_since == self.month).any())
        if news or self.month % self.scenario.hosting.review == 0:
            review(self, expected_margins(self))

    def trade(self) -> Sales:
        """6. Prices settle, customers adopt, reconsider and switch."""
        return trade(self)

    def settle(self, flows: Flows, sales: Sales) -> Books:
        """7a. Accounts are settled."""
        return settle(self, flows, sales)

    def open_and_close(self) -> None:
        """7b. Firms without cash exit, entrants appear (they start work next month)."""
        state, s = self.state, self.scenario
        if s.mechanisms.bankruptcy:
            gone = (state.broke > s.finance.patience) & ~self.plans.parent
            labs = len(self.setting.labs)
            state.active &= ~gone[:labs]
        if s.mechanisms.entry:
            for index in open_for_entry(self):
                self._enters[index] = self.month + 1

    # --- what agents ask -----------------------------------------------------------------------------------

    @property
    def labs(self) -> AgentSet:
        """Labs and the slots of entrants."""
        return self.agents_by_type[Lab]

    @property
    def clouds(self) -> AgentSet:
        """Clouds; empty if the scenario has none."""
        return self.agents_by_type.get(Cloud, AgentSet([], random=self.random))

    @property
    def governments(self) -> AgentSet:
        """Governments that may react; empty if the scenario has none."""
        return self.agents_by_type.get(Government, AgentSet([], random=self.random))

    def outlook(self) -> Outlook:
        """The market as labs find it that decide this month; looked at once."""
        if self._outlook is None or self._outlook[0] != self.month:
            s, state, tech = self.setting, self.state, self.scenario.technology
            now = Standing.look(
                s, state, self.policy, self.month, self.bandwidth_price, self.tastes, self.costs()
            )
            training = state.training[: len(s.labs)]
            flop = run_flop(training, tech.utilisation, tech.run_months, s.final_run_share)
            growth = float(self.plans.serving_growth[self.month])
            self._outlook = (self.month, Outlook(now, self.weights(), growth, flop))
        return self._outlook[1]

    def costs(self) -> Costs:
        """What serving compute costs this month; looked at once."""
        if self._costs is None:
            self._costs = Costs.of(self.setting, self.state, self.policy, self.bandwidth_price)
        return self._costs

    def reprice(self) -> None:
        """Somebody's compute is another, or its price: look at its costs again."""
        self._costs = None

    def weights(self) -> Array:
        """What each cohort's adopters would spend this month, USD, (cohorts,)."""
        return np.asarray(self.plans.spending[self.month] * self.state.adopted)

    def alive(self) -> Flags:
        """Firms at work: active labs and independent clouds that have not gone under."""
        labs = len(self.state.active)
        alive = np.empty(len(self.setting.firm_region), dtype=bool)
        alive[:labs], alive[labs:] = self.state.active, True
        if self.scenario.mechanisms.bankruptcy:
            alive &= self.state.broke <= self.scenario.finance.patience
        return alive

    def bans_opening(self, region: str, capability: float) -> bool:
        """Whether a government's standing limit on open release reaches a flagship of the region."""
        government = self.scenario.governments.get(region)
        limit = government.restrict_open_above if government and self.scenario.mechanisms.reactions else None
        return forbids_opening(limit, capability)

    def entry_month(self, lab: int) -> int | None:
        """Month index in which a lab starts work; None: not decided."""
        month = int(self._enters[lab])
        return month if month < NOT_YET else None

    def add_compute(self, firm: int, thousand_h100e: float, training_share: float) -> None:
        """Give a firm its first compute, in the best chips that its region may buy today."""
        region, state = int(self.setting.firm_region[firm]), self.state
        self.reprice()
        first = first_compute(
            self.catalogue, self.chip_policies, region, self.month, thousand_h100e, training_share
        )
        if first is not None:
            state.training[firm] += first.training
            state.raw_flops[firm] += first.raw
            state.bandwidth[firm] += first.bandwidth
            state.bandwidth_value[firm] += first.bandwidth_value

    # --- preparation ---------------------------------------------------------------------------------------

    def _start_lab(self, lab: Lab) -> None:
        if not self._seen[lab.index]:
            self._seen[lab.index] = True
            lab.start()

    def _start_cloud(self, cloud: Cloud) -> None:
        self.add_compute(cloud.firm, cloud.row.initial_compute, 0.0)
        if cloud.firm >= len(self.setting.labs):
            self.state.cash[cloud.firm] = cloud.row.cash
