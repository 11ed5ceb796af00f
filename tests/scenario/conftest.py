"""A small world to test the reading of scenarios with, so that the real one can change freely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from sim.scenario.checking import Blueprint
from sim.scenario.loading import load_as
from sim.scenario.month import Month
from sim.scenario.parameters import Entry, parameter, section
from sim.scenario.predicate import Vocabulary, checked_by
from sim.scenario.problems import Flaw, ScenarioError
from sim.scenario.resolved import Resolved

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
CHIPS = Vocabulary(numbers=frozenset({"tpp", "density"}), texts=frozenset({"name", "vendor"}))


def plain(default: Any = ..., **bounds: float) -> Any:
    """A parameter whose unit and source don't matter here."""
    return parameter(default, unit="1", source="judgement", meaning="A number", **bounds)


class Lab(Entry):
    """A lab."""

    region: Name = parameter(unit="region", source="roster", meaning="Home region", role="structural")
    capex: float = parameter(1e9, unit="USD/year", source="filings", meaning="Spending on chips", ge=0)
    growth: float = plain(1.5, gt=0, le=20)
    staff: int = plain(10, ge=1)
    mode: Literal["closed", "open_lagged", "open"] = plain("closed")
    parent: bool = plain(False)
    cap: float | None = plain(None, ge=0)
    sells_in: list[Name] = plain([])
    trust: dict[Name, Annotated[float, Field(ge=0, le=1)]] = plain({})


class Event(Entry):
    name: Name = plain()
    date: Month = parameter(unit="month", source="the law", meaning="When it takes effect", role="lever")


class Rule(Event):
    """An export rule."""

    kind: Literal["rule"]
    region: Name = plain()
    predicate: Annotated[str, checked_by(CHIPS)] = plain("tpp >= 4800")
    share: float = plain(0.5, ge=0, le=1)


class Ban(Event):
    """A ban of labs."""

    kind: Literal["ban"]
    labs: list[Name] = plain()


class Market(Entry):
    """How customers choose."""

    inertia: float = plain(0.9, ge=0, lt=1)
    open: bool = plain(True)


class World(Entry):
    """A small world."""

    title: str = plain("")
    start: Month = plain()
    end: Month = plain("2030-12")
    market: Market = section(Market(), meaning="The market")
    labs: dict[Name, Lab] = section(meaning="Labs by name")
    events: list[Annotated[Rule | Ban, Field(discriminator="kind")]] = section([], meaning="What happens")


def check(world: World) -> Iterator[Flaw]:
    if world.end < world.start:
        yield Flaw(("end",), f"found {world.end}", f"a month not before start ({world.start})")
    if not world.labs:
        yield Flaw(("labs",), "nothing", "at least one lab")
    for index, event in enumerate(world.events):
        for position, lab in enumerate(event.labs if isinstance(event, Ban) else ()):
            if lab not in world.labs:
                path = ("events", index, "labs", position)
                yield Flaw(path, f"unknown lab '{lab}'", ", ".join(world.labs), tuple(world.labs))


BASE = """\
title: A small world
start: 2022-11
market: {inertia: 0.8}
labs:
  openai:
    region: us
    capex: 5e9  # annual report, 2024
  alibaba:
    region: china
    capex: 2e9
    trust: {us: 0.25}
events:
  - name: controls
    kind: rule
    date: 2023-10-17
    region: china
  - {name: device_ban, kind: ban, date: 2024-06, labs: [alibaba]}
"""


@dataclass
class Desk:
    """A working folder, with a small library of scenarios elsewhere, in which tests write and load files."""

    here: Path
    library: Path

    def write(self, name: str, text: str) -> Path:
        path = self.here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, source: str | Path, overrides: Any = ()) -> Resolved[World]:
        return load_as(Blueprint(World, check), source, overrides, self.library)

    def read(self, text: str, overrides: Any = ()) -> Resolved[World]:
        """Load a file ``x.yaml`` that holds this text."""
        self.write("x.yaml", text)
        return self.load("x.yaml", overrides)

    def problems(self, text: str, overrides: Any = ()) -> list[str]:
        """What is wrong with a file ``x.yaml`` that holds this text, a line each."""
        self.write("x.yaml", text)
        return self.refusal("x.yaml", overrides)

    def refusal(self, source: str | Path, overrides: Any = ()) -> list[str]:
        """Why a scenario is refused, a line each."""
        with pytest.raises(ScenarioError) as caught:
            self.load(source, overrides)
        return str(caught.value).splitlines()


@pytest.fixture(scope="session")
def desk_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk for the many examples of one property; nothing is written on it."""
    return _furnished(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = _furnished(tmp_path)
    monkeypatch.chdir(desk.here)
    return desk


def _furnished(folder: Path) -> Desk:
    desk = Desk(folder / "here", folder / "library")
    desk.here.mkdir()
    desk.library.mkdir()
    (desk.library / "base.yaml").write_text(BASE, encoding="utf-8")
    return desk


@pytest.fixture(scope="session")
def world() -> type[World]:
    return World
