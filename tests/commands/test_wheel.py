"""An installed wheel has the command and the shipped scenarios, in any folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_shipped_scenarios_are_found(tmp_path: Path) -> None:
    pip = (sys.executable, "-m", "pip")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.glob("aimarkets-*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    run(*pip, "--python", home / "bin" / "python", "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    site = next((home / "lib").glob("python*/site-packages"))
    # What the wheel depends on is installed beside this interpreter; the checkout itself is left out.
    dependencies = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    command = home / "bin" / "aimarkets"
    listed = re.split(r"\n(?:studies|claims), for '.*'\n", run(command, "list", cwd=tmp_path))
    folders = ("scenarios", "scenarios/studies", "scenarios/claims")
    for folder, part in zip(folders, listed, strict=True):
        expected = sorted(path.stem for path in (ROOT / folder).glob("*.yaml"))
        assert [line.split()[0] for line in part.splitlines()] == expected
    where = run(home / "bin" / "python", "-c", "import sim; print(sim.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(home)
    assert "no problems" in run(command, "check", "baseline", cwd=tmp_path)
