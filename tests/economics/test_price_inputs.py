"""What `solve_prices` refuses, and what it says."""

import pickle

import numpy as np
import pytest

from sim.economics import EquilibriumError, EquilibriumWarning, InputError, solve_prices


class TestFailure:
    """It never passes in silence."""

    market = {"price_sensitivity": 1.0, "price_form": "linear", "max_iterations": 5}

    def test_raises_with_the_residual(self):
        """A seller so far above the rest that its price is thousands of steps away."""
        with pytest.raises(EquilibriumError) as error:
            solve_prices([3000.0], [0.25], **self.market)
        residual = error.value.residual
        assert 0.1 < residual < 1
        assert str(error.value).startswith(
            f"no equilibrium prices in 1 of 1 market(s): the residual is {residual:.2e} after "
        )
        assert not error.value.equilibrium.converged
        copy = pickle.loads(pickle.dumps(error.value))
        assert str(copy) == str(error.value)
        assert copy.residual == residual

    def test_warns_and_marks_the_result(self):
        with pytest.warns(
            EquilibriumWarning, match="^no equilibrium prices in 1 of 2 market.* allowed is tolerance 1e-10"
        ):
            equilibrium = solve_prices([[[3000.0]], [[1.0]]], [0.25], **self.market, on_failure="warn")
        assert equilibrium.converged.tolist() == [False, True]
        assert "1 NOT CONVERGED" in repr(equilibrium)

    def test_the_general_root_finder_is_the_last_resort(self):
        """Two steps of the iteration are not enough; the root finder then is."""
        keywords = {"price_sensitivity": 4.0, "price_form": "linear", "max_iterations": 2}
        equilibrium = solve_prices([8, 8], [1, 1], **keywords)
        np.testing.assert_allclose(equilibrium.prices, 1.472926660, atol=1e-8)
        assert equilibrium.iterations > 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"quality": [1.0, np.nan]},
            "quality: found NaN; allowed are finite numbers, and -inf for an offer that is not available",
        ),
        (
            {"quality": 1.0},
            "quality: found shape (); allowed is (offers,) or (..., segments, offers), none of them 0",
        ),
        ({"cost": [1.0, -0.5]}, "cost: found -0.5 at index 1; allowed are finite numbers >= 0"),
        (
            {"cost": [1.0, 1.0, 1.0]},
            "cost: found shape (3,); allowed is a number or (..., offers), here (..., 2)",
        ),
        (
            {"cost": [1.0, 0.0]},
            "cost: found 0; allowed are numbers > 0, since with log prices or a usage elasticity "
            "no positive price of an offer without cost is optimal",
        ),
        ({"price_sensitivity": 0.0}, "price_sensitivity: found 0; allowed are finite numbers > 0"),
        (
            {"price_sensitivity": [1.5, 1.5]},
            "price_sensitivity: found shape (2,); allowed is a number or (..., segments), here (..., 1)",
        ),
        ({"price_form": "cubic"}, "price_form: found 'cubic'; allowed are 'log' and 'linear'"),
        ({"usage_elasticity": -0.1}, "usage_elasticity: found -0.1; allowed are finite numbers >= 0"),
        ({"nests": "ab", "nesting": 1.0}, "nesting: found 1; allowed are values from 0 to 0.9"),
        ({"owner": ["a"]}, "owner: found 1 labels; allowed is one per offer, here 2"),
        ({"weights": [-1.0]}, "weights: found -1 at index 0; allowed are finite numbers >= 0"),
        (
            {"weights": [1.0, 2.0]},
            "weights: found shape (2,); allowed is a number or (..., segments), here (..., 1)",
        ),
        ({"outside": -np.inf}, "outside: found -inf; allowed are finite numbers"),
        ({"start": [1.0, 0.0]}, "start: found 0 at index 1; allowed are finite numbers > 0"),
        (
            {"start": np.ones((3, 2))},
            "start: found batch axes (3,); allowed are those of the other arguments, ()",
        ),
        ({"royalty": np.nan}, "royalty: found nan; allowed are finite numbers"),
        (
            {"royalty": [0.2, 1.0]},
            "royalty: the seller of offer 1 keeps 0 of its revenue; "
            "allowed is 1 - royalty + complement + own stake > 0",
        ),
        (
            {"stake": {"x": [0.1] * 3}},
            "stake['x']: found shape (3,); allowed is a number or (..., offers), here (..., 2)",
        ),
        ({"at_cost": [True]}, "at_cost: found shape (1,); allowed is (offers,), here (2,)"),
        ({"load": 0.0}, "load: found 0; allowed are finite numbers > 0"),
        ({"on_failure": "ignore"}, "on_failure: found 'ignore'; allowed are 'raise' and 'warn'"),
        (
            {"quality": [[[1.0, 2.0]]] * 3, "cost": [[1.0, 1.0]] * 2},
            "batch axes: found quality (3,), cost (2,); allowed are shapes that broadcast",
        ),
    ],
)
def test_messages(change, message):
    arguments = {"quality": [1.0, 2.0], "cost": [1.0, 1.0], "price_sensitivity": 1.5} | change
    quality, cost = arguments.pop("quality"), arguments.pop("cost")
    with pytest.raises(InputError) as error:
        solve_prices(quality, cost, **arguments)
    assert str(error.value) == message


class TestFinitePrices:
    """With log prices a seller without close rivals needs an elasticity above 1, or its price has no end."""

    def test_alone_in_its_nest(self):
        with pytest.raises(InputError) as error:
            solve_prices([1.0, 1.0], [1.0, 1.0], price_sensitivity=0.8, nests="ab", nesting=0.5)
        assert str(error.value) == (
            "price_sensitivity: found 0.8 for segment 0, with usage_elasticity 0; "
            "there the elasticity of offer 0 falls to 0.8 as its price rises, "
            "so that no finite price is optimal; allowed are limits above 1"
        )

    def test_usage_elasticity_helps(self):
        equilibrium = solve_prices([1.0, 1.0], [1.0, 1.0], price_sensitivity=0.8, usage_elasticity=0.3)
        assert equilibrium.converged

    @pytest.mark.parametrize("owner", ["xx", "xy"])
    def test_rivals_in_the_nest_help_if_they_are_rivals(self, owner):
        keywords = {"price_sensitivity": 0.8, "nests": "aa", "nesting": 0.5, "owner": list(owner)}
        if owner == "xy":
            assert solve_prices([1.0, 1.0], [1.0, 1.0], **keywords).converged
        else:
            with pytest.raises(InputError, match="no finite price is optimal"):
                solve_prices([1.0, 1.0], [1.0, 1.0], **keywords)

    def test_an_offer_at_cost_is_a_rival_to_its_own_seller(self):
        keywords = {"price_sensitivity": 0.8, "nests": "aa", "nesting": 0.5, "owner": list("xx")}
        assert solve_prices([1.0, 1.0], [1.0, 1.0], at_cost=[True, False], **keywords).converged

    def test_a_captive_segment_is_enough_to_fail(self):
        quality = [[1.0, 1.0], [1.0, -np.inf]]
        keywords = {"price_sensitivity": 0.8, "nests": "aa", "nesting": 0.5}
        with pytest.raises(InputError, match=r"for segment 1, .* offer 0 falls to 0\.8"):
            solve_prices(quality, [1.0, 1.0], **keywords)
        assert solve_prices(quality, [1.0, 1.0], weights=[1.0, 0.0], **keywords).converged

    def test_rivals_elsewhere_in_the_tier_help_as_far_as_the_tier_goes(self):
        keywords = {"price_sensitivity": 0.8, "nests": ("aa", "xy"), "nesting": (0.5, 0.5)}
        keywords["nests"] = tuple(list(row) for row in keywords["nests"])
        assert solve_prices([1.0, 1.0], [1.0, 1.0], **keywords).converged
        with pytest.raises(InputError, match="falls to 1 as its price rises"):
            solve_prices([1.0, 1.0], [1.0, 1.0], **(keywords | {"price_sensitivity": 0.5}))
