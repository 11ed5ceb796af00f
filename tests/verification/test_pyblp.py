"""Prices and shares against pyblp, an independent solver of the same equilibrium, on 264 random markets.

Segments are pyblp's integration nodes: `sigma` times a node shifts a segment's taste for a constant, for
quality, and for price. The nests have one level, as pyblp has.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from sim.economics import solve_prices

pyblp = pytest.importorskip("pyblp")
pyblp.options.verbose = False
pyblp.options.digits = 12

MARKETS, OFFERS, SEGMENTS = 22, 7, 4
CONSTANT, QUALITY = 0.5, 1.0


@dataclass
class Markets:
    """Random markets; arrays have a leading axis of markets."""

    x: np.ndarray  # (markets, offers) observed quality
    xi: np.ndarray  # (markets, offers) unobserved quality
    cost: np.ndarray  # (markets, offers)
    owner: np.ndarray  # (markets, offers)
    nest: np.ndarray  # (offers,)
    weights: np.ndarray  # (segments,)
    nodes: np.ndarray  # (segments, 3) of constant, quality, price
    sensitivity: np.ndarray  # (segments,)
    form: str
    rho: float

    @classmethod
    def draw(cls, form, owners, rho, segments):
        rng = np.random.default_rng([len(form), owners, int(10 * rho), segments])
        shape = (MARKETS, OFFERS)
        nodes = rng.normal(size=(segments, 3)) if segments > 1 else np.zeros((1, 3))
        mean = 2.5 if form == "log" else 1.5
        owner = np.array([rng.permutation(np.arange(OFFERS) % owners) for _ in range(MARKETS)])
        return cls(
            x=rng.normal(0, 1, shape),
            xi=rng.normal(0, 0.7, shape),
            cost=np.exp(rng.normal(0, 0.4, shape)),
            owner=owner,
            nest=np.arange(OFFERS) % 3,
            weights=rng.dirichlet(5 * np.ones(segments)),
            nodes=nodes,
            sensitivity=mean - 0.15 * nodes[:, 2],
            form=form,
            rho=rho,
        )

    def ours(self):
        shift = self.nodes[:, 0] * 0.6 + CONSTANT
        slope = self.nodes[:, 1] * 0.4 + QUALITY
        quality = shift[:, None] + slope[:, None] * self.x[:, None, :] + self.xi[:, None, :]
        prices, shares = np.empty_like(self.x), np.empty_like(self.x)
        for m in range(MARKETS):
            equilibrium = solve_prices(
                quality[m],
                self.cost[m],
                price_sensitivity=self.sensitivity,
                price_form=self.form,
                owner=self.owner[m],
                weights=self.weights,
                nests=self.nest if self.rho else None,
                nesting=self.rho,
                tolerance=1e-12,
            )
            prices[m], shares[m] = equilibrium.prices, self.weights @ equilibrium.shares
        return prices, shares

    def theirs(self):
        price = "log(prices)" if self.form == "log" else "prices"
        market = np.repeat(np.arange(MARKETS), OFFERS)
        products = {"market_ids": market, "firm_ids": self.owner.ravel(), "x": self.x.ravel()}
        if self.rho:
            products["nesting_ids"] = np.tile(self.nest, MARKETS)
        mean = float(self.sensitivity[0] + 0.15 * self.nodes[0, 2])
        keywords = {"beta": [CONSTANT, QUALITY, -mean], "rho": self.rho or None}
        formulations = (pyblp.Formulation(f"1 + x + {price}"),)
        if len(self.weights) > 1:
            formulations = (*formulations, pyblp.Formulation(f"1 + x + {price}"))
            keywords["sigma"] = np.diag([0.6, 0.4, 0.15])
            keywords["agent_data"] = {
                "market_ids": np.repeat(np.arange(MARKETS), len(self.weights)),
                "weights": np.tile(self.weights, MARKETS),
                "nodes": np.tile(self.nodes, (MARKETS, 1)),
            }
        simulation = pyblp.Simulation(formulations, products, xi=self.xi.ravel(), **keywords)
        results = simulation.replace_endogenous(
            costs=self.cost.reshape(-1, 1),
            prices=2 * self.cost.reshape(-1, 1),
            iteration=pyblp.Iteration("simple", {"atol": 1e-14, "rtol": 0, "max_evaluations": 20_000}),
            compute_gradients=False,
            compute_hessians=False,
        )
        data = results.product_data
        return data.prices.reshape(MARKETS, OFFERS), data.shares.reshape(MARKETS, OFFERS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("segments", [1, SEGMENTS])
@pytest.mark.parametrize("rho", [0.0, 0.5])
@pytest.mark.parametrize(("form", "owners"), [("linear", OFFERS), ("linear", 3), ("log", 3)])
def test_agrees_with_pyblp(form, owners, rho, segments):
    markets = Markets.draw(form, owners, rho, segments)
    prices, shares = markets.ours()
    their_prices, their_shares = markets.theirs()
    np.testing.assert_allclose(prices, their_prices, rtol=1e-8)
    np.testing.assert_allclose(shares, their_shares, rtol=1e-8)
