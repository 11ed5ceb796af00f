"""Boxes: regions that are known are found, noise is not, and what is doubtful is said to be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from sim.analysis.boxes import Cases, Limit, inside, quasi_p, simplified
from sim.analysis.discovery import Discovery, describe
from sim.analysis.points import Points
from sim.run.errors import RunError

FACTORS = ("a.capex", "a.margin", "b.price", "b.cost", "scenario", "switch")
Region = Callable[[pd.DataFrame], "pd.Series[bool]"]


def design(points: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.random((points, 4)), columns=list(FACTORS[:4]))
    frame["a.capex"] *= 1e9
    frame["scenario"] = rng.choice(["baseline", "no-controls", "tight rules"], points)
    frame["switch"] = rng.random(points) < 0.5
    frame.insert(0, "point", np.arange(points))
    return frame


def swept(frame: pd.DataFrame, region: Region, replicates: int = 1) -> pd.DataFrame:
    """Runs with `share` 0.9 within a region and 0.1 outside."""
    share = np.where(region(frame), 0.9, 0.1)
    runs = [frame.assign(replicate=r, seed=r, status="done", share=share) for r in range(replicates)]
    return pd.concat(runs, ignore_index=True).sort_values(["point", "replicate"], ignore_index=True)


def found(runs: pd.DataFrame, where: str = "share > 0.5", **options: float) -> Discovery:
    points = Points.of(runs.drop_duplicates("point"), FACTORS)
    return describe(runs, points, where, ("share",), **options)  # type: ignore[arg-type]


def limits(found: Discovery, box: str = "1") -> dict[tuple[str, str], float | str]:
    rows = found.limits[found.limits["box"] == box]
    return {
        (row["factor"], row["side"]): row["levels"] or row["at"] for row in rows.to_dict("records")
    }


def held(found: Discovery, box: str, frame: pd.DataFrame) -> pd.Series[bool]:
    """Which rows a box holds, by what it says."""
    mask = pd.Series(True, index=frame.index)
    for (factor, side), value in limits(found, box).items():
        column = frame[factor]
        if side == "levels":
            mask &= column.astype(str).str.lower().isin(str(value).split(", "))
        else:
            mask &= column > value if side == "above" else column <= value
    return mask


def one_box(frame: pd.DataFrame) -> pd.Series[bool]:
    inner = frame["a.capex"].between(0.3e9, 0.7e9) & (frame["b.price"] > 0.4)
    return inner & (frame["scenario"] != "no-controls")


def two_boxes(frame: pd.DataFrame) -> pd.Series[bool]:
    upper = (frame["a.capex"] > 0.6e9) & (frame["a.margin"] > 0.6)
    return upper | (frame["b.price"] < 0.3) & (frame["b.cost"] < 0.5) & frame["switch"]


def test_a_box_is_found_as_it_is() -> None:
    frame = design(1000)
    result = found(swept(frame, one_box))
    assert result.boxes[["box", "coverage", "density"]].to_numpy().tolist() == [["1", 1, 1], ["all", 1, 1]]
    assert result.boxes["mass"].to_list() == pytest.approx([one_box(frame).mean()] * 2)
    there = limits(result)
    assert there.keys() == {
        ("a.capex", "above"), ("a.capex", "up to"), ("b.price", "above"), ("scenario", "levels"),
    }  # fmt: skip
    assert there["scenario", "levels"] == "baseline, tight rules"
    # with 1000 points the gap around a limit is a few thousandths wide
    assert there["a.capex", "above"] == pytest.approx(0.3e9, abs=0.01e9)
    assert there["a.capex", "up to"] == pytest.approx(0.7e9, abs=0.01e9)
    assert there["b.price", "above"] == pytest.approx(0.4, abs=0.01)
    assert (result.limits["recurs"] > 0.95).all()
    assert (result.limits["quasi_p"] < 1e-6).all()
    numbers = result.limits[result.limits["side"] != "levels"]
    assert ((numbers["at_low"] <= numbers["at"]) & (numbers["at"] <= numbers["at_high"])).all()
    assert (result.boxes[["coverage_left_out", "density_left_out"]] > 0.9).all(axis=None)


def test_two_boxes_are_found_with_what_they_hold_together() -> None:
    frame = design(1500)
    result = found(swept(frame, two_boxes), resamples=20)
    assert set(limits(result, "1")) == {("a.capex", "above"), ("a.margin", "above")}
    assert set(limits(result, "2")) == {("b.price", "up to"), ("b.cost", "up to"), ("switch", "levels")}
    assert limits(result, "2")["switch", "levels"] == "true"
    coverage = result.boxes.set_index("box")["coverage"]
    assert coverage["1"] > coverage["2"]
    assert coverage["all"] > 0.95


def test_what_is_printed_can_be_recounted() -> None:
    runs = swept(design(600), two_boxes)
    result = found(runs, resamples=0)
    above = runs["share"] > 0.5
    for box in ("1", "2"):
        mask = held(result, box, runs)
        row = result.boxes.set_index("box").loc[box]
        assert row["density"] == pytest.approx(above[mask].mean())
        assert row["coverage"] == pytest.approx((above & mask).sum() / above.sum())
        assert row["mass"] == pytest.approx(mask.mean())


def test_the_scale_of_a_parameter_does_not_matter() -> None:
    runs = swept(design(400), one_box)
    other = runs.assign(**{"a.capex": np.log(runs["a.capex"])})
    one, two = found(runs, resamples=10), found(other, resamples=10)
    pd.testing.assert_frame_equal(one.boxes, two.boxes)
    columns = ["factor", "side", "quasi_p", "recurs"]
    pd.testing.assert_frame_equal(one.limits[columns], two.limits[columns])


def test_equal_replicates_add_nothing() -> None:
    frame = design(400)
    one, three = (found(swept(frame, one_box, replicates), resamples=10) for replicates in (1, 3))
    pd.testing.assert_frame_equal(one.boxes, three.boxes)
    pd.testing.assert_frame_equal(one.limits, three.limits)


def test_noise_has_no_box() -> None:
    """A limit that is kept by chance at a level of 5 % should be rare: two of twenty studies at most."""
    with_box = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        runs = swept(design(300, seed), lambda frame, rng=rng: pd.Series(rng.random(len(frame)) < 0.4))
        with_box += not found(runs, least_density=0.5, resamples=0).boxes.empty
    assert with_box <= 2


def test_points_left_out_tell_the_density_of_fresh_points() -> None:
    """Boxes flatter the points that they were found on; six noisy studies, each against 20,000 fresh points."""

    def chance(frame: pd.DataFrame) -> np.ndarray:
        return np.where(one_box(frame), 0.85, 0.05)

    fresh, densities = design(20_000, 99), []
    for seed in range(6):
        draws = np.random.default_rng(seed).random(400)
        runs = swept(design(400, seed), lambda frame, draws=draws: pd.Series(draws < chance(frame)))
        result = found(runs, least_density=0.6, resamples=30)
        row = result.boxes.iloc[0]
        densities.append([row["density"], row["density_left_out"], chance(fresh)[held(result, "1", fresh)].mean()])
    seen, left_out, true = np.mean(densities, axis=0)
    assert seen > true
    assert abs(left_out - true) < abs(seen - true)


def test_a_limit_without_use_is_dropped() -> None:
    rng = np.random.default_rng(1)
    values = rng.random((500, 2))
    cases = Cases(values, values[:, 0] > 0.5, np.ones(500))
    useful, idle = Limit(0, "above", 0.5), Limit(1, "above", 0.3)
    low, high = quasi_p(cases, (useful, idle))
    assert low < 1e-10
    assert high == 1
    assert simplified(cases, (useful, idle), 0.05) == (useful,)


def test_quasi_p_is_a_binomial_test() -> None:
    rng = np.random.default_rng(1)
    values = rng.random((200, 2))
    cases = Cases(values, rng.random(200) < 0.3 + 0.4 * values[:, 0], np.ones(200))
    box = (Limit(0, "above", 0.6), Limit(1, "up to", 0.8))
    narrow, wider = inside(box, values), inside(box[1:], values)
    test = binomtest(
        int(cases.interest[narrow].sum()), int(narrow.sum()), cases.interest[wider].mean(), alternative="greater"
    )
    assert quasi_p(cases, box)[0] == pytest.approx(test.pvalue, rel=1e-9)


def test_runs_without_a_value_neither_meet_a_condition_nor_fail_to() -> None:
    frame = design(300)
    runs = swept(frame, one_box)
    runs.loc[:49, "share"] = np.nan
    for where in ("share > 0.5", "not (share > 0.5)"):
        result = found(runs, where, resamples=0)
        known = (one_box(frame)[50:] == (where[0] == "s")).mean()
        assert result.title == (
            f"{where}: {known:.0%} of 250 points (250 runs); 50 runs failed or have no value and are left out"
        )


def test_where_runs_fail_can_be_asked() -> None:
    frame = design(300)
    runs = swept(frame, one_box)
    runs.loc[runs["b.cost"] > 0.8, ["status", "share"]] = ["failed", np.nan]
    result = found(runs, "status == failed", resamples=0)
    assert limits(result) == {("b.cost", "above"): pytest.approx(0.8, abs=0.02)}
    assert result.boxes["density"].to_list() == [1, 1]


def test_parameters_may_stand_in_the_condition() -> None:
    runs = swept(design(300), one_box)
    result = found(runs, 'scenario == "tight rules" and switch == true', resamples=0)
    assert limits(result) == {("scenario", "levels"): "tight rules", ("switch", "levels"): "true"}


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (
            "shar > 0.5",
            "where: 'shar > 0.5', column 1: found 'shar'; allowed: a field: a.capex, a.margin, b.cost, b.price, "
            "scenario, share, status, switch (did you mean 'share'?)",
        ),
        ("share >", "where: 'share >', column 8: found the end; allowed: a number, as 'share' is one"),
        (
            "scenario > baseline",
            "where: 'scenario > baseline', column 10: found '>'; allowed: '==', '!=' or 'in', as 'scenario' is text",
        ),
        (
            "__import__('os')",
            "where: \"__import__('os')\", column 1: found '__import__'; allowed: a field: a.capex, a.margin, b.cost, "
            "b.price, scenario, share, status, switch",
        ),
        (
            "share > 0.95",
            "where: 'share > 0.95', met by 0 of 100 runs; allowed: a condition that at least 5 points meet and 5 do "
            "not; share goes from 0.1 to 0.9",
        ),
    ],
)
def test_conditions_that_cannot_be_used(where: str, said: str) -> None:
    with pytest.raises(RunError) as refused:
        found(swept(design(100), one_box), where)
    assert str(refused.value) == said


def test_numbers_out_of_range() -> None:
    runs = swept(design(100), one_box)
    with pytest.raises(RunError, match=r"density: 1.5; allowed: above 0, at most 1"):
        found(runs, least_density=1.5)
    with pytest.raises(RunError, match="resamples: -1; allowed: 0 to 10000"):
        found(runs, resamples=-1)


def test_what_is_printed() -> None:
    frame = design(200)
    runs = swept(frame, lambda f: f["switch"])
    assert repr(found(runs, resamples=20)).splitlines() == [
        f"share > 0.5: {frame['switch'].mean():.0%} of 200 points (200 runs)",
        "",
        "box 1: coverage 100%, density 100%; on points left out coverage 100%, density 100%",
        "          limit  90 % interval  recurs  quasi-p",
        f"  switch   true                   100%  {quasi(frame):.2g}",
    ]
    noise = pd.Series(np.random.default_rng(1).random(200) < 0.5)
    assert repr(found(swept(frame, lambda f: noise), resamples=0)).splitlines()[1:] == [
        "no box has a density of 0.7 or more that is not chance"
    ]


def quasi(frame: pd.DataFrame) -> float:
    """Chance that all points with the switch are of interest, if as many were as of all."""
    return float(frame["switch"].mean() ** frame["switch"].sum())
