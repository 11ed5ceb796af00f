"""Decisions that differ: which are found, and what is said to have tipped them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sim.analysis.flips import BARRED, FORCED, MOVED, by_lab, first_of_each, flips, lines_of
from sim.record import COMPONENTS, MODES

INTENSITY = 20.0


def decision(lab="alibaba", month="2025-01", taken="closed", replicate=0, forced=False, barred=(), **payoffs):
    """A row of `decisions`; `payoffs` are shares of the scale: open_api=0.1."""
    payoffs = {"open_lagged_complement": -0.05, **payoffs}
    parts = {f"{mode}_{part}": 1e6 * payoffs.get(f"{mode}_{part}", 0.0) for mode in MODES for part in COMPONENTS}
    whole = np.array([sum(parts[f"{mode}_{part}"] for part in COMPONENTS) for mode in MODES])
    weight = np.exp(INTENSITY * (whole - whole.max()) / 1e6) * ~np.isin(MODES, barred)
    return {
        "replicate": replicate, "seed": replicate + 1, "month": pd.Timestamp(month), "lab": lab, "region": "china",
        "rule": "lookahead", "previous": "closed", "taken": taken, "forced": forced, "capability": 140.0,
        "frontier_gap": 2.0, "scale": 1e6, **parts,
        **{f"{mode}_payoff": value for mode, value in zip(MODES, whole, strict=True)},
        **{f"{mode}_probability": value for mode, value in zip(MODES, weight / weight.sum(), strict=True)},
    }  # fmt: skip


def result(*rows):
    return SimpleNamespace(decisions=pd.DataFrame(list(rows)), seeds=(1, 2))


def test_the_same_decisions_give_nothing():
    same = result(decision(), decision(month="2025-09", taken="open"))
    assert len(flips(same, same)) == 0
    assert lines_of(flips(same, same), 2) == ["no lab decides otherwise"]


def test_only_the_first_difference_of_a_lab_counts_and_the_earliest_lab_leads():
    a = result(decision(), decision(month="2025-09"), decision(month="2026-03"), decision(lab="baidu", month="2025-02"))
    b = result(
        decision(), decision(month="2025-09", taken="open"), decision(month="2026-03", taken="open"),
        decision(lab="baidu", month="2025-02", taken="open"),
    )  # fmt: skip
    found = flips(a, b)
    assert found[["lab", "number", "mode_a", "mode_b"]].to_numpy().tolist() == [
        ["baidu", 0, "closed", "open"], ["alibaba", 1, "closed", "open"],
    ]  # fmt: skip
    assert first_of_each(found)["lab"].tolist() == ["baidu"]
    assert by_lab(found)[["lab", "first"]].to_numpy().tolist() == [["baidu", 1], ["alibaba", 0]]


@pytest.mark.parametrize("component", COMPONENTS)
def test_the_reason_is_the_component_that_moved_the_chances(component):
    """All else equal, opening pays more by one component alone."""
    a = result(decision())
    b = result(decision(taken="open", **{f"open_{component}": 0.2}))
    row = flips(a, b).iloc[0]
    assert row["reason"] == component
    chances = [frame.decisions["closed_probability"].iloc[0] for frame in (a, b)]
    assert row["shift"] == pytest.approx(chances[0] - chances[1])


def test_a_component_that_spoke_against_it_is_no_reason():
    a = result(decision())
    b = result(decision(taken="open", open_api=-0.2, open_funding=0.3))
    assert flips(a, b)["reason"].item() == "funding"


def test_the_draw_may_pass_a_third_mode():
    """The lab opens not because opening pays more but because staying closed pays less."""
    a, b = result(decision(closed_royalty=0.1)), result(decision(taken="open", closed_royalty=-0.1))
    assert flips(a, b)["reason"].item() == "royalty"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"forced": True}, FORCED),
        ({"barred": ("closed",)}, BARRED),
        ({"month": "2025-03"}, MOVED),
        ({}, ""),
    ],
)
def test_other_reasons(other, reason):
    row = flips(result(decision()), result(decision(taken="open", **other))).iloc[0]
    assert (row["reason"], np.isnan(row["shift"])) == (reason, True)


def test_text_names_the_pairs_and_the_median_month():
    a = result(decision(), decision(replicate=1, month="2025-05"))
    opened = {"taken": "open", "open_funding": 0.2}
    b = result(decision(**opened), decision(replicate=1, month="2025-05", **opened))
    lines = lines_of(flips(a, b), 2)
    assert lines[0] == "decisions that differ: in 2 of 2 pairs; the first one in 2025-01 (median pair)"
    assert lines[-1].split() == ["alibaba", "2", "2", "2025-01", "closed", "to", "open", "funding"]
