"""Results on disk that reports are made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.run.simulate import simulate
from sim.scenario import Resolved, load

TINY = Path(__file__).parent.parent / "run" / "tiny.yaml"
HOSTILE = "<script>alert('x')</script> & \"quotes\" 阿里 $x$"


@pytest.fixture(scope="session")
def tiny() -> Resolved:
    return load(TINY)


@pytest.fixture(scope="session")
def folders(tiny: Resolved, tmp_path_factory) -> dict[str, Path]:
    """Folders of results: a market, the same with names that try to break the page, one run, one without luck."""
    root = tmp_path_factory.mktemp("results")
    rich = {"labs.southern.capex": 1e10, "title": "Rich south"}
    wild = {"title": HOSTILE, "description": HOSTILE, "regions.north.title": HOSTILE, "clouds.host.title": HOSTILE}
    wild |= {f"labs.{lab}.title": f"{lab} {HOSTILE}" for lab in ("leader", "follower", "southern")}
    made = {
        "tiny": simulate(tiny, replicates=3),
        "rich": simulate(tiny.with_values(rich), replicates=3),
        "wild": simulate(tiny.with_values(wild), replicates=3),
        "single": simulate(tiny, seed=7),
    }
    for name, result in made.items():
        result.save(root / name, figures=False, command=f"aimarkets run {HOSTILE}")
    return {name: root / name for name in made}
