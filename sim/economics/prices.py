"""Bertrand-Nash equilibrium prices of owners with several offers, mutual claims and limited capacity.

`solve_prices` is the front for one call. A model that solves the same game month after month builds a
`PriceProblem` once and calls its `solve`. The equations are in `sim.economics.first_order`.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from sim.economics.checks import InputError, fits, numbers
from sim.economics.demand import qualities
from sim.economics.engines import Engine, chosen
from sim.economics.equilibrium import Equilibrium, EquilibriumError, EquilibriumWarning
from sim.economics.game import Game
from sim.economics.inputs import Arguments, Inputs
from sim.economics.nests import LabelRows, Labels, Nests
from sim.economics.outcome import outcome
from sim.economics.ownership import Claims, Pools
from sim.economics.solver import search

PriceForm = Literal["log", "linear"]
OnFailure = Literal["raise", "warn"]
Absent = Literal["price", "leave"]
Capacity = ArrayLike | Mapping[Any, ArrayLike]
Stakes = Mapping[Any, ArrayLike]


@dataclass(frozen=True, eq=False)
class PriceProblem:
    """The structure of a pricing game, checked once: who sells what to whom. Made by `PriceProblem.build`."""

    game: Game
    _structure: Any = field(default=None, init=False)

    @classmethod
    def build(
        cls,
        offers: int,
        *,
        price_sensitivity: ArrayLike,
        price_form: PriceForm = "log",
        nests: LabelRows | None = None,
        nesting: ArrayLike = 0.0,
        owner: Labels | None = None,
        usage_elasticity: float = 0.0,
        at_cost: ArrayLike | None = None,
        royalty_to: Labels | None = None,
        complement_to: Labels | None = None,
        stakes: Sequence[tuple[Hashable, int]] = (),
        pool: Labels | None = None,
        limited: ArrayLike | None = None,
    ) -> Self:
        """Check the structure and turn labels into indices.

        Parameters
        ----------
        offers
            How many there are.
        stakes
            Pairs of an owner's label and an offer's index, of which `solve` will be given a `stake`: the part
            of the offer's revenue that accrues to the owner besides sales, royalties and complements, (...,
            stakes).
        limited
            (offers,) which offers may have a capacity of their own, where there are no pools; none by
            default.

        Other parameters as in `solve_prices`.
        """
        if price_form not in ("log", "linear"):
            raise InputError(f"price_form: found {price_form!r}; allowed are 'log' and 'linear'")
        sensitivity = np.atleast_1d(numbers("price_sensitivity", price_sensitivity, least=0.0, strictly=True))
        if sensitivity.ndim != 1:
            raise InputError(
                f"price_sensitivity: found shape {sensitivity.shape}; allowed is a number or (segments,)"
            )
        fixed = np.zeros(offers, dtype=bool) if at_cost is None else np.asarray(at_cost, dtype=bool)
        own_limit = np.zeros(offers, dtype=bool) if limited is None else np.asarray(limited, dtype=bool)
        for name, flags in (("at_cost", fixed), ("limited", own_limit)):
            if flags.shape != (offers,):
                raise InputError(f"{name}: found shape {flags.shape}; allowed is (offers,), here ({offers},)")
        structure = Nests.build(offers, nests, nesting)
        claims = Claims.build(structure, owner, royalty_to, complement_to, stakes)
        game = Game(
            nests=structure,
            claims=claims,
            pools=Pools.build(pool, own_limit, fixed, claims),
            sensitivity=sensitivity,
            log_price=price_form == "log",
            usage_elasticity=float(numbers("usage_elasticity", usage_elasticity, least=0.0)),
            at_cost=fixed if fixed.any() else None,
        )
        return cls(game)

    @property
    def offers(self) -> int:
        """How many offers there are."""
        return self.game.claims.offers

    @property
    def owners(self) -> tuple[Hashable, ...]:
        """Labels of the owners, in the order of the last axis of profits."""
        return self.game.claims.owners

    @property
    def pools(self) -> tuple[Hashable, ...]:
        """Labels of the pools, in the order of the last axis of `capacity` and of shadow prices."""
        return self.game.pools.labels

    def solve(
        self,
        quality: ArrayLike,
        cost: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        capacity: Capacity | None = None,
        load: ArrayLike = 1.0,
        complement: ArrayLike | None = None,
        royalty: ArrayLike | None = None,
        stake: ArrayLike | None = None,
        outside: ArrayLike = 0.0,
        start: ArrayLike | Equilibrium | None = None,
        shadow: ArrayLike | None = None,
        after: ArrayLike | None = None,
        absent: Absent = "price",
        tolerance: float = 1e-10,
        max_iterations: int = 1000,
        on_failure: OnFailure = "raise",
        engine: Engine | None = None,
    ) -> Equilibrium:
        """Equilibrium prices for these numbers: see `solve_prices`.

        Parameters
        ----------
        shadow
            (..., pools) shadow prices to start from; by default those of `start`, or none.
        after
            (markets, 2) two earlier markets of the batch for each, -1 for none, which save evaluations where
            markets are alike. The search starts where the first, `near`, ended, or at `start`; and goes on from
            there as far as the second, `like`, went from where it began: see `sim.economics.start.following`.
        """
        if on_failure not in ("raise", "warn"):
            raise InputError(f"on_failure: found {on_failure!r}; allowed are 'raise' and 'warn'")
        if absent not in ("price", "leave"):
            raise InputError(f"absent: found {absent!r}; allowed are 'price' and 'leave'")
        given = Arguments(
            quality, cost, weights, capacity, load, complement, royalty, stake, outside, start, shadow, after
        )
        by = self._compiled if chosen(engine) == "numba" else self._readable
        equilibrium = by(given, tolerance, max_iterations, absent == "leave")
        if not equilibrium.converged.all():
            message = (
                f"no equilibrium prices in {(~equilibrium.converged).sum()} of {equilibrium.converged.size} "
                f"market(s): the residual is {equilibrium.residual.max():.2e} after "
                f"{equilibrium.iterations.max()} evaluations, "
                f"allowed is tolerance {tolerance:.0e}; try other start prices, less nesting, "
                "or on_failure='warn' to look at the best point"
            )
            if on_failure == "raise":
                raise EquilibriumError(message, equilibrium)
            warnings.warn(message, EquilibriumWarning, stacklevel=2)
        return equilibrium

    def _readable(
        self, given: Arguments, tolerance: float, iterations: int, leave_absent: bool
    ) -> Equilibrium:
        inputs = Inputs.check(self.game, given)
        state = inputs.state(self.game, leave_absent)
        found = search(inputs, state, self.game, tolerance=tolerance, iterations=iterations)
        return outcome(found, inputs, state, self.game)

    def _compiled(
        self, given: Arguments, tolerance: float, iterations: int, leave_absent: bool
    ) -> Equilibrium:
        from sim.economics.compiled import engine  # takes a while to import

        if self._structure is None:
            object.__setattr__(self, "_structure", engine.structure(self.game))
        return engine.solve_given(
            self.game, self._structure, given, engine.rules(tolerance, iterations, leave_absent)
        )


def solve_prices(
    quality: ArrayLike,
    cost: ArrayLike,
    *,
    price_sensitivity: ArrayLike,
    price_form: PriceForm = "log",
    nests: LabelRows | None = None,
    nesting: ArrayLike = 0.0,
    owner: Labels | None = None,
    weights: ArrayLike | None = None,
    capacity: Capacity | None = None,
    complement: ArrayLike | None = None,
    royalty: ArrayLike | None = None,
    usage_elasticity: float = 0.0,
    outside: ArrayLike = 0.0,
    start: ArrayLike | Equilibrium | None = None,
    tolerance: float = 1e-10,
    at_cost: ArrayLike | None = None,
    royalty_to: Labels | None = None,
    complement_to: Labels | None = None,
    stake: Stakes | None = None,
    pool: Labels | None = None,
    load: ArrayLike = 1.0,
    absent: Absent = "price",
    max_iterations: int = 1000,
    on_failure: OnFailure = "raise",
    engine: Engine | None = None,
) -> Equilibrium:
    """Bertrand-Nash equilibrium prices in a nested-logit market.

    Customers of segment s choose among the offers with utility V_sj = quality_sj - price_sensitivity_s ln p_j
    (or p_j) and an outside option; each uses p_j^(-usage_elasticity) units. Owners set the prices of all
    their offers to maximise profit_f = sum_j (R_fj p_j - C_fj c_j) Q_j, given the prices of the others.

    Parameters
    ----------
    quality
        (offers,), (segments, offers) or (..., segments, offers) with batch axes in front. -inf: the segment
        cannot have the offer. An offer that nobody can have sells nothing and gets the price it would have
        with a vanishing, equal share of every segment.
    cost
        Marginal cost in money per unit, a number or (..., offers), >= 0; > 0 with log prices or a usage
        elasticity.
    price_sensitivity
        > 0, a number or (segments,): the elasticity with log prices, 1 / money with linear ones.
    price_form
        How price enters utility: "log" or "linear".
    nests, nesting
        None; one label per offer and one nesting in [0, 0.9]; or two rows of labels (tier, host) and a pair
        of nestings. The scale of utility is 1 - tier nesting among the host nests of a tier and (1 - tier
        nesting) (1 - host nesting) among the hosts of one nest. With one level the nesting is pyblp's rho.
    owner
        One label per offer, the seller; by default every offer has its own, its index.
    weights
        Size of each segment, (..., segments), >= 0, 1 by default. With customers times budget as weights,
        quantities are in the units in which prices are quoted.
    capacity
        Most that can be sold. Without `pool`: units per offer, (..., offers), NaN or inf for no limit. With
        `pool`: a mapping from pool label to capacity units, or an array (..., pools) in the sorted order of
        the labels.
    pool, load
        Offers of one seller that share capacity, one label per offer (None: in no pool), and capacity units
        per unit sold, (..., offers). Without `pool`, `load` is per unit of the offer's own capacity.
    complement
        Margin earned elsewhere per unit of money spent on the offer, a number or (..., offers).
    complement_to
        Who earns it, one label per offer; by default, and where None, the seller.
    royalty
        Rate on revenue paid by the seller, a number or (..., offers); negative is a subsidy.
    royalty_to
        Who receives it, one label per offer; by default, and where None, nobody in this market.
    stake
        The general form of both: for any owner, the part of the revenue on each offer, (..., offers), that
        accrues to it besides. Owners take all their claims into account when they price their own offers.
    usage_elasticity
        >= 0, fall of use per customer with the price of its own offer.
    outside
        Utility of the outside option, a number or (..., segments).
    at_cost
        (offers,) True where the price is the cost, whoever owns the offer (self-hosting).
    start
        Prices to start from, (..., offers), or an `Equilibrium`, say last month's, whose shadow prices are
        taken too.
    tolerance
        Largest relative residual of first-order conditions and complementary slackness, see
        `sim.economics.first_order.price_step`.
    absent
        "price" offers that nobody can have, as above, or "leave" them at the price that the search starts with,
        which is faster where most offers of a batch are absent from most markets.
    max_iterations
        Most iterations before a general root finder is tried.
    on_failure
        "raise" an `EquilibriumError`, or "warn" and return the best point with `converged` False.
    engine
        "numpy", the readable path, or "numba", the same compiled, which results agree with to rounding. By
        default that of the environment variable AIMARKETS_ENGINE, or "numba" where it is installed.

    Returns
    -------
    Equilibrium

    Raises
    ------
    InputError
        For arguments that are not allowed, among them demand so inelastic that no finite price is optimal.
    EquilibriumError
        If no equilibrium was found.

    Notes
    -----
    Prices follow the zeta fixed point of Morrow & Skerlos (2011, Operations Research 59:2), accelerated
    (Anderson 1965). First-order conditions are necessary, not sufficient: with segments that differ much an
    offer can have a best price for each, and the solution found depends on `start`. With one segment random
    large deviations never pay in the tests.

    With a usage elasticity near 1 customers spend a fixed budget, and an owner may do best to end an offer on
    which it keeps less, after a royalty, than on its others. Such an offer comes out at a ceiling, a million
    times its unit cost (with linear prices plus 1 / price_sensitivity), where it sells next to nothing, and is
    marked in `at_ceiling`.

    Examples
    --------
    >>> duopoly = solve_prices([8.0, 8.0], [1.0, 1.0], price_sensitivity=4.0, price_form="linear")
    >>> duopoly.prices.round(6)
    array([1.472927, 1.472927])
    """
    q = qualities("quality", quality)
    stakes = {label: np.asarray(part, dtype=float) for label, part in (stake or {}).items()}
    for label, part in stakes.items():
        fits(f"stake[{label!r}]", part, ["offers"], [q.shape[-1]])
    held = [part + np.zeros(q.shape[-1]) for part in stakes.values()]
    limited = None
    if pool is None:
        limited = np.zeros(q.shape[-1], dtype=bool)
        if capacity is not None and not isinstance(capacity, Mapping):
            limits = np.asarray(capacity, dtype=float)
            fits("capacity", limits, ["offers"], [q.shape[-1]])
            limited |= np.isfinite(limits).any(axis=tuple(range(limits.ndim - 1)))
    problem = PriceProblem.build(
        q.shape[-1],
        price_sensitivity=price_sensitivity,
        price_form=price_form,
        nests=nests,
        nesting=nesting,
        owner=owner,
        usage_elasticity=usage_elasticity,
        at_cost=at_cost,
        royalty_to=royalty_to,
        complement_to=complement_to,
        stakes=[(label, j) for label in stakes for j in range(q.shape[-1])],
        pool=pool,
        limited=limited,
    )
    return problem.solve(
        q,
        cost,
        weights=weights,
        capacity=capacity,
        load=load,
        complement=complement,
        royalty=royalty,
        stake=np.concatenate(np.broadcast_arrays(*held), axis=-1) if held else None,
        outside=outside,
        start=start,
        absent=absent,
        tolerance=tolerance,
        max_iterations=max_iterations,
        on_failure=on_failure,
        engine=engine,
    )
