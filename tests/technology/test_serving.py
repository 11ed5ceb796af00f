"""What a token costs to serve, from bytes and bandwidth up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.technology.serving import bandwidth_rent, bytes_per_token, load_per_mtok
from sim.technology.units import SECONDS_PER_MONTH

SIZE = {"reference": 7e10, "reference_flop": 2.1e25, "size_exponent": 0.5, "progress": 0.5}


def test_a_month_is_a_twelfth_of_a_julian_year():
    assert SECONDS_PER_MONTH * 12 == 365.25 * 24 * 3600


def test_bytes_of_the_reference_model():
    assert bytes_per_token(2.1e25, 0.0, **SIZE) == 7e10


@given(st.floats(1e22, 1e28), st.floats(-3, 3))
def test_a_hundred_times_the_compute_is_ten_times_the_size_and_two_orders_of_progress_undo_it(
    flop, algorithm
):
    now = bytes_per_token(flop, algorithm, **SIZE)
    larger = bytes_per_token(100 * flop, algorithm, **SIZE)
    assert larger == pytest.approx(10 * now, rel=1e-9)
    assert bytes_per_token(100 * flop, algorithm + 2.0, **SIZE) == pytest.approx(now, rel=1e-9)


def test_a_chip_that_reads_its_memory_all_month():
    """3.35 TB/s at 35 % read 1e9 bytes a token: 1172.5 tokens a second, 3.083 billion a month."""
    tokens_a_month = 3.35e12 * 0.35 / 1e9 * SECONDS_PER_MONTH
    assert load_per_mtok(1e9, 0.35) * tokens_a_month / 1e6 == pytest.approx(3.35, rel=1e-12)


def test_rent_of_a_chip_over_its_life():
    """48 rents pay chips and systems (1.8 times the chips) and power: 35 % of that, 70 % where it is twice as dear."""
    rent = bandwidth_rent(
        np.array([9000.0, 9000.0]),
        system_cost=1.8,
        life=48.0,
        running_share=0.35,
        running_cost=np.array([1.0, 2.0]),
    )
    np.testing.assert_allclose(rent * 48.0, [9000 * 1.8 * 1.35, 9000 * 1.8 * 1.7], rtol=1e-12)
