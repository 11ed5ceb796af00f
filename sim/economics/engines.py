"""Which code searches for prices: the readable NumPy path, or the same compiled."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import Literal, cast

from sim.economics.checks import InputError

Engine = Literal["numba", "numpy"]
ENGINES: tuple[Engine, ...] = ("numba", "numpy")
ENVIRONMENT = "AIMARKETS_ENGINE"


def chosen(engine: str | None) -> Engine:
    """The engine of that name; by default that of the environment variable, or numba where it is installed.

    Raises
    ------
    InputError
        For another name.
    """
    name = engine or os.environ.get(ENVIRONMENT) or ("numba" if _numba() else "numpy")
    if name not in ENGINES:
        where = "engine" if engine else f"the environment variable {ENVIRONMENT}"
        raise InputError(f"{where}: found {name!r}; allowed are 'numba' and 'numpy'")
    return cast(Engine, name)


@cache
def _numba() -> bool:
    return find_spec("numba") is not None
