"""Quadratic response surfaces of what runs say, in place of runs.

One surface for each output: ridge regression on all terms up to second order, the penalty chosen by
leave-one-out errors, whose mean square is the variance of the surface's prediction of one run. So luck (seeds)
and lack of fit count alike. Linear in its coefficients, a surface of 30 parameters is evaluated at a hundred
thousand points in seconds, which a Gaussian process for each of 150 outputs is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import PolynomialFeatures

from sim.facts.indicators import Array

PENALTIES = np.logspace(-2, 4, 13)
LEAST_RUNS = 10
"""Defined outputs that a surface needs."""


@dataclass(frozen=True)
class Emulator:
    """Surfaces of all outputs.

    Attributes
    ----------
    coefficients
        Shape (terms, outputs).
    constants
        Shape (outputs,).
    variance
        Of the prediction of one run, shape (outputs,); infinite for outputs that too few runs define.
    explained
        Part of the variance of the runs that the surfaces explain, leave-one-out, shape (outputs,).
    """

    coefficients: Array
    constants: Array
    variance: Array
    explained: Array

    @classmethod
    def fit(cls, points: Array, outputs: Array) -> Emulator:
        """Fit to runs.

        Parameters
        ----------
        points
            In the unit cube, shape (runs, parameters).
        outputs
            Shape (runs, outputs); values that are not finite are left out.
        """
        terms = _terms(points)
        count = outputs.shape[1]
        found = cls(
            np.zeros((terms.shape[1], count)), np.zeros(count), np.full(count, np.inf), np.zeros(count)
        )
        # Outputs that the same runs define share one decomposition of the terms.
        sets, which = np.unique(np.isfinite(outputs), axis=1, return_inverse=True)
        for number, known in enumerate(sets.T):
            if known.sum() >= LEAST_RUNS:
                places = np.flatnonzero(which.ravel() == number)
                found._fit_some(places, terms[known], outputs[np.ix_(known, places)])
        return found

    def _fit_some(self, places: NDArray[np.intp], terms: Array, values: Array) -> None:
        model = RidgeCV(alphas=PENALTIES, store_cv_results=True, alpha_per_target=True).fit(terms, values)
        errors = model.cv_results_.reshape(len(terms), len(places), len(PENALTIES)).mean(axis=0).min(axis=-1)
        self.coefficients[:, places] = np.reshape(model.coef_, (len(places), -1)).T
        self.constants[places] = model.intercept_
        self.variance[places] = errors
        spread = values.var(axis=0)
        self.explained[places] = 1.0 - np.divide(errors, spread, out=np.zeros(len(places)), where=spread > 0)

    def predict(self, points: Array) -> Array:
        """Means of the outputs at points of the unit cube, shape (points, outputs)."""
        return np.asarray(_terms(points) @ self.coefficients + self.constants)


def _terms(points: Array) -> Array:
    """Linear, square and cross terms of points moved to -1 to 1."""
    return np.asarray(PolynomialFeatures(2, include_bias=False).fit_transform(2.0 * points - 1.0))
