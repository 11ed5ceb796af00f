"""The examples in docstrings."""

import doctest

import pytest

from sim.economics import adoption, demand, prices


@pytest.mark.parametrize("module", [adoption, demand, prices])
def test_examples(module):
    failed, tried = doctest.testmod(module)
    assert failed == 0
    assert tried > 0
