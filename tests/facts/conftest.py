"""Facts about the tiny scenario, written as a user would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from sim.facts.reading import load_facts
from sim.facts.schema import Facts

TINY = Path(__file__).parent.parent / "run" / "tiny.yaml"

SHARE = """\
family: use
quantity: Open share
unit: ratio
series: {2023-06: 0.5}
tolerance: 0.1
source: invented
certainty: derived
indicator: use.tokens
where: {openness: [open]}
over: {}
use: calibration
"""


def written(**facts: str) -> str:
    """A file of facts; each is the text of its keys."""
    entries = "\n".join(f"  {name.replace('_', '-')}:\n{indent(dedent(text), '    ')}" for name, text in facts.items())
    return f"title: Facts for tests\nfacts:\n{entries}"


@pytest.fixture
def facts(tmp_path: Path) -> Callable[..., Facts]:
    """Read facts given as text."""

    def read(tail: str = "", **entries: str) -> Facts:
        path = tmp_path / "facts.yaml"
        path.write_text(written(**entries) + tail)
        return load_facts(path).scenario

    return read
