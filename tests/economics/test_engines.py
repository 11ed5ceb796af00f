"""The compiled search against the NumPy path, game by game."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sim.economics import EquilibriumWarning, InputError, PriceProblem, solve_prices, solver
from sim.economics.engines import ENVIRONMENT, chosen, prepare, settled

OUTPUTS = ("prices", "shares", "quantities", "profits", "consumer_surplus", "shadow_prices")


def game(seed):
    """Arguments of `solve_prices` for a random game with everything that it knows, or parts of that."""
    rng = np.random.default_rng(seed)
    offers, segments = int(rng.integers(2, 40)), int(rng.integers(1, 12))
    markets = int(rng.choice([1, 1, 3, 5]))
    log = rng.random() < 0.6
    owner, claimant = rng.integers(0, offers // 2 + 1, (2, offers))
    k = {
        "price_form": "log" if log else "linear",
        "price_sensitivity": rng.uniform(1.3, 5.0, segments) if log else rng.uniform(0.5, 3.0, segments),
        "usage_elasticity": float(rng.choice([0.0, 0.5, 1.0])),
        "outside": rng.normal(size=segments),
        "weights": rng.uniform(0, 2, (markets, segments)),
        "quality": rng.normal(2.0 if log else 5.0, 1.5, (markets, segments, offers)),
        "cost": rng.uniform(0.3, 3.0, (markets, offers)),
    }
    if rng.random() < 0.5:
        k["price_sensitivity"] = rng.choice(k["price_sensitivity"], segments)  # some share one
    if rng.random() < 0.3 and segments > 1:
        k["weights"][..., 0] = 0.0
    if rng.random() < 0.5:
        k["quality"][rng.random(k["quality"].shape) < rng.choice([0.1, 0.4, 0.8])] = -np.inf
        k["quality"][rng.integers(markets), :, rng.integers(offers)] = -np.inf
    tier, host = rng.integers(0, 3, offers), rng.integers(0, offers // 4 + 1, offers)
    levels = rng.integers(0, 4)
    if levels == 1:
        k |= {"nests": host, "nesting": float(rng.uniform(0.1, 0.7))}
    elif levels > 1:
        k |= {
            "nests": (tier, host),
            "nesting": (float(rng.choice([0, 0.4])), float(rng.choice([0, 0.3, 0.6]))),
        }
    fixed = rng.random(offers) < rng.choice([0.0, 0.2])
    owner[fixed] = offers + np.flatnonzero(fixed)
    k |= {"at_cost": fixed, "owner": owner}
    if rng.random() < 0.5:
        k |= {"royalty": rng.uniform(0, 0.3, offers), "royalty_to": claimant - 1}
    if rng.random() < 0.3:
        k |= {"complement": rng.uniform(0, 0.4, offers), "complement_to": claimant - 1}
    if rng.random() < 0.3:
        k |= {"stake": {int(owner[0]): rng.uniform(0, 0.2, offers)}}
    limits = rng.random()
    if limits < 0.4:
        free = fixed | (rng.random(offers) < 0.5)
        k |= {"capacity": np.where(free, np.inf, rng.uniform(0.02, 1.0, offers))}
    elif limits < 0.7:
        pool = np.where(fixed | (rng.random(offers) < 0.3), -1, owner)
        some = {
            int(label): rng.uniform(0.1, 3.0, markets) for label in pool if label >= 0 and rng.random() < 0.7
        }
        k |= {"pool": pool, "capacity": some}
    return k | {"load": rng.uniform(0.5, 2.0, offers), "tolerance": 1e-12}


def both(keywords):
    return [solve_prices(**keywords, engine=engine, on_failure="warn") for engine in ("numpy", "numba")]


def assert_equal_results(plain, fast, rtol=1e-9):
    assert plain.converged.all()
    assert fast.converged.all()
    for name in OUTPUTS:
        values = getattr(plain, name)
        size = np.abs(values).max(initial=1e-300)
        np.testing.assert_allclose(
            getattr(fast, name), values, rtol=rtol, atol=rtol * 1e-3 * size, err_msg=name
        )
    np.testing.assert_array_equal(fast.at_ceiling, plain.at_ceiling)


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_engines_agree(first):
    solved = 0
    for seed in range(first, first + 20):
        keywords = game(seed)
        try:
            plain, fast = both(keywords)
        except InputError:  # demand too inelastic
            continue
        assert_equal_results(plain, fast)
        solved += plain.converged.size
    assert solved > 20


@pytest.mark.parametrize("seed", range(40, 52))
def test_results_are_the_same_bit_for_bit_alone_or_in_a_batch(seed):
    keywords = game(seed)
    problem = {name: keywords.pop(name) for name in ("quality", "cost", "weights")}
    try:
        together = solve_prices(**problem, **keywords, engine="numba")
    except InputError:
        pytest.skip("demand too inelastic")
    again = solve_prices(**problem, **keywords, engine="numba")
    for name in (*OUTPUTS, "residual", "iterations"):
        np.testing.assert_array_equal(getattr(together, name), getattr(again, name))
    if isinstance(keywords.get("capacity"), dict):
        return  # by market
    for m in range(len(together.prices)):
        alone = solve_prices(**{name: part[m] for name, part in problem.items()}, **keywords, engine="numba")
        np.testing.assert_array_equal(together.prices[m], alone.prices)
        np.testing.assert_array_equal(together.shadow_prices[m], alone.shadow_prices)


def test_threads_share_no_room():
    """Bit for bit: each thread has room of its own, whatever games it had before, small and large."""

    def prices(seed):
        try:
            return solve_prices(**game(seed), engine="numba", on_failure="warn").prices
        except InputError:  # demand too inelastic
            return np.zeros(0)

    seeds = [seed for seed in range(20) for _ in range(3)]
    alone = [prices(seed) for seed in seeds]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(prices, reversed(seeds)))
    assert sum(map(len, alone)) > 0
    for one, other in zip(alone, reversed(together), strict=True):
        np.testing.assert_array_equal(one, other)


def test_few_results_are_those_of_offers_at_cost():
    from sim.economics.compiled import engine as compiled
    from sim.economics.inputs import Arguments, Inputs

    rng = np.random.default_rng(5)
    at_cost = np.array([False, True, False, True, False])
    quality = rng.normal(2.0, 1.0, (3, 4, 5))
    quality[1, :, 3] = quality[2, 2, :2] = -np.inf
    problem = PriceProblem.build(5, price_sensitivity=3.0, owner=np.arange(5), at_cost=at_cost)
    given = Arguments(quality, np.ones(5), None, None, 1.0, None, None, None, 0.0, None)
    raw, known = Inputs.check(problem.game, given).raw, compiled.structure(problem.game)
    full, few = (
        compiled.solve_arrays(known, raw, compiled.rules(1e-10, 100, few=flag)) for flag in (False, True)
    )
    assert full.solved.all()
    for name in ("prices", "quantities", "shadow", "evaluations", "residual", "solved"):
        np.testing.assert_array_equal(getattr(full, name), getattr(few, name), err_msg=name)
    there = at_cost & (quality > -np.inf).any(axis=1)
    for market in range(3):
        shares = (result.shares[market][:, there[market]] for result in (full, few))
        np.testing.assert_array_equal(*shares)
    assert not there[1, 3]
    assert full.shares[:, :, 1].max() > 0.0


@pytest.mark.parametrize("price_form", ["log", "linear"])
def test_offers_with_hardly_a_buyer(price_form):
    quality = np.array([[3.0, 2.0, -800.0, -3000.0], [1.0, 2.0, -700.0, -3000.0]])
    keywords = {
        "quality": quality,
        "cost": np.ones(4),
        "price_sensitivity": [2.0, 3.0],
        "price_form": price_form,
        "nests": (["a", "b", "b", "c"], ["a", "b", "b", "c"]),
        "nesting": (0.3, 0.3),
        "owner": [0, 1, 1, 2],
        "tolerance": 1e-12,
    }
    assert_equal_results(*both(keywords))


def test_a_start_far_away_moves_the_reference():
    keywords = game(3) | {"usage_elasticity": 0.0, "price_form": "log"}
    keywords["start"] = keywords["cost"] * np.geomspace(1.0, 1e9, keywords["cost"].shape[-1])
    plain, fast = both(keywords)
    assert_equal_results(plain, fast)
    near = solve_prices(**keywords | {"start": None}, engine="numba")
    np.testing.assert_allclose(fast.prices, near.prices, rtol=1e-8)


def test_prices_at_the_ceiling():
    keywords = {
        "quality": [5.0, 5.0, 3.0],
        "cost": [1.0, 1.0, 1.0],
        "price_sensitivity": 1.2,
        "usage_elasticity": 1.0,
        "owner": [0, 0, 1],
        "royalty": [0.0, 0.9, 0.0],
        "tolerance": 1e-11,
    }
    plain, fast = both(keywords)
    assert plain.at_ceiling.any()
    assert_equal_results(plain, fast)


def test_a_failed_start_is_followed_by_the_default_one(monkeypatch):
    def not_needed(*_):
        raise AssertionError("the general root finder was called")

    monkeypatch.setattr(solver, "_general_root", not_needed)
    keywords = {"quality": [2.0, 1.0, 0.5], "cost": [1.0, 2.0, 1.5], "price_sensitivity": 2.5}
    plain = solve_prices(**keywords)
    assert plain.iterations < 30
    for engine in ("numpy", "numba"):
        stale = {"start": [1e40, 1e-3, 1e40], "max_iterations": 30, "engine": engine}
        again = solve_prices(**keywords, **stale)
        assert 30 < again.iterations < 60
        np.testing.assert_allclose(again.prices, plain.prices, rtol=1e-8)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_what_the_iteration_leaves_goes_to_the_root_finder(engine):
    """Three evaluations are too few for the second market; the others are as they would be without it."""
    keywords = {
        "quality": [[[2.0, 1.0]], [[1.0, 1.5]], [[0.0, 0.0]]],
        "cost": [1.0, 2.0],
        "price_sensitivity": 2.5,
        "engine": engine,
    }
    plain = solve_prices(**keywords)
    start = plain.prices.copy()
    start[1] *= 2.0
    found = solve_prices(**keywords, start=start, max_iterations=3)
    assert found.converged.all()
    assert found.iterations[0] == found.iterations[2] == 1
    assert found.iterations[1] > 6  # three from each start, and then the root finder's
    np.testing.assert_allclose(found.prices, plain.prices, rtol=1e-8)
    np.testing.assert_allclose(found.shares, plain.shares, rtol=1e-7)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_price_that_is_a_giveaway_is_no_equilibrium(engine, monkeypatch):
    """With all prices below the mark every point counts as a giveaway: none is passed off as an equilibrium."""
    keywords = {"quality": [2.0, 1.0], "cost": [1.0, 2.0], "price_sensitivity": 2.5, "engine": engine}
    assert solve_prices(**keywords).converged
    monkeypatch.setattr(solver, "GIVEAWAY", 1e4)
    if engine == "numba":
        from sim.economics.compiled import engine as compiled

        constants = compiled._CONSTANTS
        monkeypatch.setattr(compiled, "_CONSTANTS", (*constants[:-2], 1e4, constants[-1]))
    with pytest.warns(EquilibriumWarning):
        astray = solve_prices(**keywords, start=[1.5, 3.0], on_failure="warn")
    assert not astray.converged
    assert astray.residual <= 1e-10


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_absent_offers_can_be_left_where_they_are(first):
    """The others are in equilibrium, with either engine."""
    absent = 0
    for seed in range(first, first + 20):
        keywords = game(seed) | {"absent": "leave"}
        keywords["start"] = 1.7 * keywords["cost"]
        try:
            plain, fast = both(keywords)
        except InputError:  # demand too inelastic
            continue
        assert_equal_results(plain, fast)
        priced = solve_prices(**keywords | {"absent": "price", "start": fast.prices})
        weights = np.broadcast_to(keywords["weights"], (len(priced.prices), len(keywords["outside"])))
        there = (np.isfinite(keywords["quality"]) & (weights > 0)[:, :, None]).any(axis=1)
        np.testing.assert_allclose(fast.prices[there], priced.prices[there], rtol=1e-9)
        left = ~there & ~keywords["at_cost"]
        claims = keywords.get("royalty", 0.0) - keywords.get("complement", 0.0)
        if "stake" not in keywords and np.max(claims) <= 0.0:
            np.testing.assert_allclose(fast.prices[left], (1.7 * keywords["cost"])[left], rtol=1e-13)
        absent += left.sum()
    assert absent > 0
    with pytest.raises(InputError, match="absent: found 'drop'; allowed are 'price' and 'leave'"):
        solve_prices([1.0], [1.0], price_sensitivity=2.0, absent="drop")


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": [[np.nan, 1.0]]},
        {"quality": [[np.inf, 1.0]]},
        {"cost": [1.0, -1.0]},
        {"cost": [0.0, 1.0]},
        {"cost": [np.inf, 1.0]},
        {"weights": [-1.0]},
        {"weights": [np.nan]},
        {"outside": np.inf},
        {"load": [0.0, 1.0]},
        {"royalty": [np.nan, 0.0]},
        {"royalty": [1.0, 0.0]},
        {"complement": [np.inf, 0.0]},
        {"capacity": [0.0, 1.0]},
        {"start": [0.0, 1.0]},
        {"start": [np.nan, 1.0]},
    ],
)
def test_compiled_code_refuses_what_the_readable_checks_do(wrong):
    """Each sees the numbers of usual shapes first; the readable one then says what is wrong."""
    problem = PriceProblem.build(2, price_sensitivity=2.0, limited=[True, True])
    numbers = {"quality": [[1.0, 1.0]], "cost": [1.0, 1.0]}
    problem.solve(**numbers)
    messages = []
    for engine in ("numpy", "numba"):
        with pytest.raises(InputError) as error:
            problem.solve(**numbers | wrong, engine=engine)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_labels_as_integers_or_words_are_the_same():
    keywords = game(11)
    words = {
        "owner": [f"{label:03d}" for label in keywords["owner"]],
        "nests": [f"n{label}" for label in np.arange(len(keywords["owner"])) % 3],
        "nesting": 0.4,
    }
    numbers = {"owner": keywords["owner"], "nests": np.arange(len(keywords["owner"])) % 3, "nesting": 0.4}
    rest = {name: keywords[name] for name in ("price_form", "price_sensitivity", "at_cost")}
    solved = [
        PriceProblem.build(len(keywords["owner"]), **rest, **labels).solve(
            keywords["quality"], keywords["cost"]
        )
        for labels in (words, numbers)
    ]
    np.testing.assert_array_equal(solved[0].prices, solved[1].prices)
    np.testing.assert_array_equal(solved[0].profits, solved[1].profits)
    assert solved[0].owners == tuple(f"{label:03d}" for label in solved[1].owners)


def test_choice_of_engine(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert chosen(None) == "numba"
    assert chosen("numpy") == "numpy"
    monkeypatch.setenv(ENVIRONMENT, "numpy")
    assert chosen(None) == "numpy"
    assert chosen("numba") == "numba"
    monkeypatch.setenv(ENVIRONMENT, "fortran")
    with pytest.raises(
        InputError, match="AIMARKETS_ENGINE: found 'fortran'; allowed are 'numba' and 'numpy'"
    ):
        solve_prices([1.0], [1.0], price_sensitivity=2.0)
    with pytest.raises(InputError, match="engine: found 'f77'"):
        solve_prices([1.0], [1.0], price_sensitivity=2.0, engine="f77")


def test_an_engine_can_be_settled_for_a_while(monkeypatch):
    """A run looks at the environment once; what names its engine gets that one all the same."""
    monkeypatch.setenv(ENVIRONMENT, "numba")
    with pytest.raises(RuntimeError, match="the run fails"), settled("numpy"):
        assert chosen(None) == "numpy"
        assert chosen("numba") == "numba"
        raise RuntimeError("the run fails")
    assert chosen(None) == "numba"


def test_engines_can_be_loaded_beforehand():
    assert prepare("numpy") < prepare() + 1.0
    assert prepare() < 1.0


def test_numba_is_not_imported_before_prices_are_solved_for():
    code = "import sys, sim, sim.cli, sim.economics.solver; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
