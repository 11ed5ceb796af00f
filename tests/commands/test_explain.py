"""`aimarkets explain`."""

from __future__ import annotations

import pytest


@pytest.fixture
def made(aimarkets) -> None:
    aimarkets("run", "tiny.yaml", "--no-figures")


@pytest.mark.usefixtures("made")
class TestExplain:
    def test_lists_all_choices(self, aimarkets) -> None:
        done = aimarkets("explain", "tiny", "--lab", "follower")
        assert done.exit_code == 0
        lines = done.stdout.splitlines()
        assert lines[0] == "follower in tiny, replicate 0 (seed 1)"
        assert lines[2].startswith("month    model")
        assert lines[3].startswith("2023-0")

    def test_tells_one_choice(self, aimarkets) -> None:
        done = aimarkets("explain", "outputs/tiny", "--lab", "follower", "--date", "2023-08")
        assert done.exit_code == 0
        assert "share of the firm's revenue scale, " in done.stdout
        assert "million USD a month, discounted mean over the horizons" in done.stdout

    def test_an_unknown_lab_is_told(self, aimarkets) -> None:
        refused = aimarkets("explain", "tiny", "--lab", "leadr")
        assert refused.exit_code == 2
        assert refused.stderr.endswith("(did you mean 'leader'?)\n")
        assert refused.stdout == ""

    def test_an_unknown_result_is_told(self, aimarkets) -> None:
        refused = aimarkets("explain", "tinny", "--lab", "leader")
        assert refused.exit_code == 2
        assert refused.stderr == (
            "tinny: no result here or in outputs/; results in outputs/: tiny (did you mean 'tiny'?); "
            "'aimarkets run' makes one\n"
        )

    def test_no_choice_before_the_date_is_told(self, aimarkets) -> None:
        refused = aimarkets("explain", "tiny", "--lab", "leader", "--date", "2020-01")
        assert refused.exit_code == 2
        assert refused.stderr.startswith("leader: no choice up to 2020-01; its first is in 2023-0")


def test_without_any_result(aimarkets) -> None:
    refused = aimarkets("explain", "baseline", "--lab", "alibaba")
    assert refused.exit_code == 2
    assert refused.stderr == "baseline: no result here or in outputs/; 'aimarkets run' makes one\n"
