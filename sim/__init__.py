"""A simulator of markets in which open and closed AI models compete.

    import sim

    scenario = sim.load("baseline")
    result = sim.simulate(scenario, seed=1, replicates=8)
    result.market                                            # a tidy pandas frame, as are the other tables

Names are imported when they are first used, so that `import sim` and `aimarkets --help` are instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sim.analysis.channels import Channels, channels
    from sim.analysis.compare import Comparison, compare
    from sim.analysis.discovery import Discovery, discover
    from sim.analysis.explain import explain
    from sim.analysis.sensitivity import Sensitivity, sensitivity
    from sim.economics.equilibrium import Equilibrium, EquilibriumError
    from sim.economics.prices import solve_prices
    from sim.facts.calibrate import Calibration, calibrate
    from sim.facts.validate import Validation, validate
    from sim.market import Market
    from sim.report.files import write_report
    from sim.run.errors import RunError, SimulationError
    from sim.run.results import Result, load_result
    from sim.run.simulate import simulate
    from sim.scenario import Resolved, Scenario, ScenarioError, load, shipped
    from sim.study.loading import load_study
    from sim.study.results import StudyResults, load_results
    from sim.study.study import Study
    from sim.study.sweep import sweep

__all__ = [
    "Calibration",
    "Channels",
    "Comparison",
    "Discovery",
    "Equilibrium",
    "EquilibriumError",
    "Market",
    "Resolved",
    "Result",
    "RunError",
    "Scenario",
    "ScenarioError",
    "Sensitivity",
    "SimulationError",
    "Study",
    "StudyResults",
    "Validation",
    "__version__",
    "calibrate",
    "channels",
    "compare",
    "discover",
    "explain",
    "load",
    "load_result",
    "load_results",
    "load_study",
    "sensitivity",
    "shipped",
    "simulate",
    "solve_prices",
    "sweep",
    "validate",
    "write_report",
]

_HOMES = {
    "Calibration": "sim.facts.calibrate",
    "Channels": "sim.analysis.channels",
    "Comparison": "sim.analysis.compare",
    "Discovery": "sim.analysis.discovery",
    "Equilibrium": "sim.economics.equilibrium",
    "EquilibriumError": "sim.economics.equilibrium",
    "Market": "sim.market",
    "Resolved": "sim.scenario",
    "Result": "sim.run.results",
    "RunError": "sim.run.errors",
    "Scenario": "sim.scenario",
    "ScenarioError": "sim.scenario",
    "Sensitivity": "sim.analysis.sensitivity",
    "SimulationError": "sim.run.errors",
    "Study": "sim.study.study",
    "StudyResults": "sim.study.results",
    "Validation": "sim.facts.validate",
    "calibrate": "sim.facts.calibrate",
    "channels": "sim.analysis.channels",
    "compare": "sim.analysis.compare",
    "discover": "sim.analysis.discovery",
    "explain": "sim.analysis.explain",
    "load": "sim.scenario",
    "load_result": "sim.run.results",
    "load_results": "sim.study.results",
    "load_study": "sim.study.loading",
    "sensitivity": "sim.analysis.sensitivity",
    "shipped": "sim.scenario",
    "simulate": "sim.run.simulate",
    "solve_prices": "sim.economics.prices",
    "sweep": "sim.study.sweep",
    "validate": "sim.facts.validate",
    "write_report": "sim.report.files",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute '{name}'; it has: {', '.join(sorted(__all__))}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
