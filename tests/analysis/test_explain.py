"""Why a lab chose its mode: only what follows from the row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.explain import Choice, chance, changes, choices, even_intensity, explain, greatest_chance
from sim.analysis.explain_text import lines_of, lines_of_all
from sim.choice.rules import logit
from sim.record import COMPONENTS, MODES
from sim.run.errors import RunError
from sim.run.results import Result
from sim.run.simulate import simulate
from sim.scenario import load
from sim.scenario.month import Month

SCALE = 1e8
ALL = np.ones(len(MODES), dtype=bool)


def choice(*payoffs: float, taken: str = "closed", intensity: float = 12.0, **changed) -> Choice:
    """A choice whose payoffs, shares of the scale, are all API but for what `changed` says."""
    parts = np.zeros((len(MODES), len(COMPONENTS)))
    parts[:, 0] = np.array(payoffs) * SCALE
    known = np.isfinite(parts[:, 0])
    parts[~known] = np.nan
    probability = logit(np.nan_to_num(parts[:, 0] / SCALE), intensity, known if known.any() else ALL)
    about = ("lab", Month(2025, 6), "Model 1", "lookahead", "closed", taken, False, 140.0, 2.0, SCALE)
    return replace(Choice(*about, parts, probability), **changed)


@pytest.fixture(scope="module")
def result() -> Result:
    forced = [{
        "name": "told", "kind": "forced_release", "date": "2023-04", "source": "s", "lab": "southern",
        "model": "Told 1", "mode": "open",
    }]  # fmt: skip
    tiny = load(Path(__file__).parents[1] / "run" / "tiny.yaml")
    return simulate(tiny.with_values({"events": forced}), seed=1, replicates=2)

CHANGE = COMPONENTS.index("change")


class TestWhatIf:
    def test_intensity_is_read_off_the_probabilities(self) -> None:
        assert choice(0.3, 0.25, 0.1, -0.2).intensity == pytest.approx(12.0)
        assert choice(0.3, np.nan, 0.1, np.nan).intensity == pytest.approx(12.0)

    def test_there_is_none_where_odds_do_not_follow_payoffs(self) -> None:
        assert choice(0.3, 0.25, 0.1, -0.2, probability=np.array([0.4, 0.3, 0.2, 0.1])).intensity is None
        assert choice(0.3, 0.3, 0.3, 0.3).intensity is None
        assert choice(0.3, np.nan, np.nan, np.nan).intensity is None

    def test_one_component_closes_the_gap(self) -> None:
        was = choice(0.3, 0.25, 0.1, -0.2)
        was.parts[0, 1], was.parts[1, 1], was.parts[1, CHANGE] = 0.02 * SCALE, 0.04 * SCALE, -0.05 * SCALE
        other = was.next_best
        assert MODES[other] == "open_lagged"
        gap = was.payoff[0] - was.payoff[other]
        assert gap > 0
        for k, change in enumerate(changes(was, other)):
            if np.isfinite(change.alone):
                parts = was.parts.copy()
                parts[other, k] *= 1.0 + change.alone
                assert parts[other].sum() == pytest.approx(was.payoff[0])
            if np.isfinite(change.both):
                parts = was.parts.copy()
                parts[:, k] *= 1.0 + change.both
                assert parts[other].sum() == pytest.approx(parts[0].sum())
        by_name = {change.component: change for change in changes(was, other)}
        assert np.isinf(by_name["change"].alone)  # the whole cost of changing course is less than the gap
        assert np.isnan(by_name["royalty"].alone)
        assert np.isnan(by_name["royalty"].both)

    def test_the_best_mode_has_an_even_chance_from_some_intensity_on(self) -> None:
        was = choice(0.3, 0.25, 0.1, -0.2)
        even = even_intensity(was, 0)
        assert chance(was, 0, even) == pytest.approx(0.5)
        assert chance(was, 0, 2 * even) > 0.5
        assert even_intensity(choice(0.3, 0.1, np.nan, np.nan), 0) == 0.0

    def test_others_have_it_at_no_intensity_but_a_greatest_chance(self) -> None:
        was = choice(0.3, 0.25, 0.1, -0.2)
        assert even_intensity(was, 1) is None
        most, at = greatest_chance(was, 1)
        grid = [chance(was, 1, x) for x in np.linspace(0, 200, 4001)]
        assert most == pytest.approx(max(grid), abs=1e-5)
        assert most == pytest.approx(chance(was, 1, at))
        assert greatest_chance(was, 3) == (0.25, 0.0)

    def test_the_chance_at_the_intensity_found_is_the_recorded_one(self) -> None:
        was = choice(0.3, 0.25, np.nan, -0.2)
        for k in (0, 1, 3):
            assert chance(was, k, was.intensity) == pytest.approx(was.probability[k])

    def test_next_best_is_by_payoff_and_allowed(self) -> None:
        assert choice(0.1, np.nan, 0.3, 0.2, taken="open").next_best == MODES.index("open_restricted")
        assert choice(0.1, np.nan, np.nan, np.nan).next_best is None


class TestText:
    def test_of_the_next_mode(self) -> None:
        lines = lines_of(choice(0.3, 0.25, np.nan, -0.2), "Lab")
        assert lines[:2] == [
            "Lab, 2025-06: Model 1 came as closed, the family before as closed",
            "flagship 140.0 ECI, 2.0 below the best rival; decision rule lookahead",
        ]
        text = "\n".join(lines)
        assert "share of the firm's revenue scale, 100.0 million USD a month" in text
        assert "next mode by payoff: open_lagged, 5.0 million USD a month (5.0% of the scale) less" in text
        assert "the smallest: api of open_lagged +20.0%" in text
        assert (
            "intensity of choice: 12; with these payoffs no intensity gives open_lagged a 50 % chance" in text
        )
        payoff = next(line.split() for line in lines if line.startswith("  payoff"))
        assert payoff == ["payoff", "0.3000", "0.2500", "-", "-0.2000"]

    def test_of_a_draw_against_the_odds(self) -> None:
        text = "\n".join(lines_of(choice(0.3, 0.25, 0.1, -0.2, taken="open_lagged"), "Lab"))
        assert (
            "closed paid 5.0 million USD a month (5.0% of the scale) more; the draw fell on the less likely"
            in text
        )
        assert "closed has a 50 % chance from an intensity of" in text

    def test_of_a_rule_with_a_memory(self) -> None:
        odd = choice(
            0.3, 0.25, 0.1, -0.2, taken="open", rule="ewa", probability=np.array([0.1, 0.1, 0.1, 0.7])
        )
        text = "\n".join(lines_of(odd, "Lab"))
        assert "ewa goes by more than these payoffs" in text
        assert (
            "the probabilities are no logit in these payoffs (rule ewa): no intensity to compare with" in text
        )

    def test_of_a_rule_that_looks_at_no_payoffs(self) -> None:
        kept = choice(*[np.nan] * 4, rule="fixed", probability=np.array([1.0, 0.0, 0.0, 0.0]))
        assert lines_of(kept, "Lab")[-2:] == [
            "probabilities: closed 100.0%, open_lagged 0.0%, open_restricted 0.0%, open 0.0%",
            "this rule looks at no payoffs, so there is nothing to compare",
        ]

    def test_of_a_lab_without_a_choice(self) -> None:
        assert lines_of(choice(0.3, np.nan, np.nan, np.nan), "Lab")[-1] == "no other mode was allowed"


class TestOfAResult:
    def test_choices_are_those_of_the_table(self, result: Result) -> None:
        found = choices(result, "follower", 1)
        rows = result.decisions.query("lab == 'follower' and replicate == 1")
        assert [str(c.month) for c in found] == [f"{month:%Y-%m}" for month in rows["month"]]
        for was, (_, row) in zip(found, rows.iterrows(), strict=True):
            np.testing.assert_array_equal(was.payoff, [row[f"{mode}_payoff"] for mode in MODES])
        models = result.models.query("lab == 'follower' and replicate == 1")["model"]
        assert [c.model for c in found] == list(models)

    def test_intensity_is_the_scenario_s(self, result: Result) -> None:
        for was in choices(result, "leader"):
            assert was.intensity == pytest.approx(result.scenario.scenario.choice.intensity, rel=1e-6)

    def test_a_date_gives_the_choice_then_or_before(self, result: Result) -> None:
        months = [c.month for c in choices(result, "follower")]
        assert explain(result, "follower", str(months[1])).month == months[1]
        assert explain(result, "follower", str(months[1] - 1)).month == months[0]
        assert explain(result, "follower", "2099-01-31").month == months[-1]

    def test_a_line_a_choice(self, result: Result) -> None:
        found = choices(result, "southern")
        lines = lines_of_all(found)
        assert lines[0].split()[:3] == ["month", "model", "before"]
        assert [line[:7] for line in lines[1 : 1 + len(found)]] == [str(c.month) for c in found]
        told = next(line for line in lines if "Told 1" in line)
        assert told.endswith("history")
        assert all(lines_of(c, "southern") for c in found if not c.forced)

    @pytest.mark.parametrize(
        ("lab", "date", "replicate", "said"),
        [
            ("folower", "2023-05", 0, "lab: 'folower', which the result does not have; allowed: leader, follower, "
             "southern, entrant_1, entrant_2 (did you mean 'follower'?)"),
            ("leader", "2022-12", 0, "leader: no choice up to 2022-12; its first is in "),
            ("leader", "May", 0, "date: 'May' is not a month; allowed: a month YYYY-MM, or a date YYYY-MM-DD"),
            ("leader", "2023-02-30", 0, "date: '2023-02-30' is no such date (day is out of range for month); "),
            ("leader", "2023-05", 2, "replicate: 2; allowed: 0 to 1"),
            ("southern", "2023-04", 0, "southern, 2023-04: the event 'told' decided that Told 1 comes as open, not the "
             "lab; its own choices: "),
        ],
    )  # fmt: skip
    def test_refusals(self, result: Result, lab: str, date: str, replicate: int, said: str) -> None:
        with pytest.raises(RunError) as refused:
            explain(result, lab, date, replicate)
        assert str(refused.value).startswith(said)

    def test_a_lab_that_released_nothing(self, result: Result) -> None:
        idle = replace(result, decisions=result.decisions.query("lab != 'leader'"))
        with pytest.raises(RunError, match="leader: released nothing in replicate 0"):
            choices(idle, "leader")
