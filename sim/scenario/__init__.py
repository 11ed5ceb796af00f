"""What a scenario is: its parameters, how files are read and checked, and what is uncertain.

    from sim.scenario import load

    baseline = load("baseline")
    baseline.scenario.labs["alibaba"].capex          # the values
    baseline.provenance["labs.alibaba.capex"]        # which file and line set each
    baseline.with_values({"labs.alibaba.capex": 2e9})

`parameters` declares what a parameter is, `actors`, `events`, `submodels` and `schema` declare all of them;
`loading` reads a file through `reading`, `inheritance` and `merging` into `resolved`; `translation` and
`checking` say what is wrong with it.
"""

from sim.scenario.loading import load, shipped
from sim.scenario.month import Month
from sim.scenario.problems import Flaw, Place, Problem, ScenarioError
from sim.scenario.resolved import Resolved
from sim.scenario.schema import Scenario

__all__ = ["Flaw", "Month", "Place", "Problem", "Resolved", "Scenario", "ScenarioError", "load", "shipped"]
