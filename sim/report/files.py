"""From folders of results to a report in a file."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from sim.report import of_runs, of_sweep, provenance
from sim.report.content import Report
from sim.run.errors import RunError
from sim.run.folder import folder_of, write_whole
from sim.run.tally import Progress
from sim.scenario.problems import did_you_mean

FORMATS = ("html", "pdf", "png", "svg")
MOST = 8
"""Results that lines can still be told apart of."""


def write_report(
    paths: str | Path | Sequence[str | Path], out: str | Path | None = None, *, form: str | None = None,
    force: bool = False, progress: Progress | None = None,
) -> Path:
    """Write the report of one result, of several side by side, or of a sweep, into one file.

    Parameters
    ----------
    paths
        Folders of results, or one of a sweep; names of those in outputs/ will do.
    out
        The file; none: ``outputs/<names>-report.html``.
    form
        "html" or "pdf"; "png" or "svg" for the one picture that says most; none: what `out` ends with, else "html".
    force
        Whether a file that is there is replaced.
    progress
        Called with the figures drawn and all.

    Returns
    -------
    The file, which appears only when it is whole.

    Raises
    ------
    RunError
        If a folder holds no result, they do not go together, the form is not one of these, or the file must not be
        written.
    OSError
        If it cannot be written.
    """  # fmt: skip
    folders = [str(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    chosen = form or form_of(out)
    if chosen not in FORMATS:
        raise RunError(f"format: found '{chosen}'; allowed: {', '.join(FORMATS)}{did_you_mean(chosen, FORMATS)}")
    target = default_target(folders, chosen) if out is None else Path(out)
    check_target(target, force=force)
    return save(read(folders), target, chosen, progress)


def form_of(out: str | Path | None) -> str:
    """The form that a file's name ends with, else HTML."""
    suffix = "" if out is None else Path(out).suffix.removeprefix(".").lower()
    return suffix if suffix in FORMATS else FORMATS[0]


def read(paths: Sequence[str]) -> Report:
    """The report of what the folders hold: one result, several side by side, or one sweep.

    Raises
    ------
    RunError
        If a folder holds neither, if a sweep is given with anything else, or if there are too many.
    """
    folders = [folder_of(path, "result or sweep") for path in paths]
    sweeps = [folder for folder in folders if of_sweep.holds_sweep(folder)]
    if sweeps and len(folders) > 1:
        raise RunError(f"{sweeps[0]} is a sweep and gets a report of its own; give it alone")
    if sweeps:
        return of_sweep.report(sweeps[0])
    if len(folders) > MOST:
        raise RunError(f"{len(folders)} results; allowed: at most {MOST} side by side")
    return of_runs.report([provenance.read(folder) for folder in folders])


def default_target(paths: Sequence[str], form: str) -> Path:
    """Where a report goes if nobody says otherwise: outputs/NAME-report.html."""
    names = "-".join(dict.fromkeys(Path(path).resolve().name for path in paths))
    return Path("outputs", f"{names[:80]}-report.{form}")


def check_target(target: Path, *, force: bool) -> None:
    """Refuse a file that must not be written, before any time is spent.

    Raises
    ------
    RunError
        If it is a folder, or is there already and `force` is not given.
    """
    if target.is_dir():
        raise RunError(f"{target} is a folder; name a file with --out")
    if target.exists() and not force:
        raise RunError(f"{target} is there already; --force replaces it, --out names another file")


def save(report: Report, target: Path, form: str, progress: Progress | None = None) -> Path:
    """Write a report; the file appears only when it is whole.

    Parameters
    ----------
    report
        What to write.
    target
        The file.
    form
        "html", "pdf", or "png" or "svg" for the one picture that says most.
    progress
        Called with the figures drawn and all.

    Raises
    ------
    ValueError
        If `form` is not one of these.
    OSError
        If the file cannot be written; nothing is left then.
    """
    data = written(report, form, progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(target, data)


def written(report: Report, form: str, progress: Progress | None = None) -> bytes:
    """The bytes of a report in a format; see `save`."""
    if form == "html":
        from sim.report.html import html

        return html(report, progress).encode()
    if form == "pdf":
        from sim.report.pdf import pdf

        return pdf(report, progress)
    if form in ("png", "svg"):
        from sim.figures.saving import write

        data = BytesIO()
        write(report.overview.draw("page"), data, form, report.about)
        return data.getvalue()
    raise ValueError(f"format: found '{form}', allowed are {', '.join(FORMATS)}")
