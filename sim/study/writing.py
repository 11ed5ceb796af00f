"""A study as one file that says everything, beside its scenarios as files that inherit nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.scenario.writing import yaml_text
from sim.study.factors import SCENARIO, Factor
from sim.study.indicators import Indicator
from sim.study.reading import VARY
from sim.study.study import Study

STUDY = "study.yaml"
SCENARIOS = "scenarios"


def write_study(study: Study, folder: Path) -> None:
    """Write ``study.yaml`` and ``scenarios/``; loaded, they give a study of the same hash."""
    (folder / SCENARIOS).mkdir()
    files = {name: f"{SCENARIOS}/{number}-{Path(name).stem}.yaml" for number, name in enumerate(study.bases)}
    for name, base in study.bases.items():
        (folder / files[name]).write_text(base.to_yaml(), encoding="utf-8")
    head = f"# Study {study.name!r} with everything written out; sha256 {study.hash}\n"
    (folder / STUDY).write_text(head + yaml_text(_data(study, files)), encoding="utf-8")


def _data(study: Study, files: dict[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {"name": study.name, "title": study.title, "scenarios": files}
    if not any(factor.name == SCENARIO for factor in study.factors):
        data["base"] = next(iter(study.bases))
    data[VARY] = {factor.name: _factor(factor) for factor in study.factors}
    data["design"] = study.design
    if study.size is not None:
        data["points"] = study.size
    if study.design == "morris":
        data["levels"] = study.morris_levels
    if study.design == "saltelli":
        data["second_order"] = study.second_order
    return data | {
        "design_seed": study.design_seed,
        "replicates": study.replicates,
        "seed": study.seed,
        "common_seeds": study.common_seeds,
        "uncertainty": study.uncertainty,
        "indicators": {one.name: _indicator(one) for one in (*study.indicators, *study.series)},
    }


def _factor(factor: Factor) -> dict[str, Any]:
    keys = {"keys": list(factor.keys)} if factor.keys else {}
    if factor.distribution is not None:
        return factor.distribution.model_dump(exclude_none=True) | keys
    if factor.values:
        return {"values": list(factor.values)} | keys
    steps = {} if factor.steps is None else {"steps": factor.steps}
    return {"low": factor.low, "high": factor.high, "scale": factor.scale, **steps, **keys}


def _indicator(one: Indicator) -> dict[str, Any]:
    found: dict[str, Any] = {"column": one.column, one.by: one.entity, "take": one.take}
    months = {"since": one.since, "until": one.until}
    found |= {"segments": list(one.segments)} if one.segments else {}
    found |= {key: part for key, part in (("origin", one.origin), ("weights", one.weights)) if part is not None}
    return found | {key: str(month) for key, month in months.items() if month is not None}
