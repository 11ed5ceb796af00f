from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy import integrate, stats

from sim.scenario.uncertainty import AnyDistribution, Distribution

ADAPTER: TypeAdapter[Distribution] = TypeAdapter(AnyDistribution)
SHARE = "allowed: a number >= 0 and < 1"
GRID = [1e-12, 1e-6, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1 - 1e-6]

PAIRS = {
    "triangular": ({"low": 1, "mode": 2, "high": 6}, stats.triang(0.2, 1, 5)),
    "triangular at its low end": ({"low": 1, "mode": 1, "high": 6}, stats.triang(0, 1, 5)),
    "triangular at its high end": ({"low": 1, "mode": 6, "high": 6}, stats.triang(1, 1, 5)),
    "uniform": ({"low": -2, "high": 3}, stats.uniform(-2, 5)),
    "loguniform": ({"low": 1e-3, "high": 1e9}, stats.loguniform(1e-3, 1e9)),
    "normal": ({"mean": 3, "sd": 2}, stats.norm(3, 2)),
    "normal cut off": ({"mean": 3, "sd": 2, "low": 0, "high": 4}, stats.truncnorm(-1.5, 0.5, 3, 2)),
    "normal cut off below": ({"mean": 3, "sd": 2, "low": 3}, stats.truncnorm(0, math.inf, 3, 2)),
    "lognormal": ({"median": 5, "sigma": 0.7}, stats.lognorm(0.7, scale=5)),
}


def made(name: str, **values: object) -> Distribution:
    return ADAPTER.validate_python({"dist": name.split()[0], **values})


@pytest.mark.parametrize("name", PAIRS)
def test_quantiles_agree_with_scipy(name):
    values, reference = PAIRS[name]
    distribution = made(name, **values)
    for u in GRID:
        assert distribution.quantile(u) == pytest.approx(reference.ppf(u), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_the_support_is_that_of_scipy(name):
    values, reference = PAIRS[name]
    assert made(name, **values).support == pytest.approx(reference.support())


def test_a_lognormal_cut_off_is_a_normal_cut_off_in_logarithms():
    cut = made("lognormal", median=2, sigma=0.5, low=1, high=3)
    reference = stats.truncnorm(math.log(1 / 2) / 0.5, math.log(3 / 2) / 0.5, math.log(2), 0.5)
    for u in GRID:
        assert cut.quantile(u) == pytest.approx(math.exp(reference.ppf(u)), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "values", "central"),
    [
        ("triangular", {"low": 1, "mode": 2, "high": 6}, 2),
        ("uniform", {"low": -2, "high": 3}, 0.5),
        ("loguniform", {"low": 1e-2, "high": 1e4}, 10),
        ("normal", {"mean": 3, "sd": 2, "low": 0}, 3),
        ("lognormal", {"median": 5, "sigma": 1}, 5),
        ("discrete", {"values": [4, 7, 9], "weights": [1, 3, 3]}, 7),
        ("discrete", {"values": [4, 7]}, 4),
    ],
)
def test_the_central_value_is_the_one_documented(name, values, central):
    assert made(name, **values).central == pytest.approx(central)


def test_a_discrete_distribution_takes_each_value_as_often_as_its_weight_says():
    distribution = made("discrete", values=[30, 10, 20], weights=[1, 2, 1])
    drawn = [distribution.quantile((i + 0.5) / 1000) for i in range(1000)]
    assert {value: drawn.count(value) for value in (10, 20, 30)} == {10: 500, 20: 250, 30: 250}
    assert distribution.atoms == (30, 10, 20)


def test_a_value_of_weight_zero_is_never_drawn():
    distribution = made("discrete", values=[1, 2, 3], weights=[0, 1, 0])
    assert {distribution.quantile(u) for u in (1e-300, *GRID, 1 - 1e-16)} == {2}
    assert distribution.support == (2, 2)


@pytest.mark.parametrize("name", sorted(PAIRS.keys() - {"loguniform"}))  # whose mean lies in its last sliver
def test_the_mean_of_many_quantiles_is_the_mean_of_the_distribution(name):
    values, reference = PAIRS[name]
    mean, _ = integrate.quad(made(name, **values).quantile, 0, 1, limit=200)
    assert mean == pytest.approx(reference.mean(), rel=1e-5)


BOUNDED = st.one_of(
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
    .filter(lambda x: min(x) < max(x))
    .map(sorted)
    .map(lambda x: made("triangular", low=x[0], mode=x[1], high=x[2])),
    st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)).map(
        lambda x: made("uniform", low=x[0], high=x[0] + x[1])
    ),
    st.tuples(st.floats(1e-6, 1e6), st.floats(1.001, 1e6)).map(
        lambda x: made("loguniform", low=x[0], high=x[0] * x[1])
    ),
    st.tuples(st.floats(-10, 10), st.floats(0.1, 10), st.floats(0, 30), st.floats(0.1, 30)).map(
        lambda x: made("normal", mean=x[0], sd=x[1], low=x[0] - x[2], high=x[0] + x[3])
    ),
)


@given(BOUNDED, st.lists(st.floats(1e-15, 1 - 1e-15), min_size=2, max_size=5))
def test_quantiles_rise_with_u_and_stay_within_the_support(distribution, us):
    low, high = distribution.support
    drawn = [distribution.quantile(u) for u in sorted(us)]
    slack = 1e-9 * max(abs(low), abs(high), high - low)
    assert all(low - slack <= value <= high + slack for value in drawn)
    assert all(one <= other + slack for one, other in itertools.pairwise(drawn))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{dist: triangle, low: 0, high: 1}",
         ".dist: found 'triangle'; allowed: triangular, uniform, loguniform, normal, lognormal, discrete, sample "
         "(did you mean 'triangular'?)"),
        ("{dist: triangular, low: 0.3, mode: 0.2, high: 0.6}",
         ": low 0.3, mode 0.2, high 0.6; allowed: low <= mode <= high, low < high"),
        ("{dist: triangular, low: 0.3, high: 0.6}", ".mode: missing; allowed: a number"),
        ("{dist: uniform, low: 0.3, high: 0.3}", ": low 0.3, high 0.3; allowed: low < high"),
        ("{dist: uniform, low: 0.3, hihg: 0.5, high: 0.6}",
         ".hihg: unknown name; allowed: dist, together, low, high (did you mean 'high'?)"),
        ("{dist: uniform, low: a, high: 0.6}", ".low: found 'a'; allowed: a number"),
        ("{dist: uniform, low: 0.5, high: 1.5}", f": a distribution from 0.5 to 1.5; {SHARE}"),
        ("{dist: loguniform, low: 0, high: 0.6}", ".low: found 0; allowed: a number > 0"),
        ("{dist: normal, mean: 0.5, sd: 0.1}",
         f": a distribution from -inf to inf; {SHARE}"),
        ("{dist: normal, mean: 0.5, sd: 0, low: 0, high: 1}", ".sd: found 0; allowed: a number > 0"),
        ("{dist: normal, mean: 0.5, sd: 0.1, low: 0.6, high: 1}",
         ": low 0.6, centre 0.5, high 1; allowed: low <= centre <= high, low < high"),
        ("{dist: normal, mean: 0.5, sd: 1e12, low: 0.4, high: 0.6}",
         ": 0.4 to 0.6, which keeps almost nothing; allowed: bounds that keep more of it"),
        ("{dist: lognormal, median: 0.5, sigma: 1}", f": a distribution from 0 to inf; {SHARE}"),
        ("{dist: discrete, values: [0.1, 1]}", f": a distribution from 0.1 to 1; {SHARE}"),
        ("{dist: discrete, values: []}", ".values: found an empty list; "
         "allowed: List should have at least 1 item after validation, not 0"),
        ("{dist: discrete, values: [0.1], weights: [1, 2]}",
         ": 2 weights for 1 values; allowed: a weight for each value"),
        ("{dist: discrete, values: [0.1], weights: [0]}",
         ": weights that are all 0; allowed: a weight above 0"),
    ],
)
def test_a_distribution_that_cannot_stand_there(desk, text, message):
    found = desk.problems(f"extends: base\nmarket:\n  inertia: {text}\n")
    assert found == [f"x.yaml:3: market.inertia{message}"]


def test_an_open_bound_may_be_approached_by_a_continuous_distribution_only(desk):
    desk.read("extends: base\nmarket: {inertia: {dist: uniform, low: 0, high: 1}}\n")
    (message,) = desk.problems("extends: base\nmarket: {inertia: {dist: discrete, values: [0, 1]}}\n")
    assert "from 0 to 1; allowed: a number >= 0 and < 1" in message


def test_a_distribution_may_stand_only_where_a_number_may(desk):
    spread = "{dist: uniform, low: 0, high: 1}"
    text = f"extends: base\nmarket: {{open: {spread}}}\nlabs: {{openai: {{mode: {spread}}}}}\n"
    assert desk.problems(text) == [
        "x.yaml:2: market.open: found a distribution; allowed: true or false",
        "x.yaml:3: labs.openai.mode: found a distribution; allowed: one of: closed, open_lagged, open",
    ]


def test_distributions_stand_in_mappings_optional_numbers_events_and_whole_numbers(desk):
    text = """\
extends: base
labs:
  openai:
    cap: {dist: lognormal, median: 3, sigma: 1}
    staff: {dist: discrete, values: [3, 5], weights: [1, 4]}
    trust: {china: {dist: uniform, low: 0.2, high: 0.4}}
"""
    resolved = desk.read(text, ["events.controls.share={dist: uniform, low: 0, high: 1}"])
    assert list(resolved.distributions) == [
        "labs.openai.cap",
        "labs.openai.staff",
        "labs.openai.trust.china",
        "events.controls.share",
    ]
    openai = resolved.scenario.labs["openai"]
    assert (openai.cap, openai.staff, openai.trust["china"]) == (3, 5, pytest.approx(0.3))
