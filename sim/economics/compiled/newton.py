"""Newton's method in one market, compiled: `sim.economics.newton`.

It asks for one evaluation of the map at a time, so that the map, by far the longest of all code, need not be
compiled once more for it.
"""

from __future__ import annotations

import math

from sim.economics.compiled.jit import compiled, copy
from sim.economics.compiled.layout import Course, Rules
from sim.economics.nests import FloatArray

TRIAL = -1
"""Instead of the number of a column: the point is one to go to, not one beside to take slopes from."""
END = -2
"""Instead of the number of a column: no more points."""


@compiled
def next_point(
    column: int, residual: float, held: float, n: int, rules: Rules, course: Course
) -> tuple[int, float]:
    """Take note of the image of `course.x`, and set the next point there; what that is, and the residual held.

    Parameters
    ----------
    column
        What the point was: `TRIAL`, or the number that was moved.
    residual
        Of a trial, as far as it may be gone to: else that at the last point.
    held
        The residual at the last point that was gone to, inf before the first.
    """
    if column == TRIAL:
        if not residual <= rules.fall * held or residual <= rules.beyond * rules.tolerance:
            return END, held
        held = residual
        for i in range(n):
            course.held[i], course.held_gap[i] = course.x[i], course.image[i] - course.x[i]
    else:
        for i in range(n):
            gap = course.image[i] - course.x[i]
            course.slopes[i, column] = (gap - course.held_gap[i]) / rules.difference
    column += 1
    copy(course.held, course.x, n)
    if column < n:
        course.x[column] += rules.difference
        return column, held
    if not _solve(course.slopes, course.held_gap, n):
        return END, held
    for i in range(n):
        course.x[i] -= course.held_gap[i]
    return TRIAL, held


@compiled
def _solve(a: FloatArray, b: FloatArray, n: int) -> bool:
    """Solve a x = b by Gauss's elimination with the largest pivots; x is left in b. False if there is no x."""
    for c in range(n):
        pivot = c
        for r in range(c + 1, n):
            pivot = r if abs(a[r, c]) > abs(a[pivot, c]) else pivot
        if not 0.0 < abs(a[pivot, c]) < math.inf:
            return False
        for k in range(c, n):
            a[c, k], a[pivot, k] = a[pivot, k], a[c, k]
        b[c], b[pivot] = b[pivot], b[c]
        for r in range(c + 1, n):
            factor = a[r, c] / a[c, c]
            for k in range(c + 1, n):
                a[r, k] -= factor * a[c, k]
            b[r] -= factor * b[c]
    for c in range(n - 1, -1, -1):
        for k in range(c + 1, n):
            b[c] -= a[c, k] * b[k]
        b[c] /= a[c, c]
    return True
