"""Which code searches for prices: the readable NumPy path, or the same compiled."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Literal

from sim.economics.checks import InputError

Engine = Literal["numba", "numpy"]
ENGINES: tuple[Engine, ...] = ("numba", "numpy")
ENVIRONMENT = "AIMARKETS_ENGINE"
_settled: ContextVar[Engine | None] = ContextVar("engine", default=None)


def chosen(engine: str | None) -> Engine:
    """The engine of that name; by default that of the environment variable, or numba where it can be imported.

    Raises
    ------
    InputError
        For another name.
    """
    if engine is None and (held := _settled.get()) is not None:
        return held
    name = engine or os.environ.get(ENVIRONMENT) or ("numba" if _numba() else "numpy")
    if name not in ENGINES:
        where = "engine" if engine else f"the environment variable {ENVIRONMENT}"
        raise InputError(f"{where}: found {name!r}; allowed are 'numba' and 'numpy'")
    return name


@contextmanager
def settled(engine: Engine) -> Iterator[None]:
    """Make it the default of all that is done inside: a run asks thousands of times, and the environment is slow."""
    token = _settled.set(engine)
    try:
        yield
    finally:
        _settled.reset(token)


def prepare(engine: Engine | None = None) -> float:
    """Load the engine, which else happens when prices are first solved for; the seconds of CPU that it took.

    The first time after an installation or a change numba compiles it, for some ten seconds, and keeps the
    machine code on disk. Processes forked later have it.
    """
    from sim.economics.prices import solve_prices  # which chooses by this module

    started = time.process_time()
    solve_prices([1.0, 1.0], [1.0, 1.0], price_sensitivity=2.0, engine=engine)
    return time.process_time() - started


@cache
def _numba() -> bool:
    """Whether numba is there. Importing it takes a while, so not before prices are solved for."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True
