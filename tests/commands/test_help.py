"""Help answers at once, and `python -m sim` is the command."""

from __future__ import annotations

import json

import pytest

import sim

COMMANDS = (
    "run", "compare", "channels", "explain", "sweep", "sensitivity",
    "discover", "check", "show", "list", "new", "schema",
)
HEAVY = {"numpy", "pandas", "scipy", "pyarrow", "matplotlib", "mesa", "ruamel", "sim.scenario", "sim.run"}
LOADED = """
import json, sys
from sim.cli import app
try:
    app(prog_name="aimarkets")
except SystemExit as stop:
    print(json.dumps([stop.code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_imports_nothing_heavy(start, arguments: list[str]) -> None:
    _, err = start(*arguments, python=("-c", LOADED)).communicate(timeout=30)
    code, modules = json.loads(err)
    assert code == 0
    assert HEAVY & set(modules) == set()


def test_names_every_command(aimarkets) -> None:
    done = aimarkets("--help")
    assert done.exit_code == 0
    assert all(f" {command} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_of_each_command(aimarkets, command: str) -> None:
    done = aimarkets(command, "-h")
    assert done.exit_code == 0
    assert f"Usage: aimarkets {command}" in done.stdout


def test_version(start) -> None:
    out, _ = start("--version").communicate(timeout=30)
    assert out == f"aimarkets {sim.__version__}\n"


def test_import_sim_is_instant(start) -> None:
    out, _ = start(python=("-c", "import sim, sys; print(*sys.modules)")).communicate(timeout=30)
    assert HEAVY & set(out.split()) == set()


def test_every_public_name_is_there() -> None:
    for name in sim.__all__:
        assert getattr(sim, name) is not None
    assert dir(sim) == sorted(sim.__all__)


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match=r"module 'sim' has no attribute 'simulat'; it has: .*simulate"):
        _ = sim.simulat
