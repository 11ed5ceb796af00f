"""What a report says is what the tables say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.report import answer, assumptions, choices, files, limits
from sim.report.content import Picture, Table
from sim.report.numbers import Late, late
from sim.run.errors import RunError
from sim.run.results import Result, load_result
from sim.scenario import Resolved, load


def _market(**columns: float) -> pd.DataFrame:
    """Two years of two regions and the world, the same in two runs but for a tenth."""
    keys = [range(2), pd.date_range("2029-01-01", periods=24, freq="MS"), ["us", "china", "world"]]
    frame = pd.MultiIndex.from_product(keys, names=["replicate", "month", "region"]).to_frame(index=False)
    size = np.where(frame["replicate"] == 0, 1.0, 1.1)
    return frame.assign(**{name: value * size for name, value in columns.items()})


MARKET = _market(
    open_token_share=0.4, open_spending_share=0.1, open_propensity=0.5, lag=6.0, spending=100.0, profit_labs=30.0,
    profit_clouds=5.0, margin_closed=0.6,
)  # fmt: skip


def test_late_is_the_median_over_runs_of_the_last_twelve_months() -> None:
    frame = MARKET.copy()
    frame.loc[frame["month"] < "2030-01-01", "open_token_share"] = 0.99
    assert late(frame, "open_token_share", "world") == pytest.approx((0.42, 0.402, 0.438))
    assert not late(frame, "open_token_share", "atlantis").known
    assert not late(frame.assign(lag=np.nan), "lag", "china").known


def test_a_range_is_said_where_there_is_one() -> None:
    assert Late(0.5, 0.25, 0.75).said() == "50\u00a0% (25\u00a0% to 75\u00a0%)"
    assert Late(0.5, 0.5, 0.5).said() == "50\u00a0%"


def test_three_sentences_of_one_result() -> None:
    said = [sentence.replace("\u00a0", " ") for sentence in answer.of_one(_result(MARKET))]
    assert said == [
        "In the year to December 2030 open models carry 42 % (40 % to 44 %) of the world's tokens and 11 % (10 % to "
        "11 %) of what is spent on models (in brackets what 90 % of the runs hold).",
        "The probability that a lab opens its flagship is: US labs 52 % (50 % to 55 %) and Chinese labs 52 % (50 % to "
        "55 %); the best Chinese model is 6 months (6 months to 7 months) behind the world's best.",
        "Of each dollar spent on models labs keep 30 cents as gross profit and clouds 5 cents; the gross margin on "
        "closed models is: US labs 63 % (60 % to 66 %) and Chinese labs 63 % (60 % to 66 %).",
    ]


def _result(market: pd.DataFrame) -> Result:
    from types import SimpleNamespace

    return SimpleNamespace(market=market)  # type: ignore[return-value]


def test_nothing_is_said_of_what_is_not_there() -> None:
    empty = MARKET.assign(**dict.fromkeys(MARKET.columns[3:], np.nan))
    assert answer.of_one(_result(empty)) == ["The result has no values in its last year."]


def test_changed_assumptions_are_those_that_were_changed(tiny: Resolved) -> None:
    changed = tiny.with_values({"labs.southern.capex": 1e10, "title": "Other", "choice.horizons": [3, 6]})
    found = assumptions.changed(changed, tiny)
    assert isinstance(found, Table)
    assert [row[0] for row in found.rows] == ["choice.horizons", "labs.southern.capex"]
    assert found.rows[0][2] == "[3, 6]"
    assert assumptions.changed(tiny, tiny) == "Every value is that of 'tiny'."


def test_shipped_variants_differ_from_the_baseline() -> None:
    found = assumptions.changed(load("no-controls"), load("baseline"))
    assert isinstance(found, Table)
    assert 0 < len(found.rows) <= assumptions.MOST


def test_end_modes_are_shares_of_the_runs(folders: dict[str, Path]) -> None:
    result = load_result(folders["tiny"])
    ends = choices.end_modes(result)
    np.testing.assert_allclose(ends.sum(axis=1), 1.0)
    last = result.labs[(result.labs["month"] == result.labs["month"].max()) & (result.labs["active"] == 1)]
    assert set(ends.index) == set(last.loc[last["mode"].notna(), "lab"].astype(str))
    table = choices.table(result)
    assert isinstance(table, Table)
    assert len(table.rows) == len(ends)


def test_limits_name_the_number_of_runs(folders: dict[str, Path]) -> None:
    one, three = (limits.limits([load_result(folders[name])]).items for name in ("single", "tiny"))
    assert any("one run a scenario" in item for item in one)
    assert any("3 runs a scenario" in item for item in three)


def test_every_figure_of_a_run_is_in_its_report_once(folders: dict[str, Path]) -> None:
    from sim.figures import FIGURES

    report = files.read([str(folders["tiny"])])
    names = [picture.name for picture in report.pictures]
    assert len(names) == len(set(names))
    assert set(FIGURES) <= set(names)


def test_side_by_side_has_differences_and_flips(folders: dict[str, Path]) -> None:
    report = files.read([str(folders["tiny"]), str(folders["rich"])])
    assert report.title == "Rich south beside A tiny market for tests"
    blocks = report.sections[0].blocks
    assert [block.name for block in blocks if isinstance(block, Picture)] == ["overview", "fan", "difference-1"]
    assert report.answer[1].startswith("Against 'A tiny market for tests'")


def test_other_seeds_are_called_other_luck(folders: dict[str, Path]) -> None:
    report = files.read([str(folders["tiny"]), str(folders["single"])])
    assert report.answer[-1] == "The scenarios were not run on the same seeds, so their difference holds luck too."
    assert [section.heading for section in report.sections].count("Assumptions that differ") == 1


def test_a_folder_without_a_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no result or sweep here or in outputs/"):
        files.read([str(tmp_path)])


def test_too_many_are_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(RunError, match=r"^9 results; allowed: at most 8 side by side$"):
        files.read([str(folders["tiny"])] * 9)
