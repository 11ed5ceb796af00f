"""Whether the values of every point of a study can stand together, before the first run."""

from __future__ import annotations

from collections.abc import Callable

from sim.scenario import Problem, ScenarioError
from sim.scenario.problems import Place
from sim.study.design import Sample
from sim.study.study import Study

MAX_TOLD = 8


def check_points(study: Study, points: Sample, tell: Callable[[int, int], None]) -> None:
    """Check the combination of values at every point; `tell` hears how many are checked, and of how many.

    Raises
    ------
    ScenarioError
        With the problems of the first few points that have any.
    """
    problems: list[Problem] = []
    for point in range(points.points):
        entries = points.entries(point)
        try:
            scenario = study.scenario(entries)
        except ScenarioError as error:
            values = ", ".join(f"{name} {value}" for name, value in entries.items())
            place = Place(f"{study.source}, point {point} ({values})")
            problems += [Problem(place, one.path, one.found, one.allowed, one.hint) for one in error.problems]
        else:
            kept = (*study.indicators, *study.series) if study.changes_who_is_there else ()
            for one in kept:
                wrong = one.problem(scenario)
                if wrong is not None:
                    place = Place(f"{study.source}, point {point}")
                    problems.append(Problem(place, f"indicators.{one.name}.{wrong[0]}", *wrong[1:]))
        if len(problems) >= MAX_TOLD:
            break
        tell(point + 1, points.points)
    if problems:
        raise ScenarioError(problems[:MAX_TOLD])
