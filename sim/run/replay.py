"""Making a result again from its manifest, and telling whether it came out the same."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

from sim.run.errors import RunError
from sim.run.manifest import SCENARIO, Commit, Manifest, commit, read_manifest, versions
from sim.scenario import Resolved, load


class Plan(NamedTuple):
    """All that the bytes of a result depend on, but the versions of the code."""

    scenario: Resolved
    seed: int
    replicates: int
    uncertainty: bool


def plan_of(manifest: Path) -> Plan:
    """What a manifest says was run.

    Parameters
    ----------
    manifest
        The ``manifest.json`` of a result; the resolved scenario lies beside it.

    Raises
    ------
    RunError
        If it is no manifest, or the scenario beside it is not the one that was run.
    ScenarioError
        If that scenario cannot be read.
    """
    made = read_manifest(manifest)
    return Plan(scenario_of(manifest.parent, made), made.seeds[0], len(made.seeds), made.uncertainty)


def scenario_of(folder: Path, manifest: Manifest) -> Resolved:
    """The scenario that lies in the folder of a result, under the name that it had.

    Raises
    ------
    RunError
        If it was changed since, or if this version of the package reads it otherwise.
    """
    path = folder / SCENARIO
    scenario = replace(load(path), name=manifest.name)
    if scenario.hash != manifest.scenario_hash:
        raise RunError(f"{path}: {_why_another(path, scenario, manifest)}, or run {path} itself for a new result")
    return scenario


def _why_another(path: Path, scenario: Resolved, manifest: Manifest) -> str:
    """Why a scenario is not the one that was run, and the remedy."""
    if sha256(path.read_bytes()).hexdigest() == manifest.files.get(SCENARIO):
        return f"this version has other defaults than the one that ran it ({manifest.maker}); go back to that one"
    return (
        f"not the scenario that was run: its hash is {scenario.hash[:12]}, the manifest's "
        f"{manifest.scenario_hash[:12]}; restore it"
    )


def differences(folder: Path, other: Path) -> list[str]:
    """Files in which two results differ, of those that both have.

    Parameters
    ----------
    folder, other
        Folders that hold results.
    """
    first, second = (read_manifest(path / "manifest.json").files for path in (folder, other))
    return [name for name in first if name in second and first[name] != second[name]]


class Made(Protocol):
    """What a manifest says of the code that made a thing."""

    @property
    def versions(self) -> dict[str, str]: ...

    @property
    def git(self) -> Commit | None: ...


def changed_versions(manifest: Made) -> list[str]:
    """Versions that are not those of the manifest, such as ``numpy 2.3.1 then, 2.4.6 now``."""
    then = {**manifest.versions, "code": _written(manifest.git)}
    now = {**versions(), "code": _written(commit())}
    return [
        f"{name} {then.get(name, 'absent')} then, {now.get(name, 'absent')} now"
        for name in dict.fromkeys([*then, *now])
        if then.get(name) != now.get(name)
    ]


def _written(git: Commit | None) -> str:
    if git is None:
        return "installed"
    return f"{git.commit[:12]}, changed since," if git.changed else git.commit[:12]
